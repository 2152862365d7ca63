import Chains
import Database
import Domain
import HTTP
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("Networks are followed whatever stands in the way")
struct WatchingTests {
    /// How a stored payment is damaged.
    static let damages: [SQL] = [
        "UPDATE payment SET body = '{}'", "UPDATE payment SET body = 'no JSON'",
        "UPDATE payment SET head_sequence = 0", "UPDATE payment SET head_sequence = -2",
        "UPDATE payment SET head_sequence = 9223372036854775807", "UPDATE payment SET head_hash = ''",
        "UPDATE payment SET body = replace(body, '\"entries\":0', '\"entries\":9223372036854775807')",
    ]

    @Test(
        "What is damaged beside a payment stops neither it nor a network",
        arguments: ["UPDATE endpoint SET state = '?'", "UPDATE rate SET rate = '?'"] as [SQL])
    func besides(_ damage: SQL) async throws {
        let house = try await House { $0.allowsLoopbackWebhooks = true }
        let quiet = Answering<(endpoint: StoredEndpoint, secret: String)>(key: nil) { _ in
            Reply(status: 200, body: [])
        }
        _ = try await house.gateway.createEndpoint(
            NewEndpoint(url: "http://127.0.0.1:9/"), by: house.caller, cause: "test", quiet)
        let (paid, bad) = (try await house.open(order: "paid"), try await house.open(order: "bad"))
        for id in [paid, bad] { try await house.take([.play(.exact)], for: id) }
        try await house.store.database.write { db in
            _ = try db.execute(damage)
            _ = try db.execute("UPDATE payment SET body = '{}' WHERE id = \(bad.text)")
        }
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        #expect(try await house.payment(paid).state == .paid)
        #expect(try await house.gateway.quarantined().map(\.payment) == [bad])
        await house.close()
    }

    @Test(
        "A damaged row beside a payment's own stops neither another payment nor its webhooks",
        arguments: [
            ("destination", "UPDATE destination SET payment = '?'"),
            ("destination", "UPDATE destination SET network = '!'"),
            ("transfer", "UPDATE transfer SET payment = '?'"), ("wake", "UPDATE wake SET payment = '?'"),
            ("delivery", "UPDATE delivery SET merchant = '?'"), ("delivery", "UPDATE delivery SET attempts = -3"),
            ("delivery", "UPDATE delivery SET tries = 9223372036854775807"),
            ("delivery", "UPDATE delivery SET fence = 9223372036854775807"),
            ("transfer", "UPDATE transfer SET payment = CAST(x'fb' AS TEXT)"),
            ("destination", "UPDATE destination SET payment = CAST(x'fb' AS TEXT)"),
            ("delivery", "UPDATE delivery SET merchant = CAST(x'fb' AS TEXT)"),
            ("delivery", "UPDATE delivery SET id = CAST(x'fb' || CAST(id AS BLOB) AS TEXT)"),
            ("pool_input", "UPDATE pool_input SET transaction_id = CAST(x'fb' AS TEXT)"),
            ("event", "UPDATE event SET body = CAST(x'fb' || CAST(body AS BLOB) AS TEXT)"),
        ] as [(String, SQL)])
    func rows(_ table: String, _ damage: SQL) async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { _ in Response(.ok) }
        try await receiver.serving { url in
            _ = try await house.endpoint(url)
            let bad = try await house.open(order: "bad")
            let (good, idle) = (try await house.open(order: "good"), try await house.open(order: "idle"))
            for id in [bad, good] { _ = try await house.gateway.play(.exact, for: id, of: house.caller) }
            try await house.follow()
            try await house.store.database.write { db in
                let key: SQL = ["delivery", "event"].contains(table) ? "subject" : "payment"
                let those: SQL = table == "pool_input" ? "" : " WHERE " + key + " = \(bad.text)"
                _ = try db.execute(damage + those)
            }
            _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
            try await house.take([.wait(seconds: 2_000)], for: idle)
            let deliverer = Deliverer(house.gateway, client: Deliverer.client(allowsLoopback: true))
            while try await deliverer.step() > 0 {}
            #expect(try await house.payment(good).state == .paid)
            #expect(try await house.payment(idle).state == .expired)
            let told = receiver.all.map { String(decoding: $0.body, as: UTF8.self) }
            #expect(told.contains { $0.contains("payment.paid") && $0.contains(good.text) })
            #expect(told.contains { $0.contains("payment.expired") && $0.contains(idle.text) })
            #expect(house.store.damagedRows > 0)
            // Whose script was paid to is known, so its payment misses nothing.
            if table == "transfer" { #expect(try await house.payment(bad).state == .paid) }
        }
        await house.close()
    }

