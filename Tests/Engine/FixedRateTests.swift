import Domain
import Platform
import Storage
import Testing

@testable import Engine

@Suite("The instance's fixed rates")
struct FixedRateTests {
    private func table(_ house: House) async throws -> [String] {
        try await house.store.read { tx in
            try tx.rates(of: nil).map {
                "\($0.asset)/\($0.currency) \($0.source.rate.text) \($0.source.at.milliseconds)"
            }
        }
    }

    private func recorded(_ house: House) async throws -> Int {
        try await house.store.read { tx in
            try tx.records(chain: Storage.Transaction.instanceChain, limit: 1_000)
                .count { $0.record.kind == "fixed_rates_set" }
        }
    }

    @Test("The table is what the configuration says, and each change of it is recorded")
    func replace() async throws {
        let house = try await House()
        let began = house.gateway.world.now.milliseconds
        let rates = [
            (asset: try code("SBX"), currency: "EUR", rate: try Rate(parsing: "100")),
            (asset: try code("SUSD"), currency: "USD", rate: try Rate(parsing: "1.50")),
        ]
        #expect(try await recorded(house) == 1)
        house.clock.advance(by: 1_000)
        try await house.gateway.setFixedRates(rates)
        #expect(try await table(house) == ["SBX/EUR 100 \(began)", "SUSD/USD 1.5 \(began + 1_000)"])
        #expect(try await recorded(house) == 2)
        house.clock.advance(by: 1_000)
        try await house.gateway.setFixedRates(rates)
        #expect(try await table(house) == ["SBX/EUR 100 \(began)", "SUSD/USD 1.5 \(began + 1_000)"])
        #expect(try await recorded(house) == 2)
        try await house.gateway.setFixedRates([])
        #expect(try await table(house).isEmpty)
        #expect(try await recorded(house) == 3)
        await #expect(throws: Refusal.self) { try await house.open() }
        #expect(try await house.store.verify().isClean)
        await house.close()
    }

    @Test("One of the merchant's own goes before it, also when it is too old: then the refusal says since when")
    func shadowed() async throws {
        let house = try await House()
        _ = try await house.gateway.push(
            asset: try code("SBX"), currency: "EUR", rate: "30", by: house.caller, cause: "test",
            Answering(key: nil) { _ in Reply(status: 201, body: []) })
        let first = try await house.payment(try await house.open())
        #expect(first.evidence.quotes.first?.rate.text == "30")
        let end = house.gateway.world.now.adding(seconds: house.gateway.settings.rateMaxAgeSeconds)
        house.clock.advance(by: house.gateway.settings.rateMaxAgeSeconds * 1_000 + 1)
        let refusal = await #expect(throws: Refusal.self) { try await house.open() }
        #expect(refusal?.code == .rateUnavailable)
        let words = "Your own rate for SBX in EUR expired at \(Timestamp.text(end.milliseconds)): push a new one."
        #expect(refusal?.detail.hasPrefix(words) == true, "\(refusal?.detail ?? "")")
        await house.close()
    }
}
