import Durability
import Platform
import Simulator

/// What a soak does, in batches that stand for themselves: each follows from the seed and its own number.
enum Work: String, CaseIterable, Sendable {
    /// Crashes at every moment of the canonical scenarios. Each time through all of them, the starts that
    /// follow are killed elsewhere. The first time also what else is enumerated.
    case kills
    /// Losses of power at moments of the same.
    case images
    /// Simulated payments.
    case payments

    /// What a batch has come to.
    struct Yield: Sendable {
        var counts: [String: Int] = [:]
        var findings: [String] = []
    }

    /// How many of what the work is counted in one batch has; of `kills` about.
    var batchSize: Int {
        switch self {
        case .kills: 800
        case .images: 500
        case .payments: 300
        }
    }

    /// The count by which the work is told.
    var unit: String { rawValue }

    /// How many batches that many of its units take.
    func batches(for units: Int) -> Int { (units + batchSize - 1) / batchSize }

    /// Does a batch. The folder is of this thread alone.
    func run(_ batch: Int, seed: UInt64, in folder: String) async throws -> Yield {
        switch self {
        case .kills, .images:
            return try await ThreadExecutor.run { try await endure(batch, seed: seed, in: folder) }
        case .payments: return try await simulate(batch, seed: seed, in: folder)
        }
    }

    private func endure(_ batch: Int, seed: UInt64, in folder: String) async throws -> Yield {
        let campaign = Durability.Campaign(in: folder)
        let scenarios = Scenario.canonical + [.together]
        let scenario = scenarios[batch % scenarios.count]
        let recording = try await recording(of: scenario, by: campaign)
        var tally = Durability.Tally()
        switch self {
        case .images:
            tally = try await campaign.losePower(recording, images: batchSize, seed: seed &+ UInt64(batch))
        case .kills:
            let shift = batch / scenarios.count
            tally = try await campaign.kill(recording, shift: shift)
            // What is enumerated beside it, once.
            if shift == 0, scenario != .together, !scenario.isFirst {
                tally += try await campaign.restore(recording)
                if !scenario.endsProcesses { tally += try await campaign.failSynchronisations(of: recording) }
            }
        case .payments: break
        }
        var counts = [
            "starts": tally.starts, "starts killed": tally.killedStarts,
            "scenarios gone on with to the end": tally.finished,
        ]
        if self == .kills {
            counts[unit] = tally.points
            counts["losses after a synchronisation that failed"] = tally.images
            counts["restores of a backup"] = tally.restores
        } else {
            counts[unit] = tally.images
        }
        return Yield(counts: counts, findings: tally.findings.map { "batch \(batch): \($0)" })
    }

    /// With threads of its own a database does things in another order each time; else the recording of one
    /// thread's folder is the same each time, and is made once.
    private func recording(
        of scenario: Scenario, by campaign: Durability.Campaign
    ) async throws -> Recording {
        if scenario == .together { return try await campaign.record(scenario, readers: 2) }
        let name = "\(campaign.folder) \(scenario)"
        if let known = Self.recordings.withLock({ $0[name] }) { return known }
        let recording = try await campaign.record(scenario)
        Self.recordings.withLock { $0[name] = recording }
        return recording
    }

    private static let recordings = Lock<[String: Recording]>([:])

    private func simulate(_ batch: Int, seed: UInt64, in folder: String) async throws -> Yield {
        let campaign = Simulator.Campaign(
            seed: seed &+ UInt64(batch * batchSize), payments: batchSize, dials: Dials(), lanes: 1,
            folder: folder)
        let report = try await campaign.run { _, _ in }
        var yield = Yield(counts: report.tally.counts)
        yield.counts["worlds"] = report.worlds
        for (name, count) in report.tally.faultCounts { yield.counts[Self.fault + name] = count }
        if let failure = report.failure {
            let command = Simulator.Campaign.command(for: failure, campaign.dials)
            yield.findings.append("\(failure.problem ?? "it fails"); again: \(command)")
        }
        return yield
    }

    /// What the names of counts begin with that are of something going wrong.
    static let fault = "fault: "
}
