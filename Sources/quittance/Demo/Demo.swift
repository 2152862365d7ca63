import Domain
import Engine
import HTTP
import JSON
import Platform
import Storage

/// A gateway, a merchant and a shop on this machine.
struct Demo: Sendable {
    let running: Running
    let api: APIClient
    let shop: ChildProcess
    let shopURL: String
    let endpoint: String
    private let folder: String
    private let isThrownAway: Bool

    /// What is to be started.
    struct Plan {
        /// Nil for a folder that is thrown away.
        let data: String?
        /// 0 for a free one.
        let port: Int
        /// Whether it must be that port.
        var isPortChosen = true
        let hasBitcoin: Bool
    }

    /// Starts all of it, and waits until each has answered.
    static func start(_ plan: Plan, _ terminal: Terminal) async throws -> Demo {
        let folder = plan.data ?? temporaryFolder(terminal)
        try Files.makeFolder(folder)
        do {
            return try await start(plan, in: folder, terminal)
        } catch {
            if plan.data == nil { try Files.removeFolder(folder) }
            throw error
        }
    }

    private static func start(
        _ plan: Plan, in folder: String, _ terminal: Terminal
    ) async throws -> Demo {
        var configuration = Configuration(data: folder)
        configuration.port = plan.port
        configuration.allowsLoopbackWebhooks = true
        // One person plays all the customers: the pages may do everything.
        configuration.pagesMoveSandboxClock = true
        configuration.logLevel = .error
        if plan.hasBitcoin { try configuration.addRegtest(terminal.variables) }
        let running = try await serve(configuration, plan, terminal)
        do {
            let memory = try await Memory.open(folder: folder, running.instance.gateway)
            let api = APIClient(url: running.url, key: memory.key)
            let secretFile = folder + "/webhook-secret"
            let variables = [
                "SHOP_GATEWAY_URL": running.url, "SHOP_API_KEY": memory.key,
                "SHOP_WEBHOOK_SECRET_FILE": secretFile, "SHOP_DATA": folder + "/shop",
                "SHOP_ENDS_WITH_INPUT": "1", "SHOP_LOG_LEVEL": plan.data == nil ? "warning" : "info",
            ]
            let (shop, url) = try await openShop(variables, plan)
            let endpoint = try await api.registerWebhooks(at: url + "/webhooks", secretFile: secretFile)
            return Demo(
                running: running, api: api, shop: shop, shopURL: url, endpoint: endpoint, folder: folder,
                isThrownAway: plan.data == nil)
        } catch {
            try await running.stop()
            throw error
        }
    }

    /// Starts the gateway; where nobody chose the port and it is taken, on a free one.
    private static func serve(
        _ configuration: Configuration, _ plan: Plan, _ terminal: Terminal
    ) async throws -> Running {
        let log = Log(minimum: .error)
        do {
            return try await Running.start(configuration, log: log)
        } catch let taken as Running.Unbindable {
            guard !plan.isPortChosen, case .addressInUse(_, _) = taken.reason else {
                throw Failure("\(taken.reason).", advice: "Choose another port: quittance demo --port N")
            }
            terminal.complain("Port \(configuration.port) is taken; a free one is used.")
            var other = configuration
            other.port = 0
            return try await Running.start(other, log: log)
        }
    }

    /// Starts the shop beside the gateway's port; where nobody chose that and it is taken, on a free one.
    /// Gives its address too.
    private static func openShop(
        _ variables: [String: String], _ plan: Plan
    ) async throws -> (ChildProcess, String) {
        let ports = plan.port == 0 ? [0] : plan.isPortChosen ? [plan.port + 1] : [plan.port + 1, 0]
        for port in ports {
            let shop = try ChildProcess(
                try shopProgram(), environment: variables.merging(["SHOP_PORT": String(port)]) { $1 },
                errors: port == ports.last ? .ours : .nothing)
            if let url = await address(of: shop) { return (shop, url) }
            _ = await shop.ended()
        }
        throw Failure("the shop did not start; its words are above.")
    }

    /// Throws the folder away when the process is asked to end before it comes to do so itself.
    func throwAwayWhenInterrupted() -> Task<Void, Never> {
        let waste = isThrownAway ? self.folder : nil
        let child = self.shop
        return Task {
            for await number in Signals.stream(of: Signals.termination) {
                child.kill()
                _ = await child.ended()
                if let waste { try? Files.removeFolder(waste) }
                Environment.exit(128 + number)
            }
        }
    }

    /// Ends all of it.
    func stop() async throws {
        shop.terminate()
        _ = await shop.ended()
        try await running.stop()
        if isThrownAway { try Files.removeFolder(folder) }
    }

    /// Starts it for a person, until Ctrl-C.
    static func show(_ plan: Plan, _ terminal: Terminal) async throws -> Ending {
        let demo = try await start(plan, terminal)
        let node: RegtestNode?
        do {
            node = try await plan.hasBitcoin ? RegtestNode(terminal.variables, demo.api) : nil
        } catch {
            try await demo.stop()
            throw error
        }
        terminal.say(
            """

            Open the shop:      \(demo.shopURL)
            The gateway:        \(demo.running.url)
            A test key:         \(demo.api.key)

            Buy something, choose a way to pay, and use the buttons on the payment page: it is play money,
            and the customer's wallet is yours. The shop ships when the gateway says that the payment is
            confirmed. \(demo.isThrownAway ? "Nothing is kept." : "Everything is kept in \(demo.folder).") \
            Ctrl-C ends it.\(node.map { "\n\n" + $0.instructions } ?? "")
            """)
        let shop = demo.shop
        let failed = Task {
            let code = await shop.ended()
            if code != 0 { terminal.complain("The shop has ended with \(code).") }
        }
        try await demo.running.untilAskedToEnd()
        shop.terminate()
        await failed.value
        if demo.isThrownAway { try Files.removeFolder(demo.folder) }
        return .good
    }

    private static func temporaryFolder(_ terminal: Terminal) -> String {
        let base = terminal.variables["TMPDIR"] ?? "/tmp"
        return "\(base)/quittance-demo-\(Hex.encode(SystemEntropy().bytes(8)))"
    }

    /// The shop's program lies beside this one.
    private static func shopProgram() throws -> String {
        let here =
            Environment.program.flatMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } }
            ?? "."
        let path = here + "/shop"
        guard Files.exists(path) else {
            throw Failure("\(path) is not there.", advice: "Build it: swift build --product shop")
        }
        return path
    }

    /// The shop's first line says where it listens.
    private static func address(of shop: ChildProcess) async -> String? {
        for await line in shop.lines where line.hasPrefix("shop http") { return String(line.dropFirst(5)) }
        return nil
    }
}

/// What the demo remembers between two runs.
private struct Memory {
    let key: String

    static func open(folder: String, _ gateway: Gateway) async throws -> Memory {
        let path = folder + "/demo.key"
        if Files.exists(path) {
            return Memory(key: String(decoding: try Files.read(path, maxBytes: 1_024), as: UTF8.self))
        }
        let merchant = try await gateway.createMerchant(name: "Corner Shop", cause: "quittance demo")
        let made = try await gateway.createKey(
            merchant: merchant.id, name: "demo", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "quittance demo")
        try Files.write(Array(made.text.utf8), to: path)
        return Memory(key: made.text)
    }
}
