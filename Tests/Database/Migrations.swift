import Database
import Testing

@Suite("Migrations")
struct Migrations {
    @Test("each is applied once, in order, and later ones find the earlier", arguments: Engine.allCases)
    func applied(_ engine: Engine) async throws {
        let later = Migration("item colours", ["ALTER TABLE item ADD COLUMN colour TEXT NOT NULL DEFAULT ''"])
        try await Place(engine).open { database in
            try await database.migrate(items)
            try await database.migrate(items)
            try await database.migrate(items + [later])
            let shops = try await database.read { db in try db.query("SELECT id FROM shop").count }
            #expect(shops == 2)
            try await database.write { db in
                _ = try db.execute("INSERT INTO item (id, name, colour) VALUES (1, 'a', 'red')")
            }
        }
    }

    @Test("a history that differs is refused and changes nothing", arguments: Engine.allCases)
    func refused(_ engine: Engine) async throws {
        let cases: [(String, [Migration])] = [
            ("an unknown newer step", [items[0]]),
            ("no steps", []),
            ("an edited step", [items[0], Migration("items", ["CREATE TABLE item (id BIGINT)"])]),
            ("a renamed step", [items[0], Migration("things", items[1].statements)]),
            ("another order", [items[1], items[0]]),
            ("one put in between", [items[0], Migration("new", ["CREATE TABLE new (id BIGINT)"]), items[1]]),
        ]
        try await Place(engine).open { database in
            try await database.migrate(items)
            for (name, steps) in cases {
                do {
                    try await database.migrate(steps)
                    Issue.record("accepted: \(name)")
                } catch DatabaseError.migration {
                    let applied = try await database.read { db in
                        let rows = try db.query("SELECT name FROM schema_migration ORDER BY position")
                        return try rows.map { try $0.text(0) }
                    }
                    #expect(applied == ["shops", "items"], "\(name)")
                }
            }
        }
    }

    @Test("a step that fails leaves nothing of itself", arguments: Engine.allCases)
    func failed(_ engine: Engine) async throws {
        let broken = Migration("broken", ["CREATE TABLE half (id BIGINT)", "CREATE TABLE half (id BIGINT)"])
        let mended = Migration("mended", ["CREATE TABLE half (id {autoincrement}, data {blob} NOT NULL)"])
        try await Place(engine).open { database in
            await #expect(throws: DatabaseError.self) { try await database.migrate(items + [broken]) }
            try await database.migrate(items + [mended])
            let ids = try await database.write { db in
                try (1...2).map { _ in
                    try db.first("INSERT INTO half (data) VALUES (\([1 as UInt8])) RETURNING id")?.integer(0)
                }
            }
            #expect(ids == [1, 2])
        }
    }
}
