import Database
import Platform

/// What the shop sells.
struct Product: Sendable {
    let id: String
    let name: String
    let about: String
    /// Decimal text in euros.
    let price: String

    static let all = [
        Product(
            id: "coffee", name: "Morning coffee", about: "250 g, roasted on Tuesday, gone by Friday.",
            price: "9.50"),
        Product(
            id: "cup", name: "Stoneware cup", about: "Thrown by hand. No two are alike.", price: "24.00"),
        Product(id: "kettle", name: "Pour-over kettle", about: "A steady hand, in steel.", price: "79.00"),
    ]

    static func named(_ id: String) -> Product? { all.first { $0.id == id } }
}

/// One order of a customer.
struct Order: Sendable, Hashable {
    /// The shop's own name for it; also its idempotency key and the name of its fulfilment.
    let id: String
    let product: String
    /// Where its customer comes back to: as it was at the order, because the same request has the same body.
    let home: String
    let payment: String?
    let checkout: String?
    /// The payment's state as the gateway said it last, with the version that goes with it.
    let state: String
    let version: Int64
    /// Shipped: the one thing that must not happen twice.
    let shippedAt: Int64?

    private static let dayCharacters = 8

    /// A new name: the day, for people, and what nobody guesses, for the link is all that a customer has.
    static func newID(at milliseconds: Int64) -> String {
        let day = Timestamp.text(milliseconds).prefix(10).filter { $0 != "-" }
        return "\(day)-\(Hex.encode(SystemEntropy().bytes(8)))"
    }

    /// What people call it: `No. 3F9A of 2026-01-31`.
    var label: String {
        let parts = id.split(separator: "-")
        guard parts.count == 2, parts[0].count == Self.dayCharacters else { return "No. \(id.prefix(4))" }
        let day = "\(parts[0].prefix(4))-\(parts[0].dropFirst(4).prefix(2))-\(parts[0].suffix(2))"
        return "No. \(parts[1].prefix(4).uppercased()) of \(day)"
    }

    fileprivate static let columns: SQL = "id, product, home, payment, checkout, state, version, shipped_at"

    fileprivate init(_ row: Row) throws {
        id = try row.text(0)
        product = try row.text(1)
        home = try row.text(2)
        payment = try row.textOrNil(3)
        checkout = try row.textOrNil(4)
        state = try row.text(5)
        version = try row.integer(6)
        shippedAt = try row.integerOrNil(7)
    }
}

/// Orders and the inbox of webhooks, in a file that survives everything but the loss of the disk.
struct OrderBook: Sendable {
    private let database: Database

    static func open(folder: String) async throws -> OrderBook {
        try Files.makeFolder(folder)
        let database = try await Database.open(.sqlite(folder + "/shop.db"), readers: 1)
        try await database.migrate([
            Migration(
                "first tables",
                [
                    """
                    CREATE TABLE orders (
                        id TEXT PRIMARY KEY, product TEXT NOT NULL, home TEXT NOT NULL,
                        payment TEXT UNIQUE, checkout TEXT,
                        state TEXT NOT NULL, version BIGINT NOT NULL, shipped_at BIGINT)
                    """,
                    """
                    CREATE TABLE inbox (
                        id TEXT PRIMARY KEY, payment TEXT NOT NULL, version BIGINT NOT NULL,
                        body {blob} NOT NULL,
                        received_at BIGINT NOT NULL, tried_at BIGINT NOT NULL DEFAULT 0,
                        done_at BIGINT)
                    """,
                    "CREATE INDEX inbox_waiting ON inbox (received_at) WHERE done_at IS NULL",
                ])
        ])
        return OrderBook(database: database)
    }

    func close() async { await database.close() }

    func insert(order id: String, product: String, home: String) async throws {
        _ = try await database.write { db in
            try db.execute(
                """
                INSERT INTO orders (id, product, home, state, version)
                VALUES (\(id), \(product), \(home), 'new', 0)
                """)
        }
    }

    func attach(payment: String, checkout: String?, to id: String) async throws {
        _ = try await database.write { db in
            try db.execute(
                "UPDATE orders SET payment = \(payment), checkout = \(checkout) WHERE id = \(id)")
        }
    }

    func order(_ id: String) async throws -> Order? {
        try await database.read { db in
            try db.first("SELECT \(Order.columns) FROM orders WHERE id = \(id)").map(Order.init)
        }
    }

    func order(payment: String) async throws -> Order? {
        try await database.read { db in
            try db.first("SELECT \(Order.columns) FROM orders WHERE payment = \(payment)").map(Order.init)
        }
    }

    func orders() async throws -> [Order] {
        try await database.read { db in
            try db.query("SELECT \(Order.columns) FROM orders ORDER BY rowid DESC LIMIT 50").map(Order.init)
        }
    }

    /// Keeps a webhook as it came; one that is there already is not kept again. Durable when this returns:
    /// only then may it be acknowledged.
    func receive(event id: String, payment: String, version: Int64, body: [UInt8], at: Int64) async throws {
        _ = try await database.write { db in
            try db.execute(
                """
                INSERT INTO inbox (id, payment, version, body, received_at)
                VALUES (\(id), \(payment), \(version), \(body), \(at)) ON CONFLICT (id) DO NOTHING
                """)
        }
    }

    /// A payment that webhooks wait about.
    struct Waiting: Sendable {
        let payment: String
        /// The place of the last of them in the inbox: what comes behind it came later.
        let last: Int64
    }

    /// The payments that webhooks wait about: those that were not looked at yet, the longest first, then
    /// those that failed, so that they hold up nobody.
    func waiting(limit: Int) async throws -> [Waiting] {
        try await database.read { db in
            try db.query(
                """
                SELECT payment, max(rowid) FROM inbox WHERE done_at IS NULL GROUP BY payment
                ORDER BY max(tried_at), min(received_at) LIMIT \(limit)
                """
            ).map { Waiting(payment: try $0.text(0), last: try $0.integer(1)) }
        }
    }

    /// Takes in what the gateway says of a payment. An older version than the known one changes nothing.
    func learn(payment: String, state: String, version: Int64) async throws {
        _ = try await database.write { db in
            try db.execute(
                """
                UPDATE orders SET state = \(state), version = \(version)
                WHERE payment = \(payment) AND version <= \(version)
                """)
        }
    }

    /// Deals with a payment's webhooks, of whatever version: the gateway was asked when they were there. It
    /// may have come back from a backup since it sent them, and never be at that version again.
    func settle(_ waiting: Waiting, at: Int64) async throws {
        _ = try await database.write { db in
            try db.execute(
                """
                UPDATE inbox SET done_at = \(at)
                WHERE payment = \(waiting.payment) AND rowid <= \(waiting.last) AND done_at IS NULL
                """)
        }
    }

    /// Puts a payment's webhooks behind the others', after a look that failed.
    func postpone(payment: String, at: Int64) async throws {
        _ = try await database.write { db in
            try db.execute(
                "UPDATE inbox SET tried_at = \(at) WHERE payment = \(payment) AND done_at IS NULL")
        }
    }

    /// Ships an order, if nobody has: the line in the book is the parcel. Gives whether it was this call.
    func ship(_ id: String, at: Int64) async throws -> Bool {
        try await database.write { db in
            try db.execute("UPDATE orders SET shipped_at = \(at) WHERE id = \(id) AND shipped_at IS NULL")
                == 1
        }
    }
}
