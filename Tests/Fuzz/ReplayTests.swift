import Foundation
import Testing

/// What `Scripts/fuzz` found worth keeping, and inputs that no run had before, without a fuzzer.
@Suite("Parsers that meet the outside take nothing that they should not, whatever it is")
struct ReplayTests {
    @Test("Every input that is kept", arguments: FuzzTarget.all.map(\.name))
    func kept(_ name: String) async throws {
        let target = try #require(FuzzTarget.named(name))
        let inputs = try Corpus.inputs(of: target)
        #expect(!inputs.isEmpty && inputs.reduce(0) { $0 + $1.count } < 256 << 10, "a small corpus")
        var taken = 0
        for input in inputs + target.seeds where try await target.check(input) { taken += 1 }
        #expect(taken > 0, "a target that takes nothing tries nothing")
    }

    /// Another seed in every run, printed: with it in `QUITTANCE_FUZZ_SEED` the same run comes again. How many inputs
    /// each target is given, `QUITTANCE_FUZZ` says.
    @Test("Changes of them", arguments: FuzzTarget.all.map(\.name))
    func changed(_ name: String) async throws {
        let settings = ProcessInfo.processInfo.environment
        let seed = settings["QUITTANCE_FUZZ_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...UInt64.max)
        let count = settings["QUITTANCE_FUZZ"].flatMap { Int($0) } ?? 3_000
        let target = try #require(FuzzTarget.named(name))
        print("“\(name)” is given \(count) inputs, QUITTANCE_FUZZ_SEED=\(seed)")
        var mutator = Mutator(seed: seed)
        let inputs = try Corpus.inputs(of: target) + target.seeds
        for number in 0..<count {
            let input = mutator.mutant(of: inputs, target)
            do throws(Flaw) {
                _ = try await target.check(input)
            } catch {
                let digits = input.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                Issue.record("input \(number) of QUITTANCE_FUZZ_SEED=\(seed): \(error): \(digits)")
            }
        }
    }

    @Test("Each target keeps inputs, and no other file lies there")
    func names() throws {
        #expect(try Corpus.names() == Set(FuzzTarget.all.map(\.name)))
        #expect(Set(FuzzTarget.all.map(\.name)).count == FuzzTarget.all.count)
    }
}
