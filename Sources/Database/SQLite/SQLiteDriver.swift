import Platform

/// SQLite in write-ahead mode with `synchronous=FULL`.
///
/// SQLite up to 3.51.2 can damage a database when two connections write or checkpoint at once. So one
/// connection writes and checkpoints, readers do neither, and a lock file keeps every other process of ours
/// out.
struct SQLiteDriver: Driver {
    let path: String
    /// The name of a registered VFS; nil for the system's. Fault injection enters here.
    let vfs: String?
    /// The claim on the file beside the database. Held until the database is closed or the process ends,
    /// also when the writer's connection was given up before that: readers still look at the file.
    private let claim = Lock<FileLock?>(nil)

    init(path: String, vfs: String?) {
        self.path = path
        self.vfs = vfs
    }

    var reconnects: Bool { false }

    func connect(_ role: Role) throws(DatabaseError) -> any Session {
        switch role {
        case .writer:
            let lock = try lockFile()
            try makeFile()
            let session = SQLiteSession(try SQLiteHandle(path, vfs: vfs, role: role), role)
            claim.withLock { $0 = lock }
            return session
        case .reader:
            return SQLiteSession(try SQLiteHandle(path, vfs: vfs, role: role), role)
        }
    }

    /// SQLite would make a file that everybody may read; what lies beside it takes its mode.
    private func makeFile() throws(DatabaseError) {
        guard vfs == nil else { return }
        do { try Files.make(path) } catch { throw .ioFailed("\(error)") }
    }

    func leave(_ role: Role) {
        if role == .writer { claim.withLock { $0 = nil } }
    }

    private func lockFile() throws(DatabaseError) -> FileLock {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { String(path[..<$0]) } ?? "."
        let name = slash.map { String(path[path.utf8.index(after: $0)...]) } ?? path
        do {
            return try FileLock(folder: folder, name: name + ".lock")
        } catch {
            throw error.isHeld ? .locked("\(path) is open elsewhere") : .ioFailed("\(error)")
        }
    }
}
