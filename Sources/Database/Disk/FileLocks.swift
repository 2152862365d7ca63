/// The locks on one database file among the connections of one process, as SQLite's own VFS has them between
/// processes, and the memory that they share for the index of the write-ahead log.
@safe struct FileLocks: @unchecked Sendable {  // the regions are SQLite's to share
    /// Who holds a lock: a number per opened file.
    typealias Holder = Int

    private var shared: Set<Holder> = []
    private var reserved: Holder?
    private var pending: Holder?
    private var exclusive: Holder?

    private var sharedSlots: [Int: Set<Holder>] = [:]
    private var exclusiveSlots: [Int: Holder] = [:]

    /// The index of the log, in regions of 32 KiB. Freed with the last connection.
    private(set) var regions: [UnsafeMutableRawPointer] = unsafe []
    private var mapped: Set<Holder> = []

    /// SQLite's five levels.
    enum Level: Int32 { case none, shared, reserved, pending, exclusive }

    /// Whether the lock was had.
    mutating func lock(_ holder: Holder, _ level: Level) -> Bool {
        switch level {
        case .none: return true
        case .shared:
            if shared.contains(holder) { return true }
            guard pending ?? holder == holder, exclusive ?? holder == holder else { return false }
            shared.insert(holder)
            return true
        case .reserved:
            guard reserved ?? holder == holder else { return false }
            reserved = holder
            return true
        case .pending, .exclusive:
            guard pending ?? holder == holder, reserved ?? holder == holder else { return false }
            pending = holder
            guard shared.subtracting([holder]).isEmpty else { return false }
            exclusive = holder
            return true
        }
    }

    mutating func unlock(_ holder: Holder, _ level: Level) {
        if reserved == holder { reserved = nil }
        if pending == holder { pending = nil }
        if exclusive == holder { exclusive = nil }
        if level == .none { shared.remove(holder) }
    }

    var isReserved: Bool { reserved != nil || pending != nil || exclusive != nil }

    /// Whether the slots of the log's index were had.
    mutating func lockSlots(_ holder: Holder, _ slots: Range<Int>, isExclusive: Bool) -> Bool {
        for slot in slots {
            if let owner = exclusiveSlots[slot], owner != holder { return false }
            if isExclusive, !(sharedSlots[slot] ?? []).subtracting([holder]).isEmpty { return false }
        }
        for slot in slots {
            if isExclusive {
                exclusiveSlots[slot] = holder
            } else {
                sharedSlots[slot, default: []].insert(holder)
            }
        }
        return true
    }

    mutating func unlockSlots(_ holder: Holder, _ slots: Range<Int>, isExclusive: Bool) {
        for slot in slots {
            if isExclusive {
                if exclusiveSlots[slot] == holder { exclusiveSlots[slot] = nil }
            } else {
                sharedSlots[slot]?.remove(holder)
            }
        }
    }

    /// A region of the index; nil when it is not there and must not be made.
    mutating func region(
        _ number: Int, size: Int, for holder: Holder, extending: Bool
    ) -> UnsafeMutableRawPointer? {
        mapped.insert(holder)
        while unsafe regions.count <= number {
            guard extending else { return nil }
            let region = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4_096)
            unsafe region.initializeMemory(as: UInt8.self, repeating: 0, count: size)
            unsafe regions.append(region)
        }
        return unsafe regions[number]
    }

    mutating func unmap(_ holder: Holder) {
        mapped.remove(holder)
        guard mapped.isEmpty else { return }
        while let region = unsafe regions.popLast() { unsafe region.deallocate() }
    }
}
