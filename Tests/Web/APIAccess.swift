import Crypto
import Domain
import Engine
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Web

@Suite("Each key sees and does what it may, and nothing else")
struct APIAccess {
    /// A path of the operation that fits its pattern and names nothing.
    private func path(_ operation: Web.Operation) -> String {
        operation.pattern.split(separator: "/").map { part in
            guard part.hasPrefix("{") else { return "/\(part)" }
            return part == "{scenario}" ? "/exact" : "/x"
        }.joined()
    }

    @Test("Every operation takes the keys with its scope, and no other", arguments: API.operations.map(\.name))
    func matrix(name: String) async throws {
        let gateway = try await TestGateway()
        let merchant = try await gateway.tenant().merchant
        guard let operation = API.operations.first(where: { $0.name == name }) else { return }
        for scope in Scope.allCases {
            let key = try await gateway.key(of: merchant, [scope], isTest: true)
            let answer = await gateway.send(
                operation.method, path(operation), key: key, headers: ["Idempotency-Key": "k"])
            let isAllowed = operation.scope == nil || operation.scope == scope || scope == .admin
            #expect((answer.code == "missing_scope") == !isAllowed, "\(scope) \(answer.text)")
            #expect(answer.status < 500)
        }
        let live = try await gateway.key(of: merchant, [.admin], isTest: false)
        let answer = await gateway.send(operation.method, path(operation), key: live, headers: ["Idempotency-Key": "k"])
        #expect((answer.code == "test_key_required") == operation.isForTestKeysOnly)
        let nobody = await gateway.send(operation.method, path(operation), key: nil)
        #expect(nobody.status == 401)
    }

