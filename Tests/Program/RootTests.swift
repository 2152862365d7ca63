import Crypto
import Database
import Domain
@testable import Engine
import Platform
@testable import Storage
import TestKit
import Testing

@testable import quittance

@Suite("Signed roots show what agrees with itself and is not what was")
struct RootTests {
    /// A store whose merchant was refused something, last of all: a record that no other row follows from.
    private func store(_ engine: Engine = .sqlite, sealed: Bool) async throws -> FilledStore {
        let store = try await FilledStore(engine)
        try await store.settle()
        _ = try await store.open("one")
        try await refuse(store)
        if sealed { #expect(try await store.gateway.seal() == 2) }
        return store
    }

    private func refuse(_ store: FilledStore) async throws {
        try await store.gateway.recordRefusal(
            store.caller, operation: "wallets.create", code: "too_many", pointers: [], unrecorded: 0, cause: "test")
    }

    /// Takes the last record of the merchant's chain away.
    private static func cut(_ chain: String) -> SQL {
        """
        DELETE FROM record WHERE chain = \(chain) AND sequence = (
            SELECT max(sequence) FROM record WHERE chain = \(chain))
        """
    }

    /// Writes another last record in its place, with a hash of its own.
    private static func rewrite(_ chain: String, _ tx: Storage.Transaction) throws {
        let end = try tx.end(of: chain)
        let stored = try #require(try tx.records(chain: chain, from: end.sequence, limit: 1).first?.record)
        try tx.connection.execute(cut(chain))
        try tx.insert(
            StoredRecord(
                Record(
                    chain: chain, sequence: stored.sequence, at: stored.at, kind: stored.kind,
                    subject: "something.else", cause: stored.cause, actor: stored.actor, body: stored.body,
                    previous: stored.previous)))
    }

    @Test("A chain that was cut or written anew is found below a sealed end, and only there", arguments: [false, true])
    func chains(sealed: Bool) async throws {
        let store = try await store(sealed: sealed)
        let chain = store.caller.merchant.text
        let cut = try await store.verify { tx in
            try tx.connection.execute("UPDATE unsealed SET sequence = sequence - 1 WHERE chain = \(chain)")
            return try tx.connection.execute(Self.cut(chain))
        }
        let anew = try await store.verify { tx in
            try Self.rewrite(chain, tx)
            return 1
        }
        #expect(cut.rows == 1)
        #expect(cut.outcome.isClean != sealed)
        #expect(anew.outcome.isClean != sealed)
        if sealed {
            #expect(cut.outcome.findings.contains { $0.problem.contains("it is missing, and root 0 of mer_") })
            #expect(anew.outcome.findings.map(\.problem).contains { $0.contains("not the one that root 0 of mer_") })
        } else {
            #expect(cut.outcome.unchecked.contains { $0.contains("no root holds yet") })
        }
        await store.close()
    }

    @Test("The sealer vouches for no chain that is not as it was sealed")
    func laundry() async throws {
        let store = try await store(sealed: true)
        let chain = store.caller.merchant.text
        try await store.gateway.store.write { try Self.rewrite(chain, $0) }
        try await refuse(store)
        _ = try await store.open("two")
        #expect(try await store.gateway.seal() == 2, "the new payment is sealed")
        let seal = try await store.gateway.store.read { try $0.seal(of: chain) }
        #expect(seal?.root.root.number == 0)
        #expect(store.gateway.store.damagedRows == 1)
        await store.close()
    }

    @Test("A damaged row ends no loop and keeps nobody from selling", arguments: [
        "UPDATE unsealed SET scope = CAST(x'fb' AS TEXT) WHERE chain LIKE 'pay_%'",
        "UPDATE unsealed SET chain = CAST(x'fb' AS TEXT) WHERE chain LIKE 'pay_%'",
        "UPDATE unsealed SET sequence = '?'", "UPDATE unsealed SET since = '?'", "UPDATE root SET hash = '?'",
        "UPDATE root SET hash = tree", "UPDATE root SET number = '?'", "UPDATE leaf SET sequence = '?'",
        "UPDATE leaf SET hash = CAST(x'fb' AS TEXT)",
    ] as [SQL])
    func damage(_ deed: SQL) async throws {
        let store = try await store(sealed: true)
        _ = try await store.open("two")
        #expect(try await store.gateway.store.write { try $0.connection.execute(deed) } > 0)
        _ = try await store.gateway.seal()
        _ = try await store.gateway.sealBacklog()
        _ = try await store.open("three")
        #expect(try await !store.verify().isClean)
        await store.close()
    }

    @Test("Roots that another key signed are found, also where all of them were")
    func otherKey() async throws {
        let store = try await store(sealed: true)
        let other = try #require(Ed25519.KeyPair(seed: Secret([UInt8](repeating: 7, count: 32))))
        let found = try await store.verify { tx in
            for name in try tx.lastRoots() {
                let leaves = try tx.leaves(of: name.number, in: name.scope)
                let forged = StoredRoot(
                    of: name.scope, after: nil, floor: 0, at: Instant(milliseconds: 5), over: leaves, signedBy: other)
                try tx.connection.execute("DELETE FROM root WHERE scope = \(name.scope)")
                try tx.connection.execute("DELETE FROM leaf WHERE scope = \(name.scope)")
                #expect(try tx.insert(forged, leaves, floor: 0))
            }
            return 1
        }
        #expect(found.outcome.findings.contains { $0.problem.contains("not the instance's") })
        await store.close()
    }

    @Test("A store that was put back lacks a root that was kept elsewhere")
    func putBack() async throws {
        let store = try await store(sealed: true)
        let instance = try #require(try await store.gateway.store.read { try $0.lastRoot(of: Root.instance) })
        #expect(try await store.verify(against: [instance.name]).isClean)
        for wrong in [
            RootName(scope: Root.instance, number: 0, hash: StoredRoot.nothing),
            RootName(scope: Root.instance, number: 1, hash: instance.hash),
            RootName(scope: store.caller.merchant.text, number: 0, hash: instance.hash),
            RootName(scope: Root.instance, number: .max, hash: instance.hash),
        ] {
            #expect(try await store.verify(against: [wrong]).findings.count == 1)
        }
        let bare = try await store.verify()
        #expect(bare.isClean)
        #expect(bare.unchecked.contains { $0.contains("--root") })
        await store.close()
    }

    @Test("An event that names a root which is not there is found", arguments: Engine.allCases)
    func named(engine: Engine) async throws {
        let store = try await store(engine, sealed: true)
        let scope = store.caller.merchant.text
        _ = try await store.open("two")
        #expect(try await store.verify().isClean)
        let cut = try await store.verify { tx in
            try tx.connection.execute("DELETE FROM leaf WHERE chain = \(Root.chain(of: scope))")
            try tx.connection.execute("DELETE FROM leaf WHERE scope = \(scope)")
            return try tx.connection.execute("DELETE FROM root WHERE scope = \(scope)")
        }
        #expect(cut.rows == 1)
        #expect(cut.outcome.findings.contains { $0.problem == "root 0, which it names, is not there" })
        await store.close()
    }

    @Test("The command compares a root that was kept elsewhere, and says what it did not compare")
    func command() async throws {
        let folder = try TemporaryFolder()
        let data = folder.file("data")
        func run(_ words: String...) async -> (ending: Ending, said: Lines) {
            let said = Lines()
            return (await Quittance.run(words + ["--data", data], said.terminal()), said)
        }
        _ = await run("merchant", "create", "--name", "Shop")
        let configuration = Configuration(data: data)
        let names = try await Instance.with(configuration) { instance in
            #expect(try await instance.gateway.seal() == 2)
            return try await instance.gateway.store.read { try $0.lastRoots() }
        }
        let (instance, shop) = (try #require(names.first), try #require(names.last))
        let plain = await run("verify")
        #expect(plain.ending == .good)
        #expect(plain.said.output.contains("not checked: whether the last roots were cut off"))
        let good = await run(
            "verify", "--root", "0:\(Hex.encode(instance.hash))@instance", "--root", "0:\(Hex.encode(shop.hash))")
        #expect(good.ending == .good, "\(good.said.output) \(good.said.errors)")
        #expect(good.said.output.contains("as kept  root 0 of instance"))
        #expect(good.said.output.contains("as kept  root 0 of \(shop.scope)"))
        #expect(!good.said.output.contains("cut off with all"))
        let bad = await run("verify", "--root", "0:\(Hex.encode(instance.hash))@\(shop.scope)")
        #expect(bad.ending == .finding)
        #expect(bad.said.output.contains("it was \(Hex.encode(instance.hash))"))
        for wrong in ["0", "0:ab", "x:\(Hex.encode(shop.hash))", "0:\(Hex.encode(shop.hash))@nobody"] {
            #expect(await run("verify", "--root", wrong).ending == .wrongUse)
        }
        try await Instance.with(configuration) { instance in
            try await instance.gateway.store.write { tx in
                for table in ["root", "leaf"] { try tx.connection.execute("DELETE FROM \(raw: table)") }
            }
            await #expect(throws: RootFile.Lost.self) { try await instance.gateway.seal() }
        }
        #expect(await run("verify").said.output.contains("this store was put back"))
        #expect(await run("doctor").said.output.contains("root 0 of the instance is not there, and was"))
        #expect(await run("restored", "--skip", "0").ending == .good)
        #expect(await run("doctor").said.output.contains("signed by"))
    }

    @Test("A round seals what has come since, each end once, and nothing where nothing has", arguments: Engine.allCases)
    func rounds(engine: Engine) async throws {
        let store = try await store(engine, sealed: true)
        #expect(try await store.gateway.seal() == 0)
        let id = try await store.open("two")
        #expect(try await store.gateway.seal() == 2)
        let (seal, leaves) = try await store.gateway.store.read { tx in
            (try #require(try tx.seal(of: id.text)), try tx.leaves(of: 1, in: store.caller.merchant.text))
        }
        #expect(seal.root.root.number == 1)
        #expect(leaves.map(\.chain) == [id.text])
        let path = MerkleTree(leaves.map(\.preimage)).path(of: seal.place)
        let head = MerkleTree.head(
            of: leaves[seal.place].preimage, at: UInt64(seal.place), of: seal.root.root.leaves, path: path)
        #expect(head?.bytes == seal.root.root.tree)
        #expect(try await store.verify().isClean)
        await store.close()
    }

    @Test("More chains than one root holds are sealed by several, at once")
    func many() async throws {
        let store = try await store(sealed: true)
        let scope = store.caller.merchant.text
        let now = store.gateway.world.now
        let count = EngineLimits.rootLeaves + 1
        try await store.gateway.store.write { tx in
            for number in 0..<count {
                let id = ID<Payment>(number: UInt128(number))
                try tx.record(
                    chain: id.text, of: scope, at: now, kind: "x", subject: "", cause: "", actor: .clock, body: [])
            }
        }
        #expect(try await store.gateway.seal() == 3, "two of the merchant, and one of the instance")
        let last = try await store.gateway.store.read { try $0.lastRoot(of: scope) }
        #expect(last?.root.leaves == 1)
        #expect(try await store.gateway.store.read { try $0.unsealed().chains } == 0)
        await store.close()
    }

    @Test("No root is made of tries to deliver alone, until they have waited for a day")
    func patience() async throws {
        let store = try await store(sealed: true)
        let scope = store.caller.merchant.text
        let endpoint = try #require(try await store.gateway.endpoints(of: store.caller).first)
        let now = store.gateway.world.now
        func attempt(at time: Instant) async throws {
            _ = try await store.gateway.store.write { tx in
                try tx.record(
                    chain: endpoint.id.text, of: scope, at: time, kind: Transaction.attempted, subject: "", cause: "",
                    actor: .policy, body: [])
            }
        }
        try await attempt(at: now)
        #expect(try await store.gateway.seal() == 0)
        try await store.gateway.store.write { tx in
            let since = now.adding(seconds: -Storage.Limits.patientSeconds).milliseconds
            try tx.connection.execute("UPDATE unsealed SET since = \(since)")
        }
        #expect(try await store.gateway.seal() == 2)
        try await attempt(at: now)
        try await refuse(store)
        #expect(try await store.gateway.seal() == 2, "they go along with what else there is")
        #expect(try await store.gateway.store.read { try $0.unsealed().chains } == 0)
        await store.close()
    }

    @Test("A rotation signs what the old key had sealed, and the old key seals nothing behind it")
    func rotation() async throws {
        let store = try await store(sealed: true)
        let gateway = store.gateway
        let box = try #require(SecretBox(key: Secret([UInt8](repeating: 1, count: 32))))
        let signing = try #require(Ed25519.KeyPair(seed: Secret([UInt8](repeating: 2, count: 32))))
        _ = try await gateway.rotateKeys(to: InstanceKeys(box: box, signing: signing), cause: "test")
        await #expect(throws: KeyReplaced.self) { try await gateway.seal() }
        let scope = store.caller.merchant.text
        func outcome(_ deed: @escaping @Sendable (Storage.Transaction) throws -> Void) async throws -> Verification {
            let found = Lock<Verification?>(nil)
            do {
                try await gateway.store.write { tx in
                    try deed(tx)
                    var verifier = Verifier(tx, signedBy: signing.publicKey)
                    try verifier.run { _, _ in }
                    let report = verifier.report
                    found.withLock { $0 = report }
                    throw Undone()
                }
            } catch is Undone {}
            return try #require(found.withLock { $0 })
        }
        @Sendable func sealOn(_ key: Ed25519.KeyPair, _ tx: Storage.Transaction) throws {
            let sealable = try tx.sealable(of: Root.instance, behind: "", limit: 9, now: gateway.world.now)
            let root = StoredRoot(
                of: Root.instance, after: try tx.lastRoot(of: Root.instance), floor: 0, at: gateway.world.now,
                over: sealable.leaves, signedBy: key)
            #expect(try tx.insert(root, sealable.leaves, floor: 0))
        }
        #expect(try await outcome { try sealOn(signing, $0) }.isClean)
        let late = try await outcome { try sealOn(gateway.keys.signing, $0) }
        #expect(late.findings.contains { $0.problem.contains("not the instance's then") })
        let anew = try await outcome { tx in
            let leaves = try tx.leaves(of: 0, in: scope)
            try tx.connection.execute("DELETE FROM root WHERE scope = \(scope)")
            try tx.connection.execute("DELETE FROM leaf WHERE scope = \(scope)")
            let forged = StoredRoot(
                of: scope, after: nil, floor: 0, at: Instant(milliseconds: 5), over: leaves,
                signedBy: gateway.keys.signing)
            #expect(try tx.insert(forged, leaves, floor: 0))
        }
        #expect(anew.findings.contains { $0.problem.contains("it was") }, "\(anew.findings)")
        await store.close()
    }

    private struct Undone: Error {}

    @Test("After a restore the numbers go on above all that were given, and what lies between is said to be lost")
    func restore() async throws {
        let store = try await store(sealed: true)
        let lost = RootName(scope: store.caller.merchant.text, number: 1, hash: StoredRoot.nothing)
        let folder = try TemporaryFolder()
        _ = try await store.gateway.restored(skipping: 3, indexFile: folder.file("indices"), cause: "test")
        try await refuse(store)
        #expect(try await store.gateway.seal() == 2)
        let last = try await store.gateway.store.read { try $0.lastRoots() }
        #expect(last.allSatisfy { $0.number > 1_000_000_000 })
        #expect(try await store.verify().isClean)
        let found = try await store.verify(against: [lost]).findings
        #expect(found.map(\.problem).contains { $0.contains("a restore was recorded") })
        await store.close()
    }
}
