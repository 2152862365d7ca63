import Chains
import Engine
import HTTP
import Platform
import Web

/// `bench serve FOLDER`: the gateway as the program runs it, with its loops, beside a bare server that only
/// says hello. Prints process, port and bare port, and serves until it is asked to end.
enum Serve {
    static func run(_ folder: String) async throws {
        let log = Log()
        let bed = try await Bed.open(folder, log: log)
        let gateway = bed.gateway
        let players = SandboxQuota(clock: gateway.world.clock)
        let checkout = Checkout(gateway, players: players)
        let api = API(gateway: gateway, players: players, rateLimit: nil)
        let front = Front(
            [api.router, checkout.router, Operations(gateway).router], log: log,
            metrics: gateway.world.metrics)
        var settings = Server.Configuration()
        settings.port = 0
        let server = try Server(configuration: settings) { await front.respond(to: $0) }
        let hello = try Server(configuration: settings) { _ in .text("hello, world\n") }
        // Regtest has no node here, so nobody watches it.
        let watchers = gateway.networks.entries.filter { $0.chain.network != Bed.network.name }
            .map { Watcher(gateway, $0) }
        let residents: [any Resident] =
            [checkout, Ticker(gateway), Deliverer(gateway, client: Deliverer.client(allowsLoopback: true))]
            + watchers + [Serving(name: "server", server: server), Serving(name: "hello", server: hello)]
        let supervisor = Supervisor(residents, log: log)
        let signals = Signals.stream(of: Signals.termination)
        let task = Task { try await supervisor.run() }
        Machine.say("\(Machine.processID) \(server.port) \(hello.port)\n")
        for await _ in signals { break }
        task.cancel()
        try await task.value
        try await bed.close()
    }

    private struct Serving: Resident {
        let name: String
        let server: Server
        func run() async throws { await server.run() }
    }
}
