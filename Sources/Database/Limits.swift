/// Every bound of this module. A bound that is met is an error the caller sees, never a silent loss.
enum Limits {
    /// Writes that may wait for the writer before `DatabaseError.overloaded`.
    static let queuedWrites = 8_192
    /// Reads that may wait for a reader before `DatabaseError.overloaded`.
    static let queuedReads = 8_192
    /// Writes that share one commit: bounds how long the first of them waits for the last.
    static let writesPerBatch = 512
    /// Reader connections of one database with threads of their own; 0 means no threads at all.
    static let readers = 0...64
    /// Prepared statements kept by one connection; the least recently used goes first.
    static let cachedStatements = 256
    /// Parameters of one statement: SQLite's own bound, the lower of the two engines.
    static let parameters = 32_766
    /// Savepoints one transaction may hold inside one another.
    static let nestedAttempts = 16
    /// How long a thread with nothing to do waits before it tidies up.
    static let idleMilliseconds: Int64 = 500

    /// How long SQLite waits for a lock. Nobody else should hold one: the data folder is ours alone.
    static let sqliteBusyMilliseconds: Int32 = 5_000
    /// Page cache of one SQLite connection.
    static let sqliteCacheKibibytes = 16_000
    /// New frames in the write-ahead log after which the writer copies them into the database.
    static let checkpointFrames: Int32 = 2_000
    /// Frames after which the log has to start over, though readers have to be waited for.
    static let restartedLogFrames: Int32 = 8_000
    /// How long the writer waits for them. A reader that takes longer is waited for again after as many
    /// frames as make a checkpoint due.
    static let restartMilliseconds: Int32 = 1_000
    /// The write-ahead log is cut back to this size when a burst or a long reader made it grow.
    static let keptLogBytes = 32 << 20
    /// Frames after which the log is also cut when the writer is idle.
    static let truncatedLogFrames: Int32 = 8_000

    /// How long to wait for PostgreSQL to take a connection.
    static let connectSeconds = 10
    /// How long one statement, or the wait for the writers' lock, may take on PostgreSQL.
    static let statementMilliseconds = 30_000
    /// PostgreSQL ends a transaction that its client left open for this long.
    static let idleTransactionMilliseconds = 60_000
    /// How long sent bytes may stay unacknowledged before a PostgreSQL connection counts as lost.
    static let unacknowledgedMilliseconds = 20_000
    /// First and longest pause between attempts to connect again; it doubles in between.
    static let reconnectMilliseconds: ClosedRange<Int64> = 50...5_000

    /// The name of a file, as it is noted while a database is replaced.
    static let pathBytes = 8_192
}
