import Crypto
import Domain
import Platform
package import Storage

extension Gateway {
    /// Seals the ends of all chains that no root holds yet: roots of the merchants first, then one of the
    /// instance over these and over its own chain. What is written meanwhile waits for the next round. Gives
    /// how many roots were made.
    ///
    /// Throws `RootFile.Lost` for a store that was put back, and `KeyReplaced`.
    ///
    /// *Atomicity*: each root with its leaves in a transaction. *On failure*: what was made stays, and the
    /// next round goes on. *Replay*: safe; of several processes each root is made by one.
    package func seal() async throws -> Int {
        try await checkRootFile()
        var made = 0
        var scope = ""
        while let next = try await store.read({ [scope] in try $0.unsealedScope(after: scope) }) {
            scope = next
            made += try await sealChains(of: next)
        }
        return try await made + sealChains(of: Root.instance)
    }

    /// Binds the roots to the file at `path`: see `RootFile`.
    package func keepRoots(in path: String) {
        rootFile.withLock { $0 = RootFile(path, in: world.files) }
    }

    /// The root that the file beside the store names; nil where there is none. Throws `RootFile.Lost`.
    package func keptRoot() async throws -> RootName? {
        guard let file = rootFile.withLock({ $0 }) else { return nil }
        return try await indices.writer.run { try file.read() }
    }

    /// Whether the store was put back, as far as the file beside it tells.
    func lacksKeptRoot() async throws -> Bool {
        do {
            try await checkRootFile()
            return false
        } catch is RootFile.Lost {
            return true
        }
    }

    private func checkRootFile() async throws {
        guard let kept = try await keptRoot() else { return }
        let there = try await store.read { try $0.root(kept.number, of: kept.scope)?.hash }
        guard there != kept.hash else { return }
        throw RootFile.Lost(
            description: "this store lacks root \(kept.number) of the instance, which it had")
    }

    /// Compares the whole store with its log, the roots with the instance key, and the root that the file
    /// beside it names, and those in `kept`, with what it has. See `Store.verify`.
    package func verify(
        against kept: [RootName] = [],
        progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) async throws -> Verification {
        let own = try await keptRoot()
        return try await store.verify(
            signedBy: keys.signing.publicKey, proofs: .ofNetworks, against: kept, beside: own,
            progress: progress)
    }

    /// What waits for a root, and for how long the oldest of it has, in seconds.
    package func sealBacklog() async throws -> (chains: Int, seconds: Int64) {
        let unsealed = try await store.read { try $0.unsealed() }
        let since = unsealed.since ?? world.now
        return (unsealed.chains, max(0, (world.now.milliseconds - since.milliseconds) / 1_000))
    }

    /// What waits for so long should have been sealed: somebody has to look why it was not.
    package var sealPatienceSeconds: Int64 {
        max(EngineLimits.leastSealPatienceSeconds, 10 * settings.sealSeconds)
    }

    /// A scope whose rows contradict themselves stops no other one.
    private func sealChains(of scope: String) async throws -> Int {
        var made = 0
        var chain: String? = ""
        do {
            while let edge = chain, !Task.isCancelled {
                let look = try await look(at: scope, behind: edge)
                chain = look.sealable.edge
                guard !look.sealable.isPatient, !look.sealable.leaves.isEmpty else { continue }
                // Where another process is at it, that one goes on.
                guard let root = try await seal(scope, look) else { break }
                made += 1
                try await tell(root)
            }
        } catch where error is Corruption || Store.isAboutRows(error) {
            world.log.error("no root is made \("scope", scope) \("reason", String(describing: error))")
        }
        return made
    }

    /// What a root is made of.
    private struct SealLook: Sendable {
        let sealable: Sealable
        let last: StoredRoot?
        let floor: Int
    }

    private func look(at scope: String, behind chain: String) async throws -> SealLook {
        let now = world.now
        return try await store.read { tx in
            let last = try tx.lastRoot(of: scope)
            // A root vouches for all before it.
            if let last, !last.isSound || !last.isSigned {
                throw Corruption("root \(last.root.number) is not the one that was signed")
            }
            return SealLook(
                sealable: try tx.sealable(
                    of: scope, behind: chain, limit: EngineLimits.rootLeaves, now: now),
                last: last, floor: try self.floor(tx))
        }
    }

    /// Stores the next root; nil where another process was faster.
    private func seal(_ scope: String, _ look: SealLook) async throws -> StoredRoot? {
        let root = StoredRoot(
            of: scope, after: look.last, floor: look.floor, at: world.now, over: look.sealable.leaves,
            signedBy: keys.signing)
        let isStored = try await store.write { tx in
            try self.checkKey(tx)
            return try tx.insert(root, look.sealable.leaves, floor: look.floor)
        }
        return isStored ? root : nil
    }

    private func tell(_ stored: StoredRoot) async throws {
        world.metrics.roots.add(1)
        guard stored.root.scope == Root.instance else { return }
        if let file = rootFile.withLock({ $0 }) {
            try await indices.writer.run { try file.write(stored.name) }
        }
        // Whoever keeps the log keeps a witness.
        world.log.info(
            "sealed \("root", Int(clamping: stored.root.number)) \("hash", Hex.encode(stored.hash))")
    }
}

extension Metrics {
    var roots: Counter {
        counter("quittance_roots_total", help: "Signed roots over the evidence log that this process made.")
    }

    /// Over all processes.
    var unsealedChains: Gauge {
        gauge("quittance_unsealed_chains", help: "Ends of chains that no signed root holds yet.")
    }

    var unsealedAge: Gauge {
        gauge(
            "quittance_unsealed_age_seconds",
            help: "How long the oldest end of a chain has waited for a signed root.")
    }
}
