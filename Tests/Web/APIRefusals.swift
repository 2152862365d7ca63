import Crypto
import Database
import Domain
import Engine
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Web

/// What leads to one code of the interface, and how it is answered.
struct RefusalStory: Sendable {
    let code: String
    let status: Int
    /// Where in the request the objection is: a JSON Pointer, `?parameter`, or `header`.
    let places: [String]
    let tell: @Sendable () async throws -> Answer

    init(_ status: Int, _ code: String, at places: [String] = [], tell: @escaping @Sendable () async throws -> Answer) {
        (self.status, self.code, self.places, self.tell) = (status, code, places, tell)
    }

    /// A payment that would be fine but for these members.
    init(_ status: Int, _ code: String, at place: String, opening changes: [(String, JSON)]) {
        self.init(status, code, at: [place]) { await (try await TestGateway().tenant()).payment(changes).answer }
    }

    /// A command that needs nothing before it.
    init(
        _ status: Int, _ code: String, at places: [String] = [], _ target: String, _ body: JSON? = nil,
        isLive: Bool = false
    ) {
        self.init(status, code, at: places) {
            let tenant = try await TestGateway().tenant()
            return await tenant.post(target, body, key: isLive ? tenant.live : nil)
        }
    }
}

extension RefusalStory {
    static let asking: [RefusalStory] = [
        RefusalStory(401, "unauthorized") { await (try await TestGateway()).send(.get, "/v1/payments", key: nil) },
        RefusalStory(403, "missing_scope") {
            let tenant = try await TestGateway().tenant([.paymentsRead])
            return await tenant.post("/v1/payments", .object(Tenant.order))
        },
        RefusalStory(403, "test_key_required", "/v1/sandbox/mine", isLive: true),
        RefusalStory(429, "rate_limited") {
            let tenant = try await TestGateway(rateLimit: RateLimit(quota: 1, windowSeconds: 60)).tenant()
            _ = await tenant.get("/v1/assets")
            return await tenant.get("/v1/assets")
        },
    ]

    static let form: [RefusalStory] = [
        RefusalStory(404, "not_found") { await (try await TestGateway().tenant()).get("/v1/payments/pay_none") },
        RefusalStory(405, "method_not_allowed") {
            await (try await TestGateway().tenant()).send(.delete, "/v1/payments")
        },
        RefusalStory(415, "unsupported_media_type", "/v1/payments"),
        RefusalStory(413, "body_too_large", "/v1/payments", .string(String(repeating: "a", count: 70_000))),
        RefusalStory(400, "unexpected_body") {
            await (try await TestGateway().tenant()).send(.get, "/v1/payments", [:])
        },
        RefusalStory(400, "malformed_json", at: [""]) {
            let tenant = try await TestGateway().tenant()
            return await tenant.gateway.send(.post, "/v1/payments", key: tenant.test, body: [0x7B])
        },
        RefusalStory(422, "invalid_fields", at: "/amount", opening: [("amount", 25)]),
        RefusalStory(400, "invalid_parameters", at: ["?limit"]) {
            await (try await TestGateway().tenant()).get("/v1/payments?limit=0")
        },
        RefusalStory(400, "idempotency_key_required", at: ["header"]) {
            let tenant = try await TestGateway().tenant()
            return await tenant.gateway.send(.post, "/v1/payments/pay_none/cancel", key: tenant.test)
        },
        RefusalStory(400, "invalid_idempotency_key", at: ["header"]) {
            await (try await TestGateway().tenant()).post("/v1/payments", [:], idempotency: "a b")
        },
        RefusalStory(422, "idempotency_key_reused", at: ["header"]) {
            let tenant = try await TestGateway().tenant()
            _ = await tenant.post("/v1/api-keys", ["name": "a", "scopes": ["payments:read"]], idempotency: "1")
            return await tenant.post("/v1/api-keys", ["name": "b", "scopes": ["payments:read"]], idempotency: "1")
        },
    ]

