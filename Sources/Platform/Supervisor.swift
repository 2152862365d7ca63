/// A long-running part of the process: a server, a watcher, a loop.
package protocol Resident: Sendable {
    /// A word for logs and health.
    var name: String { get }

    /// Whether the process cannot do its work without it; then its end, for whatever reason, ends the
    /// supervisor.
    var isEssential: Bool { get }

    /// Works until the task is cancelled, and then returns or throws `CancellationError` soon. Returning
    /// before that means that the work is done; any other error is a failure.
    func run() async throws
}

extension Resident {
    package var isEssential: Bool { false }
}

/// An error that knows whether trying again may help. Errors that do not conform are tried again.
package protocol FatefulError: Error {
    /// Whether trying again would do harm or no good, as after corruption: the resident stays down.
    var isFatal: Bool { get }
}

/// Runs residents, starts those again that fail, and stops them all in the reverse order of their start.
package final class Supervisor: Sendable {
    /// How a resident is doing.
    package struct Health: Sendable, Hashable {
        /// `stopped` is also the state before the start.
        package enum State: String, Sendable { case running, restarting, stopped }

        package let name: String
        package internal(set) var state: State
        package internal(set) var restarts = 0
        /// The type of the last error, without its text, which may be long or private.
        package internal(set) var lastError: String?
    }

    /// An essential resident has ended. `lastError` is the type of its error, nil when it just returned.
    package struct EssentialResidentEnded: Error, Sendable, Hashable {
        package let name: String
        package let lastError: String?

        package init(name: String, lastError: String?) {
            self.name = name
            self.lastError = lastError
        }
    }

    private let residents: [any Resident]
    private let clock: any Clock
    private let entropy: any Entropy
    private let log: Log
    private let states: Lock<[Health]>

    package init(
        _ residents: [any Resident], clock: any Clock = SystemClock(),
        entropy: any Entropy = SystemEntropy(), log: Log
    ) {
        self.residents = residents
        self.clock = clock
        self.entropy = entropy
        self.log = log
        states = Lock(residents.map { Health(name: $0.name, state: .stopped) })
    }

    /// How each resident is doing, in the order of their start.
    package var health: [Health] { states.withLock { $0 } }

    /// Whether all residents run.
    package var isHealthy: Bool { health.allSatisfy { $0.state == .running } }

    /// Runs until it is cancelled, until all residents are done, or until an essential one has ended; then
    /// stops those that still run, the last one first, each before the next.
    ///
    /// Throws `EssentialResidentEnded`; cancellation is the ordinary end and throws nothing.
    package func run() async throws {
        let (ended, report) = AsyncStream.makeStream(of: Int.self)
        // These tasks are not children of this one: a group would cancel all of them at once, and the server
        // has to stop taking work before the loops stop doing it.
        let tasks = residents.indices.map { index in
            Task {
                await keep(index)
                report.yield(index)
            }
        }
        var failure: EssentialResidentEnded?
        var remaining = residents.count
        if remaining == 0 { report.finish() }
        for await index in ended {
            remaining -= 1
            if residents[index].isEssential {
                let name = residents[index].name
                failure = EssentialResidentEnded(name: name, lastError: health[index].lastError)
            }
            if failure != nil || remaining == 0 { break }
        }
        for task in tasks.reversed() {
            task.cancel()
            await task.value
        }
        if let failure, !Task.isCancelled { throw failure }
    }

    /// Runs one resident until it is done, cancelled or failed for good.
    private func keep(_ index: Int) async {
        let resident = residents[index]
        var backoff = Backoff(
            firstMilliseconds: Limits.restartMilliseconds, capMilliseconds: Limits.restartCapMilliseconds)
        defer { change(index) { $0.state = .stopped } }
        while !Task.isCancelled {
            change(index) { $0.state = .running }
            let start = clock.uptime
            do {
                try await resident.run()
                return log.info("\("resident", resident.name) is done")
            } catch is CancellationError where Task.isCancelled {
                return
            } catch {
                change(index) { $0.lastError = String(describing: type(of: error)) }
                if (error as? any FatefulError)?.isFatal == true {
                    return log.error("\("resident", resident.name) is stopped for good by \("error", error)")
                }
                if clock.uptime - start >= Limits.stableMilliseconds { backoff.reset() }
                await pause(index, error, backoff.next(entropy))
            }
        }
    }

    private func pause(_ index: Int, _ error: any Error, _ wait: Int64) async {
        let name = residents[index].name
        log.warning("\("resident", name) failed with \("error", error), again in \("wait_ms", wait) ms")
        change(index) {
            $0.state = .restarting
            $0.restarts += 1
        }
        // Cancelled or not, the loop around this looks for itself.
        do { try await clock.sleep(milliseconds: wait) } catch { return }
    }

    private func change(_ index: Int, _ body: (inout Health) -> Void) {
        states.withLock { body(&$0[index]) }
    }
}
