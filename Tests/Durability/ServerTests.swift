import Database
import Platform
import TestKit
import Testing

@testable import Durability

@Suite(
    "Whatever happens to the database server",
    .enabled(if: TestPostgres.isInstalled, "PostgreSQL is not installed"))
struct ServerTests {
    /// How many of a fault there are in the course of one scenario.
    private static func count(of fault: PostgresGate.Fault, in requests: Int) -> Int {
        switch fault {
        case .stop, .kill: 4
        case .cut: requests / 9
        }
    }

    @Test(
        "Stopped, killed or cut off before and after it did what it was asked, it comes back, and all ends the same",
        arguments: PostgresGate.Fault.allCases)
    func failing(_ fault: PostgresGate.Fault) async throws {
        let folder = try TemporaryFolder()
        let server = try await TestPostgres.own()
        let gate = try PostgresGate(before: server)
        let tally = try await ThreadExecutor.run {
            let campaign = Campaign(in: folder.path)
            var tally = Tally()
            for (number, scenario) in Scenario.canonical.enumerated() {
                let recording = try await campaign.record(scenario)
                let start = gate.requests
                tally += try await campaign.insist(
                    recording, on: .postgres(gate.uri, schema: server.freshSchema()))
                let requests = gate.requests - start
                let count = Self.count(of: fault, in: requests)
                for place in 0..<count {
                    let moment = PostgresGate.Moment.allCases[(number + place) % 2]
                    // Nowhere near each other, and elsewhere in each scenario.
                    gate.plan(fault, moment, at: requests * (11 * place + number) / (11 * count))
                }
                tally += try await campaign.insist(
                    recording, on: .postgres(gate.uri, schema: server.freshSchema()))
                gate.forgive()
            }
            return tally
        }
        print("\(fault): \(gate.happened) times in \(gate.requests) requests; \(tally.faults) answers were none")
        #expect(tally.findings == [])
        #expect(gate.problem == nil)
        #expect(gate.happened > 3 * Scenario.canonical.count)
    }
}
