import Domain
import HTTP
import JSON
import Testing

@testable import Web

@Suite("The payment object is written as merchants were told")
struct APIGolden {
    /// A state, and what leads to it: paths under `/v1`, with `{id}` for the payment, and bodies.
    static let stories: [(state: String, steps: [(path: String, body: String)])] = [
        ("awaiting_payment", []),
        ("detected", [("sandbox/payments/{id}/exact", "{}")]),
        (
            "paid",
            [
                ("sandbox/payments/{id}/exact", #"{"confirmations":6}"#),
                ("payments/{id}/fulfilments", #"{"action_id":"ship-1"}"#),
                ("payments/{id}/fulfilments/ship-1/complete", "{}"),
            ]
        ),
        ("overpaid", [("sandbox/payments/{id}/over", #"{"percent":20,"confirmations":6}"#)]),
        (
            "underpaid",
            [
                ("sandbox/payments/{id}/under", #"{"percent":40,"confirmations":6}"#),
                ("sandbox/clock", #"{"advance_seconds":3600}"#),
            ]
        ),
        ("late_paid", [("sandbox/payments/{id}/late", #"{"confirmations":6}"#)]),
        ("expired", [("sandbox/clock", #"{"advance_seconds":7200}"#)]),
        ("failed", [("payments/{id}/cancel", "{}")]),
    ]

    @Test("In each state", arguments: stories.map(\.state))
    func payment(state: String) async throws {
        let gateway = try await TestGateway()
        let tenant = try await gateway.tenant()
        let (id, _) = await tenant.payment([
            ("customer_id", "cus-1"), ("description", "Two books"), ("metadata", ["basket": "17"]),
            ("success_url", "https://shop.example/thanks"), ("risk", "low"),
        ])
        for step in Self.stories.first(where: { $0.state == state })?.steps ?? [] {
            let path = "/v1/" + step.path.replacing("{id}", with: id)
            let answer = await tenant.post(path, try JSON.parse(text: step.body))
            #expect((200...201).contains(answer.status), "\(answer.text)")
            try await gateway.watch()
        }
        let answer = await tenant.get("/v1/payments/\(id)")
        #expect(answer.json?["state"]?.asString == state)
        let document = try #require(answer.json)
        #expect(try GoldenJSON.document("payment-\(state)", now: document) == document.pretty() + "\n")
    }

    @Test("A problem with fields")
    func problem() async throws {
        let tenant = try await TestGateway().tenant()
        let answer = await tenant.gateway.send(
            .post, "/v1/payments", key: tenant.test, body: Array(#"{"amount":25,"curency":"EUR"}"#.utf8),
            headers: ["X-Request-Id": "checkout-17"])
        let document = try #require(answer.json)
        #expect(try GoldenJSON.document("problem", now: document) == document.pretty() + "\n")
    }
}
