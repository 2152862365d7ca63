import Platform
import TestKit
import Testing

@testable import Durability

/// A part of each; `Scripts/test` lets `soak` do the whole in release, which takes less time than this.
@Suite("Whatever happens to the process and the machine")
struct DurabilityTests {
    @Test("Killed at moments of every scenario, and again while it starts, it loses nothing and ends the same")
    func kills() async throws {
        let folder = try TemporaryFolder()
        let tally = try await ThreadExecutor.run {
            let campaign = Campaign(in: folder.path)
            var tally = Tally()
            for scenario in Scenario.canonical {
                tally += try await campaign.kill(try await campaign.record(scenario), every: 8)
            }
            return tally
        }
        print("kills: \(tally.figures)")
        #expect(tally.findings == [])
        #expect(tally.points > tally.operations / 8 && tally.starts == 2 * tally.points)
    }

    @Test("Whatever of what was not synchronised is lost with the power, or torn, the same holds")
    func powerLosses() async throws {
        let folder = try TemporaryFolder()
        let tally = try await ThreadExecutor.run {
            let campaign = Campaign(in: folder.path)
            var tally = Tally()
            let scenarios = Scenario.canonical + [.together]
            for scenario in scenarios {
                let recording = try await campaign.record(scenario, readers: scenario == .together ? 2 : 0)
                tally += try await campaign.losePower(recording, images: 50, seed: 1)
            }
            return tally
        }
        print("losses of power: \(tally.figures)")
        #expect(tally.findings == [])
        #expect(tally.images == 50 * (Scenario.canonical.count + 1) && tally.starts == 2 * tally.images)
    }

    @Test("After a synchronisation that failed nothing is answered that is not there after the next start")
    func failedSynchronisations() async throws {
        let folder = try TemporaryFolder()
        let tally = try await ThreadExecutor.run {
            let campaign = Campaign(in: folder.path)
            var tally = Tally()
            for scenario in Scenario.canonical where ["fulfilment", "refused"].contains(scenario.name) {
                tally += try await campaign.failSynchronisations(of: try await campaign.record(scenario))
            }
            return tally
        }
        print("failed synchronisations: \(tally.figures)")
        #expect(tally.findings == [])
        #expect(tally.images > 40)
    }

    @Test("Back to a backup from after any commit, no address is given twice, and what was missed is found")
    func restores() async throws {
        let folder = try TemporaryFolder()
        let tally = try await ThreadExecutor.run {
            let campaign = Campaign(in: folder.path)
            var tally = Tally()
            for scenario in Scenario.canonical where ["restart", "late"].contains(scenario.name) {
                tally += try await campaign.restore(try await campaign.record(scenario))
            }
            return tally
        }
        print("restores: \(tally.restores)")
        #expect(tally.findings == [])
        #expect(tally.restores > 30)
    }
}
