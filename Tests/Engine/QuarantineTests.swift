import Chains
import Database
import Domain
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("Payments that are set aside come back whole")
struct QuarantineTests {
    private func release(_ id: ID<Payment>, in house: House) async throws -> Release {
        try await house.gateway.release(
            id, by: .operatorAtMachine, reason: "looked at it", cause: "test")
    }

    private func events(_ house: House) async throws -> [String] {
        let caller = house.caller
        return try await house.store.read { tx in
            try tx.events(
                of: caller.merchant, after: 0, isTest: true, type: nil, subject: nil, limit: 1_000
            ).items.map(\.type)
        }
    }

    @Test(
        "A damaged row is written again from the log, and what came meanwhile is booked",
        arguments: WatchingTests.damages.indices, DatabaseEngine.allCases)
    func rebuilt(_ damage: Int, _ engine: DatabaseEngine) async throws {
        let house = try await House(engine)
        let bad = try await house.open(order: "bad")
        try await house.take([.play(.exact)], for: bad)
        try await house.store.database.write { db in
            _ = try db.execute(WatchingTests.damages[damage] + " WHERE id = \(bad.text)")
        }
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        let aside = try await house.gateway.quarantined()
        #expect(aside.map(\.payment) == [bad])
        #expect(aside.map(\.waiting) == [1])
        #expect(try await release(bad, in: house) == .released(facts: 1, isRebuilt: true))
        #expect(try await house.payment(bad).state == .paid)
        #expect(try await house.gateway.quarantined().isEmpty)
        let told = try await events(house)
        #expect(told.contains("payment.set_aside") && told.contains("payment.released"))
        try await house.audit()
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await #expect(throws: CommandError.notFound("set aside payment")) {
            try await release(bad, in: house)
        }
        await house.close()
    }

    @Test("A transaction that is undone and tried again raises one alarm")
    func alarms() async throws {
        let house = try await House()
        let id = try await house.open()
        let gateway = house.gateway
        func setAside(thenFails fails: Bool) async throws {
            try await gateway.write { work in
                try gateway.setAside(id, "test", nil, work)
                if fails { throw TestKitError("the next payment of the batch") }
            }
        }
        func count() -> [Substring] {
            gateway.world.metrics.exposition().split(separator: "\n").filter { $0.hasPrefix("quittance_quarantined") }
        }
        for _ in 0..<3 {
            await #expect(throws: TestKitError.self) { try await setAside(thenFails: true) }
        }
        #expect(count().isEmpty)
        try await setAside(thenFails: false)
        #expect(count() == ["quittance_quarantined_total 1"])
        try await setAside(thenFails: false)
        #expect(count() == ["quittance_quarantined_total 1"], "it was aside already")
        await house.close()
    }

    @Test("A payment whose log is damaged stays aside, with all that was kept", arguments: DatabaseEngine.allCases)
    func damagedLog(_ engine: DatabaseEngine) async throws {
        let house = try await House(engine)
        let bad = try await house.open(order: "bad")
        try await house.take([.play(.exact)], for: bad)
        try await house.store.database.write { db in
            _ = try db.execute("UPDATE payment SET body = '{}' WHERE id = \(bad.text)")
            _ = try db.execute("UPDATE record SET cause = 'x' WHERE chain = \(bad.text) AND kind = 'quoted'")
        }
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        guard case .stillAside(let reason) = try await release(bad, in: house) else {
            Issue.record("it was released")
            return
        }
        #expect(reason.contains("hash"))
        #expect(try await house.gateway.quarantined().map(\.reason) == [reason])
        #expect(try await house.gateway.quarantined().map(\.waiting) == [1])
        await house.close()
    }

    @Test("A reorg that happened while a payment was aside is heard when it comes back")
    func reorgMeanwhile() async throws {
        let house = try await House()
        let id = try await house.open()
        let other = try await house.open(order: "other")
        let now = house.gateway.world.now
        for payment in [id, other] {
            _ = try await house.gateway.play(.exact, for: payment, of: house.caller)
        }
        try await house.store.write { try $0.quarantine(id, at: now, reason: "test") }
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        _ = try await house.gateway.command(
            .reorg(.sandbox, SandboxCommand.Reorg(depth: 1, fate: .dropped)))
        try await house.follow()
        #expect(try await release(id, in: house) == .released(facts: 1, isRebuilt: false))
        #expect(try await house.payment(id).state == house.payment(other).state)
        try await house.follow()
        try await house.audit()
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    @Test("What arrives while a payment is aside is known by its place, so that its spend is kept too")
    func spentMeanwhile() async throws {
        let house = try await House()
        let id = try await house.open()
        let now = house.gateway.world.now
        _ = try await house.gateway.play(.exact, for: id, of: house.caller)
        try await house.store.write { try $0.quarantine(id, at: now, reason: "test") }
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        let facts = try await house.store.read { try $0.quarantinedFacts(of: id) }
        guard case .sighted(let sightings, _)? = facts.last?.news, let coin = sightings.first else {
            Issue.record("nothing was kept")
            return
        }
        let kept = try await house.store.read {
            try $0.keptTransfers(of: coin.key.network, at: ["elsewhere:0", coin.key.place])
        }
        #expect(kept == [coin.key.place: id])
        // A branch that is longer than a batch holds only what concerns us, and this does.
        let row = try #require(try await house.store.read { try $0.source(of: coin.key.network) })
        let cursor = try #require(row.cursor)
        let spend = ChainTransaction(
            id: "spend", index: 0, inputs: [coin.key.place], outputs: [], maturity: 0, observation: { [] })
        var batch = Batch(cursor: cursor, isAtTip: true)
        batch.forkHeight = cursor.height
        batch.connected = [
            ChainBlock(
                height: cursor.height + 1, block: BlockID("next"), parent: cursor.block,
                medianTime: Instant(milliseconds: house.clock.now), transactions: [spend])
        ]
        let branch = try await Branch(batch, of: coin.key.network, in: house.store)
        #expect(branch.batch.connected.flatMap(\.transactions).map(\.id) == ["spend"])
        #expect(try await house.store.verify().isClean)
        _ = try await release(id, in: house)
        #expect(try await house.store.read { try $0.keptPlaces(of: id, on: coin.key.network) }.isEmpty)
        await house.close()
    }

    @Test("What came late while a payment was aside is for a person, whatever the rate is when it comes back")
    func lateMeanwhile() async throws {
        let house = try await House()
        var policy = Policy.standard
        policy.late = Policy.LateRule(withinSeconds: 100_000, driftBasisPoints: 200)
        _ = try await house.gateway.setPolicy(
            policy, by: house.caller, cause: "test", Answering(key: nil) { _ in Reply(status: 200, body: []) })
        let id = try await house.open()
        let now = house.gateway.world.now
        _ = try await house.gateway.play(.late, for: id, of: house.caller)
        try await house.store.write { try $0.quarantine(id, at: now, reason: "test") }
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        house.clock.advance(by: 24 * 3_600_000)
        try await house.follow()
        #expect(try await release(id, in: house) == .released(facts: 1, isRebuilt: false))
        let payment = try await house.payment(id)
        #expect(payment.state == .latePaid && payment.openExceptions.map(\.kind) == [.late])
        try await house.audit()
        await house.close()
    }

    @Test("Its window still closes after it came back")
    func window() async throws {
        let house = try await House()
        let id = try await house.open()
        let now = house.gateway.world.now
        try await house.store.write { try $0.quarantine(id, at: now, reason: "test") }
        try await house.take([.wait(seconds: 2_000)], for: try await house.open(order: "other"))
        #expect(try await house.payment(id).state == .awaitingPayment)
        _ = try await release(id, in: house)
        try await house.follow()
        #expect(try await house.payment(id).state == .expired)
        await house.close()
    }

    @Test("One payment that cannot be read takes no list away, and says what it is")
    func lists() async throws {
        let house = try await House()
        let bad = try await house.open(order: "bad")
        let good = try await house.open(order: "good")
        for id in [bad, good] { try await house.take([.play(.exact)], for: id) }
        try await house.store.database.write { db in
            _ = try db.execute("UPDATE payment SET body = '{}' WHERE id = \(bad.text)")
        }
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        let list = ListRequest(limit: 10)
        let payments = try await house.gateway.payments(of: house.caller, PaymentQuery(), list)
        #expect(payments.items.map(\.payment.id) == [good])
        let transfers = try await house.gateway.transfers(of: house.caller, transaction: nil, list)
        #expect(transfers.items.map(\.payment.payment.id) == [good])
        await #expect(throws: CommandError.quarantined) {
            try await house.gateway.payment(bad, of: house.caller)
        }
        await house.close()
    }

    @Test(
        "A command that meets what is damaged before the loops do is refused, and sets the payment aside once",
        // The last damage concerns entries, of which there are none yet.
        arguments: WatchingTests.damages.indices.dropLast(), DatabaseEngine.allCases)
    func command(_ damage: Int, _ engine: DatabaseEngine) async throws {
        let house = try await House(engine)
        let bad = try await house.open(order: "bad")
        try await house.store.database.write { db in
            _ = try db.execute(WatchingTests.damages[damage] + " WHERE id = \(bad.text)")
        }
        for key in ["one", "other"] {
            await #expect(throws: CommandError.quarantined) {
                try await house.gateway.cancel(bad, by: house.caller, cause: "test", house.answering(key))
            }
        }
        #expect(try await events(house).filter { $0 == "payment.set_aside" }.count == 1)
        #expect(try await house.gateway.quarantined().map(\.waiting) == [0])
        #expect(try await release(bad, in: house) == .released(facts: 0, isRebuilt: true))
        _ = try await house.gateway.cancel(bad, by: house.caller, cause: "test", house.answering("one"))
        #expect(try await house.payment(bad).state == .failed)
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    @Test("So does every command on one payment; and whose it is, nobody else is told")
    func commands() async throws {
        let house = try await House()
        let (gateway, caller) = (house.gateway, house.caller)
        let merchant = try await gateway.createMerchant(name: "Other", cause: "test")
        let stranger = Caller(merchant: merchant.id, key: caller.key, isTest: true, scopes: ["admin"])
        let live = Caller(merchant: caller.merchant, key: caller.key, isTest: false, scopes: ["admin"])
        let sbx = try method("SBX")
        let exception = Lock<ID<Domain.Exception>?>(nil)
        typealias Command = @Sendable (ID<Payment>, Caller, Answering<PaymentView>) async throws -> Void
        let commands: [(name: String, command: Command)] = [
            ("cancel", { _ = try await gateway.cancel($0, by: $1, cause: "test", $2) }),
            ("claim", { _ = try await gateway.claimFulfilment(of: $0, action: "a", by: $1, cause: "test", $2) }),
            ("report", { _ = try await gateway.reportFulfilment(of: $0, action: "a", by: $1, cause: "test", $2) }),
            ("accept", { _ = try await gateway.accept($0, reason: "why", by: $1, cause: "test", $2) }),
            ("choose", { _ = try await gateway.choose(sbx, for: $0, by: .customer, of: $1, cause: "test", $2) }),
            ("play", { id, caller, _ in _ = try await gateway.play(.exact, for: id, of: caller) }),
            ("rule", { _, caller, answering in
                let ruling = NewRuling(action: .keep, reason: "why")
                let id = try #require(exception.withLock { $0 })
                _ = try await gateway.rule(id, ruling, by: caller, cause: "test", answering)
            }),
        ]
        for (number, (name, command)) in commands.enumerated() {
            let id = try await house.open(order: name)
            try await house.take([.play(.over(percent: 10), mined: 6)], for: id)
            let open = try await house.payment(id).openExceptions.first
            exception.withLock { $0 = open?.id }
            try await house.store.database.write { db in
                _ = try db.execute("UPDATE payment SET body = '{}' WHERE id = \(id.text)")
            }
            // Whoever it was that met it.
            for other in number.isMultiple(of: 2) ? [stranger, live] : [] {
                await #expect(throws: CommandError.notFound(name == "rule" ? "exception" : "payment"), "\(name)") {
                    try await command(id, other, house.answering())
                }
            }
            await #expect(throws: CommandError.quarantined, "\(name)") {
                try await command(id, caller, house.answering())
            }
            #expect(try await house.store.read { try $0.isQuarantined(id) }, "\(name)")
        }
        let id = try await house.open(order: "link")
        try await house.store.database.write { db in
            _ = try db.execute("UPDATE payment SET body = '{}' WHERE id = \(id.text)")
        }
        await #expect(throws: CommandError.quarantined) {
            try await gateway.choose(sbx, for: id, by: .customer, of: nil, cause: "test", house.answering())
        }
        #expect(try await gateway.quarantined().count == commands.count + 1)
        await house.close()
    }

    @Test("A command that fails for another reason sets nothing aside")
    func innocent() async throws {
        let house = try await House()
        let id = try await house.open(order: "one")
        try await house.store.database.write { db in
            _ = try db.execute("UPDATE source SET sequence = '?' WHERE network = 'sandbox'")
        }
        await #expect(throws: (any Error).self) {
            try await house.gateway.cancel(id, by: house.caller, cause: "test", house.answering())
        }
        #expect(try await house.gateway.quarantined().isEmpty)
        await house.close()
    }

    @Test("What a person was refused is not done later; a payment that can be read says since when it is aside")
    func refused() async throws {
        let house = try await House()
        let id = try await house.open()
        try await house.store.database.write { db in
            _ = try db.execute("UPDATE payment SET head_sequence = 0 WHERE id = \(id.text)")
        }
        await #expect(throws: (any Error).self) {
            try await house.gateway.cancel(id, by: house.caller, cause: "test", house.answering())
        }
        let now = house.gateway.world.now
        try await house.store.write { try $0.quarantine(id, at: now, reason: "test") }
        let view = try await house.gateway.payment(id, of: house.caller)
        #expect(view.setAsideSince == now)
        #expect(view.nextAction == "wait_for_operator")
        #expect(try await release(id, in: house) == .released(facts: 0, isRebuilt: true))
        #expect(try await house.payment(id).state == .awaitingPayment)
        await house.close()
    }
}