    @Test(
        "Neither another merchant nor a live key sees a test payment or anything of it",
        arguments: DatabaseEngine.allCases)
    func separation(_ engine: DatabaseEngine) async throws {
        let gateway = try await TestGateway(engine)
        let (owner, stranger) = (try await gateway.tenant(), try await gateway.tenant())
        let id = await owner.payment().id
        _ = await owner.post("/v1/sandbox/payments/\(id)/over")
        _ = await owner.post("/v1/sandbox/mine", ["blocks": 6])
        try await gateway.watch()
        let endpoint = await owner.post("/v1/webhook-endpoints", ["url": "https://example.com/hook"])
        let endpointID = endpoint.json?["id"]?.asString ?? ""
        let event = await owner.get("/v1/events").json?["data"]?[0]?["id"]?.asString ?? ""
        let exception = await owner.get("/v1/exceptions").json?["data"]?[0]?["id"]?.asString ?? ""
        #expect(!event.isEmpty && !endpointID.isEmpty)
        #expect(!exception.isEmpty)
        let things = [
            "/v1/payments/\(id)", "/v1/payments/\(id)/timeline", "/v1/payments/\(id)/entries", "/v1/events/\(event)",
            "/v1/exceptions/\(exception)", "/v1/webhook-endpoints/\(endpointID)",
            "/v1/webhook-endpoints/\(endpointID)/deliveries",
        ]
        for thing in things {
            #expect(await owner.get(thing).status == 200, "\(thing)")
            #expect(await owner.get(thing, key: owner.live).status == 404, "\(thing)")
            #expect(await stranger.get(thing).status == 404, "\(thing)")
        }
        let lists = [
            "payments", "transfers", "events", "exceptions", "webhook-endpoints", "ledger/entries", "ledger/balances",
        ]
        for list in lists {
            let path = "/v1/\(list)"
            #expect(await owner.get(path).json?["data"]?.asArray?.isEmpty == false, "\(path)")
            #expect(await owner.get(path, key: owner.live).json?["data"] == [], "\(path)")
            #expect(await stranger.get(path).json?["data"] == [], "\(path)")
        }
        #expect(await owner.get("/v1/events?after=\(event)", key: owner.live).status == 404)
        let wallet = await owner.get("/v1/wallets").json?["data"]?[0]?["id"]?.asString ?? ""
        let keyID = await owner.get("/v1/api-keys").json?["data"]?[0]?["id"]?.asString ?? ""
        let hook = "/v1/webhook-endpoints/\(endpointID)"
        let delivery = await owner.get("\(hook)/deliveries").json?["data"]?[0]?["id"]?.asString
        #expect(!wallet.isEmpty && !keyID.isEmpty)
        let foreign = await stranger.post("/v1/webhook-endpoints", ["url": "https://example.com/other"])
        let foreignHook = "/v1/webhook-endpoints/\(foreign.json?["id"]?.asString ?? "")"
        for path in ["/v1/wallets", "/v1/api-keys"] {
            let own = Set((await owner.get(path).json?["data"]?.asArray ?? []).compactMap { $0["id"]?.asString })
            for answer in [await owner.get(path, key: owner.live), await stranger.get(path)] {
                let seen = Set((answer.json?["data"]?.asArray ?? []).compactMap { $0["id"]?.asString })
                #expect(answer.status == 200 && seen.isDisjoint(with: own), "\(path)")
            }
        }
        let before = try await gateway.recordCounts().others
        for key in [owner.live, stranger.test] {
            #expect(await owner.post("/v1/payments/\(id)/cancel", key: key).status == 404)
            #expect(await owner.post("/v1/payments/\(id)/fulfilments", ["action_id": "a"], key: key).status == 404)
            #expect(await owner.post("/v1/payments/\(id)/actions/accept", ["reason": "a"], key: key).status == 404)
            let ruling: JSON = ["action": "accept", "reason": "mine"]
            #expect(await owner.post("/v1/exceptions/\(exception)/rulings", ruling, key: key).status == 404)
            #expect(await owner.send(.delete, "/v1/webhook-endpoints/\(endpointID)", key: key).status == 404)
            #expect(await owner.post("\(hook)/rotate-secret", key: key).status == 404)
            #expect(await owner.post("\(hook)/replay", ["event_id": .string(event)], key: key).status == 404)
            #expect(await owner.post("\(hook)/test", key: key).status == 404)
            #expect(await owner.send(.patch, hook, ["active": false], key: key).status == 404)
            #expect(await owner.post("/v1/wallets/\(wallet)/disable", key: key).status == 404)
            #expect(await owner.send(.delete, "/v1/api-keys/\(keyID)", key: key).status == 404)
        }
        // Its own endpoint is no way to another's event or delivery.
        let theirs: JSON = ["event_id": .string(event)]
        #expect(await stranger.post("\(foreignHook)/replay", theirs).status == 404)
        let attempts = "\(foreignHook)/deliveries/\(delivery ?? "dlv_none")/attempts"
        #expect(await stranger.get(attempts).status == 404)
        #expect(await owner.get("/v1/wallets").json?["data"]?[0]?["disabled"] == false)
        #expect(try await gateway.recordCounts().others == before)
    }

