import CSQLite

/// The C handle of a connection: opens, configures, prepares, and translates errors.
@safe final class SQLiteHandle {
    private var database: OpaquePointer?
    /// Frames in the write-ahead log after this connection's last commit.
    private let frames: UnsafeMutablePointer<Int32>
    /// As many as there were when a checkpoint was last tried, and as many as it copied.
    private var triedFrames: Int32 = 0
    private var copiedFrames: Int32 = 0

    init(_ path: String, vfs: String?, role: Role) throws(DatabaseError) {
        unsafe frames = .allocate(capacity: 1)
        unsafe frames.initialize(to: 0)
        let access: Int32
        switch role {
        case .writer: access = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        case .reader: access = SQLITE_OPEN_READONLY
        }
        let flags = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        guard SQLiteLibrary.isReady else { throw .misuse("SQLite was used before it was set up") }
        let status = unsafe Self.open(path, &database, flags, vfs)
        guard status == SQLITE_OK else {
            let error = failure(status)
            close()
            throw error
        }
        do throws(DatabaseError) {
            try configure(role)
        } catch {
            close()
            throw error
        }
    }

    deinit {
        close()
        unsafe frames.deallocate()
    }

    func close() {
        // Statements are finalised before: a handle that still had some would linger (`close_v2` never
        // fails).
        unsafe sqlite3_close_v2(database)
        unsafe database = nil
    }

    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(database) == 0 }
    /// Frames in the write-ahead log.
    var logFrames: Int32 { unsafe frames.pointee }
    /// Frames that came since a checkpoint was last tried; all, when the log has started over.
    var newFrames: Int32 { logFrames < triedFrames ? logFrames : logFrames - triedFrames }
    /// Whether the log holds frames that the database does not.
    var hasUncopiedFrames: Bool { logFrames != copiedFrames }
    var lastChanges: Int { Int(unsafe sqlite3_changes64(database)) }
    var totalChanges: Int { Int(unsafe sqlite3_total_changes64(database)) }

    /// Compiles exactly one statement.
    func prepare(_ text: String) throws(DatabaseError) -> SQLiteStatement {
        var text = text
        var statement: OpaquePointer?
        var rest = 0
        let status = text.withUTF8 { bytes in
            // A pointer and a length, so that U+0000 inside is an error and not the end.
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                var tail: UnsafePointer<CChar>?
                let status = unsafe sqlite3_prepare_v3(
                    database, characters.baseAddress, Int32(clamping: characters.count),
                    UInt32(SQLITE_PREPARE_PERSISTENT), &statement, &tail)
                if let start = characters.baseAddress, let tail = unsafe tail {
                    rest = unsafe characters[(tail - start)...].count { !(0x09...0x20).contains($0) }
                }
                return status
            }
        }
        guard status == SQLITE_OK else { throw failure(status) }
        guard let prepared = unsafe statement, rest == 0 else {
            unsafe sqlite3_finalize(statement)
            throw .misuse("not exactly one statement: \(text)")
        }
        return unsafe SQLiteStatement(prepared, self)
    }

    /// What a checkpoint does beyond copying the write-ahead log into the database as far as readers allow.
    enum Copying {
        case plain
        /// Waits for readers, so that the next write begins the log anew. Without it a log whose readers
        /// always overlap only grows.
        case restarting
        /// Also cuts the file, if no reader has to be waited for.
        case truncating
    }

    func checkpoint(_ copying: Copying) throws(DatabaseError) {
        let mode: Int32
        switch copying {
        case .plain: mode = SQLITE_CHECKPOINT_PASSIVE
        case .restarting: mode = SQLITE_CHECKPOINT_RESTART
        case .truncating: mode = SQLITE_CHECKPOINT_TRUNCATE
        }
        let isWaiting = copying == .restarting
        unsafe sqlite3_busy_timeout(database, isWaiting ? Limits.restartMilliseconds : 0)
        var left: Int32 = 0
        var copied: Int32 = 0
        let status = unsafe sqlite3_wal_checkpoint_v2(database, "main", mode, &left, &copied)
        unsafe sqlite3_busy_timeout(database, Limits.sqliteBusyMilliseconds)
        switch status & 0xff {
        case SQLITE_OK, SQLITE_BUSY, SQLITE_LOCKED:
            if copying == .truncating, status == SQLITE_OK { unsafe frames.pointee = 0 }
            triedFrames = logFrames
            copiedFrames = min(copied, logFrames)
        case SQLITE_FULL:
            // Tried again when as much has come as makes one due, or when nothing else is to be done.
            triedFrames = logFrames
            throw failure(status)
        default: throw failure(status)
        }
    }

    private static func open(
        _ path: String, _ database: inout OpaquePointer?, _ flags: Int32, _ vfs: String?
    ) -> Int32 {
        guard let vfs else { return unsafe sqlite3_open_v2(path, &database, flags, nil) }
        return unsafe vfs.withCString { unsafe sqlite3_open_v2(path, &database, flags, $0) }
    }

    private func configure(_ role: Role) throws(DatabaseError) {
        unsafe sqlite3_busy_timeout(database, Limits.sqliteBusyMilliseconds)
        // A double-quoted word is a name, never a string; SQL cannot damage the schema table.
        unsafe csqlite_config(database, SQLITE_DBCONFIG_DQS_DML, 0)
        unsafe csqlite_config(database, SQLITE_DBCONFIG_DQS_DDL, 0)
        unsafe csqlite_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1)
        unsafe csqlite_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        var settings = [
            "PRAGMA foreign_keys=ON", "PRAGMA mmap_size=0", "PRAGMA cell_size_check=ON",
            "PRAGMA cache_size=-\(Limits.sqliteCacheKibibytes)", "PRAGMA wal_autocheckpoint=0",
        ]
        switch role {
        case .writer:
            // EXTRA while the mode changes: that is one commit with a rollback journal, and a journal whose
            // deletion the folder forgot would take back the file under the log.
            settings += [
                "PRAGMA synchronous=EXTRA", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
                "PRAGMA journal_size_limit=\(Limits.keptLogBytes)",
            ]
        case .reader:
            // The last connection to close would checkpoint; that is the writer's alone.
            unsafe csqlite_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        }
        for setting in settings {
            let status = unsafe sqlite3_exec(database, setting, nil, nil, nil)
            guard status == SQLITE_OK else { throw failure(status) }
        }
        guard role == .writer else { return }
        unsafe sqlite3_wal_hook(database, { context, _, _, count in
            unsafe context?.assumingMemoryBound(to: Int32.self).pointee = count
            return SQLITE_OK
        }, frames)
    }

    /// The error for a result code, with the engine's words.
    func failure(_ code: Int32) -> DatabaseError {
        let words = unsafe database.map { unsafe String(cString: sqlite3_errmsg($0)) } ?? "cannot open"
        switch code & 0xff {
        case SQLITE_CONSTRAINT: return constraint(code, words)
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_INTERRUPT: return .busy(words)
        case SQLITE_FULL: return .full(words)
        case SQLITE_IOERR, SQLITE_NOMEM, SQLITE_PROTOCOL, SQLITE_CANTOPEN, SQLITE_PERM:
            return .ioFailed("\(words) (SQLite code \(code))")
        case SQLITE_CORRUPT, SQLITE_NOTADB: return .corrupt(words)
        case SQLITE_TOOBIG, SQLITE_RANGE, SQLITE_MISMATCH: return .unrepresentable(words)
        default: return .misuse("\(words) (SQLite code \(code))")
        }
    }

    private func constraint(_ code: Int32, _ words: String) -> DatabaseError {
        // "UNIQUE constraint failed: shop.name": keep what follows the colon.
        let detail = words.firstIndex(of: ":").map { String(words[words.index($0, offsetBy: 2)...]) } ?? words
        return switch code {
        case csqlite_constraint_foreign_key: .constraint(.foreignKey, detail: detail)
        case csqlite_constraint_not_null: .constraint(.notNull, detail: detail)
        case csqlite_constraint_unique, csqlite_constraint_primary_key, csqlite_constraint_rowid:
            .constraint(.unique, detail: detail)
        default: .constraint(.check, detail: detail)
        }
    }
}