    @Test(
        "A damaged payment is set aside, and all others go on", arguments: damages.indices,
        DatabaseEngine.allCases)
    func quarantine(_ damage: Int, _ engine: DatabaseEngine) async throws {
        let house = try await House(engine)
        let bad = try await house.open(order: "bad")
        let good = try await house.open(order: "good")
        for id in [bad, good] { try await house.take([.play(.exact)], for: id) }
        try await house.store.database.write { db in
            _ = try db.execute(Self.damages[damage] + " WHERE id = \(bad.text)")
        }
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        #expect(try await house.payment(good).state == .paid)
        #expect(try await house.store.read { try $0.isQuarantined(bad) })
        await house.close()
    }

    @Test("A payment whose row holds no text any more is set aside, by a block and by the clock")
    func brokenText() async throws {
        let house = try await House()
        let (bad, idle) = (try await house.open(order: "bad"), try await house.open(order: "idle"))
        let good = try await house.open(order: "good")
        for id in [bad, good] { try await house.take([.play(.exact)], for: id) }
        try await house.store.database.write { db in
            _ = try db.execute(
                """
                UPDATE payment SET body = CAST(x'fb' || CAST(body AS BLOB) AS TEXT)
                WHERE id IN \(list: [bad.text, idle.text])
                """)
        }
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.take([.wait(seconds: 2_000)], for: good)
        #expect(try await house.payment(good).state == .paid)
        #expect(try await Set(house.gateway.quarantined().map(\.payment)) == [bad, idle])
        await house.close()
    }

    @Test("What is damaged of a payment that is aside already stops nothing", arguments: [
        "UPDATE quarantine SET at = '?'", "UPDATE quarantine SET at = CAST(x'fb' AS TEXT)",
        "UPDATE quarantined_fact SET number = -1", "UPDATE quarantined_fact SET number = '?'",
        "UPDATE quarantined_fact SET number = 9223372036854775807",
        "UPDATE quarantined_place SET place = CAST(x'fb' AS TEXT)",
    ] as [SQL])
    func asideAndDamaged(_ damage: SQL) async throws {
        let house = try await House()
        let (bad, good) = (try await house.open(order: "bad"), try await house.open(order: "good"))
        for id in [bad, good] { _ = try await house.gateway.play(.exact, for: id, of: house.caller) }
        let now = house.gateway.world.now
        try await house.store.write { try $0.quarantine(bad, at: now, reason: "test") }
        try await house.follow()
        let changed = try await house.store.database.write { try $0.execute(damage) }
        #expect(changed == 1)
        try await house.take([.command(.mine(.sandbox, blocks: 1)), .wait(seconds: 2_000)], for: good)
        #expect(try await house.payment(good).state == .paid)
        #expect(try await house.store.read { try $0.isQuarantined(bad) })
        #expect(try await !house.store.verify().isClean)
        await house.close()
    }

    @Test("A payment that is damaged once it is paid does not stop a reorg either", arguments: 0..<2)
    func quarantineInReorg(_ damage: Int) async throws {
        let house = try await House()
        let bad = try await house.open(order: "bad")
        let good = try await house.open(order: "good")
        for id in [bad, good] { _ = try await house.gateway.play(.exact, for: id, of: house.caller) }
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        try await house.store.database.write { db in
            _ = try db.execute(Self.damages[damage] + " WHERE id = \(bad.text)")
        }
        _ = try await house.gateway.command(
            .reorg(.sandbox, SandboxCommand.Reorg(depth: 1, fate: .dropped)))
        try await house.follow()
        #expect(try await house.payment(good).state == .awaitingPayment)
        #expect(try await house.store.read { try $0.isQuarantined(bad) })
        await house.close()
    }

    @Test("A look at a damaged payment sets it aside, and the others' windows close")
    func quarantineByClock() async throws {
        let house = try await House()
        let bad = try await house.open(order: "bad")
        let good = try await house.open(order: "good")
        try await house.store.database.write { db in
            _ = try db.execute("UPDATE payment SET body = '[]' WHERE id = \(bad.text)")
        }
        try await house.take([.wait(seconds: 2_000)], for: good)
        #expect(try await house.payment(good).state == .expired)
        #expect(try await house.store.read { try $0.isQuarantined(bad) })
        await house.close()
    }

