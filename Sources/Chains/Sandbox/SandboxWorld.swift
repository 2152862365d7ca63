package import Domain
internal import Platform

/// The sandbox's world: both networks, in memory, as the last durable command left them.
///
/// Whoever drives it applies commands to a copy of the `ledger`, stores them, and lets the world `adopt` the
/// copy then: what is not stored has not happened.
package final class SandboxWorld: Sendable {
    /// What the lock guards.
    private struct State: Sendable {
        var ledger: SandboxLedger
        var damage: String?
        var listeners: [SandboxNetwork: [UInt64: AsyncStream<Void>.Continuation]] = [:]
        var nextListener: UInt64 = 0
    }

    private let state: Lock<State>

    /// The world as it was kept; by default one with nothing in it but the genesis blocks.
    ///
    /// - Parameter damage: why what was kept tells no more than `ledger`: then the world stands still there.
    package init(_ ledger: SandboxLedger = SandboxLedger(), damage: String? = nil) {
        state = Lock(State(ledger: ledger, damage: damage))
    }

    /// Why the world stands still: what was kept of it does not read. Nil while all is well. Its networks are
    /// not heard then (unknown is not zero), and nothing can be done to it.
    package var damage: String? { state.withLock { $0.damage } }

    /// Lets the world stand still for good. Gives whether that is news.
    package func stop(_ damage: String) -> Bool {
        state.withLock { state in
            guard state.damage == nil else { return false }
            state.damage = damage
            return true
        }
    }

    /// Goes on to a later state and wakes who listens. An earlier one changes nothing: of two drivers, the
    /// second may be heard first, and it has done both.
    package func adopt(_ ledger: SandboxLedger) {
        let listeners = state.withLock { state in
            guard ledger.sequence > state.ledger.sequence else {
                return [AsyncStream<Void>.Continuation]()
            }
            state.ledger = ledger
            return state.listeners.values.flatMap(\.values)
        }
        for listener in listeners { listener.yield() }
    }

    /// One of the two networks as the gateway sees it, with a process memory of its own.
    package func chain(on network: SandboxNetwork) -> SandboxChain { SandboxChain(network, in: self) }

    /// The sandbox's time at a real time in milliseconds: it never steps back.
    package func now(at real: Int64) -> Instant { state.withLock { $0.ledger.now(at: real) } }

    /// The whole state as it stands; a value, so it can be looked at and gone on from outside the lock.
    package var ledger: SandboxLedger { state.withLock { $0.ledger } }

    /// Hints for one listener: one for every command, merged while nobody takes them.
    func hints(on network: SandboxNetwork) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(
            bufferingPolicy: .bufferingNewest(SandboxLimits.waitingHints))
        let number = state.withLock { state in
            state.nextListener += 1
            state.listeners[network, default: [:]][state.nextListener] = continuation
            return state.nextListener
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in state.listeners[network]?[number] = nil }
        }
        return stream
    }
}
