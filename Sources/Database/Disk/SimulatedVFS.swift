internal import CLinux
internal import CSQLite
internal import Platform

/// Makes simulated disks known to SQLite: the functions of a VFS, each a few lines over `SimulatedDisk`.
/// See the header of `sqlite3.h` for what each must do.
enum SimulatedVFS {
    /// What is kept for as long as SQLite may call: the VFS and the disk behind it.
    @safe private struct Registration: @unchecked Sendable {  // touched under the lock of `registrations`
        let vfs: UnsafeMutablePointer<sqlite3_vfs>
        let name: UnsafeMutablePointer<CChar>
        let link: Unmanaged<DiskLink>
    }

    private static let registrations = Lock<[String: Registration]>([:])

    static func register(_ disk: SimulatedDisk) {
        precondition(SQLiteLibrary.isReady, "SQLite was used before it was set up")
        let characters = Array(disk.name.utf8CString)
        let name = UnsafeMutablePointer<CChar>.allocate(capacity: characters.count)
        unsafe name.initialize(from: characters, count: characters.count)
        let link = unsafe Unmanaged.passRetained(DiskLink(disk))
        var table = unsafe sqlite3_vfs()
        unsafe table.iVersion = 2
        unsafe table.szOsFile = Int32(MemoryLayout<DiskFile>.size)
        unsafe table.mxPathname = 1_024
        unsafe table.zName = UnsafePointer(name)
        unsafe table.pAppData = link.toOpaque()
        unsafe table.xOpen = { unsafe SimulatedVFS.open($0, $1, $2, $3, $4) }
        unsafe table.xDelete = { unsafe SimulatedVFS.delete($0, $1, $2) }
        unsafe table.xAccess = { unsafe SimulatedVFS.access($0, $1, $2, $3) }
        unsafe table.xFullPathname = { unsafe SimulatedVFS.fullPath($1, $2, $3) }
        unsafe table.xRandomness = { unsafe SimulatedVFS.randomness($0, $1, $2) }
        // Really sleeps: SQLite tries a lock so many times, and whoever holds it may have lost the processor.
        unsafe table.xSleep = { _, microseconds in
            usleep(UInt32(clamping: microseconds))
            return microseconds
        }
        unsafe table.xGetLastError = { _, _, _ in 0 }
        // 2026-01-01: nothing that is stored comes from here.
        unsafe table.xCurrentTimeInt64 = { _, time in
            unsafe time?.pointee = 212_634_072_000_000
            return SQLITE_OK
        }
        let vfs = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        unsafe vfs.initialize(to: table)
        unsafe sqlite3_vfs_register(vfs, 0)
        let registration = unsafe Registration(vfs: vfs, name: name, link: link)
        registrations.withLock { $0[disk.name] = registration }
    }

    static func unregister(_ name: String) {
        guard let gone = registrations.withLock({ $0.removeValue(forKey: name) }) else { return }
        unsafe sqlite3_vfs_unregister(gone.vfs)
        unsafe gone.link.release()
        unsafe gone.vfs.deallocate()
        unsafe gone.name.deallocate()
    }

    // MARK: The functions

    private static func disk(_ vfs: UnsafeMutablePointer<sqlite3_vfs>?) -> SimulatedDisk? {
        guard let data = unsafe vfs?.pointee.pAppData else { return nil }
        return unsafe Unmanaged<DiskLink>.fromOpaque(data).takeUnretainedValue().disk
    }

    private static func open(
        _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ path: UnsafePointer<CChar>?,
        _ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32, _ outFlags: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        guard let disk = unsafe disk(vfs), let file = unsafe file else { return SQLITE_CANTOPEN }
        unsafe file.pointee.pMethods = nil
        let name = unsafe path.map { unsafe String(cString: $0) }
        guard let opened = disk.open(name, isCreating: flags & SQLITE_OPEN_CREATE != 0) else {
            return SQLITE_CANTOPEN
        }
        if flags & SQLITE_OPEN_DELETEONCLOSE != 0 { opened.isTemporary = true }
        unsafe UnsafeMutableRawPointer(file).assumingMemoryBound(to: DiskFile.self)
            .initialize(to: DiskFile(
                base: sqlite3_file(pMethods: DiskFile.methods), opened: Unmanaged.passRetained(opened)))
        unsafe outFlags?.pointee = flags
        return SQLITE_OK
    }

    private static func delete(
        _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ path: UnsafePointer<CChar>?, _ isDurable: Int32
    ) -> Int32 {
        guard let disk = unsafe disk(vfs), let path = unsafe path else { return SQLITE_ERROR }
        return disk.delete(unsafe String(cString: path), isDurable: isDurable != 0).code(for: .delete)
    }

    private static func access(
        _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ path: UnsafePointer<CChar>?, _ flags: Int32,
        _ answer: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        guard let disk = unsafe disk(vfs), let path = unsafe path else { return SQLITE_ERROR }
        unsafe answer?.pointee = disk.exists(unsafe String(cString: path)) ? 1 : 0
        return SQLITE_OK
    }

    private static func fullPath(
        _ path: UnsafePointer<CChar>?, _ capacity: Int32, _ target: UnsafeMutablePointer<CChar>?
    ) -> Int32 {
        guard let path = unsafe path, let target = unsafe target else { return SQLITE_CANTOPEN }
        let length = unsafe String(cString: path).utf8.count
        guard length < capacity else { return SQLITE_CANTOPEN }
        unsafe target.update(from: path, count: length + 1)
        return SQLITE_OK
    }

    private static func randomness(
        _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ count: Int32, _ target: UnsafeMutablePointer<CChar>?
    ) -> Int32 {
        guard let disk = unsafe disk(vfs), let target = unsafe target else { return 0 }
        for (index, byte) in disk.randomness(Int(count)).enumerated() {
            unsafe target[index] = CChar(bitPattern: byte)
        }
        return count
    }
}

/// Keeps SQLite's pointer from keeping the disk.
private final class DiskLink: Sendable {
    private let reference: Lock<WeakDisk>
    init(_ disk: SimulatedDisk) { reference = Lock(WeakDisk(disk: disk)) }
    var disk: SimulatedDisk? { reference.withLock { $0.disk } }
}

private struct WeakDisk: Sendable {
    weak let disk: SimulatedDisk?
}
