import HTTP
import JSON
import TestKit
import Testing

@testable import Web

/// One payment, and what happens to it, told through the API alone.
struct APIStory: Sendable {
    let gateway: TestGateway
    let tenant: Tenant
    /// The payment's identity.
    let id: String

    /// Opens a payment of 25 EUR in SBX, but for these changes; null leaves a member out.
    init(_ changes: [(String, JSON)] = []) async throws {
        gateway = try await TestGateway()
        tenant = try await gateway.tenant()
        let (id, answer) = await tenant.payment(
            [
                ("customer_id", "cus-1"), ("description", "Two books"), ("metadata", ["basket": "17"]),
                ("success_url", "https://shop.example/thanks"), ("risk", "low"),
            ] + changes)
        #expect(answer.status == 201, "\(answer.text)")
        self.id = id
    }

    /// What `GET` of a path under `/v1/` answers; `{id}` stands for the payment.
    func get(_ path: String) async throws -> JSON {
        let answer = await tenant.get("/v1/" + path.replacing("{id}", with: id))
        #expect(answer.status == 200, "\(path) \(answer.text)")
        guard let json = answer.json else { throw TestKitError("\(path) answers no JSON") }
        return json
    }

    /// A POST that must succeed; then everything is heard, unless more happens first.
    @discardableResult
    func post(_ path: String, _ body: JSON = [:], isHeard: Bool = true) async throws -> JSON {
        let answer = await tenant.post("/v1/" + path.replacing("{id}", with: id), body)
        #expect((200...202).contains(answer.status), "\(path) \(answer.text)")
        if isHeard { try await gateway.watch() }
        return answer.json ?? .null
    }

    /// A person settles the payment's open exception of that kind.
    func rule(_ kind: String, _ action: String) async throws {
        let open = try await get("exceptions?open=true&kind=\(kind)")
        guard let exception = open["data"]?[0]?["id"]?.asString else { throw TestKitError("no \(kind) is open") }
        try await post("exceptions/\(exception)/rulings", ["action": .string(action), "reason": "Looked at."])
    }
}
