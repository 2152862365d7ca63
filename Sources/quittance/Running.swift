import Engine
import HTTP
import Platform
import Web

/// A gateway that runs: the instance, its server, and its loops under one supervisor.
struct Running: Sendable {
    let instance: Instance
    /// Where the world finds it.
    let url: String
    /// The address that it is bound to, as a URL; nil when it answers no requests.
    let bound: String?
    let roles: Set<Role>
    private let task: Task<Void, any Error>

    /// Binds the server, opens the instance, and starts the loops.
    ///
    /// Throws `WrongUse` where the folder's gateway has another database, before anything is made.
    static func start(
        _ configuration: Configuration, roles: Set<Role> = Set(Role.allCases), log: Log
    ) async throws -> Running {
        try await Instance.mustStay(configuration)
        let reception = roles.contains(.api) ? try Reception(configuration, log) : nil
        do {
            return try await start(configuration, roles, reception, log)
        } catch {
            await reception?.close()
            throw error
        }
    }

    private static func start(
        _ configuration: Configuration, _ roles: Set<Role>, _ reception: Reception?, _ log: Log
    ) async throws -> Running {
        let url = configuration.baseURL(port: reception?.port ?? configuration.port)
        let instance = try await Instance.open(configuration, baseURL: url, log: log)
        do {
            try await instance.gateway.recordStart(version: Version.text)
            try await instance.setFixedRates()
            if roles.contains(.api) { try await instance.keepIndices() }
            if roles.contains(.watch) {
                try await instance.gateway.wakeSleepers()
                try instance.nameWatch(log)
                try await instance.gateway.hearSandbox()
            }
            // Last: who is refused here leaves no word that would lead others after it.
            try configuration.noteStorage()
        } catch {
            await instance.close()
            throw error
        }
        let gateway = instance.gateway
        let players = SandboxQuota(clock: gateway.world.clock)
        let checkout = Checkout(gateway, players: players)
        let health = Lock<@Sendable () -> [Supervisor.Health]> { [] }
        let presence = Presence(
            url: url, storage: configuration.shownStorage,
            address: reception.map { configuration.place(port: $0.port) }, roles: roles,
            startedAt: gateway.world.clock.now, health: { health.withLock { $0 }() })
        var residents = control(Administration(instance: instance, presence: presence), log)
        residents += parts(roles, gateway).map(Essential.init)
        if !configuration.isEmbedded {
            residents.append(Essential(KeyWatch(gateway: gateway)))
            if configuration.hasSandbox { residents.append(Essential(SandboxFollower(gateway))) }
        }
        if let time = instance.time { residents.append(time) }
        if roles.contains(.api) { residents.append(Essential(checkout)) }
        // The last to start is the first to stop: no request comes while the loops end.
        if let reception { residents.append(reception) }
        let supervisor = Supervisor(residents, log: log)
        health.withLock { $0 = { supervisor.health } }
        let api = API(gateway: gateway, players: players)
        reception?.open(site(api, checkout, gateway, supervisor))
        let task = Task { try await supervisor.run() }
        let bound = presence.address.map { "http://\($0)" }
        return Running(instance: instance, url: url, bound: bound, roles: roles, task: task)
    }

    /// The loops of some roles.
    private static func parts(
        _ roles: Set<Role>, _ gateway: Gateway
    ) -> [any Resident] {
        var parts: [any Resident] = []
        if roles.contains(.watch) {
            parts += gateway.networks.entries.map { Watcher(gateway, $0) }
            parts.append(Ticker(gateway))
            parts.append(Sealer(gateway))
        }
        if roles.contains(.deliver) {
            let client = Deliverer.client(allowsLoopback: gateway.settings.allowsLoopbackWebhooks)
            parts.append(Deliverer(gateway, client: client))
        }
        return parts
    }

    /// The door for commands. A gateway that cannot have one works all the same.
    private static func control(_ administration: Administration, _ log: Log) -> [any Resident] {
        do {
            return [try Control(administration, log: log)]
        } catch {
            log.warning("commands cannot reach this process \("error", error)")
            return []
        }
    }

    /// The address cannot be had.
    struct Unbindable: Error {
        let reason: ServerError
        /// Where the address comes from.
        let source: String
    }

    /// A path as it may be written down. Behind `/checkout` and `/receipt` stands what lets its holder see
    /// and act on a payment.
    ///
    /// - Parameter segments: those of the path, decoded, by which a page is found.
    static func loggable(_ path: String, _ segments: [String]) -> String {
        let first = segments.first ?? ""
        return ["checkout", "receipt"].contains(first) ? "/\(first)/…" : path
    }

    /// Waits until it has ended by itself, and closes the database. Throws why it ended, which is also the
    /// last line of the log.
    func ended() async throws {
        let result = await task.result
        let settled = Result { try instance.gateway.settleIndices() }
        await instance.close()
        if case .failure(let error) = result {
            instance.gateway.world.log.error("this process ends \("reason", Problem(error).text)")
        }
        try result.get()
        try settled.get()
    }

    /// Ends it gently.
    func stop() async throws {
        task.cancel()
        try await ended()
    }

    /// Runs until SIGTERM or SIGINT, then ends gently; a second signal ends the process at once.
    func untilAskedToEnd() async throws {
        let signals = Signals.stream(of: Signals.termination)
        let listener = Task {
            var count = 0
            for await number in signals {
                count += 1
                if count > 1 { Environment.exit(128 + number) }
                task.cancel()
            }
        }
        defer { listener.cancel() }
        try await ended()
    }
}

/// A part of the process that it cannot do without. A process whose loop has stopped for good would look
/// alive and let payments lie; so it ends, and whoever watches over it starts it again or calls a person.
private struct Essential: Resident {
    private let part: any Resident

    init(_ part: any Resident) { self.part = part }

    var name: String { part.name }
    var isEssential: Bool { true }

    func run() async throws { try await part.run() }
}

extension Running {
    /// Everything that is answered over HTTP.
    private static func site(
        _ api: API, _ checkout: Checkout, _ gateway: Gateway, _ supervisor: Supervisor
    ) -> Front {
        let operations = Operations(gateway) { supervisor.health }
        return Front(
            [api.router, checkout.router, operations.router], log: gateway.world.log,
            metrics: gateway.world.metrics)
    }
}
