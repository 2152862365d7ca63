/// The files of a simulated disk: what programs see, and what of it would survive a loss of power.
struct DiskState: Sendable {
    /// One file. `bytes` is what a program reads; `pending` is what the disk has not promised yet.
    struct File: Sendable {
        /// Its own, under whatever name (its inode).
        var number: UInt64
        var bytes: [UInt8] = []
        var pending: [Change] = []
        /// Whether the name itself survives: after the first synchronisation.
        var isNamed = false
        /// A synchronisation failed: the system took the pages for written, and no later one writes them.
        var isLost = false
    }

    /// One change that is not synchronised, and how to take it back.
    struct Change: Sendable {
        /// Where it begins.
        let offset: Int
        /// What was written; nothing for a change of length.
        let new: [UInt8]
        /// What stood there before, as far as the file reached.
        let old: [UInt8]
        let oldLength: Int
        let newLength: Int
    }

    /// A name that a file got, before the folder was synchronised: a loss of power may take it back.
    struct Move: Sendable {
        let from: String
        let to: String
        /// What had the name until then.
        let replaced: File?
    }

    var files: [String: File] = [:]
    /// Deleted, but the folder was not synchronised: may be there again after a loss of power.
    var removed: [String: File] = [:]
    /// The oldest first.
    var moves: [Move] = []
    /// How many files there ever were.
    var made: UInt64 = 0

    mutating func make(_ name: String) {
        made += 1
        files[name] = File(number: made)
    }

    mutating func write(_ bytes: [UInt8], at offset: Int, to name: String) {
        if files[name] == nil { make(name) }
        guard var file = files[name] else { return }
        files[name] = nil  // so that the array below is not copied
        let length = file.bytes.count
        let end = offset + bytes.count
        let old = offset < length ? Array(file.bytes[offset..<min(end, length)]) : []
        if offset == length {
            file.bytes.append(contentsOf: bytes)
        } else {
            if end > length { file.bytes.resize(to: end) }
            file.bytes.put(bytes[...], at: offset)
        }
        file.pending.append(
            Change(offset: offset, new: bytes, old: old, oldLength: length, newLength: max(length, end)))
        files[name] = file
    }

    mutating func truncate(_ name: String, to length: Int) {
        guard var file = files[name], length < file.bytes.count else { return }
        files[name] = nil
        let old = Array(file.bytes[length...])
        file.pending.append(
            Change(offset: length, new: [], old: old, oldLength: file.bytes.count, newLength: length))
        file.bytes.removeLast(file.bytes.count - length)
        files[name] = file
    }

    mutating func synchronise(_ name: String) {
        guard var file = files[name], !file.isLost else { return }
        files[name] = nil
        file.pending = []
        file.isNamed = true
        files[name] = file
        removed[name] = nil
    }

    mutating func loseSynchronisation(_ name: String) { files[name]?.isLost = true }

    mutating func remove(_ name: String, durably: Bool) {
        guard let file = files.removeValue(forKey: name) else { return }
        if durably || !file.isNamed { removed[name] = nil } else { removed[name] = file }
    }

    mutating func move(_ from: String, to: String) {
        guard var file = files.removeValue(forKey: from) else { return }
        moves.append(Move(from: from, to: to, replaced: files[to]))
        // Whether the name survives is told by `moves` from here on.
        file.isNamed = true
        files[to] = file
    }

    /// Makes all names durable.
    mutating func synchroniseNames() {
        moves = []
        removed = [:]
        for name in files.keys { files[name]?.isNamed = true }
    }
}

/// One thing that changes a disk.
package enum DiskOperation: Sendable {
    /// An empty file. It counts as nothing: what is not written to is not missed.
    case make(String)
    case write([UInt8], at: Int, to: String)
    case truncate(String, to: Int)
    case synchronise(String)
    case remove(String, isDurable: Bool)
    case move(String, to: String)
    case synchroniseNames
    /// It was asked for, and the disk lied.
    case nothing
}

extension DiskState {
    mutating func apply(_ operation: DiskOperation) {
        switch operation {
        case .make(let name): make(name)
        case .write(let bytes, let offset, let name): write(bytes, at: offset, to: name)
        case .truncate(let name, let length): truncate(name, to: length)
        case .synchronise(let name): synchronise(name)
        case .remove(let name, let isDurable): remove(name, durably: isDurable)
        case .move(let from, let to): move(from, to: to)
        case .synchroniseNames: synchroniseNames()
        case .nothing: break
        }
    }
}

