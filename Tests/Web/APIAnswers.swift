import Engine
import HTTP
import JSON
import Platform
import TestKit
import Testing

@testable import Web

@Suite("Every operation answers as merchants were told")
struct APIAnswers {
    @Test("Each of them does what it is for, and answers word for word what was looked at")
    func all() async throws {
        let script = try await AnswerScript()
        try await script.keys()
        try await script.wallets()
        try await script.setUp()
        try await script.webhooks()
        try await script.sale()
        try await script.trouble()
        try await script.books()
        try await script.sandbox()
        try await script.roots()
        #expect(script.answered == Set(API.operations.map(\.name)), "an operation that nobody calls is not shown")
    }
}

/// One merchant's first day, from its keys to its books. Every step is one operation, whose answer is kept.
private final class AnswerScript {
    private let gateway: TestGateway
    private let tenant: Tenant
    private(set) var answered: Set<String> = []
    /// The idempotency key of every request: it counts for each operation apart.
    private static let key = "k"
    /// Asked for at last, when its records are sealed.
    private var dossier = ""
    /// What stands for what differs between runs.
    private var masks: [(text: String, mask: String)] = []

    init() async throws {
        gateway = try await TestGateway(allowsLoopbackWebhooks: true)
        tenant = try await gateway.tenant()
    }

    /// Calls an operation, which must succeed, and compares request and answer with what is kept under its name.
    @discardableResult
    private func call(
        _ name: String, _ method: HTTP.Method, _ target: String, _ body: JSON? = nil
    ) async throws -> JSON {
        let operation = try #require(API.operation(method, target))
        #expect(operation.name == name)
        let answer = await tenant.send(method, target, body, idempotency: Self.key)
        #expect((200...299).contains(answer.status), "\(name) \(answer.text)")
        #expect(answer.headers["Idempotency-Replayed"] == nil, "\(name): the key is another operation's")
        if operation.idempotency != .ignored { try await expectReplay(of: answer, name, method, target, body) }
        #expect(answered.insert(name).inserted, "\(name) is kept once")
        let json = answer.body.isEmpty ? JSON.null : try JSON.parse(answer.body)
        var kept: JSONObject = ["request": .string("\(method.rawValue) \(target)")]
        if let body { kept["body"] = body }
        kept["status"] = .integer(Int64(answer.status))
        if let place = answer.headers["location"] { kept["location"] = .string(place) }
        kept["answer"] = json
        var text = masks.reduce(JSON.object(kept).encodedText) { $0.replacing($1.text, with: $1.mask) }
        // What hashes are of is compared by `verify`; that they are there is what a reader of the timeline sees.
        if ["payments.timeline", "payments.dossier"].contains(name) || name == "roots.list" {
            text.replace(/[0-9a-f]{128}/, with: "SIGNATURE")
            text.replace(/[0-9a-f]{64}/, with: "HASH")
            text.replace(/whpk_[0-9A-Za-z+\/=]*/, with: "KEY")
        }
        let document = try JSON.parse(text: text)
        #expect(try GoldenJSON.document("answer-\(name)", now: document) == document.pretty() + "\n", "\(name)")
        return json
    }

    /// The members of an object.
    private static func members(_ json: JSON) -> [String: JSON] {
        guard case .object(let object) = json else { return [:] }
        return Dictionary(uniqueKeysWithValues: object.keys.compactMap { key in object[key].map { (key, $0) } })
    }

