import Domain
import Engine
import Foundation
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import HTTP
@testable import quittance

@Suite(
    "The gateway behind the documented nginx",
    .enabled(if: Nginx.isHere, "this takes nginx, openssl and curl"), .timeLimit(.minutes(15)))
struct FrontedTests {
    /// The world outside: it knows the name, and trusts the throw-away certificate.
    private struct Outside: Sendable {
        let nginx: Nginx
        let key: String
        private let client: Client

        init(_ nginx: Nginx, key: String) {
            (self.nginx, self.key) = (nginx, key)
            client = Client(.trusted, certificateFile: nginx.folder.file("certificate.pem"))
        }

        var origin: String { "https://pay.example.com:\(nginx.secure)" }
        var place: String { "pay.example.com:\(nginx.secure):127.0.0.1" }

        func ask(_ method: HTTP.Method, _ path: String, _ body: JSON? = nil) async throws -> ClientResponse {
            var headers: Headers = path.hasPrefix("/v1") ? ["Authorization": "Bearer \(key)"] : [:]
            if body != nil { headers["Content-Type"] = "application/json" }
            var request = ClientRequest(
                method, try HTTP.URL(parsing: origin + path), headers: headers, body: body?.encoded() ?? [],
                timeout: 60_000)
            request.resolve = [place]
            return try await client.send(request)
        }
    }

    @Test("A merchant orders, a customer pays on a live page, and what is not for the world is not told to it")
    func payment() async throws {
        let folder = try TemporaryFolder()
        var configuration = Configuration(data: folder.file("data"))
        configuration.port = 0
        configuration.baseURL = "https://pay.example.com"
        configuration.trustedProxies = ["127.0.0.1"]
        let running = try await Running.start(configuration, log: .silent)
        let port = try #require(try await Self.port(folder.file("data")))
        let gateway = running.instance.gateway
        let merchant = try await gateway.createMerchant(name: "Shop", cause: "test")
        let key = try await gateway.createKey(
            merchant: merchant.id, name: "a", scopes: [.admin], isTest: true, by: .operatorAtMachine, cause: "test")
        let nginx = try await Nginx(
            before: port, [("limit_conn quittance_events 32;", "limit_conn quittance_events 2;")])
        let outside = Outside(nginx, key: key.text)

        let answer = try await outside.ask(
            .post, "/v1/payments",
            ["merchant_order_id": "1", "amount": "1.00", "currency": "EUR", "asset": "SBX", "network": "sandbox"])
        let made = try JSON.parse(answer.body)
        #expect(answer.status.code == 201)
        let link = try #require(made["checkout_url"]?.asString)
        #expect(link.hasPrefix("https://pay.example.com/checkout/"))
        let path = String(link.dropFirst("https://pay.example.com".count))
        let page = try await outside.ask(.get, path)
        #expect(page.status.code == 200 && page.headers["content-security-policy"] != nil)
        try await Self.watch(outside, path, try #require(made["id"]?.asString))

        for (path, code) in [("/metrics", 404), ("/readyz", 404), ("/healthz", 200), ("/v1/nothing", 404), ("/", 200)] {
            #expect(try await outside.ask(.get, path).status.code == code, "\(path)")
        }
        #expect(nginx.isRunning)
        try await running.stop()
        // A gateway that is gone is not the end of the front.
        #expect(try await outside.ask(.get, "/healthz").status.code == 502)
    }

    /// Two live pages hear of a payment at once; one more than a client may have is refused.
    private static func watch(_ outside: Outside, _ path: String, _ payment: String) async throws {
        let pages = try (0..<2).map { _ in
            try ChildProcess(
                "/usr/bin/curl",
                [
                    "-skN", "--noproxy", "*", "--max-time", "240", "--resolve", outside.place,
                    outside.origin + path + "/events",
                ], input: .nothing)
        }
        for page in pages {
            for await line in page.lines where line.hasPrefix("data:") { break }
        }
        #expect(try await outside.ask(.get, path + "/events").status.code == 429)
        let paid = try await outside.ask(.post, "/v1/sandbox/payments/\(payment)/exact", ["confirmations": 6])
        #expect(paid.status.code == 200)
        for page in pages {
            for await line in page.lines where line.hasPrefix("data:") { break }
            page.kill()
            _ = await page.ended()
        }
    }

    /// The port that the gateway of a folder is bound to.
    private static func port(_ data: String) async throws -> Int? {
        let status = try await Control.doors(in: data).first?.ask(.status)
        return Int(status?["address"]?.asString?.split(separator: ":").last ?? "")
    }
}