/// What a loss of power does to the changes that were not synchronised. A disk may write them in any order
/// and break off in the middle of one, but only between sectors.
package enum PowerLoss: Sendable {
    /// The process was killed and the machine lives: everything written is there.
    case none
    /// Nothing unsynchronised reached the disk.
    case all
    /// The first so many thousandths of them did, in order.
    case after(permille: Int)
    /// Each sector did or did not, by chance; the seed says which.
    case torn(seed: UInt64)
}

extension DiskState {
    /// The unit that a disk writes whole.
    static let sector = 512

    /// The disk as the next start finds it.
    func after(_ loss: PowerLoss) -> DiskState {
        var chance = Chance(loss)
        var before = self
        before.takeBackMoves(&chance)
        var next = DiskState()
        next.made = made
        for name in before.files.keys.sorted() {
            guard let file = before.files[name] else { continue }
            // A name that was never synchronised may be gone, with all that is in it.
            if !file.isNamed, !chance.keepsName() { continue }
            next.files[name] = file.survivor(&chance)
        }
        for name in removed.keys.sorted() where next.files[name] == nil {
            guard let file = removed[name], chance.bringsBack() else { continue }
            next.files[name] = file.survivor(&chance)
        }
        return next
    }

    /// The names of one folder become durable in the order in which they were given: those that did not are
    /// the last ones.
    private mutating func takeBackMoves(_ chance: inout Chance) {
        let kept = moves.prefix { _ in chance.keepsName() }.count
        for move in moves[kept...].reversed() {
            files[move.from] = files[move.to]
            files[move.to] = move.replaced
        }
    }

    /// The draws of one loss.
    fileprivate struct Chance {
        private let loss: PowerLoss
        private var state: UInt64

        init(_ loss: PowerLoss) {
            self.loss = loss
            if case .torn(let seed) = loss { state = seed } else { state = 0 }
        }

        /// Nothing is lost, and nothing is left to chance.
        var keepsAll: Bool { if case .none = loss { true } else { false } }

        mutating func keepsName() -> Bool {
            switch loss {
            case .none: true
            case .all: false
            case .after(let permille): permille > 500
            case .torn: coin()
            }
        }

        mutating func bringsBack() -> Bool {
            switch loss {
            case .none: false
            case .all: true
            case .after(let permille): permille <= 500
            case .torn: coin()
            }
        }

        /// Whether a sector of change `index` of `count` reached the disk.
        mutating func keeps(_ index: Int, of count: Int) -> Bool {
            switch loss {
            case .none: true
            case .all: false
            case .after(let permille): index * 1_000 < permille * count
            case .torn: coin()
            }
        }

        /// SplitMix64.
        private mutating func coin() -> Bool {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return (word ^ word >> 31) & 1 == 1
        }
    }
}

extension DiskState.File {
    fileprivate func survivor(_ chance: inout DiskState.Chance) -> DiskState.File {
        DiskState.File(number: number, bytes: after(&chance), isNamed: true)
    }

    /// What was promised, and of the rest what the disk happened to write.
    fileprivate func after(_ chance: inout DiskState.Chance) -> [UInt8] {
        if chance.keepsAll || pending.isEmpty { return bytes }
        var image = bytes
        for change in pending.reversed() { change.undo(in: &image) }
        for (index, change) in pending.enumerated() {
            guard !change.new.isEmpty else {
                if chance.keeps(index, of: pending.count) { image.resize(to: change.newLength) }
                continue
            }
            var start = 0
            while start < change.new.count {
                let place = change.offset + start
                let size = min(DiskState.sector - place % DiskState.sector, change.new.count - start)
                if chance.keeps(index, of: pending.count) {
                    if image.count < place + size { image.resize(to: place + size) }
                    image.put(change.new[start..<start + size], at: place)
                }
                start += size
            }
        }
        return image
    }
}

extension DiskState.Change {
    fileprivate func undo(in image: inout [UInt8]) {
        image.resize(to: oldLength)
        image.put(old[...], at: offset)
    }
}
