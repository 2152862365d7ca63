import Database
import Testing

private struct Refused: Error, Equatable {}

@Suite("Transactions")
struct Transactions {
    @Test("a body that throws leaves nothing behind, and its error comes back", arguments: Engine.allCases)
    func rollback(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            await #expect(throws: Refused()) {
                try await database.write { db in
                    try db.execute("INSERT INTO item (id, name) VALUES (1, 'a')")
                    throw Refused()
                }
            }
            try await expect(items: 0, database)
        }
    }

    @Test("a job that fails in a group takes nobody along", arguments: Engine.allCases)
    func isolation(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            // Every third job throws after its insert, every fifth breaks a constraint, the others succeed.
            let outcomes = await withTaskGroup(of: (Int, Bool).self) { group in
                for id in 0..<200 {
                    group.addTask {
                        do {
                            try await database.write { db in
                                let insert: SQL = "INSERT INTO item (id, name) VALUES (\(id), \("n\(id)"))"
                                try db.execute(insert)
                                if id % 3 == 0 { throw Refused() }
                                if id % 5 == 0 { try db.execute(insert) }
                            }
                            return (id, true)
                        } catch {
                            return (id, false)
                        }
                    }
                }
                return await group.reduce(into: [Int: Bool]()) { $0[$1.0] = $1.1 }
            }
            let kept = try await database.read { db in
                try db.query("SELECT id FROM item ORDER BY id").map { try $0.read(0, as: Int.self) }
            }
            #expect(kept == (0..<200).filter { $0 % 3 != 0 && $0 % 5 != 0 })
            #expect(outcomes.filter(\.value).keys.sorted() == kept)
        }
    }

    @Test("a body that swallows a failed statement is rolled back all the same", arguments: Engine.allCases)
    func swallowed(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            let error = await #expect(throws: DatabaseError.self) {
                try await database.write { db in
                    try db.execute("INSERT INTO item (id, name) VALUES (1, 'a')")
                    do {
                        try db.execute("INSERT INTO item (id, name) VALUES (1, 'b')")
                    } catch DatabaseError.constraint {
                        return
                    }
                }
            }
            #expect(error?.isUniqueViolation == true)
            try await expect(items: 0, database)
        }
    }

    @Test("an attempt that fails undoes only itself", arguments: Engine.allCases)
    func attempt(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            let inner = try await database.write { db in
                try db.execute("INSERT INTO item (id, name) VALUES (1, 'a')")
                try db.attempt {
                    try db.execute("INSERT INTO item (id, name) VALUES (2, 'b')")
                    do {
                        try db.attempt {
                            try db.execute("INSERT INTO item (id, name) VALUES (3, 'c')")
                            try db.execute("INSERT INTO item (id, name) VALUES (1, 'd')")
                        }
                    } catch DatabaseError.constraint(.unique, _) {
                        try db.execute("INSERT INTO item (id, name) VALUES (4, 'e')")
                    }
                }
                return try db.query("SELECT id FROM item ORDER BY id").map { try $0.integer(0) }
            }
            #expect(inner == [1, 2, 4])
            try await expect(items: 3, database)
        }
    }

    @Test("each kind of constraint is told apart", arguments: Engine.allCases, [
        ("INSERT INTO item (id, name) VALUES (1, 'new')", ConstraintKind.unique),
        ("INSERT INTO item (id, name) VALUES (9, 'first')", .unique),
        ("INSERT INTO item (id, name) VALUES (9, NULL)", .notNull),
        ("INSERT INTO item (id, name, shop) VALUES (9, 'new', 77)", .foreignKey),
        ("DELETE FROM shop", .foreignKey),
        ("UPDATE item SET price = -1", .check),
    ])
    func constraints(_ engine: Engine, _ row: (statement: String, kind: ConstraintKind)) async throws {
        try await withDatabase(engine) { database in
            try await database.write { db in
                _ = try db.execute("INSERT INTO item (id, name, shop) VALUES (1, 'first', 1)")
            }
            let error = await #expect(throws: DatabaseError.self) {
                try await database.write { db in try db.execute(SQL(raw: row.statement)) }
            }
            guard case .constraint(let found, let detail) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(found == row.kind)
            #expect(!detail.contains("'") && !detail.isEmpty)
            #expect(error?.isTransient == false)
        }
    }

    @Test("execute tells the rows it changed, and nothing for a question", arguments: Engine.allCases)
    func changes(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            let counts = try await database.write { db in
                [
                    try db.execute("INSERT INTO item (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c')"),
                    try db.execute("UPDATE item SET price = 5 WHERE id < 3"),
                    try db.execute("UPDATE item SET price = 5 WHERE id > 3"),
                    try db.execute("SELECT * FROM item"),
                    try db.execute("INSERT INTO item (id, name) VALUES (1, 'z') ON CONFLICT DO NOTHING"),
                    try db.execute("""
                        INSERT INTO item (id, name) VALUES (1, 'z') ON CONFLICT (id) DO UPDATE SET price = 6
                        """),
                    try db.execute("DELETE FROM item"),
                ]
            }
            #expect(counts == [3, 2, 0, 0, 0, 1, 3])
        }
    }

    @Test("RETURNING gives rows, upsert keeps one", arguments: Engine.allCases)
    func returning(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            let prices = try await database.write { db in
                try (1...3).map { price in
                    try db.first("""
                        INSERT INTO item (id, name, price) VALUES (1, 'a', \(price))
                        ON CONFLICT (id) DO UPDATE SET price = item.price + excluded.price RETURNING price
                        """)?.integer(0)
                }
            }
            #expect(prices == [1, 3, 6])
        }
    }

    @Test("rows are handed over one by one, and an error of the body stops them", arguments: Engine.allCases)
    func forEach(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            try await database.write { db in
                for id in 1...50 { try db.execute("INSERT INTO item (id, name) VALUES (\(id), \("n\(id)"))") }
            }
            let nested = try await database.read { db in
                var sum: Int64 = 0
                // The same text within itself: the outer rows must go on.
                try db.forEach("SELECT id FROM item WHERE id > \(0) ORDER BY id") { row in
                    let id = try row.integer(0)
                    try db.forEach("SELECT id FROM item WHERE id > \(48) ORDER BY id") { inner in
                        sum += try inner.integer(0) * id
                    }
                }
                return sum
            }
            #expect(nested == 1_275 * 99)
            await #expect(throws: Refused()) {
                try await database.read { db in
                    try db.forEach("SELECT id FROM item ORDER BY id") { row in
                        if try row.integer(0) == 3 { throw Refused() }
                    }
                }
            }
        }
    }

    @Test("a read cannot write", arguments: Engine.allCases)
    func readOnly(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            let error = await #expect(throws: DatabaseError.self) {
                try await database.read { db in
                    try db.execute("INSERT INTO item (id, name) VALUES (1, 'a')")
                }
            }
            guard case .misuse = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            try await expect(items: 0, database)
        }
    }

    @Test("SQL the engine refuses is a misuse, and the connection goes on", arguments: Engine.allCases, [
        "SELEC 1", "SELECT nothing FROM item", "SELECT 1; SELECT 2", "", "SELECT 1 FROM nowhere",
    ])
    func refused(_ engine: Engine, _ text: String) async throws {
        try await withDatabase(engine, readers: 1) { database in
            let error = await #expect(throws: DatabaseError.self) {
                try await database.read { db in try db.query(SQL(raw: text)) }
            }
            guard case .misuse = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            try await expect(items: 0, database)
        }
    }

    @Test("more texts than the statement cache holds are no trouble", arguments: Engine.allCases)
    func manyTexts(_ engine: Engine) async throws {
        try await withDatabase(engine, readers: 1) { database in
            let sum = try await database.read { db in
                var sum: Int64 = 0
                for round in 0..<2 {
                    for number in 0..<300 {
                        sum += try db.first("SELECT \(raw: String(number)) + \(round)")?.integer(0) ?? 0
                    }
                }
                return sum
            }
            #expect(sum == 2 * 44_850 + 300)
        }
    }
}
