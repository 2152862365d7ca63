import Chains
import Database
import Domain
import HTTP
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("What was not heard is not believed, and what cannot be heard costs nothing")
struct HearingTests {
    private let network = SandboxNetwork.sandbox.name

    /// What opening a payment answers with, where it is refused.
    private func refusal(_ body: () async throws -> Void) async throws -> String? {
        do { try await body() } catch let refusal as Refusal { return refusal.code.rawValue }
        return nil
    }

    @Test("Nobody is told to pay on a network that was never heard")
    func neverHeard() async throws {
        let house = try await House(isFollowed: false)
        #expect(try await refusal { _ = try await house.open() } == "network_unavailable")
        try await house.gateway.markUnhealthy(network, fault: "syncing: far behind")
        #expect(try await refusal { _ = try await house.open() } == "network_unavailable")
        var new = NewPayment(orderID: "later", amount: "25", currency: "EUR")
        new.methods = [try method("SBX"), try method("SUSD")]
        let id = try await house.open(new)
        #expect(try await refusal { try await house.take([.choose("SBX")], for: id) } == "network_unavailable")
        // The first one that is shown an address has the first address.
        try await house.follow()
        try await house.take([.choose("SBX")], for: id)
        #expect(try await house.quote(of: id).destination.path == "sandbox/0")
        await house.close()
    }

    @Test("Once it was heard, a network that is down is quoted: what is paid meanwhile is found")
    func heardOnce() async throws {
        let house = try await House()
        _ = try await house.gateway.command(.fail(.sandbox))
        try await house.follow()
        let id = try await house.open()
        try await house.take([.unheard([.play(.exact, mined: 1)])], for: id)
        _ = try await house.gateway.command(.recover(.sandbox))
        try await house.follow()
        #expect(try await house.payment(id).state == .paid)
        await house.close()
    }

    @Test("A node that stands still is believed; what was paid meanwhile is a question, and not lost")
    func standsStill() async throws {
        let isStill = Lock(false)
        let house = try await House(telling: { chain in
            RetoldChain(chain) { batch, after in
                guard let after, isStill.withLock({ $0 }) else { return batch }
                var still = Batch(cursor: after, isAtTip: true)
                still.pool = []
                return still
            }
        })
        func height() -> String? {
            let metric = "quittance_network_height{network=\"\(network)\"}"
            return house.gateway.world.metrics.exposition().split(separator: "\n").first { $0.hasPrefix(metric) }
                .map(String.init)
        }
        let id = try await house.open()
        let before = height()
        isStill.withLock { $0 = true }
        try await house.take([.play(.exact, mined: 3), .wait(seconds: 2_000)], for: id)
        #expect(try await house.payment(id).state == .expired)
        // All that somebody can see of it.
        #expect(before != nil && height() == before)
        isStill.withLock { $0 = false }
        try await house.follow()
        let payment = try await house.payment(id)
        #expect(payment.state == .latePaid && payment.openExceptions.map(\.kind) == [.late])
        #expect(height() != before)
        try await house.audit()
        await house.close()
    }

    @Test("Coins of a test network are nothing to a live payment")
    func testCoins() async throws {
        let house = try await House(live: [.sandbox])
        let live = Caller(
            merchant: house.caller.merchant, key: house.caller.key, isTest: false, scopes: house.caller.scopes)
        let id = try await house.open(by: live)
        let quote = try await house.quote(of: id)
        let output = SandboxCommand.Output(
            script: quote.destination.script, asset: quote.method.asset, amount: quote.amountDue)
        _ = try await house.gateway.command(.pay(.alternative, [output], isMined: true))
        try await house.follow()
        #expect(try await house.payment(id).evidence.transfers.isEmpty)
        _ = try await house.gateway.command(.pay(.sandbox, [output], isMined: true))
        try await house.follow()
        #expect(try await house.payment(id).state == .paid)
        await house.close()
    }

