import Domain
import HTTP
import JSON
import Storage
import Testing

@testable import Web

/// One bad request and what it must be answered with.
struct BadRequest: Sendable, CustomTestStringConvertible {
    let what: String
    let method: HTTP.Method
    let target: String
    let body: String
    let status: Int
    let code: String
    /// Where the flaws are, and their codes.
    let flaws: [String]

    init(
        _ what: String, _ method: HTTP.Method = .post, _ target: String = "/v1/payments", body: String,
        _ status: Int, _ code: String, _ flaws: [String] = []
    ) {
        self.what = what
        self.method = method
        self.target = target
        self.body = body
        self.status = status
        self.code = code
        self.flaws = flaws
    }

    var testDescription: String { what }

    /// A payment that would be fine but for these changes.
    static func payment(_ what: String, _ changes: [String: String], _ status: Int, _ code: String, _ flaws: [String])
        -> BadRequest
    {
        var members = [
            "merchant_order_id": "\"order-1\"", "amount": "\"25.00\"", "currency": "\"EUR\"", "asset": "\"SBX\"",
            "network": "\"sandbox\"",
        ]
        for (name, value) in changes { members[name] = value.isEmpty ? nil : value }
        let text = members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        return BadRequest(what, body: "{\(text)}", status, code, flaws)
    }

    static let xpub = """
        xpub6BosfCnifzxcFwrSzQiqu2DBVTshkCXacvNsWGYJVVhhawA7d4R5WSWGFNbi8Aw6ZRc1brxMyWMzG3DSSSSoekkudhUd9yLb6qx39T9nMdj
        """
}

@Suite("Bad input is refused with a code and a place, is recorded, and changes nothing")
struct APIBadInput {
    static let form: [BadRequest] = [
        BadRequest("no body", body: "", 415, "unsupported_media_type"),
        BadRequest("not JSON", body: "amount=25", 400, "malformed_json", [": unexpected_byte"]),
        BadRequest("half a document", body: "{\"amount\":", 400, "malformed_json", [": unexpected_end"]),
        BadRequest("two documents", body: "{} {}", 400, "malformed_json", [": trailing_bytes"]),
        BadRequest("a list", body: "[]", 422, "invalid_fields", [": wrong_type"]),
        BadRequest("a duplicate key", body: #"{"amount":"1","amount":"2"}"#, 400, "malformed_json", [
            ": duplicate_key",
        ]),
        BadRequest("a lone surrogate", body: #"{"amount":"\ud800"}"#, 400, "malformed_json", [": lone_surrogate"]),
        BadRequest("a bare control character", body: "{\"amount\":\"1\u{1}\"}", 400, "malformed_json", [
            ": control_character",
        ]),
        BadRequest(
            "too deep", body: String(repeating: "[", count: 20) + String(repeating: "]", count: 20), 400,
            "malformed_json", [": too_deep"]),
        BadRequest(
            "too large", body: "\"" + String(repeating: "a", count: 70_000) + "\"", 413, "body_too_large"),
        BadRequest("a number of 200 digits", body: "{\"amount\":" + String(repeating: "9", count: 200) + "}", 400,
            "malformed_json", [": number_too_long"]),
        BadRequest("nothing in it", body: "{}", 422, "invalid_fields", [
            "/merchant_order_id: required", "/amount: required", "/currency: required",
        ]),
    ]

