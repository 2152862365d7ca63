import Chains
import Domain
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("What prices a payment, and what became of its money")
struct MoneyTests {
    @Test("What is paid and sent on while the gateway is down is booked as withdrawn")
    func spentUnheard() async throws {
        let house = try await House()
        let id = try await house.open()
        _ = try await house.gateway.play(.exact, for: id, of: house.caller, confirmedBy: 1)
        let script = try #require(try await house.payment(id).evidence.currentQuote).destination.script
        let sight = try #require(house.gateway.sandbox?.ledger.latest(to: script, on: .sandbox))
        _ = try await house.gateway.command(.spend(.sandbox, place: "\(sight.txid):0"))
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        let payment = try await house.payment(id)
        #expect(payment.state == .paid)
        let holding = try #require(payment.posted.values.first).holding
        #expect(holding.wallet == 0)
        #expect(holding.withdrawn == holding.payments)
        await house.close()
    }

    @Test("What came on a network that is not configured any more is still in the books, and its wallets are known")
    func networkGone() async throws {
        let house = try await House()
        let id = try await house.open()
        try await house.take([.play(.exact, mined: 6)], for: id)
        let live = Caller(
            merchant: house.caller.merchant, key: house.caller.key, isTest: false, scopes: house.caller.scopes)
        func books(_ gateway: Gateway, _ caller: Caller) async throws -> [String] {
            let (balances, wallets) = (
                try await gateway.balanceViews(of: caller), try await gateway.walletViews(of: caller)
            )
            var writer = JSONWriter()
            writer.array { writer in
                for balance in balances { writer.object { balance.write(&$0) } }
                for wallet in wallets { writer.object { wallet.write(&$0) } }
            }
            return try JSON.parse(writer.bytes).asArray?.map(\.encodedText) ?? []
        }
        let before = try await books(house.gateway, house.caller)
        #expect(before.contains { $0.contains("\"payments\"") && $0.contains("0.25") }, "\(before)")
        let without = Gateway(
            store: house.store, world: house.gateway.world,
            networks: Networks(house.gateway.networks.entries.filter { $0.chain.network.text != "sandbox" }),
            settings: house.settings, keys: house.gateway.keys, sandbox: house.gateway.sandbox)
        #expect(try await books(without, house.caller) == before)
        #expect(try await books(without, live).isEmpty)
        let names: [(String, Bool?)] = [
            ("bitcoin", false), ("litecoin", false), ("bitcoin-signet", true), ("litecoin-regtest", true),
            ("sandbox", true), ("elsewhere", nil),
        ]
        for (name, isTest) in names {
            #expect(without.isTest(try #require(NetworkName(parsing: name))) == isTest, "\(name)")
        }
        await house.close()
    }

    @Test("A merchant's rate that is too old prices nothing, and no table takes its place")
    func stalePush() async throws {
        let house = try await House()
        let rates = Answering<StoredRate>(key: nil) { _ in Reply(status: 200, body: []) }
        _ = try await house.gateway.push(
            asset: try code("SBX"), currency: "EUR", rate: "200", by: house.caller, cause: "test", rates)
        let fresh = try await house.payment(try await house.open())
        #expect(fresh.evidence.currentQuote?.rate == (try Rate(parsing: "200")))
        house.clock.advance(by: (house.settings.rateMaxAgeSeconds + 1) * 1_000)
        await #expect(throws: Refusal.self) { try await house.open() }
        await house.close()
    }

    @Test("A rate that is a thousand times the last one is taken, and each quote says by which")
    func absurdRate() async throws {
        let house = try await House()
        func push(_ rate: String) async throws {
            _ = try await house.gateway.push(
                asset: try code("SBX"), currency: "EUR", rate: rate, by: house.caller, cause: "test",
                Answering(key: nil) { _ in Reply(status: 200, body: []) })
        }
        var due: [UInt128] = []
        for rate in ["200", "200000"] {
            try await push(rate)
            let pushed = house.gateway.world.now
            let quote = try await house.quote(of: try await house.open(order: rate))
            #expect(quote.rate == (try Rate(parsing: rate)))
            #expect(quote.sources.map(\.name) == ["merchant"] && quote.sources.map(\.at) == [pushed])
            due.append(quote.amountDue)
        }
        #expect(due[0] == 1_000 * due[1])
        await house.close()
    }

