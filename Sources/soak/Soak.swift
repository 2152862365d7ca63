import Durability
import Platform

/// Runs what is too long for the tests, as long as it is let: with progress, and so that a run that was ended
/// goes on where it was. See `Scripts/soak`.
@main
struct Soak {
    let options: Options
    private let state: Lock<Progress>

    static func main() async throws {
        guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
            Environment.complain(Options.usage)
            Environment.exit(2)
        }
        let soak = Soak(options: options, state: Lock(try Progress(reading: options.progressFile)))
        try await soak.run()
        let findings = soak.state.withLock { $0.findings }
        for finding in findings { Environment.print(finding) }
        if !findings.isEmpty { Environment.exit(1) }
    }

    private func run() async throws {
        try Files.makeFolder(options.folder)
        let start = SystemClock().uptime
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<options.jobs {
                group.addTask {
                    try await ThreadExecutor.run { try await work(worker, since: start) }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Takes one batch after the other.
    private func work(_ worker: Int, since start: Int64) async throws {
        let folder = options.folder + "/worker-\(worker)"
        try Files.makeFolder(folder)
        let campaign = Campaign(in: folder)
        while let batch = state.withLock({ $0.take(of: options.batches) }) {
            let scenarios = Scenario.canonical + [.together]
            let scenario = scenarios[batch % scenarios.count]
            let isTogether = scenario == .together
            let recording = try await campaign.record(scenario, readers: isTogether ? 2 : 0)
            let seed = options.seed &+ UInt64(batch)
            let tally = try await campaign.losePower(recording, images: Options.imagesPerBatch, seed: seed)
            try state.withLock { progress in
                progress.add(batch, tally)
                try progress.write(to: options.progressFile)
                let spent = SystemClock().uptime - start
                Environment.print(progress.line(of: options.batches, milliseconds: spent))
            }
        }
    }
}
