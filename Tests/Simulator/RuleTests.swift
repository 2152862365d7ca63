import Platform
import Testing

@testable import Simulator

@Suite("Stories for the rules alone")
struct RuleTests {
    @Test("The rules agree with the oracle, and all that was told ends the same when it is told again")
    func stories() async throws {
        let report = try await RuleCampaign(seed: 1, payments: 150, lanes: 1).run { _, _ in }
        #expect(report.failure?.problem == nil, "\(report.failure?.acts.suffix(20) ?? [])")
        #expect(report.tally.payments == 150)
        #expect(report.events > 3_000)
        #expect(report.tally.missing(of: ["facts told again", "words overtaken", "reorgs", "rulings"]).isEmpty)
    }

    @Test("A seed tells the same stories, alone and beside others")
    func replay() async throws {
        let alone = try await RuleCampaign(seed: 9, payments: 140, lanes: 1).run { _, _ in }
        let both = try await RuleCampaign(seed: 9, payments: 140, lanes: 2).run { _, _ in }
        #expect(both.tally.counts == alone.tally.counts)
        #expect(both.events == alone.events)
    }

    @Test("An oracle that is told other terms than the rules disagrees", arguments: Plant.all)
    func terms(_ plant: Plant) async throws {
        var campaign = RuleCampaign(seed: 1, payments: 2_000, lanes: 2)
        campaign.mislead = plant.change
        let failure = try #require(try await campaign.run { _, _ in }.failure)
        #expect(failure.problem.hasPrefix("the payment"), "\(failure.problem)")
        #expect(!failure.acts.isEmpty)
        #expect(RuleCampaign.command(for: failure.seed).hasSuffix("--seed \(failure.seed) --payments 1 --acts"))
    }
}