    @Test("What a test key sets is for test payments alone")
    func testAlone() async throws {
        let house = try await House()
        var loose = Policy.standard
        loose.underTolerance = Policy.Tolerance(basisPoints: 10_000, capMinor: nil)
        _ = try await house.gateway.setPolicy(
            loose, by: house.caller, cause: "test", Answering(key: nil) { _ in Reply(status: 200, body: []) })
        _ = try await house.gateway.push(
            asset: try code("SBX"), currency: "EUR", rate: "1000000", by: house.caller, cause: "test",
            Answering(key: nil) { _ in Reply(status: 200, body: []) })
        let live = Caller(
            merchant: house.caller.merchant, key: house.caller.key, isTest: false, scopes: house.caller.scopes)
        #expect(try await house.gateway.policy(of: house.caller) == loose)
        #expect(try await house.gateway.policy(of: live) == .standard)
        #expect(try await house.gateway.rates(for: live).allSatisfy { $0.merchant.isEmpty })
        #expect(try await house.gateway.rates(for: house.caller).contains { !$0.merchant.isEmpty })
        await house.close()
    }

    @Test("What is said of a payment that is set aside is kept, and it shows nobody where to pay")
    func aside() async throws {
        let house = try await House()
        let id = try await house.open()
        let now = house.gateway.world.now
        try await house.store.write { try $0.quarantine(id, at: now, reason: "test") }
        _ = try await house.gateway.play(.exact, for: try await house.open(order: "other"), of: house.caller)
        let quote = try #require(try await house.payment(id).evidence.currentQuote)
        let output = SandboxCommand.Output(
            script: quote.destination.script, asset: quote.method.asset, amount: quote.amountDue)
        _ = try await house.gateway.command(.pay(.sandbox, [output], isMined: true))
        try await house.follow()
        #expect(try await house.payment(id).evidence.transfers.isEmpty)
        let facts = try await house.store.read { try $0.quarantinedFacts(of: id) }
        guard case .sighted(let sightings, _) = facts.first?.news else {
            Issue.record("the sighting is lost")
            return
        }
        #expect(sightings.map(\.amountText) == [String(quote.amountDue)])
        #expect(try await !house.gateway.payment(id, of: house.caller).assessment.isPayable)
        await house.close()
    }

    @Test("A quote that is refused spends no address")
    func noWaste() async throws {
        let house = try await House()
        let id = try await house.open()
        try await house.take([.play(.exact, mined: 1)], for: id)
        for _ in 0..<25 {
            await #expect(throws: Refusal.self) { try await house.take([.choose("SBX")], for: id) }
        }
        let next = try await house.open(order: "next")
        #expect(try await house.quote(of: next).destination.path == "sandbox/1")
        try await house.take([.play(.under(percent: 60), mined: 1), .wait(seconds: 2_000)], for: next)
        let exception = try #require(try await house.payment(next).openExceptions.first)
        for _ in 0..<25 {
            await #expect(throws: Refusal.self) {
                var topUp = NewRuling(action: .grantTopUp, reason: "because")
                topUp.method = try method("SUSD")
                _ = try await house.gateway.rule(
                    exception.id, topUp, by: house.caller, cause: "test", house.answering())
            }
        }
        let last = try await house.open(order: "last")
        #expect(try await house.quote(of: last).destination.path == "sandbox/2")
        await house.close()
    }

    @Test("One request that is repeated many times at once skips no address")
    func repeats() async throws {
        let house = try await House()
        var new = NewPayment(orderID: "order-1", amount: "25", currency: "EUR")
        new.methods = [try method("SBX")]
        let bodies = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            let (gateway, caller, answering) = (house.gateway, house.caller, house.answering("key"))
            for _ in 0..<25 {
                group.addTask { [new] in
                    try await gateway.open(new, by: caller, cause: "test", answering).body
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(bodies.count == 1)
        // Which of them was the first is chance; what the others had picked goes out next.
        var paths = Set(try await house.gateway.payments(of: house.caller, PaymentQuery(), ListRequest(limit: 10))
            .items.compactMap { $0.quote?.destination.path })
        for number in 1..<25 {
            let next = try await house.open(order: "order \(number)")
            paths.insert(try #require(try await house.quote(of: next).destination.path))
        }
        #expect(paths == Set((0..<25).map { "sandbox/\($0)" }))
        try await house.audit()
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }
}
