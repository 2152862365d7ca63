import Domain
import HTTP
import JSON
import Testing

@testable import Web

@Suite("The API opens and shows payments")
struct APIPayments {
    @Test("A payment is created with what the customer needs to pay, and read back as it was answered")
    func create() async throws {
        let tenant = try await TestGateway().tenant()
        let (id, created) = await tenant.payment()
        #expect(created.status == 201, "\(created.text)")
        #expect(created.headers["Location"] == "/v1/payments/\(id)")
        #expect(created.json?["state"] == "awaiting_payment")
        #expect(created.json?["amount_due"] == "0.25")
        let read = await tenant.get("/v1/payments/\(id)")
        #expect(read.status == 200)
        #expect(read.body == created.body)
        let list = await tenant.get("/v1/payments?merchant_order_id=order-1")
        #expect(list.json?["data"]?.asArray?.count == 1)
        #expect(list.json?["data"]?[0]?["id"]?.asString == id)
    }

    @Test("A member that is null was not said", arguments: [
        [("asset", .null), ("network", .null)],
        [("asset", .null), ("network", .null), ("methods", [["asset": "SBX", "network": "sandbox"]])],
        [("methods", .null), ("policy", .null), ("metadata", .null), ("expires_in", .null)],
        [("expires_in", .null), ("quote_expires_at", .null), ("customer_id", .null)],
    ] as [[(String, JSON)]])
    func null(_ members: [(String, JSON)]) async throws {
        let tenant = try await TestGateway().tenant()
        let said = await tenant.payment(members).answer
        var order = Tenant.order
        for (name, value) in members { order[name] = value.isNull ? nil : value }
        let left = await tenant.post("/v1/payments", .object(order))
        #expect(said.status == 201, "\(said.text)")
        for member in ["state", "asset", "amount_due", "policy", "next_action"] {
            #expect(said.json?[member] == left.json?[member], "\(member)")
        }
    }

    @Test("Nobody without a valid key gets in")
    func keys() async throws {
        let gateway = try await TestGateway()
        let answer = await gateway.send(.get, "/v1/payments", key: nil)
        #expect(answer.status == 401)
        #expect(answer.code == "unauthorized")
        #expect(answer.headers["WWW-Authenticate"]?.hasPrefix("Bearer") == true)
        #expect(await gateway.send(.get, "/v1/payments", key: "qk_test_unknown").status == 401)
    }
}
