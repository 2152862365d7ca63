import Domain
import JSON
import Platform

extension Story {
    /// What seldom happens, and what a person then does about it.
    static let exceptional: [Story] = [
        Story(name: "fulfilled without a claim", state: "paid", exceptions: ["unclaimed_fulfilment"]) {
            driver in
            let id = try await driver.pay("unclaimed")
            try await driver.act("exact", id, ["confirmations": 2])
            try await driver.await(id, "paid")
            try await driver.api.post("/v1/payments/\(id)/fulfilments/unclaimed/complete")
            return id
        },
        Story(name: "cancelled, paid after all", state: "failed", exceptions: ["after_end"]) { driver in
            let id = try await driver.pay("after-end")
            try await driver.api.post("/v1/payments/\(id)/cancel")
            try await driver.act("exact", id, ["confirmations": 2])
            return id
        },
        Story(name: "dust", state: "awaiting_payment", exceptions: ["dust"]) { driver in
            let id = try await driver.pay("dust")
            try await driver.act("under", id, ["percent": 1, "confirmations": 2])
            return id
        },
        Story(
            name: "more transfers than are followed", state: "paid",
            exceptions: ["duplicate", "too_many_transfers"]
        ) { driver in
            let id = try await driver.pay("many")
            // Mined at once: what only waits is not followed beyond a hundred.
            for _ in 0..<Room.Kind.money.limit / 10 {
                try await driver.act("split", id, ["parts": 10, "confirmations": 2])
            }
            return id
        },
        Story(name: "large, released by a person", state: "paid") { driver in
            let id = try await driver.pay("review", amount: "1000.01")
            try await driver.act("exact", id, ["confirmations": 2])
            let held = try await driver.await(id, "paid", ["review"])
            guard held["fulfillable"]?.asBool == false else {
                throw Failure("it could be fulfilled before it was released.")
            }
            try await driver.rule(on: "review", of: id, "release")
            let released = try await driver.await(id, "paid")
            guard released["fulfillable"]?.asBool == true else {
                throw Failure("it cannot be fulfilled although it was released.")
            }
            return id
        },
        Story(name: "network silent past the window", state: "expired") { driver in
            let id = try await driver.pay("stale")
            try await driver.api.post("/v1/sandbox/fail")
            do {
                try await driver.api.post("/v1/sandbox/clock", ["advance_seconds": 7200])
                // Nobody knows whether it was paid, so it is not called expired.
                try await driver.await(id, "awaiting_payment", ["source_stale"])
            } catch {
                try await driver.api.post("/v1/sandbox/recover")
                throw error
            }
            try await driver.api.post("/v1/sandbox/recover")
            return id
        },
        Story(name: "short, accepted, reorged away", state: "paid", exceptions: ["evidence_lost"]) {
            driver in
            let id = try await driver.pay("evidence-lost")
            try await driver.act("under", id, ["percent": 50, "confirmations": 2])
            try await driver.await(id, "underpaid")
            try await driver.api.post("/v1/sandbox/clock", ["advance_seconds": 3600])
            try await driver.await(id, "underpaid", ["underpaid"])
            try await driver.rule(on: "underpaid", of: id, "accept")
            try await driver.await(id, "paid")
            try await driver.reorg(depth: 2, fate: "dropped")
            let lost = try await driver.await(id, "paid", ["evidence_lost"])
            guard lost["fulfillable"]?.asBool == false else {
                throw Failure("it can be fulfilled although its money is gone.")
            }
            return id
        },
    ]
}
