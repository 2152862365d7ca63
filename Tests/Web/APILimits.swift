import Domain
import Engine
import HTTP
import JSON
import Platform
import Testing

@testable import Web

/// A bound of the API: what is just within it, what is just beyond, and how that is refused.
struct Bound: Sendable, CustomTestStringConvertible {
    let what: String
    let method: HTTP.Method
    let target: String
    let within: JSON
    let beyond: JSON
    /// How the request within is answered; nil where the rules have a word in it, which is not this table's matter.
    let status: Int?
    /// Place and code of the flaw beyond.
    let flaw: String
    var testDescription: String { what }

    init(
        _ what: String, _ target: String, method: HTTP.Method = .post, within: JSON, beyond: JSON, _ status: Int?,
        _ flaw: String
    ) {
        self.what = what
        self.method = method
        self.target = target
        self.within = within
        self.beyond = beyond
        self.status = status
        self.flaw = flaw
    }

    /// A member of a new payment.
    static func payment(
        _ member: String, within: JSON, beyond: JSON, _ flaw: String, status: Int? = 201, what: String? = nil
    ) -> Bound {
        func order(_ value: JSON) -> JSON {
            var order = Tenant.order
            if member == "methods" { (order["asset"], order["network"]) = (nil, nil) }
            order[member] = value
            return .object(order)
        }
        return Bound(
            what ?? member, "/v1/payments", within: order(within), beyond: order(beyond), status, flaw)
    }

    /// A text member of any body, in bytes.
    static func text(
        _ target: String, _ member: String, _ limit: Int, with rest: JSONObject = [:], from start: String = "",
        _ status: Int?
    ) -> Bound {
        func body(_ count: Int) -> JSON {
            var body = rest
            body[member] = .string(start + letters(count - start.utf8.count))
            return .object(body)
        }
        return Bound(
            "\(member) of \(target)", target, within: body(limit), beyond: body(limit + 1), status,
            "/\(member): too_long")
    }

    /// A number of any body.
    static func number(
        _ target: String, _ member: String, _ limit: Int64, next: Int64 = 1, with rest: JSONObject = [:], _ status: Int?
    ) -> Bound {
        func body(_ value: Int64) -> JSON {
            var body = rest
            body[member] = .integer(value)
            return .object(body)
        }
        return Bound(
            "\(member) \(limit) of \(target)", target, within: body(limit), beyond: body(limit + next), status,
            "/\(member): out_of_range")
    }

    static func letters(_ count: Int) -> String { String(repeating: "a", count: count) }
}

@Suite("Every bound of the API is where it is said to be")
struct APILimits {
    private static let nothing = "pay_00000000000000000000000000"
    private static let rulings = "/v1/exceptions/exc_00000000000000000000000000/rulings"
    private static let wallet: JSONObject = [
        "network": "sandbox", "key": .string("sandbox:" + String(repeating: "ab", count: 32)),
    ]
    private static let endpoint: JSONObject = ["url": "https://shop.example/"]

    static let orders: [Bound] = [
        .text("/v1/payments", "merchant_order_id", Limits.orderIDBytes, with: Tenant.order, 201),
        .text("/v1/payments", "customer_id", Limits.customerBytes, with: Tenant.order, 201),
        .text("/v1/payments", "description", Limits.descriptionBytes, with: Tenant.order, 201),
        .text("/v1/payments", "amount", Limits.amountBytes, with: Tenant.order, 422),
        .text("/v1/payments", "currency", Limits.currencyBytes, with: Tenant.order, 422),
        .text("/v1/payments", "success_url", Limits.urlBytes, with: Tenant.order, from: "https://shop.example/", 201),
        .text("/v1/payments", "cancel_url", Limits.urlBytes, with: Tenant.order, from: "https://shop.example/", 201),
        .payment(
            "metadata", within: metadata(Limits.metadataMembers), beyond: metadata(Limits.metadataMembers + 1),
            "/metadata: wrong_count", what: "members of metadata"),
        .payment(
            "metadata", within: .object([Bound.letters(Limits.metadataKeyBytes): "x"]),
            beyond: .object([Bound.letters(Limits.metadataKeyBytes + 1): "x"]),
            "/metadata/\(Bound.letters(Limits.metadataKeyBytes + 1)): too_long", what: "a name in metadata"),
        .payment(
            "metadata", within: ["a": .string(Bound.letters(Limits.metadataValueBytes))],
            beyond: ["a": .string(Bound.letters(Limits.metadataValueBytes + 1))], "/metadata/a: too_long",
            what: "a value in metadata"),
        .payment(
            "methods", within: methods(Limits.methods), beyond: methods(Limits.methods + 1), "/methods: wrong_count",
            status: 422),
        .payment("methods", within: methods(1), beyond: [], "/methods: wrong_count", status: 422, what: "no methods"),
        .number("/v1/payments", "expires_in", Limits.paySeconds.upperBound, with: Tenant.order, 201),
        .number("/v1/payments", "expires_in", Limits.paySeconds.lowerBound, next: -1, with: Tenant.order, 201),
        .payment(
            "quote_expires_at", within: "2026-01-08T00:00:00Z", beyond: "2026-01-08T00:00:00.001Z",
            "/quote_expires_at: out_of_range"),
        .payment(
            "policy", within: ["at_least_confirmations": 1_000], beyond: ["at_least_confirmations": 1_001],
            "/policy/at_least_confirmations: out_of_range", status: nil, what: "confirmations of a payment"),
        .payment(
            "policy", within: ["over_tolerance": ["basis_points": 10_000]],
            beyond: ["over_tolerance": ["basis_points": 10_001]],
            "/policy/over_tolerance/basis_points: out_of_range", status: 422, what: "tolerance of a payment"),
        .payment(
            "policy", within: ["quote_seconds": .integer(Limits.paySeconds.upperBound)],
            beyond: ["quote_seconds": .integer(Limits.paySeconds.upperBound + 1)],
            "/policy/quote_seconds: out_of_range", what: "seconds of a payment's quote"),
        .text("/v1/payments/\(nothing)/actions/accept", "reason", Limits.reasonBytes, 404),
        .text("/v1/payments/\(nothing)/fulfilments", "action_id", Limits.actionIDBytes, 404),
        .text(rulings, "reason", Limits.reasonBytes, with: ["action": "keep"], 404),
        .number(
            rulings, "expires_in", Limits.paySeconds.upperBound,
            with: ["action": "grant_top_up", "reason": "x"], 404),
    ]

