import Platform

/// Hands out derivation indices, so that requests can derive their addresses beside each other, before the
/// transaction that stores them.
///
/// An index is only taken for good when its destination is stored, and scripts are unique there: were two
/// processes to pick the same one, the second could not commit, and would pick again. After a restart the
/// store's own count is the floor, so nothing that was ever acknowledged comes again.
final class IndexAllocator: Sendable {
    private let next = Lock<[String: Int64]>([:])

    /// The next index of a key, at least `floor`, which is what the store has taken so far.
    func take(_ fingerprint: String, floor: Int64) -> UInt32? {
        next.withLock { next in
            let index = max(next[fingerprint] ?? 0, floor)
            guard index < 1 << 31 else { return nil }
            next[fingerprint] = index + 1
            return UInt32(index)
        }
    }
}
