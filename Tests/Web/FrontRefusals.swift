import Engine
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Web

@Suite("What is answered when no handler does")
struct FrontRefusals {
    /// Bytes and the status and code that they are answered with.
    struct Row: Sendable, CustomTestStringConvertible {
        let bytes: String
        let status: Int
        let code: String
        var testDescription: String { code }
    }

    private static let host = "Host: x\r\n"

    @Test(
        "What the server itself refuses is a problem like any other",
        arguments: [
            Row(bytes: "GET /v1/payments/%00 HTTP/1.1\r\n\(host)\r\n", status: 400, code: "malformed_target"),
            Row(bytes: "GET /healthz HTTP/1.1\r\n\(host)X : 1\r\n\r\n", status: 400, code: "malformed_header"),
            Row(bytes: "GET /healthz HTTP/1.1\r\n\r\n", status: 400, code: "malformed_host"),
            Row(bytes: "BREW /healthz HTTP/1.1\r\n\(host)\r\n", status: 501, code: "method_unknown"),
            Row(
                bytes: "POST /v1/payments HTTP/1.1\r\n\(host)Content-Length: 5000000\r\n\r\n", status: 413,
                code: "body_too_large"),
            Row(
                bytes: "GET /\(String(repeating: "a", count: 9_000)) HTTP/1.1\r\n\(host)\r\n", status: 414,
                code: "target_too_long"),
            Row(
                bytes: "GET /healthz HTTP/1.1\r\n\(host)X: \(String(repeating: "a", count: 20_000))\r\n\r\n",
                status: 431, code: "headers_too_large"),
        ])
    func server(_ row: Row) async throws {
        let metrics = Metrics()
        let lines = Lock<[String]>([])
        let log = Log { line in lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
        let front = Front([], log: log, metrics: metrics)
        var configuration = Server.Configuration()
        configuration.port = 0
        configuration.loops = 1
        configuration.refuse = { front.refuse($0) }
        let server = try Server(configuration: configuration) { await front.respond(to: $0) }
        let serving = Task { await server.run() }
        let answer = try await RawSocket.exchange(port: server.port, row.bytes)
        serving.cancel()
        await serving.value

        let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1)
        let head = parts.first.map(String.init) ?? ""
        #expect(head.hasPrefix("HTTP/1.1 \(row.status) "))
        #expect(head.contains("\r\nContent-Type: application/problem+json"))
        #expect(head.contains("\r\nX-Content-Type-Options: nosniff"))
        let problem = try JSON.parse(text: String(parts.last ?? ""))
        #expect(problem["type"]?.asString == "urn:quittance:problem:\(row.code)")
        #expect(problem["code"]?.asString == row.code)
        #expect(problem["detail"]?.asString?.isEmpty == false)
        let id = try #require(problem["request_id"]?.asString)
        #expect(head.contains("\r\nX-Request-Id: \(id)"))
        #expect(metrics.exposition().contains("quittance_http_refusals_total{code=\"\(row.code)\"} 1"))
        #expect(lines.withLock { $0 }.contains { $0.contains(row.code) && $0.contains(id) })
    }

    @Test("A request that came whole keeps its name")
    func named() {
        let front = Front([], log: .silent, metrics: Metrics())
        let request = Request(method: .get, path: "/v1/payments", headers: ["X-Request-Id": "order-7"])
        let answer = front.refuse(
            Server.Refused(.serviceUnavailable, code: "answer_too_slow", request: request))
        #expect(answer.headers["X-Request-Id"] == "order-7")
        #expect(Answer(answer).json?["request_id"] == "order-7")
    }

    @Test("Every code of the server has its words, and stands in the page about the API")
    func codes() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let page = String(decoding: try Files.read("/\(root)/docs/API.md", maxBytes: 1 << 20), as: UTF8.self)
        for code in Server.refusalCodes.map(\.code) + ["starting"] {
            #expect(Front.details[code] != nil, "\(code) has no words")
            #expect(page.contains("`\(code)`"), "\(code) is not told")
        }
        for code in Problem.Code.allCases { #expect(page.contains("`\(code.rawValue)`"), "\(code) is not told") }
    }

    @Test("A customer's browser is told of a failure in a page", arguments: [
        (HTTP.Method.get, "/checkout/TOKEN"), (.post, "/checkout/TOKEN/method"), (.get, "/receipt/TOKEN"),
    ])
    func pages(_ method: HTTP.Method, _ path: String) async throws {
        let world = try await CheckoutWorld(clock: ManualClock())
        let token = try await world.open()
        let front = Front([world.checkout.router], log: .silent, metrics: Metrics())
        await world.gateway.store.close()
        let request = Request(method: method, path: path.replacing("TOKEN", with: token.text))
        let answer = await front.respond(to: request)
        #expect(answer.status.code == 503)
        #expect(answer.headers["Content-Type"] == "text/html; charset=utf-8")
        #expect(answer.headers["Retry-After"] == "1")
        #expect((answer.headers["Refresh"] != nil) == (method == .get))
        #expect(Answer(answer).text.contains("What you have paid is not lost."))
    }

    @Test("Who asks for a page gets one, and who asks for data gets data", arguments: [
        ("/checkouts", "text/html,*/*;q=0.8", "text/html; charset=utf-8"),
        ("/checkouts", "*/*", "application/problem+json"),
        ("/v1/nothing", "text/html", "application/problem+json"),
        ("/checkout", "application/json", "application/problem+json"),
    ])
    func nothing(path: String, accept: String, type: String) async {
        let front = Front([], log: .silent, metrics: Metrics())
        let request = Request(method: .get, path: path, headers: ["Accept": accept])
        let answer = await front.respond(to: request)
        #expect(answer.status.code == 404)
        #expect(answer.headers["Content-Type"] == type)
    }
}
