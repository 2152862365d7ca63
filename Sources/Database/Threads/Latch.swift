import Platform

/// Opens once, perhaps with a failure; tasks wait for it without holding a thread.
final class Latch: Sendable {
    private struct State {
        var isOpen = false
        var failure: DatabaseError?
        var waiting: [CheckedContinuation<DatabaseError?, Never>] = []
    }

    private let state = Lock(State())

    /// Opens the latch. Only the first call counts.
    func open(_ failure: DatabaseError? = nil) {
        let waiting = state.withLock { state in
            guard !state.isOpen else { return [CheckedContinuation<DatabaseError?, Never>]() }
            state.isOpen = true
            state.failure = failure
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: failure) }
    }

    /// Returns when the latch is open: the failure it was opened with, if any.
    func opened() async -> DatabaseError? {
        await withCheckedContinuation { continuation in
            let (isOpen, failure) = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return (state.isOpen, state.failure)
            }
            if isOpen { continuation.resume(returning: failure) }
        }
    }
}
