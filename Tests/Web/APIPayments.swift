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
