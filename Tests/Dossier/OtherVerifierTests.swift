import Chains
import Domain
import Dossier
import Engine
import Platform
import Storage
import TestKit
import Testing

@Suite(
    "A verifier that shares no code agrees",
    .enabled(if: OtherVerifier.isHere, "skipped: there is no python3 here"))
struct OtherVerifierTests {
    @Test("On a file that is right", arguments: [UTXONetwork.bitcoinRegtest, .litecoinRegtest])
    func agrees(_ network: UTXONetwork) async throws {
        let counter = try await Counter(network)
        let id = try await counter.paid()
        _ = try await counter.gateway.seal()
        let bytes = try await counter.dossier(id)
        let header = try #require(counter.trust.headers.first)
        let words = ["--key", counter.trust.keys.first ?? "", "--header", "\(header.block)@\(header.height)"]
        let (code, says) = try await OtherVerifier.check(bytes, words)
        #expect(code == 4 && says.contains(", 2 blocks, 2 of them trusted"), "\(says)")
        let last = try DossierFile(stored: bytes).records.count - 1
        #expect(says.contains("sealed up to record \(last) of \(last), by a trusted key"), "\(says)")
        let other = try await OtherVerifier.check(bytes, ["--key", String(repeating: "a", count: 64)])
        #expect(other.code == 1 || other.says.contains("no module"), "\(other.says)")
        await counter.close()
    }

    @Test(
        "On files that are forged",
        arguments: (DossierTests.forgeries + SealTests.forgeries).filter { $0.outcome == .failed })
    func forged(_ forgery: DossierTests.Forgery) async throws {
        let counter = try await Counter()
        let id = try await counter.paid()
        _ = try await counter.gateway.seal()
        var file = try await counter.file(id)
        try forgery.change(&file)
        let (code, says) = try await OtherVerifier.check(counter.signed(file))
        #expect(code == 1, "\(forgery.testDescription): \(says)")
        await counter.close()
    }

    @Test("On changed bytes")
    func flips() async throws {
        let counter = try await Counter()
        let id = try await counter.paid()
        _ = try await counter.gateway.seal()
        let bytes = try await counter.dossier(id)
        for place in stride(from: 11, to: bytes.count, by: bytes.count / 12) {
            var flipped = bytes
            flipped[place] ^= 1
            let (code, says) = try await OtherVerifier.check(flipped)
            #expect(code == 1 || says.contains("no module"), "\(place): \(says)")
        }
        await counter.close()
    }
}
