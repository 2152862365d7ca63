import Crypto
import Database
import Domain
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Web

@Suite("What lies in the database")
struct APIAtRest {
    /// Where what a merchant tells of a customer, and what people say of a payment, may stand: by itself and in what
    /// merchants are told. The log of evidence binds it by commitments alone.
    private static let personal: Set<String> = ["personal", "note", "event", "idempotency"]

    /// Fields of an order that are a customer's, each with a mark in it.
    private static let marks: [(String, JSON)] = [
        ("customer_id", "mark-customer"), ("description", "mark-description"),
        ("metadata", ["mark-name": "mark-value"]), ("success_url", "https://shop.example/mark-success"),
        ("cancel_url", "https://shop.example/mark-cancel"),
    ]

    /// Every text and all bytes of the tables, by table.
    private static func texts(_ gateway: TestGateway, but left: Set<String> = []) async throws -> [String: [[UInt8]]] {
        try await gateway.rows(but: left).mapValues { rows in
            rows.flatMap(\.values).compactMap { value in
                switch value {
                case .null, .integer: nil
                case .text(let text): Array(text.utf8)
                case .blob(let bytes): bytes
                }
            }
        }
    }

    private static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        guard let first = part.first, bytes.count >= part.count else { return false }
        return (0...(bytes.count - part.count)).contains { start in
            bytes[start] == first && bytes[start..<(start + part.count)].elementsEqual(part)
        }
    }

    @Test("Keys and secrets stand nowhere, in no form and in no line of the log", arguments: DatabaseEngine.allCases)
    func secrets(_ engine: DatabaseEngine) async throws {
        let gateway = try await TestGateway(engine)
        let tenant = try await gateway.tenant()
        let made = await tenant.post("/v1/api-keys", ["name": "till", "scopes": ["payments:read"]])
        let hook = await tenant.post("/v1/webhook-endpoints", ["url": "https://example.com/hook"])
        let rotated = await tenant.post(
            "/v1/webhook-endpoints/\(hook.json?["id"]?.asString ?? "")/rotate-secret")
        let keys = [tenant.test, tenant.live, made.json?["key"]?.asString ?? ""]
        let secrets = [hook, rotated].map { $0.json?["secret"]?.asString ?? "" }
        for text in keys { #expect(await tenant.get("/v1/assets", key: text).status == 200) }
        #expect(await tenant.payment().answer.status == 201)
        // The text as it is shown; what it says behind its prefix; the bytes of a secret, plain and in hexadecimal.
        var forms: [[UInt8]] = []
        for text in keys + secrets {
            #expect(text.utf8.count > 20)
            let body = text.split(separator: "_", maxSplits: text.hasPrefix("qk_") ? 2 : 1).last ?? ""
            forms += [Array(text.utf8), Array(body.utf8)]
        }
        for text in secrets {
            let bytes = try #require(Crypto.Base64.decode(String(text.dropFirst("whsec_".count))))
            forms += [bytes, Array(Hex.encode(bytes).utf8)]
        }
        for (table, values) in try await Self.texts(gateway) {
            for (number, form) in forms.enumerated() where values.contains(where: { Self.contains($0, form) }) {
                Issue.record("form \(number) of a key or secret stands in \(table)")
            }
        }
        for line in gateway.logged {
            for form in forms where Self.contains(Array(line.utf8), form) { Issue.record("logged: \(line)") }
        }
    }

    @Test("What is a customer's stands where it can be erased, and in no record", arguments: DatabaseEngine.allCases)
    func customers(_ engine: DatabaseEngine) async throws {
        let gateway = try await TestGateway(engine)
        let tenant = try await gateway.tenant()
        #expect(await tenant.post("/v1/webhook-endpoints", ["url": "https://example.com/hook"]).status == 201)
        let (id, answer) = await tenant.payment(Self.marks)
        #expect(answer.status == 201, "\(answer.text)")
        let accepted = await tenant.post("/v1/payments/\(id)/actions/accept", ["reason": "mark-reason"])
        #expect(accepted.status == 200, "\(accepted.text)")
        // A refused command is recorded, and the names in it may be a customer's as well.
        let refused: [(String, JSON)] = [
            ("metadata", ["mark-refused": 7]), ("mark-unknown", "mark-value"), ("customer_id", ["mark-object": 1]),
            ("policy", ["mark-inside": 1]),
        ]
        for change in refused { #expect(await tenant.payment([change]).answer.status == 422) }
        #expect(await tenant.post("/v1/payments?mark-parameter=mark-value", [:]).status == 400)
        for (table, values) in try await Self.texts(gateway, but: Self.personal) {
            for value in values where Self.contains(value, Array("mark-".utf8)) {
                Issue.record("\(table): \(String(decoding: value, as: UTF8.self))")
            }
        }
        #expect(!gateway.logged.contains { $0.contains("mark-") })
        let kept = try await Self.texts(gateway)
        for table in ["personal", "note"] {
            #expect(kept[table]?.contains { Self.contains($0, Array("mark-".utf8)) } == true, "\(table)")
        }
    }
}
