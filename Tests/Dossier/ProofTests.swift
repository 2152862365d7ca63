import Chains
import Crypto
import Database
import Domain
import Engine
import Storage
import TestKit
import Testing

@Suite("What the network said is kept in its own bytes")
struct ProofTests {
    @Test("A transaction that pays us is kept with what leads from it to its block", arguments: [
        (UTXONetwork.bitcoinRegtest, DatabaseEngine.sqlite), (.bitcoinRegtest, .postgres),
        (.litecoinRegtest, .sqlite),
    ])
    func kept(_ network: UTXONetwork, _ engine: DatabaseEngine) async throws {
        let counter = try await Counter(network, engine)
        let order = try await counter.open()
        let pays = Mint.transaction(spending: 1, to: [(1_000, [0x51]), (50_000, order.script)])
        let others = (UInt8(2)...5).map { Mint.transaction(spending: $0, to: [(4_000, [0x51])]) }
        let block = try counter.mint.mine([others[0], others[1], pays, others[2]] + others[3...])
        try counter.mint.mine()
        try await counter.follow(2)
        #expect(try await counter.payment(order.id).state == .paid)
        let id = block.transactions[3].id.displayText
        let rows = try await counter.store.read { try $0.proofs(of: network.name, transaction: id) }
        let row = try #require(rows.first)
        #expect(rows.count == 1 && row.raw == pays && row.size == pays.count && row.index == 3)
        #expect(row.block.text == block.hash.displayText && row.header == block.header.bytes)
        #expect(try await counter.count("proof") == 1, "nothing is kept of what is nobody's here")
        let headers = try await counter.store.read {
            try $0.headers(of: network.name, from: row.height, to: row.height + 9)
        }
        #expect(headers.map(\.raw) == counter.mint.blocks.suffix(2).map(\.header.bytes))
        let outcome = try await counter.store.verify(proofs: .ofNetworks)
        #expect(outcome.isClean, "\(outcome.findings)")
        await counter.close()
    }

    @Test("A transaction that is mined again after a reorg is kept with both blocks")
    func reorged() async throws {
        let counter = try await Counter()
        let order = try await counter.open()
        let pays = Mint.transaction(spending: 1, to: [(50_000, order.script)])
        try counter.mint.mine([pays])
        try counter.mint.mine()
        try await counter.follow(2)
        counter.mint.undo(2)
        try counter.mint.mine()
        try counter.mint.mine([Mint.transaction(spending: 9, to: [(7_000, [0x51])]), pays])
        try counter.mint.mine()
        try await counter.follow(3, undone: 2)
        let payment = try await counter.payment(order.id)
        #expect(payment.state == .paid && payment.evidence.transfers.first?.block?.index == 2)
        #expect(try await counter.count("proof") == 2)
        let outcome = try await counter.store.verify(proofs: .ofNetworks)
        #expect(outcome.isClean, "\(outcome.findings)")
        await counter.close()
    }

    @Test("One transaction that pays several is kept once")
    func shared() async throws {
        let counter = try await Counter()
        let (one, other) = (try await counter.open(), try await counter.open())
        try counter.mint.mine([Mint.transaction(spending: 1, to: [(50_000, one.script), (50_000, other.script)])])
        try await counter.follow(1)
        #expect(try await counter.count("proof") == 1)
        let outcome = try await counter.store.verify(proofs: .ofNetworks)
        #expect(outcome.isClean, "\(outcome.findings)")
        await counter.close()
    }

