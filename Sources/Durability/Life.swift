import Chains
import Crypto
import Database
import Domain
import Engine
import HTTP
import Platform
import Storage

/// One process of the gateway, from its start on: the real store and the real engine, on a disk in memory.
struct Life: Sendable {
    let disk: SimulatedDisk
    let store: Store
    let gateway: Gateway
    let witness: Witness
    let post: Post
    let deliverer: Deliverer
    let plant: Plant?
    /// The database has threads of its own.
    let isThreaded: Bool

    /// Where a process runs, beside its disk.
    struct Surroundings: Sendable {
        /// A real folder, for the lock that keeps other processes out.
        let folder: String
        let clock: ManualClock
        var seed: UInt64
        var plant: Plant?
        /// Threads that read; without any everything happens on the thread that asks.
        var readers = 0
        /// A server that keeps the database, in place of the disk.
        var server: DatabaseLocation?
        /// The world as it is, where the database is older; else what the database tells.
        var sandbox: SandboxLedger?

        var database: String { folder + "/quittance.db" }
        var indices: String { folder + "/indices" }
        var root: String { folder + "/root" }
    }

    /// Starts as the program does. `opened` sees the store before anything is written to it. Throws what the
    /// start throws; then nothing of it is left.
    static func begin(
        on disk: SimulatedDisk, in place: Surroundings, _ witness: Witness,
        opened: (Store) async throws -> Void = { _ in }
    ) async throws -> Life {
        let location = place.server ?? .sqlite(place.database, vfs: disk.name)
        let store = try await Store.open(location, readers: place.readers)
        do {
            try await opened(store)
            let gateway = try await gateway(store, disk, place)
            let publicKeys = InstanceKeys.both.map { WebhookVerificationKey.asymmetric($0.signing.publicKey) }
            let post = Post(
                witness, place.clock, publicKeys, isLate: place.plant == .sentAfterOutcome)
            return Life(
                disk: disk, store: store, gateway: gateway, witness: witness, post: post,
                deliverer: Deliverer(gateway, client: post), plant: place.plant,
                isThreaded: place.readers > 0)
        } catch {
            await store.close()
            throw error
        }
    }

    private static func gateway(
        _ store: Store, _ disk: SimulatedDisk, _ place: Surroundings
    ) async throws -> Gateway {
        let keys = try await InstanceKeys.inForce(in: store)
        let sandbox =
            if let ledger = place.sandbox { SandboxWorld(ledger) } else { try await world(in: store) }
        let world = World(
            clock: place.clock, entropy: SeededEntropy(seed: place.seed), log: .silent, metrics: Metrics(),
            files: disk)
        var settings = Settings(baseURL: "https://pay.example")
        settings.allowsLoopbackWebhooks = true
        let networks = SandboxNetwork.allCases.map {
            Networks.Entry(chain: sandbox.chain(on: $0), isTest: true)
        }
        let gateway = Gateway(
            store: store, world: world, networks: Networks(networks), settings: settings, keys: keys,
            sandbox: sandbox)
        try await gateway.resumeIdentities()
        try await gateway.recordStart(version: "1")
        try await gateway.setFixedRates([(try asset("SBX"), "EUR", try Rate(parsing: "100"))])
        gateway.keepRoots(in: place.root)
        if place.plant != .indicesForgotten { try await gateway.keepIndices(in: place.indices) }
        try await gateway.hearSandbox()
        return gateway
    }

    static func world(in store: Store) async throws -> SandboxWorld {
        let sandbox = try await Gateway.replaySandbox(from: store)
        if let damage = sandbox.damage { throw Broken("the sandbox stands still: \(damage)") }
        return sandbox
    }

    /// Lets the loops do all that is to be done, and the database tidy up.
    func settle() async throws {
        let ticker = Ticker(gateway)
        for _ in 0..<Limits.rounds {
            var isBusy = false
            for entry in gateway.networks.entries {
                let watcher = Watcher(gateway, entry)
                while try await watcher.step() { isBusy = true }
            }
            while try await ticker.step(isTest: true) > 0 { isBusy = true }
            while try await deliverer.step() > 0 { isBusy = true }
            if !isBusy {
                post.arrive()
                try await seal()
                store.database.rest()
                return
            }
        }
        throw Broken("the loops never rest")
    }

    /// Signs what has come since the last root; whoever reads the log keeps what it says.
    private func seal() async throws {
        try await Sealer(gateway).step()
        let root = try await gateway.keptRoot()
        witness.note { $0.root = root }
    }

    /// The merchant reads each of its payments again.
    func look() async throws {
        for (order, told) in witness.outside.payments.sorted(by: { $0.key < $1.key }) {
            let payment = try await gateway.payment(told.id, of: caller).payment
            witness.note { outside in
                outside.payments[order]?.version = payment.version
                outside.payments[order]?.state = payment.state
            }
        }
    }

    /// The merchant's server, with its first key.
    var caller: Caller {
        get throws {
            let outside = witness.outside
            guard let merchant = outside.merchant, let key = outside.key
            else { throw Broken("no merchant yet") }
            return Caller(merchant: merchant, key: key, isTest: true, scopes: ["admin"])
        }
    }

    /// Ends gently.
    func end() async throws {
        try gateway.settleIndices()
        await store.close()
    }

    /// Ends with no word: nothing of it reaches the disk any more.
    func kill() async {
        disk.kill()
        await store.close()
    }

    static func asset(_ text: String) throws -> AssetCode {
        guard let code = AssetCode(parsing: text) else { throw Broken("no asset \(text)") }
        return code
    }
}

/// What must not be is so.
struct Broken: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension InstanceKeys {
    /// The instance's key, and the one that comes after it; the operator has both from before the change on.
    static let both: [InstanceKeys] = [UInt8(1), 2].compactMap { number in
        guard let box = SecretBox(key: Secret([UInt8](repeating: number, count: SecretBox.keySize))),
            let signing = Ed25519.KeyPair(seed: Secret([UInt8](repeating: number, count: Ed25519.keySize)))
        else { return nil }
        return InstanceKeys(box: box, signing: signing)
    }

    /// Which of the two the store knows. A new one takes the first for good.
    static func inForce(in store: Store) async throws -> InstanceKeys {
        let known = try await store.read { try $0.setting(fingerprintName) }
        if let known {
            guard let keys = both.first(where: { $0.fingerprint == known })
            else { throw Broken("no key of this instance is in force") }
            return keys
        }
        let first = both[0]
        try await store.write { try $0.set(fingerprintName, first.fingerprint) }
        return first
    }
}
