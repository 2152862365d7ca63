import Chains
import Crypto
import Database
import Domain
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("A damaged row stops neither the start nor what has nothing to do with it")
struct DamageTests {
    /// What is damaged: rows of the first merchant, of its payment, or of all.
    static let damages: [SQL] = [
        "UPDATE payment SET id = CAST(x'fb' AS TEXT)", "UPDATE payment SET id = 'pay_01' || CAST(x'fb' AS TEXT)",
        "UPDATE wallet SET fingerprint = CAST(x'fb' AS TEXT) WHERE id = (SELECT min(id) FROM wallet)",
        "UPDATE key_index SET next = '?'", "UPDATE rate SET rate = '?' WHERE asset = 'SUSD'",
        "UPDATE rate SET at = CAST(x'fb' AS TEXT) WHERE asset = 'SUSD'",
        "UPDATE rate SET asset = CAST(x'fb' AS TEXT) WHERE asset = 'SUSD'",
        "UPDATE sandbox_journal SET sequence = '?' WHERE sequence = (SELECT max(sequence) FROM sandbox_journal)",
        "UPDATE sandbox_journal SET command = CAST(x'fb' AS TEXT)",
        "INSERT INTO setting (name, value) VALUES ('started_as', CAST(x'fb' AS TEXT))",
    ]

    private func another(_ house: House) async throws -> Caller {
        house.clock.advance(by: 1_000)
        let merchant = try await house.gateway.createMerchant(name: "Other", cause: "test")
        let key = try await house.gateway.createKey(
            merchant: merchant.id, name: "key", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "test")
        return Caller(merchant: merchant.id, key: key.key.id, isTest: true, scopes: ["admin"])
    }

    /// All that a process does before it serves.
    private func start(_ house: House, _ file: String) async throws {
        try await house.reopen()
        try await house.gateway.resumeIdentities()
        try await house.gateway.recordStart(version: "test")
        try await house.gateway.setFixedRates([
            (try code("SBX"), "EUR", try Rate(parsing: "100")), (try code("SUSD"), "EUR", try Rate(parsing: "0.8")),
        ])
        try await house.gateway.keepIndices(in: file)
        try await house.gateway.hearSandbox()
    }

