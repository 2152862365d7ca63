/// A connection to a SQLite file with its prepared statements.
final class SQLiteSession: Session {
    private let handle: SQLiteHandle
    private let role: Role
    /// By the pieces of their SQL: looking one up takes no text that would have to be put together first.
    private var statements: [[String]: SQLiteStatement] = [:]
    private var uses = 0
    private(set) var isBroken = false

    init(_ handle: SQLiteHandle, _ role: Role) {
        self.handle = handle
        self.role = role
    }

    var dialect: Dialect { .sqlite }
    var isInTransaction: Bool { handle.isInTransaction }

    func begin() throws(DatabaseError) {
        switch role {
        case .writer: try control("BEGIN IMMEDIATE")
        case .reader: try control("BEGIN")
        }
    }

    func commit() throws(DatabaseError) {
        do {
            try control("COMMIT")
        } catch {
            switch error {
            case .full(let words):
                // The commit frame is the last that is written, so it is not there (but on a disk whose
                // sectors are filled up behind it); the engine has taken the transaction back, and the next
                // one is written over it. Nothing was synchronised that could be lost.
                throw .outcomeUnknown(words)
            case .ioFailed(let words), .corrupt(let words):
                // The commit frame may have reached the disk: a later opening may find it. And after a failed
                // fsync the kernel may have thrown the pages away, so trying again would report a success
                // that is none.
                isBroken = true
                throw .outcomeUnknown(words)
            case .constraint, .busy, .overloaded, .connectionLost, .outcomeUnknown, .ended, .mismatch,
                .unrepresentable, .locked, .migration, .closed, .misuse:
                throw error
            }
        }
    }

    func rollback() {
        guard isInTransaction else { return }
        do {
            try control("ROLLBACK")
        } catch {
            isBroken = true
        }
    }

    func savepoint(_ depth: Int) throws(DatabaseError) { try control("SAVEPOINT s\(depth)") }
    func release(_ depth: Int) throws(DatabaseError) { try control("RELEASE s\(depth)") }

    func rewind(_ depth: Int) throws(DatabaseError) {
        try control("ROLLBACK TO s\(depth)")
        try control("RELEASE s\(depth)")
    }

    func run(_ sql: SQL, _ visit: (Row) -> Bool) throws(DatabaseError) -> Int {
        let before = handle.totalChanges
        do {
            try statement(sql).run(sql.parameters, visit)
        } catch {
            // What the cache does not hold is written before the commit: a disk that fails then is no better
            // than one that fails later.
            if role == .writer, case .ioFailed = error { isBroken = true }
            throw error
        }
        // `changes` keeps the figure of the last statement that had one.
        return handle.totalChanges == before ? 0 : handle.lastChanges
    }

    func tidy(idle: Bool) {
        guard role == .writer, !isBroken else { return }
        let frames = handle.logFrames
        let isDue = handle.newFrames >= Limits.checkpointFrames
        guard isDue || (idle && handle.hasUncopiedFrames) else { return }
        do {
            if idle, frames >= Limits.truncatedLogFrames {
                try handle.checkpoint(.truncating)
            } else {
                try handle.checkpoint(isDue && frames >= Limits.restartedLogFrames ? .restarting : .plain)
            }
        } catch .full {
            // It lost nothing: all is in the log, and is copied when there is room again.
        } catch {
            isBroken = true
        }
    }

    func close() {
        statements = [:]
        handle.close()
    }

    private func control(_ text: String) throws(DatabaseError) {
        try statement(SQL(raw: text)).run([]) { _ in true }
    }

    private func statement(_ sql: SQL) throws(DatabaseError) -> SQLiteStatement {
        uses += 1
        if let known = statements[sql.pieces] {
            // Its rows are being read further up the stack: a second run needs a second statement.
            if known.isRunning { return try handle.prepare(sql.text(.sqlite)) }
            known.lastUse = uses
            return known
        }
        let statement = try handle.prepare(sql.text(.sqlite))
        statement.lastUse = uses
        if statements.count >= Limits.cachedStatements { forgetOldest() }
        statements[sql.pieces] = statement
        return statement
    }

    private func forgetOldest() {
        let idle = statements.filter { !$0.value.isRunning }
        guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
        statements[oldest.key] = nil
    }
}
