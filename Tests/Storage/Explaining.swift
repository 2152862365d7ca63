import Database

/// A connection that passes everything on, and asks the engine beforehand how it will go about each question.
final class Explaining: Connection {
    private let connection: any Connection
    /// The plans of all that was asked, line by line.
    private(set) var plans: [String] = []

    init(_ connection: any Connection) { self.connection = connection }

    var dialect: Dialect { connection.dialect }

    func execute(_ sql: SQL) throws(DatabaseError) -> Int { try connection.execute(sql) }

    func query(_ sql: SQL) throws(DatabaseError) -> [Row] {
        try explain(sql)
        return try connection.query(sql)
    }

    func first(_ sql: SQL) throws(DatabaseError) -> Row? {
        try explain(sql)
        return try connection.first(sql)
    }

    func forEach(_ sql: SQL, _ body: (Row) throws -> Void) throws {
        try explain(sql)
        try connection.forEach(sql, body)
    }

    func attempt<T>(_ body: () throws -> T) throws -> T { try connection.attempt(body) }

    private func explain(_ sql: SQL) throws(DatabaseError) {
        let column = dialect == .sqlite ? 3 : 0
        let word: SQL = dialect == .sqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN "
        for row in try connection.query(word + sql) { plans.append(try row.text(column)) }
    }
}
