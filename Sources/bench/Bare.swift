import Database
import Platform
import Storage

/// The rows that creating payments made, to be stored again by nothing but a database.
///
/// This is the floor that creation is measured against: the same tables and indexes, the same values, already
/// worked out, through the same grouped commit.
struct Bare: Sendable {
    /// The statements of one payment after the other.
    private(set) var payments: [[SQL]] = []

    /// Tables that a creation writes, with the column that names the payment; the answer kept for the
    /// idempotency key names the order, which is as unique.
    private static let tables = [
        ("payment", "id"), ("personal", "payment"), ("record", "chain"), ("destination", "payment"),
        ("event", "subject"), ("wake", "payment"), ("unsealed", "chain"),
    ]

    /// Reads back what was stored for up to `count` payments.
    static func read(_ store: Store, count: Int) async throws -> Bare {
        try await store.database.read { connection in
            var bare = Bare()
            var places: [String: Int] = [:]
            for row in try connection.query("SELECT id FROM payment ORDER BY id LIMIT \(count)") {
                places[try row.text(0)] = bare.payments.count
                bare.payments.append([])
            }
            for (table, column) in tables {
                let columns = try connection.query("SELECT name FROM pragma_table_info(\(table))")
                    .map { try $0.text(0) }
                guard let owner = columns.firstIndex(of: column) else { throw Bed.Unusable() }
                try connection.forEach("SELECT * FROM \(raw: table)") { row in
                    guard let place = places[try row.text(owner)] else { return }
                    bare.payments[place].append(insertion(table, row))
                }
            }
            var place = 0
            for row in try connection.query("SELECT * FROM idempotency LIMIT \(count)")
            where place < bare.payments.count {
                bare.payments[place].append(insertion("idempotency", row))
                place += 1
            }
            for place in bare.payments.indices {
                bare.payments[place].append(
                    """
                    INSERT INTO key_index (fingerprint, next) VALUES ('bench', \(place))
                    ON CONFLICT (fingerprint) DO UPDATE SET next = excluded.next
                    """)
            }
            return bare
        }
    }

    private static func insertion(_ table: String, _ row: Row) -> SQL {
        var sql = SQL(raw: "INSERT INTO \(table) VALUES (")
        for (index, value) in row.values.enumerated() { sql += index == 0 ? "\(value)" : ", \(value)" }
        sql += ")"
        return sql
    }

    /// Rows of one payment, on average.
    var rowsEach: Double {
        Double(payments.reduce(0) { $0 + $1.count }) / Double(max(1, payments.count))
    }

    /// Stores them into a new database, `tasks` at a time.
    func store(into folder: String, tasks: Int, seconds: Int64) async throws -> Load {
        try Files.makeFolder(folder)
        let store = try await Store.open(.sqlite("\(folder)/\(Bed.databaseFile)"))
        let database = store.database
        let payments = payments
        let load = try await Load.inTasks(tasks, seconds: seconds, count: payments.count) { number in
            let statements = payments[number]
            try await database.write { connection in
                for statement in statements { try connection.execute(statement) }
            }
        }
        await store.close()
        return load
    }
}
