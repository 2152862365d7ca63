import HTTP
import JSON
import Testing

@testable import Web

/// An operation that takes a body: where, a body that would be fine, and every member that it may have.
struct BodyForm: Sendable, CustomTestStringConvertible {
    let operation: String
    let method: HTTP.Method
    let target: String
    let base: [String: String]
    let members: [Member]

    var testDescription: String { "\(method) \(target)" }

    init(
        _ operation: String, _ method: HTTP.Method = .post, _ target: String, _ base: [String: String] = [:],
        _ members: [Member] = []
    ) {
        self.operation = operation
        self.method = method
        self.target = target.replacing("PAY", with: "pay_" + Self.nobody).replacing("EXC", with: "exc_\(Self.nobody)_1")
            .replacing("WHE", with: "whe_" + Self.nobody).replacing("WAL", with: "wal_" + Self.nobody)
            .replacing("KEY", with: "key_" + Self.nobody)
        self.base = base
        self.members = members
    }

    private static let nobody = "00000000000000000000000000"

    /// One member: where it stands, what it takes, and the value of the outermost member with `@` in its place.
    struct Member: Sendable {
        let pointer: String
        let kind: Kind
        var value = "@"
        var isRequired = false

        /// A required one.
        static func needed(_ pointer: String, _ kind: Kind, _ value: String = "@") -> Member {
            Member(pointer: pointer, kind: kind, value: value, isRequired: true)
        }

        static func may(_ pointer: String, _ kind: Kind, _ value: String = "@") -> Member {
            Member(pointer: pointer, kind: kind, value: value)
        }
    }

    enum Kind: Sendable { case text, choice, integer, flag, list, object }

    /// 2^200, in full.
    static let huge = "1606938044258990275541962092341162602522202993782792835301376"