    static let fields: [BadRequest] = [
        .payment("an unknown member", ["ammount": "\"1\""], 422, "invalid_fields", ["/ammount: unknown_member"]),
        .payment("a number for the amount", ["amount": "25.00"], 422, "invalid_fields", ["/amount: wrong_type"]),
        .payment("an exponent", ["amount": "\"1e2\""], 422, "invalid_amount", ["/amount: invalid_amount"]),
        .payment("a bare exponent", ["amount": "1e2"], 422, "invalid_fields", ["/amount: wrong_type"]),
        .payment("nothing to pay", ["amount": "\"0\""], 422, "invalid_amount", ["/amount: invalid_amount"]),
        .payment("nothing with decimals", ["amount": "\"0.00\""], 422, "invalid_amount", ["/amount: invalid_amount"]),
        .payment("a negative amount", ["amount": "\"-1\""], 422, "invalid_amount", ["/amount: invalid_amount"]),
        .payment("a plus sign", ["amount": "\"+1\""], 422, "invalid_amount", ["/amount: invalid_amount"]),
        .payment("a leading zero", ["amount": "\"01\""], 422, "invalid_amount", ["/amount: invalid_amount"]),
        .payment("a comma", ["amount": "\"1,50\""], 422, "invalid_amount", ["/amount: invalid_amount"]),
        .payment("a space", ["amount": "\" 1\""], 422, "invalid_amount", ["/amount: invalid_amount"]),
        .payment("infinity", ["amount": "\"Infinity\""], 422, "invalid_amount", ["/amount: invalid_amount"]),
        .payment("other digits", ["amount": "\"٣\""], 422, "invalid_amount", ["/amount: invalid_amount"]),
        .payment("half a cent", ["amount": "\"0.005\""], 422, "amount_too_precise", ["/amount: amount_too_precise"]),
        .payment(
            "above 2^127", ["amount": "\"170141183460469231731687303715884105729\""], 422, "amount_too_large",
            ["/amount: amount_too_large"]),
        .payment(
            "above 2^127 with decimals", ["amount": "\"99999999999999999999999999999999999999.99\""], 422,
            "amount_too_large", ["/amount: amount_too_large"]),
        .payment(
            "an amount without end", ["amount": "\"" + String(repeating: "9", count: 129) + "\""], 422,
            "invalid_fields", ["/amount: too_long"]),
        .payment("an empty amount", ["amount": "\"\""], 422, "invalid_fields", ["/amount: empty"]),
        .payment("no amount", ["amount": "null"], 422, "invalid_fields", ["/amount: required"]),
        .payment("NUL in a text", ["merchant_order_id": "\"a\\u0000b\""], 422, "invalid_fields", [
            "/merchant_order_id: invalid_text",
        ]),
        .payment("text that turns around", ["merchant_order_id": "\"a\\u202eb\""], 422, "invalid_fields", [
            "/merchant_order_id: invalid_text",
        ]),
        .payment("an unknown currency", ["currency": "\"EUX\""], 422, "unknown_currency", [
            "/currency: unknown_currency",
        ]),
        .payment("a small currency", ["currency": "\"eur\""], 422, "unknown_currency", ["/currency: unknown_currency"]),
        .payment("an unknown asset", ["asset": "\"DOGE\""], 422, "unknown_asset", ["/asset: unknown_asset"]),
        .payment("no asset code", ["asset": "\"b t c\""], 422, "invalid_fields", ["/asset: unknown_asset"]),
        .payment("an unknown network", ["network": "\"dogecoin\""], 422, "unsupported_network", [
            "/network: unsupported_network",
        ]),
        .payment("a live network", ["asset": "\"BTC\"", "network": "\"bitcoin\""], 422, "unsupported_network", [
            "/network: unsupported_network",
        ]),
        .payment("half a method", ["network": ""], 422, "invalid_fields", ["/network: required"]),
        .payment(
            "a method and methods", ["methods": #"[{"asset":"SBX","network":"sandbox"}]"#], 422, "invalid_fields",
            ["/methods: conflict"]),
        .payment(
            "the same method twice",
            [
                "asset": "", "network": "",
                "methods": #"[{"asset":"SBX","network":"sandbox"},{"asset":"SBX","network":"sandbox"}]"#,
            ], 422, "invalid_fields", ["/methods: duplicate"]),
        .payment(
            "a wrong member in the second method",
            [
                "asset": "", "network": "",
                "methods": #"[{"asset":"SBX","network":"sandbox"},{"asset":7,"network":"sandbox"}]"#,
            ], 422, "invalid_fields", ["/methods/1/asset: wrong_type"]),
        .payment("an expired quote", ["quote_expires_at": "\"2020-01-01T00:00:00Z\""], 422, "quote_expired", [
            "/quote_expires_at: quote_expired",
        ]),
        .payment("a quote without end", ["quote_expires_at": "\"2999-01-01T00:00:00Z\""], 422, "invalid_fields", [
            "/quote_expires_at: out_of_range",
        ]),
        .payment("no time", ["quote_expires_at": "\"tomorrow\""], 422, "invalid_fields", [
            "/quote_expires_at: invalid_time",
        ]),
        .payment("no seconds", ["expires_in": "0"], 422, "invalid_fields", ["/expires_in: out_of_range"]),
        .payment("half seconds", ["expires_in": "90.5"], 422, "invalid_fields", ["/expires_in: out_of_range"]),
        .payment("seconds with an exponent", ["expires_in": "1e3"], 422, "invalid_fields", [
            "/expires_in: out_of_range",
        ]),
        .payment("a script for a link", ["success_url": "\"javascript:alert(1)\""], 422, "invalid_fields", [
            "/success_url: invalid_url",
        ]),
        .payment("metadata that nests", ["metadata": #"{"a":{"b":"c"}}"#], 422, "invalid_fields", [
            "/metadata/a: wrong_type",
        ]),
        .payment("metadata with a slash", ["metadata": #"{"a/b~c":1}"#], 422, "invalid_fields", [
            "/metadata/a~1b~0c: wrong_type",
        ]),
        .payment(
            "a looser policy", ["policy": #"{"under_tolerance":{"basis_points":9999}}"#], 422, "policy_not_allowed",
            ["/policy: policy_not_allowed"]),
        .payment("an unknown rule", ["policy": #"{"quote_second":60}"#], 422, "invalid_fields", [
            "/policy/quote_second: unknown_member",
        ]),
        .payment(
            "a currency that no way to pay has a rate in",
            ["currency": "\"JPY\"", "amount": "\"25\"", "asset": "", "network": ""], 422, "rate_unavailable",
            ["/currency: rate_unavailable"]),
        .payment("a currency without a rate", ["currency": "\"JPY\"", "amount": "\"25\""], 422, "rate_unavailable", [
            "/currency: rate_unavailable",
        ]),
    ]

    static let others: [BadRequest] = [
        BadRequest(
            "a wallet key of the wrong network", .post, "/v1/wallets",
            body: #"{"network":"sandbox","key":"\#(BadRequest.xpub)"}"#, 422, "invalid_key", ["/key: invalid_key"]),
        BadRequest(
            "a wallet on a live network", .post, "/v1/wallets",
            body: #"{"network":"bitcoin","key":"\#(BadRequest.xpub)"}"#, 422, "unsupported_network",
            ["/network: unsupported_network"]),
        BadRequest(
            "a webhook to this machine", .post, "/v1/webhook-endpoints", body: #"{"url":"https://127.0.0.1/x"}"#, 422,
            "webhook_url_not_allowed", ["/url: webhook_url_not_allowed"]),
        BadRequest(
            "a webhook in the clear", .post, "/v1/webhook-endpoints", body: #"{"url":"http://example.com/x"}"#, 422,
            "webhook_url_not_allowed", ["/url: webhook_url_not_allowed"]),
        BadRequest(
            "an event that there is not", .post, "/v1/webhook-endpoints",
            body: #"{"url":"https://example.com/x","events":["payment.payed"]}"#, 422, "invalid_fields",
            ["/events/0: unknown_value"]),
        BadRequest(
            "a rate of nothing", .post, "/v1/rates", body: #"{"asset":"SBX","currency":"EUR","rate":"0"}"#, 422,
            "invalid_amount", ["/rate: invalid_amount"]),
        BadRequest(
            "a scope that there is not", .post, "/v1/api-keys", body: #"{"name":"a","scopes":["root"]}"#, 422,
            "invalid_fields", ["/scopes/0: unknown_value"]),
        BadRequest(
            "tiers that fall", .put, "/v1/policies",
            body: #"""
                {"confirmations":[{"tiers":[
                    {"up_to_minor":"10","requirement":"2"},{"up_to_minor":"9","requirement":"1"}]}]}
                """#, 422, "invalid_fields", ["/confirmations/0/tiers: not_ascending"]),
        BadRequest(
            "a sandbox clock that goes back", .post, "/v1/sandbox/clock", body: #"{"advance_seconds":-5}"#, 422,
            "invalid_fields", ["/advance_seconds: out_of_range"]),
        BadRequest(
            "a payment that there is not", .post, "/v1/payments/pay_00000000000000000000000000/cancel", body: "", 404,
            "not_found"),
        BadRequest(
            "a name that is none", .post, "/v1/payments/x/cancel", body: "", 404, "not_found"),
        BadRequest(
            "a parameter on a command", .post, "/v1/payments?x=1", body: "{}", 400, "invalid_parameters",
            ["?x: unknown_parameter"]),
    ]

    @Test("Each gets its answer", arguments: form + fields + others)
    func table(row: BadRequest) async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let before = try await gateway.recordCounts()
        let headers: Headers = ["Idempotency-Key": "bad-1"]
        let answer = await gateway.send(
            row.method, row.target, key: tenant.test, body: Array(row.body.utf8), headers: headers)
        #expect(answer.status == row.status, "\(answer.text)")
        #expect(answer.code == row.code)
        #expect(answer.headers["Content-Type"] == "application/problem+json")
        #expect(answer.json?["type"]?.asString == "urn:quittance:problem:\(row.code)")
        let flaws = zip(answer.places, answer.flawCodes).map { "\($0): \($1)" }
        #expect(flaws == row.flaws)
        let after = try await gateway.recordCounts()
        #expect(after.others == before.others)
        #expect(after.refused == before.refused + 1)
        #expect(!gateway.logged.contains { $0.contains(tenant.test) })
    }

    @Test("A private key and a key of another network are told apart, and nothing of them is kept")
    func walletKeys() async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        // The account keys of BIP 84's test vectors, which everybody knows: the private one in both spellings, the
        // public one under a private key's version, and the public one of the test network.
        let keys = [
            ("private_key", """
                zprvAdG4iTXWBoARxkkzNpNh8r6Qag3irQB8PzEMkAFeTRXxHpbF9z4QgEvBRmfvqWvGp42t42nvgGpNgYSJA9iefm1yYNZKEm7z6qU\
                WCroSQnE
                """),
            ("private_key", """
                xprv9ybY78BftS5UGANki6oSifuQEjkpyAC8ZmBvBNTshQnCBcxnefjHS7buPMkkqhcRzmoGZ5bokx7GuyDAiktd5HemohAU4wV1ZPM\
                DRmLpBMm
                """),
            ("private_key", """
                xprv9ybY78BftS5UGANki6oSifuQEjkpyAC8ZmBvBNTshQnCBcxnefjHS7buPQnZ5EPTSRwso4VRg3da3uhZRctkJi4Q1YB6r26xZVy\
                Vd6bFGRo
                """),
            ("wrong_network", """
                vpub5Y6cjg78GGuNLsaPhmYsiw4gYX3HoQiRBiSwDaBXKUafCt9bNwWQiitDk5VZ5BVxYnQdwoTyXSs2JHRPAgjAvtbBrf8ZhDYe2jW\
                AqvZVnsc
                """),
            ("invalid_key", "nonsense"),
        ]
        for (code, key) in keys {
            let answer = await tenant.post(
                "/v1/wallets", ["network": "bitcoin", "key": .string(key)], key: tenant.live)
            #expect(answer.status == 422, "\(answer.text)")
            #expect(answer.code == code, "\(key.prefix(4))")
            #expect(answer.places == ["/key"])
            #expect(!answer.text.contains(key))
            #expect(!gateway.logged.contains { $0.contains(key) })
            let merchant = tenant.merchant
            let recorded = try await gateway.store.read { tx in
                try tx.records(chain: merchant.text, limit: 1_000)
                    .map { String(decoding: $0.record.body, as: UTF8.self) }
            }
            #expect(recorded.contains { $0.contains(code) }, "the refusal is recorded")
            #expect(!recorded.contains { $0.contains(key) })
        }
        #expect(await tenant.get("/v1/wallets", key: tenant.live).json?["data"] == [])
    }

    @Test("An event's type is one that there is")
    func eventTypes() async throws {
        let tenant = try await TestGateway().tenant()
        _ = await tenant.payment()
        let wrong = await tenant.get("/v1/events?type=payment.payed")
        #expect(wrong.status == 400)
        #expect(wrong.places == ["?type"])
        #expect(wrong.text.contains("payment.paid"))
        for type in EventTypes.events {
            let right = await tenant.get("/v1/events?type=\(type)")
            #expect(right.status == 200, "\(right.text)")
        }
        let created = await tenant.get("/v1/events?type=payment.created").json?["data"]?.asArray
        #expect(created?.count == 1)
    }

    @Test("A policy cannot ask a network for what it never says")
    func unmeetable() async throws {
        let tenant = try await TestGateway().tenant()
        func policy(_ requirement: String, network: JSON) -> JSON {
            ["confirmations": [["network": network, "tiers": [["requirement": .string(requirement)]]]]]
        }
        for requirement in ["safe", "finalized", "settled"] {
            for network: JSON in [.null, "sandbox"] {
                let answer = await tenant.send(.put, "/v1/policies", policy(requirement, network: network))
                #expect(answer.code == "policy_not_allowed", "\(answer.text)")
            }
            let elsewhere = await tenant.send(.put, "/v1/policies", policy(requirement, network: "polygon"))
            #expect(elsewhere.status == 200, "\(elsewhere.text)")
        }
        #expect(await tenant.send(.put, "/v1/policies", policy("3", network: .null)).status == 200)
    }

    @Test("Every refusal of the rules has a code of the interface")
    func refusals() {
        for code in Refusal.Code.allCases { #expect(Problem.Code(rawValue: code.rawValue) != nil) }
    }

    @Test("Parameters of a list are as strict as bodies", arguments: [
        ("state=payed", "?state: unknown_value"), ("limit=0", "?limit: out_of_range"),
        ("limit=101", "?limit: out_of_range"), ("limit=1e1", "?limit: out_of_range"),
        ("limit=+1", "?limit: out_of_range"), ("after=x", "?after: invalid_id"),
        ("limit=1&limit=2", "?limit: duplicate"), ("stat=paid", "?stat: unknown_parameter"),
        ("created_from=now", "?created_from: invalid_time"),
        ("has_open_exception=yes", "?has_open_exception: unknown_value"),
        ("customer_id=", "?customer_id: empty"),
        (
            "after=pay_00000000000000000000000000&before=pay_00000000000000000000000000", "?before: conflict"
        ),
    ])
    func parameters(query: String, flaw: String) async throws {
        let tenant = try await TestGateway().tenant()
        let answer = await tenant.get("/v1/payments?\(query)")
        #expect(answer.status == 400)
        #expect(answer.code == "invalid_parameters")
        let flaws = (answer.json?["errors"]?.asArray ?? []).map { error in
            "?\(error["parameter"]?.asString ?? ""): \(error["code"]?.asString ?? "")"
        }
        #expect(flaws == [flaw])
    }
}
