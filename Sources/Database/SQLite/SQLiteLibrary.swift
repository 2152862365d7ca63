internal import CSQLite

/// The library's one-time setting.
enum SQLiteLibrary {
    /// Read it before the first call into SQLite. Safe from any thread, any number of times.
    ///
    /// Nobody asks how much memory SQLite has; counting it takes one mutex for all connections of the process
    /// at each allocation.
    static let isReady: Bool = csqlite_leave_memory_uncounted() == SQLITE_OK
}