    static let terms: [RefusalStory] = [
        RefusalStory(422, "invalid_amount", at: "/amount", opening: [("amount", "0")]),
        RefusalStory(
            422, "amount_too_large", at: "/amount", opening: [("amount", "170141183460469231731687303715884105729")]),
        RefusalStory(
            422, "amount_too_small", at: "/amount", opening: [("amount", "0.000001"), ("currency", "SBX")]),
        RefusalStory(422, "amount_too_precise", at: "/amount", opening: [("amount", "0.005")]),
        RefusalStory(422, "unknown_currency", at: "/currency", opening: [("currency", "EUX")]),
        RefusalStory(422, "unknown_asset", at: "/asset", opening: [("asset", "DOGE")]),
        RefusalStory(422, "unsupported_network", at: "/network", opening: [("network", "dogecoin")]),
        RefusalStory(422, "policy_not_allowed", at: "/policy", opening: [
            ("policy", ["under_tolerance": ["basis_points": 9_999]])
        ]),
        RefusalStory(422, "quote_expired", at: "/quote_expires_at", opening: [
            ("quote_expires_at", "2020-01-01T00:00:00Z")
        ]),
        RefusalStory(422, "rate_unavailable", at: "/currency", opening: [("currency", "JPY"), ("amount", "25")]),
        RefusalStory(422, "outside_limits", at: ["/amount"]) {
            let tenant = try await TestGateway().tenant()
            let limit: JSON = [
                "method": ["asset": "SBX", "network": "sandbox"], "currency": "EUR", "maximum_minor": "2499",
            ]
            #expect(await tenant.send(.put, "/v1/policies", ["limits": [limit]]).status == 200)
            return await tenant.payment().answer
        },
        RefusalStory(422, "no_wallet", at: ["/network"]) {
            await (try await TestGateway().tenant()).openOnBitcoin()
        },
        RefusalStory(503, "network_unavailable", at: ["/network"]) {
            let tenant = try await TestGateway(isBitcoinHeard: false).tenant()
            let wallet: JSON = ["network": "bitcoin", "key": .string("wpkh(\(BadRequest.xpub)/0/*)")]
            #expect(await tenant.post("/v1/wallets", wallet, key: tenant.live).status == 201)
            return await tenant.openOnBitcoin()
        },
        RefusalStory(422, "method_not_offered", at: ["/asset"]) {
            let tenant = try await TestGateway().tenant()
            let id = await tenant.payment().id
            return await tenant.post("/v1/payments/\(id)/method", ["asset": "SUSD", "network": "sandbox"])
        },
    ]

    static let states: [RefusalStory] = [
        RefusalStory(409, "not_allowed_in_state") {
            let tenant = try await TestGateway().tenant()
            let id = await tenant.payment().id
            #expect(await tenant.post("/v1/payments/\(id)/cancel").status == 200)
            return await tenant.post("/v1/payments/\(id)/method", ["asset": "SBX", "network": "sandbox"])
        },
        RefusalStory(409, "not_fulfillable") {
            let tenant = try await TestGateway().tenant()
            return await tenant.post("/v1/payments/\(await tenant.payment().id)/fulfilments", ["action_id": "ship-1"])
        },
        RefusalStory(409, "fulfilment_claimed") {
            let tenant = try await TestGateway().tenant()
            let id = await tenant.payment().id
            try await tenant.play(id, "exact", ["confirmations": 6])
            #expect(await tenant.post("/v1/payments/\(id)/fulfilments", ["action_id": "ship-1"]).status == 201)
            return await tenant.post("/v1/payments/\(id)/fulfilments", ["action_id": "ship-2"])
        },
        RefusalStory(409, "exception_not_open") {
            let (tenant, exception) = try await overpaid()
            let ruling: JSON = ["action": "keep", "reason": "A gift."]
            #expect(await tenant.post("/v1/exceptions/\(exception)/rulings", ruling).status == 201)
            return await tenant.post("/v1/exceptions/\(exception)/rulings", ruling)
        },
        RefusalStory(422, "action_not_suggested", at: ["/action"]) {
            let (tenant, exception) = try await overpaid()
            return await tenant.post(
                "/v1/exceptions/\(exception)/rulings", ["action": "grant_top_up", "reason": "A mistake."])
        },
        RefusalStory(409, "too_many_quotes") {
            let gateway = try await TestGateway()
            let tenant = try await gateway.tenant()
            let order: JSON = ["merchant_order_id": "order-1", "amount": "25.00", "currency": "EUR"]
            let id = await tenant.post("/v1/payments", order).json?["id"]?.asString ?? ""
            var answer = await tenant.get("/v1/payments/\(id)")
            for number in 0...Payment.mostQuotes {
                #expect(answer.status == 200, "\(number): \(answer.text)")
                answer = await tenant.post(
                    "/v1/payments/\(id)/method", ["asset": "SBX", "network": "sandbox"])
                // Until it is over, it would be given again.
                gateway.clock.advance(by: 901_000)
            }
            return answer
        },
        RefusalStory(409, "quarantined") {
            let (tenant, id) = try await damaged()
            return await tenant.post("/v1/payments/\(id)/cancel")
        },
        RefusalStory(409, "limit_reached") {
            let tenant = try await TestGateway().tenant()
            let hook: JSON = ["url": "https://example.com/hook"]
            for _ in 0..<EngineLimits.endpoints { _ = await tenant.post("/v1/webhook-endpoints", hook) }
            return await tenant.post("/v1/webhook-endpoints", hook)
        },
    ]

