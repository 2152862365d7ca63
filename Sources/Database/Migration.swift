/// One step of the schema. Once released it is never edited: a change is a new migration.
package struct Migration: Sendable {
    package let name: String
    /// Statements with the tokens `{blob}` and `{autoincrement}`; see `Dialect.schema`.
    package let statements: [String]

    package init(_ name: String, _ statements: [String]) {
        self.name = name
        self.statements = statements
        checksum = stableHash(statements.joined(separator: ";"))
    }

    /// Over the statements as written, so it is the same on both engines. It finds an edit made by mistake.
    let checksum: Int64
}

extension Database {
    /// Brings the schema up to the last of `migrations`, each in a transaction of its own. Safe to repeat.
    ///
    /// Throws `DatabaseError.migration` when the database has one that is not in the list (a newer program
    /// wrote it), or whose text or place has changed since.
    package func migrate(_ migrations: [Migration]) async throws {
        try await write { connection in
            try connection.execute("""
                CREATE TABLE IF NOT EXISTS schema_migration (
                    position BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, checksum BIGINT NOT NULL)
                """)
            _ = try Self.applied(connection, among: migrations)
        }
        for position in migrations.indices {
            try await write { connection in
                // Another process may have come first: writers have one order, so this sees its work.
                guard try position >= Self.applied(connection, among: migrations) else { return }
                let migration = migrations[position]
                for statement in migration.statements {
                    try connection.execute(SQL(raw: connection.dialect.schema(statement)))
                }
                try connection.execute("""
                    INSERT INTO schema_migration (position, name, checksum)
                    VALUES (\(position), \(migration.name), \(migration.checksum))
                    """)
            }
        }
    }

    /// How many of `migrations` the database has. Throws when what it has is not the beginning of them.
    private static func applied(_ connection: any Connection, among migrations: [Migration]) throws -> Int {
        let applied = try connection.query("SELECT name, checksum FROM schema_migration ORDER BY position")
        for (position, row) in applied.enumerated() {
            let name = try row.text(0)
            guard migrations.indices.contains(position) else {
                throw DatabaseError.migration("“\(name)” was applied by a newer program than this one")
            }
            let known = migrations[position]
            guard known.name == name else {
                throw DatabaseError.migration("step \(position) is “\(name)”, not “\(known.name)”")
            }
            guard try row.integer(1) == known.checksum else {
                throw DatabaseError.migration("“\(name)” was edited after it was applied")
            }
        }
        return applied.count
    }
}