    @Test("A batch that was asked for before another one was absorbed is refused")
    func stale() async throws {
        let house = try await House()
        let id = try await house.open()
        guard let sandbox = house.gateway.sandbox else { throw TestKitError("no sandbox") }
        let network = SandboxNetwork.sandbox.name
        let slow = sandbox.chain(on: .sandbox)
        let headers = StoredHeaders(store: house.store, network: network)
        let row = try await house.store.read { try $0.source(of: network) }
        guard let row, let height = row.height, let block = row.block else {
            throw TestKitError("no cursor")
        }
        let batch = try await slow.advance(from: Cursor(height: height, block: block), kept: headers)
        try await house.take([.play(.exact)], for: id)
        let before = try await house.summary(of: id)
        let absorbed = try await house.gateway.absorb(
            batch, of: network, after: row, askedAt: house.gateway.now(isTest: true))
        #expect(absorbed.isStale)
        #expect(try await house.summary(of: id) == before)
        #expect(before.state == .detected, "an older look at the pool takes nothing away")
        await house.close()
    }

    @Test("A block that does not follow the last one is not taken, and the one that does is")
    func otherParent() async throws {
        let house = try await House()
        guard let sandbox = house.gateway.sandbox else { throw TestKitError("no sandbox") }
        let network = SandboxNetwork.sandbox.name
        let headers = StoredHeaders(store: house.store, network: network)
        let row = try await house.store.read { try $0.source(of: network) }
        guard let row, let height = row.height, let block = row.block else {
            throw TestKitError("no cursor")
        }
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        let batch = try await sandbox.chain(on: .sandbox)
            .advance(from: Cursor(height: height, block: block), kept: headers)
        let next = try #require(batch.connected.first)
        #expect(next.parent == block)
        var other = batch
        other.connected[0] = ChainBlock(
            height: next.height, block: next.block, parent: next.block, medianTime: next.medianTime,
            transactions: next.transactions)
        let now = house.gateway.now(isTest: true)
        // Nor one that is said to be a branch, from here on or from where no block of ours is.
        for fork in [nil, height, height + 1] {
            other.forkHeight = fork
            #expect(try await house.gateway.absorb(other, of: network, after: row, askedAt: now).isStale)
            #expect(try await house.store.read { try $0.source(of: network) } == row)
        }
        #expect(try await !house.gateway.absorb(batch, of: network, after: row, askedAt: now).isStale)
        #expect(try await house.store.read { try $0.source(of: network)?.block } == next.block)
        await house.close()
    }

