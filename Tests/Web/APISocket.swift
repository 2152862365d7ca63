import Domain
import HTTP
import JSON
import Storage
import TestKit
import Testing

@testable import Web

@Suite("The API over a socket answers as it does in memory")
struct APISocket {
    /// Serves the gateway on a free port for the length of `body`.
    private func serve(_ gateway: TestGateway, _ body: (Int) async throws -> Void) async throws {
        var configuration = Server.Configuration()
        configuration.port = 0
        configuration.loops = 1
        let front = gateway.front
        let server = try Server(configuration: configuration) { await front.respond(to: $0) }
        let serving = Task { await server.run() }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(server.port))
        } catch {
            result = .failure(error)
        }
        serving.cancel()
        await serving.value
        try result.get()
    }

    @Test("Created, read, repeated and refused")
    func payments() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        try await serve(gateway) { port in
            let client = Client(.trusted)
            func send(_ method: HTTP.Method, _ path: String, _ body: String = "", key: String?) async throws
                -> ClientResponse
            {
                var headers: Headers = ["Idempotency-Key": "socket-1"]
                if let key { headers["Authorization"] = "Bearer \(key)" }
                if !body.isEmpty { headers["Content-Type"] = "application/json; charset=utf-8" }
                return try await client.send(
                    ClientRequest(
                        method, try URL(parsing: "http://127.0.0.1:\(port)\(path)"), headers: headers,
                        body: Array(body.utf8)))
            }
            let order = JSON.object(Tenant.order).encodedText
            let created = try await send(.post, "/v1/payments", order, key: tenant.test)
            #expect(created.status.code == 201)
            let again = try await send(.post, "/v1/payments", order, key: tenant.test)
            #expect(again.body == created.body)
            #expect(again.headers["Idempotency-Replayed"] == "true")
            let id = try JSON.parse(created.body)["id"]?.asString ?? ""
            let read = try await send(.get, "/v1/payments/\(id)", key: tenant.test)
            #expect(read.body == created.body)
            #expect(read.headers["X-Request-Id"] != nil)
            let list = try await send(.get, "/v1/payments?merchant_order_id=order%2D1&limit=5", key: tenant.test)
            #expect(try JSON.parse(list.body)["data"]?.asArray?.count == 1)
            #expect(try await send(.get, "/v1/payments/\(id)", key: nil).status.code == 401)
            #expect(try await send(.get, "/v1/payments/\(id)", key: tenant.live).status.code == 404)
            let bad = try await send(.post, "/v1/payments", "{\"amount\":\"\u{0}\"}", key: tenant.test)
            #expect(bad.status.code == 400)
            #expect(bad.headers["Content-Type"] == "application/problem+json")
            #expect(try await send(.get, "/v1/payments?limit=x", key: tenant.test).status.code == 400)
            #expect(try await send(.delete, "/v1/payments", key: tenant.test).status.code == 405)
        }
    }

    /// One place of a request where bytes stand that are no UTF-8.
    struct Bytes: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        let request: @Sendable (String) -> [UInt8]

        init(_ what: String, _ code: String, _ request: @escaping @Sendable (_ key: String) -> [UInt8]) {
            (testDescription, self.code, self.request) = (what, code, request)
        }

        /// `~` stands for the byte.
        static func of(
            _ line: String, _ key: String, fields: String = "", body: String = "", byte: [UInt8] = [0xFF]
        ) -> [UInt8] {
            func bytes(_ text: String) -> [UInt8] { text.utf8.flatMap { $0 == UInt8(ascii: "~") ? byte : [$0] } }
            let body = bytes(body)
            var head = "\(line) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer \(key)\r\n"
            head += fields
            if !body.isEmpty { head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
            return bytes(head + "\r\n") + body
        }

        static let payment = #"{"merchant_order_id":"~","amount":"25.00","currency":"EUR"}"#
        static let all = [
            Bytes("a string of the body", "malformed_json") { of("POST /v1/payments", $0, body: payment) },
            Bytes("half a letter in the body", "malformed_json") {
                of("POST /v1/payments", $0, body: payment, byte: [0xE2, 0x82])
            },
            Bytes("a letter spelt too long in the body", "malformed_json") {
                of("POST /v1/payments", $0, body: payment, byte: [0xC0, 0xAF])
            },
            Bytes("half a pair in the body", "malformed_json") {
                of("POST /v1/payments", $0, body: payment, byte: [0xED, 0xA0, 0x80])
            },
            Bytes("a member's name", "malformed_json") { of("POST /v1/payments", $0, body: #"{"~":1}"#) },
            Bytes("between the members", "malformed_json") { of("POST /v1/payments", $0, body: #"{~"amount":"1"}"#) },
            Bytes("a value of the metadata", "malformed_json") {
                of("POST /v1/payments", $0, body: #"{"metadata":{"a":"~"}}"#)
            },
            Bytes("the path, escaped", "malformed_target") { of("GET /v1/payments/%FF", $0) },
            Bytes("the path, bare", "malformed_request_line") { of("GET /v1/payments/~", $0) },
            Bytes("the query, escaped", "malformed_target") { of("GET /v1/payments?customer_id=%C3%28", $0) },
            Bytes("the query, bare", "malformed_request_line") { of("GET /v1/payments?customer_id=~", $0) },
            Bytes("a parameter's name", "malformed_target") { of("GET /v1/payments?%FF=1", $0) },
            Bytes("the idempotency key", "invalid_idempotency_key") {
                of("POST /v1/payments", $0, fields: "Idempotency-Key: ~\r\n", body: payment, byte: [0xC3, 0xA4])
            },
            Bytes("the idempotency key, broken", "malformed_header") {
                of("POST /v1/payments", $0, fields: "Idempotency-Key: ~\r\n", body: payment)
            },
            Bytes("the credential", "malformed_header") { of("GET /v1/payments", $0 + "~") },
            Bytes("a field that nobody reads", "malformed_header") {
                of("POST /v1/payments", $0, fields: "X-Note: ~\r\n", body: payment)
            },
        ]
    }

    @Test("Bytes that are no text are refused wherever they stand, and nothing happens", arguments: Bytes.all)
    func invalidText(_ row: Bytes) async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        try await serve(gateway) { port in
            let answer = try await RawSocket.exchange(port: port, bytes: row.request(tenant.test))
            #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
            #expect(answer.contains("\"code\":\"\(row.code)\""), "\(answer)")
        }
        #expect(await tenant.get("/v1/payments").json?["data"] == [])
    }

    @Test("A store that is closed is a 503 that says when to come back, and no more")
    func unavailable() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        await gateway.store.close()
        for answer in [await tenant.get("/v1/payments"), await tenant.post("/v1/payments", .object(Tenant.order))] {
            #expect(answer.status == 503)
            #expect(answer.code == "unavailable")
            #expect(answer.headers["Retry-After"] == "1")
        }
        #expect(await gateway.send(.get, "/readyz", key: nil).json?["reasons"] == ["database: cannot be read"])
    }
}
