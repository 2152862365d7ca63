import Platform

/// Damaged rows that were passed over, each told once.
final class Damage: Sendable {
    private struct State {
        var told: Set<String> = []
        var count = 0
    }

    private let state = Lock(State())
    private let log: @Sendable (String) -> Void

    init(log: @escaping @Sendable (String) -> Void) { self.log = log }

    /// How many different ones there were, as far as they are remembered.
    var count: Int { state.withLock { $0.count } }

    func note(_ words: String) {
        let isNew = state.withLock { state in
            guard state.told.count < Limits.notedDamage, state.told.insert(words).inserted else {
                return false
            }
            state.count += 1
            return true
        }
        if isNew { log("database: " + words) }
    }
}
