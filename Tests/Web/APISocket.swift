import Domain
import HTTP
import JSON
import Storage
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
