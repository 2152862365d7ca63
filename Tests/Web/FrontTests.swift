import Chains
import Engine
import HTTP
import JSON
import Platform
import Testing

@testable import Web

@Suite("Every answer passes the front")
struct FrontTests {
    @Test("A request has a name: the client's if it is a plain one")
    func requestID() async throws {
        let gateway = try await TestGateway()
        let named = await gateway.send(.get, "/healthz", key: nil, headers: ["X-Request-Id": "checkout-17"])
        #expect(named.headers["X-Request-Id"] == "checkout-17")
        for bad in ["a b", "", String(repeating: "a", count: 65), "a\"b"] {
            let answer = await gateway.send(.get, "/healthz", key: nil, headers: ["X-Request-Id": bad])
            #expect(answer.headers["X-Request-Id"]?.hasPrefix("req_") == true)
        }
        let problem = await gateway.send(.get, "/v1/payments", key: nil)
        #expect(problem.json?["request_id"]?.asString == problem.headers["X-Request-Id"])
    }

    @Test("Unknown paths and methods are problems too")
    func unknown() async throws {
        let gateway = try await TestGateway()
        let nothing = await gateway.send(.get, "/v1/nothing", key: nil)
        #expect(nothing.status == 404)
        #expect(nothing.code == "not_found")
        #expect(nothing.headers["Content-Type"] == "application/problem+json")
        let method = await gateway.send(.delete, "/v1/payments", key: nil)
        #expect(method.status == 405)
        #expect(method.headers["Allow"] == "GET, HEAD, POST")
        #expect(method.code == "method_not_allowed")
    }

    @Test("Answers are not cached, sniffed or framed")
    func fields() async throws {
        let gateway = try await TestGateway()
        for path in ["/v1/payments", "/healthz", "/nowhere"] {
            let answer = await gateway.send(.get, path, key: nil)
            #expect(answer.headers["Cache-Control"] == "no-store")
            #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
            #expect(answer.headers["Content-Security-Policy"]?.contains("'none'") == true)
        }
    }

    @Test("One line a request, with route and status, without path, key or body")
    func log() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        _ = await tenant.payment([("customer_id", "very-private")])
        let lines = gateway.logged.filter { $0.contains("payments.create") }
        #expect(lines.count == 1)
        #expect(lines[0].contains("\"status\":201"))
        #expect(!gateway.logged.contains { $0.contains(tenant.test) || $0.contains("very-private") })
    }

    @Test("The process lives, and is ready when every network was heard of")
    func readiness() async throws {
        let gateway = try await TestGateway(isBitcoinHeard: false)
        #expect(await gateway.send(.get, "/healthz", key: nil).text == "ok\n")
        let early = await gateway.send(.get, "/readyz", key: nil)
        #expect(early.status == 503)
        #expect(early.json?["reasons"] == ["bitcoin: not heard of yet"])
        guard let bitcoin = gateway.gateway.networks.entries.first(where: { !$0.isTest }) else { return }
        try await gateway.gateway.markUnhealthy(bitcoin.chain.network, fault: "unreachable: secret.host refused")
        let sick = await gateway.send(.get, "/readyz", key: nil)
        #expect(sick.json?["reasons"] == ["bitcoin: not healthy (unreachable)"])
        // Through a proxy comes the world, which is told neither what is ill nor how.
        let told = await gateway.send(.get, "/readyz", key: nil, headers: ["X-Forwarded-For": "192.0.2.1"])
        #expect(told.status == 503 && told.text == #"{"ready":false}"#)
        gateway.clock.advance(by: 400_000)
        let silent = await gateway.send(.get, "/readyz", key: nil)
        #expect(silent.json?["test_networks"]?.asArray?.contains("sandbox: silent") == true)
    }

    @Test("The figures are told to the machine, not through a proxy")
    func metrics() async throws {
        let gateway = try await TestGateway()
        _ = await gateway.send(.get, "/v1/payments", key: nil)
        let answer = await gateway.send(.get, "/metrics", key: nil)
        #expect(answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(answer.text.contains("quittance_http_requests_total{route=\"payments.list\",status=\"4xx\"} 1"))
        #expect(answer.text.contains("quittance_api_refusals_total{code=\"unauthorized\"} 1"))
        let forwarded = await gateway.send(.get, "/metrics", key: nil, headers: ["X-Forwarded-For": "192.0.2.1"])
        #expect(forwarded.status == 404)
    }

    @Test("A key that asks too much waits; the others do not")
    func rateLimit() async throws {
        let gateway = try await TestGateway(rateLimit: RateLimit(quota: 3, windowSeconds: 60))
        let tenant = try await gateway.tenant()
        for left in [2, 1, 0] {
            let answer = await tenant.get("/v1/assets")
            #expect(answer.status == 200)
            #expect(answer.headers["RateLimit-Policy"] == "\"key\";q=3;w=60")
            #expect(answer.headers["RateLimit"]?.hasPrefix("\"key\";r=\(left);t=") == true)
        }
        let before = try await gateway.recordCounts()
        let refused = await tenant.post("/v1/payments", .object(Tenant.order))
        #expect(refused.status == 429)
        #expect(refused.headers["Retry-After"] == "20")
        #expect(try await gateway.recordCounts() == before)
        #expect(await tenant.get("/v1/assets", key: tenant.live).status == 200)
        gateway.clock.advance(by: 20_000)
        #expect(await tenant.get("/v1/assets").status == 200)
        #expect(await tenant.get("/v1/assets").status == 429)
    }
}
