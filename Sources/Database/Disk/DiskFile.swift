internal import CSQLite

/// SQLite's view of an opened file: its own head, then ours.
@safe struct DiskFile {
    var base: sqlite3_file
    var opened: Unmanaged<OpenedFile>?

    /// Which kind of operation a result code is for.
    enum Operation { case write, truncate, synchronise, delete }

    /// The functions of an opened file, one table for all.
    nonisolated(unsafe) static let methods: UnsafePointer<sqlite3_io_methods> = {
        var table = sqlite3_io_methods()
        table.iVersion = 2
        unsafe table.xClose = { unsafe DiskFile.close($0) }
        unsafe table.xRead = { unsafe DiskFile.read($0, $1, $2, $3) }
        unsafe table.xWrite = { unsafe DiskFile.write($0, $1, $2, $3) }
        unsafe table.xTruncate = { file, size in
            unsafe DiskFile.opened(file)?.truncate(to: Int(size)).code(for: .truncate) ?? SQLITE_IOERR
        }
        unsafe table.xSync = { file, _ in
            unsafe DiskFile.opened(file)?.synchronise().code(for: .synchronise) ?? SQLITE_IOERR
        }
        unsafe table.xFileSize = { file, size in
            unsafe size?.pointee = Int64(DiskFile.opened(file)?.length ?? 0)
            return SQLITE_OK
        }
        unsafe table.xLock = { file, level in
            unsafe DiskFile.opened(file)?.lock(level) ?? false ? SQLITE_OK : SQLITE_BUSY
        }
        unsafe table.xUnlock = { file, level in
            unsafe DiskFile.opened(file)?.unlock(level)
            return SQLITE_OK
        }
        unsafe table.xCheckReservedLock = { file, answer in
            unsafe answer?.pointee = opened(file)?.isReserved ?? false ? 1 : 0
            return SQLITE_OK
        }
        unsafe table.xFileControl = { _, _, _ in SQLITE_NOTFOUND }
        unsafe table.xSectorSize = { _ in 4_096 }
        unsafe table.xDeviceCharacteristics = { _ in SQLITE_IOCAP_POWERSAFE_OVERWRITE }
        unsafe table.xShmMap = { unsafe DiskFile.map($0, $1, $2, $3, $4) }
        unsafe table.xShmLock = { unsafe DiskFile.lockIndex($0, $1, $2, $3) }
        unsafe table.xShmBarrier = { unsafe DiskFile.opened($0)?.barrier() }
        unsafe table.xShmUnmap = { file, _ in
            unsafe DiskFile.opened(file)?.unmap()
            return SQLITE_OK
        }
        let pointer = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        unsafe pointer.initialize(to: table)
        return unsafe UnsafePointer(pointer)
    }()

    private static func opened(_ file: UnsafeMutablePointer<sqlite3_file>?) -> OpenedFile? {
        unsafe file.flatMap { file in
            unsafe UnsafeMutableRawPointer(file).assumingMemoryBound(to: DiskFile.self)
                .pointee.opened?.takeUnretainedValue()
        }
    }

    private static func close(_ file: UnsafeMutablePointer<sqlite3_file>?) -> Int32 {
        guard let file = unsafe file else { return SQLITE_OK }
        let place = unsafe UnsafeMutableRawPointer(file).assumingMemoryBound(to: DiskFile.self)
        let opened = unsafe place.pointee.opened
        unsafe place.pointee.opened = nil
        unsafe opened?.takeRetainedValue().close()
        return SQLITE_OK
    }

    private static func read(
        _ file: UnsafeMutablePointer<sqlite3_file>?, _ target: UnsafeMutableRawPointer?, _ count: Int32,
        _ offset: Int64
    ) -> Int32 {
        guard let opened = unsafe opened(file), let target = unsafe target else { return SQLITE_IOERR }
        let buffer = unsafe UnsafeMutableRawBufferPointer(start: target, count: Int(count))
        guard let read = unsafe opened.read(into: buffer, at: Int(offset)) else {
            return SQLITE_IOERR | (1 << 8)  // SQLITE_IOERR_READ
        }
        guard read < Int(count) else { return SQLITE_OK }
        unsafe (target + read).initializeMemory(as: UInt8.self, repeating: 0, count: Int(count) - read)
        return SQLITE_IOERR | (2 << 8)  // SQLITE_IOERR_SHORT_READ: the rest is zero
    }

    private static func write(
        _ file: UnsafeMutablePointer<sqlite3_file>?, _ source: UnsafeRawPointer?, _ count: Int32,
        _ offset: Int64
    ) -> Int32 {
        guard let opened = unsafe opened(file), let source = unsafe source else { return SQLITE_IOERR }
        let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: source, count: Int(count)))
        return opened.write(bytes, at: Int(offset)).code(for: .write)
    }

    private static func map(
        _ file: UnsafeMutablePointer<sqlite3_file>?, _ number: Int32, _ size: Int32, _ isExtending: Int32,
        _ target: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Int32 {
        guard let opened = unsafe DiskFile.opened(file) else { return SQLITE_IOERR }
        unsafe target?.pointee = opened.region(Int(number), size: Int(size), extending: isExtending != 0)
        return SQLITE_OK
    }

    private static func lockIndex(
        _ file: UnsafeMutablePointer<sqlite3_file>?, _ first: Int32, _ count: Int32, _ flags: Int32
    ) -> Int32 {
        guard let opened = unsafe DiskFile.opened(file) else { return SQLITE_IOERR }
        let slots = Int(first)..<Int(first + count)
        let isExclusive = flags & SQLITE_SHM_EXCLUSIVE != 0
        if flags & SQLITE_SHM_UNLOCK != 0 {
            opened.unlockSlots(slots, isExclusive: isExclusive)
            return SQLITE_OK
        }
        return opened.lockSlots(slots, isExclusive: isExclusive) ? SQLITE_OK : SQLITE_BUSY
    }
}

/// How an operation on a simulated disk went.
enum DiskOutcome {
    case done, failed, noRoom

    /// SQLite's extended result code.
    func code(for operation: DiskFile.Operation) -> Int32 {
        switch self {
        case .done: return SQLITE_OK
        case .noRoom: return SQLITE_FULL
        case .failed:
            let detail: Int32 =
                switch operation {
                case .write: 3
                case .synchronise: 4
                case .truncate: 6
                case .delete: 10
                }
            return SQLITE_IOERR | (detail << 8)
        }
    }
}
