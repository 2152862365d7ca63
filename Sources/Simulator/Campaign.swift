import Crypto
import Platform

/// Runs worlds until so many payments were simulated, and makes a failure small.
///
/// Each world follows from one seed, runs on a thread of its own, and shares nothing with the others.
package struct Campaign: Sendable {
    /// The seed of the first world; the next ones follow.
    package let seed: UInt64
    package let payments: Int
    /// What goes wrong, and how often.
    package var dials: Dials
    /// Worlds that are simulated at a time.
    package let lanes: Int
    /// Where the real files of a run lie, such as the lock beside a simulated database. It has to be there.
    private let folder: String
    /// What a test has the oracle believe of each merchant's rules, to see whether that is noticed.
    var mislead: @Sendable (inout Agreement) -> Void = { _ in }

    package static let paymentBounds = Limits.payments
    package static let laneBounds = Limits.lanes
    /// Payments from which on a campaign has to have met everything that it could meet.
    package static let demandingPayments = Limits.demandingPayments

    package init(seed: UInt64, payments: Int, dials: Dials, lanes: Int, folder: String) {
        self.seed = seed
        self.payments = payments
        self.dials = dials
        self.lanes = lanes
        self.folder = folder
    }

    /// How one world came out.
    package struct Outcome: Sendable {
        package let seed: UInt64
        package let payments: Int
        package let tally: Tally
        /// Nil when all was well.
        package let problem: String?
        /// The last acts, in words.
        package let acts: [String]
        /// The hash of all that happened.
        package let trace: String
    }

    /// How a campaign came out.
    package struct Report: Sendable {
        package var tally = Tally()
        package var worlds = 0
        /// The first world, by its seed, in which something was wrong.
        package var failure: Outcome?
        /// The hash of all worlds' hashes; of the same campaign it is always the same.
        package var trace = ""
    }

    /// A world that begins: its place, seed and payments.
    private struct Share: Sendable {
        let place: Int
        let seed: UInt64
        let payments: Int
    }

    private var count: Int { (payments + Limits.worldPayments - 1) / Limits.worldPayments }

    private func share(_ place: Int) -> Share {
        Share(
            place: place, seed: seed &+ UInt64(place),
            payments: min(Limits.worldPayments, payments - place * Limits.worldPayments))
    }

    /// Runs all of it, or until something is wrong. `progress` is told of the worlds that are done, and of
    /// all.
    package func run(progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void) async throws -> Report {
        let next = Lock(0)
        let outcomes = Lock([Int: Outcome]())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<lanes {
                group.addTask {
                    while let share = take(next) {
                        let outcome = try await run(share.seed, payments: share.payments, dials)
                        if outcome.problem != nil { next.withLock { $0 = count } }
                        let done = outcomes.withLock { outcomes in
                            outcomes[share.place] = outcome
                            return outcomes.count
                        }
                        progress(done, count)
                    }
                }
            }
            try await group.waitForAll()
        }
        var report = Report()
        var hashes: [UInt8] = []
        for (_, outcome) in outcomes.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            report.tally.add(outcome.tally)
            report.worlds += 1
            hashes += Array(outcome.trace.utf8)
            if report.failure == nil, outcome.problem != nil { report.failure = outcome }
        }
        report.trace = Hex.encode(SHA256.hash(hashes))
        return report
    }

    private func take(_ next: Lock<Int>) -> Share? {
        let place = next.withLock { next in
            next += 1
            return next - 1
        }
        return place < count ? share(place) : nil
    }

    /// Runs one world.
    private func run(_ seed: UInt64, payments: Int, _ dials: Dials) async throws -> Outcome {
        let (folder, mislead) = (folder, mislead)
        return try await ThreadExecutor.run {
            let simulation = try await Simulation(
                seed: seed, payments: payments, dials: dials, folder: "\(folder)/world-\(seed)")
            simulation.mislead = mislead
            var problem: String?
            do {
                try await simulation.run()
            } catch {
                problem = "\(error)"
            }
            await simulation.close()
            return Outcome(
                seed: seed, payments: payments, tally: simulation.tally, problem: problem,
                acts: simulation.trace.lines, trace: simulation.trace.digest)
        }
    }

    /// What to type to see one world again.
    package static func command(for outcome: Outcome, _ dials: Dials) -> String {
        let without = dials.without.sorted().joined(separator: ",")
        return "quittance simulate --seed \(outcome.seed) --payments \(outcome.payments)"
            + (without.isEmpty ? "" : " --without \(without)") + " --acts"
    }

    /// The fewest kinds of faults and payments with which a world still fails, and how it fails then. It
    /// tries each kind once, and halves the payments: what is left is small, not the smallest.
    package func shrink(_ failure: Outcome) async throws -> (dials: Dials, outcome: Outcome) {
        var best = dials
        var outcome = failure
        func fails(_ payments: Int, _ dials: Dials) async throws -> Outcome? {
            let next = try await run(failure.seed, payments: payments, dials)
            return next.problem == nil ? nil : next
        }
        for fault in Dials.named where !best.without.contains(fault.name) {
            var fewer = best
            fewer.without.insert(fault.name)
            if let next = try await fails(outcome.payments, fewer) { (best, outcome) = (fewer, next) }
        }
        var step = outcome.payments / 2
        while step > 0 {
            if outcome.payments > step, let next = try await fails(outcome.payments - step, best) {
                outcome = next
            } else {
                step /= 2
            }
        }
        return (best, outcome)
    }
}
