import Database
import Dispatch
import Platform
import Testing

/// Reads item 1's price, then writes one more: a lost update would give two tasks the same number.
private func countUp(_ database: Database) async throws -> Int64 {
    try await database.write { db in
        let price = try db.first("SELECT price FROM item WHERE id = 1")?.integer(0) ?? -1
        try db.execute("UPDATE item SET price = \(price + 1) WHERE id = 1")
        return price + 1
    }
}

@Suite("Concurrency")
struct Concurrency {
    @Test("writes of many tasks each see all before them, and none is lost", arguments: Engine.allCases)
    func counter(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            try await database.write { db in
                _ = try db.execute("INSERT INTO item (id, name, price) VALUES (1, 'counter', 0)")
            }
            let seen = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<300 {
                    group.addTask {
                        try await countUp(database)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(seen.sorted() == Array(1...300))
        }
    }

    @Test("two openings of one PostgreSQL schema write in one order")
    func twoProcesses() async throws {
        let place = try await Place(.postgres)
        try await place.open { first in
            try await first.migrate(items)
            try await place.open { second in
                try await second.migrate(items)
                try await first.write { db in
                    _ = try db.execute("INSERT INTO item (id, name, price) VALUES (1, 'counter', 0)")
                }
                let seen = try await withThrowingTaskGroup(of: Int64.self) { group in
                    for number in 0..<200 {
                        let database = number.isMultiple(of: 2) ? first : second
                        group.addTask {
                            try await countUp(database)
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(seen.sorted() == Array(1...200))
            }
        }
    }

    @Test("writes of one task commit in the order they were asked for", arguments: Engine.allCases)
    func order(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<8 {
                    group.addTask {
                        for step in 0..<20 { try await self.step(step, lane: lane, database) }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    private func step(_ step: Int, lane: Int, _ database: Database) async throws {
        let mark = [UInt8(lane)]
        try await database.write { db in
            let last = try db.first("SELECT max(price) FROM item WHERE data = \(mark)")
            let seen = try last?.integerOrNil(0)
            #expect(seen == (step == 0 ? nil : Int64(step - 1)))
            try db.execute("""
                INSERT INTO item (id, name, price, data)
                VALUES (\(lane * 100 + step), \("\(lane)-\(step)"), \(step), \(mark))
                """)
        }
        let count = try await database.read { db in
            try db.first("SELECT count(*) FROM item WHERE data = \(mark)")?.integer(0)
        }
        #expect(count == Int64(step + 1), "a write that returned is seen by the next read")
    }

    @Test("a read sees one moment, whatever is written meanwhile", arguments: Engine.allCases)
    func snapshot(_ engine: Engine) async throws {
        try await withDatabase(engine, readers: 2) { database in
            try await database.write { db in
                _ = try db.execute("INSERT INTO item (id, name, price) VALUES (1, 'a', 500), (2, 'b', 500)")
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for amount in 1...100 {
                    group.addTask {
                        try await database.write { db in
                            try db.execute("UPDATE item SET price = price - \(amount % 3) WHERE id = 1")
                            try db.execute("UPDATE item SET price = price + \(amount % 3) WHERE id = 2")
                        }
                    }
                    group.addTask {
                        let prices = try await database.read { db in
                            let first = try db.first("SELECT price FROM item WHERE id = 1")?.integer(0) ?? 0
                            let second = try db.first("SELECT price FROM item WHERE id = 2")?.integer(0) ?? 0
                            return first + second
                        }
                        #expect(prices == 1_000)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("a cancelled task still gets the outcome of its write", arguments: Engine.allCases)
    func cancelled(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            let task = Task {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                return try await database.write { db in
                    try db.execute("INSERT INTO item (id, name) VALUES (1, 'a')")
                }
            }
            let changed = try await task.value
            #expect(changed == 1)
            try await expect(items: 1, database)
        }
    }

    @Test("more waiting jobs than the queue holds are refused at once, and nothing of them is done")
    func overloaded() async throws {
        try await withDatabase(.sqlite, readers: 1) { database in
            // The writer stands still until the first refusal, so the queue is certain to fill.
            let gate = DispatchSemaphore(value: 0)
            let refused = await withTaskGroup(of: Bool.self) { group in
                for id in 0..<10_000 {
                    group.addTask {
                        do {
                            try await database.write { db in
                                gate.wait()
                                gate.signal()
                                _ = try db.execute("INSERT INTO item (id, name) VALUES (\(id), \("n\(id)"))")
                            }
                            return false
                        } catch {
                            gate.signal()
                            return error as? DatabaseError == .overloaded
                        }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(refused > 0)
            try await expect(items: Int64(10_000 - refused), database)
        }
    }

    /// For SQLite the disk is counted: `DiskTests`.
    @Test("Sixty-four who write to PostgreSQL at once share a few transactions")
    func shared() async throws {
        try await withDatabase(.postgres) { database in
            let seen = Lock<Set<Int64>>([])
            _ = try await Writers.atOnce(64, on: database) { database, item in
                let transaction = try await database.write { db in
                    try db.execute("INSERT INTO item (id, name) VALUES (\(item), \("n\(item)"))")
                    return try db.first("SELECT txid_current()")?.integer(0) ?? -1
                }
                _ = seen.withLock { $0.insert(transaction) }
            } while: { 0 }
            #expect(seen.withLock { $0.count } < 16)
            try await expect(items: 64, database)
        }
    }
}
