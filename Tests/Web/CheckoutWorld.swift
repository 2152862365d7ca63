import Chains
import Crypto
import Database
import Domain
import Engine
import HTTP
import JSON
import Platform
import Storage
import TestKit

@testable import Web

/// A gateway with the sandbox and one shop on it, for the customer's pages. Everything is the real thing;
/// clock and chance are told, so that the pages are the same in every run.
final class CheckoutWorld: Sendable {
    let gateway: Gateway
    let checkout: Checkout
    let caller: Caller
    private let folder: TemporaryFolder

    init(
        clock: any Clock, entropy: any Entropy = CountedEntropy(), baseURL: String = "https://pay.example",
        mayMoveClock: Bool = false
    ) async throws {
        folder = try TemporaryFolder()
        let store = try await Store.open(.sqlite(folder.file("quittance.sqlite")))
        let sandbox = SandboxWorld()
        let world = World(
            clock: clock, entropy: entropy, log: Log(minimum: .error, clock: clock), metrics: Metrics())
        let networks = SandboxNetwork.allCases.map { Networks.Entry(chain: sandbox.chain(on: $0), isTest: true) }
        guard let box = SecretBox(key: Secret([UInt8](repeating: 7, count: 32))),
            let signing = Ed25519.KeyPair(seed: Secret([UInt8](repeating: 9, count: 32)))
        else { throw Unusable() }
        var settings = Settings(baseURL: baseURL)
        settings.pollMilliseconds = 1_000
        settings.pagesMoveSandboxClock = mayMoveClock
        gateway = Gateway(
            store: store, world: world, networks: Networks(networks), settings: settings,
            keys: InstanceKeys(box: box, signing: signing), sandbox: sandbox)
        try await gateway.setFixedRates([
            (try Self.asset("SBX"), "EUR", try Rate(parsing: "100")),
            (try Self.asset("SUSD"), "EUR", try Rate(parsing: "0.8")),
        ])
        let merchant = try await gateway.createMerchant(name: "Fern & Fable", cause: "test")
        let key = try await gateway.createKey(
            merchant: merchant.id, name: "test", scopes: [.admin], isTest: true, by: .operatorAtMachine, cause: "test")
        caller = Caller(merchant: merchant.id, key: key.key.id, isTest: true, scopes: ["admin"])
        checkout = Checkout(gateway, players: SandboxQuota(clock: clock))
        try await watch()
    }

    struct Unusable: Error {}

    static func asset(_ text: String) throws -> AssetCode {
        guard let code = AssetCode(parsing: text) else { throw Unusable() }
        return code
    }

    static func method(_ asset: String) throws -> Domain.Method {
        guard let network = NetworkName(parsing: "sandbox") else { throw Unusable() }
        return Domain.Method(asset: try Self.asset(asset), network: network)
    }

    /// Lets the watchers hear all that happened, and the looks that are due be taken.
    func watch() async throws {
        for entry in gateway.networks.entries {
            let watcher = Watcher(gateway, entry)
            while try await watcher.step() {}
        }
        let ticker = Ticker(gateway)
        while try await ticker.step(isTest: true) > 0 {}
    }

    /// Opens a payment of 25 euros, or another amount, and gives its token.
    func open(
        _ order: String = "A-1042", in asset: String? = "SBX", isOnlyMethod: Bool = false,
        confirmations: UInt32 = 2, amount: String = "25.00"
    ) async throws -> CheckoutToken {
        var new = NewPayment(orderID: order, amount: amount, currency: "EUR")
        new.chosen = try asset.map(Self.method)
        if isOnlyMethod, let method = new.chosen { new.methods = [method] }
        new.description = "Two potted ferns and a <story>"
        new.successURL = "https://shop.example/thanks?order=\(order)&from=checkout"
        new.cancelURL = "https://shop.example/basket"
        var change = PolicyChange()
        change.atLeastConfirmations = confirmations
        new.policy = change
        let found = Lock<String?>(nil)
        _ = try await gateway.open(new, by: caller, cause: "test", Answering(key: nil) { view in
            found.withLock { $0 = view.checkoutURL }
            return Reply(status: 201, body: [])
        })
        guard let url = found.withLock({ $0 }), let text = url.split(separator: "/").last,
            let token = CheckoutToken(parsing: String(text))
        else { throw Unusable() }
        return token
    }

    /// Plays and lets it be heard.
    func play(_ scenario: SandboxScenario, _ token: CheckoutToken, blocks: Int64 = 0) async throws {
        _ = try await gateway.play(scenario, for: token.payment, of: caller, confirmedBy: blocks)
        try await watch()
    }

    /// Moves the sandbox as a whole and lets it be heard.
    func move(_ action: SandboxCommand.Action) async throws {
        _ = try await gateway.command(action)
        try await watch()
    }

    /// The shop calls it off.
    func cancel(_ token: CheckoutToken) async throws {
        _ = try await gateway.cancel(
            token.payment, by: caller, cause: "test", Answering(key: nil) { _ in Reply(status: 200, body: []) })
    }

    /// A person decides on the first open exception.
    func rule(_ action: Exception.Action, _ token: CheckoutToken) async throws {
        let open = try await gateway.payment(token.payment, of: caller).payment.openExceptions
        guard let exception = open.first else { throw Unusable() }
        _ = try await gateway.rule(
            exception.id, NewRuling(action: action, reason: "test"), by: caller, cause: "test",
            Answering(key: nil) { _ in Reply(status: 200, body: []) })
    }

    /// The payment contradicts itself: it waits for a person.
    func setAside(_ token: CheckoutToken) async throws {
        let now = gateway.world.now
        try await gateway.store.write { try $0.quarantine(token.payment, at: now, reason: "test") }
    }

    /// The network's node fails.
    func silence(_ network: String) async throws {
        guard let name = NetworkName(parsing: network) else { throw Unusable() }
        try await gateway.markUnhealthy(name, fault: "unreachable: test")
    }

    /// Sends a request to the pages' routes.
    func send(
        _ method: HTTP.Method, _ path: String, form: String? = nil, headers: Headers = Headers()
    ) async throws -> Response {
        var headers = headers
        if form != nil { headers["Content-Type"] = "application/x-www-form-urlencoded" }
        let request = Request(
            method: method, path: path, headers: headers, body: Array((form ?? "").utf8), host: "pay.example")
        return try await checkout.router.respond(to: request)
    }

    func page(_ token: CheckoutToken) async throws -> String {
        let response = try await send(.get, "/checkout/\(token.text)")
        return String(decoding: response.bytes ?? [], as: UTF8.self)
    }
}
