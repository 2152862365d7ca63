import Domain
import Platform
import Storage

/// Looks at payments whose time has come: windows that end, sources that stay silent. Forgets kept answers
/// whose time is over, and what deleted endpoints were owed.
package struct Ticker: Resident {
    private let gateway: Gateway

    package init(_ gateway: Gateway) { self.gateway = gateway }

    package var name: String { "tick" }

    package func run() async throws {
        let clock = gateway.world.clock
        while !Task.isCancelled {
            var isBusy = false
            for isTest in [false, true] {
                let count = try await step(isTest: isTest)
                isBusy = isBusy || count == EngineLimits.looks
            }
            let forgotten = try await gateway.forgetAnswers()
            isBusy = isBusy || forgotten == EngineLimits.forgottenAnswers
            isBusy = try await gateway.forgetDeliveries() > 0 || isBusy
            if isBusy {
                await Task.yield()
            } else {
                try await clock.sleep(milliseconds: Self.pauseMilliseconds)
            }
        }
    }

    private static let pauseMilliseconds: Int64 = 500

    /// Looks at what is due. Gives how many payments that were.
    package func step(isTest: Bool) async throws -> Int {
        let gateway = gateway
        let now = gateway.now(isTest: isTest)
        let isDue = try await gateway.store.read {
            try $0.nextLook(isTest: isTest).map { $0 <= now } ?? false
        }
        guard isDue else { return 0 }
        return try await gateway.write { work in
            let due = try work.tx.dueLooks(isTest: isTest, by: now, limit: EngineLimits.looks)
            for id in due { try gateway.look(at: id, now: now, work) }
            return due.count
        }
    }
}

extension Gateway {
    /// Assesses a payment again because time has passed.
    func look(at id: ID<Payment>, now: Instant, actor: Actor = .clock, _ work: Work) throws {
        guard let payment = try legible(id, work) else { return }
        let fact = Fact(at: now, actor: actor, sources: try sources(of: payment, in: work.tx), news: .looked)
        try apply(fact, to: id, cause: actor == .clock ? "clock" : "tip", work)
    }

    /// Makes payments due that wait and that nothing wakes, at the start: a wake-up that was lost is made by
    /// no loop. Gives how many that were.
    ///
    /// *Replay*: what is due already is not made so again, so it ends.
    @discardableResult
    package func wakeSleepers() async throws -> Int {
        if try await store.read({ try $0.hasStrayWakes() }) {
            let strays = try await store.write { try $0.deleteStrayWakes() }
            world.log.warning("\("rows", strays) wake-ups of payments that do not exist are gone")
        }
        var count = 0
        for isTest in [false, true] {
            let now = now(isTest: isTest)
            while true {
                let ids = try await store.read {
                    try $0.sleepers(isTest: isTest, at: now, limit: EngineLimits.sleepers)
                }
                if ids.isEmpty { break }
                try await store.write { try $0.wake(ids, isTest: isTest, at: now) }
                count += ids.count
            }
        }
        if count > 0 { world.log.info("\("payments", count) payments that nothing woke are looked at") }
        return count
    }

    /// Forgets kept answers whose time is over, a bounded number, and none by a clock that has just stepped.
    /// Gives how many that were.
    func forgetAnswers() async throws -> Int {
        let now = world.now
        let uptime = world.clock.uptime
        guard steadiness.withLock({ $0.isSteady(at: now, uptime: uptime) }) else { return 0 }
        let isDue = try await store.read { try $0.hasAnswers(before: now) }
        guard isDue else { return 0 }
        return try await store.write { tx in
            try tx.deleteAnswers(before: now, limit: EngineLimits.forgottenAnswers)
        }
    }

    /// Forgets a part of what deleted endpoints were owed: other commits go between the parts. Gives how many
    /// rows that were.
    func forgetDeliveries() async throws -> Int {
        guard try await store.read({ try $0.hasDeletedEndpoints() }) else { return 0 }
        return try await store.write { try $0.forgetDeliveries(limit: EngineLimits.forgottenDeliveries) }
    }
}

/// Whether the wall clock has gone on evenly for a while: one that has just stepped may step back.
struct SteadyClock: Sendable {
    /// How far the wall clock is ahead of the uptime, and since when.
    private var anchor: (lead: Int64, since: Int64)?

    /// Takes a look at both clocks.
    mutating func isSteady(at now: Instant, uptime: Int64) -> Bool {
        let lead = now.milliseconds - uptime
        guard let anchor, abs(lead - anchor.lead) <= Self.toleranceMilliseconds else {
            anchor = (lead, uptime)
            return false
        }
        return uptime - anchor.since >= Self.waitMilliseconds
    }

    /// More than any clock is slewed while one waits.
    private static let toleranceMilliseconds: Int64 = 60_000
    static let waitMilliseconds: Int64 = 10 * 60_000
}