    static let configuration: [Bound] = [
        .text("/v1/webhook-endpoints", "url", Limits.urlBytes, from: "https://shop.example/", 201),
        .text("/v1/webhook-endpoints", "description", Limits.descriptionBytes, with: endpoint, 201),
        Bound(
            "types of events of an endpoint", "/v1/webhook-endpoints",
            within: ["url": "https://shop.example/", "events": repeated("*", Limits.eventTypes)],
            beyond: ["url": "https://shop.example/", "events": repeated("*", Limits.eventTypes + 1)], 422,
            "/events: wrong_count"),
        Bound(
            "the name of an event", "/v1/webhook-endpoints",
            within: ["url": "https://shop.example/", "events": [.string(Bound.letters(Limits.eventTypeBytes))]],
            beyond: ["url": "https://shop.example/", "events": [.string(Bound.letters(Limits.eventTypeBytes + 1))]],
            422, "/events/0: too_long"),
        .number(
            "/v1/webhook-endpoints/whe_00000000000000000000000000/replay", "limit", Int64(EngineLimits.replayed),
            with: ["only_failed": true], 404),
        .text("/v1/wallets", "key", Limits.walletKeyBytes, with: ["network": "sandbox"], 422),
        .text(
            "/v1/wallets", "name", Limits.nameBytes,
            with: wallet, 201),
        .number(
            "/v1/wallets", "first_index", Limits.walletIndex.upperBound,
            with: wallet, nil),
        .number(
            "/v1/wallets", "first_index", 0, next: -1,
            with: wallet, 201),
        .number(
            "/v1/wallets/wal_00000000000000000000000000/advance", "next_index", Limits.walletIndex.upperBound, 404),
        .text("/v1/rates", "rate", Limits.rateBytes, with: ["asset": "SBX", "currency": "EUR"], 422),
        .text("/v1/api-keys", "name", Limits.nameBytes, with: ["scopes": ["payments:read"]], 201),
        Bound(
            "scopes of a key", "/v1/api-keys", within: ["name": "a", "scopes": scopes],
            beyond: ["name": "a", "scopes": .array((scopes.asArray ?? []) + ["admin"])], 201, "/scopes: wrong_count"),
        policy(
            "rules of a policy", within: ["confirmations": repeated(rule(1), Limits.policyRules)],
            beyond: ["confirmations": repeated(rule(1), Limits.policyRules + 1)], 200, "/confirmations: wrong_count"),
        policy(
            "tiers of a rule", within: ["confirmations": [rule(Limits.policyTiers)]],
            beyond: ["confirmations": [rule(Limits.policyTiers + 1)]], 200, "/confirmations/0/tiers: wrong_count"),
        policy(
            "limits of a policy", within: ["limits": repeated(limit, Limits.policyRules)],
            beyond: ["limits": repeated(limit, Limits.policyRules + 1)], nil, "/limits: wrong_count"),
        seconds("grace_seconds"), seconds("confirm_by_seconds"), seconds("stale_seconds"),
        policy(
            "seconds of the late rule",
            within: ["late": ["within_seconds": .integer(Limits.policySeconds), "drift_basis_points": 0]],
            beyond: ["late": ["within_seconds": .integer(Limits.policySeconds + 1), "drift_basis_points": 0]], nil,
            "/late/within_seconds: out_of_range"),
        policy(
            "drift of the late rule", within: ["late": ["within_seconds": 60, "drift_basis_points": 10_000]],
            beyond: ["late": ["within_seconds": 60, "drift_basis_points": 10_001]], nil,
            "/late/drift_basis_points: out_of_range"),
    ]

