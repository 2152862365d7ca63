/// SQLite in write-ahead mode with `synchronous=FULL`.
///
/// SQLite up to 3.51.2 can damage a database when two connections write or checkpoint at once. So one
/// connection writes and checkpoints, readers do neither, and a lock file keeps every other process of ours
/// out.
struct SQLiteDriver: Driver {
    let path: String
    /// The name of a registered VFS; nil for the system's. Fault injection enters here.
    let vfs: String?

    var reconnects: Bool { false }

    func connect(_ role: Role) throws(DatabaseError) -> any Session {
        switch role {
        case .writer:
            let lock = try FolderLock(path + ".lock")
            let handle = try SQLiteHandle(path, vfs: vfs, role: role)
            return SQLiteSession(handle, role, lock)
        case .reader:
            return SQLiteSession(try SQLiteHandle(path, vfs: vfs, role: role), role, nil)
        }
    }
}
