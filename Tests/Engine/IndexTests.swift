import Chains
import Database
import Domain
import Glibc
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("No address is issued twice, whatever comes back")
struct IndexTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var file: String { folder.file("indices") }

    private func addresses(_ house: House, _ count: Int) async throws -> [String] {
        var addresses: [String] = []
        for _ in 0..<count {
            addresses.append(try await house.quote(of: try await house.open()).destination.address)
        }
        return addresses
    }

    private func databaseFile(_ house: House) throws -> String {
        guard case .sqlite(let path, _) = house.place.location else { throw TestKitError("no file") }
        return path
    }

    /// Ends a gateway; hard, or so that the file says exactly what was issued.
    private func end(_ house: House, hard: Bool) async throws {
        if !hard { try house.gateway.settleIndices() }
        await house.close()
    }

    @Test("A database that goes back to its backup issues none of the addresses since", arguments: [false, true])
    func restored(_ isHard: Bool) async throws {
        let house = try await House()
        try await house.gateway.keepIndices(in: file)
        var issued = try await addresses(house, 3)
        try await end(house, hard: isHard)
        let database = try databaseFile(house)
        let backup = try Files.read(database, maxBytes: 1 << 26)
        try await house.reopen()
        try await house.gateway.keepIndices(in: file)
        issued += try await addresses(house, 20)
        try await end(house, hard: isHard)
        for end in ["", "-wal", "-shm"] { try Files.remove(database + end) }
        try Files.write(backup, to: database)
        try await house.reopen()
        try await house.gateway.keepIndices(in: file)
        issued += try await addresses(house, 5)
        #expect(Set(issued).count == 28, "an address came twice")
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    @Test("A gentle end skips nothing, a hard one no more than the file covers ahead")
    func skips() async throws {
        let house = try await House()
        try await house.gateway.keepIndices(in: file)
        _ = try await addresses(house, 3)
        try await end(house, hard: false)
        try await house.reopen()
        try await house.gateway.keepIndices(in: file)
        let next = try await house.payment(try await house.open())
        #expect(next.evidence.currentQuote?.destination.path == "sandbox/3")
        await house.close()
        try await house.reopen()
        try await house.gateway.keepIndices(in: file)
        let after = try await house.payment(try await house.open())
        let most = 4 + EngineLimits.coveredIndices.lowerBound
        #expect((4...most).map { "sandbox/\($0)" }.contains(after.evidence.currentQuote?.destination.path ?? ""))
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    @Test("A missing or copied file is doubted until a person has said how far to skip")
    func doubts() async throws {
        let house = try await House()
        try await house.gateway.keepIndices(in: file)
        var issued = try await addresses(house, 3)
        let copy = folder.file("copy")
        try Files.write(try Files.read(file, maxBytes: 1 << 20), to: copy)
        try Files.write([1, 2, 3], to: folder.file("damaged"))
        for (path, doubt) in [
            (copy, IndexFile.Doubt.copied), (folder.file("nothing"), .missing), (folder.file("damaged"), .damaged),
        ] {
            try await house.reopen()
            await #expect(throws: doubt) { try await house.gateway.keepIndices(in: path) }
            let moved = try await house.gateway.restored(skipping: 100, indexFile: path, cause: "test")
            #expect(moved.allSatisfy { $0.next >= $0.from + 100 })
            try await house.gateway.keepIndices(in: path)
            issued += try await addresses(house, 2)
        }
        #expect(Set(issued).count == 9)
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    @Test("What covers very many keys is written and read again, and only a file beyond all bounds is doubted")
    func manyKeys() throws {
        let covered = Dictionary(
            uniqueKeysWithValues: (0..<30_000).map { number in
                (String(repeating: "f", count: 64) + String(number), Int64(number))
            })
        _ = try IndexFile(file, covering: covered)
        #expect(try IndexFile(reading: file).covered == covered)
        let huge = folder.file("huge")
        try Files.write([], to: huge)
        #expect(unsafe truncate(huge, Int(EngineLimits.indexFileBytes) + 1) == 0)
        #expect(throws: IndexFile.Doubt.tooLarge) { try IndexFile(reading: huge) }
        #expect(try IndexFile.lastKnown(huge).isEmpty)
    }

    @Test("PostgreSQL is known by its own name: another one is doubted")
    func postgres() async throws {
        let house = try await House(.postgres)
        try await house.gateway.keepIndices(in: file)
        _ = try await addresses(house, 3)
        try await house.reopen()
        // A dump that was put back into it names itself the same.
        await #expect(throws: IndexFile.Doubt.missing) {
            try await house.gateway.keepIndices(in: folder.file("another node"))
        }
        _ = try await house.gateway.restored(skipping: 0, indexFile: folder.file("another node"), cause: "test")
        try await house.gateway.keepIndices(in: folder.file("another node"))
        #expect(try await addresses(house, 1) != [])
        try await house.store.write { try $0.set("database_identity", "other") }
        await #expect(throws: IndexFile.Doubt.otherDatabase) {
            try await house.gateway.keepIndices(in: file)
        }
        _ = try await house.gateway.restored(skipping: 10, indexFile: file, cause: "test")
        try await house.gateway.keepIndices(in: file)
        let next = try await house.payment(try await house.open())
        let index = next.evidence.currentQuote?.destination.path?.split(separator: "/").last.flatMap { Int($0) }
        #expect((index ?? 0) >= 13)
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    @Test("A wallet's count is moved on by its merchant, never back, and both are recorded")
    func advance() async throws {
        let house = try await House()
        _ = try await addresses(house, 2)
        let wallet = try #require(try await house.gateway.wallets(of: house.caller).first?.wallet)
        for (next, issued) in [(10, 10), (5, 10), (10, 10), (11, 11)] as [(Int64, Int64)] {
            let moved = try await house.gateway.advanceWallet(
                wallet.id, to: next, by: house.caller, cause: "test")
            #expect(moved.issued == issued)
        }
        await #expect(throws: CommandError.tooMany("indices to skip")) {
            try await house.gateway.advanceWallet(
                wallet.id, to: 12 + EngineLimits.skippedIndices, by: house.caller, cause: "test")
        }
        let next = try await house.payment(try await house.open())
        #expect(next.evidence.currentQuote?.destination.path == "sandbox/11")
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    @Test("A key that another merchant registered before is refused: nobody else uses up its addresses")
    func shared() async throws {
        let house = try await House()
        let wallet = try #require(try await house.gateway.wallets(of: house.caller).first?.wallet)
        house.clock.advance(by: 1_000)
        let merchant = try await house.gateway.createMerchant(name: "Other", cause: "test")
        let key = try await house.gateway.createKey(
            merchant: merchant.id, name: "key", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "test")
        let other = Caller(merchant: merchant.id, key: key.key.id, isTest: true, scopes: ["admin"])
        func register(on network: NetworkName, from first: Int64, by caller: Caller) async throws {
            _ = try await house.gateway.createWallet(
                network: network, key: wallet.key, name: "same", firstIndex: first, by: caller, cause: "test",
                Answering(key: nil) { _ in Reply(status: 200, body: []) })
        }
        for first in [0, 50] as [Int64] {
            for network in house.gateway.networks.entries.map(\.chain.network) {
                await #expect { try await register(on: network, from: first, by: other) } throws: { error in
                    guard case .key("key_in_use", _)? = error as? CommandError else { return false }
                    return true
                }
            }
        }
        #expect(try await house.gateway.wallets(of: other).allSatisfy { $0.wallet.key != wallet.key })
        try await register(on: wallet.network, from: 0, by: house.caller)
        _ = try await house.gateway.disableWallet(wallet.id, by: house.caller, cause: "test")
        await #expect(throws: CommandError.self) {
            try await register(on: wallet.network, from: 0, by: other)
        }
        let next = try await house.payment(try await house.open())
        #expect(next.evidence.currentQuote?.destination.path == "sandbox/0")
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    /// What others may have been told of a payment by name or number.
    private func names(_ house: House, _ id: ID<Payment>) async throws -> (names: Set<String>, version: Int) {
        let payment = try await house.payment(id)
        let merchant = house.caller.merchant
        let events = try await house.store.read {
            try $0.events(of: merchant, after: 0, isTest: true, type: nil, subject: id.text, limit: 100).items
        }
        return (
            Set(
                events.map(\.id.text) + payment.exceptions.map(\.id.text)
                    + payment.evidence.transfers.map(\.id.text) + payment.posted.values.map(\.entry.text)),
            payment.version
        )
    }

    @Test("What is told of a payment after a restore has no name and no version that was told of it before")
    func namesAfterRestore() async throws {
        let house = try await House()
        try await house.gateway.keepIndices(in: file)
        let id = try await house.open()
        try await end(house, hard: false)
        let database = try databaseFile(house)
        let backup = try Files.read(database, maxBytes: 1 << 26)
        var told: Set<String> = []
        var version = 0
        // Twice back to the same backup: what followed the first restore is as lost.
        for steps in [[.play(.exact)], [.play(.over(percent: 150), mined: 1)], [.play(.exact, mined: 1)]] as [[Step]] {
            if version > 0 {
                for end in ["", "-wal", "-shm"] { try Files.remove(database + end) }
                try Files.write(backup, to: database)
            }
            try await house.reopen()
            if version > 0 {
                house.clock.advance(by: 3_600_000)
                _ = try await house.gateway.restored(skipping: 10, indexFile: file, cause: "test")
            }
            try await house.gateway.keepIndices(in: file)
            let before = try await names(house, id)
            try await house.take(steps, for: id)
            let after = try await names(house, id)
            #expect(after.names.subtracting(before.names).isDisjoint(with: told))
            #expect(after.version > version)
            told.formUnion(after.names)
            version = after.version
            let verdict = try await house.store.verify()
            #expect(verdict.isClean, "\(verdict.findings)")
            try await end(house, hard: false)
        }
    }

    @Test("A choice waits for the file outside of every transaction, and is written down all the same")
    func choices() async throws {
        let house = try await House()
        try await house.gateway.keepIndices(in: file)
        var scripts: Set<String> = []
        let count = 3 * Int(EngineLimits.coveredIndices.lowerBound)
        for number in 0..<count {
            var new = NewPayment(orderID: "order-\(number)", amount: "25", currency: "EUR")
            new.methods = [try method("SBX"), try method("SUSD")]
            let id = try await house.open(new)
            _ = try await house.gateway.choose(
                try method("SBX"), for: id, by: .customer, of: nil, cause: "test", house.answering())
            scripts.insert(try await house.quote(of: id).destination.script)
            let covered = try IndexFile.lastKnown(file).values.max() ?? 0
            #expect(covered > Int64(number), "the file covers what was issued")
        }
        #expect(scripts.count == count)
        await house.close()
    }

    @Test("What is covered is handed out while somebody writes the file; what is not is refused at once")
    func covered() async throws {
        let allocator = IndexAllocator(isAlone: true)
        allocator.keep(try IndexFile(file, covering: ["a": 0, "b": 0]))
        try await allocator.cover(IndexAllocator.Uncovered(key: "a", index: 0), at: 0)
        #expect(try allocator.take("a", floor: 0) == 0)
        #expect(try allocator.take("a", floor: 0) == 1)
        let before = try Files.read(file, maxBytes: 1 << 20)
        let missing = #expect(throws: IndexAllocator.Uncovered.self) {
            _ = try allocator.take("b", floor: 3)
        }
        #expect(missing?.key == "b" && missing?.index == 3)
        #expect(try Files.read(file, maxBytes: 1 << 20) == before, "nothing waited for the disk")
        try await allocator.cover(try #require(missing), at: 0)
        #expect(try allocator.take("b", floor: 3) == 3)
        #expect(try IndexFile.lastKnown(file)["b"] ?? 0 > 3)
    }

    @Test("Of a burst of requests on one wallet each gets an index, and none comes twice", arguments: [0, 5_000])
    func burst(_ stall: Int64) async throws {
        let house = try await House()
        try await house.gateway.keepIndices(in: file)
        let (gateway, clock) = (house.gateway, house.clock)
        let taken = Lock<Set<UInt32>>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2_000 {
                group.addTask {
                    _ = try await gateway.withFreshIndices {
                        clock.advance(by: stall)
                        let index = try gateway.indices.take("key", floor: 0)
                        taken.withLock { taken in _ = index.map { taken.insert($0) } }
                        return Reply(status: 200, body: [])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(taken.withLock { $0 } == Set(0..<2_000))
        let covered = try IndexFile.lastKnown(file)["key"] ?? 0
        #expect((2_000...2_000 + EngineLimits.coveredIndices.upperBound).contains(covered))
        await house.close()
    }

    @Test("An address whose transaction fails goes to the next payment")
    func givenBack() async throws {
        let house = try await House()
        var new = NewPayment(orderID: "order-1", amount: "25", currency: "EUR")
        new.methods = [try method("SBX"), try method("SUSD")]
        let id = try await house.open(new)
        func refusing(_ event: SQL, _ body: () async throws -> Void) async throws {
            try await house.store.database.write { db in
                let body: SQL = " ON payment BEGIN SELECT RAISE(ABORT, 'no'); END"
                _ = try db.execute("CREATE TRIGGER refused BEFORE " + event + body)
            }
            await #expect(throws: DatabaseError.self) { try await body() }
            try await house.store.database.write { _ = try $0.execute("DROP TRIGGER refused") }
        }
        try await refusing("INSERT") { _ = try await house.open() }
        try await refusing("UPDATE") {
            _ = try await house.gateway.choose(
                try method("SBX"), for: id, by: .customer, of: nil, cause: "test", house.answering())
        }
        let next = try await house.payment(try await house.open())
        #expect(next.evidence.currentQuote?.destination.path == "sandbox/0")
        await house.close()
    }

    @Test("Nothing is issued that could not be written down")
    func full() async throws {
        let house = try await House()
        try await house.gateway.keepIndices(in: file)
        let before = try await addresses(house, 8)
        // A folder in the file's place: nothing can be renamed over it.
        try Files.remove(file)
        try Files.makeFolder(file)
        await #expect(throws: FileError.self) { try await addresses(house, 20) }
        #expect(before.count == 8)
        await house.close()
    }
}
