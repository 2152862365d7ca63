import Dispatch
import Platform
import TestKit
import Testing

@testable import Database

/// A table with one counter per row, on a disk in memory.
private struct Bed {
    let folder: TemporaryFolder
    var disk: SimulatedDisk

    init(_ disk: SimulatedDisk = SimulatedDisk()) throws {
        folder = try TemporaryFolder()
        self.disk = disk
    }

    func open() async throws -> Database {
        try await Database.open(.sqlite(folder.path + "/disk.sqlite", vfs: disk.name))
    }

    static func prepare(_ database: Database) async throws {
        try await database.write {
            _ = try $0.execute("CREATE TABLE IF NOT EXISTS n (i INTEGER PRIMARY KEY, filler TEXT NOT NULL)")
        }
    }

    static func add(_ number: Int, to database: Database) async throws {
        let filler = String(repeating: "x", count: number % 5 * 700)
        try await database.write {
            _ = try $0.execute("INSERT INTO n VALUES (\(number), \(filler))")
        }
    }

    static func rows(_ database: Database) async throws -> [Int64] {
        try await database.read { try $0.query("SELECT i FROM n ORDER BY i").map { try $0.integer(0) } }
    }
}

@Suite("A disk that fails where it is told to")
struct DiskTests {
    @Test("A database on it works, for readers beside the writer too, and is found again")
    func works() async throws {
        var bed = try Bed()
        let database = try await bed.open()
        try await Bed.prepare(database)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask { try await Bed.add(number, to: database) }
                group.addTask { _ = try await Bed.rows(database) }
            }
            try await group.waitForAll()
        }
        await database.close()
        bed.disk = bed.disk.next(after: .all)
        let again = try await bed.open()
        #expect(try await Bed.rows(again) == Array(0..<200).map(Int64.init))
        await again.close()
    }

    @Test(
        "Whatever is lost with the power, what was answered is there, and nothing is torn",
        arguments: [
            PowerLoss.none, .all, .after(permille: 300), .after(permille: 700), .torn(seed: 1), .torn(seed: 2),
        ])
    func powerLoss(_ loss: PowerLoss) async throws {
        let bed = try Bed()
        let seen = Lock<[DiskSnapshot]>([])
        bed.disk.observe { _, snapshot in seen.withLock { $0.append(snapshot) } }
        let database = try await bed.open()
        try await Bed.prepare(database)
        var answered: [(operations: Int, rows: Int)] = []
        for number in 0..<20 {
            try await Bed.add(number, to: database)
            answered.append((bed.disk.operations, number + 1))
        }
        await database.close()
        let snapshots = seen.withLock { $0 }
        #expect(snapshots.count == bed.disk.operations)
        for (number, snapshot) in snapshots.enumerated() {
            let promised = answered.last { $0.operations <= number }?.rows ?? 0
            var next = bed
            next.disk = SimulatedDisk(snapshot.after(loss))
            let again = try await next.open()
            try await Bed.prepare(again)
            let rows = try await Bed.rows(again)
            #expect(
                rows.count >= promised && rows == Array(0..<Int64(rows.count)),
                "before operation \(number): \(rows.count) of \(promised), \(snapshot.pending) unsynchronised")
            let words = try await again.read {
                try $0.query("PRAGMA integrity_check").map { try $0.text(0) }
            }
            #expect(words == ["ok"])
            await again.close()
        }
    }

    @Test(
        "After a failed operation nothing is answered that is not there",
        arguments: DiskFault.allCases)
    func faults(_ fault: DiskFault) async throws {
        var bed = try Bed()
        let first = try await bed.open()
        try await Bed.prepare(first)
        let start = bed.disk.operations
        await first.close()
        for operation in start..<start + 24 {
            bed.disk = SimulatedDisk(bed.disk.snapshot)
            bed.disk.plan(fault, at: operation - start)
            var answered: [Int64] = []
            do {
                let database = try await bed.open()
                for number in 0..<6 {
                    do {
                        try await Bed.add(operation * 100 + number, to: database)
                        answered.append(Int64(operation * 100 + number))
                    } catch is DatabaseError {}
                }
                await database.close()
            } catch is DatabaseError {}
            bed.disk = bed.disk.next(after: .all)
            let again = try await bed.open()
            let rows = try await Bed.rows(again)
            #expect(Set(answered).isSubset(of: Set(rows)), "\(fault) at \(operation)")
            await again.close()
        }
    }

    /// SQLite keeps what stood there before, so that a part can be undone; of much it would make a file in a folder of
    /// its own choice, which may be full or read-only while the database's disk is well.
    @Test("What may have to be undone in part makes no file beside the database and its log")
    func parts() async throws {
        let bed = try Bed()
        let database = try await bed.open()
        try await Bed.prepare(database)
        for number in 0..<100 { try await Bed.add(number, to: database) }
        let names = Lock<Set<String>>([])
        bed.disk.observe { _, snapshot in names.withLock { $0.formUnion(snapshot.state.files.keys) } }
        let change: SQL = "UPDATE n SET filler = \(String(repeating: "y", count: 5_000))"
        try await database.write { connection in
            _ = try connection.execute(change)
            try connection.attempt { _ = try connection.execute("UPDATE n SET filler = filler || 'z'") }
        }
        await database.close()
        let path = bed.folder.path + "/disk.sqlite"
        #expect(names.withLock { $0 }.isSubset(of: [path, path + "-wal", path + "-journal"]))
    }

    @Test("A statement that fails because its disk does ends all writing, as a commit would")
    func statement() async throws {
        let bed = try Bed()
        let database = try await bed.open()
        try await Bed.prepare(database)
        bed.disk.setFailing(true)
        // More than the cache holds, so that it is written before the commit.
        let filler = String(repeating: "x", count: 1 << 20)
        await #expect(throws: DatabaseError.self) {
            try await database.write { connection in
                for number in 0..<20 { _ = try connection.execute("INSERT INTO n VALUES (\(number), \(filler))") }
            }
        }
        bed.disk.setFailing(false)
        let error = await #expect(throws: DatabaseError.self) { try await Bed.add(0, to: database) }
        guard case .ended = error else { throw try #require(error) }
        #expect(try await Bed.rows(database) == [])
        await database.close()
    }

    @Test("A commit that finds no room ends no writing, and what is answered after it is there")
    func fullCommit() async throws {
        var bed = try Bed()
        let database = try await bed.open()
        try await Bed.prepare(database)
        try await Bed.add(0, to: database)
        // In place there may be room: an idle writer begins its log anew, in the length that it has.
        bed.disk.setFull(true, inPlace: false)
        for number in 1..<4 {
            let error = await #expect(throws: DatabaseError.self) { try await Bed.add(number, to: database) }
            guard case .outcomeUnknown = error else { throw try #require(error) }
        }
        #expect(try await Bed.rows(database) == [0])
        bed.disk.setFull(false)
        try await Bed.add(4, to: database)
        bed.disk = bed.disk.next(after: .all)
        await database.close()
        let again = try await bed.open()
        #expect(try await Bed.rows(again) == [0, 4])
        await again.close()
    }

    @Test("A checkpoint that finds no room is made later, and ends no writing")
    func fullCheckpoint() async throws {
        let bed = try Bed()
        let database = try await bed.open()
        try await Bed.prepare(database)
        let filler = String(repeating: "x", count: 256 << 10)
        @Sendable func add(_ number: Int) async throws {
            try await database.write { _ = try $0.execute("INSERT INTO n VALUES (\(number), \(filler))") }
        }
        // The log goes on; what is copied out of it finds no room.
        bed.disk.setFull(true, sparing: "-wal")
        var count = 0
        while bed.disk.refusals == 0, count < 200 {
            try await add(count)
            count += 1
        }
        #expect(bed.disk.refusals > 0, "a checkpoint was tried")
        try await add(count)
        bed.disk.setFull(false)
        try await add(count + 1)
        #expect(try await Bed.rows(database).count == count + 2)
        await database.close()
    }

    @Test("Sixty-four who write at once share a few synchronisations; one after the other each has its own")
    func shared() async throws {
        var bed = try Bed()
        let database = try await bed.open()
        try await Bed.prepare(database)
        let disk = bed.disk
        let start = disk.synchronisations
        for number in 0..<64 { try await Bed.add(number, to: database) }
        let alone = disk.synchronisations - start
        #expect(alone >= 64)
        let together = try await Writers.atOnce(64, on: database) { database, number in
            try await Bed.add(64 + number, to: database)
        } while: { disk.synchronisations }
        #expect(together < 16, "\(together) synchronisations for 64 writers")
        await database.close()
        bed.disk = disk.next(after: .all)
        let next = try await bed.open()
        #expect(try await Bed.rows(next) == Array(0..<128))
        await next.close()
    }
}

/// Writers who all have something to write before any of it is written.
enum Writers {
    /// Holds the writer until all of them have asked. Gives by how much `count` has grown when all are answered.
    static func atOnce(
        _ writers: Int, on database: Database, _ write: @escaping @Sendable (Database, Int) async throws -> Void,
        while count: () -> Int
    ) async throws -> Int {
        let gate = DispatchSemaphore(value: 0)
        let isHeld = Lock(false)
        async let holding: Void = database.write { _ in
            isHeld.withLock { $0 = true }
            gate.wait()
        }
        while !isHeld.withLock({ $0 }) { await Task.yield() }
        let before = count()
        let asked = Lock(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<writers {
                group.addTask {
                    // As many as there are threads may be between here and the queue; they come in the next batch.
                    if asked.withLock({ $0 += 1; return $0 }) == writers { gate.signal() }
                    try await write(database, number)
                }
            }
            try await group.waitForAll()
        }
        try await holding
        return count() - before
    }
}