    static let sandbox: [Bound] = [
        .number("/v1/sandbox/mine", "blocks", Limits.sandboxBlocks.upperBound, 200),
        .number("/v1/sandbox/mine", "blocks", Limits.sandboxBlocks.lowerBound, next: -1, 200),
        .number("/v1/sandbox/reorg", "depth", Limits.sandboxDepth.upperBound, nil),
        .number("/v1/sandbox/clock", "advance_seconds", Limits.sandboxSeconds.upperBound, 200),
        .text("/v1/sandbox/evict", "transaction", Limits.parameterBytes, nil),
        .number("/v1/sandbox/payments/\(nothing)/under", "percent", 99, 404),
        .number("/v1/sandbox/payments/\(nothing)/over", "percent", 1_000, 404),
        .number("/v1/sandbox/payments/\(nothing)/split", "parts", 10, 404),
        .number("/v1/sandbox/payments/\(nothing)/exact", "confirmations", Limits.sandboxBlocks.upperBound, 404),
    ]

    @Test("At the bound it is taken, beyond it is refused with its place", arguments: orders + configuration + sandbox)
    func bound(row: Bound) async throws {
        let tenant = try await TestGateway().tenant()
        func flaws(_ answer: Answer) -> [String] { zip(answer.places, answer.flawCodes).map { "\($0): \($1)" } }
        let beyond = await tenant.send(row.method, row.target, row.beyond)
        #expect(beyond.status == 422)
        #expect(flaws(beyond) == [row.flaw])
        let within = await tenant.send(row.method, row.target, row.within)
        if let status = row.status { #expect(within.status == status, "\(within.text)") }
        #expect(!flaws(within).contains(row.flaw), "\(within.text)")
        #expect(within.status < 500)
    }

    @Test("What a merchant does to the sandbox has a bound of its own, over all its keys")
    func play() async throws {
        let gateway = try await TestGateway(rateLimit: RateLimit(quota: 10_000, windowSeconds: 60))
        let (tenant, other) = (try await gateway.tenant(), try await gateway.tenant())
        let second = try await gateway.key(of: tenant.merchant, [.admin], isTest: true)
        func command(_ key: String) async -> Answer { await gateway.send(.post, "/v1/sandbox/evict", key: key) }
        var statuses: Set<Int> = []
        for _ in 0..<Limits.sandboxCommandsAtOnce { statuses.insert(await command(tenant.test).status) }
        #expect(!statuses.contains(429))
        #expect(await command(tenant.test).status == 429)
        // The rest of the minute's 300 comes with the minute.
        let rest = Limits.sandboxCommands - Limits.sandboxCommandsAtOnce
        for _ in 0..<rest {
            gateway.clock.advance(by: Limits.rateWindowSeconds * 1_000 / rest)
            #expect(await command(tenant.test).status != 429)
        }
        for key in [tenant.test, second] {
            let refused = await command(key)
            #expect(refused.status == 429 && refused.headers["retry-after"] != nil, "\(refused.text)")
        }
        #expect(await gateway.send(.get, "/v1/payments", key: tenant.test).status == 200)
        #expect(await command(other.test).status != 429)
    }

    @Test("A body has so many bytes and so much depth")
    func bodies() async throws {
        let tenant = try await TestGateway().tenant()
        func send(_ body: String) async -> Answer {
            await tenant.gateway.send(.post, "/v1/payments", key: tenant.test, body: Array(body.utf8))
        }
        let order = JSON.object(Tenant.order).encodedText
        let room = Limits.bodyBytes - order.utf8.count
        #expect(await send(order + String(repeating: " ", count: room)).status == 201)
        let large = await send(order + String(repeating: " ", count: room + 1))
        #expect(large.status == 413 && large.code == "body_too_large")
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(await send(nested(Limits.bodyDepth)).flawCodes == ["wrong_type"])
        #expect(await send(nested(Limits.bodyDepth + 1)).flawCodes == ["too_deep"])
    }

    @Test("A request's own fields have so many bytes")
    func fields() async throws {
        let tenant = try await TestGateway().tenant()
        for (extra, status) in [(0, 201), (1, 400)] {
            let key = Bound.letters(Limits.idempotencyKeyBytes + extra)
            let answer = await tenant.post("/v1/payments", .object(Tenant.order), idempotency: key)
            #expect(answer.status == status, "\(answer.text)")
            if extra > 0 { #expect(answer.code == "invalid_idempotency_key") }
            let name = Bound.letters(Limits.requestIDBytes + extra)
            let named = await tenant.gateway.send(
                .get, "/v1/assets", key: tenant.test, headers: ["X-Request-Id": name])
            #expect((named.headers["X-Request-Id"] == name) == (extra == 0))
        }
        for (query, status, flaw) in [
            ("limit=\(Limits.pageItems.upperBound)", 200, []),
            ("limit=\(Limits.pageItems.upperBound + 1)", 400, ["out_of_range"]),
            ("limit=\(Limits.pageItems.lowerBound)", 200, []),
            ("limit=\(Limits.pageItems.lowerBound - 1)", 400, ["out_of_range"]),
            ("customer_id=\(Bound.letters(Limits.parameterBytes))", 200, []),
            ("customer_id=\(Bound.letters(Limits.parameterBytes + 1))", 400, ["too_long"]),
        ] {
            let answer = await tenant.get("/v1/payments?\(query)")
            #expect(answer.status == status)
            #expect(answer.flawCodes == flaw)
        }
    }

    @Test(
        "A merchant has so many keys, wallets and endpoints at once, and one that is given up makes room",
        arguments: [
            ("api-keys", EngineLimits.keys), ("wallets", EngineLimits.wallets),
            ("webhook-endpoints", EngineLimits.endpoints),
        ])
    func inUse(kind: String, limit: Int) async throws {
        let tenant = try await TestGateway().tenant()
        func make(_ number: Int) async -> Answer {
            let text = String(number)
            let body: JSON =
                switch kind {
                case "api-keys": ["name": .string(text), "scopes": ["payments:read"]]
                case "wallets":
                    [
                        "network": "sandbox",
                        "key": .string("sandbox:" + String(repeating: "0", count: 64 - text.utf8.count) + text),
                    ]
                default: ["url": .string("https://shop.example/\(text)")]
                }
            return await tenant.post("/v1/\(kind)", body)
        }
        func inUse() async -> Int {
            var all: [JSON] = []
            var next: String?
            repeat {
                let part = await tenant.get("/v1/\(kind)\(next.map { "?after=\($0)" } ?? "")").json
                all += part?["data"]?.asArray ?? []
                next = part?["next"]?.asString
            } while next != nil && all.count <= 2 * limit
            return all.filter { ($0["revoked_at"] ?? .null).isNull && $0["disabled"] != true }.count
        }
        let before = await inUse()
        var last = ""
        for number in before..<limit {
            let answer = await make(number)
            #expect(answer.status == 201, "\(answer.text)")
            last = answer.json?["id"]?.asString ?? ""
        }
        #expect(await inUse() == limit)
        let one = await make(limit)
        #expect(one.status == 409 && one.code == "limit_reached", "\(one.text)")
        #expect(await inUse() == limit)
        let isWallet = kind == "wallets"
        let freed = await tenant.send(
            isWallet ? .post : .delete, "/v1/\(kind)/\(last)\(isWallet ? "/disable" : "")")
        #expect(freed.status == (isWallet ? 200 : 204), "\(freed.text)")
        #expect(await make(limit + 1).status == 201)
    }
}

extension APILimits {
    private static func metadata(_ count: Int) -> JSON {
        var object = JSONObject()
        for number in 0..<count { object["name-\(number)"] = "x" }
        return .object(object)
    }

    private static func methods(_ count: Int) -> JSON {
        .array((0..<count).map { ["asset": .string("A\($0)"), "network": "sandbox"] })
    }

    private static func repeated(_ json: JSON, _ count: Int) -> JSON {
        .array(Array(repeating: json, count: count))
    }

    private static let scopes = JSON.array(Scope.allCases.map { .string($0.rawValue) })

    private static func rule(_ tiers: Int) -> JSON {
        let limited: [JSON] = (1..<max(tiers, 1)).map { ["up_to_minor": .string("\($0)00"), "requirement": "1"] }
        return ["tiers": .array(limited + [["requirement": "6"]])]
    }

    private static let limit: JSON = [
        "method": ["asset": "SBX", "network": "sandbox"], "currency": "EUR", "minimum_minor": "1",
    ]

    private static func seconds(_ member: String) -> Bound {
        func body(_ seconds: Int64) -> JSON { .object([member: .integer(seconds)]) }
        return policy(
            "\(member) of a policy", within: body(Limits.policySeconds), beyond: body(Limits.policySeconds + 1), nil,
            "/\(member): out_of_range")
    }

    private static func policy(
        _ what: String, within: JSON, beyond: JSON, _ status: Int?, _ flaw: String
    ) -> Bound {
        Bound(what, "/v1/policies", method: .put, within: within, beyond: beyond, status, flaw)
    }
}
