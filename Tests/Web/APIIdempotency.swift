import Chains
import Database
import Domain
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Engine
@testable import Web

@Suite("A request under an idempotency key is carried out once")
struct APIIdempotency {
    private func order(_ id: String) -> JSON {
        var order = Tenant.order
        order["merchant_order_id"] = .string(id)
        return .object(order)
    }

    @Test("Fifty at once have one effect and one answer, byte for byte", arguments: DatabaseEngine.allCases)
    func parallel(_ engine: DatabaseEngine) async throws {
        let gateway = try await TestGateway(engine)
        let tenant = try await gateway.tenant()
        let body = order("order-50")
        let answers = await withTaskGroup(of: Answer.self) { group in
            for _ in 0..<50 {
                group.addTask { await tenant.post("/v1/payments", body, idempotency: "order-50") }
            }
            var answers: [Answer] = []
            for await answer in group { answers.append(answer) }
            return answers
        }
        #expect(answers.count == 50)
        #expect(Set(answers.map(\.body)).count == 1)
        #expect(answers.allSatisfy { $0.status == 201 && $0.headers["Location"] != nil })
        #expect(answers.count { $0.headers["Idempotency-Replayed"] == nil } == 1)
        let list = await tenant.get("/v1/payments?merchant_order_id=order-50")
        #expect(list.json?["data"]?.asArray?.count == 1)
    }

    @Test("Quoted and bare are the same key")
    func quoted() async throws {
        let tenant = try await TestGateway().tenant()
        let first = await tenant.post("/v1/payments", order("a"), idempotency: "\"key-1\"")
        let second = await tenant.post("/v1/payments", order("a"), idempotency: "key-1")
        #expect(second.headers["Idempotency-Replayed"] == "true")
        #expect(first.body == second.body)
    }

    @Test("Another body or path under the same key is refused, and the first answer stays")
    func reuse() async throws {
        let tenant = try await TestGateway().tenant()
        let first = await tenant.post("/v1/payments", order("a"), idempotency: "key-1")
        let other = await tenant.post("/v1/payments", order("b"), idempotency: "key-1")
        #expect(other.status == 422)
        #expect(other.code == "idempotency_key_reused")
        let again = await tenant.post("/v1/payments", order("a"), idempotency: "key-1")
        #expect(again.body == first.body)
        let (one, two) = (await tenant.payment().id, await tenant.payment().id)
        #expect(await tenant.post("/v1/payments/\(one)/cancel", idempotency: "key-2").status == 200)
        #expect(await tenant.post("/v1/payments/\(two)/cancel", idempotency: "key-2").code == "idempotency_key_reused")
    }

    @Test("A refused request keeps nothing: its correction may use the same key")
    func corrected() async throws {
        let tenant = try await TestGateway().tenant()
        var wrong = Tenant.order
        wrong["amount"] = "0"
        #expect(await tenant.post("/v1/payments", .object(wrong), idempotency: "key-1").status == 422)
        #expect(await tenant.post("/v1/payments", order("a"), idempotency: "key-1").status == 201)
    }

    @Test("What was refused for another reason than the request keeps nothing either")
    func refusedForOtherReasons() async throws {
        let gateway = try await TestGateway(rateLimit: RateLimit(quota: 2, windowSeconds: 60))
        let tenant = try await gateway.tenant()
        let reader = try await gateway.key(of: tenant.merchant, [.paymentsRead], isTest: true)
        let writer = try await gateway.key(of: tenant.merchant, [.paymentsWrite], isTest: true)
        func ask(_ key: String?) async -> Answer {
            await gateway.send(
                .post, "/v1/payments", key: key, body: order("a").encoded(), headers: ["Idempotency-Key": "key-1"])
        }
        #expect(await ask(nil).status == 401)
        #expect(await ask("qk_test_none").status == 401)
        #expect(await ask(reader).code == "missing_scope")
        func trigger(_ statement: SQL) async throws {
            try await gateway.store.database.write { _ = try $0.execute(statement) }
        }
        try await trigger("CREATE TRIGGER no BEFORE INSERT ON payment BEGIN SELECT RAISE(ABORT, 'no'); END")
        #expect(await ask(writer).status == 500)
        try await trigger("DROP TRIGGER no")
        for path in ["/v1/payments", "/v1/events"] { _ = await tenant.get(path) }
        #expect(await ask(tenant.test).status == 429)
        let made = await ask(writer)
        #expect(made.status == 201 && made.headers["Idempotency-Replayed"] == nil, "\(made.text)")
        #expect(await ask(writer).status == 429)
        gateway.clock.advance(by: 60_000)
        #expect(await tenant.get("/v1/payments").json?["data"]?.asArray?.count == 1)
        let again = await ask(writer)
        #expect(again.body == made.body && again.headers["Idempotency-Replayed"] == "true")
        // A command that its state refuses, and takes later.
        let claim = "/v1/payments/\(made.json?["id"]?.asString ?? "")/fulfilments"
        let early = await tenant.post(claim, ["action_id": "a"], idempotency: "key-2")
        #expect(early.status == 409, "\(early.text)")
        _ = try await gateway.gateway.play(
            .exact, for: try #require(ID<Payment>(parsing: made.json?["id"]?.asString ?? "")),
            of: Caller(merchant: tenant.merchant, key: gateway.gateway.world.id(), isTest: true, scopes: ["admin"]),
            confirmedBy: 6)
        try await gateway.watch()
        gateway.clock.advance(by: 60_000)
        let granted = await tenant.post(claim, ["action_id": "a"], idempotency: "key-2")
        #expect([200, 201].contains(granted.status), "\(granted.text)")
        #expect(granted.headers["Idempotency-Replayed"] == nil)
    }

