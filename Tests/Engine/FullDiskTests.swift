import Chains
import Database
import Domain
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

/// A loop without which the process is of no use, as the program runs it. It gives up when it was started so often
/// that it would be for ever.
private final class Needed: Resident {
    private static let most = 4
    private let loop: Ticker
    private let count = Lock(0)

    init(_ loop: Ticker) { self.loop = loop }

    /// How often it was started.
    var starts: Int { count.withLock { $0 } }
    var name: String { loop.name }
    var isEssential: Bool { true }

    func run() async throws {
        let starts = count.withLock { count in
            count += 1
            return count
        }
        if starts <= Self.most { try await loop.run() }
    }
}

/// A gateway on a disk in memory, with a payment whose window has ended: the ticker has something to write.
private struct Bed {
    let folder: TemporaryFolder
    let disk = SimulatedDisk()
    let clock = ManualClock()
    let store: Store
    let gateway: Gateway
    let payment: ID<Payment>

    /// - Parameter readers: 0 for no threads: then the log is copied into the database when it is told to, and at no
    ///   other time.
    init(readers: Int = 3) async throws {
        folder = try TemporaryFolder()
        store = try await Store.open(.sqlite(folder.path + "/quittance.db", vfs: disk.name), readers: readers)
        gateway = try House.gateway(
            store, clock, SeededEntropy(seed: 1), Settings(baseURL: "https://pay.example"), SandboxWorld())
        try await gateway.setFixedRates([(try code("SBX"), "EUR", try Rate(parsing: "100"))])
        let merchant = try await gateway.createMerchant(name: "Shop", cause: "test")
        let key = try await gateway.createKey(
            merchant: merchant.id, name: "key", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "test")
        let caller = Caller(merchant: merchant.id, key: key.key.id, isTest: true, scopes: ["admin"])
        try await House.follow(gateway)
        var new = NewPayment(orderID: "order-1", amount: "25", currency: "EUR")
        new.chosen = try method("SBX")
        new.methods = [try method("SBX")]
        let reply = try await gateway.open(
            new, by: caller, cause: "test",
            Answering(key: nil) { Reply(status: 200, body: Array($0.payment.id.text.utf8)) })
        payment = try #require(ID<Payment>(parsing: String(decoding: reply.body, as: UTF8.self)))
        clock.advance(by: 24 * 3_600_000)
    }
}

@Suite("A disk that fails", .timeLimit(.minutes(15)))
struct FullDiskTests {
    @Test("One that was full for a moment is written to again when there is room")
    func full() async throws {
        let bed = try await Bed()
        let ticker = Ticker(bed.gateway)
        // In place there may be room: an idle writer begins its log anew, in the length that it has.
        bed.disk.setFull(true, inPlace: false)
        for _ in 0..<3 {
            await #expect(throws: DatabaseError.self) { _ = try await ticker.step(isTest: true) }
        }
        bed.disk.setFull(false)
        #expect(try await ticker.step(isTest: true) == 1)
        await bed.store.close()
    }

    /// What the disk refuses first.
    enum Refused: String, CaseIterable {
        /// A commit, while the log holds what the database does not.
        case commit
        /// A commit, when all of the log was copied: the writer has nothing to do with the disk but that.
        case commitAfterCopy
        /// Copying the log into the database.
        case copy
        /// The writer copies when it has been idle for a while, be it before, between or never.
        case whatever
    }

    @Test(
        "One that failed ends the process, for only the next one can write", arguments: Refused.allCases)
    func failed(_ refused: Refused) async throws {
        let bed = try await Bed(readers: refused == .whatever ? 3 : 0)
        if refused == .commitAfterCopy { bed.store.database.rest() }
        bed.disk.setFailing(true)
        if refused == .copy { bed.store.database.rest() }
        let ticker = Needed(Ticker(bed.gateway))
        let ended = await #expect(throws: Supervisor.EssentialResidentEnded.self) {
            try await Supervisor([ticker], log: .silent).run()
        }
        #expect(ended?.lastError == "DatabaseError")
        // The first one may hear of the failure itself; then there is no more trying.
        #expect(ticker.starts <= 2)
        await bed.store.close()
        let disk = bed.disk.next(after: .all)
        let next = try await Store.open(.sqlite(bed.folder.path + "/quittance.db", vfs: disk.name))
        #expect(try await next.read { try $0.payment(bed.payment) } != nil)
        await next.close()
    }
}
