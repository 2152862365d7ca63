import Platform

/// The callers of keys that were presented before, so that a request need not ask the store who it is.
///
/// Only for a store that no other process writes to. A revocation forgets all of them before it is answered;
/// the generation keeps a look-up that was under way meanwhile from bringing an old one back.
final class KnownCallers: Sendable {
    private struct State {
        var generation: UInt64 = 0
        var callers: [String: Caller] = [:]
    }

    private let state = Lock(State())

    /// The caller behind the hash of a key, if it is known, and the generation to keep it in if it is not.
    func look(_ hash: String) -> (caller: Caller?, generation: UInt64) {
        state.withLock { ($0.callers[hash], $0.generation) }
    }

    /// Remembers a caller that was looked up since `generation` was asked for.
    func keep(_ caller: Caller, _ hash: String, readIn generation: UInt64) {
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.callers.count >= EngineLimits.knownCallers { state.callers = [:] }
            state.callers[hash] = caller
        }
    }

    /// Forgets all of them.
    func forget() {
        state.withLock { state in
            state.generation += 1
            state.callers = [:]
        }
    }
}