    static let settings: [RefusalStory] = [
        wallet("invalid_key", "nonsense"),
        wallet("private_key", KeyRow.zprv),
        wallet("wrong_network", KeyRow.text(.vpub)),
        wallet("unsupported_key", BadRequest.xpub),
        RefusalStory(409, "key_in_use", at: ["/key"]) {
            let gateway = try await TestGateway()
            let (first, second) = (try await gateway.tenant(), try await gateway.tenant())
            let key: JSON = ["network": "bitcoin", "key": .string(KeyRow.text(.zpub))]
            #expect(await first.post("/v1/wallets", key, key: first.live).status == 201)
            return await second.post("/v1/wallets", key, key: second.live)
        },
        RefusalStory(
            422, "webhook_url_not_allowed", at: ["/url"], "/v1/webhook-endpoints", ["url": "https://10.0.0.1/x"]),
        RefusalStory(422, "sandbox_refused", "/v1/sandbox/evict", ["transaction": "none"]),
    ]

    static let world: [RefusalStory] = [
        RefusalStory(503, "unavailable") {
            let tenant = try await TestGateway().tenant()
            await tenant.gateway.store.close()
            return await tenant.post("/v1/payments", .object(Tenant.order))
        },
        RefusalStory(503, "outcome_unknown") {
            var answer: Answer
            var tries = 0
            repeat {
                let disk = SimulatedDisk()
                let tenant = try await TestGateway(on: disk).tenant()
                disk.plan(.lostSync, at: disk.operations)
                answer = await tenant.post("/v1/payments", .object(Tenant.order))
                tries += 1
                // On a busy machine the checkpoint of a writer that is idle may meet the fault instead.
            } while answer.code != "outcome_unknown" && tries < 20
            return answer
        },
        RefusalStory(500, "internal_error") {
            let (tenant, id) = try await damaged()
            return await tenant.get("/v1/payments/\(id)/policy")
        },
    ]

    private static func wallet(_ code: String, _ key: String) -> RefusalStory {
        RefusalStory(
            422, code, at: ["/key"], "/v1/wallets", ["network": "bitcoin", "key": .string(key)], isLive: true)
    }

    /// A merchant, and the open exception of a payment that too much came for.
    private static func overpaid() async throws -> (Tenant, String) {
        let tenant = try await TestGateway().tenant()
        try await tenant.play(await tenant.payment().id, "over", ["confirmations": 6])
        return (tenant, await tenant.get("/v1/exceptions").json?["data"]?[0]?["id"]?.asString ?? "")
    }

    /// A merchant, and a payment whose row says nothing any more, which nobody has noticed yet.
    private static func damaged() async throws -> (Tenant, String) {
        let tenant = try await TestGateway().tenant()
        let id = await tenant.payment().id
        _ = try await tenant.gateway.store.database.write { db in
            try db.execute("UPDATE payment SET body = '{}' WHERE id = \(id)")
        }
        return (tenant, id)
    }
}

extension Tenant {
    /// Lets the customer act, and the gateway hear of it.
    fileprivate func play(_ payment: String, _ scenario: String, _ body: JSON) async throws {
        #expect(await post("/v1/sandbox/payments/\(payment)/\(scenario)", body).status == 200)
        try await gateway.watch()
    }

    fileprivate func openOnBitcoin() async -> Answer {
        var order = Self.order
        (order["asset"], order["network"]) = ("BTC", "bitcoin")
        return await post("/v1/payments", .object(order), key: live)
    }
}

@Suite("Each code of the interface is answered by somebody")
struct APIRefusals {
    static let stories =
        RefusalStory.asking + RefusalStory.form + RefusalStory.terms + RefusalStory.states + RefusalStory.settings
        + RefusalStory.world

    @Test("With its status, its place and its title", arguments: Problem.Code.allCases)
    func told(code: Problem.Code) async throws {
        let story = try #require(Self.stories.first { $0.code == code.rawValue }, "no story leads to \(code)")
        let answer = try await story.tell()
        #expect(answer.code == story.code, "\(answer.text)")
        #expect(answer.status == story.status)
        #expect(answer.places == story.places)
        #expect(answer.headers["Content-Type"] == "application/problem+json")
        #expect(answer.json?["status"]?.asInt64 == Int64(story.status))
        #expect(answer.json?["type"]?.asString == "urn:quittance:problem:\(story.code)")
        #expect(answer.json?["title"]?.asString == code.title)
        #expect(answer.json?["detail"]?.asString?.isEmpty == false)
        #expect(answer.json?["request_id"]?.asString == answer.headers["X-Request-Id"])
        // Who is told that it is not for its request alone is told when to come again.
        let comesAgain = story.status == 503 || story.status == 429
        #expect((answer.headers["Retry-After"].flatMap { Int($0) } != nil) == comesAgain)
    }

    @Test("No story is told twice, and none of a code that there is not")
    func complete() {
        #expect(Self.stories.map(\.code).sorted() == Problem.Code.allCases.map(\.rawValue).sorted())
    }
}
