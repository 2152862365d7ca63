import Database
import Platform
import Storage
import TestKit
import Testing

@testable import Simulator

/// What the oracle believes wrongly, so that gateway and oracle must come apart.
struct Plant: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout Agreement) -> Void

    init(_ name: String, _ change: @escaping @Sendable (inout Agreement) -> Void) {
        testDescription = name
        self.change = change
    }

    static let all = [
        Plant("more blocks are needed") { terms in
            terms.tiers = terms.tiers.map { $0.map { .init(upTo: $0.upTo, count: $0.count + 3) } }
        },
        Plant("half of the price may be missing") { terms in
            (terms.underBasisPoints, terms.underCap) = (5_000, nil)
        },
        Plant("nothing is too much") { terms in (terms.overBasisPoints, terms.overCap) = (1_000_000, nil) },
        Plant("an hour later is still in time") { $0.grace += 3_600_000 },
        Plant("what is late is never accepted") { $0.confirmBy = -100_000_000 },
        Plant("excess stays in question, or does not") { $0.keepsDuplicates.toggle() },
        Plant("ten euros are dust") { $0.dust = 1_000 },
    ]
}

@Suite("What is planted is found", .serialized)
struct PlantedTests {
    @Test("An oracle that is told other terms than the gateway disagrees", arguments: Plant.all)
    func terms(_ plant: Plant) async throws {
        let folder = try TemporaryFolder()
        var campaign = campaign(payments: 1_000, in: folder)
        campaign.mislead = plant.change
        let failure = try #require(try await campaign.run().failure)
        #expect(failure.problem?.hasPrefix("payment ") == true, "\(failure.problem ?? "")")
    }

    /// What is done to a store behind the gateway's back when all is over, and what must be said of it.
    static let damage = [
        ("UPDATE balance SET amount = '1' WHERE amount <> '1'", "the accounts hold"),
        ("DELETE FROM event WHERE position = 3", ""),
        ("UPDATE event SET body = replace(body, 'EUR', 'USD') WHERE position = 3", ""),
        ("UPDATE payment SET state = 'paid' WHERE state <> 'paid'", ""),
        ("DELETE FROM record WHERE sequence = 2", "verify finds"),
    ]

    @Test("A store that was changed behind the gateway's back is found at rest", arguments: damage)
    func store(_ statement: String, _ word: String) async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("world")
        let problem = try await ThreadExecutor.run { () async throws -> String? in
            let world = try await Simulation(seed: 11, payments: 6, dials: Dials(), folder: path)
            try await world.run()
            _ = try await world.machine.store.database.write { try $0.execute(.init(raw: statement)) }
            var problem: String?
            do { try await world.check() } catch { problem = "\(error)" }
            await world.close()
            return problem
        }
        #expect(problem?.contains(word) == true, "\(problem ?? "nothing was found")")
    }
}
