import Chains
import Crypto
import Database
import Domain
import Engine
import HTTP
import JSON
import Platform
import Storage

/// One gateway on its database: what every command works with.
struct Instance: Sendable {
    let configuration: Configuration
    let gateway: Gateway
    /// Keeps the clock at the database's; nil where that is this machine's.
    let time: SharedTime?
    /// Held while the process lives: an embedded database has one process.
    private let lock: Lock<FileLock?>
    /// Held by the one process of this folder that follows networks for a database of its own server.
    private let watchLock = Lock<FileLock?>(nil)

    /// Opens the data folder, its key, and the database, whose schema it brings up to date.
    ///
    /// One that another process has is waited for a little: a command ends soon, and so does a gateway that
    /// is being restarted.
    ///
    /// - Parameters:
    ///   - patience: how long, in milliseconds.
    ///   - lock: the data folder, where this process has claimed it already.
    /// - Throws: `Taken`, `Failure`, `FileError` and what the database throws.
    static func open(
        _ configuration: Configuration, baseURL: String? = nil, log: Log = .silent,
        patience: Int64 = Limits.claim, holding lock: FileLock? = nil
    ) async throws -> Instance {
        let clock = SystemClock()
        let start = clock.uptime
        while true {
            do {
                return try await openNow(configuration, baseURL, log, lock)
            } catch let taken as Taken {
                guard clock.uptime - start < patience else { throw taken }
            } catch DatabaseError.locked where configuration.isEmbedded {
                guard clock.uptime - start < patience else { throw Taken(data: configuration.data) }
            }
            try await clock.sleep(milliseconds: Limits.pause)
        }
    }

    private static func openNow(
        _ configuration: Configuration, _ baseURL: String?, _ log: Log, _ held: FileLock?
    ) async throws -> Instance {
        let lock = try held ?? claim(configuration)
        let shared = configuration.isEmbedded ? nil : SharedClock(SystemClock())
        let clock: any Clock = if let shared { shared } else { SystemClock() }
        let world = World(clock: clock, entropy: SystemEntropy(), log: log, metrics: Metrics())
        let store = try await Store.open(configuration.location, readers: configuration.readers) { line in
            log.warning("database \("detail", line)")
        }
        do {
            let time = shared.map { SharedTime(store, $0, log: log) }
            try await time?.step()
            let keys = try await InstanceKeys.open(folder: configuration.data, store, world.entropy)
            let sandbox = configuration.hasSandbox ? try await Gateway.replaySandbox(from: store) : nil
            if let damage = sandbox?.damage { log.error("the sandbox stands still \("reason", damage)") }
            var settings = Settings(baseURL: baseURL ?? configuration.baseURL(port: configuration.port))
            settings.allowsLoopbackWebhooks = configuration.allowsLoopbackWebhooks
            settings.pagesMoveSandboxClock = configuration.pagesMoveSandboxClock
            settings.rateMaxAgeSeconds = configuration.rateMaxAgeSeconds
            settings.sealSeconds = configuration.sealSeconds
            let networks = try Networks(configuration, sandbox: sandbox, log: log)
            let gateway = Gateway(
                store: store, world: world, networks: networks, settings: settings, keys: keys,
                sandbox: sandbox)
            try await gateway.resumeIdentities()
            gateway.keepRoots(in: configuration.data + "/root")
            return Instance(configuration: configuration, gateway: gateway, time: time, lock: Lock(lock))
        } catch {
            await store.close()
            throw error
        }
    }

    /// For commands that only look: a mistyped folder must not become an empty gateway that is found in good
    /// order.
    static func mustExist(_ configuration: Configuration) throws {
        try mustBeWhole(configuration)
        try mustAgree(configuration)
        guard case .sqlite(let path, _) = configuration.location, !Files.exists(path) else { return }
        throw Failure(
            "there is no gateway in \(configuration.data): \(path) does not exist.",
            advice: "Name its folder with --data, or make a new one with “quittance serve”.")
    }

    /// The gateway of the folder, one that runs or one that ran, may have been told of its database by a
    /// variable that this command has not got: then the command would make, copy or look at another one,
    /// beside it. Throws `WrongUse`.
    static func mustAgree(_ configuration: Configuration) throws {
        guard let theirs = try configuration.servedStorage(), !configuration.isStorage(theirs) else { return }
        throw WrongUse(
            "the gateway of \(configuration.data) works on \(theirs), and this command would work on "
                + "\(configuration.shownStorage).",
            hint: "Set QUITTANCE_STORAGE, or “storage” in quittance.json, as the gateway has it. Where a "
                + "service has it from a file, docs/OPERATING.md says how commands get it too.")
    }

    /// For who serves: one folder is one gateway, and its database is another one only on purpose, and never
    /// beside a process that works on the one it had. Makes nothing. Throws `WrongUse`.
    static func mustStay(_ configuration: Configuration) async throws {
        guard Files.exists(configuration.data) else { return }
        for door in try await Control.doors(in: configuration.data) {
            let status: JSON
            do {
                status = try await door.ask(.status)
            } catch is Failure {
                // It is about to end.
                continue
            }
            guard let theirs = status["storage"]?.asString, !configuration.isStorage(theirs) else { continue }
            throw WrongUse(
                "the gateway of \(configuration.data) runs on \(theirs), and this one would work on "
                    + "\(configuration.shownStorage).",
                hint: "One folder is one gateway. Stop that one first, or give this one a folder of its own.")
        }
        guard !configuration.movesStorage else { return }
        do {
            try mustAgree(configuration)
        } catch let error as WrongUse {
            throw WrongUse(
                error.problem,
                hint: (error.hint.map { $0 + "\n" } ?? "")
                    + "To move the gateway to this database on purpose: serve --new-storage.")
        }
    }

