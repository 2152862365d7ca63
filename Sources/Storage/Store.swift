package import Database
import Domain

/// All that the gateway knows, on either engine. `write` and `read` are the only doors.
package final class Store: Sendable {
    package let database: Database
    private let damage: Damage
    private let isShared: Bool

    private init(_ database: Database, _ damage: Damage, isShared: Bool) {
        self.database = database
        self.damage = damage
        self.isShared = isShared
    }

    /// Opens the database and brings its schema up to date.
    ///
    /// - Parameter isShared: several gateways use this one store, as several processes use one PostgreSQL.
    package static func open(
        _ location: DatabaseLocation, readers: Int = 3, isShared: Bool = false,
        log: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> Store {
        let database = try await Database.open(location, readers: readers, log: log)
        do {
            try await database.migrate(Schema.migrations)
        } catch {
            await database.close()
            throw error
        }
        return Store(database, Damage(log: log), isShared: isShared)
    }

    /// How many damaged rows loops have passed over since the start. `verify` names them.
    package var damagedRows: Int { damage.count }

    /// Whether nobody else can write to it, so that what was read stays true until this process changes it.
    package var isExclusive: Bool { database.dialect == .sqlite && !isShared }

    /// Runs `body` in one transaction: durable when this returns, undone when it throws.
    ///
    /// *Atomicity*: all or nothing, in one order over all processes. *On failure*: nothing happened, unless
    /// the error is `DatabaseError.outcomeUnknown`. *Replay*: `body` may run again only where its writes are
    /// keyed.
    package func write<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await database.write { [damage] in try body(Transaction($0, damage)) }
    }

    /// Looks at a snapshot, and writes in one transaction what is to be written after it. The promises of
    /// `write`; see `Database.write(after:_:)` for what `body` must not rely on.
    package func write<Seen: Sendable, T: Sendable>(
        after look: @escaping @Sendable (Transaction) throws -> Look<Seen, T>,
        _ body: @escaping @Sendable (Transaction, Seen) throws -> T
    ) async throws -> T {
        try await database.write(
            after: { [damage] connection in
                switch try look(Transaction(connection, damage)) {
                case .settled(let outcome): .settled(outcome)
                case .open(let seen): .open(seen)
                }
            },
            { [damage] in try body(Transaction($0, damage), $1) })
    }

    /// What a look at the store comes to.
    package enum Look<Seen: Sendable, Outcome: Sendable>: Sendable {
        /// There is nothing to write.
        case settled(Outcome)
        /// Something is to be written, by what was seen.
        case open(Seen)
    }

    /// Runs `body` on one consistent snapshot.
    package func read<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await database.read { [damage] in try body(Transaction($0, damage)) }
    }

    /// Whether a write failed because something that must be unique was there already.
    package static func isTaken(_ error: any Error) -> Bool {
        (error as? DatabaseError)?.isUniqueViolation ?? false
    }

    /// Whether an error is about the rows of one thing, so that all else can go on without it: a column of
    /// another shape, or a row that the schema refuses beside those that are there.
    package static func isAboutRows(_ error: any Error) -> Bool {
        switch error as? DatabaseError {
        case .mismatch, .constraint: true
        default: false
        }
    }

    /// Finishes what is queued and closes the database.
    package func close() async { await database.close() }
}

/// One transaction: the questions and commands of the gateway, in the words of the domain. Lives inside one
/// `Store.write` or `Store.read`.
package struct Transaction {
    let connection: any Connection
    /// Set where a delivery was queued.
    let deliveries = Flag()
    /// The last roots, as far as this transaction has asked for them.
    let roots = NamedRoots()
    private let damage: Damage

    init(_ connection: any Connection, _ damage: Damage = Damage { _ in }) {
        self.connection = connection
        self.damage = damage
    }

    /// Whether something is owed to an endpoint that was not owed before.
    package var owesDeliveries: Bool { deliveries.isSet }

    /// Something that one transaction notes of itself, in all its copies.
    final class Flag {
        var isSet = false
    }

    /// Last roots by their scopes; nil where there is none.
    final class NamedRoots {
        var known: [String: RootName?] = [:]
    }

    /// What `read` makes of a row that is one of many; nil where the row is damaged. One bad row must not
    /// take down what is read beside it: it is passed over and noted, and `verify` finds it.
    func legible<T>(_ row: Row, of table: String, _ read: (Row) throws -> T) throws -> T? {
        do {
            return try read(row)
        } catch where error is Corruption || Store.isAboutRows(error) {
            var name = ""
            if case .text(let text)? = row.values.first { name = String(text.prefix(Limits.shownCharacters)) }
            damage.note("a row of \(table) cannot be read, it begins with “\(name)”: \(error)")
            return nil
        }
    }
}

/// A row cannot be read as what it must be.
extension Row {
    func id<Kind: Identified>(_ column: Int) throws -> ID<Kind> {
        let text = try text(column)
        guard let id = ID<Kind>(parsing: text) else {
            throw Corruption("“\(text)” is no \(Kind.prefix) identity")
        }
        return id
    }

    func instant(_ column: Int) throws -> Instant { Instant(milliseconds: try integer(column)) }

    func instantOrNil(_ column: Int) throws -> Instant? {
        try integerOrNil(column).map { Instant(milliseconds: $0) }
    }

    func parsed<T>(_ column: Int, _ parse: (String) -> T?) throws -> T {
        let text = try text(column)
        guard let value = parse(text) else { throw Corruption("“\(text)” cannot be read as \(T.self)") }
        return value
    }
}

extension Transaction {
    /// Runs `body` so that its failure undoes only what it did, and throws that failure on.
    package func attempt<T>(_ body: () throws -> T) throws -> T { try connection.attempt(body) }
}
