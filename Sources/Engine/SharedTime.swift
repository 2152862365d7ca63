package import Platform
package import Storage

/// Keeps the clock of this process at that of the database. Where several machines work on one database, one
/// sets a deadline and another one judges by it: of two clocks that differ, a customer's payment would be
/// late by the one and in time by the other.
package struct SharedTime: Resident {
    private let store: Store
    private let clock: SharedClock
    private let log: Log

    package init(_ store: Store, _ clock: SharedClock, log: Log) {
        self.store = store
        self.clock = clock
        self.log = log
    }

    package var name: String { "time" }

    package func run() async throws {
        while !Task.isCancelled {
            try await step()
            try await clock.sleep(milliseconds: Self.pauseMilliseconds)
        }
    }

    /// Asks the database what time it is. What it has said before holds where the answer takes so long that
    /// it says little, and where it is much the same. An embedded database has this machine's clock.
    package func step() async throws {
        let before = clock.uptime
        guard let said = try await store.read({ try $0.databaseTime() }) else { return }
        let took = clock.uptime - before
        let now = said &+ took / 2
        if let lead = clock.lead {
            guard took <= Self.slowMilliseconds, abs(now &- clock.now) > Self.sameMilliseconds else { return }
            clock.set(now)
            if abs((clock.lead ?? 0) &- lead) <= Self.noticedMilliseconds { return }
        } else {
            clock.set(now)
        }
        guard let lead = clock.lead, abs(lead) > Self.noticedMilliseconds else { return }
        log.warning(
            "this machine's clock differs from the database's, which counts \("behind_ms", String(lead))")
    }

    private static let pauseMilliseconds: Int64 = 5_000
    private static let slowMilliseconds: Int64 = 1_000
    private static let sameMilliseconds: Int64 = 100
    private static let noticedMilliseconds: Int64 = 2_000
}