    @Test("A payment whose window ended while its node is down waits for the node, and not every few seconds")
    func waitsForSource() async throws {
        let house = try await House()
        let id = try await house.open()
        _ = try await house.gateway.command(.fail(.sandbox))
        try await house.take([.wait(seconds: 2_000)], for: id)
        let payment = try await house.payment(id)
        #expect(payment.state == .awaitingPayment)
        let end = try #require(payment.evidence.currentQuote?.endsAt)
        let last = end.adding(seconds: payment.terms.policy.graceSeconds + payment.terms.policy.staleSeconds)
        let next = try await house.store.read { try $0.nextLook(isTest: true) }
        #expect(try #require(next) > last, "the clock comes back only when people are to be told")
        _ = try await house.gateway.command(.recover(.sandbox))
        let watcher = Watcher(house.gateway, try #require(house.gateway.networks[network]))
        while try await watcher.step() {}
        #expect(try await house.payment(id).state == .expired, "the network's word closes it")
        await house.close()
    }

    @Test("A node that says each time how far it is fills no log")
    func oneWord() async throws {
        let house = try await House()
        let before = try await house.store.read { [network] in try $0.source(of: network)?.sequence }
        for height in 812..<820 {
            try await house.gateway.markUnhealthy(
                network, fault: "syncing: The node is at block \(height) of 905")
        }
        let after = try await house.store.read { [network] in try $0.source(of: network)?.sequence }
        #expect(after == before.map { $0 + 1 }, "it is news once")
        let fault = try await house.store.read { [network] in try $0.source(of: network)?.fault }
        #expect(fault?.hasSuffix("819 of 905") == true)
        try await house.gateway.markUnhealthy(network, fault: "unreachable: nobody there")
        let other = try await house.store.read { [network] in try $0.source(of: network)?.fault }
        #expect(other == "unreachable: nobody there")
        await house.close()
    }

    @Test("A sandbox that fails and recovers for ever writes nothing into the instance's chain")
    func playedFailure() async throws {
        let house = try await House()
        func records() async throws -> Int {
            try await house.store.read { try $0.records(chain: Storage.Transaction.instanceChain, limit: 1_000).count }
        }
        let before = try await records()
        let watcher = Watcher(house.gateway, try #require(house.gateway.networks[network]))
        for _ in 0..<20 {
            _ = try await house.gateway.command(.fail(.sandbox))
            await #expect(throws: ChainFault.self) { try await watcher.step() }
            try await house.gateway.markUnhealthy(network, fault: "unreachable: it was made to fail")
            _ = try await house.gateway.command(.recover(.sandbox))
            while try await watcher.step() {}
        }
        let isHealthy = try await house.store.read { [network] in try $0.source(of: network)?.isHealthy }
        #expect(isHealthy == true)
        #expect(try await records() == before)
        await house.close()
    }

    @Test("A network whose row was lost goes on where its headers end, and its word still counts")
    func lostRow() async throws {
        let house = try await House()
        let id = try await house.open()
        for _ in 0..<5 { try await house.take([.command(.mine(.sandbox, blocks: 1))], for: id) }
        try await house.take([.play(.exact)], for: id)
        try await house.store.database.write { db in _ = try db.execute("DELETE FROM source") }
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        #expect(try await house.payment(id).state == .paid)
        await house.close()
    }
}

@Suite("The clock steps back")
struct ClockTests {
    @Test("A rate from a time that has not come is not current")
    func rate() async throws {
        let house = try await House()
        let rates = Answering<StoredRate>(key: nil) { _ in Reply(status: 200, body: []) }
        _ = try await house.gateway.push(
            asset: try code("SBX"), currency: "EUR", rate: "200", by: house.caller, cause: "test", rates)
        house.clock.step(by: -1_000)
        _ = try await house.open(order: "a moment before")
        house.clock.step(by: -24 * 3_600 * 1_000)
        await #expect(throws: Refusal.self) { try await house.open(order: "yesterday") }
        await house.close()
    }

    @Test(
        "A second sight is no first one: what came late stays late when its block comes at an earlier hour",
        arguments: [60, -3_600, -365 * 86_400])
    func secondSight(seconds: Int64) async throws {
        let house = try await House()
        let id = try await house.open()
        try await house.take([.play(.late)], for: id)
        let first = try #require(try await house.payment(id).evidence.transfers.first?.firstSeen)
        let opened = try await house.payment(id).terms.openedAt
        house.clock.step(by: opened.milliseconds + seconds * 1_000 - house.gateway.now(isTest: true).milliseconds)
        try await house.take([.command(.mine(.sandbox, blocks: 1))], for: id)
        let payment = try await house.payment(id)
        #expect(payment.state == .latePaid)
        #expect(payment.evidence.transfers.map(\.firstSeen) == [first])
        try await house.audit()
        await house.close()
    }

    @Test("Where a clock was set back, a verification says in which record it shows", arguments: [
        (1_000, false), (1_001, true), (3_600_000, true), (365 * 86_400_000, true),
    ] as [(Int64, Bool)])
    func told(milliseconds: Int64, isTold: Bool) async throws {
        let house = try await House()
        let id = try await house.open()
        house.clock.step(by: -milliseconds)
        try await house.take([.cancel], for: id)
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        let told = verdict.unchecked.filter { $0.contains("older than the one before them") }
        #expect(told.count == (isTold ? 1 : 0), "\(verdict.unchecked)")
        if isTold {
            #expect(told.first?.contains("in 1 records") == true && told.first?.contains(" of \(id)): a clock") == true)
            #expect(told.first?.contains("by \(milliseconds / 1_000) s ") == true, "\(told)")
        }
        await house.close()
    }

    @Test("What was accepted at an earlier hour than it was seen is the price, and is missed when it is lost")
    func acceptance() async throws {
        let house = try await House()
        let id = try await house.open()
        try await house.take([.play(.late, mined: 1)], for: id)
        house.clock.step(by: -1_800_000)
        try await house.take([.rule(.late, .accept)], for: id)
        #expect(try await house.payment(id).assessment.amounts?.confirmed == house.quote(of: id).amountDue)
        #expect(try await house.payment(id).openExceptions.isEmpty)
        try await house.take([.reorg(depth: 1, fate: .dropped)], for: id)
        #expect(try await house.payment(id).openExceptions.map(\.kind) == [.evidenceLost])
        try await house.audit()
        await house.close()
    }

    @Test(
        "A payment that lived through a wrong hour is quoted once more, and that quote can be paid",
        arguments: [3_600, 365 * 86_400])
    func wrongHour(seconds: Int64) async throws {
        let house = try await House()
        var new = NewPayment(orderID: "order-1", amount: "25", currency: "EUR")
        new.methods = [try method("SBX"), try method("SUSD")]
        let id = try await house.open(new)
        try await house.take([.choose("SBX")], for: id)
        house.clock.step(by: seconds * 1_000)
        try await house.follow()
        #expect(try await house.payment(id).state == .expired)
        house.clock.step(by: -seconds * 1_000)
        try await house.follow()
        for _ in 0..<3 {
            try await house.take([.choose("SBX")], for: id)
            let payment = try await house.payment(id)
            #expect(payment.state == .awaitingPayment && payment.assessment.isPayable)
            #expect(payment.evidence.quotes.count == 2)
        }
        try await house.take([.play(.exact, mined: 1)], for: id)
        #expect(try await house.payment(id).state == .paid)
        try await house.audit()
        await house.close()
    }

    @Test("What is owed to an endpoint since a wrong hour is due", arguments: [3_600, 24 * 3_600, 400 * 24 * 3_600])
    func deliveries(seconds: Int64) async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { _ in Response(.ok) }
        try await receiver.serving { url in
            _ = try await house.endpoint(url)
            house.clock.step(by: seconds * 1_000)
            let id = try await house.open()
            let before = try await house.summary(of: id).events.count
            house.clock.step(by: -seconds * 1_000)
            let deliverer = Deliverer(house.gateway, client: Client(.guarded(allowLoopback: true)))
            while try await deliverer.step() > 0 {}
            #expect(receiver.all.count == before)
        }
        await house.close()
    }

    @Test("A try that a wrong clock put off for longer than any wait is due, and its lease is over")
    func putOff() async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { _ in Response(.ok) }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            try await house.ping(endpoint)
            let wrong = house.clock.now + 100 * 24 * 3_600 * 1_000
            try await house.store.database.write { db in
                _ = try db.execute("UPDATE delivery SET attempts = 1, due_at = \(wrong), lease_until = \(wrong)")
            }
            let deliverer = Deliverer(house.gateway, client: Client(.guarded(allowLoopback: true)))
            #expect(try await deliverer.step() == 1)
        }
        await house.close()
    }

    @Test("Kept answers are forgotten as fast as they were made", .timeLimit(.minutes(15)))
    func answers() async throws {
        let house = try await House()
        let until = Instant(milliseconds: house.clock.now)
        let merchant = house.caller.merchant
        try await house.store.write { tx in
            for number in 0..<(EngineLimits.forgottenAnswers + 250) {
                let answer = StoredAnswer(fingerprint: "f", status: 200, headers: "", body: [])
                try tx.keep(answer, merchant: merchant, operation: "o", key: "k\(number)", until: until)
            }
        }
        let ticker = Ticker(house.gateway)
        let running = Task { try await ticker.run() }
        await house.clock.untilSleeping(1)
        #expect(try await house.store.read { try $0.hasAnswers(before: until) }, "the clock may have stepped")
        house.clock.advance(by: SteadyClock.waitMilliseconds)
        await house.clock.untilSleeping(1)
        #expect(try await house.store.read { try !$0.hasAnswers(before: until) })
        running.cancel()
        _ = await running.result
        await house.close()
    }

    @Test("A clock that is a week ahead for a moment makes no second payment of one request")
    func onceOnly() async throws {
        let house = try await House()
        var new = NewPayment(orderID: "order-1", amount: "25", currency: "EUR")
        new.methods = [try method("SBX")]
        func open() async throws -> [UInt8] {
            try await house.gateway.open(new, by: house.caller, cause: "test", house.answering("key")).body
        }
        let first = try await open()
        for _ in 0..<3 { #expect(try await house.gateway.forgetAnswers() == 0) }
        house.clock.step(by: 8 * 24 * 3_600_000)
        for _ in 0..<3 { #expect(try await house.gateway.forgetAnswers() == 0) }
        #expect(try await open() == first)
        house.clock.step(by: -8 * 24 * 3_600_000)
        #expect(try await house.gateway.forgetAnswers() == 0)
        #expect(try await open() == first)
        house.clock.advance(by: 8 * 24 * 3_600_000)
        #expect(try await house.gateway.forgetAnswers() == 1)
        #expect(try await open() != first)
        await house.close()
    }

    @Test("Machines whose clocks differ live by that of their database: what is paid in time is in time")
    func machines() async throws {
        let house = try await House(.postgres, isFollowed: false)
        let sandbox = SandboxWorld()
        func machine(ahead: Int64) async throws -> Gateway {
            let clock = SharedClock(ManualClock(now: house.clock.now + ahead))
            try await SharedTime(house.store, clock, log: .silent).step()
            return try House.gateway(house.store, clock, house.entropy, house.settings, sandbox)
        }
        let api = try await machine(ahead: -600_000)
        let watch = try await machine(ahead: 600_000)
        try await House.follow(watch)
        var new = NewPayment(orderID: "order-1", amount: "25", currency: "EUR")
        new.methods = [try method("SBX")]
        let reply = try await api.open(new, by: house.caller, cause: "test", house.answering())
        let id = try #require(ID<Payment>(parsing: String(decoding: reply.body, as: UTF8.self)))
        _ = try await api.play(.exact, for: id, of: house.caller, confirmedBy: 1)
        try await House.follow(watch)
        #expect(try await house.payment(id).state == .paid)
        let due = try await house.payment(id).evidence
        #expect(try #require(due.transfers.first).firstSeen <= #require(due.currentQuote).endsAt)
        await house.close()
    }
}
