import Platform
import TestKit
import Testing

@testable import Durability

@Suite("Faults that are put in on purpose are found")
struct PlantTests {
    private func findings(
        _ plant: Plant, in scenario: String, _ run: @escaping @Sendable (Campaign, Recording) async throws -> Tally
    ) async throws -> [String] {
        let folder = try TemporaryFolder()
        return try await ThreadExecutor.run {
            let campaign = Campaign(in: folder.path, plant: plant)
            guard let found = Scenario.canonical.first(where: { $0.name == scenario })
            else { throw TestKitError("no \(scenario)") }
            return try await run(campaign, try await campaign.record(found)).findings
        }
    }

    @Test(
        "A disk that says it has synchronised, and has not",
        arguments: [Plant.nothingSynchronised, .indicesNotSynchronised])
    func lyingDisk(_ plant: Plant) async throws {
        let found = try await findings(plant, in: "restart") { try await $0.losePower($1, images: 80, seed: 1) }
        #expect(!found.isEmpty)
    }

    @Test("An answer before the commit", arguments: ["fulfilment", "keys"])
    func answeredBeforeCommit(_ scenario: String) async throws {
        let found = try await findings(.answeredBeforeCommit, in: scenario) { try await $0.kill($1, every: 3) }
        #expect(!found.isEmpty)
    }

    @Test("A webhook that is sent after its outcome is stored")
    func sentAfterOutcome() async throws {
        let found = try await findings(.sentAfterOutcome, in: "exact") { try await $0.kill($1, every: 3) }
        #expect(found.contains { $0.contains("it ends otherwise") })
    }

    @Test("A start without the file of indices, after a restore")
    func indicesForgotten() async throws {
        let found = try await findings(.indicesForgotten, in: "restart") { try await $0.restore($1) }
        #expect(found.contains { $0.contains("was given to two orders") })
    }
}
