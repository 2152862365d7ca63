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
        var file: IndexFile?
    }

    private let state = Lock(State())

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
            let index = max(state.next[fingerprint] ?? 0, floor)
            guard index < 1 << 31 else { return nil }
            try state.file?.cover(index, of: fingerprint, at: uptime)
            state.next[fingerprint] = index + 1
            return UInt32(index)
        }
    }

    /// Writes down exactly what was handed out: nothing is skipped after a gentle end.
    func settle() throws {
        try state.withLock { state in
            let next = state.next
            try state.file?.settle(next)
        }
    }
}
