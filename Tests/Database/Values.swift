import Database
import Testing

/// One value that must come back as it went in.
struct RoundTrip: Sendable, CustomTestStringConvertible {
    let value: Value
    let testDescription: String

    init(_ testDescription: String, _ value: Value) {
        self.value = value
        self.testDescription = testDescription
    }
}

private let roundTrips = [
    RoundTrip("NULL", .null),
    RoundTrip("zero", .integer(0)),
    RoundTrip("minus one", .integer(-1)),
    RoundTrip("Int64.min", .integer(.min)),
    RoundTrip("Int64.max", .integer(.max)),
    RoundTrip("empty text", .text("")),
    RoundTrip("quotes", .text(#"'"; DROP TABLE item; -- \"#)),
    RoundTrip("placeholders", .text("$1 ?1 {blob}")),
    RoundTrip("accents", .text("naïve")),
    RoundTrip("decomposed accents", .text("nai\u{308}ve")),
    RoundTrip("beyond the basic plane", .text("🜨 \u{10FFFF}")),
    RoundTrip("a digit string", .text("007")),
    RoundTrip("a hundred thousand letters", .text(String(repeating: "é", count: 100_000))),
    RoundTrip("empty blob", .blob([])),
    RoundTrip("one NUL byte", .blob([0])),
    RoundTrip("all bytes", .blob(Array(0...255))),
    RoundTrip("blob that looks like hex", .blob(Array("\\x00".utf8))),
]

@Suite("Values")
struct Values {
    @Test("a value comes back exactly as it was stored", arguments: Engine.allCases, roundTrips)
    func roundTrip(_ engine: Engine, _ trip: RoundTrip) async throws {
        try await withDatabase(engine, readers: 1) { database in
            let column: SQL
            switch trip.value {
            case .null, .integer: column = "price"
            case .text: column = "name"
            case .blob: column = "data"
            }
            try await database.write { db in
                _ = try db.execute("CREATE TABLE kept (price BIGINT, name TEXT, data \(raw: blobType(db)))")
                _ = try db.execute("INSERT INTO kept (\(column)) VALUES (\(trip.value))")
            }
            let row = try await database.read { db in try db.first("SELECT \(column) FROM kept") }
            #expect(row.map { exact($0.values) } == exact([trip.value]))
        }
    }

    @Test("text with U+0000 is kept whole or refused, never cut", arguments: Engine.allCases)
    func nul(_ engine: Engine) async throws {
        let text = "naïve\u{0}nul"
        try await withDatabase(engine, readers: 1) { database in
            do {
                let back = try await database.write { db in
                    try db.execute("INSERT INTO item (id, name) VALUES (1, \(text))")
                    return try db.first("SELECT name FROM item")?.text(0)
                }
                #expect(engine != .postgres)
                #expect(back == text)
            } catch DatabaseError.unrepresentable {
                #expect(engine == .postgres)
            }
        }
    }

    @Test("an integer over 64 bits signed is refused, not wrapped", arguments: Engine.allCases)
    func tooLarge(_ engine: Engine) async throws {
        try await withDatabase(engine, readers: 1) { database in
            let refusal = DatabaseError.unrepresentable("18446744073709551615 is over 64 bits signed")
            await #expect(throws: refusal) {
                try await database.read { db in try db.first("SELECT \(UInt64.max)") }
            }
            let kept = try await database.read { db in
                try db.first("SELECT \(UInt64(Int64.max))")?.integer(0)
            }
            #expect(kept == .max)
        }
    }

    @Test("bare parameters have their Swift type", arguments: Engine.allCases)
    func bare(_ engine: Engine) async throws {
        try await withDatabase(engine, readers: 1) { database in
            let nothing: String? = nil
            let row = try await database.read { db in
                try db.first("""
                    SELECT \(7), \("seven"), \([7 as UInt8]), \(true), \(nothing) IS NULL, \(nothing)
                    """)
            }
            var reader = try #require(row).reader
            #expect(try reader.next(as: Int.self) == 7)
            #expect(try reader.next(as: String.self) == "seven")
            #expect(try reader.next(as: [UInt8].self) == [7])
            #expect(try reader.next(as: Bool.self))
            #expect(try reader.next(as: Bool.self))
            #expect(try reader.next(as: String?.self) == nil)
            #expect(throws: DatabaseError.self) { try reader.next(as: Int.self) }
        }
    }

    @Test("a column of another shape is an error that names it", arguments: Engine.allCases)
    func mismatch(_ engine: Engine) async throws {
        try await withDatabase(engine, readers: 1) { database in
            let row = try #require(try await database.read { db in try db.first("SELECT \("x"), \(2)") })
            #expect(throws: DatabaseError.mismatch(column: 0, expected: "Int64")) { try row.integer(0) }
            #expect(throws: DatabaseError.mismatch(column: 1, expected: "Bool")) { try row.bool(1) }
            #expect(throws: DatabaseError.mismatch(column: 2, expected: "String")) { try row.text(2) }
            let floating = try await database.read { db in
                try db.first("SELECT CAST(1.5 AS DOUBLE PRECISION)")
            }
            #expect(throws: DatabaseError.mismatch(column: 0, expected: "Int64")) { try floating?.integer(0) }
            #expect(throws: DatabaseError.mismatch(column: 0, expected: "String")) { try floating?.text(0) }
        }
    }

    @Test("text that is not UTF-8 is a column of another shape, and the rows beside it are read")
    func notUTF8() async throws {
        try await withDatabase(.sqlite, readers: 1) { database in
            try await database.write { db in
                for id in 1...3 { try db.execute("INSERT INTO item (id, name) VALUES (\(id), \("n\(id)"))") }
                _ = try db.execute("UPDATE item SET name = CAST(x'6efb32' AS TEXT) WHERE id = 2")
            }
            let rows = try await database.read { db in try db.query("SELECT name FROM item ORDER BY id") }
            #expect(rows.map(\.values) == [[.text("n1")], [.blob([0x6e, 0xfb, 0x32])], [.text("n3")]])
            #expect(throws: DatabaseError.mismatch(column: 0, expected: "String")) { try rows[1].text(0) }
        }
    }

    @Test("lists bind each value, and nothing is in an empty one", arguments: Engine.allCases)
    func lists(_ engine: Engine) async throws {
        try await withDatabase(engine, readers: 1) { database in
            try await database.write { db in
                for id in 1...4 { try db.execute("INSERT INTO item (id, name) VALUES (\(id), \("n\(id)"))") }
            }
            let cases: [(SQL, [Int])] = [
                ("id IN \(list: [2, 4, 9])", [2, 4]),
                ("name NOT IN \(list: ["n1", "n'2"])", [2, 3, 4]),
                ("id IN \(list: [Int]())", []),
                ("name NOT IN \(list: [String]())", [1, 2, 3, 4]),
                ("data IN \(list: [[UInt8]]())", []),
            ]
            for (condition, expected) in cases {
                let found = try await database.read { db in
                    let rows = try db.query("SELECT id FROM item WHERE " + condition + " ORDER BY id")
                    return try rows.map { try $0.read(0, as: Int.self) }
                }
                #expect(found == expected)
            }
        }
    }

    private func blobType(_ db: any Connection) -> String { db.dialect == .sqlite ? "BLOB" : "BYTEA" }

    /// Text by its scalars: `==` on strings would take composed and decomposed letters for the same.
    private func exact(_ values: [Value]) -> [[UInt32]] {
        values.map { value in
            switch value {
            case .null: []
            case .integer(let number):
                [0, UInt32(truncatingIfNeeded: number >> 32), UInt32(truncatingIfNeeded: number)]
            case .text(let text): [1] + text.unicodeScalars.map(\.value)
            case .blob(let bytes): [2] + bytes.map(UInt32.init)
            }
        }
    }
}