    @Test("Keys are apart between merchants, and between test and live")
    func apart() async throws {
        let gateway = try await TestGateway()
        let (one, two) = (try await gateway.tenant(), try await gateway.tenant())
        let first = await one.post("/v1/payments", order("a"), idempotency: "key-1")
        let second = await two.post("/v1/payments", order("a"), idempotency: "key-1")
        #expect(second.status == 201)
        #expect(second.headers["Idempotency-Replayed"] == nil)
        #expect(first.body != second.body)
        let live = await one.post("/v1/payments", order("a"), key: one.live, idempotency: "key-1")
        #expect(live.status == 422)
        #expect(live.code == "unsupported_network")
    }

    @Test("Where money or messages move, a key is required", arguments: [
        "/v1/payments/pay_00000000000000000000000000/cancel",
        "/v1/payments/pay_00000000000000000000000000/fulfilments",
        "/v1/payments/pay_00000000000000000000000000/fulfilments/a/complete",
        "/v1/payments/pay_00000000000000000000000000/actions/accept",
        "/v1/exceptions/exc_00000000000000000000000000_1/rulings",
        "/v1/webhook-endpoints/whe_00000000000000000000000000/replay",
        "/v1/webhook-endpoints/whe_00000000000000000000000000/rotate-secret",
        "/v1/webhook-endpoints/whe_00000000000000000000000000/test",
    ])
    func required(path: String) async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let answer = await gateway.send(.post, path, key: tenant.test)
        #expect(answer.status == 400)
        #expect(answer.code == "idempotency_key_required")
    }

    @Test("A key is 1 to 255 visible characters", arguments: [
        "", "\"\"", "a b", "\"a", "ä", String(repeating: "a", count: 256), "a\"b",
    ])
    func malformed(key: String) async throws {
        let tenant = try await TestGateway().tenant()
        let answer = await tenant.post("/v1/payments", order("a"), idempotency: key)
        #expect(answer.status == 400)
        #expect(answer.code == "invalid_idempotency_key")
        let longest = String(repeating: "a", count: 255)
        #expect(await tenant.post("/v1/payments", order("a"), idempotency: longest).status == 201)
    }

    @Test("An answer that shows a secret is replayed, and lies sealed in the store", arguments: [
        ("/v1/api-keys", #"{"name":"till","scopes":["payments:read"]}"#, "key", "api-keys.create"),
        ("/v1/webhook-endpoints", #"{"url":"https://example.com/hook"}"#, "secret", "webhook-endpoints.create"),
    ])
    func secrets(path: String, body: String, member: String, operation: String) async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let first = await tenant.post(path, try JSON.parse(text: body), idempotency: "key-1")
        let again = await tenant.post(path, try JSON.parse(text: body), idempotency: "key-1")
        #expect(again.headers["Idempotency-Replayed"] == "true")
        #expect(again.body == first.body)
        let secret = try #require(first.json?[member]?.asString)
        let kept = try await gateway.store.read { tx in
            try tx.answer(merchant: tenant.merchant, operation: "test \(operation)", key: "key-1")
        }
        let bytes = try #require(kept?.body)
        #expect(!String(decoding: bytes, as: UTF8.self).contains(secret))
    }

    @Test("A request is replayed also when the time that it names is over")
    func expired() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let start = try #require(gateway.gateway.sandbox).now(at: gateway.clock.now)
        var body = Tenant.order
        body["quote_expires_at"] = .string(Timestamp.text(start.adding(seconds: 70).milliseconds))
        let first = await tenant.post("/v1/payments", .object(body), idempotency: "a")
        #expect(first.status == 201, "\(first.text)")
        for seconds: Int64 in [15, 60] {
            gateway.clock.advance(by: seconds * 1_000)
            let again = await tenant.post("/v1/payments", .object(body), idempotency: "a")
            #expect(again.status == 201, "\(again.text)")
            #expect(again.body == first.body)
            let other = await tenant.post("/v1/payments", .object(body), idempotency: "b\(seconds)")
            #expect(other.code == "quote_expired", "\(other.text)")
            #expect(other.places == ["/quote_expires_at"])
        }
    }

    @Test("An answer is kept for seven days and not a millisecond longer", arguments: DatabaseEngine.allCases)
    func sevenDays(_ engine: DatabaseEngine) async throws {
        let gateway = try await TestGateway(engine)
        let tenant = try await gateway.tenant()
        let week: Int64 = 7 * 24 * 3_600 * 1_000
        let first = await tenant.post("/v1/payments", order("a"), idempotency: "key-1")
        #expect(first.status == 201)
        var age: Int64 = 0
        for later in [1, week / 2, week - 1_000, week - 1] {
            gateway.clock.advance(by: later - age)
            age = later
            try await gateway.watch()
            #expect(try await gateway.gateway.forgetAnswers() == 0)
            let again = await tenant.post("/v1/payments", order("a"), idempotency: "key-1")
            #expect(again.body == first.body, "after \(age) ms")
            #expect(again.headers["Idempotency-Replayed"] == "true")
            let other = await tenant.post("/v1/payments", order("b"), idempotency: "key-1")
            #expect(other.code == "idempotency_key_reused", "after \(age) ms")
        }
        gateway.clock.advance(by: 1)
        #expect(try await gateway.gateway.forgetAnswers() == 1)
        let fresh = await tenant.post("/v1/payments", order("b"), idempotency: "key-1")
        #expect(fresh.status == 201, "\(fresh.text)")
        #expect(fresh.headers["Idempotency-Replayed"] == nil)
        #expect(fresh.json?["id"] != first.json?["id"])
        let replayed = await tenant.post("/v1/payments", order("b"), idempotency: "key-1")
        #expect(replayed.body == fresh.body, "and its seven days have begun")
    }
}
