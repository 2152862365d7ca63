import CLinux
import Foundation
import Platform
import Testing

@testable import HTTP

/// The documented nginx configuration, run by Debian's nginx with a throw-away certificate in front of the server.
@Suite struct NginxTests {
    private static let programs = ["/usr/sbin/nginx", "/usr/bin/openssl", "/usr/bin/curl"]

    /// Runs a program to its end and returns what it printed.
    private static func run(_ program: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
        let ended = try await ChildProcess.run(program, arguments, errors: .output)
        return (ended.code, ended.output)
    }

    /// A port that was free a moment ago.
    private static func freePort() throws -> Int {
        var configuration = Server.Configuration()
        configuration.port = 0
        configuration.loops = 1
        return try Server(configuration: configuration) { _ in .text("") }.port
    }

    /// The documented file with its ports, certificate and gateway replaced, each of which must be there.
    private static func site(_ folder: String, gateway: Int, plain: Int, secure: Int) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..")
        var text = try String(contentsOf: root.appendingPathComponent("docs/nginx.conf"), encoding: .utf8)
        for (old, new) in [
            ("server 127.0.0.1:8080;", "server 127.0.0.1:\(gateway);"), ("listen 80;", "listen 127.0.0.1:\(plain);"),
            ("listen 443 ssl http2;", "listen 127.0.0.1:\(secure) ssl http2;"),
            ("/etc/ssl/quittance/fullchain.pem", folder + "/certificate.pem"),
            ("/etc/ssl/quittance/privkey.pem", folder + "/key.pem"), ("/var/log/nginx/", folder + "/"),
            ("limit_conn quittance_events 32;", "limit_conn quittance_events 2;"),
        ] {
            try #require(text.contains(old), "docs/nginx.conf no longer says \(old)")
            text = text.replacingOccurrences(of: old, with: new)
        }
        return text
    }

    private static func main(_ folder: String) -> String {
        """
        daemon off; master_process off; pid \(folder)/nginx.pid; error_log \(folder)/error.log;
        events { worker_connections 256; }
        http {
            access_log off;
            client_body_temp_path \(folder)/body; proxy_temp_path \(folder)/proxy;
            fastcgi_temp_path \(folder)/fastcgi; uwsgi_temp_path \(folder)/uwsgi; scgi_temp_path \(folder)/scgi;
            include \(folder)/site.conf;
        }
        """
    }

    @Test("The documented configuration carries requests, client addresses, events and limits")
    func production() async throws {
        for program in Self.programs where !FileManager.default.isExecutableFile(atPath: program) {
            print("SKIPPED: the nginx configuration cannot be tested without \(program)")
            return
        }
        let folder = NSTemporaryDirectory() + "quittance-nginx-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let made = try await Self.run("/usr/bin/openssl", [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=pay.example.com", "-keyout", folder + "/key.pem", "-out", folder + "/certificate.pem",
        ])
        try #require(made.status == 0, "\(made.output)")
        let stream = EventStream()
        var router = TestServer.routes(TestServer.Journal())
        router.get("/events") { _ in .events(stream) }
        let pages = EventStream()
        router.get("/checkout/{token}/events") { _ in .events(pages) }
        router.get("/readyz") { _ in .text("ready") }
        try await TestServer.with(router: router) { $0.trustedProxies = ["127.0.0.1"] } _: { server in
            let (plain, secure) = (try Self.freePort(), try Self.freePort())
            try Self.site(folder, gateway: server.port, plain: plain, secure: secure)
                .write(toFile: folder + "/site.conf", atomically: true, encoding: .utf8)
            try Self.main(folder).write(toFile: folder + "/nginx.conf", atomically: true, encoding: .utf8)
            let nginx = try ChildProcess(
                "/usr/sbin/nginx", ["-p", folder, "-e", folder + "/error.log", "-c", folder + "/nginx.conf"],
                input: .nothing)
            defer { nginx.kill() }
            try await Self.check(plain: plain, secure: secure, stream, folder)
            try await Self.checkBounds(secure: secure, pages, folder)
            try await Self.checkLogs(plain: plain, secure: secure, folder)
            #expect(nginx.isRunning)
        }
    }

    /// What stands behind `/checkout` and `/receipt` is written down nowhere, however it is asked for.
    private static func checkLogs(plain: Int, secure: Int, _ folder: String) async throws {
        let base = "https://127.0.0.1:\(secure)"
        for target in [
            base + "/checkout/cap_secret", base + "/receipt/cap_secret/state?cap_secret",
            base + "//checkout//cap_secret",
            base + "/%63heckout/cap_secret", base + "/health?cap_secret",
            "http://127.0.0.1:\(plain)/checkout/cap_secret",
        ] {
            _ = try await run("/usr/bin/curl", [
                "-sk", "--noproxy", "*", "--max-time", "60", "--path-as-is", "-e", base + "/checkout/cap_secret",
                target,
            ])
        }
        let large = try await run("/usr/bin/curl", [
            "-sk", "--noproxy", "*", "--max-time", "60", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Expect:",
            "--data-binary", "@" + folder + "/large", base + "/checkout/cap_secret",
        ])
        #expect(large.output == "413")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix("log") {
            let text = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
            #expect(!text.contains("cap_secret"), "\(name): \(text)")
        }
        let log = try String(contentsOfFile: folder + "/quittance.log", encoding: .utf8)
        #expect(log.contains("GET /checkout/- HTTP/") && log.contains("GET /receipt/- HTTP/"))
        #expect(log.contains("GET /health HTTP/"))
    }

    /// One client has so many live pages and no more, and is not told how the gateway is.
    private static func checkBounds(secure: Int, _ pages: EventStream, _ folder: String) async throws {
        let client = Client(.trusted, certificateFile: folder + "/certificate.pem")
        @Sendable func ask(_ path: String) async throws -> Int {
            var request = ClientRequest(
                .get, try HTTP.URL(parsing: "https://pay.example.com:\(secure)\(path)"), timeout: 60_000)
            request.resolve = ["pay.example.com:\(secure):127.0.0.1"]
            return try await client.send(request).status.code
        }
        let held = (0..<2).map { _ in Task { try await ask("/checkout/cap_secret/events") } }
        while pages.clientCount < 2 { try await Task.sleep(for: .milliseconds(2)) }
        #expect(try await ask("/checkout/cap_other/events") == 429)
        #expect(try await ask("/readyz") == 404)
        #expect(try await ask("/health") == 200)
        pages.close()
        for task in held { #expect(try await task.value == 200) }
    }

    private static func check(plain: Int, secure: Int, _ stream: EventStream, _ folder: String) async throws {
        let base = "https://127.0.0.1:\(secure)"
        func curl(_ arguments: String...) async throws -> String {
            try await run("/usr/bin/curl", [
                "-sk", "--noproxy", "*", "--max-time", "60", "--retry", "20", "--retry-connrefused",
                "--retry-delay", "1",
            ] + arguments).output
        }
        #expect(try await curl(base + "/health") == "ok")
        let moved = try await curl("-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:\(plain)/health")
        #expect(moved == "301")
        let peer = try await curl("-H", "X-Forwarded-For: 9.9.9.9", "-H", "X-Forwarded-Proto: http", base + "/peer")
        #expect(peer == "127.0.0.1 true 127.0.0.1")
        #expect(try await curl("--data-binary", "{}", base + "/echo") == "{}")
        #expect(try await curl("-H", "Transfer-Encoding: chunked", "--data-binary", "{}", base + "/echo") == "{}")
        #expect(try await curl("-o", "/dev/null", "-w", "%{http_version}", base + "/health") == "2")
        let body = folder + "/large"
        try Data(count: 2_000_000).write(to: URL(fileURLWithPath: body))
        let refused = try await curl(
            "-o", "/dev/null", "-w", "%{http_code}", "--data-binary", "@" + body, "-H", "Expect:", base + "/echo")
        #expect(refused == "413")
        let traversal = try await curl(
            "--path-as-is", "-o", "/dev/null", "-w", "%{http_code}", base + "/a/%2e%2e/health")
        #expect(traversal == "400")

        // The event must pass at once: the stream is ended only after curl has shown it.
        stream.send(Event(data: "first"))
        let events = try ChildProcess(
            "/usr/bin/curl", ["-skN", "--noproxy", "*", "--max-time", "60", base + "/events"], input: .nothing)
        var lines = events.lines.makeAsyncIterator()
        #expect(await lines.next() == "data: first")
        stream.send(Event(data: "second"))
        #expect(await lines.next() == "")
        #expect(await lines.next() == "data: second")
        stream.close()
        #expect(await events.ended() == 0)
    }
}