    @Test("It starts, another merchant sells, and who looks finds it", arguments: damages.indices)
    func starts(_ damage: Int) async throws {
        let folder = try TemporaryFolder()
        let house = try await House()
        try await house.gateway.keepIndices(in: folder.file("indices"))
        try await house.take([.play(.exact)], for: try await house.open())
        let other = try await another(house)
        let changed = try await house.store.database.write { try $0.execute(Self.damages[damage]) }
        #expect(changed > 0)
        let isAboutPlay = [7, 8].contains(damage)
        let isUnseen = [8, 9].contains(damage)
        if !isUnseen { #expect(try await !house.store.verify().isClean) }
        try await start(house, folder.file("indices"))
        let id = try await house.open(order: "next", by: other)
        #expect(try await house.payment(id).state == .awaitingPayment)
        #expect((house.gateway.sandbox?.damage != nil) == isAboutPlay)
        // The instance's own table is what its configuration says.
        let isMended = (4...6).contains(damage)
        let verdict = try await house.store.verify()
        #expect(verdict.isClean == (isMended || isUnseen), "\(verdict.findings)")
        await house.close()
    }

    /// What is done to the wake-ups of payments that wait.
    static let losses: [SQL] = [
        "DELETE FROM wake", "UPDATE wake SET payment = '?' || payment", "UPDATE wake SET at = '?'",
        "DELETE FROM wake_height", "UPDATE wake_height SET payment = '?' || payment", "UPDATE wake SET at = 0.5",
    ]

    @Test("A payment whose wake-up is lost is found, and looked at from the next start on", arguments: losses.indices)
    func wakes(_ loss: Int) async throws {
        let folder = try TemporaryFolder()
        let house = try await House()
        try await house.gateway.keepIndices(in: folder.file("indices"))
        let (deep, idle) = (try await house.open("2000", order: "deep"), try await house.open(order: "idle"))
        try await house.take([.play(.exact, mined: 1)], for: deep)
        #expect(try await house.payment(deep).state == .confirming)
        try await house.store.database.write { _ = try $0.execute(Self.losses[loss]) }
        let verdict = try await house.store.verify()
        #expect(verdict.findings.contains { $0.place.hasPrefix("wake") }, "\(verdict.findings)")
        try await start(house, folder.file("indices"))
        // What is due in nobody's time stands before all others, and is due.
        #expect(try await house.gateway.wakeSleepers() > 0 || loss == 5)
        try await house.follow()
        let mended = try await house.store.verify()
        #expect(mended.isClean, "\(mended.findings)")
        try await house.take([.wait(seconds: 2_000), .command(.mine(.sandbox, blocks: 5))], for: deep)
        #expect(try await house.payment(deep).state == .paid)
        #expect(try await house.payment(idle).state == .expired)
        #expect(try await house.gateway.wakeSleepers() == 0)
        await house.close()
    }

    @Test("All wake-ups that were lost are found and made again", arguments: DatabaseEngine.allCases)
    func allWakes(_ engine: DatabaseEngine) async throws {
        let house = try await House(engine)
        let (deep, idle) = (try await house.open("2000", order: "deep"), try await house.open(order: "idle"))
        try await house.take([.play(.exact, mined: 1)], for: deep)
        try await house.store.database.write { db in
            _ = try db.execute("UPDATE wake SET payment = payment || '_'")
            _ = try db.execute("DELETE FROM wake_height")
        }
        let verdict = try await house.store.verify()
        #expect(verdict.findings.contains { $0.place == "wake \(idle)" })
        #expect(verdict.findings.contains { $0.place.hasPrefix("wake_height \(deep)") })
        #expect(try await house.gateway.wakeSleepers() == 2)
        try await house.follow()
        let mended = try await house.store.verify()
        #expect(mended.isClean, "\(mended.findings)")
        #expect(try await house.gateway.wakeSleepers() == 0)
        await house.close()
    }

    /// The key of somebody who can write to the database, and what he does with it.
    static let thief = SandboxAddress.walletKey([UInt8](repeating: 5, count: 32)).text
    static let swaps: [SQL] = [
        "UPDATE wallet SET key = \(thief)", "UPDATE wallet SET key = \(thief), fingerprint = \(thief)",
        """
        INSERT INTO wallet (id, merchant, network, name, key, fingerprint, created_at, record)
        SELECT substr(id, 1, length(id) - 1) || 'Z', merchant, network, name, \(thief), \(thief), created_at, record
        FROM wallet WHERE key <> \(thief)
        """,
        "UPDATE wallet SET key = \(thief), record = 0", "UPDATE wallet SET name = 'Other'",
        "UPDATE wallet SET key = \(thief), record = record + 1",
        "UPDATE record SET body = previous WHERE kind = 'wallet_created'",
        "DELETE FROM record WHERE kind = 'wallet_created'",
    ]

    @Test("A wallet that this instance has not registered as it stands gives no address", arguments: swaps.indices)
    func swapped(_ swap: Int) async throws {
        let house = try await House()
        let before = try await house.open(order: "before")
        var new = NewPayment(orderID: "both", amount: "25", currency: "EUR")
        new.methods = [try method("SBX"), try method("SUSD")]
        let both = try await house.open(new)
        let changed = try await house.store.database.write { try $0.execute(Self.swaps[swap]) }
        #expect(changed == 1)
        // What was compared with the log before the change is not asked for what it became, but after a start.
        if swap > 5 { try await house.reopen() }
        await #expect(throws: Corruption.self) { try await house.open(order: "after") }
        await #expect(throws: Corruption.self) {
            try await house.gateway.choose(
                try method("SBX"), for: both, by: .customer, of: nil, cause: "test", house.answering())
        }
        let issued = try await house.store.database.read { db in
            try db.query("SELECT payment FROM destination").map { try $0.text(0) }
        }
        #expect(issued == [before.text])
        #expect(try await house.gateway.quarantined().isEmpty)
        #expect(try await !house.store.verify().isClean)
        // What was issued before is still paid.
        if swap < 6 {
            try await house.take([.play(.exact, mined: 1)], for: before)
            #expect(try await house.payment(before).state == .paid)
        }
        await house.close()
    }

