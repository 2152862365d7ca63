import Platform
import TestKit
import Testing

@testable import Simulator

/// A campaign of so many payments, in a folder of its own.
func campaign(
    seed: UInt64 = 7, payments: Int, lanes: Int = 1, _ dials: Dials = Dials(), in folder: TemporaryFolder
) -> Campaign {
    Campaign(seed: seed, payments: payments, dials: dials, lanes: lanes, folder: folder.path)
}

extension Campaign {
    func run() async throws -> Report { try await run { _, _ in } }
}

@Suite("Campaigns of made-up worlds", .serialized)
struct CampaignTests {
    @Test("A seed tells the same story twice, alone and beside others, and another seed another one")
    func replay() async throws {
        let folder = try TemporaryFolder()
        let alone = try await campaign(payments: 8, in: folder).run()
        #expect(alone.failure?.problem == nil)
        #expect(alone.tally.payments == 8)
        let both = try await campaign(payments: 8, lanes: 2, in: folder).run()
        #expect(both.trace == alone.trace)
        #expect(both.tally.counts == alone.tally.counts)
        #expect(both.tally.faultCounts == alone.tally.faultCounts)
        let other = try await campaign(seed: 8, payments: 8, in: folder).run()
        #expect(other.failure?.problem == nil)
        #expect(other.trace != alone.trace)
    }

    @Test("A fault that is left out does not happen")
    func without() async throws {
        let folder = try TemporaryFolder()
        var dials = Dials()
        dials.without = Set(Dials.named.map(\.name))
        let report = try await campaign(payments: 8, dials, in: folder).run()
        #expect(report.failure?.problem == nil)
        let left = Set(report.tally.faultCounts.filter { $0.value > 0 }.keys)
        // What customers do is no fault that could be left out.
        let customers: Set = [
            "wrong amounts", "amounts just missed", "wrong networks", "dust", "late payments",
            "split or repeated payments", "replacements", "creations repeated",
        ]
        #expect(left.isSubset(of: customers), "\(left.subtracting(customers))")
    }

    @Test("A world in which something is wrong is made smaller, and told as one command that shows it again")
    func shrinking() async throws {
        let folder = try TemporaryFolder()
        var campaign = campaign(payments: 5, in: folder)
        campaign.mislead = { terms in
            // It believes that each payment needs more blocks than it does.
            terms.tiers = terms.tiers.map { $0.map { .init(upTo: $0.upTo, count: $0.count + 3) } }
        }
        let failure = try #require(try await campaign.run().failure)
        #expect(failure.problem?.contains("and should be") == true, "\(failure.problem ?? "")")
        #expect(!failure.acts.isEmpty)
        let (dials, small) = try await campaign.shrink(failure)
        #expect(small.problem != nil)
        #expect(small.payments < failure.payments)
        #expect(!dials.without.isEmpty)
        let command = Campaign.command(for: small, dials)
        #expect(command.hasPrefix("quittance simulate --seed \(failure.seed) --payments \(small.payments) --without "))
        #expect(command.hasSuffix(" --acts"))
        var again = Campaign(
            seed: small.seed, payments: small.payments, dials: dials, lanes: 1, folder: folder.path)
        again.mislead = campaign.mislead
        let told = try #require(try await again.run().failure)
        #expect(told.problem == small.problem)
        #expect(told.trace == small.trace)
    }
}
