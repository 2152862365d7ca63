/// Lets one through at a time, in the order in which they came: a lock for what waits in between.
///
/// Unlike `Worker` it keeps no thread, and unlike `Lock` it may be held across an `await`.
package final class Turnstile: Sendable {
    /// So many wait already that no more may.
    package struct Full: Error, Hashable, Sendable {
        package init() {}
    }

    private struct Waiter: Sendable {
        let number: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State: Sendable {
        var isTaken = false
        var last: UInt64 = 0
        var waiting: [Waiter] = []
    }

    private let room: Int
    private let state = Lock(State())

    /// - Parameter room: how many may wait while one is through.
    package init(room: Int) {
        precondition(room >= 0, "a turnstile has room for nobody or for some")
        self.room = room
    }

    /// How many wait.
    package var waiting: Int { state.withLock { $0.waiting.count } }

    /// Runs `body` while nobody else is through.
    ///
    /// Throws `Full`, `CancellationError` where the task was cancelled while it waited, and what `body`
    /// throws.
    package func pass<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await enter()
        defer { leave() }
        return try await body()
    }

    private func enter() async throws {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer = state.withLock { state -> Swift.Result<Void, any Error>? in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    guard state.isTaken else {
                        state.isTaken = true
                        return .success(())
                    }
                    guard state.waiting.count < room else { return .failure(Full()) }
                    state.waiting.append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            // Nobody there: it is through, or has not come yet and sees for itself that it is cancelled.
            let waiter = state.withLock { state -> Waiter? in
                state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    private func leave() {
        let next = state.withLock { state -> Waiter? in
            guard !state.waiting.isEmpty else {
                state.isTaken = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.continuation.resume()
    }
}
