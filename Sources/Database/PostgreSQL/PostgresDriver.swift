/// PostgreSQL through libpq. Writers of all processes take one lock in turn, so that commits have one order
/// there too.
struct PostgresDriver: Driver {
    let uri: String
    /// The schema that holds the tables; nil for the server's default.
    let schema: String?

    /// Throws `DatabaseError.misuse` for a URI libpq cannot read, or a schema that is not a plain lower-case
    /// name.
    init(uri: String, schema: String?) throws(DatabaseError) {
        // libpq's own words would repeat the URI, and with it the password.
        guard PostgresHandle.canParse(uri) else { throw .misuse("the PostgreSQL URI cannot be read") }
        if let schema {
            let isPlain = schema.utf8.allSatisfy { Self.plain.contains($0) }
            guard isPlain, (1...63).contains(schema.utf8.count) else {
                throw .misuse("a schema is named with a-z, 0-9 and _, 63 letters at the most")
            }
        }
        self.uri = uri
        self.schema = schema
    }

    var reconnects: Bool { true }

    func connect(_ role: Role) throws(DatabaseError) -> any Session {
        let handle = try PostgresHandle(uri, role)
        try handle.control(settings.joined(separator: ";"))
        if let schema {
            if role == .writer {
                // Under the lock, since two that create the same schema at once get a unique violation.
                try handle.control("""
                    BEGIN; SELECT pg_advisory_xact_lock(\(Self.lockKey(""))); \
                    CREATE SCHEMA IF NOT EXISTS "\(schema)"; COMMIT
                    """)
            }
            try handle.control("SET search_path = \"\(schema)\"")
        }
        var current: Row?
        _ = try handle.run("SELECT current_schema()::text", [], nil) { current = $0; return false }
        guard case .text(let place)? = current?.values.first else {
            throw .misuse("the search path names no schema that exists")
        }
        return PostgresSession(handle, role, lockKey: Self.lockKey(place))
    }

    func leave(_ role: Role) {}

    /// What a schema name may be made of: it stands in SQL text.
    private static let plain = Set("abcdefghijklmnopqrstuvwxyz0123456789_".utf8)

    private var settings: [String] {
        [
            "SET client_min_messages = warning",
            "SET synchronous_commit = on",
            "SET standard_conforming_strings = on",
            "SET bytea_output = hex",
            "SET statement_timeout = \(Limits.statementMilliseconds)",
            "SET lock_timeout = \(Limits.statementMilliseconds)",
            "SET idle_in_transaction_session_timeout = \(Limits.idleTransactionMilliseconds)",
        ]
    }

    /// The advisory lock of the writers of one schema; advisory locks are already apart for each database.
    static func lockKey(_ schema: String) -> Int64 { stableHash("writers of " + schema) }
}
