import Domain
import HTTP
import JSON
import Testing

@testable import Web

@Suite("The payment object is written as merchants were told")
struct APIGolden {
    /// A state, how its payment differs from others, and what leads to it: paths under `/v1`, with `{id}` for the
    /// payment, and bodies.
    struct Story: Sendable {
        let state: String
        let steps: [(path: String, body: JSON)]
        let order: [(String, JSON)]

        init(_ state: String, order: [(String, JSON)] = [], _ steps: [(path: String, body: JSON)]) {
            self.state = state
            self.order = order
            self.steps = steps
        }
    }

    static let stories: [Story] = [
        Story("created", order: [("asset", .null), ("network", .null)], []),
        Story("awaiting_payment", []),
        Story("detected", [("sandbox/payments/{id}/exact", [:])]),
        Story(
            "confirming", order: [("policy", ["at_least_confirmations": 3])],
            [("sandbox/payments/{id}/exact", ["confirmations": 1])]),
        Story(
            "paid",
            [
                ("sandbox/payments/{id}/exact", ["confirmations": 6]),
                ("payments/{id}/fulfilments", ["action_id": "ship-1"]),
                ("payments/{id}/fulfilments/ship-1/complete", [:]),
            ]),
        Story("overpaid", [("sandbox/payments/{id}/over", ["percent": 20, "confirmations": 6])]),
        Story(
            "underpaid",
            [
                ("sandbox/payments/{id}/under", ["percent": 40, "confirmations": 6]),
                ("sandbox/clock", ["advance_seconds": 3600]),
            ]),
        Story("late_paid", [("sandbox/payments/{id}/late", ["confirmations": 6])]),
        Story("expired", [("sandbox/clock", ["advance_seconds": 7200])]),
        Story("failed", [("payments/{id}/cancel", [:])]),
    ]

    @Test("In each state", arguments: stories.map(\.state))
    func payment(state: String) async throws {
        let told = try #require(Self.stories.first { $0.state == state })
        let story = try await APIStory(told.order)
        for step in told.steps { try await story.post(step.path, step.body) }
        let document = try await story.get("payments/{id}")
        #expect(document["state"]?.asString == state)
        #expect(try GoldenJSON.document("payment-\(state)", now: document) == document.pretty() + "\n")
    }

    /// Refunds have rules and books, but no command leads there yet: see docs/API.md.
    @Test("There is a story for every state but the one that comes with refunds")
    func states() {
        #expect(Set(Self.stories.map(\.state)) == Set(State.allCases.map(\.rawValue)).subtracting(["refunded"]))
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
