/// Every bound of this module, in one place.
enum Limits {
    /// Bytes of one text in a log line; the rest is cut.
    static let loggedTextBytes = 1_024
    /// Fields of one log line, with those of its context.
    static let loggedFields = 32
    /// Label sets of one metric; further ones are counted together as `other`.
    static let series = 500
    /// Bytes of the log that wait to be written; further lines are lost and counted.
    static let logBytes = 4 << 20
    /// For how long lines are gathered before they are written together.
    static let logPauseMicroseconds: UInt32 = 2_000
    /// How long the end of the process waits for somebody to read them.
    static let logFlushMilliseconds: Int64 = 2_000
    /// Jobs that may wait for a worker, unless it sets its own bound.
    static let workerQueue = 4_096
    /// Threads of one worker.
    static let workerThreads = 1...64
    /// First wait before a failed resident starts again.
    static let restartMilliseconds: Int64 = 200
    /// Longest wait before a failed resident starts again.
    static let restartCapMilliseconds: Int64 = 30_000
    /// A resident that ran this long counts as healthy again, and its next wait is the first one.
    static let stableMilliseconds: Int64 = 60_000
    /// Signals that may wait to be read.
    static let pendingSignals = 16
    /// Bytes asked of a file at a time.
    static let fileChunkBytes = 64 << 10
    /// A large file is copied in pieces of this size.
    static let copyChunkBytes = 1 << 20
    /// Folders that `Files.makeFolder` creates above each other.
    static let folderDepth = 64
    /// Lines of a child that is run to its end, and bytes of one of them.
    static let childOutputLines = 100_000
    static let childLineBytes = 1 << 20
    /// Bytes asked of a child's output at a time.
    static let childChunkBytes = 16 << 10
    /// Connections that may wait at a local socket, in the kernel and for whoever serves them.
    static let localBacklog = 16
    /// The wait before connections are taken again when the system has no descriptor for one.
    static let localPauseMicroseconds: UInt32 = 100_000
    /// Bytes of all environment variables, and of the path of a program.
    static let environmentBytes = 4 << 20
    static let pathBytes = 4_096
}
