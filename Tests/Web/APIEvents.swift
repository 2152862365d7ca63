import Database
import Domain
import Engine
import HTTP
import JSON
import Storage
import Testing

@testable import Web

@Suite("Every type of event is told as merchants were promised")
struct APIEvents {
    /// A type of event, how its payment differs from others, and what happens before it.
    struct Story: Sendable, CustomTestStringConvertible {
        let type: String
        let order: [(String, JSON)]
        let happens: @Sendable (APIStory) async throws -> Void

        init(
            _ type: String, order: [(String, JSON)] = [],
            _ happens: @escaping @Sendable (APIStory) async throws -> Void = { _ in }
        ) {
            self.type = type
            self.order = order
            self.happens = happens
        }

        var testDescription: String { type }
    }

    static let stories: [Story] = payments + others

    /// The announcements of one payment.
    private static let payments: [Story] = [
        Story("payment.created"),
        Story("payment.awaiting_payment"),
        Story("payment.detected") { try await $0.post("sandbox/payments/{id}/exact") },
        Story("payment.confirming", order: [("policy", ["at_least_confirmations": 3])]) {
            try await $0.post("sandbox/payments/{id}/exact", ["confirmations": 1])
        },
        Story("payment.paid") { try await $0.post("sandbox/payments/{id}/exact", ["confirmations": 1]) },
        Story("payment.overpaid") {
            try await $0.post("sandbox/payments/{id}/over", ["percent": 20, "confirmations": 1])
        },
        Story("payment.underpaid") {
            try await $0.post("sandbox/payments/{id}/under", ["percent": 40, "confirmations": 1])
        },
        Story("payment.late_paid") { try await $0.post("sandbox/payments/{id}/late", ["confirmations": 1]) },
        Story("payment.expired") { try await $0.post("sandbox/clock", ["advance_seconds": 7200]) },
        Story("payment.failed") { try await $0.post("payments/{id}/cancel") },
        Story("payment.updated") { try await lessThanTooMuch($0) },
        Story("payment.reversed") {
            try await $0.post("sandbox/payments/{id}/exact", ["confirmations": 1])
            try await $0.post("sandbox/payments/{id}/take-back")
        },
    ]

    /// What has to be settled, and what stands outside a payment's own order.
    private static let others: [Story] = [
        Story("exception.opened") {
            try await $0.post("sandbox/payments/{id}/over", ["percent": 20, "confirmations": 1])
        },
        Story("exception.resolved") {
            try await $0.post("sandbox/payments/{id}/over", ["percent": 20, "confirmations": 1])
            try await $0.rule("overpaid", "keep")
        },
        Story("payment.set_aside") { try await setAside($0) },
        Story("payment.released") { story in
            try await setAside(story)
            let id = try #require(ID<Payment>(parsing: story.id))
            let outcome = try await story.gateway.gateway.release(
                id, by: .operatorAtMachine, reason: "Looked at.", cause: "test")
            #expect(outcome == .released(facts: 1, isRebuilt: true))
        },
        Story("webhook.test") { story in
            let made = try await story.post("webhook-endpoints", ["url": "https://shop.example/hook"])
            try await story.post("webhook-endpoints/\(made["id"]?.asString ?? "")/test")
        },
    ]

    /// Half, then more than the other half, then half again: too much. The middle one gives way to the last: exact.
    private static func lessThanTooMuch(_ story: APIStory) async throws {
        try await story.post("sandbox/payments/{id}/under", ["percent": 50, "confirmations": 1])
        let more = try await story.post("sandbox/payments/{id}/over", ["percent": 20, "confirmations": 1])
        try await story.post("sandbox/payments/{id}/under", ["percent": 50, "confirmations": 1])
        #expect(try await story.get("payments/{id}")["state"] == "overpaid")
        let transaction = try #require(more["transactions"]?[0])
        try await story.post("sandbox/reorg", ["depth": 2, "fate": "pooled"], isHeard: false)
        try await story.post("sandbox/evict", ["transaction": transaction], isHeard: false)
        try await story.post("sandbox/mine")
        #expect(try await story.get("payments/{id}")["state"] == "paid")
    }

    /// Its row says something else than its log.
    private static func setAside(_ story: APIStory) async throws {
        try await story.gateway.store.database.write { db in
            _ = try db.execute("UPDATE payment SET head_hash = '' WHERE id = \(story.id)")
        }
        try await story.post("sandbox/payments/{id}/exact", ["confirmations": 1])
    }

    @Test("Word for word, and with the bytes that are signed", arguments: stories)
    func event(told: Story) async throws {
        let story = try await APIStory(told.order)
        try await told.happens(story)
        let list = try await story.get("events?type=\(told.type)")
        let event = try #require(list["data"]?[0], "there is none")
        let id = try #require(event["id"]?.asString)
        let one = await story.tenant.get("/v1/events/\(id)")
        #expect(one.text == event.encodedText)
        #expect(event["type"]?.asString == told.type)
        #expect(event["merchant_id"]?.asString == story.tenant.merchant.text)
        #expect(try GoldenJSON.document("event-\(told.type)", now: event) == event.pretty() + "\n")
    }

    /// Nothing leads to `payment.refunded` yet: it comes with refunds, and docs/API.md says so.
    @Test("There is a story for every type but the one that comes with refunds")
    func types() {
        #expect(Set(Self.stories.map(\.type)) == Set(EventTypes.events).subtracting(["payment.refunded"]))
    }
}
