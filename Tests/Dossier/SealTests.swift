import Chains
import Crypto
import Database
import Domain
import Engine
import Platform
import Storage
import TestKit
import Testing

@testable import Dossier

@Suite("A dossier's records are held by a signed root, up to one of them")
struct SealTests {
    @Test("From a sealed payment to the root, by a key that is trusted", arguments: [
        (UTXONetwork.bitcoinRegtest, DatabaseEngine.sqlite), (.bitcoinRegtest, .postgres),
        (.litecoinRegtest, .sqlite),
    ])
    func sealed(_ network: UTXONetwork, _ engine: DatabaseEngine) async throws {
        let counter = try await Counter(network, engine)
        // Trees of three and more leaves; the last one has no neighbour at its level.
        for count in 1...4 {
            let id = try await counter.paid()
            #expect(try await counter.gateway.seal() == 2)
            let file = try await counter.file(id)
            let last = file.records.count - 1
            let seal = try #require(file.seal)
            #expect(seal.record == UInt64(last) && seal.later.isEmpty && seal.root.number == UInt64(count - 1))
            let report = DossierCheck.report(on: file.storedBytes, trusting: counter.trust)
            #expect(report.texts(.failed).isEmpty, "\(report.lines)")
            #expect(report.texts(.open).allSatisfy { $0.contains("on networks for play") }, "\(report.lines)")
            #expect(
                report.texts(.done).contains {
                    $0.hasPrefix("records 0 to \(last) are under root \(count - 1)")
                        && $0.contains("a key that you trust")
                })
        }
        await counter.close()
    }

    @Test("Where nothing else is open, a file is whole: an expired payment on a network with real money")
    func whole() async throws {
        let counter = try await Counter(.bitcoin, isTest: false)
        let id = try await counter.open().id
        try await counter.pass(seconds: 2 * 24 * 3_600)
        #expect(try await counter.payment(id).state == .expired)
        let key = DossierCheck.Trust(keys: counter.trust.keys)
        let unsealed = DossierCheck.report(on: try await counter.dossier(id), trusting: key)
        #expect(unsealed.verdict == .partial && unsealed.texts(.open).count == 1, "\(unsealed.lines)")
        _ = try await counter.gateway.seal()
        let bytes = try await counter.dossier(id)
        let report = DossierCheck.report(on: bytes, trusting: key)
        #expect(report.verdict == .full, "\(report.lines)")
        #expect(DossierCheck.report(on: bytes).verdict == .partial, "nobody compared the key")
        await counter.close()
    }

    @Test("Records that came after the root are said to be younger")
    func younger() async throws {
        let counter = try await Counter()
        let order = try await counter.open()
        _ = try await counter.gateway.seal()
        try counter.mint.mine([Mint.transaction(spending: 1, to: [(50_000, order.script)])])
        try counter.mint.mine()
        try await counter.follow(2)
        let file = try await counter.file(order.id)
        let (seal, last) = (try #require(file.seal), file.records.count - 1)
        #expect(seal.record < last)
        let report = DossierCheck.report(on: file.storedBytes, trusting: counter.trust)
        #expect(report.texts(.failed).isEmpty)
        #expect(report.texts(.open).contains { $0.contains("\(last)") && $0.contains("younger than that root") })
        await counter.close()
    }

    @Test("A root by an older key counts for whoever trusts a newer one, where a newer root holds it")
    func olderKey() async throws {
        let counter = try await Counter()
        let old = counter.trust.keys
        let id = try await counter.paid()
        _ = try await counter.gateway.seal()
        _ = try await counter.open()
        _ = try await counter.gateway.seal()
        try await counter.rotate(to: 11)
        let new = counter.trust.keys
        func report(_ file: DossierFile, _ keys: Set<String>) -> DossierReport {
            DossierCheck.report(on: counter.signed(file), trusting: .init(keys: keys))
        }
        func says(_ report: DossierReport, _ outcome: DossierReport.Outcome, _ words: String) -> Bool {
            report.texts(outcome).contains { $0.hasPrefix("records 0") && $0.contains(words) }
        }
        let early = try await counter.file(id)
        #expect(early.seal?.later.isEmpty == true)
        #expect(says(report(early, new), .open, "came before the one that you trust"))
        #expect(says(report(early, old), .done, "a key that you trust"))
        #expect(says(report(early, old.union(new)), .done, "a key that you trust"))

        _ = try await counter.open()
        _ = try await counter.gateway.seal()
        let file = try await counter.file(id)
        #expect(file.seal?.later.map(\.number) == [1, 2])
        for keys in [old, new, old.union(new)] {
            #expect(says(report(file, keys), .done, "a key that you trust"), "\(report(file, keys).lines)")
        }
        if OtherVerifier.isHere {
            let other = try await OtherVerifier.check(file.storedBytes, ["--key", new.first ?? ""])
            #expect(other.code == 4 && other.says.contains("by a trusted key"), "\(other.says)")
        }

        var short = file
        short.seal?.later.removeLast()
        #expect(says(report(short, new), .open, "came before the one that you trust"))
        for change: (inout DossierFile.Seal) -> Void in [
            { $0.later.removeFirst() }, { $0.later.swapAt(0, 1) }, { $0.later[0].previous[0] ^= 1 },
            { $0.later[1].signature[0] ^= 1 }, { $0.later[1].scope = Root.instance }, { $0.later.append($0.later[1]) },
        ] {
            var forged = file
            if var seal = forged.seal {
                change(&seal)
                forged.seal = seal
            }
            #expect(report(forged, new).verdict == .failed)
        }
        await counter.close()
    }

    @Test("A root by a key that says of itself that the instance's came after it is nothing to rely on")
    func stranger() async throws {
        let counter = try await Counter()
        let id = try await counter.paid()
        _ = try await counter.gateway.seal()
        let stranger = try Counter.keys(12).signing
        var file = try await counter.file(id)
        let root = try #require(file.seal?.root)
        file.seal?.root = Self.signed(root, by: stranger)
        #expect(DossierCheck.report(on: counter.signed(file)).verdict == .failed)
        file.successions = [
            DossierFile.Succession(
                old: stranger.publicKey.bytes, new: counter.signing.publicKey.bytes,
                signature: stranger.sign(
                    KeySuccession.message(old: stranger.publicKey, new: counter.signing.publicKey)))
        ]
        let report = DossierCheck.report(on: counter.signed(file), trusting: counter.trust)
        #expect(report.texts(.open).contains { $0.contains("came before the one that you trust") }, "\(report.lines)")
        await counter.close()
    }

    /// Signs a root anew, as its key's owner could.
    private static func signed(
        _ root: DossierFile.SealedRoot, by key: Ed25519.KeyPair
    ) -> DossierFile.SealedRoot {
        var root = root
        root.key = key.publicKey.bytes
        root.signature = key.sign(Root.message(root.hash))
        return root
    }

    private static func forgery(
        _ name: String, _ words: String = "not in the tree", signsAgain: Bool = false,
        _ change: @escaping @Sendable (inout DossierFile.Seal) -> Void
    ) -> DossierTests.Forgery {
        DossierTests.Forgery(testDescription: name, words: words) { file in
            guard var seal = file.seal else { return }
            change(&seal)
            if signsAgain { seal.root = signed(seal.root, by: try Counter.keys(9).signing) }
            file.seal = seal
        }
    }

    static let forgeries: [DossierTests.Forgery] = [
        forgery("another scope", "not one of its merchant's", signsAgain: true) { $0.root.scope = Root.instance },
        forgery("another place") { $0.place ^= 1 },
        forgery("a place that the tree has not") { $0.place = $0.root.leaves },
        forgery("a place beyond all") { $0.place = .max },
        forgery("more leaves", signsAgain: true) { $0.root.leaves += 100 },
        forgery("fewer leaves", signsAgain: true) { $0.root.leaves = 1 },
        forgery("no leaves", signsAgain: true) { $0.root.leaves = 0 },
        forgery("a longer path") { $0.path.append($0.path[0]) },
        forgery("a shorter path") { $0.path.removeLast() },
        forgery("another path") { $0.path[0][5] ^= 1 },
        forgery("another tree", signsAgain: true) { $0.root.tree[0] ^= 1 },
        forgery("an earlier record") { $0.record = 0 },
        forgery("a record beyond the end", "record that is not there") { $0.record += 1 },
        forgery("a record beyond all", "record that is not there") { $0.record = .max },
        forgery("another number", "was not signed") { $0.root.number += 1 },
        forgery("another time", "was not signed") { $0.root.at = $0.root.at.adding(seconds: -60) },
        forgery("another root before it", "was not signed") { $0.root.previous[0] ^= 1 },
        forgery("another signature", "was not signed") { $0.root.signature[9] ^= 1 },
        forgery("a key that is none", "was not signed") { $0.root.key = [UInt8](repeating: 255, count: 32) },
        forgery("a root that follows itself", "is not one that follows") { $0.later = [$0.root] },
    ]

    @Test("Whoever has the key and changes the seal is found out", arguments: forgeries)
    func forged(_ forgery: DossierTests.Forgery) async throws {
        let counter = try await Counter()
        let id = try await counter.paid()
        _ = try await counter.gateway.seal()
        var file = try await counter.file(id)
        try forgery.change(&file)
        let report = DossierCheck.report(on: counter.signed(file), trusting: counter.trust)
        #expect(report.texts(.failed).contains { $0.contains(forgery.words) }, "\(report.lines)")
        await counter.close()
    }

    @Test("The seal of another payment of the same merchant seals nothing here")
    func swapped() async throws {
        let counter = try await Counter()
        let (one, other) = (try await counter.paid(), try await counter.paid())
        _ = try await counter.gateway.seal()
        var file = try await counter.file(one)
        file.seal = try await counter.file(other).seal
        let report = DossierCheck.report(on: counter.signed(file), trusting: counter.trust)
        #expect(report.texts(.failed).contains { $0.contains("not in the tree") }, "\(report.lines)")
        await counter.close()
    }

    @Test("A root or leaf that cannot be read takes the seal from the file, and nothing else", arguments: [
        "DELETE FROM root", "UPDATE leaf SET place = place + 9", "UPDATE leaf SET hash = x'00'",
        "UPDATE root SET key = x'00'",
    ] as [SQL])
    func damaged(_ deed: SQL) async throws {
        let counter = try await Counter()
        let id = try await counter.paid()
        _ = try await counter.gateway.seal()
        _ = try await counter.store.database.write { try $0.execute(deed) }
        let report = DossierCheck.report(on: try await counter.dossier(id), trusting: counter.trust)
        #expect(report.texts(.done).contains { $0.contains("stands on its own") }, "\(report.lines)")
        #expect(!report.texts(.done).contains { $0.contains("are under root") }, "\(report.lines)")
        await counter.close()
    }
}
