import Foundation
import Platform
import TestKit
import Testing

@testable import HTTP

/// The documented nginx configuration, run by Debian's nginx with a throw-away certificate in front of the server.
@Suite struct NginxTests {
    /// Runs a program to its end and returns what it printed.
    private static func run(_ program: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
        let ended = try await ChildProcess.run(program, arguments, errors: .output)
        return (ended.code, ended.output)
    }

    @Test(
        "The documented configuration carries requests, client addresses, events and limits",
        .enabled(if: Nginx.isHere, "this takes nginx, openssl and curl"))
    func production() async throws {
        let stream = EventStream()
        var router = TestServer.routes(TestServer.Journal())
        router.get("/events") { _ in .events(stream) }
        let pages = EventStream()
        router.get("/checkout/{token}/events") { _ in .events(pages) }
        router.get("/readyz") { _ in .text("ready") }
        try await TestServer.with(router: router) { $0.trustedProxies = ["127.0.0.1"] } _: { server in
            let nginx = try await Nginx(
                before: server.port, [("limit_conn quittance_events 32;", "limit_conn quittance_events 2;")])
            let (plain, secure, folder) = (nginx.plain, nginx.secure, nginx.folder.path)
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
