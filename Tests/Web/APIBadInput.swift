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
    var body: [UInt8]
    let status: Int
    let code: String
    /// Where the flaws are, and their codes.
    let flaws: [String]
    /// Where the body stops being JSON.
    var offset: Int?

    init(
        _ what: String, _ method: HTTP.Method = .post, _ target: String = "/v1/payments", body: String,
        _ status: Int, _ code: String, _ flaws: [String] = []
    ) {
        self.what = what
        self.method = method
        self.target = target
        self.body = Array(body.utf8)
        self.status = status
        self.code = code
        self.flaws = flaws
    }

    /// A body that is no JSON, and where and why it stops being it.
    init(malformed what: String, _ body: [UInt8], at offset: Int, _ flaw: String) {
        self.what = what
        method = .post
        target = "/v1/payments"
        self.body = body
        status = 400
        code = "malformed_json"
        flaws = [": \(flaw)"]
        self.offset = offset
    }

    init(malformed what: String, _ body: String, at offset: Int, _ flaw: String) {
        self.init(malformed: what, Array(body.utf8), at: offset, flaw)
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
        BadRequest("a list", body: "[]", 422, "invalid_fields", [": wrong_type"]),
        BadRequest(
            "too large", body: "\"" + String(repeating: "a", count: 70_000) + "\"", 413, "body_too_large"),
        BadRequest("nothing in it", body: "{}", 422, "invalid_fields", [
            "/merchant_order_id: required", "/amount: required", "/currency: required",
        ]),
    ]

    static let malformed: [BadRequest] = [
        BadRequest(malformed: "not JSON", "amount=25", at: 0, "unexpected_byte"),
        BadRequest(malformed: "half a document", "{\"amount\":", at: 10, "unexpected_end"),
        BadRequest(malformed: "two documents", "{} {}", at: 3, "trailing_bytes"),
        BadRequest(malformed: "a duplicate key", #"{"amount":"1","amount":"2"}"#, at: 14, "duplicate_key"),
        BadRequest(malformed: "a duplicate key in other letters", #"{"a":1,"\u0061":2}"#, at: 7, "duplicate_key"),
        BadRequest(malformed: "a duplicate key inside", #"{"metadata":{"a":"1","a":"2"}}"#, at: 21, "duplicate_key"),
        BadRequest(malformed: "a lone surrogate", #"{"amount":"\ud800"}"#, at: 11, "lone_surrogate"),
        BadRequest(malformed: "a bare control character", "{\"amount\":\"1\u{1}\"}", at: 12, "control_character"),
        BadRequest(malformed: "NUL in a value", "{\"amount\":\"1\0\"}", at: 12, "control_character"),
        BadRequest(malformed: "NUL in a name", "{\"am\0unt\":\"1\"}", at: 4, "control_character"),
        BadRequest(malformed: "NUL between values", "{\"amount\":\0\"1\"}", at: 10, "unexpected_byte"),
        BadRequest(malformed: "NUL behind the document", "{}\0", at: 2, "trailing_bytes"),
        BadRequest(malformed: "nothing but NUL", "\0", at: 0, "unexpected_byte"),
        BadRequest(malformed: "a byte order mark", [0xEF, 0xBB, 0xBF] + Array("{}".utf8), at: 0, "unexpected_byte"),
        BadRequest(malformed: "UTF-16", [0xFE, 0xFF, 0, 0x7B, 0, 0x7D], at: 0, "unexpected_byte"),
        BadRequest(malformed: "UTF-16 without a mark", [0x7B, 0, 0x7D, 0], at: 1, "unexpected_byte"),
        BadRequest(malformed: "a byte that is no UTF-8", text([0xFF]), at: 12, "invalid_utf8"),
        BadRequest(malformed: "Latin-1", text([0xFC]), at: 12, "invalid_utf8"),
        BadRequest(malformed: "overlong UTF-8", text([0xC0, 0xAF]), at: 12, "invalid_utf8"),
        BadRequest(malformed: "an overlong NUL", text([0xC0, 0x80]), at: 12, "invalid_utf8"),
        BadRequest(malformed: "UTF-8 that is cut off", text([0xE2, 0x82]), at: 12, "invalid_utf8"),
        BadRequest(malformed: "a half of a surrogate pair in UTF-8", text([0xED, 0xA0, 0x80]), at: 12, "invalid_utf8"),
        BadRequest(malformed: "UTF-8 beyond Unicode", text([0xF4, 0x90, 0x80, 0x80]), at: 12, "invalid_utf8"),
        BadRequest(malformed: "a continuation without a beginning", text([0x80]), at: 12, "invalid_utf8"),
        BadRequest(
            malformed: "a name that is no UTF-8", [0x7B, 0x22, 0x61, 0xFF] + Array("\":1}".utf8), at: 3,
            "invalid_utf8"),
        BadRequest(malformed: "an escape that there is not", #"{"amount":"\x31"}"#, at: 11, "invalid_escape"),
        BadRequest(
            malformed: "too deep", String(repeating: "[", count: 20) + String(repeating: "]", count: 20), at: 16,
            "too_deep"),
        BadRequest(
            malformed: "a number of 200 digits", "{\"amount\":" + String(repeating: "9", count: 200) + "}", at: 10,
            "number_too_long"),
        BadRequest(malformed: "a number with a leading zero", "{\"amount\":025}", at: 10, "invalid_number"),
        BadRequest(malformed: "a number that JSON lacks", "{\"amount\":NaN}", at: 10, "unexpected_byte"),
        BadRequest(malformed: "single quotes", "{'amount':'1'}", at: 1, "unexpected_byte"),
        BadRequest(malformed: "a comma too many", #"{"amount":"1",}"#, at: 14, "unexpected_byte"),
        BadRequest(malformed: "a comment", #"{"amount":"1"/* one */}"#, at: 13, "unexpected_byte"),
    ]

    /// A document with these bytes in its one value, from byte 12 on.
    private static func text(_ bytes: [UInt8]) -> [UInt8] {
        Array(#"{"amount":"1"#.utf8) + bytes + Array(#""}"#.utf8)
    }

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
        .payment("text of several lines", ["merchant_order_id": "\"a\\u2028b\""], 422, "invalid_fields", [
            "/merchant_order_id: invalid_text",
        ]),
        .payment("a blank order", ["merchant_order_id": "\" \\u00a0\""], 422, "invalid_fields", [
            "/merchant_order_id: blank",
        ]),
        .payment("an order nobody sees", ["merchant_order_id": "\"\\u200b\\ufeff\""], 422, "invalid_fields", [
            "/merchant_order_id: invisible_text",
        ]),
        .payment("an order that looks like another", ["merchant_order_id": "\"A-\\u200d1\""], 422, "invalid_fields", [
            "/merchant_order_id: invisible_text",
        ]),
        .payment("a mark of direction", ["merchant_order_id": "\"A-1\\u200f\""], 422, "invalid_fields", [
            "/merchant_order_id: invisible_text",
        ]),
        .payment("a customer nobody sees", ["customer_id": "\"\\u2060\""], 422, "invalid_fields", [
            "/customer_id: invisible_text",
        ]),
        .payment("a blank description", ["description": "\"\\n \""], 422, "invalid_fields", ["/description: blank"]),
        .payment(
            "an amount that no network carries", ["amount": "\"0.00000545\"", "currency": "\"SBX\""], 422,
            "amount_too_small", ["/amount: amount_too_small"]),
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
        .payment("a link that no page shows", ["cancel_url": "\"https://_shop.example/\""], 422, "invalid_fields", [
            "/cancel_url: invalid_url",
        ]),
        .payment("a link with a blank behind its hash", ["success_url": "\"https://shop.example/#a b\""], 422,
            "invalid_fields", ["/success_url: invalid_url"]),
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
        policy(
            "confirmations without end", #"{"tiers":[{"requirement":"1000000000"}]}"#,
            "/tiers/0/requirement: out_of_range"),
        policy(
            "one confirmation too many", #"{"tiers":[{"requirement":"1001"}]}"#,
            "/tiers/0/requirement: out_of_range"),
        policy(
            "more than a number", #"{"tiers":[{"requirement":"4294967296"}]}"#,
            "/tiers/0/requirement: unknown_value"),
        policy(
            "thousands of tiers",
            #"{"tiers":["# + (1...1_000).map { #"{"up_to_minor":"\#($0)","requirement":"1"}"# }.joined(separator: ",")
                + "]}",
            "/tiers: wrong_count"),
        policy(
            "an unknown network in a rule", #"{"network":"dogecoin","tiers":[{"requirement":"1"}]}"#,
            "/network: unsupported_network"),
        policy(
            "an unknown asset in a rule", #"{"asset":"DOGE","tiers":[{"requirement":"1"}]}"#, "/asset: unknown_asset"),
        policy(
            "an asset of another network", #"{"asset":"SUSD","network":"sandbox-alt","tiers":[{"requirement":"1"}]}"#,
            "/asset: unknown_asset"),
        BadRequest(
            "a limit on an unknown method", .put, "/v1/policies",
            body: #"{"limits":[{"method":{"asset":"BTC","network":"sandbox"},"currency":"EUR"}]}"#, 422,
            "invalid_fields", ["/limits/0/method/asset: unknown_asset"]),
        BadRequest(
            "hundreds of rules", .put, "/v1/policies",
            body: #"{"confirmations":["#
                + Array(repeating: #"{"tiers":[{"requirement":"1"}]}"#, count: 101).joined(separator: ",") + "]}", 422,
            "invalid_fields", ["/confirmations: wrong_count"]),
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

    /// A policy with one rule, which is wrong.
    private static func policy(_ what: String, _ rule: String, _ flaw: String) -> BadRequest {
        BadRequest(
            what, .put, "/v1/policies", body: "{\"confirmations\":[\(rule)]}", 422, "invalid_fields",
            ["/confirmations/0\(flaw)"])
    }

    @Test("Each gets its answer", arguments: form + malformed + fields + others)
    func table(row: BadRequest) async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        try await tenant.refuses(row)
        #expect(!gateway.logged.contains { $0.contains(tenant.test) })
    }

    @Test("What is compared sees every row that a request writes")
    func compared() async throws {
        let tenant = try await TestGateway().tenant()
        let before = try await tenant.gateway.rows(but: ["record", "unsealed"])
        #expect(await tenant.post("/v1/payments", .object(Tenant.order)).status == 201)
        let after = try await tenant.gateway.rows(but: ["record", "unsealed"])
        let changed = Set(after.keys.filter { after[$0] != before[$0] })
        #expect(changed == [
            "destination", "event", "idempotency", "key_index", "payment", "personal", "wake",
        ])
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
            #expect(elsewhere.flawCodes == ["unsupported_network"], "\(elsewhere.text)")
        }
        #expect(await tenant.send(.put, "/v1/policies", policy("3", network: .null)).status == 200)
    }

    @Test("What is wrong is said in words that mend it", arguments: [
        ("", "The body is empty"), (#"{"amount":"1","amount":"2"}"#, #"names the member "amount" twice"#),
        (#"{"merchant_order_id":"1","amount":"1","currency":"eur"}"#, "Did you mean “EUR”?"),
        (#"{"merchant_order_id":"1","amount":"1","currency":" Eur "}"#, "Did you mean “EUR”?"),
        (#"{"merchant_order_id":"1","amount":"1","currency":"sbx"}"#, "Did you mean “SBX”?"),
        (#"{"merchant_order_id":"1","amount":"1","currency":"EUX"}"#, "that this gateway knows."),
        (#"{"merchant_order_id":"1","amount":"1","currency":"EUR","asset":"sbx","network":"sandbox"}"#,
            #"Codes are in capitals, such as \"BTC\"."#),
    ])
    func words(body: String, said: String) async throws {
        let tenant = try await TestGateway().tenant()
        let answer = await tenant.gateway.send(
            .post, "/v1/payments", key: tenant.test, body: Array(body.utf8),
            headers: ["Content-Type": "application/json"])
        let told = answer.text + (answer.json?["detail"]?.asString ?? "")
        #expect(answer.status / 100 == 4 && told.contains(said), "\(answer.text)")
        #expect(told.contains("Did you mean") == said.contains("Did you mean"))
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

extension Tenant {
    /// Sends the request: it is refused as it must be, one record says so, and no other row of any table is another.
    func refuses(_ row: BadRequest, key: String? = nil, type: String? = nil) async throws {
        let rows = try await gateway.rows(but: ["record", "unsealed"])
        let records = try await gateway.recordCounts()
        var headers: Headers = ["Idempotency-Key": "bad-1"]
        if let type { headers["Content-Type"] = type }
        let answer = await gateway.send(
            row.method, row.target, key: key ?? test, body: row.body, headers: headers)
        let told = Comment(rawValue: "\(row.method) \(row.target), \(row.what): \(answer.text)")
        #expect(answer.status == row.status, told)
        #expect(answer.code == row.code, told)
        #expect(answer.headers["Content-Type"] == "application/problem+json", told)
        #expect(answer.json?["type"]?.asString == "urn:quittance:problem:\(row.code)", told)
        #expect(zip(answer.places, answer.flawCodes).map { "\($0): \($1)" } == row.flaws, told)
        #expect(answer.json?["offset"]?.asInt64.map { Int($0) } == row.offset, told)
        let after = try await gateway.recordCounts()
        #expect(after.others == records.others, told)
        #expect(after.refused == records.refused + 1, told)
        try await expectRecord(of: row, answer, told)
        let later = try await gateway.rows(but: ["record", "unsealed"])
        for (table, before) in rows where later[table] != before {
            Issue.record("a refused request changed \(table): \(told.rawValue)")
        }
    }

    /// Expects the last record of the merchant's chain to say what was refused and where, and not what was sent.
    private func expectRecord(of row: BadRequest, _ answer: Answer, _ told: Comment) async throws {
        let record = try await gateway.store.read { tx in
            let end = try tx.end(of: merchant.text)
            return try tx.records(chain: merchant.text, from: end.sequence, limit: 1).first?.record
        }
        #expect(record?.kind == "refused", told)
        #expect(record?.subject == row.operation?.name, told)
        #expect(record?.cause == "request \(answer.headers["X-Request-Id"] ?? "")", told)
        let body = try JSON.parse(record?.body ?? [])
        #expect(body == ["code": .string(row.code), "pointers": .array(row.flaws.map(Self.recorded))], told)
    }

    /// Where a flaw is, without what the caller made up: a member or a parameter that there is not, a name in metadata.
    private static func recorded(_ flaw: String) -> JSON {
        let parts = flaw.split(separator: ": ", omittingEmptySubsequences: false)
        let (place, code) = (String(parts[0]), parts.last)
        if place.hasPrefix("/metadata/") { return "/metadata" }
        if code == "unknown_parameter" { return "?" }
        guard code == "unknown_member", let end = place.lastIndex(of: "/") else { return .string(place) }
        return .string(String(place[..<end]))
    }
}

extension BadRequest {
    /// What it asks for.
    fileprivate var operation: Operation? {
        API.operation(method, target)
    }
}
