import HTTP
import Platform

/// A small shop that is paid through Quittance: what a merchant's server has to do, and nothing else.
///
/// Order → payment → checkout page → webhook → inbox → ask the gateway → claim → ship → report. A crash
/// between any two of these steps, a webhook that comes twice or out of order, and one that never comes all
/// end the same way: what was paid is shipped once.
@main
struct Shop {
    static func main() async {
        Signals.ignoreBrokenPipes()
        do {
            let settings = try Settings(Environment.variables)
            try await run(settings)
        } catch {
            Environment.complain("shop: \(error)")
            Environment.exit(1)
        }
    }

    private static func run(_ settings: Settings) async throws {
        let log = Log(minimum: settings.logLevel).with("program", "shop")
        let book = try await OrderBook.open(folder: settings.data)
        let gateway = Gateway(url: settings.gateway, key: settings.key)
        let worker = Worker(
            book: book, gateway: gateway, sweepSeconds: settings.sweepSeconds, log: log)
        var configuration = Server.Configuration()
        configuration.port = settings.port
        configuration.loops = 1
        configuration.onFailure = { request, error in
            log.error("failed \("path", request.path) \("error", error)")
        }
        let door = Lock<(pages: Pages, router: Router)?>(nil)
        let server = try Server(configuration: configuration) { request in
            guard let (pages, router) = door.withLock({ $0 }) else {
                return .text(.serviceUnavailable, "starting\n")
            }
            return try await pages.respond(to: request, router)
        }
        let url = "http://127.0.0.1:\(server.port)"
        let inbox = Inbox(settings: settings, book: book, worker: worker)
        let pages = Pages(book: book, gateway: gateway, url: url, log: log)
        door.withLock { $0 = (pages, pages.router(with: inbox)) }
        let supervisor = Supervisor([worker, Listening(server: server)], log: log)
        let task = Task { try await supervisor.run() }
        let ends = Task {
            for await _ in Signals.stream(of: Signals.termination) { task.cancel() }
        }
        let orphaned = Task {
            guard settings.endsWithInput else { return }
            await Environment.untilInputEnds()
            task.cancel()
        }
        Environment.print("shop \(url)")
        let result = await task.result
        ends.cancel()
        orphaned.cancel()
        await book.close()
        try result.get()
    }
}

/// The server as a part of the program.
private struct Listening: Resident {
    let server: Server

    var name: String { "server" }
    var isEssential: Bool { true }

    func run() async throws { await server.run() }
}

/// What the shop is told by whoever starts it.
struct Settings: Sendable {
    /// Where the gateway is, without a slash at the end.
    let gateway: String
    let key: String
    /// `whsec_…` of the registered endpoint, or the file that holds it.
    private let secret: String?
    private let secretFile: String?
    /// 0 for a free one.
    let port: Int
    let data: String
    /// Between two looks at all that is paid and not delivered.
    let sweepSeconds: Int64
    /// Ends when standard input does: for programs that start the shop and must not leave it behind.
    let endsWithInput: Bool
    let logLevel: Log.Level

    init(_ variables: [String: String]) throws {
        guard let gateway = variables["SHOP_GATEWAY_URL"], let key = variables["SHOP_API_KEY"] else {
            throw Missing()
        }
        self.gateway = gateway
        self.key = key
        secret = variables["SHOP_WEBHOOK_SECRET"]
        secretFile = variables["SHOP_WEBHOOK_SECRET_FILE"]
        port = variables["SHOP_PORT"].flatMap { Int($0) } ?? 8090
        data = variables["SHOP_DATA"] ?? "./shop-data"
        let sweep = variables["SHOP_SWEEP_SECONDS"].flatMap { Int64($0) } ?? 60
        sweepSeconds = min(max(1, sweep), 86_400)
        logLevel = variables["SHOP_LOG_LEVEL"].flatMap { Log.Level(rawValue: $0) } ?? .info
        endsWithInput = variables["SHOP_ENDS_WITH_INPUT"] == "1"
    }

    /// What webhooks are checked with; nil until the endpoint is registered: then every webhook is refused.
    var webhookSecret: String? {
        if let secret { return secret }
        guard let secretFile, let bytes = try? Files.read(secretFile, maxBytes: 1_024) else { return nil }
        return String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
    }

    /// Why the shop does not start.
    struct Missing: Error, CustomStringConvertible {
        var description: String {
            """
            SHOP_GATEWAY_URL and SHOP_API_KEY are needed; SHOP_WEBHOOK_SECRET (or …_FILE), SHOP_PORT \
            (8090), SHOP_DATA (./shop-data) and SHOP_SWEEP_SECONDS (60) may be set. “quittance demo” starts \
            the shop with all that it needs.
            """
        }
    }
}
