package import Domain
internal import Platform

/// The sandbox's world: both networks, in memory, driven by commands and by nothing else.
///
/// Whoever drives it keeps the commands: `rehearse` one, store it, `apply` it, one at a time; at start,
/// replay them.
package final class SandboxWorld: Sendable {
    /// What the lock guards.
    private struct State: Sendable {
        var ledger = SandboxLedger()
        var listeners: [SandboxNetwork: [UInt64: AsyncStream<Void>.Continuation]] = [:]
        var nextListener: UInt64 = 0
    }

    private let state = Lock(State())

    /// A world with nothing in it but the genesis blocks.
    package init() {}

    /// The world that these commands made. Throws the fault of the first one that does not apply.
    package convenience init(replaying journal: some Sequence<SandboxCommand>) throws(ChainFault) {
        self.init()
        var ledger = SandboxLedger()
        for command in journal { _ = try ledger.apply(command) }
        let replayed = ledger
        state.withLock { $0.ledger = replayed }
    }

    /// Applies a command and wakes who listens. Throws `unusable` when it makes no sense, and changes nothing
    /// then.
    package func apply(_ command: SandboxCommand) throws(ChainFault) -> SandboxOutcome {
        let (outcome, listeners) = try state.withLock { state throws(ChainFault) in
            let outcome = try state.ledger.apply(command)
            return (outcome, state.listeners.values.flatMap(\.values))
        }
        for listener in listeners { listener.yield() }
        return outcome
    }

    /// What `apply` would answer now. Changes nothing.
    package func rehearse(_ command: SandboxCommand) throws(ChainFault) -> SandboxOutcome {
        var ledger = snapshot
        return try ledger.apply(command)
    }

    /// One of the two networks as the gateway sees it, with a process memory of its own.
    package func chain(on network: SandboxNetwork) -> SandboxChain { SandboxChain(network, in: self) }

    /// The sandbox's time at a real time in milliseconds: it never steps back.
    package func now(at real: Int64) -> Instant { state.withLock { $0.ledger.now(at: real) } }

    /// The newest transaction to a script, whatever has become of it; nil when none ever paid it.
    package func latest(to script: String, on network: SandboxNetwork) -> SandboxSight? {
        state.withLock { $0.ledger.story(network).latest(to: script) }
    }

    /// The height of the network's last block.
    package func tip(of network: SandboxNetwork) -> UInt64 {
        state.withLock { $0.ledger.story(network).tip.height }
    }

    /// The whole state as it stands; a value, so it can be looked at outside the lock.
    var snapshot: SandboxLedger { state.withLock { $0.ledger } }

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

/// A transaction as the sandbox's owner may see it.
package struct SandboxSight: Hashable, Sendable {
    /// Where it stands now.
    package enum Standing: Hashable, Sendable {
        case pooled
        case mined(height: UInt64)
        case gone
    }

    package let txid: String
    package let standing: Standing
}
