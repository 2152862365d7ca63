/// A clock that moves only when it is told to, for tests of loops and for the simulator.
///
///     let loop = Task { try await ticker.run() }
///     await clock.untilSleeping(1)      // the loop has gone to sleep
///     clock.advance(by: 60_000)         // and wakes
package final class ManualClock: Clock {
    private struct Sleeper {
        let id: Int
        let deadline: Int64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Watcher {
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now: Int64
        var uptime: Int64 = 0
        var nextID = 0
        var sleepers: [Sleeper] = []
        var watchers: [Watcher] = []
        /// Sleeps that were cancelled before they began.
        var cancelled: Set<Int> = []
    }

    private let state: Lock<State>

    package init(now: Int64 = 1_767_225_600_000) { state = Lock(State(now: now)) }

    package var now: Int64 { state.withLock { $0.now } }
    package var uptime: Int64 { state.withLock { $0.uptime } }

    /// How many tasks sleep on this clock.
    package var sleeping: Int { state.withLock { $0.sleepers.count } }

    /// The wait until the first sleeper wakes, in milliseconds; nil when nobody sleeps.
    package var untilNextWake: Int64? {
        state.withLock { state in state.sleepers.map(\.deadline).min().map { max(0, $0 - state.uptime) } }
    }

    package func sleep(milliseconds: Int64) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                begin(id, milliseconds, continuation)
            }
        } onCancel: {
            cancel(id)
        }
    }

    /// Moves both clocks forward; whoever's time comes on the way wakes, the earliest first, equals in the
    /// order in which they went to sleep. A task that sleeps again while this runs may have to be woken by
    /// the next call.
    package func advance(by milliseconds: Int64) {
        precondition(milliseconds >= 0, "time does not go back; step the wall clock instead")
        let target = uptime + milliseconds
        while let sleeper = takeNext(until: target) { sleeper.continuation.resume() }
        state.withLock { state in
            state.now += target - state.uptime
            state.uptime = target
        }
    }

    /// Moves the wall clock alone, in either direction, as an administrator or a time server does.
    package func step(by milliseconds: Int64) { state.withLock { $0.now += milliseconds } }

    /// Waits until at least `count` tasks sleep on this clock.
    package func untilSleeping(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.watchers.append(Watcher(count: count, continuation: continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    private func begin(
        _ id: Int, _ milliseconds: Int64, _ continuation: CheckedContinuation<Void, any Error>
    ) {
        enum Outcome { case asleep([Watcher]), cancelled, due }
        let outcome: Outcome = state.withLock { state in
            if state.cancelled.remove(id) != nil { return .cancelled }
            if milliseconds <= 0 { return .due }
            let deadline = state.uptime.addingReportingOverflow(milliseconds)
            let last = deadline.overflow ? Int64.max : deadline.partialValue
            state.sleepers.append(Sleeper(id: id, deadline: last, continuation: continuation))
            let seen = state.watchers.filter { $0.count <= state.sleepers.count }
            state.watchers.removeAll { $0.count <= state.sleepers.count }
            return .asleep(seen)
        }
        switch outcome {
        case .asleep(let watchers): for watcher in watchers { watcher.continuation.resume() }
        case .cancelled: continuation.resume(throwing: CancellationError())
        case .due: continuation.resume()
        }
    }

    private func cancel(_ id: Int) {
        let sleeper: Sleeper? = state.withLock { state in
            guard let place = state.sleepers.firstIndex(where: { $0.id == id }) else {
                // The handler may run before the sleep has begun; `begin` finds the mark. A mark set after
                // the sleep has ended is never looked at again.
                state.cancelled.insert(id)
                return nil
            }
            return state.sleepers.remove(at: place)
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }

    private func takeNext(until target: Int64) -> Sleeper? {
        state.withLock { state in
            let next = state.sleepers.indices.min {
                let (left, right) = (state.sleepers[$0], state.sleepers[$1])
                return (left.deadline, left.id) < (right.deadline, right.id)
            }
            guard let next, state.sleepers[next].deadline <= target else { return nil }
            let sleeper = state.sleepers.remove(at: next)
            state.now += sleeper.deadline - state.uptime
            state.uptime = sleeper.deadline
            return sleeper
        }
    }
}