    @Test("What a payment is told of while it is set aside is kept too")
    func aside() async throws {
        let counter = try await Counter()
        let order = try await counter.open()
        let now = counter.gateway.world.now
        try await counter.store.write { try $0.quarantine(order.id, at: now, reason: "test") }
        try counter.mint.mine([Mint.transaction(spending: 1, to: [(50_000, order.script)])])
        try await counter.follow(1)
        #expect(try await counter.count("proof") == 1)
        let aside = try await counter.store.verify(proofs: .ofNetworks)
        #expect(!aside.findings.contains { $0.place.hasPrefix("proof") }, "\(aside.findings)")
        _ = try await counter.gateway.release(
            order.id, by: .operatorAtMachine, reason: "seen", cause: "test")
        try counter.mint.mine()
        try await counter.follow(1)
        #expect(try await counter.payment(order.id).state == .paid)
        let outcome = try await counter.store.verify(proofs: .ofNetworks)
        #expect(!outcome.findings.contains { $0.place.hasPrefix("proof") }, "\(outcome.findings)")
        await counter.close()
    }

    @Test("Of a transaction that is too long only what leads to it is kept, and that is said")
    func long() async throws {
        let counter = try await Counter()
        let order = try await counter.open()
        let script = [UInt8](repeating: 0x51, count: 250)
        let outputs = [(UInt64(50_000), order.script)] + (0..<250).map { _ in (UInt64(1_000), script) }
        var parts: [[UInt8]] = []
        // As many inputs as make it long enough.
        let inputs = 10_000
        parts.append([2, 0, 0, 0, 0xfd, UInt8(inputs & 255), UInt8(inputs >> 8)])
        for number in 0..<inputs {
            parts.append(
                [UInt8](repeating: 3, count: 28) + Mint.little(UInt32(number)) + [0, 0, 0, 0, 0, 255, 255, 255, 255])
        }
        parts.append([UInt8(outputs.count)] + outputs.flatMap { Mint.output($0.0, $0.1) } + [0, 0, 0, 0])
        try counter.mint.mine([parts.flatMap { $0 }])
        try await counter.follow(1)
        let kept = try await counter.store.database.read { try $0.first("SELECT size, raw FROM proof") }
        #expect(try kept?.integer(0) ?? 0 > 400_000 && kept?.blob(1) == [])
        let outcome = try await counter.store.verify(proofs: .ofNetworks)
        #expect(outcome.isClean, "\(outcome.findings)")
        #expect(outcome.unchecked.contains { $0.contains("too long to be kept") })
        await counter.close()
    }

    /// What is done to the proofs, and the words that a finding must have.
    static let deeds: [(deed: SQL, found: String)] = [
        ("DELETE FROM proof", "missing"),
        ("UPDATE proof SET raw = \(Array("else".utf8)), size = 4", "not those that the log names"),
        ("UPDATE proof SET size = size + 1", "size"),
        ("UPDATE proof SET height = height + 1", "height"),
        ("UPDATE proof SET place = place + 1", "place"),
        ("UPDATE proof SET branch = \([UInt8](repeating: 1, count: 32))", "does not lead"),
        ("UPDATE proof SET header = \([UInt8](repeating: 1, count: 80))", "does not lead"),
        ("UPDATE proof SET block = 'other'", "does not tell"),
        ("UPDATE proof SET transaction_id = 'other'", "does not tell"),
        ("UPDATE proof SET network = 'litecoin-regtest'", "does not tell"),
    ]

    @Test("Every change of a proof is found", arguments: DatabaseEngine.allCases)
    func tampering(_ engine: DatabaseEngine) async throws {
        for (deed, words) in Self.deeds {
            let counter = try await Counter(.bitcoinRegtest, engine)
            _ = try await counter.paid()
            let rows = try await counter.store.database.write { try $0.execute(deed) }
            #expect(rows == 1, "\(words)")
            let outcome = try await counter.store.verify(proofs: .ofNetworks)
            let found = outcome.findings.map(\.description)
            #expect(found.contains { $0.hasPrefix("proof") && $0.contains(words) }, "\(words): \(found)")
            await counter.close()
        }
    }
}

extension Counter {
    func count(_ table: SQL) async throws -> Int64 {
        try await store.database.read { try $0.first("SELECT count(*) FROM " + table)?.integer(0) ?? -1 }
    }
}
