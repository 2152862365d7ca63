/// The one `Connection`: a session's open transaction, and whether it is still good.
final class Transaction: Connection {
    private let session: any Session
    private var isOpen = true
    private var depth = 0
    /// Why the transaction can only be rolled back.
    private(set) var failure: DatabaseError?

    init(_ session: any Session) { self.session = session }

    var dialect: Dialect { session.dialect }

    /// Refuses everything from now on: the transaction is over.
    func end() { isOpen = false }

    func execute(_ sql: SQL) throws(DatabaseError) -> Int {
        try run(sql) { _ in true }
    }

    func query(_ sql: SQL) throws(DatabaseError) -> [Row] {
        var rows: [Row] = []
        _ = try run(sql) { rows.append($0); return true }
        return rows
    }

    func first(_ sql: SQL) throws(DatabaseError) -> Row? {
        var row: Row?
        _ = try run(sql) { row = $0; return false }
        return row
    }

    func forEach(_ sql: SQL, _ body: (Row) throws -> Void) throws {
        var stopped: (any Error)?
        _ = try run(sql) { row in
            do {
                try body(row)
                return true
            } catch {
                stopped = error
                return false
            }
        }
        if let stopped { throw stopped }
    }

    func attempt<T>(_ body: () throws -> T) throws -> T {
        guard depth < Limits.nestedAttempts else { throw doom(.misuse("attempts nested too deeply")) }
        depth += 1
        defer { depth -= 1 }
        try guarded { () throws(DatabaseError) in try session.savepoint(depth) }
        do {
            let result = try body()
            if let failure { throw failure }
            try guarded { () throws(DatabaseError) in try session.release(depth) }
            return result
        } catch {
            // When the engine has rolled back everything there is nothing left to rewind: stay doomed.
            if session.isInTransaction && !session.isBroken {
                failure = nil
                try guarded { () throws(DatabaseError) in try session.rewind(depth) }
            }
            throw error
        }
    }

    private func run(_ sql: SQL, _ visit: (Row) -> Bool) throws(DatabaseError) -> Int {
        try guarded { () throws(DatabaseError) in
            try sql.check()
            return try session.run(sql, visit)
        }
    }

    private func guarded<T>(_ action: () throws(DatabaseError) -> T) throws(DatabaseError) -> T {
        guard isOpen else { throw .misuse("a connection was used after its transaction") }
        if let failure { throw failure }
        do {
            return try action()
        } catch {
            throw doom(error)
        }
    }

    private func doom(_ error: DatabaseError) -> DatabaseError {
        failure = failure ?? error
        return error
    }
}
