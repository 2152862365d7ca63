import Platform

/// Runs what is too long for the tests, for as long as it is let: with progress, and so that a run that was
/// ended goes on where it was. See `Scripts/soak`.
@main
struct Soak {
    let options: Options
    let folder: String
    private let state: Lock<State>

    private struct State: Sendable {
        var progress: Progress
        var isEnding = false
        /// When the file was written last, and when somebody was told how far it is.
        var written: Int64
        var told: Int64
    }

    private static let tellMilliseconds: Int64 = 10_000
    private static let writeMilliseconds: Int64 = 2_000
    /// `Scripts/soak` lets it ten seconds.
    private static let patienceMilliseconds: Int64 = 7_000

    static func main() async throws {
        guard let options = Options(Array(CommandLine.arguments.dropFirst())), let folder = options.place
        else {
            Environment.complain(Options.usage)
            Environment.exit(2)
        }
        let soak: Soak
        do {
            soak = try Soak(options, folder)
        } catch {
            Environment.complain("soak: \(error)")
            Environment.exit(2)
        }
        try await soak.run()
        soak.report()
        if soak.state.withLock({ !$0.progress.findings.isEmpty }) { Environment.exit(1) }
    }

    private init(_ options: Options, _ folder: String) throws {
        (self.options, self.folder) = (options, folder)
        try Files.makeFolder(folder)
        let known = try Progress.read(folder + "/progress")
        if let known, let seed = options.seed, seed != known.seed {
            throw Progress.Unreadable(
                description: "\(folder) has one under way with seed \(known.seed): take another folder")
        }
        let chance = SystemEntropy().number(below: 1_000_000_000)
        var progress = known ?? Progress(seed: options.seed ?? chance)
        if !progress.builds.contains(options.build) { progress.builds.append(options.build) }
        let now = SystemClock().uptime
        state = Lock(State(progress: progress, written: now, told: now))
    }

    private func run() async throws {
        // What a run left behind that was ended hard.
        let place = folder + "/worlds"
        if Files.exists(place) { try Files.removeFolder(place) }
        try Files.makeFolder(place)
        let start = state.withLock { $0.progress }
        let words = "\(folder): seed \(start.seed)"
        let isNew = start.milliseconds == 0
        Environment.print(isNew ? words : words + ", goes on: " + start.line(of: options.goals))
        let listening = Task {
            for await _ in Signals.stream(of: Signals.termination) {
                // Who cannot wait for the batches under way says it twice.
                if state.withLock({ state in
                    defer { state.isEnding = true }
                    return state.isEnding
                }) {
                    Environment.exit(130)
                }
                Environment.print("ends with the batches that are under way")
                Task { try await giveUp() }
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<options.jobs {
                group.addTask { try await work(in: "\(place)/\(worker)") }
            }
            try await group.waitForAll()
        }
        listening.cancel()
        try keep(at: SystemClock().uptime, isLast: true)
        try Files.removeFolder(place)
    }

    /// Ends without the batches under way, which are done anew next time, when they take too long: who asks
    /// a program to end does not wait for ever.
    private func giveUp() async throws {
        let clock = SystemClock()
        try await clock.sleep(milliseconds: Self.patienceMilliseconds)
        try keep(at: clock.uptime, isLast: true)
        report()
        Environment.exit(130)
    }

    /// Says what it has come to.
    private func report() {
        for line in state.withLock({ $0.progress }).report() { Environment.print(line) }
    }

    /// Does one batch after the other.
    private func work(in folder: String) async throws {
        try Files.makeFolder(folder)
        let clock = SystemClock()
        while let (work, batch) = state.withLock({ state in
            state.isEnding ? nil : state.progress.take(of: options.goals)
        }) {
            let seed = state.withLock { $0.progress.seed }
            let start = clock.uptime
            let yield = try await work.run(batch, seed: seed, in: folder)
            let now = clock.uptime
            state.withLock { $0.progress.add(yield, of: work, batch, milliseconds: now - start) }
            for finding in yield.findings { Environment.print("! \(work), \(finding)") }
            try keep(at: now)
        }
    }

    /// Writes down how far it is, and says it, if it is time to.
    private func keep(at now: Int64, isLast: Bool = false) throws {
        try state.withLock { state in
            if isLast || now - state.written >= Self.writeMilliseconds {
                state.progress.milliseconds += now - state.written
                state.written = now
                try state.progress.write(to: folder + "/progress")
            }
            if now - state.told >= Self.tellMilliseconds {
                state.told = now
                Environment.print(state.progress.line(of: options.goals))
            }
        }
    }
}
