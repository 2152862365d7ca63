import Platform

/// Where a database is.
package enum DatabaseLocation: Sendable, Hashable {
    /// A file; the write-ahead log, its index and a lock file lie beside it. `vfs` names a registered SQLite
    /// VFS.
    case sqlite(String, vfs: String? = nil)
    /// A libpq connection URI, and the schema that holds the tables (created if missing; the server's default
    /// if nil).
    case postgres(String, schema: String? = nil)
}

/// A database: one writer that groups commits, and readers beside it that each see a snapshot.
///
/// All blocking happens on threads of its own. See docs/decisions/0002-one-writer.md.
package final class Database: Sendable {
    package let dialect: Dialect
    private let writes = JobQueue<any Job>(capacity: Limits.queuedWrites)
    private let reads = JobQueue<any Job>(capacity: Limits.queuedReads)
    private let writerEnd = Latch()
    private let readerEnds = Lock<[Latch]>([])
    /// Nil with threads.
    private let inline: Inline?

    private init(dialect: Dialect, inline: Inline? = nil) {
        self.dialect = dialect
        self.inline = inline
    }

    deinit {
        reads.close()
        writes.close()
    }

    /// Opens the database and all its connections; creates a missing SQLite file.
    ///
    /// Throws `DatabaseError`: `locked` when another process has the file open, `connectionLost` when
    /// PostgreSQL does not answer. `log` gets a line when a connection is given up or replaced.
    ///
    /// - Parameter readers: threads that read; 0 for no threads at all: then everything is done by whoever
    ///   asks, one after another, which is for simulations.
    package static func open(
        _ location: DatabaseLocation, readers: Int = 3, log: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> Database {
        precondition(Limits.readers.contains(readers), "readers out of bounds")
        let driver: any Driver
        let dialect: Dialect
        switch location {
        case .sqlite(let path, let vfs):
            driver = SQLiteDriver(path: path, vfs: vfs)
            dialect = .sqlite
        case .postgres(let uri, let schema):
            driver = try PostgresDriver(uri: uri, schema: schema)
            dialect = .postgres
        }
        if readers == 0 { return Database(dialect: dialect, inline: try Inline(driver, log)) }
        let database = Database(dialect: dialect)
        do {
            try await database.startWriter(driver, log)
            for _ in 0..<readers { try await database.startReader(driver, log) }
        } catch {
            await database.close()
            throw error
        }
        return database
    }

    /// Runs `body` in a transaction and commits it: durable when this returns.
    ///
    /// Atomicity: all of `body` or nothing. Commits have one order, and each sees all before it, over all
    /// processes. On failure: an error of `body`, or of its commit, is thrown, and nothing was done, except
    /// that `DatabaseError.outcomeUnknown` says that nobody knows. Cancelling the task does not stop the
    /// transaction.
    package func write<T: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> T
    ) async throws -> T {
        try await submit(body, to: writes) { $0.write($1) }
    }

    /// Runs `body` on one consistent snapshot that holds every write which had returned before.
    package func read<T: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> T
    ) async throws -> T {
        try await submit(body, to: reads) { $0.read($1) }
    }

    /// Looks at a snapshot, and writes what is to be written after it: durable when this returns.
    ///
    /// What `look` saw may be gone when `body` writes, so `body` must not depend on it but where the tables
    /// themselves refuse what does not fit. Where the writer has nothing to do and no other process writes,
    /// both run in its one transaction: one thread less is waited for. Promises and failures are those of
    /// `write`; on failure of `look` nothing was written.
    package func write<Seen: Sendable, T: Sendable>(
        after look: @escaping @Sendable (any Connection) throws -> Look<Seen, T>,
        _ body: @escaping @Sendable (any Connection, Seen) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, any Error>) in
            let both = PendingJob<T>(
                { connection in
                    switch try look(connection) {
                    case .settled(let outcome): outcome
                    case .open(let seen): try body(connection, seen)
                    }
                },
                { continuation.resume(with: $0) })
            if let inline { return inline.write(both) }
            if dialect == .sqlite, writes.putIfIdle(both) { return }
            let first = PendingJob<Look<Seen, T>>(look) { [writes] seen in
                switch seen {
                case .success(.settled(let outcome)): continuation.resume(returning: outcome)
                case .success(.open(let seen)):
                    Self.put(PendingJob({ try body($0, seen) }, { continuation.resume(with: $0) }), writes)
                case .failure(let error): continuation.resume(throwing: error)
                }
            }
            Self.put(first, reads)
        }
    }

    /// What a look at the database comes to.
    package enum Look<Seen: Sendable, Outcome: Sendable>: Sendable {
        /// There is nothing to write.
        case settled(Outcome)
        /// Something is to be written, by what was seen.
        case open(Seen)
    }

    /// Without threads: does what the writer does when nobody has asked it for anything for a while.
    package func rest() { inline?.rest() }

    /// Finishes what is queued, then closes the readers and at last the writer. Later calls get `closed`.
    package func close() async {
        if let inline { return inline.close() }
        reads.close()
        for end in readerEnds.withLock({ $0 }) { _ = await end.opened() }
        writes.close()
        _ = await writerEnd.opened()
    }

    private func submit<T: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> T, to queue: JobQueue<any Job>,
        orAt once: (Inline, any Job) -> Void
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let job = PendingJob(body) { continuation.resume(with: $0) }
            if let inline { once(inline, job) } else { Self.put(job, queue) }
        }
    }

    /// Queues a job, or tells it why not.
    private static func put(_ job: any Job, _ queue: JobQueue<any Job>) {
        do throws(DatabaseError) {
            try queue.put(job)
        } catch {
            job.answer(error)
        }
    }

    private func startWriter(_ driver: any Driver, _ log: @escaping @Sendable (String) -> Void) async throws {
        try await start(driver, .writer, writerEnd, log) { [writes] link in
            var writer = Writer(writes, link)
            writer.run()
        }
    }

    private func startReader(_ driver: any Driver, _ log: @escaping @Sendable (String) -> Void) async throws {
        let end = Latch()
        readerEnds.withLock { $0.append(end) }
        try await start(driver, .reader, end, log) { [reads] link in
            var reader = Reader(reads, link)
            reader.run()
        }
    }

    /// Starts a thread that connects and then works; returns when it has connected.
    private func start(
        _ driver: any Driver, _ role: Role, _ end: Latch,
        _ log: @escaping @Sendable (String) -> Void, _ work: @escaping @Sendable (Link) -> Void
    ) async throws {
        let connected = Latch()
        Thread.start {
            do throws(DatabaseError) {
                let link = try Link(driver, role, log: log)
                connected.open()
                work(link)
            } catch {
                connected.open(error)
            }
            end.open()
        }
        if let failure = await connected.opened() { throw failure }
    }
}