    @Test("A wallet that an older key of this instance has registered gives addresses, and none that a stranger has")
    func keys() async throws {
        let house = try await House()
        guard let sandbox = house.gateway.sandbox else { throw TestKitError("no sandbox") }
        func keys(_ number: UInt8) throws -> InstanceKeys {
            let secret = Secret([UInt8](repeating: number, count: 32))
            return InstanceKeys(
                box: try #require(SecretBox(key: secret)), signing: try #require(Ed25519.KeyPair(seed: secret)))
        }
        func gateway(_ keys: InstanceKeys) throws -> Gateway {
            try House.gateway(house.store, house.clock, house.entropy, house.settings, sandbox, keys: keys)
        }
        func open(_ gateway: Gateway, _ order: String) async throws {
            var new = NewPayment(orderID: order, amount: "25", currency: "EUR")
            new.methods = [try method("SBX")]
            _ = try await gateway.open(new, by: house.caller, cause: "test", house.answering())
        }
        var last = house.gateway
        for number: UInt8 in [20, 21, 22] {
            try await open(last, "order \(number)")
            let next = try keys(number)
            _ = try await last.rotateKeys(to: next, cause: "test")
            last = try gateway(next)
        }
        try await open(last, "last")
        await #expect(throws: Corruption.self) { try await open(try gateway(keys(23)), "a stranger") }
        // Where the way from one key to the next is cut off, nobody knows whose the first was.
        let current = try keys(22).fingerprint
        let changed = try await house.store.database.write { db in
            try db.execute("DELETE FROM record WHERE kind = 'instance_key_replaced' AND subject <> \(current)")
        }
        #expect(changed == 2)
        await #expect(throws: Corruption.self) { try await open(try gateway(keys(22)), "cut off") }
        let verdict = try await house.store.verify(signedBy: try keys(22).signing.publicKey)
        #expect(!verdict.isClean)
        await house.close()
    }

    @Test("A damaged rate prices nothing, and all others do", arguments: [
        "UPDATE rate SET rate = '?'", "UPDATE rate SET rate = CAST(x'fb' AS TEXT)", "UPDATE rate SET at = '?'",
    ] as [SQL])
    func rates(_ damage: SQL) async throws {
        let house = try await House()
        try await house.store.database.write { _ = try $0.execute(damage + " WHERE asset = 'SUSD'") }
        var new = NewPayment(orderID: "order-1", amount: "25", currency: "EUR")
        new.methods = [try method("SBX"), try method("SUSD")]
        let id = try await house.open(new)
        await #expect(throws: Refusal.self) {
            try await house.gateway.choose(
                try method("SUSD"), for: id, by: .customer, of: nil, cause: "test", house.answering())
        }
        _ = try await house.gateway.choose(
            try method("SBX"), for: id, by: .customer, of: nil, cause: "test", house.answering())
        #expect(try await house.payment(id).state == .awaitingPayment)
        await house.close()
    }

    @Test("Where nobody knows what parts are numbered above, nothing begins until a person says so", arguments: [
        "5700000O", "-1", "901000000",
    ])
    func numbers(_ value: String) async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("indices")
        let house = try await House()
        try await house.gateway.keepIndices(in: file)
        _ = try await house.open()
        try await house.store.write { try $0.set("part_numbers_above", value) }
        await #expect(throws: IndexFile.Doubt.numbers) { try await start(house, file) }
        await #expect(throws: IndexFile.Doubt.numbers) { try await house.gateway.keepIndices(in: file) }
        #expect(try await !house.store.verify().isClean)
        _ = try await house.gateway.restored(skipping: 0, indexFile: file, cause: "test")
        try await start(house, file)
        try await house.take([.play(.exact, mined: 1)], for: try await house.open(order: "next"))
        #expect(try await house.gateway.quarantined().isEmpty)
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }
}
