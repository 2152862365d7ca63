/// A connection to PostgreSQL with its prepared statements.
final class PostgresSession: Session {
    private struct Prepared {
        var name: String
        var lastUse: Int
    }

    private let handle: PostgresHandle
    private let role: Role
    private let lockKey: Int64
    private var statements: [String: Prepared] = [:]
    private var uses = 0
    /// The last job's savepoint still stands; it goes in the round trip that sets the next one, or with the
    /// commit.
    private var releaseIsDue = false

    init(_ handle: PostgresHandle, _ role: Role, lockKey: Int64) {
        self.handle = handle
        self.role = role
        self.lockKey = lockKey
    }

    var dialect: Dialect { .postgres }
    var isBroken: Bool { handle.isBroken }
    var isInTransaction: Bool { handle.isInTransaction }

    func begin() throws(DatabaseError) {
        releaseIsDue = false
        switch role {
        case .writer:
            // READ COMMITTED: every statement after the lock sees all that was committed before it was
            // granted.
            try handle.control("""
                BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock(\(lockKey))
                """)
        case .reader: try handle.control("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        }
    }

    func commit() throws(DatabaseError) {
        let tag: String
        do {
            tag = try handle.control("COMMIT")
        } catch .connectionLost(let words) {
            throw .outcomeUnknown(words)
        }
        // The server answers ROLLBACK, and no error, to the COMMIT of a transaction that had failed.
        guard tag == "COMMIT" else { throw .misuse("a failed transaction was to be committed") }
    }

    func rollback() {
        do {
            try handle.control("ROLLBACK")
        } catch {
            handle.giveUp()
        }
    }

    func savepoint(_ depth: Int) throws(DatabaseError) {
        if depth == 0, releaseIsDue {
            releaseIsDue = false
            try handle.control("RELEASE s0; SAVEPOINT s0")
        } else {
            try handle.control("SAVEPOINT s\(depth)")
        }
    }

    func release(_ depth: Int) throws(DatabaseError) {
        if depth == 0 {
            releaseIsDue = true
        } else {
            try handle.control("RELEASE s\(depth)")
        }
    }

    func rewind(_ depth: Int) throws(DatabaseError) {
        try handle.control("ROLLBACK TO s\(depth); RELEASE s\(depth)")
    }

    func run(_ sql: SQL, _ visit: (Row) -> Bool) throws(DatabaseError) -> Int {
        let text = sql.text(.postgres)
        return try handle.run(try prepared(text), sql.parameters, text, visit)
    }

    func tidy(idle: Bool) {}

    func close() { handle.close() }

    /// The name of the prepared statement for `text`.
    private func prepared(_ text: String) throws(DatabaseError) -> String {
        uses += 1
        if let known = statements[text] {
            statements[text]?.lastUse = uses
            return known.name
        }
        if statements.count >= Limits.cachedStatements,
            let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            try handle.control("DEALLOCATE \(oldest.value.name)")
            statements[oldest.key] = nil
        }
        let name = "q\(uses)"
        try handle.prepare(name, text)
        statements[text] = Prepared(name: name, lastUse: uses)
        return name
    }
}
