import HTTP
import JSON
import Platform

/// One case of the check: what happens, and what must come of it.
struct Story: Sendable {
    let name: String
    let state: String
    var exceptions: [String] = []
    /// Does what happens. Gives the payment.
    let happen: @Sendable (Driver) async throws -> String

    /// Tells it, and compares how it ends.
    func tell(_ driver: Driver) async -> Demo.Row {
        let wanted = exceptions.joined(separator: ", ")
        do {
            try await driver.await(try await happen(driver), state, exceptions)
            return Demo.Row(name: name, state: state, exceptions: wanted, problem: nil)
        } catch {
            return Demo.Row(
                name: name, state: "not \(state)", exceptions: wanted, problem: Problem(error).text)
        }
    }

    static let all: [Story] = [
        Story(name: "paid and fulfilled", state: "paid") { try await sell($0) },
        paid("slightly under, waived", "under", ["percent": 99], "paid"),
        Story(name: "under", state: "underpaid", exceptions: ["underpaid"]) { driver in
            let id = try await driver.pay("under")
            try await driver.act("under", id, ["percent": 50, "confirmations": 2])
            // As long as the customer may still pay the rest, there is nothing for a person to settle.
            try await driver.await(id, "underpaid")
            try await driver.api.post("/v1/sandbox/clock", ["advance_seconds": 3600])
            return id
        },
        Story(name: "under, then topped up", state: "paid") { driver in
            let id = try await driver.pay("top-up")
            try await driver.act("under", id, ["percent": 50, "confirmations": 2])
            try await driver.await(id, "underpaid")
            try await driver.act("exact", id, ["confirmations": 2])
            return id
        },
        paid("over", "over", ["percent": 20], "overpaid", ["overpaid"]),
        paid("late", "late", [:], "late_paid", ["late"]),
        paid("duplicate", "duplicate", [:], "paid", ["duplicate"]),
        paid("split in three", "split", ["parts": 3], "paid"),
        paid("wrong network", "wrong-network", [:], "awaiting_payment", ["wrong_network"]),
        paid("wrong asset", "wrong-asset", [:], "awaiting_payment", ["wrong_asset"]),
        Story(name: "replaced, paid elsewhere", state: "awaiting_payment") { driver in
            let id = try await driver.pay("replaced")
            try await driver.act("exact", id)
            try await driver.await(id, "detected")
            try await driver.act("replace", id, ["by": "elsewhere"])
            return id
        },
        Story(name: "replaced, higher fee", state: "paid") { driver in
            let id = try await driver.pay("bumped")
            try await driver.act("exact", id)
            try await driver.await(id, "detected")
            try await driver.act("replace", id, ["by": "fee_bump"])
            try await driver.mine(2)
            return id
        },
        Story(name: "expired", state: "expired") { driver in
            let id = try await driver.pay("expired")
            try await driver.api.post("/v1/sandbox/clock", ["advance_seconds": 3600])
            return id
        },
        Story(name: "cancelled", state: "failed") { driver in
            let id = try await driver.pay("cancelled")
            try await driver.api.post("/v1/payments/\(id)/cancel")
            return id
        },
        Story(name: "reorg before paid", state: "paid") { driver in
            let id = try await driver.pay("reorg-before")
            try await driver.act("exact", id, ["confirmations": 1])
            try await driver.await(id, "confirming")
            try await driver.reorg(depth: 1, fate: "pooled")
            try await driver.await(id, "detected")
            try await driver.mine(2)
            return id
        },
        Story(name: "reorg after paid, reversed", state: "awaiting_payment", exceptions: ["reversed"]) {
            driver in
            let id = try await driver.pay("reorg-after")
            try await driver.act("exact", id, ["confirmations": 2])
            try await driver.await(id, "paid")
            try await driver.reorg(depth: 2, fate: "dropped")
            try await driver.await(id, "awaiting_payment", ["reversed"])
            let events = try await driver.events(of: id)
            guard events.contains("payment.reversed") else {
                throw Failure("it was not announced: \(events).")
            }
            return id
        },
    ]

    /// A payment to which the customer does one thing, and two blocks come.
    private static func paid(
        _ name: String, _ scenario: String, _ body: JSON, _ state: String, _ exceptions: [String] = []
    ) -> Story {
        Story(name: name, state: state, exceptions: exceptions) { driver in
            let id = try await driver.pay(scenario + "-" + name.replacing(" ", with: "-"))
            var object = body.asObject ?? JSONObject()
            object["confirmations"] = 2
            try await driver.act(scenario, id, .object(object))
            return id
        }
    }

    /// One payment from the shop's order to its fulfilment, step by step.
    private static func sell(_ driver: Driver) async throws -> String {
        let answer = try await driver.api.raw(.post, driver.demo.shopURL + "/buy/coffee")
        guard answer.status.code == 303 else { throw Failure("the shop answered \(answer.status.code).") }
        let made = try await driver.api.get("/v1/payments?limit=1")["data"]?[0]
        guard let id = made?["id"]?.asString, let order = made?["merchant_order_id"]?.asString else {
            throw Failure("the shop made no payment.")
        }
        try await driver.await(id, "created")
        try await driver.api.post("/v1/payments/\(id)/method", ["asset": "SBX", "network": "sandbox"])
        try await driver.await(id, "awaiting_payment")
        try await driver.act("exact", id)
        try await driver.await(id, "detected")
        try await driver.mine(1)
        try await driver.await(id, "confirming")
        try await driver.mine(1)
        try await driver.await(id, "paid")
        let told = try await driver.events(of: id)
        let expected = ["created", "awaiting_payment", "detected", "confirming", "paid"].map {
            "payment.\($0)"
        }
        guard told == expected else { throw Failure("the events are \(told).") }
        try await driver.until("shipped") {
            let answer = try await driver.api.raw(.get, driver.demo.shopURL + "/orders/\(order)/state")
            let words = String(decoding: answer.body, as: UTF8.self)
            return words.hasSuffix("shipped\n") ? .there(.null) : .notYet(words)
        }
        try await driver.until("reported") {
            let view = try await driver.api.get("/v1/payments/\(id)")
            let report = view["fulfilment"]?["completed_at"]?.asString
            return report == nil ? .notYet("not reported") : .there(view)
        }
        return id
    }
}
