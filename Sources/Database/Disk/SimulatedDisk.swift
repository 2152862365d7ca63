internal import Platform

/// A disk in memory that a SQLite database can lie on: it counts what is done to it, fails where it is told
/// to, and can be looked at as a loss of power would have left it.
///
///     let disk = SimulatedDisk()
///     let store = try await Store.open(.sqlite(path, vfs: disk.name))
///     let next = disk.next(after: .torn(seed: 7))      // what the machine finds when it starts again
///
/// Readers and the writer of one process may use it together; a second process is a second disk. The file
/// that keeps other processes out is a real one, beside `path`.
package final class SimulatedDisk: Sendable {
    /// The name under which SQLite knows it.
    package let name: String
    let contents: Lock<Contents>

    struct Contents: Sendable {
        var state = DiskState()
        var locks: [String: FileLocks] = [:]
        var operations = 0
        var synchronisations = 0
        var opened = 0
        var faults: [Int: DiskFault] = [:]
        var isFailing = false
        var isDead = false
        var isFull = false
        var lies: String?
        /// The end of the names of those files that find room on a full disk, whether all others find it as
        /// far as they reach, and how often there was none.
        var spared: String?
        var isInPlace = true
        var refusals = 0
        /// Called with the number of an operation before it happens.
        var observer: (@Sendable (Int, DiskSnapshot) -> Void)?
        var randomness: UInt64 = 0
        /// What was done, if it is kept.
        var history: [DiskOperation]?
    }

    /// An empty disk.
    package convenience init() { self.init(DiskState()) }

    /// A disk with these files.
    package convenience init(_ snapshot: DiskSnapshot) { self.init(snapshot.state) }

    private init(_ state: DiskState) {
        name = "quittance-disk-\(Self.numbers.withLock { $0 += 1; return $0 })"
        contents = Lock(Contents(state: state))
        register()
    }

    deinit { SimulatedVFS.unregister(name) }

    private static let numbers = Lock(0)

    /// How many things were done that change it: creations, writes, cuts, synchronisations, deletions.
    package var operations: Int { contents.withLock { $0.operations } }

    /// How often something was synchronised: the slow part on a real disk.
    package var synchronisations: Int { contents.withLock { $0.synchronisations } }

    /// Whether a planned crash has come: nothing works any more.
    package var isDead: Bool { contents.withLock { $0.isDead } }

    /// Has the operation of that number, counted from 0 since the disk was made, fail.
    package func plan(_ fault: DiskFault, at operation: Int) {
        contents.withLock { $0.faults[operation] = fault }
    }

    /// Whether every operation fails, and has not happened.
    package func setFailing(_ isFailing: Bool) { contents.withLock { $0.isFailing = isFailing } }

    /// Whether no write that makes a file longer succeeds, but of files whose names end with `spared`; nor,
    /// where it does not write `inPlace`, any other: then a new place is sought for whatever is written.
    package func setFull(_ isFull: Bool, sparing spared: String? = nil, inPlace: Bool = true) {
        contents.withLock { ($0.isFull, $0.spared, $0.isInPlace) = (isFull, spared, inPlace) }
    }

    /// How many writes have found no room on the full disk.
    package var refusals: Int { contents.withLock { $0.refusals } }

    /// Has it say that files are synchronised whose names contain `name`, and not do it. Names of files it
    /// keeps all the same.
    package func lie(about name: String) { contents.withLock { $0.lies = name } }

    /// Nothing works from now on, as if the process had been killed.
    package func kill() { contents.withLock { $0.isDead = true } }

    /// Calls `observer` before each operation with its number and the disk as it is then. It must be quick.
    package func observe(_ observer: @escaping @Sendable (Int, DiskSnapshot) -> Void) {
        contents.withLock { $0.observer = observer }
    }

    /// Keeps all that is done from now on, in place of what was kept before.
    package func record() { contents.withLock { $0.history = [] } }

    /// How much was done since `record`.
    package var recorded: Int { contents.withLock { $0.history?.count ?? 0 } }

    /// What was done since `record`, on a disk that was like `start` then.
    package func history(from start: DiskSnapshot) -> DiskHistory {
        DiskHistory(start: start, operations: contents.withLock { $0.history ?? [] })
    }

    /// The disk as it is.
    package var snapshot: DiskSnapshot { contents.withLock { DiskSnapshot(state: $0.state) } }

    /// A new disk, as the machine finds it when it starts again.
    package func next(after loss: PowerLoss) -> SimulatedDisk { SimulatedDisk(snapshot.after(loss)) }

    private func register() { SimulatedVFS.register(self) }
}

/// All files of a disk at one moment.
package struct DiskSnapshot: Sendable {
    var state: DiskState

    /// What a loss of power at that moment leaves.
    package func after(_ loss: PowerLoss) -> DiskSnapshot { DiskSnapshot(state: state.after(loss)) }

    /// The same with the files whose names begin with `name` as `other` has them.
    package func replacing(filesOf name: String, by other: DiskSnapshot) -> DiskSnapshot {
        var next = self
        next.state.files = state.files.filter { !$0.key.hasPrefix(name) }
        for (path, file) in other.state.files where path.hasPrefix(name) { next.state.files[path] = file }
        return next
    }

    /// How many changes are not synchronised.
    package var pending: Int { state.files.values.reduce(0) { $0 + $1.pending.count } }
}

/// All that was done to a disk, so that every state in between can be looked at again.
package struct DiskHistory: Sendable {
    package let start: DiskSnapshot
    package let operations: [DiskOperation]

    /// A walk through the states, from the first one on.
    package struct Walk: Sendable {
        package private(set) var disk: DiskSnapshot
        private var left: ArraySlice<DiskOperation>

        init(_ history: DiskHistory) { (disk, left) = (history.start, history.operations[...]) }

        /// The state after the next operation; false where there is none.
        package mutating func step() -> Bool {
            guard let operation = left.popFirst() else { return false }
            disk.state.apply(operation)
            return true
        }
    }

    package var walk: Walk { Walk(self) }
}

/// What goes wrong with one operation.
package enum DiskFault: Sendable, CaseIterable {
    /// The process ends before it happens.
    case crash
    /// It fails, and has not happened.
    case error
    /// There is no room.
    case full
    /// A synchronisation fails, and what should have been synchronised is lost at the next loss of power,
    /// whatever is synchronised afterwards; for other operations as `error`.
    case lostSync
    /// It happens, and the process ends before it hears of it.
    case crashAfter
}
