import Database
import Domain
import Engine
import HTTP
import JSON
import Platform
import Storage
import Testing

@testable import Web

@Suite("The API carries a payment from intent to fulfilment")
struct APIFlows {
    @Test("Paid, fulfilled once, reported, and in the books")
    func paid() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let id = await tenant.payment().id
        #expect(await tenant.post("/v1/payments/\(id)/fulfilments", ["action_id": "ship-1"]).code == "not_fulfillable")
        _ = await tenant.post("/v1/sandbox/payments/\(id)/exact")
        try await gateway.watch()
        #expect(await tenant.get("/v1/payments/\(id)").json?["state"] == "detected")
        _ = await tenant.post("/v1/sandbox/mine", ["blocks": 6])
        try await gateway.watch()
        let paid = await tenant.get("/v1/payments/\(id)")
        #expect(paid.json?["state"] == "paid")
        #expect(paid.json?["fulfillable"] == true)
        #expect(paid.json?["next_action"] == "fulfil")
        let claim = await tenant.post("/v1/payments/\(id)/fulfilments", ["action_id": "ship-1"])
        #expect(claim.status == 201, "\(claim.text)")
        #expect(await tenant.post("/v1/payments/\(id)/fulfilments", ["action_id": "ship-1"]).status == 201)
        let other = await tenant.post("/v1/payments/\(id)/fulfilments", ["action_id": "ship-2"])
        #expect(other.status == 409)
        #expect(other.code == "fulfilment_claimed")
        let done = await tenant.post("/v1/payments/\(id)/fulfilments/ship-1/complete")
        #expect(done.status == 200)
        #expect(done.json?["fulfilment"]?["completed_at"]?.asString != nil)
        #expect(done.json?["next_action"] == "none")
        let entries = await tenant.get("/v1/payments/\(id)/entries")
        #expect(entries.json?["data"]?[0]?["kind"] == "received")
        let all = await tenant.get("/v1/ledger/entries")
        #expect(entries.json?["data"]?.asArray?.count == all.json?["data"]?.asArray?.count)
        let balances = await tenant.get("/v1/ledger/balances")
        let amounts = (balances.json?["data"]?.asArray ?? []).compactMap { $0["amount"]?.asString }
        #expect(amounts.sorted() == ["-0.25", "0.25"])
        #expect(await tenant.post("/v1/payments/\(id)/cancel").code == "not_allowed_in_state")
    }

    @Test("A customer who paid too little gets a top-up by a ruling, and pays it")
    func topUp() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let id = await tenant.payment().id
        _ = await tenant.post("/v1/sandbox/payments/\(id)/under", ["percent": 40, "confirmations": 6])
        try await gateway.watch()
        _ = await tenant.post("/v1/sandbox/clock", ["advance_seconds": 3_600])
        try await gateway.watch()
        #expect(await tenant.get("/v1/payments/\(id)").json?["state"] == "underpaid")
        let exception = await tenant.get("/v1/exceptions?kind=underpaid").json?["data"]?[0]?["id"]?.asString ?? ""
        let wrong = await tenant.post("/v1/exceptions/\(exception)/rulings", ["action": "keep", "reason": "no"])
        #expect(wrong.code == "action_not_suggested")
        #expect(wrong.places == ["/action"])
        let granted = await tenant.post(
            "/v1/exceptions/\(exception)/rulings",
            ["action": "grant_top_up", "reason": "Customer called.", "expires_in": 900])
        #expect(granted.status == 201, "\(granted.text)")
        #expect(granted.json?["payable"] == true)
        _ = await tenant.post("/v1/sandbox/payments/\(id)/exact", ["confirmations": 6])
        try await gateway.watch()
        #expect(await tenant.get("/v1/payments/\(id)").json?["state"] == "paid")
    }

    @Test("Why a person ruled so can be read where the ruling is, and nowhere once it is erased")
    func reasons() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let id = await tenant.payment().id
        _ = await tenant.post("/v1/sandbox/payments/\(id)/over", ["percent": 20, "confirmations": 1])
        try await gateway.watch()
        let exception = await tenant.get("/v1/exceptions").json?["data"]?[0]?["id"]?.asString ?? ""
        let why = "Customer wrote; “keep it”.\nTicket 42"
        let ruled = await tenant.post(
            "/v1/exceptions/\(exception)/rulings", ["action": "keep", "reason": .string(why)])
        #expect(ruled.status == 201 && !ruled.text.contains("Ticket"), "\(ruled.text)")
        func told() async -> [JSON?] {
            let records = await tenant.get("/v1/payments/\(id)/timeline").json?["data"]?.asArray ?? []
            #expect(records.count { $0["kind"] == "ruled" } == 1 && records.count > 2)
            #expect(records.allSatisfy { $0["kind"] == "ruled" || $0["reason"] == JSON.null })
            return [
                await tenant.get("/v1/exceptions/\(exception)").json?["reason"],
                await tenant.get("/v1/exceptions?open=false").json?["data"]?[0]?["reason"],
                records.first { $0["kind"] == "ruled" }?["reason"],
            ]
        }
        #expect(await told() == [.string(why), .string(why), .string(why)])
        #expect(await !tenant.get("/v1/events?payment_id=\(id)").text.contains("Ticket"), "nobody erases there")
        // What the log does not bind is nobody's word.
        for change: SQL in ["UPDATE note SET text = 'He said so.'", "DELETE FROM note"] {
            _ = try await gateway.store.database.write { try $0.execute(change) }
            #expect(await told() == [.null, .null, .null])
        }
    }

    @Test("The customer's choice is quoted, and quoted again after the end")
    func method() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        var order = Tenant.order
        order["asset"] = nil
        order["network"] = nil
        order["expires_in"] = 7_200
        let created = await tenant.post("/v1/payments", .object(order))
        #expect(created.status == 201, "\(created.text)")
        let id = created.json?["id"]?.asString ?? ""
        #expect(created.json?["state"] == "created")
        let chosen = await tenant.post("/v1/payments/\(id)/method", ["asset": "SUSD", "network": "sandbox"])
        #expect(chosen.status == 200, "\(chosen.text)")
        #expect(chosen.json?["state"] == "awaiting_payment")
        let no = await tenant.post("/v1/payments/\(id)/method", ["asset": "SBX", "network": "sandbox-alt"])
        #expect(no.code == "method_not_offered")
        #expect(no.places == ["/asset"])
    }

    @Test("The sandbox plays every scenario", arguments: [
        ("pay", "{}"), ("exact", "{}"), ("under", #"{"percent":30}"#), ("over", #"{"percent":10}"#),
        ("split", #"{"parts":3}"#), ("late", "{}"), ("duplicate", "{}"), ("wrong-network", "{}"), ("wrong-asset", "{}"),
    ])
    func scenarios(scenario: String, body: String) async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let id = await tenant.payment().id
        let answer = await tenant.post("/v1/sandbox/payments/\(id)/\(scenario)", try JSON.parse(text: body))
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json?["transactions"]?.asArray?.isEmpty == false)
        for (act, body) in [
            ("mine", "{}"), ("reorg", #"{"depth":1,"fate":"dropped"}"#), ("clock", #"{"advance_seconds":60}"#),
            ("fail", "{}"), ("recover", "{}"),
        ] {
            let answer = await tenant.post("/v1/sandbox/\(act)", try JSON.parse(text: body))
            #expect(answer.status == 200, "\(act) \(answer.text)")
        }
        let evicted = await tenant.post("/v1/sandbox/evict", ["transaction": "none"])
        #expect(evicted.code == "sandbox_refused")
        try await gateway.watch()
    }

    @Test(
        "What came another way is told in whole units of what it is, wherever it is told",
        arguments: [("wrong-network", "sandbox-alt", "SBX"), ("wrong-asset", "sandbox", "SUSD")])
    func otherUnits(scenario: String, network: String, asset: String) async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let id = await tenant.payment().id
        _ = await tenant.post("/v1/sandbox/payments/\(id)/\(scenario)", ["confirmations": 1])
        try await gateway.watch()
        let entries = await tenant.get("/v1/payments/\(id)/entries").json?["data"]?.asArray ?? []
        let posting = entries.first?["postings"]?.asArray?.first
        let booked = try #require(posting?["amount"]?.asString)
        #expect(booked.contains("."))
        let transfer = await tenant.get("/v1/payments/\(id)").json?["transfers"]?.asArray?.first
        let asked = await tenant.get("/v1/exceptions").json?["data"]?.asArray?.first
        let events = await tenant.get("/v1/events?payment_id=\(id)").json?["data"]?.asArray ?? []
        let told = events.compactMap { $0["data"]?["exception"] }.first
        for object in [transfer, asked, told] {
            #expect(object?["amount"]?.asString == booked)
            #expect(object?["network"]?.asString == network && object?["asset"]?.asString == asset)
        }
    }

    @Test("Blocks are mined for one payment, and its block is taken back")
    func confirmed() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let id = await tenant.payment([("policy", ["at_least_confirmations": 3])]).id
        let other = await tenant.payment().id
        for id in [id, other] { _ = await tenant.post("/v1/sandbox/payments/\(id)/exact") }
        for (act, body, state) in [
            ("confirm", "{}", "confirming"), ("confirm", #"{"blocks":2}"#, "paid"), ("take-back", "{}", "detected"),
        ] {
            let answer = await tenant.post("/v1/sandbox/payments/\(id)/\(act)", try JSON.parse(text: body))
            #expect(answer.status == 200, "\(answer.text)")
            try await gateway.watch()
            #expect(await tenant.get("/v1/payments/\(id)").json?["state"]?.asString == state)
            #expect(await tenant.get("/v1/payments/\(other)").json?["state"] == "detected")
        }
    }

    @Test("A transaction that left the pool is gone, and the customer is asked again")
    func evicted() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let id = await tenant.payment().id
        let paid = await tenant.post("/v1/sandbox/payments/\(id)/exact")
        try await gateway.watch()
        let transaction = try #require(paid.json?["transactions"]?[0])
        let gone = await tenant.post("/v1/sandbox/evict", ["transaction": transaction])
        #expect(gone.json?["gone"] == [transaction], "\(gone.text)")
        try await gateway.watch()
        let payment = await tenant.get("/v1/payments/\(id)").json
        #expect(payment?["state"] == "awaiting_payment")
        #expect(payment?["payable"] == true)
    }

    @Test("A waiting transaction is replaced by each of its rivals", arguments: [
        ("{}", true), (#"{"by":"fee_bump"}"#, true), (#"{"by":"less_amount","percent":40}"#, true),
        (#"{"by":"elsewhere"}"#, false),
    ])
    func replacements(body: String, paysUs: Bool) async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let id = await tenant.payment().id
        let nothing = await tenant.post("/v1/sandbox/payments/\(id)/replace", try JSON.parse(text: body))
        #expect(nothing.code == "sandbox_refused", "nothing waits")
        #expect(await tenant.post("/v1/sandbox/payments/\(id)/exact").status == 200)
        try await gateway.watch()
        let replaced = await tenant.post("/v1/sandbox/payments/\(id)/replace", try JSON.parse(text: body))
        #expect(replaced.status == 200, "\(replaced.text)")
        #expect(replaced.json?["gone"]?.asArray?.count == 1)
        try await gateway.watch()
        let state = await tenant.get("/v1/payments/\(id)").json?["state"]
        #expect(state == (paysUs ? "detected" : "awaiting_payment"))
    }

    @Test("An endpoint is made, changed, tested, rotated, replayed and deleted")
    func endpoints() async throws {
        let tenant = try await TestGateway().tenant()
        let path = "/v1/webhook-endpoints"
        let made = await tenant.post(path, ["url": "https://example.com/hook", "events": ["payment.*"]])
        #expect(made.status == 201, "\(made.text)")
        let id = made.json?["id"]?.asString ?? ""
        let secret = made.json?["secret"]?.asString ?? ""
        #expect(secret.hasPrefix("whsec_"))
        #expect(made.json?["public_key"]?.asString?.hasPrefix("whpk_") == true)
        #expect(made.headers["Location"] == "\(path)/\(id)")
        _ = await tenant.payment()
        let deliveries = await tenant.get("\(path)/\(id)/deliveries")
        #expect(deliveries.json?["data"]?.asArray?.count == 2)
        let delivery = deliveries.json?["data"]?[0]?["id"]?.asString ?? ""
        #expect(await tenant.get("\(path)/\(id)/deliveries/\(delivery)/attempts").json?["data"] == [])
        #expect(await tenant.get("\(path)/\(id)/deliveries?state=late").status == 400)
        let page = await tenant.get("\(path)/\(id)/deliveries?limit=1")
        let next = page.json?["next"]?.asString ?? ""
        #expect(await tenant.get("\(path)/\(id)/deliveries?limit=1&after=\(next)").json?["data"]?.asArray?.count == 1)
        let changed = await tenant.send(.patch, "\(path)/\(id)", ["active": false, "events": ["*"]])
        #expect(changed.json?["state"] == "disabled")
        #expect(changed.json?["secret"] == nil)
        #expect(await tenant.send(.patch, "\(path)/\(id)", ["active": true]).json?["state"] == "active")
        #expect(await tenant.post("\(path)/\(id)/test").status == 202)
        let rotated = await tenant.post("\(path)/\(id)/rotate-secret")
        #expect(rotated.json?["secret"]?.asString?.hasPrefix("whsec_") == true)
        #expect(rotated.json?["secret"]?.asString != secret)
        for nothing: JSON in [[:], ["event_id": .null], ["from": .null, "through": .null]] {
            #expect(await tenant.post("\(path)/\(id)/replay", nothing).places == ["/event_id"], "never all of them")
            #expect(await tenant.post("\(path)/\(id)/replay", nothing).text.contains("event_id, from, through"))
        }
        #expect(await tenant.post("\(path)/\(id)/replay", ["only_failed": true]).json?["replayed"] == 0)
        #expect(await tenant.send(.delete, "\(path)/\(id)").status == 204)
        #expect(await tenant.get("\(path)/\(id)").status == 404)
    }

    @Test("A network that cannot be used is refused for its own reason, and a private key before all else")
    func networks() async throws {
        let tenant = try await TestGateway().tenant()
        let xprv =
            "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGB"
            + "xrMPHi"
        let rows: [(key: String, network: String, wallet: String, code: String, words: String)] = [
            (tenant.test, "sandbx", "x", "unsupported_network", "Did you mean “sandbox”?"),
            (tenant.test, "dogecoin", "x", "unsupported_network", "For test keys it has: sandbox"),
            (tenant.live, "dogecoin", "x", "unsupported_network", "For live keys it has: bitcoin."),
            (tenant.test, "bitcoin", "x", "unsupported_network", "takes a live key (qk_live_…), and this is a test"),
            (tenant.live, "sandbox", "x", "unsupported_network", "takes a test key (qk_test_…), and this is a live"),
            (tenant.live, "dogecoin", " \(xprv) ", "private_key", "consider it exposed"),
        ]
        for row in rows {
            let answer = await tenant.post(
                "/v1/wallets", ["network": .string(row.network), "key": .string(row.wallet)], key: row.key)
            #expect(answer.code == row.code, "\(row)")
            #expect(answer.text.contains(row.words), "\(row): \(answer.text)")
        }
    }

    @Test("A merchant sets up wallets, rates and policy")
    func configuration() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let made = await tenant.post(
            "/v1/wallets", ["network": "sandbox", "key": .string("sandbox:" + String(repeating: "ab", count: 32))])
        #expect(made.status == 201, "\(made.text)")
        let wallet = made.json?["id"]?.asString ?? ""
        #expect(await tenant.get("/v1/wallets").json?["data"]?.asArray?.count == 2)
        let disabled = await tenant.post("/v1/wallets/\(wallet)/disable")
        #expect(disabled.json?["disabled"] == true)
        let pushed = await tenant.post("/v1/rates", ["asset": "SBX", "currency": "EUR", "rate": "50"])
        #expect(pushed.status == 201)
        #expect(await tenant.payment().answer.json?["amount_due"] == "0.5")
        let policy = await tenant.get("/v1/policies")
        let same = await tenant.send(.put, "/v1/policies", policy.json)
        #expect(same.status == 200, "\(same.text)")
        #expect(same.body == policy.body)
        let tighter = await tenant.send(.put, "/v1/policies", ["quote_seconds": 300])
        #expect(tighter.json?["quote_seconds"] == 300)
        #expect(await tenant.get("/v1/policies").body == tighter.body)
        let assets = await tenant.get("/v1/assets").json?["data"]?.asArray ?? []
        #expect(assets.compactMap { $0["asset"]?.asString } == ["SBX", "SUSD", "SBX"])
        #expect(await tenant.get("/v1/assets", key: tenant.live).json?["data"]?.asArray?.count == 1)
        #expect(await tenant.get("/v1/networks").json?["data"]?[0]?["healthy"] == true)
        #expect(await tenant.get("/v1/rates").json?["data"]?.asArray?.count == 4)
    }

    @Test("A price in a coin gets the tier of what it is worth, or the strictest, and says so")
    func coinPrice() async throws {
        let tenant = try await TestGateway().tenant()
        // One SBX is 100 EUR; up to 1,000.00 EUR one block is enough.
        func agreed(_ amount: String, _ currency: String) async throws -> (JSON?, valuation: String?, need: String?) {
            let made = await tenant.payment([("amount", .string(amount)), ("currency", .string(currency))])
            #expect(made.answer.status == 201, "\(made.answer.text)")
            let json = made.answer.json
            let whole = await tenant.get("/v1/payments/\(made.id)/policy").json
            return (whole, json?["policy"]?["valuation"]?.asString, json?["methods"]?[0]?["requirement"]?.asString)
        }
        let before = try await agreed("9", "SBX")
        #expect(before.valuation == "strictest")
        #expect(before.need == "6")
        #expect(await tenant.send(.put, "/v1/policies", ["currency": "QQQ"]).status == 422)
        let set = await tenant.send(.put, "/v1/policies", ["currency": "EUR"])
        #expect(set.status == 200, "\(set.text)")
        let rows = [("9", "SBX", "1"), ("11", "SBX", "3"), ("101", "SBX", "6"), ("900.00", "EUR", "1")]
        for (amount, currency, need) in rows {
            let agreed = try await agreed(amount, currency)
            #expect(agreed.valuation == (currency == "EUR" ? "stated" : "converted"))
            #expect(agreed.need == need, "\(amount) \(currency)")
            #expect(agreed.0?["currency"]?.asString == currency)
        }
        let dear = try await agreed("9", "SBX")
        #expect(dear.0?["conversion"]?["policy_rate"] == "100")
        #expect(dear.0?["conversion"]?["from"] == "EUR")
    }

    @Test("What was said to be risky waits longer, and says so from the beginning")
    func risk() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let set = await tenant.send(.put, "/v1/policies", [
            "confirmations": [
                ["risk": "high", "tiers": [["requirement": "3"]]], ["tiers": [["requirement": "1"]]],
            ],
        ])
        #expect(set.status == 200, "\(set.text)")
        func order(_ risk: JSON) async -> String {
            let made = await tenant.payment([("risk", risk)])
            let need = made.answer.json?["methods"]?[0]?["requirement"]
            #expect(need == (risk == "high" ? "3" : "1"), "\(made.answer.text)")
            return made.id
        }
        let (risky, usual, unsaid) = (await order("high"), await order("normal"), await order(.null))
        for id in [risky, usual, unsaid] { _ = await tenant.post("/v1/sandbox/payments/\(id)/exact") }
        for (blocks, state, left) in [(1, "confirming", 2), (1, "confirming", 1), (1, "paid", 0)] {
            _ = await tenant.post("/v1/sandbox/mine", ["blocks": .integer(blocks)])
            try await gateway.watch()
            let payment = await tenant.get("/v1/payments/\(risky)").json
            #expect(payment?["state"]?.asString == state)
            #expect(payment?["confirmations"]?.asInt64 == 3 - Int64(left))
            #expect(payment?["confirmations_required"]?.asInt64 == 3)
            for id in [usual, unsaid] { #expect(await tenant.get("/v1/payments/\(id)").json?["state"] == "paid") }
        }
    }

    @Test("Each member of a policy is set by its own name, and changes no other", arguments: [
        ("currency", "EUR"), ("under_tolerance", ["basis_points": 7, "cap_minor": "8"]),
        ("over_tolerance", ["basis_points": 9, "cap_minor": .null]),
        ("confirmations", [
            ["asset": .null, "network": .null, "risk": "low", "tiers": [["up_to_minor": .null, "requirement": "2"]]],
        ]),
        ("quote_seconds", 601), ("grace_seconds", 61), ("confirm_by_seconds", 7_201), ("stale_seconds", 3_601),
        ("late", ["within_seconds": 62, "drift_basis_points": 10]), ("excess", "keep"), ("duplicate", "keep"),
        ("wrong_asset", "keep"), ("dust_minor", "11"), ("holds_overpaid", true), ("review_above_minor", "12"),
        ("limits", [
            [
                "method": ["asset": "SBX", "network": "sandbox"], "currency": "EUR", "minimum_minor": "13",
                "maximum_minor": "14",
            ],
        ]),
    ] as [(String, JSON)])
    func policyMember(name: String, value: JSON) async throws {
        let tenant = try await TestGateway().tenant()
        guard case .object(var expected)? = await tenant.get("/v1/policies").json else {
            Issue.record("a policy is an object")
            return
        }
        #expect(expected[name] != nil && expected[name] != value)
        expected[name] = value
        let set = await tenant.send(.put, "/v1/policies", [name: value])
        #expect(set.json == .object(expected), "\(set.text)")
        #expect(await tenant.get("/v1/policies").json == .object(expected))
    }

    @Test("Two payments may have one order id, and the list shows both")
    func sameOrder() async throws {
        let tenant = try await TestGateway().tenant()
        let (first, second) = (await tenant.payment(), await tenant.payment())
        #expect(first.id != second.id)
        #expect(first.answer.json?["address"] != second.answer.json?["address"])
        let list = await tenant.get("/v1/payments?merchant_order_id=order-1").json?["data"]?.asArray ?? []
        #expect(list.compactMap { $0["id"]?.asString } == [second.id, first.id])
    }
}
