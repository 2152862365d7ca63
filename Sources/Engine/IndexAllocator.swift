import Platform

/// Hands out derivation indices, so that requests can derive their addresses beside each other, before the
/// transaction that stores them.
///
/// An index is only taken for good when its destination is stored, and scripts are unique there: were two
/// processes to pick the same one, the second could not commit, and would pick again. After a restart the
/// store's own count is the floor, so nothing that was ever acknowledged comes again; and where the store
/// itself has gone back to a backup, the file beside it is.
final class IndexAllocator: Sendable {
    private struct State {
        var next: [String: Int64] = [:]
        /// Handed out, and not stored: the lowest goes out before a new one.
        var returned: [String: Set<Int64>] = [:]
        /// Below these nothing goes out any more, also of what comes back.
        var barred: [String: Int64] = [:]
        var file: IndexFile?
    }

    private let state = Lock(State())
    /// No other process moves the counts of the store.
    private let isAlone: Bool

    init(isAlone: Bool) { self.isAlone = isAlone }

    /// From here on no index is handed out that the file does not cover, and none below what it covers now.
    func keep(_ file: IndexFile) {
        state.withLock { state in
            for (key, covered) in file.covered { state.next[key] = max(state.next[key] ?? 0, covered) }
            state.file = file
        }
    }

    /// The next index of a key, at least `floor`, which is what the store has taken so far. Nil at the end.
    ///
    /// Writes the file first where that does not cover the index: then, once in so many, it waits for the
    /// disk under the lock, because nobody else can go on before either. Throws `FileError`.
    func take(_ fingerprint: String, floor: Int64, at uptime: Int64) throws -> UInt32? {
        try state.withLock { state in
            // Another process may have moved the count on for a reason that this one does not know.
            let least = isAlone ? state.barred[fingerprint] ?? 0 : floor
            if let index = state.returned[fingerprint]?.filter({ $0 >= least }).min() {
                state.returned[fingerprint]?.remove(index)
                return UInt32(index)
            }
            let index = max(state.next[fingerprint] ?? 0, floor)
            guard index < 1 << 31 else { return nil }
            try state.file?.cover(index, of: fingerprint, at: uptime)
            state.next[fingerprint] = index + 1
            return UInt32(index)
        }
    }

    /// Takes back an index that no transaction has stored, so that no gap stays in a wallet. Were one to
    /// store it after all, scripts are unique there, and whoever has it next picks again.
    func giveBack(_ taken: TakenIndex) {
        state.withLock { state in
            let count = state.returned[taken.fingerprint]?.count ?? 0
            guard count < EngineLimits.returnedIndices else { return }
            state.returned[taken.fingerprint, default: []].insert(Int64(taken.index))
        }
    }

    /// Hands out nothing below `next` any more: the count of a key was moved on.
    func bar(_ fingerprint: String, below next: Int64) {
        state.withLock { $0.barred[fingerprint] = max($0.barred[fingerprint] ?? 0, next) }
    }

    /// Writes down exactly what was handed out: nothing is skipped after a gentle end.
    func settle() throws {
        try state.withLock { state in
            let next = state.next
            try state.file?.settle(next)
        }
    }
}
