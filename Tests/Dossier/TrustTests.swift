import Chains
import Crypto
import Domain
import Platform
import Storage
import TestKit
import Testing

@testable import Dossier

@Suite("What is trusted beforehand carries as far as it goes, and no further")
struct TrustTests {
    @Test("A key leads to those that followed it, never to those that it followed")
    func successions() async throws {
        let counter = try await Counter()
        let id = try await counter.paid()
        let older = try Self.pair(1), oldest = try Self.pair(2), stranger = try Self.pair(3)
        let present = counter.signing
        var file = try await counter.file(id)
        file.successions = [Self.succession(oldest, older), Self.succession(older, present)]
        let honest = counter.signed(file)
        for key in [oldest, older, present] {
            let report = Self.report(honest, trusting: key)
            #expect(report.texts(.failed).isEmpty, "\(report.lines)")
            #expect(report.texts(.done).contains { $0.contains("by a key that you trust") })
        }
        #expect(Self.report(honest, trusting: stranger).verdict == .failed)

        // A stranger says that his key was followed by the instance's.
        file.successions = [Self.succession(stranger, present)]
        file.key = stranger.publicKey.bytes
        file.signature = stranger.sign(DossierFile.message(SHA256.hash(file.unsignedBytes)))
        #expect(Self.report(file.storedBytes, trusting: present).verdict == .failed)
        // That the instance's key was followed by his, he cannot say.
        var forged = Self.succession(stranger, stranger)
        forged.old = present.publicKey.bytes
        file.successions = [forged]
        file.signature = stranger.sign(DossierFile.message(SHA256.hash(file.unsignedBytes)))
        #expect(Self.report(file.storedBytes, trusting: present).verdict == .failed)

        for successions in [
            [Self.succession(older, present), Self.succession(oldest, older)], [Self.succession(oldest, older)],
            [Self.succession(oldest, stranger), Self.succession(older, present)],
        ] {
            var file = try await counter.file(id)
            file.successions = successions
            #expect(DossierCheck.report(on: counter.signed(file)).verdict == .failed)
        }
        await counter.close()
    }

    @Test("A header that is trusted shows the blocks below it, down to the transaction's own")
    func headers() async throws {
        let counter = try await Counter(.bitcoinRegtest, confirmations: 3)
        let bytes = try await counter.dossier(try await counter.paid(confirmations: 3))
        let top = counter.mint.height
        func report(_ headers: [DossierCheck.TrustedHeader]) -> DossierReport {
            DossierCheck.report(on: bytes, trusting: DossierCheck.Trust(headers: headers))
        }
        func name(_ height: UInt64) -> String {
            counter.mint.blocks[counter.mint.blocks.count - 1 - Int(top - height)].hash.displayText
        }
        let rows: [(header: DossierCheck.TrustedHeader, outcome: DossierReport.Outcome, words: String)] = [
            (.init(height: top, block: name(top)), .done, "stands on its own"),
            (.init(height: top - 1, block: name(top - 1)), .open, "shows 2 of the 3 blocks"),
            (.init(height: top - 2, block: name(top - 2)), .open, "shows 1 of the 3 blocks"),
            // Below the block anybody can hang anything on what is genuine.
            (.init(height: top - 3, block: name(top - 3)), .open, "shows nothing of it"),
            (.init(height: top, block: name(top - 1)), .failed, "not the one that you trust"),
            (.init(height: top + 9, block: name(top)), .open, "shows nothing of it"),
        ]
        for (header, outcome, words) in rows {
            let report = report([header])
            #expect(report.texts(outcome).contains { $0.contains(words) }, "\(header): \(report.lines)")
            #expect((report.verdict == .failed) == (outcome == .failed))
            let isShown = report.texts(.done).contains { $0.contains("stands on its own") }
            #expect(isShown == (outcome == .done))
        }
        await counter.close()
    }

    private static func pair(_ number: UInt8) throws -> Ed25519.KeyPair {
        try #require(Ed25519.KeyPair(seed: Secret([UInt8](repeating: number, count: 32))))
    }

    private static func succession(_ old: Ed25519.KeyPair, _ new: Ed25519.KeyPair) -> DossierFile.Succession {
        DossierFile.Succession(
            old: old.publicKey.bytes, new: new.publicKey.bytes,
            signature: old.sign(KeySuccession.message(old: old.publicKey, new: new.publicKey)))
    }

    private static func report(_ bytes: [UInt8], trusting key: Ed25519.KeyPair) -> DossierReport {
        DossierCheck.report(
            on: bytes, trusting: DossierCheck.Trust(keys: [DossierCheck.fingerprint(key.publicKey.bytes)]))
    }
}
