internal import CSQLite

/// The library's one-time settings.
enum SQLiteLibrary {
    /// Read it before the first call into SQLite. Safe from any thread, any number of times.
    ///
    /// Nobody asks how much memory SQLite has; counting it takes one mutex for all connections of the process
    /// at each allocation.
    ///
    /// Beyond 64 KiB of what a savepoint may have to undo, which one payment's commit has, SQLite would make
    /// a file in `/var/tmp` or wherever it finds a place: another disk that may be full while ours is well.
    static let isReady: Bool =
        csqlite_leave_memory_uncounted() == SQLITE_OK && csqlite_undo_from_memory() == SQLITE_OK
}
