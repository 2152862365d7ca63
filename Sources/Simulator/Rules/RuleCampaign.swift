import Domain
import Platform

/// Tells stories to the rules alone until so many payments had one, and measures how fast the rules take
/// them.
///
/// Each story is told twice: first with the oracle beside it, then all that was told once more, from the
/// opening on, against the clock. Both must end with the same payment.
package struct RuleCampaign: Sendable {
    package let seed: UInt64
    package let payments: Int
    /// Stories that are told at a time.
    package let lanes: Int
    /// What a test has the oracle believe of a merchant's rules, to see whether that is noticed.
    var mislead: @Sendable (inout Agreement) -> Void = { _ in }

    package init(seed: UInt64, payments: Int, lanes: Int) {
        self.seed = seed
        self.payments = payments
        self.lanes = lanes
    }

    /// The first story, by its seed, in which something was wrong.
    package struct Failure: Sendable {
        package let seed: UInt64
        package let problem: String
        package let acts: [String]
    }

    /// How a campaign came out.
    package struct Report: Sendable {
        package var tally = Tally()
        package var events = 0
        /// Nanoseconds of processor time that the rules alone took for these events.
        package var spent: Int64 = 0
        package var failure: Failure?

        /// What one core takes in a second, without the oracle.
        package var eventsInASecond: Int { Int(Double(events) * 1e9 / Double(max(spent, 1))) }

        fileprivate mutating func add(_ other: Report) {
            tally.add(other.tally)
            events += other.events
            spent += other.spent
            guard let theirs = other.failure else { return }
            if failure.map({ theirs.seed < $0.seed }) ?? true { failure = theirs }
        }
    }

    private var batches: Int { (payments + Limits.storiesInBatch - 1) / Limits.storiesInBatch }

    /// Tells all of them, or until something is wrong. `progress` is told of the batches that are done, and
    /// of all.
    package func run(progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void) async throws -> Report {
        let next = Lock(0)
        let sum = Lock((report: Report(), done: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<lanes {
                group.addTask {
                    try await ThreadExecutor.run {
                        while let batch = take(next) {
                            let report = tell(batch)
                            if report.failure != nil { next.withLock { $0 = batches } }
                            let done = sum.withLock { sum in
                                sum.report.add(report)
                                sum.done += 1
                                return sum.done
                            }
                            progress(done, batches)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        return sum.withLock { $0.report }
    }

    private func take(_ next: Lock<Int>) -> Int? {
        let batch = next.withLock { next in
            next += 1
            return next - 1
        }
        return batch < batches ? batch : nil
    }

    /// Tells the stories of one batch, then all of them once more.
    private func tell(_ batch: Int) -> Report {
        var report = Report()
        var stories: [RuleStory] = []
        let first = batch * Limits.storiesInBatch
        for place in first..<min(first + Limits.storiesInBatch, payments) {
            let seed = seed &+ UInt64(place)
            var acts: [String] = []
            do {
                var story = try RuleStory(seed: seed)
                mislead(&story.oracle.cases[0].agreement)
                defer { acts = story.acts }
                try story.run()
                stories.append(story)
            } catch {
                report.failure = Failure(seed: seed, problem: "\(error)", acts: acts)
                return report
            }
        }
        let start = threadTime()
        let ends = stories.map(\.retold)
        report.spent = threadTime() - start
        for (story, end) in zip(stories, ends) {
            report.tally.add(story.tally)
            report.events += story.facts.count
            if end != story.payment {
                report.failure = Failure(
                    seed: story.seed, problem: "told again it ends as another payment", acts: story.acts)
                return report
            }
        }
        report.tally.add("payments", stories.count)
        return report
    }

    /// What to type to see one story again.
    package static func command(for seed: UInt64) -> String {
        "quittance simulate --rules --seed \(seed) --payments 1 --acts"
    }

    /// Payments from which on a campaign has to have met everything that it could meet.
    package static let demandingPayments = Limits.demandingStories

    /// What a campaign of some length must have met.
    package static let sometimes =
        [
            "facts told again", "words overtaken", "reorgs", "double spends", "dropped by a reorg",
            "evictions", "replacements", "unhealthy sources", "sights out of a gap", "wrong networks",
            "wrong amounts", "late payments", "spends", "refused commands", "rulings", "cancelled",
            "accepted by the policy", "fulfilments claimed", "fulfilments reported",
            "ruled on underpaid", "ruled on late",
            "ruled on overpaid", "ruled on duplicate", "ruled on wrong_network", "ruled on dust",
            "ruled on after_end", "ruled on reversed", "ruled on evidence_lost",
            "ruled on unclaimed_fulfilment", "ruled on review", "epochs beyond the first",
        ] + Tally.knownStates + Tally.knownEdges.filter { !rareEdges.contains($0) }

    /// Ways that worlds go more often than stories, which last hours and not days.
    private static let rareEdges: Set = [
        "confirming → underpaid", "late_paid → confirming", "late_paid → detected", "late_paid → expired",
        "paid → confirming", "paid → expired", "paid → late_paid", "underpaid → late_paid",
    ]
}

extension RuleStory {
    /// The payment after all that was told of it, folded from its opening on; nil when something is refused
    /// now.
    var retold: Payment? {
        var payment = opened
        for fact in facts {
            do throws(Objection) { payment = try payment.reduce(fact).payment } catch { return nil }
        }
        return payment
    }
}