    /// The same again is answered with the same bytes, and does nothing.
    private func expectReplay(
        of first: Answer, _ name: String, _ method: HTTP.Method, _ target: String, _ body: JSON?
    ) async throws {
        let rows = try await gateway.rows()
        let again = await tenant.send(method, target, body, idempotency: Self.key)
        #expect(again.status == first.status && again.body == first.body, "\(name) \(again.text)")
        #expect(again.headers["Location"] == first.headers["Location"], "\(name)")
        #expect(again.headers["Idempotency-Replayed"] == "true", "\(name)")
        let later = try await gateway.rows()
        for (table, before) in rows { #expect(later[table] == before, "\(name), sent again, changed \(table)") }
    }

    /// The identity in an answer.
    private func id(_ json: JSON) throws -> String { try #require(json["id"]?.asString) }

    func keys() async throws {
        let key = try await call(
            "api-keys.create", .post, "/v1/api-keys", ["name": "Reports", "scopes": ["payments:read"]])
        try await call("api-keys.revoke", .delete, "/v1/api-keys/\(try id(key))")
        try await call("api-keys.list", .get, "/v1/api-keys")
    }

    func wallets() async throws {
        let key = JSON.string("sandbox:" + String(repeating: "ab", count: 32))
        let wallet = try await call(
            "wallets.create", .post, "/v1/wallets",
            ["network": "sandbox", "key": key, "name": "Old till", "first_index": 5])
        #expect(wallet["next_index"] == 5)
        let moved = try await call(
            "wallets.advance", .post, "/v1/wallets/\(try id(wallet))/advance", ["next_index": 12])
        #expect(moved["next_index"] == 12)
        try await call("wallets.disable", .post, "/v1/wallets/\(try id(wallet))/disable")
        try await call("wallets.list", .get, "/v1/wallets")
    }

    func setUp() async throws {
        try await call("assets.list", .get, "/v1/assets")
        try await call("networks.list", .get, "/v1/networks")
        try await call(
            "rates.push", .post, "/v1/rates", ["asset": "SUSD", "currency": "EUR", "rate": "0.81"])
        try await call("rates.list", .get, "/v1/rates")
        let standard = try await call("policies.get", .get, "/v1/policies")
        let own: JSON = [
            "currency": "EUR", "under_tolerance": ["basis_points": 30, "cap_minor": "110"],
            "over_tolerance": ["basis_points": 40, "cap_minor": "120"],
            "confirmations": [
                [
                    "asset": "SBX", "network": "sandbox", "risk": "normal",
                    "tiers": [["up_to_minor": "100000", "requirement": "1"], ["requirement": "6"]],
                ]
            ],
            "quote_seconds": 1_200, "grace_seconds": 90, "confirm_by_seconds": 5_400,
            "late": ["within_seconds": 600, "drift_basis_points": 100], "excess": "keep", "duplicate": "keep",
            "wrong_asset": "keep", "dust_minor": "130", "holds_overpaid": true, "review_above_minor": "500000",
            "stale_seconds": 1_800,
            "limits": [
                [
                    "method": ["asset": "SBX", "network": "sandbox"], "currency": "EUR", "minimum_minor": "100",
                    "maximum_minor": "1000000",
                ]
            ],
        ]
        let set = try await call("policies.set", .put, "/v1/policies", own)
        #expect(Self.members(own).keys == Self.members(set).keys, "a member that is not set is not shown")
        for (name, value) in Self.members(standard) { #expect(set[name] != value, "\(name) is as it was") }
        #expect(await tenant.send(.put, "/v1/policies", standard).json == standard)
    }

    func webhooks() async throws {
        let receiver = try OnceBusyReceiver()
        try await receiver.serving { url in
            masks.append((url, "http://127.0.0.1:8081/hook"))
            let path = "/v1/webhook-endpoints"
            let made = try await call(
                "webhook-endpoints.create", .post, path,
                ["url": .string(url), "events": ["webhook.test"], "description": "Shop"])
            let own = "\(path)/\(try id(made))"
            let test = try await call("webhook-endpoints.test", .post, "\(own)/test")
            let deliverer = Deliverer(gateway.gateway, client: Deliverer.client(allowsLoopback: true))
            #expect(try await deliverer.step() == 1)
            let owed = try await call("webhook-endpoints.deliveries", .get, "\(own)/deliveries?state=waiting")
            let delivery = try id(try #require(owed["data"]?[0]))
            gateway.clock.advance(by: 120_000)
            #expect(try await deliverer.step() == 1)
            try await call("webhook-endpoints.attempts", .get, "\(own)/deliveries/\(delivery)/attempts")
            let event = try #require(test["event_id"])
            let again = try await call(
                "webhook-endpoints.replay", .post, "\(own)/replay", ["from": event, "through": event])
            #expect(again["replayed"] == 1)
            try await call("webhook-endpoints.rotate-secret", .post, "\(own)/rotate-secret")
            try await call(
                "webhook-endpoints.update", .patch, own,
                ["url": "https://shop.example/hook", "description": "Shop, moved", "events": ["payment.*"]])
            try await call("webhook-endpoints.get", .get, own)
            try await call("webhook-endpoints.list", .get, path)
            try await call("webhook-endpoints.delete", .delete, own)
        }
    }

    /// From the order to the parcel.
    func sale() async throws {
        let order: JSON = [
            "merchant_order_id": "order-1", "amount": "25.00", "currency": "EUR",
            "methods": [["asset": "SBX", "network": "sandbox"], ["asset": "SUSD", "network": "sandbox"]],
            "expires_in": 3600, "customer_id": "cus-1", "description": "Two books",
            "success_url": "https://shop.example/thanks", "cancel_url": "https://shop.example/basket",
            "metadata": ["basket": "17"], "risk": "normal",
            "policy": ["under_tolerance": ["basis_points": 0], "quote_seconds": 600, "holds_overpaid": true],
        ]
        let payment = try await call("payments.create", .post, "/v1/payments", order)
        let own = "/v1/payments/\(try id(payment))"
        try await call("payments.method", .post, "\(own)/method", ["asset": "SBX", "network": "sandbox"])
        try await call(
            "sandbox.payments.act", .post, "/v1/sandbox/payments/\(try id(payment))/exact", ["confirmations": 1])
        try await gateway.watch()
        try await call("payments.fulfilments.claim", .post, "\(own)/fulfilments", ["action_id": "parcel-1"])
        try await call("payments.fulfilments.complete", .post, "\(own)/fulfilments/parcel-1/complete")
        let paid = try await call("payments.get", .get, own)
        #expect(paid["state"] == "paid")
        try await call("payments.policy", .get, "\(own)/policy")
        try await call("payments.entries", .get, "\(own)/entries")
        try await call("transfers.list", .get, "/v1/transfers")
        try await call("payments.timeline", .get, "\(own)/timeline?after=0&limit=1")
        dossier = "\(own)/dossier"
    }

    /// Too much, too little, and called off.
    func trouble() async throws {
        let over = await tenant.payment([("merchant_order_id", "order-2")]).id
        _ = await tenant.post("/v1/sandbox/payments/\(over)/over", ["percent": 20, "confirmations": 1])
        try await gateway.watch()
        let open = try await call("exceptions.list", .get, "/v1/exceptions?open=true&kind=overpaid")
        let exception = "/v1/exceptions/\(try id(try #require(open["data"]?[0])))"
        try await call(
            "exceptions.rule", .post, "\(exception)/rulings",
            ["action": "keep", "reason": "The customer said: keep it."])
        try await call("exceptions.get", .get, exception)

        let under = await tenant.payment([("merchant_order_id", "order-3")]).id
        _ = await tenant.post("/v1/sandbox/payments/\(under)/under", ["percent": 90, "confirmations": 1])
        try await gateway.watch()
        let accepted = try await call(
            "payments.accept", .post, "/v1/payments/\(under)/actions/accept", ["reason": "An old customer."])
        #expect(accepted["state"] == "paid" && accepted["by_ruling"] == true)

        let off = await tenant.payment([("merchant_order_id", "order-4")]).id
        try await call("payments.cancel", .post, "/v1/payments/\(off)/cancel")
        try await call("payments.list", .get, "/v1/payments?state=failed")
        let events = try await call("events.list", .get, "/v1/events?payment_id=\(off)&limit=1")
        try await call("events.get", .get, "/v1/events/\(try id(try #require(events["data"]?[0])))")
    }

    func books() async throws {
        try await call("ledger.balances", .get, "/v1/ledger/balances")
        try await call("ledger.entries", .get, "/v1/ledger/entries?asset=SBX&network=sandbox&limit=2")
    }

    func roots() async throws {
        #expect(try await gateway.gateway.seal() == 2)
        try await call("roots.list", .get, "/v1/roots")
        try await call("payments.dossier", .get, dossier)
    }

    func sandbox() async throws {
        let waiting = await tenant.payment([("merchant_order_id", "order-5")]).id
        let paid = await tenant.post("/v1/sandbox/payments/\(waiting)/exact")
        let transaction = try #require(paid.json?["transactions"]?[0])
        try await call("sandbox.evict", .post, "/v1/sandbox/evict", ["transaction": transaction])
        try await call("sandbox.mine", .post, "/v1/sandbox/mine", ["network": "sandbox", "blocks": 2])
        try await call("sandbox.reorg", .post, "/v1/sandbox/reorg", ["depth": 1, "fate": "dropped"])
        try await call("sandbox.clock", .post, "/v1/sandbox/clock", ["advance_seconds": 60])
        try await call("sandbox.fail", .post, "/v1/sandbox/fail", ["network": "sandbox-alt"])
        try await call("sandbox.recover", .post, "/v1/sandbox/recover", ["network": "sandbox-alt"])
        try await gateway.watch()
    }
}

/// A merchant's server that is too busy for the first webhook, and asks for it again in two minutes.
private struct OnceBusyReceiver {
    private let server: Server

    init() throws {
        var configuration = Server.Configuration()
        configuration.port = 0
        configuration.loops = 1
        let isBusy = Lock(true)
        server = try Server(configuration: configuration) { _ in
            let wasBusy = isBusy.withLock { isBusy in
                defer { isBusy = false }
                return isBusy
            }
            guard wasBusy else { return Response(.ok, body: Array("thanks\n".utf8)) }
            return Response(.serviceUnavailable, headers: ["Retry-After": "120"], body: Array("busy\n".utf8))
        }
    }

    /// Serves while `body` runs, which gets the address.
    func serving(_ body: (String) async throws -> Void) async throws {
        let serving = Task { await server.run() }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body("http://127.0.0.1:\(server.port)/hook"))
        } catch {
            result = .failure(error)
        }
        serving.cancel()
        await serving.value
        try result.get()
    }
}
