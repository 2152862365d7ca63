import Chains
import Crypto
import Database
import Domain
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

/// A gateway of its own for one test: a real store, both networks of the sandbox, one merchant, and a clock
/// that stands still. It can crash: `reopen` begins again with nothing but the database.
final class House {
    let place: DatabasePlace
    let clock = ManualClock()
    let entropy: any Entropy
    var settings: Settings
    private(set) var store: Store
    private(set) var gateway: Gateway
    private(set) var caller: Caller
    private let telling: @Sendable (SandboxChain) -> any Chain
    var answers = 0

    /// With `telling`, the networks of the sandbox say what that makes of them.
    init(
        _ engine: DatabaseEngine = .sqlite, seed: UInt64 = 1, isFollowed: Bool = true,
        live: Set<SandboxNetwork> = [],
        _ change: (inout Settings) -> Void = { _ in },
        telling: @escaping @Sendable (SandboxChain) -> any Chain = { $0 }
    ) async throws {
        self.telling = telling
        place = try await DatabasePlace(engine)
        entropy = SeededEntropy(seed: seed)
        settings = Settings(baseURL: "https://pay.example")
        change(&settings)
        store = try await Store.open(place.location)
        gateway = try Self.gateway(store, clock, entropy, settings, SandboxWorld(), live: live, telling: telling)
        try await gateway.setFixedRates([
            (try code("SBX"), "EUR", try Rate(parsing: "100")),
            (try code("SUSD"), "EUR", try Rate(parsing: "0.8")),
        ])
        let merchant = try await gateway.createMerchant(name: "Shop", cause: "test")
        let key = try await gateway.createKey(
            merchant: merchant.id, name: "key", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "test")
        caller = Caller(merchant: merchant.id, key: key.key.id, isTest: true, scopes: ["admin"])
        if isFollowed { try await follow() }
    }

    /// A gateway over a store, as a process has one.
    static func gateway(
        _ store: Store, _ clock: any Clock, _ entropy: any Entropy, _ settings: Settings,
        _ sandbox: SandboxWorld, keys: InstanceKeys? = nil,
        live: Set<SandboxNetwork> = [], telling: (SandboxChain) -> any Chain = { $0 }
    ) throws -> Gateway {
        let world = World(clock: clock, entropy: entropy, log: .silent, metrics: Metrics())
        let networks = SandboxNetwork.allCases.map {
            Networks.Entry(chain: telling(sandbox.chain(on: $0)), isTest: !live.contains($0))
        }
        guard let box = SecretBox(key: Secret([UInt8](repeating: 7, count: 32))),
            let signing = Ed25519.KeyPair(seed: Secret([UInt8](repeating: 9, count: 32)))
        else { throw TestKitError("keys of 32 bytes are keys") }
        return Gateway(
            store: store, world: world, networks: Networks(networks), settings: settings,
            keys: keys ?? InstanceKeys(box: box, signing: signing), sandbox: sandbox)
    }

    /// All that was in memory is lost.
    func reopen() async throws {
        await store.close()
        store = try await Store.open(place.location)
        gateway = try Self.gateway(
            store, clock, entropy, settings, try await Gateway.replaySandbox(from: store), telling: telling)
        if !store.isExclusive { try await outlive() }
    }

    /// Waits until what followed the networks before has gone. The wall clock stands still.
    private func outlive() async throws {
        try await follow()
        clock.advance(by: EngineLimits.watchMilliseconds)
        clock.step(by: -EngineLimits.watchMilliseconds)
    }

    func close() async { await store.close() }

    /// Hears all that happened, and looks at what is due, as the loops do.
    func follow() async throws {
        try await Self.follow(gateway)
    }

    static func follow(_ gateway: Gateway) async throws {
        for entry in gateway.networks.entries {
            let watcher = Watcher(gateway, entry)
            do {
                while try await watcher.step() {}
            } catch let fault as ChainFault {
                entry.chain.forget()
                try await gateway.markUnhealthy(entry.chain.network, fault: fault.kind.rawValue)
            }
        }
        let ticker = Ticker(gateway)
        while try await ticker.step(isTest: true) > 0 {}
    }

    /// Opens a payment that is to be made in SBX, worth 100 EUR each.
    func open(
        _ amount: String = "25", order: String = "order-1", by caller: Caller? = nil
    ) async throws -> ID<Payment> {
        var new = NewPayment(orderID: order, amount: amount, currency: "EUR")
        new.chosen = try method("SBX")
        new.methods = [try method("SBX")]
        return try await open(new, by: caller)
    }

    func open(_ new: NewPayment, by caller: Caller? = nil) async throws -> ID<Payment> {
        let reply = try await gateway.open(new, by: caller ?? self.caller, cause: "test", answering())
        guard let id = ID<Payment>(parsing: String(decoding: reply.body, as: UTF8.self)) else {
            throw TestKitError("no payment was opened")
        }
        return id
    }

    /// Answers with the identity of the payment.
    func answering(_ key: String? = nil) -> Answering<PaymentView> {
        let key = key.map { IdempotencyKey(operation: "test", key: $0, fingerprint: $0) }
        return Answering(key: key) { Reply(status: 200, body: Array($0.payment.id.text.utf8)) }
    }

    func payment(_ id: ID<Payment>) async throws -> Payment {
        guard let payment = try await store.read({ try $0.payment(id) }) else {
            throw TestKitError("no \(id)")
        }
        return payment
    }
}

func code(_ text: String) throws -> AssetCode {
    guard let code = AssetCode(parsing: text) else { throw TestKitError("no asset \(text)") }
    return code
}

func method(_ asset: String, on network: SandboxNetwork = .sandbox) throws -> Domain.Method {
    Domain.Method(asset: try code(asset), network: network.name)
}
