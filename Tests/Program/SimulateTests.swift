import TestKit
import Testing

@testable import quittance

@Suite("A made-up world from the command line")
struct SimulateTests {
    @Test("It says what it began with, what went wrong, what was met, and how fast it was")
    func report() async throws {
        let folder = try TemporaryFolder()
        let said = Lines()
        let words = ["simulate", "--seed", "4", "--payments", "3", "--without", "crashes,disk-full"]
        #expect(await Quittance.run(words, said.terminal(["TMPDIR": folder.path])) == .good)
        let lines = said.output.split(separator: "\n")
        #expect(lines.first == "3 payments from seed 4 on")
        #expect(lines.contains("what went wrong") && lines.contains("what was met"))
        #expect(lines.contains { $0.hasPrefix("3 payments in 1 worlds; ") && $0.hasSuffix("no failed delivery") })
        #expect(lines.contains { $0.hasSuffix(" payments a second") })
        #expect(lines.last?.hasPrefix("trace ") == true)
        #expect(!said.output.contains("crashes planned"))
    }

    @Test("What cannot be simulated is said", arguments: [
        (["--without", "rain"], "--without: there is no fault “rain”."),
        (["--payments", "0"], "--payments: it is a number from 1 to 100000000."),
        (["--jobs", "65"], "--jobs: it is a number from 1 to 64."),
        (["--seed", "x"], "--seed: it is a number from 0 to 9223372036854775807."),
    ])
    func wrongUse(_ words: [String], _ problem: String) async {
        let said = Lines()
        #expect(await Quittance.run(["simulate"] + words, said.terminal()) == .wrongUse)
        #expect(said.errors.first == "quittance: \(problem)")
    }
}
