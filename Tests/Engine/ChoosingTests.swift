import Chains
import Database
import Domain
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("What a customer may choose, and is given")
struct ChoosingTests {
    /// A payment that can be made in both assets, and in none of them yet.
    private func open(_ house: House, _ amount: String = "25", currency: String = "EUR") async throws -> ID<Payment> {
        try await house.open(NewPayment(orderID: "order-1", amount: amount, currency: currency))
    }

    private func push(_ rate: String, of asset: String, to house: House) async throws {
        _ = try await house.gateway.push(
            asset: try code(asset), currency: "EUR", rate: rate, by: house.caller, cause: "test",
            Answering(key: nil) { _ in Reply(status: 200, body: []) })
    }

    private func refusal(_ work: () async throws -> Void) async -> String? {
        do {
            try await work()
            return nil
        } catch let refusal as Refusal {
            return refusal.code.rawValue
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "Who comes back to a method is given its price and its address again, as long as they hold",
        arguments: DatabaseEngine.allCases)
    func back(_ engine: DatabaseEngine) async throws {
        let house = try await House(engine)
        let id = try await open(house)
        try await house.take([.choose("SBX")], for: id)
        let first = try await house.quote(of: id)
        try await house.take([.choose("SUSD")], for: id)
        let second = try await house.quote(of: id)
        try await push("120", of: "SBX", to: house)
        for _ in 0..<12 {
            try await house.take([.choose("SBX")], for: id)
            #expect(try await house.quote(of: id) == first)
            try await house.take([.choose("SUSD")], for: id)
            #expect(try await house.quote(of: id) == second)
        }
        #expect(try await house.payment(id).evidence.quotes == [first, second])
        try await house.take([.choose("SBX")], for: id)
        try await house.reopen()
        let object = try JSON.parse(try await house.gateway.paymentObject(id, of: house.caller))
        #expect(object["asset"]?.asString == "SBX")
        #expect(object["address"]?.asString == first.destination.address)
        let next = try await house.open(order: "next")
        #expect(try await house.quote(of: next).destination.path == "sandbox/2", "no address was spent")
        try await house.take([.play(.exact, mined: 1)], for: id)
        #expect(try await house.payment(id).state == .paid)
        #expect(await refusal { try await house.take([.choose("SUSD")], for: id) } == "not_allowed_in_state")
        try await house.audit()
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    @Test("A quote that has ended is not given again")
    func ended() async throws {
        let house = try await House()
        let id = try await open(house)
        try await house.take([.choose("SBX")], for: id)
        let first = try await house.quote(of: id)
        try await house.take([.choose("SUSD"), .wait(seconds: 901), .choose("SBX")], for: id)
        let second = try await house.quote(of: id)
        #expect(second.id != first.id)
        #expect(second.destination.script != first.destination.script)
        await house.close()
    }

    @Test("What a network would call dust is not offered, and not quoted")
    func dust() async throws {
        let house = try await House()
        // A cent is one unit of the coin, and two of the token's cents.
        try await push("1000000", of: "SBX", to: house)
        let id = try await open(house, "0.01")
        #expect(try await house.payment(id).terms.methods == [try method("SUSD")])
        #expect(try await house.quote(of: id).method == (try method("SUSD")))
        #expect(await refusal { _ = try await house.open("0.01") } == "amount_too_small")
        let wide = try await open(house, "545", currency: "SUSD")
        #expect(try await house.payment(wide).terms.methods.contains(try method("SUSD")))
        for (amount, code) in [("0.00000545", "amount_too_small"), ("0.00000546", nil)] {
            var new = NewPayment(orderID: "order-1", amount: amount, currency: "SBX")
            new.chosen = try method("SBX")
            new.methods = [try method("SBX")]
            let order = new
            #expect(await refusal { _ = try await house.open(order) } == code)
        }
        // Worth less since it was opened: then the method cannot be chosen any more, and no address is spent.
        try await push("100", of: "SBX", to: house)
        let open = try await open(house, "0.01")
        try await push("1000000", of: "SBX", to: house)
        #expect(await refusal { try await house.take([.choose("SBX")], for: open) } == "amount_too_small")
        try await house.take([.choose("SUSD")], for: open)
        await house.close()
    }

    @Test("Where no network carries so little, nothing is opened")
    func tooLittle() async throws {
        let house = try await House()
        try await push("100000000", of: "SBX", to: house)
        var new = NewPayment(orderID: "order-1", amount: "0.01", currency: "EUR")
        new.methods = [try method("SBX"), try method("SBX", on: .alternative)]
        _ = try await house.gateway.createWallet(
            network: SandboxNetwork.alternative.name,
            key: SandboxAddress.walletKey([UInt8](repeating: 5, count: 32)).text, name: "other",
            by: house.caller, cause: "test", Answering(key: nil) { _ in Reply(status: 200, body: []) })
        let order = new
        #expect(await refusal { _ = try await house.open(order) } == "amount_too_small")
        await house.close()
    }
}
