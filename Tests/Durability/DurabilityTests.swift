import Platform
import TestKit
import Testing

@testable import Durability

@Suite("Whatever happens to the process and the machine")
struct DurabilityTests {
    @Test("Killed at every moment of every scenario, and again while it starts, it loses nothing and ends the same")
    func kills() async throws {
        let folder = try TemporaryFolder()
        let tally = try await ThreadExecutor.run {
            let campaign = Campaign(in: folder.path)
            var tally = Tally()
            for scenario in Scenario.canonical {
                tally += try await campaign.kill(try await campaign.record(scenario))
            }
            return tally
        }
        print("kills: \(tally.figures)")
        #expect(tally.findings == [])
        #expect(tally.points > tally.operations && tally.starts == 2 * tally.points)
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
                tally += try await campaign.losePower(recording, images: 5_000 / scenarios.count + 1, seed: 1)
            }
            return tally
        }
        print("losses of power: \(tally.figures)")
        #expect(tally.findings == [])
        #expect(tally.images >= 5_000 && tally.starts == 2 * tally.images)
    }
}