    /// What a member of that kind never takes, and what is said of it.
    static func wrong(_ kind: Kind) -> [(value: String, code: String)] {
        let numbers = ["7", "-1", "25.5", "1e2", "1E400", huge]
        let wrong: [String] =
            switch kind {
            case .text, .choice: numbers + ["true", "[]", "{}", #"["a"]"#]
            case .integer: [#""7""#, #""""#, "true", "[]", "[7]", "{}"]
            case .flag: numbers + [#""true""#, "[]", "{}"]
            case .list: numbers + [#""a""#, "true", "{}"]
            case .object: numbers + [#""a""#, "true", "[]"]
            }
        let range = ["-1", "1e2", "1.5", "1.0", "1E400", huge, "9223372036854775808", "-9223372036854775809"]
        let more: [(value: String, code: String)] =
            switch kind {
            case .text: [(#""a\u0000b""#, "invalid_text"), (#""a\u202eb""#, "invalid_text")]
            case .choice: [(#""a\u0000b""#, "unknown_value"), (#""""#, "unknown_value")]
            case .integer: range.map { ($0, "out_of_range") }
            case .flag, .list, .object: []
            }
        return wrong.map { ($0, "wrong_type") } + more
    }

    /// A document of the base's members, one of them otherwise.
    func body(_ name: String? = nil, _ value: String = "") -> String {
        var members = base
        if let name { members[name] = value }
        return "{" + members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    /// All that is tried of it.
    var rows: [BadRequest] {
        var rows: [BadRequest] = []
        func add(_ what: String, _ body: String, _ flaw: String) {
            rows.append(BadRequest(what, method, target, body: body, 422, "invalid_fields", [flaw]))
        }
        for member in members {
            let name = String(member.pointer.split(separator: "/")[0])
            var tried = Self.wrong(member.kind)
            if member.isRequired { tried.append(("null", "required")) }
            for (value, code) in tried {
                let body = body(name, member.value.replacing("@", with: value))
                add("\(value.prefix(40)) for \(member.pointer)", body, "\(member.pointer): \(code)")
            }
        }
        add("an unknown member", body("xyzzy", "1"), "/xyzzy: unknown_member")
        for value in ["[]", "7", #""a""#, "true", "null", "1e2", Self.huge] {
            add("\(value.prefix(9)) for the whole", value, ": wrong_type")
        }
        func malformed(_ what: String, _ body: [UInt8], at offset: Int, _ flaw: String) {
            var row = BadRequest(what, method, target, body: "", 400, "malformed_json", [": \(flaw)"])
            (row.body, row.offset) = (body, offset)
            rows.append(row)
        }
        malformed("a duplicate key", Array(#"{"xyzzy":1,"xyzzy":2}"#.utf8), at: 11, "duplicate_key")
        malformed("no UTF-8 in a name", Array(#"{"x"#.utf8) + [0xFF] + Array(#"":1}"#.utf8), at: 3, "invalid_utf8")
        malformed("no UTF-8 in a value", Array(#"{"x":""#.utf8) + [0xC0, 0x80, 0x22, 0x7D], at: 6, "invalid_utf8")
        malformed("NUL in a value", Array("{\"x\":\"\0\"}".utf8), at: 6, "control_character")
        malformed("two documents", Array("{}{}".utf8), at: 2, "trailing_bytes")
        let large = body("xyzzy", "\"" + String(repeating: "a", count: 64 << 10) + "\"")
        rows.append(BadRequest("more than 64 KiB", method, target, body: large, 413, "body_too_large"))
        return rows
    }
}

@Suite("Every operation that takes a body refuses a wrong one alike")
struct APIBadInputBodies {
    private static let money = [
        BodyForm(
            "payments.create", .post, "/v1/payments",
            [
                "merchant_order_id": #""order-1""#, "amount": #""25.00""#, "currency": #""EUR""#, "asset": #""SBX""#,
                "network": #""sandbox""#,
            ],
            [
                .needed("/merchant_order_id", .text), .needed("/amount", .text), .needed("/currency", .text),
                .needed("/asset", .text), .needed("/network", .text), .may("/customer_id", .text),
                .may("/description", .text), .may("/success_url", .text), .may("/cancel_url", .text),
                .may("/metadata", .object), .may("/metadata/a", .text, #"{"a":@}"#), .may("/risk", .choice),
                .may("/expires_in", .integer), .may("/quote_expires_at", .text), .may("/methods", .list),
                .may("/methods/0", .object, "[@]"),
                .needed("/methods/0/asset", .text, #"[{"asset":@,"network":"sandbox"}]"#),
                .needed("/methods/0/network", .text, #"[{"asset":"SBX","network":@}]"#), .may("/policy", .object),
                .may("/policy/under_tolerance", .object, #"{"under_tolerance":@}"#),
                .needed("/policy/under_tolerance/basis_points", .integer, #"{"under_tolerance":{"basis_points":@}}"#),
                .may(
                    "/policy/over_tolerance/cap_minor", .text, #"{"over_tolerance":{"basis_points":1,"cap_minor":@}}"#),
                .may("/policy/at_least_confirmations", .integer, #"{"at_least_confirmations":@}"#),
                .may("/policy/quote_seconds", .integer, #"{"quote_seconds":@}"#),
                .may("/policy/holds_overpaid", .flag, #"{"holds_overpaid":@}"#),
            ]),
        BodyForm(
            "payments.method", .post, "/v1/payments/PAY/method", ["asset": #""SBX""#, "network": #""sandbox""#],
            [.needed("/asset", .text), .needed("/network", .text)]),
        BodyForm(
            "payments.accept", .post, "/v1/payments/PAY/actions/accept", ["reason": #""a""#],
            [.needed("/reason", .text)]),
        BodyForm(
            "payments.fulfilments.claim", .post, "/v1/payments/PAY/fulfilments", ["action_id": #""a""#],
            [.needed("/action_id", .text)]),
        BodyForm("payments.fulfilments.complete", .post, "/v1/payments/PAY/fulfilments/a/complete"),
        BodyForm("payments.cancel", .post, "/v1/payments/PAY/cancel"),
        BodyForm(
            "exceptions.rule", .post, "/v1/exceptions/EXC/rulings",
            [
                "action": #""grant_top_up""#, "reason": #""a""#, "asset": #""SBX""#, "network": #""sandbox""#,
            ],
            [
                .needed("/action", .choice), .needed("/reason", .text), .needed("/asset", .text),
                .needed("/network", .text), .may("/expires_in", .integer),
            ]),
        BodyForm(
            "rates.push", .post, "/v1/rates", ["asset": #""SBX""#, "currency": #""EUR""#, "rate": #""1""#],
            [.needed("/asset", .text), .needed("/currency", .text), .needed("/rate", .text)]),
    ]

    private static let configuration = [
        BodyForm(
            "wallets.create", .post, "/v1/wallets", ["network": #""sandbox""#, "key": #""sandbox:00""#],
            [.needed("/network", .text), .needed("/key", .text), .may("/name", .text), .may("/first_index", .integer)]),
        BodyForm("wallets.disable", .post, "/v1/wallets/WAL/disable"),
        BodyForm(
            "wallets.advance", .post, "/v1/wallets/WAL/advance", ["next_index": "7"],
            [.needed("/next_index", .integer)]),
        BodyForm(
            "api-keys.create", .post, "/v1/api-keys", ["name": #""a""#, "scopes": #"["payments:read"]"#],
            [.needed("/name", .text), .needed("/scopes", .list), .may("/scopes/0", .text, "[@]")]),
        BodyForm("api-keys.revoke", .delete, "/v1/api-keys/KEY"),
        BodyForm(
            "webhook-endpoints.create", .post, "/v1/webhook-endpoints", ["url": #""https://example.com/x""#],
            [
                .needed("/url", .text), .may("/events", .list), .may("/events/0", .text, "[@]"),
                .may("/description", .text),
            ]),
        BodyForm(
            "webhook-endpoints.update", .patch, "/v1/webhook-endpoints/WHE", [:],
            [
                .may("/url", .text), .may("/events", .list), .may("/events/0", .text, "[@]"),
                .may("/description", .text), .may("/active", .flag),
            ]),
        BodyForm("webhook-endpoints.delete", .delete, "/v1/webhook-endpoints/WHE"),
        BodyForm(
            "webhook-endpoints.replay", .post, "/v1/webhook-endpoints/WHE/replay", ["only_failed": "true"],
            [
                .may("/event_id", .text), .may("/from", .text), .may("/through", .text), .may("/limit", .integer),
            ]),
        BodyForm(
            "webhook-endpoints.replay", .post, "/v1/webhook-endpoints/WHE/replay", ["from": #""evt_\#(nobody)""#],
            [.may("/only_failed", .flag)]),
        BodyForm("webhook-endpoints.rotate-secret", .post, "/v1/webhook-endpoints/WHE/rotate-secret"),
        BodyForm("webhook-endpoints.test", .post, "/v1/webhook-endpoints/WHE/test"),
    ]

    private static let policies = [
        BodyForm(
            "policies.set", .put, "/v1/policies", [:],
            [
                .may("/currency", .text), .may("/quote_seconds", .integer), .may("/grace_seconds", .integer),
                .may("/confirm_by_seconds", .integer), .may("/stale_seconds", .integer), .may("/excess", .choice),
                .may("/duplicate", .choice), .may("/wrong_asset", .choice), .may("/dust_minor", .text),
                .may("/holds_overpaid", .flag), .may("/review_above_minor", .text), .may("/late", .object),
                .needed("/late/within_seconds", .integer, #"{"within_seconds":@,"drift_basis_points":1}"#),
                .needed("/late/drift_basis_points", .integer, #"{"within_seconds":1,"drift_basis_points":@}"#),
                .may("/under_tolerance", .object),
                .needed("/under_tolerance/basis_points", .integer, #"{"basis_points":@}"#),
                .may("/under_tolerance/cap_minor", .text, #"{"basis_points":1,"cap_minor":@}"#),
                .may("/over_tolerance", .object),
                .needed("/over_tolerance/basis_points", .integer, #"{"basis_points":@}"#),
                .may("/over_tolerance/cap_minor", .text, #"{"basis_points":1,"cap_minor":@}"#),
                .may("/confirmations", .list), .may("/confirmations/0", .object, "[@]"),
                .may("/confirmations/0/asset", .text, #"[{"asset":@,"tiers":[{"requirement":"1"}]}]"#),
                .may("/confirmations/0/network", .text, #"[{"network":@,"tiers":[{"requirement":"1"}]}]"#),
                .may("/confirmations/0/risk", .choice, #"[{"risk":@,"tiers":[{"requirement":"1"}]}]"#),
                .needed("/confirmations/0/tiers", .list, #"[{"tiers":@}]"#),
                .may("/confirmations/0/tiers/0", .object, #"[{"tiers":[@]}]"#),
                .may("/confirmations/0/tiers/0/up_to_minor", .text, tier("up_to_minor", "requirement", "1")),
                .needed("/confirmations/0/tiers/0/requirement", .text, #"[{"tiers":[{"requirement":@}]}]"#),
                .may("/limits", .list), .may("/limits/0", .object, "[@]"),
                .needed("/limits/0/method", .object, #"[{"method":@,"currency":"EUR"}]"#),
                .needed(
                    "/limits/0/method/asset", .text,
                    #"[{"method":{"asset":@,"network":"sandbox"},"currency":"EUR"}]"#),
                .needed(
                    "/limits/0/method/network", .text, #"[{"method":{"asset":"SBX","network":@},"currency":"EUR"}]"#),
                .needed("/limits/0/currency", .text, limit("currency", "minimum_minor", "1")),
                .may("/limits/0/minimum_minor", .text, limit("minimum_minor", "currency", "EUR")),
                .may("/limits/0/maximum_minor", .text, limit("maximum_minor", "currency", "EUR")),
            ])
    ]

    private static let sandbox = [
        control("payments.act", "payments/PAY/under", [:], ["percent", "confirmations"]),
        control("payments.act", "payments/PAY/over", [:], ["percent"]),
        control("payments.act", "payments/PAY/split", [:], ["parts"]),
        control("payments.act", "payments/PAY/confirm", [:], ["blocks"]),
        control("payments.act", "payments/PAY/replace", ["by": #""less_amount""#], ["percent"], texts: ["by"]),
        control("payments.act", "payments/PAY/exact"),
        control("mine", "mine", [:], ["blocks"], texts: ["network"]),
        control("reorg", "reorg", ["depth": "1"], ["depth"], texts: ["network", "fate"]),
        control("evict", "evict", ["transaction": #""a""#], texts: ["network", "transaction"]),
        control("clock", "clock", ["advance_seconds": "1"], ["advance_seconds"]),
        control("fail", "fail", texts: ["network"]), control("recover", "recover", texts: ["network"]),
    ]

    private static let nobody = "00000000000000000000000000"
    static let forms = money + configuration + policies + sandbox

    private static func tier(_ name: String, _ other: String, _ value: String) -> String {
        #"[{"tiers":[{"\#(name)":@,"\#(other)":"\#(value)"}]}]"#
    }

    private static func limit(_ name: String, _ other: String, _ value: String) -> String {
        #"[{"method":{"asset":"SBX","network":"sandbox"},"\#(name)":@,"\#(other)":"\#(value)"}]"#
    }

    private static func control(
        _ name: String, _ path: String, _ base: [String: String] = [:], _ integers: [String] = [], texts: [String] = []
    ) -> BodyForm {
        let members = integers.map { BodyForm.Member.may("/\($0)", .integer) } + texts.map { .may("/\($0)", .text) }
        return BodyForm("sandbox.\(name)", .post, "/v1/sandbox/\(path)", base, members)
    }

    @Test("Wrong types, unknown members, numbers of every size and bytes that are no text", arguments: forms)
    func bodies(form: BodyForm) async throws {
        let tenant = try await TestGateway().tenant()
        for row in form.rows { try await tenant.refuses(row) }
        let row = BadRequest(
            "a body that does not say it is JSON", form.method, form.target, body: "{}", 415, "unsupported_media_type")
        for type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json"] {
            try await tenant.refuses(row, type: type)
        }
    }

    @Test("No operation is left out")
    func complete() {
        let changing = API.operations.filter { $0.method != .get }.map(\.name)
        #expect(Set(Self.forms.map(\.operation)) == Set(changing))
    }
}