    @Test("No test key sees a live payment or anything of it")
    func live() async throws {
        let gateway = try await TestGateway()
        let owner = try await gateway.tenant()
        let key = """
            zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDK\
            f31mGDtKsAYz2oz2AGutZYs
            """
        let wallet = await owner.post("/v1/wallets", ["network": "bitcoin", "key": .string(key)], key: owner.live)
        #expect(wallet.status == 201, "\(wallet.text)")
        #expect(await owner.post(
            "/v1/webhook-endpoints", ["url": "https://example.com/live"], key: owner.live).status == 201)
        var order = Tenant.order
        (order["asset"], order["network"]) = ("BTC", "bitcoin")
        let made = await owner.post("/v1/payments", .object(order), key: owner.live)
        #expect(made.status == 201, "\(made.text)")
        let id = made.json?["id"]?.asString ?? ""
        func ids(_ path: String, _ key: String) async -> Set<String> {
            Set((await owner.get(path, key: key).json?["data"]?.asArray ?? []).compactMap { $0["id"]?.asString })
        }
        let event = await ids("/v1/events", owner.live).first ?? ""
        let hook = await ids("/v1/webhook-endpoints", owner.live).first ?? ""
        for path in ["payments/\(id)", "payments/\(id)/timeline", "payments/\(id)/dossier", "payments/\(id)/entries",
            "payments/\(id)/policy", "events/\(event)", "webhook-endpoints/\(hook)"]
        {
            #expect(await owner.get("/v1/\(path)", key: owner.live).status == 200, "\(path)")
            #expect(await owner.get("/v1/\(path)", key: owner.test).status == 404, "\(path)")
        }
        for list in ["payments", "events", "webhook-endpoints", "wallets", "api-keys"] {
            let (real, play) = (await ids("/v1/\(list)", owner.live), await ids("/v1/\(list)", owner.test))
            #expect(!real.isEmpty && real.isDisjoint(with: play), "\(list)")
        }
        let before = try await gateway.recordCounts().others
        for path in ["payments/\(id)/cancel", "wallets/\(wallet.json?["id"]?.asString ?? "")/disable"] {
            #expect(await owner.post("/v1/\(path)", key: owner.test).status == 404, "\(path)")
        }
        #expect(await owner.post("/v1/payments/\(id)/fulfilments", ["action_id": "a"], key: owner.test).status == 404)
        #expect(try await gateway.recordCounts().others == before)
    }

    @Test("Neither another merchant nor a live key sees the rates and the policy of a test key")
    func configuration() async throws {
        let gateway = try await TestGateway()
        let (owner, stranger) = (try await gateway.tenant(), try await gateway.tenant())
        let rate: JSON = ["asset": "SBX", "currency": "EUR", "rate": "77"]
        #expect(await owner.post("/v1/rates", rate).status == 201)
        #expect(await owner.send(.put, "/v1/policies", ["quote_seconds": 777]).status == 200)
        for answer in [await owner.get("/v1/rates", key: owner.live), await stranger.get("/v1/rates")] {
            #expect(!answer.text.contains("\"77\""))
        }
        for answer in [await owner.get("/v1/policies", key: owner.live), await stranger.get("/v1/policies")] {
            #expect(answer.json?["quote_seconds"] == 900)
        }
    }

    @Test("What is revoked or disabled takes nobody's place")
    func places() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        for number in 0..<EngineLimits.keys {
            let made = await tenant.post("/v1/api-keys", ["name": "job \(number)", "scopes": ["payments:read"]])
            #expect(made.status == 201, "\(made.text)")
            let id = made.json?["id"]?.asString ?? ""
            #expect(await tenant.send(.delete, "/v1/api-keys/\(id)").status == 204)
        }
        #expect(await tenant.post("/v1/api-keys", ["name": "next", "scopes": ["payments:read"]]).status == 201)
        for number in 0..<EngineLimits.wallets {
            let key = "sandbox:" + Hex.encode(SHA256.hash(Array("\(number)".utf8)))
            let made = await tenant.post("/v1/wallets", ["network": "sandbox", "key": .string(key)])
            #expect(made.status == 201, "\(made.text)")
            let id = made.json?["id"]?.asString ?? ""
            #expect(await tenant.post("/v1/wallets/\(id)/disable").status == 200)
        }
        let hook: JSON = ["url": "https://example.com/hook"]
        for _ in 0..<EngineLimits.endpoints {
            #expect(await tenant.post("/v1/webhook-endpoints", hook).status == 201)
        }
        #expect(await tenant.post("/v1/webhook-endpoints", hook).code == "limit_reached")
        #expect(await tenant.post("/v1/webhook-endpoints", hook, key: tenant.live).status == 201)
    }

    @Test("A revoked key is no key any more")
    func revoked() async throws {
        let tenant = try await TestGateway().tenant()
        let made = await tenant.post("/v1/api-keys", ["name": "till", "scopes": ["payments:read"]])
        #expect(made.status == 201)
        let text = made.json?["key"]?.asString ?? ""
        let id = made.json?["id"]?.asString ?? ""
        #expect(text.hasPrefix("qk_test_"))
        #expect(await tenant.get("/v1/payments", key: text).status == 200)
        #expect(await tenant.get("/v1/api-keys", key: text).code == "missing_scope")
        #expect(await tenant.send(.delete, "/v1/api-keys/\(id)").status == 204)
        #expect(await tenant.get("/v1/payments", key: text).status == 401)
        let list = await tenant.get("/v1/api-keys")
        #expect(!list.text.contains(text))
    }

    @Test("Wrong keys are refused more shortly the more come from an address, and right ones from there never")
    func wrongKeys() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        func present(_ number: Int, from address: String) async -> Answer {
            await gateway.send(.get, "/v1/payments", key: "qk_test_wrong\(number)", peer: address)
        }
        for number in 0..<Int(Limits.wrongKeyQuota) {
            #expect(await present(number, from: "2001:db8::\(number)").status == 401)
        }
        let throttled = await present(99, from: "2001:db8::ffff")
        #expect(throttled.status == 429)
        #expect(throttled.code == "rate_limited")
        #expect(throttled.headers["Retry-After"] == "3")
        #expect(await present(99, from: "2001:db8:0:1::1").status == 401, "another subscriber")
        #expect(await present(99, from: "192.0.2.1").status == 401)
        // A key that nobody had presented before, from the same address.
        let answer = await gateway.send(.get, "/v1/payments", key: tenant.test, peer: "2001:db8::1")
        #expect(answer.status == 200)
        #expect(await gateway.send(.get, "/v1/payments", key: nil, peer: "2001:db8::1").status == 401)
        gateway.clock.advance(by: 3_000)
        #expect(await present(99, from: "2001:db8::1").status == 401)
        #expect(await present(99, from: "2001:db8::1").status == 429)
    }

    @Test("What is refused to a key too often is counted, and the next record says how often")
    func manyRefusals() async throws {
        let gateway = try await TestGateway(recordedRefusals: RateLimit(quota: 3, windowSeconds: 60))
        let tenant = try await gateway.tenant()
        let before = try await gateway.recordCounts().refused
        func refuse() async -> Int {
            await gateway.send(.post, "/v1/payments", key: tenant.test, body: Array("{}".utf8)).status
        }
        for _ in 0..<10 { #expect(await refuse() == 422) }
        #expect(try await gateway.recordCounts().refused == before + 3)
        gateway.clock.advance(by: 20_000)
        #expect(await refuse() == 422)
        #expect(try await gateway.recordCounts().refused == before + 4)
        let bodies = try await gateway.store.read { tx in
            try tx.records(chain: tenant.merchant.text, limit: 1_000).map(\.record)
                .filter { $0.kind == "refused" }.map { try JSON.parse($0.body)["unrecorded"]?.asInt64 }
        }
        #expect(bodies.suffix(4) == [nil, nil, nil, 7])
    }

    @Test("Addresses that present wrong keys take a bounded amount of memory")
    func manyAddresses() {
        let limiter = RateLimiter<Int>(RateLimit(quota: 2, windowSeconds: 60), clock: ManualClock())
        for subject in 0..<(3 * Limits.rateSubjects) { _ = limiter.take(subject) }
        #expect(limiter.count <= Limits.rateSubjects)
    }

    @Test("Only one well-formed bearer credential is read", arguments: [
        "Basic abc", "Bearer", "Bearer ", "Bearer a b", "bearer qk_other_x", "Bearer  qk_test_x", "qk_test_x",
        "Bearer qk_test_" + String(repeating: "a", count: 300),
    ])
    func credentials(value: String) {
        #expect(API.bearer(["Authorization": value]) == nil)
        #expect(API.bearer(["Authorization": "bearer qk_test_x"]) == "qk_test_x")
        var twice: Headers = ["Authorization": "Bearer qk_test_x"]
        twice.add("Authorization", "Bearer qk_test_y")
        #expect(API.bearer(twice) == nil)
    }
}