    @Test("Two gateways on one PostgreSQL absorb one story once")
    func two() async throws {
        let house = try await House(.postgres)
        let other = try await Store.open(house.place.location)
        guard let sandbox = house.gateway.sandbox else { throw TestKitError("no sandbox") }
        let second = try House.gateway(
            other, house.clock, SeededEntropy(seed: 2), house.settings, sandbox)
        let first = house.gateway
        let caller = house.caller
        let ids = try await withThrowingTaskGroup(of: ID<Payment>.self) { group in
            for number in 0..<20 {
                group.addTask {
                    var new = NewPayment(orderID: "order-\(number)", amount: "25", currency: "EUR")
                    new.chosen = try method("SBX")
                    let gateway = number.isMultiple(of: 2) ? first : second
                    let reply = try await gateway.open(
                        new, by: caller, cause: "test",
                        Answering(key: nil) { Reply(status: 200, body: Array($0.payment.id.text.utf8)) }
                    )
                    guard let id = ID<Payment>(parsing: String(decoding: reply.body, as: UTF8.self))
                    else {
                        throw TestKitError("no payment")
                    }
                    return id
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        var scripts: Set<String> = []
        for id in ids { scripts.insert(try await house.quote(of: id).destination.script) }
        #expect(scripts.count == ids.count, "no address twice")
        let commands: [SandboxCommand.Action] = [
            .mine(.sandbox, blocks: 1), .reorg(.sandbox, SandboxCommand.Reorg(depth: 1, fate: .pooled)),
            .mine(.sandbox, blocks: 2), .mine(.sandbox, blocks: 60),
        ]
        for id in ids { _ = try await first.play(.exact, for: id, of: caller) }
        for command in commands {
            _ = try await first.command(command)
            async let one: Void = House.follow(first)
            async let two: Void = House.follow(second)
            _ = try await (one, two)
        }
        var summaries: Set<Summary> = []
        for id in ids {
            let summary = try await house.summary(of: id)
            #expect(summary.state == .paid)
            #expect(summary.events.filter { $0 == "payment.paid" }.count == summary.epoch)
            #expect(summary.events.filter { $0 == "payment.reversed" }.count == summary.epoch - 1)
            #expect(summary.epoch <= 2)
            summaries.insert(summary)
        }
        #expect(try await Self.alone(ids.count, commands) == summaries)
        try await house.audit()
        await other.close()
        await house.close()
    }

    /// What one gateway makes of so many payments and of what happens then.
    private static func alone(_ count: Int, _ commands: [SandboxCommand.Action]) async throws -> Set<Summary> {
        let house = try await House()
        var ids: [ID<Payment>] = []
        for number in 0..<count { ids.append(try await house.open(order: "order-\(number)")) }
        for id in ids { _ = try await house.gateway.play(.exact, for: id, of: house.caller) }
        for command in commands {
            _ = try await house.gateway.command(command)
            try await house.follow()
        }
        var summaries: Set<Summary> = []
        for id in ids { summaries.insert(try await house.summary(of: id)) }
        await house.close()
        return summaries
    }

    @Test("Of two gateways on one PostgreSQL one listens, and the other takes over when it has gone")
    func lease() async throws {
        let house = try await House(.postgres)
        let other = try await Store.open(house.place.location)
        let first = house.gateway
        let id = try await house.open()
        try await house.take([.play(.exact)], for: id)
        // The second one's node does not know the last block yet.
        func second(_ seed: UInt64) async throws -> Gateway {
            try House.gateway(
                other, house.clock, SeededEntropy(seed: seed), house.settings,
                try await Gateway.replaySandbox(from: other))
        }
        let behind = try await second(2)
        _ = try await first.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        #expect(try await house.payment(id).state == .paid)
        for _ in 0..<3 {
            try await House.follow(behind)
            try await behind.markUnhealthy(SandboxNetwork.sandbox.name, fault: "unreachable: its own node")
            house.clock.advance(by: house.settings.pollMilliseconds)
            try await house.follow()
        }
        let summary = try await house.summary(of: id)
        #expect(summary.state == .paid && !summary.events.contains("payment.reversed"))
        let network = SandboxNetwork.sandbox.name
        func fence() async throws -> UInt64? { try await other.read { try $0.watch(of: network)?.fence } }
        #expect(try await fence() == 1)
        #expect(try await other.read { try $0.source(of: network)?.isHealthy } == true)
        // The first one dies; what happens now is for the other.
        let next = try await house.open(order: "next")
        _ = try await first.play(.exact, for: next, of: house.caller, confirmedBy: 1)
        let heir = try await second(3)
        try await House.follow(heir)
        house.clock.advance(by: first.watchMilliseconds - 1)
        try await House.follow(heir)
        #expect(try await house.payment(next).state == .awaitingPayment, "it may still be alive")
        house.clock.advance(by: 1)
        try await House.follow(heir)
        #expect(try await house.payment(next).state == .paid)
        #expect(try await fence() == 2)
        // It was not dead: what it says now is refused, whatever it asked for before.
        let row = try await other.read { try $0.source(of: network) }
        let batch = Batch(cursor: try #require(row?.cursor), isAtTip: true)
        let late = try await first.absorb(batch, of: network, after: row, askedAt: first.now(isTest: true))
        #expect(late.isStale)
        // An owner whose node fails, or that ends in good order, is followed at once.
        try await heir.markUnhealthy(network, fault: "unreachable: nobody there")
        try await house.follow()
        #expect(try await fence() == 3)
        #expect(try await other.read { try $0.source(of: network)?.isHealthy } == true)
        try await first.leaveWatch(of: network)
        house.clock.advance(by: house.settings.pollMilliseconds)
        try await House.follow(heir)
        #expect(try await fence() == 4)
        // One that is started again in the place of a dead one need not wait.
        let again = try await second(4)
        again.watch(as: heir.watches.name)
        house.clock.advance(by: house.settings.pollMilliseconds)
        try await House.follow(again)
        #expect(try await fence() == 5)
        let last = try await house.summary(of: id)
        #expect(last.state == summary.state && last.events == summary.events)
        try await house.audit()
        await other.close()
        await house.close()
    }

    @Test(
        "Who followed a network tells all of the pool again where another one did meanwhile, and else nothing",
        arguments: [true, false])
    func interlude(_ isOvertaken: Bool) async throws {
        let entered = Lock<Set<String>>([])
        let house = try await House(
            .postgres,
            telling: { chain in
                RetoldChain(chain) { batch, _ in
                    entered.withLock { $0.formUnion(batch.entered.map(\.id)) }
                    return batch
                }
            })
        let id = try await house.open()
        try await house.take([.play(.exact)], for: id)
        #expect(try await house.payment(id).state == .detected)
        entered.withLock { $0 = [] }
        let network = SandboxNetwork.sandbox.name
        let other = try await Store.open(house.place.location)
        // The node of the other one has another pool.
        let heir = try House.gateway(
            other, house.clock, SeededEntropy(seed: 2), house.settings,
            try await Gateway.replaySandbox(from: other),
            telling: { chain in
                RetoldChain(chain) { batch, _ in
                    var batch = batch
                    batch.entered = []
                    if batch.pool != nil { batch.pool = [] }
                    return batch
                }
            })
        if isOvertaken {
            try await House.follow(heir)
            house.clock.advance(by: heir.watchMilliseconds)
            try await House.follow(heir)
            #expect(try await house.payment(id).state == .awaitingPayment)
            try await heir.leaveWatch(of: network)
        } else {
            try await house.gateway.leaveWatch(of: network)
        }
        house.clock.advance(by: house.settings.pollMilliseconds)
        try await house.follow()
        #expect(try await house.payment(id).state == .detected, "its own node has had it all the time")
        #expect(entered.withLock { $0.isEmpty } != isOvertaken)
        await other.close()
        await house.close()
    }

    @Test("A sign of life that cannot be written is not the last one")
    func beats() async throws {
        let house = try await House(.postgres)
        let network = SandboxNetwork.sandbox.name
        let entry = try #require(house.gateway.networks[network])
        let watcher = Watcher(house.gateway, entry)
        func beat() async throws -> UInt64 {
            try await house.store.read { try $0.watch(of: network)?.beat ?? 0 }
        }
        let database = house.store.database
        try await database.write { db in
            _ = try db.execute("ALTER TABLE watch ADD CONSTRAINT refused CHECK (beat < 0) NOT VALID")
        }
        let before = try await beat()
        let beating = Task { try await watcher.beat() }
        for _ in 0..<2 {
            await house.clock.untilSleeping(1)
            house.clock.advance(by: house.gateway.watchMilliseconds / 3)
        }
        await house.clock.untilSleeping(1)
        try await database.write { _ = try $0.execute("ALTER TABLE watch DROP CONSTRAINT refused") }
        #expect(try await beat() == before)
        house.clock.advance(by: house.gateway.watchMilliseconds / 3)
        await house.clock.untilSleeping(1)
        #expect(try await beat() == before + 1)
        beating.cancel()
        _ = await beating.result
        await house.close()
    }

    @Test("An eviction is heard although nothing else happens at that moment")
    func eviction() async throws {
        let house = try await House()
        let id = try await house.open()
        try await house.take([.play(.exact), .evict], for: id)
        #expect(try await house.payment(id).state == .awaitingPayment)
        await house.close()
    }

    @Test("A thousand payments in one block that needs three are all looked at when it has them")
    func thousand() async throws {
        let house = try await House()
        var ids: [ID<Payment>] = []
        for number in 0..<1_000 { ids.append(try await house.open("2000", order: "order-\(number)")) }
        var outputs: [SandboxCommand.Output] = []
        for id in ids {
            let quote = try await house.quote(of: id)
            outputs.append(
                SandboxCommand.Output(
                    script: quote.destination.script, asset: quote.method.asset, amount: quote.amountDue
                ))
        }
        for start in stride(from: 0, to: outputs.count, by: 100) {
            _ = try await house.gateway.command(
                .pay(.sandbox, Array(outputs[start..<start + 100]), isMined: false))
        }
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 2))
        try await house.follow()
        let paid = try await house.store.read { [caller = house.caller] tx in
            var filter = PaymentFilter()
            filter.state = .paid
            return try tx.payments(of: caller.merchant, filter, PageRequest(limit: 2_000)).items.count
        }
        #expect(paid == 1_000)
        await house.close()
    }
}
