import Domain
import Engine
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
        let hasBitcoin: Bool
    }

    /// Starts all of it, and waits until each has answered.
    static func start(_ plan: Plan, _ terminal: Terminal) async throws -> Demo {
        let folder = plan.data ?? temporaryFolder(terminal)
        try Files.makeFolder(folder)
        var configuration = Configuration(data: folder)
        configuration.port = plan.port
        configuration.allowsLoopbackWebhooks = true
        // One person plays all the customers: the pages may do everything.
        configuration.pagesMoveSandboxClock = true
        configuration.logLevel = .error
        if plan.hasBitcoin { try configuration.addRegtest(terminal.variables) }
        let running = try await Running.start(configuration, log: Log(minimum: .error))
        do {
            let memory = try await Memory.open(folder: folder, running.instance.gateway)
            let api = APIClient(url: running.url, key: memory.key)
            let secretFile = folder + "/webhook-secret"
            let shop = try ChildProcess(
                try shopProgram(),
                environment: [
                    "SHOP_GATEWAY_URL": running.url, "SHOP_API_KEY": memory.key,
                    "SHOP_WEBHOOK_SECRET_FILE": secretFile,
                    "SHOP_PORT": plan.port == 0 ? "0" : String(plan.port + 1),
                    "SHOP_DATA": folder + "/shop",
                    "SHOP_ENDS_WITH_INPUT": "1", "SHOP_LOG_LEVEL": plan.data == nil ? "warning" : "info",
                ])
            guard let url = await address(of: shop) else {
                throw Failure("the shop did not start; its words are above.")
            }
            let endpoint = try await api.registerWebhooks(at: url + "/webhooks", secretFile: secretFile)
            return Demo(
                running: running, api: api, shop: shop, shopURL: url, endpoint: endpoint, folder: folder,
                isThrownAway: plan.data == nil)
        } catch {
            try await running.stop()
            throw error
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
        terminal.say(
            """

            Open the shop:      \(demo.shopURL)
            The gateway:        \(demo.running.url)
            A test key:         \(demo.api.key)

            Buy something, choose a way to pay, and use the buttons on the payment page: it is play money,
            and the customer's wallet is yours. The shop ships when the gateway says that the payment is
            confirmed. Everything is kept in \(demo.folder). Ctrl-C ends it.
            """)
        let shop = demo.shop
        let failed = Task {
            let code = await shop.ended()
            if code != 0 { terminal.complain("The shop has ended with \(code).") }
        }
        try await demo.running.untilAskedToEnd()
        shop.terminate()
        await failed.value
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
