package import Domain
import Platform

/// Who waits for payments to change: checkout pages, and the loop that delivers. In memory only; a change
/// that is missed here costs a moment, for everything lies in tables.
package final class Changes: Sendable {
    private struct State {
        var next: UInt64 = 0
        var listeners: [UInt64: @Sendable ([ID<Payment>]) -> Void] = [:]
    }

    private let state = Lock(State())

    package init() {}

    /// Calls `listener` with the payments of each commit, on whatever thread: it must be quick and must not
    /// call back.
    package func listen(_ listener: @escaping @Sendable ([ID<Payment>]) -> Void) {
        state.withLock { state in
            state.listeners[state.next] = listener
            state.next += 1
        }
    }

    /// How many are told of changes.
    var listenerCount: Int { state.withLock { $0.listeners.count } }

    func publish(_ ids: [ID<Payment>]) {
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners { listener(ids) }
    }

    /// One element after each commit that touched a payment; several commits may share one.
    package func stream() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            let number = state.next
            state.next += 1
            state.listeners[number] = { _ in continuation.yield() }
            return number
        }
        continuation.onTermination = { [state] _ in
            state.withLock { state in _ = state.listeners.removeValue(forKey: number) }
        }
        return stream
    }
}
