import Database
import Dispatch
import Platform
import Testing

private struct Refused: Error {}

private func count(_ db: any Connection) throws -> Int64 {
    try db.first("SELECT COUNT(*) FROM item")?.integer(0) ?? -1
}

private func add(_ id: Int64, _ db: any Connection) throws {
    _ = try db.execute("INSERT INTO item (id, name) VALUES (\(id), \("n\(id)"))")
}

@Suite("Writes after a look")
struct Looks {
    /// One with a writer that stands idle, the other with a writer that is busy until the look is over.
    enum Writer: CaseIterable {
        case idle, busy
    }

    /// Without threads nobody is busy while somebody asks.
    private static let placed: [(Engine, Writer)] =
        Engine.allCases.map { ($0, .idle) } + Engine.threaded.map { ($0, .busy) }

    /// Runs `body`; where the writer is to be busy, it is with adding item 1, until `seen` is told.
    private func beside(
        _ writer: Writer, _ database: Database,
        _ body: (_ seen: @escaping @Sendable () -> Void) async throws -> Void
    ) async throws {
        let seen = DispatchSemaphore(value: 0)
        guard writer == .busy else {
            try await database.write { try add(1, $0) }
            return try await body {}
        }
        let (running, told) = AsyncStream.makeStream(of: Void.self)
        async let busy: Void = database.write { db in
            told.finish()
            seen.wait()
            try add(1, db)
        }
        for await _ in running {}
        try await body { seen.signal() }
        try await busy
    }

    @Test("What was seen is written by, and what is settled by looking writes nothing",
        arguments: placed)
    func outcomes(_ engine: Engine, _ writer: Writer) async throws {
        try await withDatabase(engine) { database in
            try await beside(writer, database) { seen in
                let written = try await database.write(after: { db -> Database.Look<Int64, String> in
                    defer { seen() }
                    return .open(try count(db))
                }) { db, saw in
                    try add(10 + saw, db)
                    return "saw \(saw), found \(try count(db))"
                }
                // The look of a busy writer's time does not see what that writer adds; the writing does.
                #expect(written == (writer == .busy ? "saw 0, found 2" : "saw 1, found 2"))
            }
            let settled = try await database.write(after: { db -> Database.Look<Int64, String> in
                .settled("there are \(try count(db))")
            }) { db, _ in
                try add(20, db)
                return "written"
            }
            #expect(settled == "there are 2")
            #expect(try await database.read { try count($0) } == 2)
        }
    }

    @Test("A look that fails, and a writing that fails after it, leave nothing and give their error",
        arguments: placed)
    func failures(_ engine: Engine, _ writer: Writer) async throws {
        try await withDatabase(engine) { database in
            try await beside(writer, database) { seen in
                await #expect(throws: Refused.self) {
                    try await database.write(after: { _ -> Database.Look<Int64, Void> in
                        defer { seen() }
                        throw Refused()
                    }) { db, _ in try add(2, db) }
                }
            }
            await #expect(throws: Refused.self) {
                try await database.write(after: { _ -> Database.Look<Int64, Void> in .open(3) }) { db, id in
                    try add(id, db)
                    throw Refused()
                }
            }
            let twice = await #expect(throws: DatabaseError.self) {
                try await database.write(after: { _ -> Database.Look<Int64, Void> in .open(1) }) { db, id in
                    try add(id, db)
                }
            }
            #expect(twice?.isUniqueViolation == true)
            #expect(try await database.read { try count($0) } == 1)
        }
    }

    @Test("Many at once each write by what they saw, and a closed database refuses", arguments: Engine.allCases)
    func many(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in Int64(1)...200 {
                    group.addTask {
                        try await database.write(after: { _ -> Database.Look<Int64, Void> in .open(id) }) { db, id in
                            try add(id, db)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await database.read { try count($0) } == 200)
            await database.close()
            await #expect(throws: DatabaseError.closed) {
                try await database.write(after: { _ -> Database.Look<Int64, Void> in .settled(()) }) { _, _ in }
            }
        }
    }
}
