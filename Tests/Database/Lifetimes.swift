import CLinux
import Database
import Foundation
import Platform
import TestKit
import Testing

@Suite("Lifetimes")
struct Lifetimes {
    @Test("what was written is there after closing and opening again", arguments: Engine.allCases)
    func reopen(_ engine: Engine) async throws {
        let place = try await Place(engine)
        for round in 1...3 {
            try await place.open { database in
                try await database.migrate(items)
                try await database.write { db in
                    _ = try db.execute("INSERT INTO item (id, name) VALUES (\(round), \("n\(round)"))")
                }
                try await expect(items: Int64(round), database)
            }
        }
    }

    @Test("a closed database refuses, and finishes what was queued before", arguments: Engine.allCases)
    func closed(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            async let written = database.write { db in
                try db.execute("INSERT INTO item (id, name) VALUES (1, 'a')")
            }
            _ = try await written
            await database.close()
            await database.close()
            await #expect(throws: DatabaseError.closed) { try await database.write { _ in } }
            await #expect(throws: DatabaseError.closed) { try await database.read { _ in } }
        }
    }

    @Test("a SQLite file is open in one place only")
    func locked() async throws {
        let place = try await Place(.sqlite)
        try await place.open { _ in
            let error = await #expect(throws: DatabaseError.self) { try await place.open { _ in } }
            guard case .locked = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        try await place.open { try await $0.migrate(items) }
    }

    @Test("only its owner can read a SQLite file and what lies beside it")
    func privateFiles() async throws {
        let folder = try TemporaryFolder()
        unsafe chmod(folder.path, 0o755)
        let path = folder.file("quittance.db")
        let database = try await Database.open(.sqlite(path))
        try await database.migrate(items)
        for name in [path, path + "-wal", path + "-shm"] {
            var status = stat()
            #expect(unsafe stat(name, &status) == 0 && status.st_mode & 0o777 == 0o600, "\(name)")
        }
        await database.close()
    }

    @Test("a file that is no database, a folder that is not there, a URI that is none: clear errors")
    func unopenable() async throws {
        let folder = try TemporaryFolder()
        try Data("not a database, but longer than a header of one hundred bytes".utf8 + Array(0...255))
            .write(to: URL(filePath: folder.file("text.db")))
        let error = await #expect(throws: DatabaseError.self) {
            try await Database.open(.sqlite(folder.file("text.db")))
        }
        guard case .corrupt = error else { throw try #require(error) }
        let missing = await #expect(throws: DatabaseError.self) {
            try await Database.open(.sqlite(folder.file("no/such/place.db")))
        }
        guard case .ioFailed = missing else { throw try #require(missing) }
        let nowhere = "postgresql://tester:secret@/postgres?host=" + folder.path
        let unreachable = await #expect(throws: DatabaseError.self) {
            try await Database.open(.postgres(nowhere))
        }
        guard case .connectionLost(let words) = unreachable else { throw try #require(unreachable) }
        #expect(!words.contains("secret"))
        let uri = await #expect(throws: DatabaseError.self) {
            try await Database.open(.postgres("postgresql://tester:secret@[broken"))
        }
        #expect(uri == .misuse("the PostgreSQL URI cannot be read"))
    }

    @Test("SIGKILL in the middle of writing loses nothing that was answered", arguments: Engine.threaded)
    func killed(_ engine: Engine) async throws {
        let place = try await Place(engine)
        let folder = try TemporaryFolder()
        let journal = folder.file("answered")
        try await place.open { try await $0.migrate(items) }
        let words: [String] = place.words
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [words = words as [String], journal = journal as String] in
            let database = try await Database.open(Place.location(words))
            let answered = unsafe open(journal, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in 1...1_000 {
                    group.addTask {
                        try await database.write { db in
                            try db.execute("INSERT INTO item (id, name) VALUES (\(id), \("n\(id)"))")
                            try db.execute("UPDATE item SET price = \(id) WHERE id = \(id)")
                        }
                        let line = Array("\(id)\n".utf8)
                        _ = unsafe write(answered, line, line.count)
                        if id == 500 { kill(getpid(), SIGKILL) }
                    }
                }
                try await group.waitForAll()
            }
        }
        let text = try String(contentsOfFile: journal, encoding: .utf8)
        let acknowledged = Set(text.split(separator: "\n").compactMap { Int64($0) })
        #expect(!acknowledged.isEmpty)
        try await place.open { database in
            let rows = try await database.read { db in try db.query("SELECT id, price FROM item") }
            let kept = try Set(rows.map { try $0.integer(0) })
            #expect(acknowledged.subtracting(kept).isEmpty)
            let areWhole = try rows.allSatisfy { try $0.integer(0) == $0.integer(1) }
            #expect(areWhole, "a job is there whole or not at all")
        }
    }

    @Test("a commit the disk refused is of unknown outcome, later writes are refused, and reads go on")
    func failedCommit() async throws {
        let place = try await Place(.sqlite)
        let words = place.words
        await #expect(processExitsWith: .success) { [words = words as [String]] in
            let database = try await Database.open(Place.location(words))
            try await database.migrate(items)
            try await database.write { db in
                _ = try db.execute("INSERT INTO item (id, name) VALUES (1, 'before')")
            }
            // From here on the kernel refuses to make any file larger than 1 MiB.
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
            unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let failed = await #expect(throws: DatabaseError.self) {
                try await database.write { db in
                    let block = [UInt8](repeating: 7, count: 4 << 20)
                    try db.execute("INSERT INTO item (id, name, data) VALUES (2, 'large', \(block))")
                }
            }
            guard case .outcomeUnknown = failed else { throw try #require(failed) }
            let refused = await #expect(throws: DatabaseError.self) {
                try await database.write { db in
                    _ = try db.execute("INSERT INTO item (id, name) VALUES (3, 'after')")
                }
            }
            guard case .ended = refused else { throw try #require(refused) }
            #expect(refused?.isFatal == true, "only opening anew mends it, so nobody tries again for ever")
            try await expect(items: 1, database)
            // It is still ours: whoever opens it now would write beside our readers.
            let other = await #expect(throws: DatabaseError.self) {
                _ = try await Database.open(Place.location(words))
            }
            guard case .locked = other else { throw try #require(other) }
            await database.close()
        }
        try await place.open { database in
            let names = try await database.read { db in
                try db.query("SELECT name FROM item ORDER BY id").map { try $0.text(0) }
            }
            #expect(names.first == "before" && !names.contains("after"))
            try await database.write { db in
                _ = try db.execute("INSERT INTO item (id, name) VALUES (4, 'reopened')")
            }
        }
    }

    @Test("a PostgreSQL connection that the server ends is replaced, and only its own jobs fail")
    func lostConnection() async throws {
        try await withDatabase(.postgres, readers: 1) { database in
            // Ends the connection under the writer in the middle of its transaction: nothing was committed.
            let error = await #expect(throws: DatabaseError.self) {
                try await database.write { db in
                    try db.execute("INSERT INTO item (id, name) VALUES (1, 'a')")
                    _ = try db.first("SELECT pg_terminate_backend(pg_backend_pid())")
                }
            }
            #expect(error?.isTransient == true)
            try await expect(items: 0, database)
            // And under the idle reader: the next read connects again by itself.
            let pid = try await database.read { db in
                try db.first("SELECT pg_backend_pid()")?.integer(0) ?? 0
            }
            _ = try await database.write { db in
                try db.first("SELECT pg_terminate_backend(\(pid)::int, 5000)")
            }
            try await expect(items: 0, database)
            try await database.write { db in
                _ = try db.execute("INSERT INTO item (id, name) VALUES (1, 'a')")
            }
            try await expect(items: 1, database)
        }
    }

    @Test("a PostgreSQL that was told to answer before a commit is on the disk is not obeyed by any connection")
    func durableCommits() async throws {
        let server = try await TestPostgres.shared
        let lax = server.uri + "&options=-c%20synchronous_commit%3Doff"
        let database = try await Database.open(.postgres(lax, schema: server.freshSchema()), readers: 1)
        /// What counts for a connection, and what it was told to begin with.
        @Sendable func settings(_ db: any Connection) throws -> [String] {
            let row = try db.first(
                "SELECT setting, reset_val FROM pg_settings WHERE name = 'synchronous_commit'")
            return try [row?.text(0) ?? "", row?.text(1) ?? ""]
        }
        for _ in 1...2 {
            #expect(try await database.write { try settings($0) } == ["on", "off"])
            #expect(try await database.read { try settings($0) } == ["on", "off"])
            // The server ends the writer's connection: the next job has another one.
            await #expect(throws: DatabaseError.self) {
                try await database.write { db in
                    _ = try db.first("SELECT pg_terminate_backend(pg_backend_pid())")
                }
            }
        }
        await database.close()
    }

    @Test("a PostgreSQL that takes no writes is none of ours, and one that becomes so is left")
    func readOnlyServer() async throws {
        try await withDatabase(.postgres, readers: 1) { database in
            // What a primary answers that was made a standby under an open connection.
            let error = await #expect(throws: DatabaseError.self) {
                try await database.write { db in
                    _ = try db.execute("SET TRANSACTION READ ONLY")
                    _ = try db.execute("INSERT INTO item (id, name) VALUES (1, 'a')")
                }
            }
            #expect(error?.isTransient == true)
            try await database.write { db in
                _ = try db.execute("INSERT INTO item (id, name) VALUES (1, 'a')")
                _ = try db.execute("CREATE ROLE standby LOGIN")
                _ = try db.execute("ALTER ROLE standby SET default_transaction_read_only = on")
            }
            try await expect(items: 1, database)
        }
        let uri = try await TestPostgres.shared.uri.replacing("tester@", with: "standby@")
        let refusal = await #expect(throws: DatabaseError.self) {
            _ = try await Database.open(.postgres(uri), readers: 1)
        }
        #expect(refusal?.isTransient == true)
    }

    @Test("the write-ahead log does not grow for ever")
    func logStaysSmall() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("test.db")
        let database = try await Database.open(.sqlite(path), readers: 1)
        try await database.migrate(items)
        for id in 0..<200 {
            // Another byte each time: SQLite writes no page that stays as it is.
            let block = [UInt8](repeating: UInt8(id), count: 256 << 10)
            try await database.write { db in
                _ = try db.execute("""
                    INSERT INTO item (id, name, data) VALUES (\(id % 20), \("n\(id)"), \(block))
                    ON CONFLICT (id) DO UPDATE SET data = excluded.data
                    """)
            }
        }
        let log = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? NSNumber
        #expect((log?.intValue ?? 0) < 30 << 20, "52 MB were written")
        await database.close()
        #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
    }

    @Test("the write-ahead log does not grow for ever while some reader is always reading")
    func logStaysSmallBesideReaders() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("test.db")
        let database = try await Database.open(.sqlite(path), readers: 3)
        try await database.migrate(items)
        let started = Lock(0)
        let commits = Lock(0)
        let isDone = Lock(false)
        /// Reads until the next reader has begun and some commits have come that this one does not see. A writer
        /// that waits for it is not waited for.
        @Sendable func overlap() async throws {
            while !isDone.withLock({ $0 }) {
                try await database.read { db in
                    let mine = started.withLock { $0 += 1; return $0 }
                    _ = try db.query("SELECT count(*) FROM item")
                    let seen = commits.withLock { $0 }
                    let end = SystemClock().uptime + 20
                    while started.withLock({ $0 }) == mine || commits.withLock({ $0 }) < seen + 3,
                        SystemClock().uptime < end, !isDone.withLock({ $0 })
                    {
                        sched_yield()
                    }
                }
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { try await overlap() } }
            group.addTask {
                for id in 0..<500 {
                    let block = [UInt8](repeating: UInt8(id % 251), count: 256 << 10)
                    try await database.write { db in
                        _ = try db.execute("""
                            INSERT INTO item (id, name, data) VALUES (\(id % 20), \("n\(id)"), \(block))
                            ON CONFLICT (id) DO UPDATE SET data = excluded.data
                            """)
                    }
                    commits.withLock { $0 += 1 }
                }
                isDone.withLock { $0 = true }
            }
            try await group.waitForAll()
        }
        let log = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? NSNumber
        #expect((log?.intValue ?? 0) < 64 << 20, "130 MB were written")
        await database.close()
    }
}