    /// Takes the data folder for this process; nil where several may share it. Throws `Taken`, `FileError`,
    /// and `Failure` where a restore was interrupted.
    ///
    /// - Parameter replacing: for a restore, which ends the one that was interrupted.
    static func claim(_ configuration: Configuration, replacing: Bool = false) throws -> FileLock? {
        try Files.makeFolder(configuration.data)
        guard configuration.isEmbedded else { return nil }
        let lock: FileLock
        do throws(FileError) {
            lock = try FileLock(folder: configuration.data)
        } catch {
            guard error.isHeld else { throw error }
            throw Taken(data: configuration.data)
        }
        if !replacing { try mustBeWhole(configuration) }
        return lock
    }

    /// Between the old database and the new one nothing may be opened, and no empty one be made.
    private static func mustBeWhole(_ configuration: Configuration) throws(Failure) {
        guard case .sqlite(let path, _) = configuration.location,
            DatabaseFile(path).isBeingReplaced
        else { return }
        throw Failure(
            "a restore was interrupted: \(path) is not whole.",
            advice: "Run “quittance restore FILE” again, with the same backup or with another one.")
    }

    /// Another process has the data folder: an embedded database has one process at a time.
    struct Taken: Error {
        let data: String
    }

    /// Makes the fixed rates what the configuration says. Only a gateway that serves does it: a command that
    /// looks at a store, perhaps with other settings, changes no price.
    func setFixedRates() async throws {
        let named = Set(configuration.rates.map { "\($0.asset)/\($0.currency)" })
        let builtIn = FixedRate.sandbox.filter {
            configuration.hasSandbox && !named.contains("\($0.asset)/\($0.currency)")
        }
        try await gateway.setFixedRates(
            (builtIn + configuration.rates).map { (asset: $0.asset, currency: $0.currency, rate: $0.rate) })
    }

    /// Binds the counts of addresses to the file beside the database, so that none is issued twice even
    /// after a backup came back.
    func keepIndices() async throws { try await gateway.keepIndices(in: indexFile) }

    /// See `IndexFile`.
    var indexFile: String { configuration.data + "/indices" }

    /// Gives the process that follows networks the name of its predecessor in this folder, which is dead when
    /// its lock is free: it need not wait for the end of a lease. The folder may be a copy, and the machine
    /// another one: so the name is that of the file and of the machine since it was started.
    ///
    /// - Parameter bootFile: where the kernel says which start of the machine this is. A container or a
    ///   hardened unit may hide it; then there is no name, and the lease is waited for.
    func nameWatch(_ log: Log, bootFile: String = "/proc/sys/kernel/random/boot_id") throws {
        guard !configuration.isEmbedded else { return }
        do throws(FileError) {
            let lock = try FileLock(folder: configuration.data, name: Self.watchFile)
            watchLock.withLock { $0 = lock }
        } catch {
            // Another process of this folder: this one waits for it under a name of its own.
            guard error.isHeld else { throw error }
            return
        }
        let boot: [UInt8]
        do throws(FileError) {
            boot = try Files.read(bootFile, maxBytes: 64)
        } catch {
            log.warning("a restart waits for the lease of its predecessor \("error", error)")
            return
        }
        let file = try Files.number(of: configuration.data + "/" + Self.watchFile)
        gateway.watch(as: "\(String(decoding: boot, as: UTF8.self).prefix { $0 != "\n" })/\(file)")
    }

    private static let watchFile = "watch.lock"

    func close() async {
        await gateway.store.close()
        watchLock.withLock { $0 = nil }
        lock.withLock { $0 = nil }
    }

    /// Runs `body` on an instance and closes it.
    static func with<Result>(
        _ configuration: Configuration, patience: Int64 = Limits.claim,
        _ body: (Instance) async throws -> Result
    ) async throws -> Result {
        let instance = try await open(configuration, patience: patience)
        do {
            let result = try await body(instance)
            await instance.close()
            return result
        } catch {
            await instance.close()
            throw error
        }
    }
}

extension NodeSettings {
    /// The chain that this node speaks for. Asks nothing of it yet.
    func chain() throws(WrongUse) -> UTXOChain {
        guard let url = try? URL(parsing: rpcURL) else {
            throw WrongUse("the address of the \(network.rawValue) node is none.")
        }
        return UTXOChain(
            UTXOSettings(network: network, url: url, credentials: nodeCredentials, zmqEndpoint: zmq))
    }

    private var nodeCredentials: NodeCredentials {
        switch credentials {
        case .password(let user, let password): .password(user: user, Secret(Array(password.utf8)))
        case .cookie(let file): .cookie(file: file)
        }
    }
}

extension Networks {
    /// The networks that the configuration names.
    init(_ configuration: Configuration, sandbox: SandboxWorld?, log: Log) throws {
        var entries: [Entry] = []
        if let sandbox {
            entries += SandboxNetwork.allCases.map { Entry(chain: sandbox.chain(on: $0), isTest: true) }
        }
        for node in configuration.nodes {
            entries.append(Entry(chain: try node.chain(), isTest: node.network.isTest))
        }
        self.init(entries)
    }
}
