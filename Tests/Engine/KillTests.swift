import Chains
import Crypto
import Database
import Domain
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("A gateway that is killed", .serialized, .timeLimit(.minutes(15)))
struct KillTests {
    @Test(
        "Nothing acknowledged is lost, nothing is double, events come in order, and the log gives it all again",
        arguments: DatabaseEngine.allCases)
    func kill(_ engine: DatabaseEngine) async throws {
        let folder = try TemporaryFolder()
        var location = DatabaseLocation.sqlite(folder.path + "/quittance.db")
        var variables = ["QUITTANCE_WEBHOOKS_ALLOW_LOOPBACK": "true"]
        if engine == .postgres {
            let uri = try await TestPostgres.shared.uri
            location = .postgres(uri)
            variables["QUITTANCE_STORAGE"] = uri
        }
        guard let program = Program(data: folder.path, variables: variables),
            await Program.canServe()
        else {
            throw TestKitError("the program is not built beside the tests, or cannot serve")
        }
        var rounds = KillRounds(program, KillDice(for: "KillTests on \(engine)"))
        try await rounds.strikeBeginnings()
        _ = try await program.run("merchant", "create", "--name", "Shop")
        let key = try await program.run("key", "create")
        let receiver = Receiver { _ in Response(.ok) }
        let last = try await receiver.serving { url in
            try await Self.register(url, program, key)
            try await rounds.strike(key)
            let ledger = rounds.ledger.withLock { $0 }
            print("\(engine): \(ledger.flow)")
            _ = try await program.run("verify")
            try await check(ledger, location, try Self.keys(in: folder.file("instance.key")))
            try await check(receiver, location)
            return ledger
        }
        #expect(last.surprises.isEmpty)
        checkFlow(last)
    }

    /// So much flowed that a fault would have shown: what the rounds waited for, and nothing was left out.
    private func checkFlow(_ ledger: KillLedger) {
        #expect(ledger.kills == KillRounds.beginnings + KillRounds.rounds)
        #expect(ledger.acknowledged.count >= 2 * KillRounds.whole && ledger.paid.count >= KillRounds.whole)
        #expect(ledger.reported.count >= KillRounds.whole / 2 && ledger.reorgs >= KillRounds.whole / 2)
        #expect(ledger.worked >= 200, "kills while payments flow")
        #expect(ledger.cut >= KillRounds.whole, "kills during a request")
        // Starts differ in length here and there; most of them are met.
        #expect(ledger.early >= KillRounds.beginnings, "kills before it served")
    }

    /// Has every event sent to `url`.
    private static func register(_ url: String, _ program: Program, _ key: String) async throws {
        let served = try await program.serve()
        let made = try await Client(.trusted).send(
            ClientRequest(
                .post, try URL(parsing: served.url + "/v1/webhook-endpoints"),
                headers: ["Authorization": "Bearer \(key)", "Content-Type": "application/json"],
                body: (["url": .string(url)] as JSON).encoded()))
        await served.stop()
        guard made.status.code == 201 else {
            throw TestKitError("no endpoint: \(String(decoding: made.body, as: UTF8.self))")
        }
    }

    /// The keys that the killed processes used, out of their file.
    private static func keys(in file: String) throws -> InstanceKeys {
        let lines = String(decoding: try Files.read(file, maxBytes: 4_096), as: UTF8.self).split(separator: "\n")
        guard lines.count == 3, var seal = Hex.decode(lines[1].dropFirst(5)),
            var sign = Hex.decode(lines[2].dropFirst(5)), let box = SecretBox(key: Secret(wiping: &seal)),
            let pair = Ed25519.KeyPair(seed: Secret(wiping: &sign))
        else { throw TestKitError("the key file has another form") }
        return InstanceKeys(box: box, signing: pair)
    }

    /// Opens what the killed processes left behind, and looks at all of it. Delivers what is still owed.
    private func check(_ ledger: KillLedger, _ location: DatabaseLocation, _ keys: InstanceKeys) async throws {
        let store = try await Store.open(location)
        var settings = Settings(baseURL: "https://pay.example")
        settings.allowsLoopbackWebhooks = true
        let sandbox = try await Gateway.replaySandbox(from: store)
        let merchant = try await store.read { try $0.merchants()[0].id }
        let payments = try await store.read { tx in
            try tx.payments(of: merchant, PaymentFilter(), PageRequest(limit: 1_000_000)).items
        }
        let byID = Dictionary(payments.map { ($0.id.text, $0) }) { first, _ in first }
        for (order, told) in ledger.acknowledged {
            let payment = byID[told.id]
            #expect(payment?.terms.orderID == order)
            #expect(payment?.evidence.quotes.map(\.destination.address) == [told.address])
        }
        #expect(ledger.paid.filter { byID[$0]?.state != .paid } == [])
        #expect(ledger.claimed.filter { byID[$0]?.fulfilment?.claimedAt == nil } == [])
        #expect(ledger.reported.filter { byID[$0]?.fulfilment?.reportedAt == nil } == [])
        #expect(Set(payments.map(\.terms.orderID)).count == payments.count, "one payment for each key")
        let scripts = payments.flatMap { $0.evidence.quotes.map(\.destination.script) }
        #expect(Set(scripts).count == scripts.count, "no address twice")
        #expect(payments.allSatisfy { $0.evidence.transfers.count <= 1 }, "nothing is counted twice")
        #expect(payments.allSatisfy { $0.openExceptions.isEmpty })
        try await House.audit(store, merchant)
        // What a killed process had taken is free a minute later, and what it failed at by and by.
        let clock = ManualClock(now: SystemClock().now)
        let later = try House.gateway(store, clock, SystemEntropy(), settings, sandbox, keys: keys)
        let deliverer = Deliverer(later, client: Deliverer.client(allowsLoopback: true))
        for _ in 0..<60 {
            clock.advance(by: EngineLimits.leaseSeconds * 1_000)
            while try await deliverer.step() > 0 {}
        }
        await store.close()
    }

    /// Every event came at least once, always with its own bytes, and those of a payment in order.
    private func check(_ receiver: Receiver, _ location: DatabaseLocation) async throws {
        let store = try await Store.open(location)
        let events = try await store.database.read { db in
            try db.query("SELECT id, subject, body FROM event ORDER BY subject, sequence").map { row in
                (id: try row.text(0), subject: try row.text(1), body: Array(try row.text(2).utf8))
            }
        }
        await store.close()
        var firsts: [String: Int] = [:]
        var bodies: [String: Set<[UInt8]>] = [:]
        for (place, delivered) in receiver.all.enumerated() {
            if firsts[delivered.id] == nil { firsts[delivered.id] = place }
            bodies[delivered.id, default: []].insert(delivered.body)
        }
        #expect(!events.isEmpty && events.filter { firsts[$0.id] == nil }.map(\.id) == [])
        #expect(events.filter { bodies[$0.id] != [$0.body] }.map(\.id) == [])
        let overtaken = zip(events, events.dropFirst()).filter { before, after in
            before.subject == after.subject && firsts[before.id] ?? 0 > firsts[after.id] ?? 0
        }
        #expect(overtaken.map(\.1.id) == [])
    }
}
