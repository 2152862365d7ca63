import Platform

/// The indices that one transaction took. Where it is undone, the next one has them: no address is skipped.
final class Takings: Sendable {
    private let taken = Lock<[TakenIndex]>([])
    private let indices: IndexAllocator

    init(_ indices: IndexAllocator) { self.indices = indices }

    func add(_ index: TakenIndex) { taken.withLock { $0.append(index) } }

    /// Nothing of the transaction was stored.
    func giveBack() {
        let taken = taken.withLock { taken in
            defer { taken = [] }
            return taken
        }
        for index in taken { indices.giveBack(index) }
    }
}

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
        /// For each key, the index below which the file on disk covers all; nil without a file.
        var covered: [String: Int64]?
    }

    private let state = Lock(State())
    /// Whoever writes it waits for the disk; who only takes what is covered waits for nobody.
    private let file = Lock<IndexFile?>(nil)
    /// Waits for the disk in everybody's place, for the files beside the database.
    let writer = Worker()
    private let queue = Lock(Queue())
    /// No other process moves the counts of the store.
    private let isAlone: Bool

    init(isAlone: Bool) { self.isAlone = isAlone }

    /// The file does not cover the next index of a key yet.
    struct Uncovered: Error {
        let key: String
        let index: Int64
    }

    /// Who waits until the file covers more. One job at a time writes it, for all of them.
    private struct Queue {
        var waiting: [(missing: Uncovered, continuation: CheckedContinuation<Void, any Error>)] = []
        var isWriting = false
    }

    private enum Take {
        case index(UInt32)
        case end
        case uncovered(Uncovered)
    }

    /// From here on no index is handed out that the file does not cover, and none below what it covers now.
    func keep(_ file: IndexFile) {
        state.withLock { state in
            for (key, covered) in file.covered { state.next[key] = max(state.next[key] ?? 0, covered) }
            state.covered = file.covered
        }
        self.file.withLock { $0 = file }
    }

    /// The next index of a key, at least `floor`, which is what the store has taken so far. Nil at the end.
    ///
    /// Never waits: throws `Uncovered` where the file has to be written first, once in so many.
    func take(_ key: String, floor: Int64) throws(Uncovered) -> UInt32? {
        switch next(key, floor) {
        case .index(let index): return index
        case .end: return nil
        case .uncovered(let missing): throw missing
        }
    }

    /// Waits until the file covers more of what was missing: it is written on a thread of its own, once for
    /// all who wait. Somebody who waits can take an index then, not all of them. Throws `FileError`, and
    /// `Worker.Refusal.queueFull` where too many wait.
    func cover(
        _ missing: Uncovered, at uptime: @autoclosure @escaping @Sendable () -> Int64
    ) async throws {
        try await withCheckedThrowingContinuation { continuation in
            let isFirst: Bool? = queue.withLock { queue in
                guard queue.waiting.count < EngineLimits.waitingForIndices else { return nil }
                queue.waiting.append((missing, continuation))
                defer { queue.isWriting = true }
                return !queue.isWriting
            }
            guard let isFirst else { return continuation.resume(throwing: Worker.Refusal.queueFull) }
            guard isFirst else { return }
            do throws(Worker.Refusal) {
                try writer.start { while self.coverNext(uptime) {} }
            } catch {
                finish(.failure(error))
            }
        }
    }

    /// Writes the file for all who wait now. Gives whether others have come meanwhile.
    private func coverNext(_ uptime: () -> Int64) -> Bool {
        let waiting = queue.withLock { queue in
            defer { queue.waiting = [] }
            return queue.waiting
        }
        let next = state.withLock { $0.next }
        var wanted: [String: Range<Int64>] = [:]
        for (missing, _) in waiting {
            let first = max(next[missing.key] ?? 0, missing.index)
            let known = wanted[missing.key]
            let start = max(known?.lowerBound ?? 0, first)
            wanted[missing.key] = start..<start + Int64(known?.count ?? 0) + 1
        }
        let outcome = Result {
            try file.withLock { file in
                try file?.cover(wanted, uptime: uptime)
                let covered = file?.covered
                state.withLock { $0.covered = covered }
            }
        }
        for (_, continuation) in waiting { continuation.resume(with: outcome) }
        return queue.withLock { queue in
            queue.isWriting = !queue.waiting.isEmpty
            return queue.isWriting
        }
    }

    /// Ends the wait of all, where nobody can write.
    private func finish(_ outcome: Result<Void, any Error>) {
        let waiting = queue.withLock { queue in
            defer { queue = Queue() }
            return queue.waiting
        }
        for (_, continuation) in waiting { continuation.resume(with: outcome) }
    }

    private func next(_ key: String, _ floor: Int64) -> Take {
        state.withLock { state in
            // Another process may have moved the count on for a reason that this one does not know.
            let least = isAlone ? state.barred[key] ?? 0 : floor
            if let index = state.returned[key]?.filter({ $0 >= least }).min() {
                state.returned[key]?.remove(index)
                return .index(UInt32(index))
            }
            let index = max(state.next[key] ?? 0, floor)
            guard index < 1 << 31 else { return .end }
            if let covered = state.covered, index >= covered[key] ?? 0 {
                return .uncovered(Uncovered(key: key, index: index))
            }
            state.next[key] = index + 1
            return .index(UInt32(index))
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
        try file.withLock { file in
            let next = state.withLock { $0.next }
            try file?.settle(next)
            let covered = file?.covered
            state.withLock { $0.covered = covered }
        }
    }
}
