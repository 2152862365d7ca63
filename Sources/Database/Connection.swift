/// One open transaction, seen from inside `Database.write` or `Database.read`.
///
/// A statement that fails dooms the transaction on both engines: later statements throw the same error, and
/// the transaction is rolled back even if the body swallows it. What may fail belongs into `attempt`, or into
/// `ON CONFLICT`.
package protocol Connection {
    var dialect: Dialect { get }

    /// Runs a statement to its end; the number of rows it changed.
    @discardableResult func execute(_ sql: SQL) throws(DatabaseError) -> Int

    /// All rows of the answer.
    func query(_ sql: SQL) throws(DatabaseError) -> [Row]

    /// The first row of the answer, if there is one.
    func first(_ sql: SQL) throws(DatabaseError) -> Row?

    /// Hands over the rows one by one. An error of `body` stops the statement and is thrown on.
    func forEach(_ sql: SQL, _ body: (Row) throws -> Void) throws

    /// Runs `body` so that its failure undoes only what it did, and throws that failure on.
    func attempt<T>(_ body: () throws -> T) throws -> T
}

/// The two uses of an engine's connection.
enum Role: Sendable {
    case writer, reader
}

/// An engine: knows how to open connections.
protocol Driver: Sendable {
    /// Whether a broken connection may be replaced. Never on SQLite: a failed `fsync` is final.
    var reconnects: Bool { get }

    /// Opens a connection. Blocks; called on the thread that will use it.
    func connect(_ role: Role) throws(DatabaseError) -> any Session

    /// Says that no connection of this role will be asked for again.
    func leave(_ role: Role)
}

/// An open connection of a driver. Used by one thread from beginning to end.
protocol Session: AnyObject {
    var dialect: Dialect { get }
    /// The connection is lost, or its disk failed: nothing more can be done with it.
    var isBroken: Bool { get }
    /// False when the engine itself has rolled the transaction back.
    var isInTransaction: Bool { get }

    /// Starts the one kind of transaction its role has.
    func begin() throws(DatabaseError)
    /// Durable when it returns. Throws `outcomeUnknown` when nobody can say; any other error means rolled
    /// back.
    func commit() throws(DatabaseError)
    func rollback()
    func savepoint(_ depth: Int) throws(DatabaseError)
    func release(_ depth: Int) throws(DatabaseError)
    /// Undoes all since `savepoint(depth)` and forgets the savepoint.
    func rewind(_ depth: Int) throws(DatabaseError)

    /// Runs one statement, handing each row to `visit` until that says false; the number of rows changed.
    func run(_ sql: SQL, _ visit: (Row) -> Bool) throws(DatabaseError) -> Int

    /// Housekeeping between transactions; `idle` when nothing is waiting.
    func tidy(idle: Bool)
    func close()
}
