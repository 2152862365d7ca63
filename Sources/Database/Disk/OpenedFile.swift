internal import Platform

/// A file of a simulated disk that one connection has open.
final class OpenedFile: @unchecked Sendable {  // `isTemporary` is set before SQLite sees it
    private let disk: SimulatedDisk
    private let name: String
    private let holder: FileLocks.Holder
    var isTemporary = false

    init(_ disk: SimulatedDisk, _ name: String, _ holder: FileLocks.Holder) {
        (self.disk, self.name, self.holder) = (disk, name, holder)
    }

    var length: Int { disk.contents.withLock { [name] in $0.state.files[name]?.bytes.count ?? 0 } }

    /// Fills `target` with what there is, and gives how much that was; nil on a disk that is dead.
    func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) -> Int? {
        disk.contents.withLock { [name] contents in
            guard !contents.isDead else { return nil }
            guard let bytes = contents.state.files[name]?.bytes, offset < bytes.count else { return 0 }
            let count = min(target.count, bytes.count - offset)
            unsafe bytes.withUnsafeBytes { source in
                unsafe target.copyMemory(from: .init(rebasing: source[offset..<offset + count]))
            }
            return count
        }
    }

    func write(_ bytes: [UInt8], at offset: Int) -> DiskOutcome {
        disk.perform(.write(bytes, at: offset, to: name))
    }

    func truncate(to length: Int) -> DiskOutcome { disk.perform(.truncate(name, to: length)) }

    func synchronise() -> DiskOutcome { disk.perform(.synchronise(name)) }

    func close() {
        if isTemporary { _ = disk.delete(name, isDurable: false) }
        disk.contents.withLock { [name, holder] contents in
            contents.locks[name]?.unlock(holder, .none)
            contents.locks[name]?.unmap(holder)
        }
    }

    // MARK: Locks

    func lock(_ level: Int32) -> Bool {
        guard let level = FileLocks.Level(rawValue: level) else { return false }
        return disk.contents.withLock { [name, holder] contents in
            contents.locks[name, default: FileLocks()].lock(holder, level)
        }
    }

    func unlock(_ level: Int32) {
        guard let level = FileLocks.Level(rawValue: level) else { return }
        disk.contents.withLock { [name, holder] in $0.locks[name]?.unlock(holder, level) }
    }

    var isReserved: Bool { disk.contents.withLock { [name] in $0.locks[name]?.isReserved ?? false } }

    func lockSlots(_ slots: Range<Int>, isExclusive: Bool) -> Bool {
        disk.contents.withLock { [name, holder] contents in
            contents.locks[name, default: FileLocks()].lockSlots(holder, slots, isExclusive: isExclusive)
        }
    }

    func unlockSlots(_ slots: Range<Int>, isExclusive: Bool) {
        disk.contents.withLock { [name, holder] contents in
            contents.locks[name]?.unlockSlots(holder, slots, isExclusive: isExclusive)
        }
    }

    func region(_ number: Int, size: Int, extending: Bool) -> UnsafeMutableRawPointer? {
        unsafe disk.contents.withLock { [name, holder] contents in
            unsafe contents.locks[name, default: FileLocks()]
                .region(number, size: size, for: holder, extending: extending)
        }
    }

    /// Taking the mutex orders what was written to shared memory before it.
    func barrier() { disk.contents.withLock { _ in } }

    func unmap() { disk.contents.withLock { [name, holder] in $0.locks[name]?.unmap(holder) } }
}

extension SimulatedDisk {
    /// Opens a file; nil when it is not there and must not be made, or nothing works.
    func open(_ name: String?, isCreating: Bool) -> OpenedFile? {
        let opened: (name: String, holder: Int)? = contents.withLock { contents in
            guard !contents.isDead else { return nil }
            contents.opened += 1
            let name = name ?? "temporary-\(contents.opened)"
            if contents.state.files[name] == nil {
                guard isCreating || name.hasPrefix("temporary-") else { return nil }
                contents.state.make(name)
                contents.history?.append(.make(name))
            }
            return (name, contents.opened)
        }
        return opened.map { OpenedFile(self, $0.name, $0.holder) }
    }

    package func exists(_ name: String) -> Bool { contents.withLock { $0.state.files[name] != nil } }

    func delete(_ name: String, isDurable: Bool) -> DiskOutcome {
        perform(.remove(name, isDurable: isDurable))
    }

    func randomness(_ count: Int) -> [UInt8] {
        contents.withLock { contents in
            (0..<count).map { _ in
                contents.randomness &+= 0x9E37_79B9_7F4A_7C15
                return UInt8(truncatingIfNeeded: contents.randomness >> 29)
            }
        }
    }

    /// Counts an operation, shows the disk to who looks on, and does it unless it is planned to fail.
    func perform(_ operation: DiskOperation) -> DiskOutcome {
        contents.withLock { contents in
            guard !contents.isDead else { return .failed }
            let number = contents.operations
            contents.operations += 1
            contents.observer?(number, DiskSnapshot(state: contents.state))
            switch contents.faults.removeValue(forKey: number) {
            case nil: return contents.isFailing ? .failed : contents.carryOut(operation)
            case .crash:
                contents.isDead = true
                return .failed
            case .crashAfter:
                _ = contents.carryOut(operation)
                contents.isDead = true
                return .failed
            case .error: return .failed
            case .full: return .noRoom
            case .lostSync:
                if case .synchronise(let name) = operation { contents.state.loseSynchronisation(name) }
                return .failed
            }
        }
    }
}

extension SimulatedDisk.Contents {
    fileprivate mutating func carryOut(_ operation: DiskOperation) -> DiskOutcome {
        var operation = operation
        switch operation {
        case .write(let bytes, let offset, let name):
            let length = state.files[name]?.bytes.count ?? 0
            let isSpared = spared.map(name.hasSuffix) ?? false
            if isFull, !isSpared, !isInPlace || offset + bytes.count > length {
                refusals += 1
                return .noRoom
            }
        case .synchronise(let name):
            synchronisations += 1
            if let lies, name.contains(lies) { operation = .nothing }
        case .synchroniseNames: synchronisations += 1
        case .make, .truncate, .remove, .move, .nothing: break
        }
        history?.append(operation)
        state.apply(operation)
        return .done
    }
}
