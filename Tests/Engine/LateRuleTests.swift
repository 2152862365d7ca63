import Chains
import Database
import Domain
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("When the policy accepts a late payment by itself")
struct LateRuleTests {
    private func house() async throws -> House {
        let house = try await House()
        var policy = Policy.standard
        policy.late = Policy.LateRule(withinSeconds: 100_000, driftBasisPoints: 200)
        _ = try await house.gateway.setPolicy(
            policy, by: house.caller, cause: "test", Answering(key: nil) { _ in Reply(status: 200, body: []) })
        return house
    }

    private func push(_ rate: String, of asset: String = "SBX", to house: House) async throws {
        _ = try await house.gateway.push(
            asset: try code(asset), currency: "EUR", rate: rate, by: house.caller, cause: "test",
            Answering(key: nil) { _ in Reply(status: 200, body: []) })
    }

    @Test("At the rate of the moment in which it becomes late", arguments: [("98", State.paid), ("97", .latePaid)])
    func rate(_ rate: String, _ state: State) async throws {
        let house = try await house()
        let id = try await house.open()
        try await push(rate, to: house)
        try await house.take([.play(.late, mined: 1)], for: id)
        #expect(try await house.payment(id).state == state)
        try await house.audit()
        await house.close()
    }

    @Test("It is not asked again when the rate is back: people are at work on it")
    func once() async throws {
        let house = try await house()
        let id = try await house.open()
        try await push("50", to: house)
        try await house.take([.play(.late, mined: 1)], for: id)
        try await push("100", to: house)
        let script = try await house.quote(of: id).destination.script
        let sight = try #require(house.gateway.sandbox?.ledger.latest(to: script, on: .sandbox))
        _ = try await house.gateway.command(.spend(.sandbox, place: "\(sight.txid):0"))
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        let payment = try await house.payment(id)
        #expect(payment.state == .latePaid && payment.openExceptions.map(\.kind) == [.late])
        #expect(payment.posted.values.contains { $0.holding.withdrawn > 0 }, "the spend was heard")
        try await house.audit()
        await house.close()
    }

    @Test("Where its rate cannot be read a person decides, and nothing is set aside", arguments: [
        "UPDATE rate SET rate = '?'", "UPDATE rate SET rate = CAST(x'fb' AS TEXT)", "UPDATE rate SET at = '?'",
    ] as [SQL])
    func damaged(_ damage: SQL) async throws {
        let house = try await house()
        let id = try await house.open()
        try await house.store.database.write { _ = try $0.execute(damage) }
        try await house.take([.play(.late, mined: 1)], for: id)
        #expect(try await house.payment(id).state == .latePaid)
        #expect(try await house.gateway.quarantined().isEmpty)
        await house.close()
    }

    @Test("The rate is that of the coin that came late, whatever else is mined after it")
    func method() async throws {
        let house = try await house()
        let id = try await house.open()
        try await push("50", to: house)
        try await push("60000", of: "SUSD", to: house)
        try await house.take([.play(.late)], for: id)
        let script = try await house.quote(of: id).destination.script
        let strange = SandboxCommand.Output(script: script, asset: try code("SUSD"), amount: 1_000)
        try await house.take(
            [.command(.pay(.sandbox, [strange], isMined: true)), .command(.mine(.sandbox, blocks: 1))], for: id)
        let payment = try await house.payment(id)
        #expect(payment.evidence.transfers.last?.method?.asset.text == "SUSD")
        #expect(payment.state == .latePaid && payment.openExceptions.contains { $0.kind == .late })
        await house.close()
    }
}
