import Chains
import Domain
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("The amounts of a payment object are those of the chain")
struct AmountTests {
    /// Ten euros at 30 000: 33 334 units, which divide nothing.
    private func house() async throws -> (House, ID<Payment>) {
        let house = try await House()
        var policy = Policy.standard
        policy.underTolerance = Policy.Tolerance(basisPoints: 0, capMinor: nil)
        _ = try await house.gateway.setPolicy(
            policy, by: house.caller, cause: "test", Answering(key: nil) { _ in Reply(status: 200, body: []) })
        try await push("30000", to: house)
        return (house, try await house.open("10"))
    }

    private func push(_ rate: String, to house: House) async throws {
        _ = try await house.gateway.push(
            asset: try code("SBX"), currency: "EUR", rate: rate, by: house.caller, cause: "test",
            Answering(key: nil) { _ in Reply(status: 200, body: []) })
    }

    private func pay(_ amount: UInt128, _ id: ID<Payment>, of house: House) async throws {
        let quote = try await house.quote(of: id)
        let output = SandboxCommand.Output(
            script: quote.destination.script, asset: quote.method.asset, amount: amount)
        try await house.take([.command(.pay(.sandbox, [output], isMined: true))], for: id)
    }

    /// Due, received, confirmed, remaining, waived.
    private func amounts(of id: ID<Payment>, _ house: House) async throws -> [String?] {
        let view = try await house.gateway.payment(id, of: house.caller)
        let object = try JSON.parse(view.object)
        return ["due", "received", "confirmed", "remaining", "waived"].map { object["amount_\($0)"]?.asString }
    }

    @Test("Two parts of an uneven amount are shown as they came, and are the price")
    func parts() async throws {
        let (house, id) = try await house()
        try await pay(10_000, id, of: house)
        #expect(try await amounts(of: id, house) == ["0.00033334", "0.0001", "0.0001", "0.00023334", "0.00"])
        try await pay(23_334, id, of: house)
        #expect(try await amounts(of: id, house) == ["0.00033334", "0.00033334", "0.00033334", "0", "0.00"])
        #expect(try await house.payment(id).state == .paid)
        await house.close()
    }

    @Test("The largest amount there is can be paid and read again, and a larger one is not asked for")
    func largest() async throws {
        let house = try await House()
        try await push("0.000000000000000001", to: house)
        for amount in ["12676.51", "100000000000"] {
            let refusal = await #expect(throws: Refusal.self) { try await house.open(amount) }
            #expect(refusal?.code == .amountTooLarge)
        }
        let id = try await house.open("12676.50", order: "order-2")
        let due = try await house.quote(of: id).amountDue
        #expect(due < Transfer.amountLimit && due > Transfer.amountLimit - Transfer.amountLimit >> 20)
        try await pay(due, id, of: house)
        try await house.take([.command(.mine(.sandbox, blocks: 6))], for: id)
        let payment = try await house.payment(id)
        #expect(payment.state == .paid && payment.posted.values.map(\.holding.wallet) == [Int128(due)])
        try await house.take([.command(.reorg(.sandbox, SandboxCommand.Reorg(depth: 7, fate: .dropped)))], for: id)
        #expect(try await house.payment(id).state == .awaitingPayment)
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    @Test("After a granted top-up due is the whole price, and received and remaining make it up")
    func topUp() async throws {
        let (house, id) = try await house()
        try await pay(16_667, id, of: house)
        try await house.take([.wait(seconds: 2_000)], for: id)
        try await push("15000", to: house)
        try await house.take([.rule(.underpaid, .grantTopUp)], for: id)
        #expect(try await amounts(of: id, house) == ["0.00066668", "0.00033334", "0.00033334", "0.00033334", "0.00"])
        try await pay(33_334, id, of: house)
        #expect(try await amounts(of: id, house) == ["0.00066668", "0.00066668", "0.00066668", "0", "0.00"])
        #expect(try await house.payment(id).state == .paid)
        try await house.audit()
        await house.close()
    }

    @Test("What the tolerance waived is told, and recorded with the transition")
    func waived() async throws {
        let (house, _) = try await house()
        _ = try await house.gateway.setPolicy(
            .standard, by: house.caller, cause: "test", Answering(key: nil) { _ in Reply(status: 200, body: []) })
        try await push("100", to: house)
        let id = try await house.open("10", order: "order-2")
        try await pay(9_960_000, id, of: house)
        #expect(try await amounts(of: id, house) == ["0.1", "0.0996", "0.0996", "0", "0.04"])
        let records = try await house.store.read { try $0.records(chain: id.text, limit: 100) }
        let bodies = records.map { String(decoding: $0.record.body, as: UTF8.self) }
        #expect(bodies.contains { $0.contains(#""waived":"4000000000000""#) })
        await house.close()
    }

    @Test("Only a spend that a block holds is said to have spent a transfer")
    func spent() async throws {
        let (house, id) = try await house()
        try await pay(33_334, id, of: house)
        let script = try await house.quote(of: id).destination.script
        let sight = try #require(house.gateway.sandbox?.ledger.latest(to: script, on: .sandbox))
        func spender() async throws -> String? {
            let object = try JSON.parse(try await house.gateway.payment(id, of: house.caller).object)
            return object["transfers"]?.asArray?.first?["spent_by"]?.asString
        }
        _ = try await house.gateway.command(.spend(.sandbox, place: "\(sight.txid):0"))
        try await house.follow()
        #expect(try await spender() == nil)
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        #expect(try await spender() != nil)
        await house.close()
    }
}
