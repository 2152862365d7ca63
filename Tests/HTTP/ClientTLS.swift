import Foundation
import Platform
import TestKit
import Testing

@testable import HTTP

/// What certificates the client takes, against a server of OpenSSL's with certificates made for the test.
@Suite struct ClientTLS {
    private static let openssl = "/usr/bin/openssl"

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Whom the request names; the certificates are for `shop.example`.
        var host = "shop.example"
        /// The certificate that the server shows, and the one that the client was told to trust.
        var shown = "good"
        var trusted: String? = "good"
        /// Beyond the server's usual options.
        var options: [String] = []
        var isTaken = false

        init(_ name: String, _ change: (inout Row) -> Void = { _ in }) {
            testDescription = name
            change(&self)
        }
    }

    private static let rows = [
        Row("the file has the certificate, and it is for the name") { $0.isTaken = true },
        Row("self-signed, and the system does not know it") { $0.trusted = nil },
        Row("the file has another certificate for the name") { $0.trusted = "other" },
        Row("another name") { $0.host = "shop.invalid" },
        Row("a name below") { $0.host = "pay.shop.example" },
        Row("an address that is not in it") { $0.host = "127.0.0.1" },
        Row("expired") { ($0.shown, $0.trusted) = ("expired", "expired") },
        Row("TLS 1.2 is enough") { ($0.options, $0.isTaken) = (["-tls1_2"], true) },
        Row("TLS 1.1 is not") { $0.options = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"] },
    ]

    private static var isHere: Bool { FileManager.default.isExecutableFile(atPath: openssl) }

    @Test(
        .enabled(if: ClientTLS.isHere, "there is no openssl"), arguments: rows,
        [ClientPolicy.trusted, .guarded(allowLoopback: true)])
    func `a certificate is taken when it is trusted, in date and for the name, and only then`(
        _ row: Row, _ policy: ClientPolicy
    ) async throws {
        let folder = NSTemporaryDirectory() + "quittance-tls-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in Set([row.shown, row.trusted ?? row.shown]) {
            try await Self.makeCertificate(folder, name, days: name == "expired" ? -1 : 2)
        }
        let (server, port) = try await Self.start(folder, row)
        defer { server.kill() }
        let client = Client(policy, certificateFile: row.trusted.map { "\(folder)/\($0).pem" })
        var request = ClientRequest(.get, try URL(parsing: "https://\(row.host):\(port)/"), timeout: 60_000)
        request.resolve = ["\(row.host):\(port):127.0.0.1"]
        let error = await clientError { () throws(ClientError) in
            let response = try await client.send(request)
            #expect(response.status == .ok)
            return response
        }
        #expect(error?.kind == (row.isTaken ? nil : .tls), "\(error?.detail ?? "")")
        #expect(error?.mayHaveReachedPeer != true)
    }

    @Test func `a server that speaks no TLS is none`() async throws {
        let server = try RawServer { connection in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            connection.waitForClose()
        }
        defer { server.stop() }
        let request = ClientRequest(.get, try URL(parsing: "https://127.0.0.1:\(server.port)/"), timeout: 60_000)
        let error = await clientError { () throws(ClientError) in try await Client(.trusted).send(request) }
        #expect(error?.kind == .tls)
        #expect(error?.mayHaveReachedPeer == false)
    }

    /// Writes `name.pem` and `name.key`. Only the second of the two commands takes days in the past.
    private static func makeCertificate(_ folder: String, _ name: String, days: Int) async throws {
        let file = "\(folder)/\(name)"
        try "subjectAltName=DNS:shop.example".write(toFile: file + ".ext", atomically: false, encoding: .utf8)
        for arguments in [
            ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", "/CN=shop.example", "-keyout", file + ".key", "-out", file + ".csr"],
            ["x509", "-req", "-in", file + ".csr", "-signkey", file + ".key", "-days", String(days),
                "-extfile", file + ".ext", "-out", file + ".pem"],
        ] {
            let ended = try await ChildProcess.run(openssl, arguments, errors: .output)
            try #require(ended.code == 0, "\(arguments) \(ended.output)")
        }
    }

    /// A server that answers every GET with 200, on a free port.
    private static func start(_ folder: String, _ row: Row) async throws -> (ChildProcess, port: Int) {
        let file = "\(folder)/\(row.shown)"
        let server = try ChildProcess(
            openssl,
            ["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", file + ".pem", "-key", file + ".key"]
                + row.options, input: .nothing, errors: .nothing)
        // "ACCEPT 127.0.0.1:39809", as soon as it listens.
        var port: Int?
        for await line in server.lines where line.hasPrefix("ACCEPT ") {
            port = Int(line.drop { $0 != ":" }.dropFirst())
            break
        }
        return (server, try #require(port, "the server did not start"))
    }
}
