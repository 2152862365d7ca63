import Chains
import Database
import Domain
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("Lists are in the order in which things were made, whatever the clock says")
struct OrderTests {
    private func listed(_ house: House, before: ID<Payment>? = nil) async throws -> [ID<Payment>] {
        try await house.gateway.payments(
            of: house.caller, PaymentFilter(), address: nil, PageRequest(limit: 50, before: before?.text)
        ).items.map(\.payment.id)
    }

    @Test("A clock that was a day ahead puts nothing before what came later", arguments: DatabaseEngine.allCases)
    func clockBack(_ engine: DatabaseEngine) async throws {
        let house = try await House(engine)
        let day: Int64 = 24 * 3_600_000
        var opened = [try await house.open()]
        house.clock.step(by: day)
        opened.append(try await house.open())
        let newest = opened[1]
        house.clock.step(by: -day)
        for _ in 0..<20 { opened.append(try await house.open()) }
        #expect(try await listed(house) == opened.reversed())
        #expect(try await listed(house, before: newest).count == 20, "who asks for newer ones sees them")
        try await house.reopen()
        try await house.gateway.resumeIdentities()
        opened.append(try await house.open())
        #expect(try await listed(house) == opened.reversed(), "also after a restart")
        await house.close()
    }

    @Test("Payments of one moment are in their order")
    func oneMoment() async throws {
        let house = try await House()
        var opened: [ID<Payment>] = []
        for _ in 0..<50 { opened.append(try await house.open()) }
        #expect(try await listed(house) == opened.reversed())
        await house.close()
    }

    @Test("The latest wallet receives, also after a clock was put back, and beside another process")
    func wallets() async throws {
        let house = try await House(.postgres)
        let other = try await Store.open(house.place.location)
        guard let sandbox = house.gateway.sandbox else { throw TestKitError("no sandbox") }
        let behind = ManualClock()
        behind.step(by: -24 * 3_600_000)
        let second = try House.gateway(other, behind, SeededEntropy(seed: 2), house.settings, sandbox)
        for (number, gateway) in [house.gateway, second, house.gateway, second].enumerated() {
            let key = SandboxAddress.walletKey([UInt8](repeating: UInt8(number + 1), count: 32))
            _ = try await gateway.createWallet(
                network: SandboxNetwork.sandbox.name, key: key.text, name: "wallet", by: house.caller,
                cause: "test", Answering(key: nil) { _ in Reply(status: 200, body: []) })
            let merchant = house.caller.merchant
            let receiving = try await house.store.read {
                try $0.receivingWallet(of: merchant, on: SandboxNetwork.sandbox.name)
            }
            #expect(receiving?.key == key.text)
        }
        await other.close()
        await house.close()
    }

    @Test("Identities grow one by one, from any clock and any chance")
    func growing() {
        let identities = Identities()
        let entropy = SeededEntropy(seed: 4)
        var last: ID<Payment>?
        for step in 0..<2_000 {
            let now = Instant(milliseconds: [1_000, 1_000, 5, 0, 2_000_000][step % 5])
            let id: ID<Payment> = identities.next(at: now, chance: entropy.bytes(10))
            if let last { #expect(id > last) }
            #expect(ID<Payment>(parsing: id.text)?.number == id.number)
            last = id
        }
        identities.goOn(after: .max - 1)
        let past: [ID<Payment>] = (0..<3).map { _ in
            identities.next(at: Instant(milliseconds: 7), chance: entropy.bytes(10))
        }
        #expect(Set(past).count == 3)
    }
}
