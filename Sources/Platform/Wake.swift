/// Wakes one loop early. A wake that comes while nobody waits is kept for the next wait; several count as
/// one.
///
/// (An `AsyncStream` does not serve: a wait that is given up, as by a time-out, ends the stream for good.)
package final class Wake: Sendable {
    private struct State: Sendable {
        var isPending = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Lock(State())

    package init() {}

    /// Wakes whoever waits, or else the next who does.
    package func wake() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiter = state.waiter else {
                state.isPending = true
                return nil
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume()
    }

    /// Returns at a wake, after `milliseconds`, or when the task is cancelled, whichever comes first. One
    /// waiter at a time.
    package func wait(milliseconds: Int64, _ clock: any Clock) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await clock.sleep(milliseconds: milliseconds) } catch { return }
            }
            group.addTask { await self.waitForWake() }
            await group.next()
            group.cancelAll()
        }
    }

    private func waitForWake() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state -> Bool in
                    if state.isPending || Task.isCancelled {
                        state.isPending = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
                let waiter = state.waiter
                state.waiter = nil
                return waiter
            }
            waiter?.resume()
        }
    }
}
