import Chains
import Crypto
import Database
import Domain
import Engine
import Foundation
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

/// A shop's gateway beside a real node: a store of its own, a clock that stands, and a server that takes its
/// webhooks. The deliverer runs; what the other loops would do is done by `settle`.
final class Till {
    let node: RealNode
    let clock: ManualClock
    let descriptor: String
    let inbox: Inbox
    /// What verifies webhooks: the endpoint's secret.
    private(set) var secret = ""
    private let location: DatabaseLocation
    private let folder: TemporaryFolder
    private let settings: Engine.Settings
    private(set) var store: Store
    private(set) var gateway: Gateway
    private(set) var caller: Caller
    private(set) var opened: [ID<Payment>] = []
    private var chain: UTXOSettings
    private var delivering: Task<Void, any Error>?

    /// Confirmations that a payment needs here.
    static let confirmations: UInt32 = 2

    /// The master key of BIP 32's first test vector, with the prefixes of test networks.
    static let publicKey = retold(
        "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp"
            + "6W1EGMcet8", [0x04, 0x35, 0x87, 0xcf])
    static let privateKey = retold(
        "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33"
            + "yuGBxrMPHi", [0x04, 0x35, 0x83, 0x94])

    private static func retold(_ key: String, _ version: [UInt8]) -> String {
        (try? Base58Check.decode(key)).map { Base58Check.encode(version + $0.dropFirst(4)) } ?? ""
    }

    /// - Parameters:
    ///   - url: where the node is asked, if that is not where it listens.
    ///   - login: what it is asked with, if that is not the login of the tests.
    ///   - endpoint: where messages are waited for, if that is not where the node publishes.
    init(
        _ node: RealNode, through url: HTTP.URL? = nil, as login: NodeCredentials? = nil, woken endpoint: String? = nil,
        account: String = "wpkh(KEY)", keptHeaders: UInt64 = 1_000, onPostgres: Bool = false
    ) async throws {
        self.node = node
        clock = ManualClock(now: SystemClock().now)
        folder = try TemporaryFolder()
        if onPostgres {
            let server = try await TestPostgres.shared
            location = .postgres(server.uri, schema: server.freshSchema())
        } else {
            location = .sqlite(folder.file("quittance.sqlite"))
        }
        var settings = Engine.Settings(baseURL: "https://pay.example")
        settings.keptHeaders = keptHeaders
        settings.allowsLoopbackWebhooks = true
        self.settings = settings
        descriptor = account.replacing("KEY", with: "\(Self.publicKey)/\(node.nextBranch())/*")
        chain = UTXOSettings(
            network: node.coin.network, url: url ?? node.url, credentials: login ?? node.credentials,
            zmqEndpoint: endpoint ?? node.zmq)
        inbox = try Inbox()
        store = try await Store.open(location)
        gateway = try Self.gateway(store, clock, settings, chain)
        caller = try await Self.merchant(gateway, node.coin, descriptor)
        secret = try await Self.endpoint(gateway, caller, inbox.url)
        deliver()
        try await settle()
    }

    /// Ends all that runs. Nothing of it is looked at any more.
    func close() async {
        await stopDelivering()
        await store.close()
        await inbox.close()
    }

    private static func gateway(
        _ store: Store, _ clock: ManualClock, _ settings: Engine.Settings, _ chain: UTXOSettings
    ) throws -> Gateway {
        guard let box = SecretBox(key: Secret([UInt8](repeating: 7, count: 32))),
            let signing = Ed25519.KeyPair(seed: Secret([UInt8](repeating: 9, count: 32)))
        else { throw TestKitError("keys of 32 bytes are keys") }
        let world = World(clock: clock, entropy: SystemEntropy(), log: .silent, metrics: Metrics())
        return Gateway(
            store: store, world: world,
            networks: Networks([.init(chain: UTXOChain(chain), isTest: true)]),
            settings: settings, keys: InstanceKeys(box: box, signing: signing), sandbox: nil)
    }

    private static func merchant(_ gateway: Gateway, _ coin: Coin, _ descriptor: String) async throws
        -> Caller
    {
        let merchant = try await gateway.createMerchant(name: "Fern & Fable", cause: "test")
        let key = try await gateway.createKey(
            merchant: merchant.id, name: "test", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "test")
        let caller = Caller(merchant: merchant.id, key: key.key.id, isTest: true, scopes: ["admin"])
        var policy = Policy()
        policy.confirmations = [
            .init(tiers: [.init(upToMinor: nil, requirement: .count(Self.confirmations))])
        ]
        _ = try await gateway.setPolicy(
            policy, by: caller, cause: "test", Answering(key: nil) { _ in Self.nothing })
        _ = try await gateway.createWallet(
            network: coin.network.name, key: descriptor, name: "Till", by: caller, cause: "test",
            Answering(key: nil) { _ in Self.nothing })
        return caller
    }

    /// Registers the merchant's server for all events; gives the endpoint's secret.
    private static func endpoint(_ gateway: Gateway, _ caller: Caller, _ url: String) async throws -> String {
        let reply = try await gateway.createEndpoint(
            NewEndpoint(url: url), by: caller, cause: "test",
            Answering(key: nil) { Reply(status: 200, body: Array($0.secret.utf8)) })
        return String(decoding: reply.body, as: UTF8.self)
    }

    static let nothing = Reply(status: 200, body: [])

    /// The process ends and begins again: only the store is kept. With `other`, it is told another node.
    func restart(hearing other: RealNode? = nil) async throws {
        // A try that is broken off is made again, and these stories count each once.
        try await untilDelivered()
        await stopDelivering()
        await store.close()
        let heard = other ?? node
        chain = UTXOSettings(
            network: node.coin.network, url: heard.url, credentials: heard.credentials,
            zmqEndpoint: heard.zmq)
        store = try await Store.open(location)
        gateway = try Self.gateway(store, clock, settings, chain)
        if !store.isExclusive { try await outlive() }
        deliver()
    }

    /// Waits until what followed the network before has gone. The wall clock stands still.
    private func outlive() async throws {
        for entry in gateway.networks.entries { _ = try await Watcher(gateway, entry).step() }
        clock.advance(by: EngineLimits.watchMilliseconds)
        clock.step(by: -EngineLimits.watchMilliseconds)
    }

    // MARK: Webhooks

    private func deliver() {
        let deliverer = Deliverer(gateway, client: Deliverer.client(allowsLoopback: true))
        delivering = Task { try await deliverer.run() }
    }

    private func stopDelivering() async {
        delivering?.cancel()
        _ = await delivering?.result
        delivering = nil
    }

    /// Waits until all webhooks that are owed have been taken: the clock stands still for those under way.
    private func untilDelivered() async throws {
        let deadline = SystemClock().uptime + 120_000
        while SystemClock().uptime < deadline {
            let (owed, next) = try await store.database.read { db in
                let owed = try db.query("SELECT 1 FROM delivery WHERE state <> 'delivered' LIMIT 1").count
                let next = try db.first("SELECT min(due_at) FROM delivery WHERE state = 'waiting'")
                return (owed, try next?.integerOrNil(0))
            }
            if owed == 0 { return }
            // A try may fail on a busy machine. The clock stands still, so the next one has to be let come.
            if let next, next > clock.now { clock.advance(by: next - clock.now) }
            try await SystemClock().sleep(milliseconds: 10)
        }
        Issue.record("webhooks are still owed")
    }

    // MARK: Time

    /// Does what the loops do until nothing is left to do. What the node fails at is remembered as theirs is.
    func settle() async throws {
        try await hear()
        try await untilDelivered()
    }

    private func hear() async throws {
        for entry in gateway.networks.entries {
            let watcher = Watcher(gateway, entry)
            do {
                while try await watcher.step() {}
            } catch let fault as ChainFault {
                entry.chain.forget()
                try await gateway.markUnhealthy(
                    entry.chain.network, fault: "\(fault.kind.rawValue): \(fault.detail)")
            }
        }
        let ticker = Ticker(gateway)
        while try await ticker.step(isTest: true) > 0 {}
    }

    /// Time passes, and is noticed.
    func wait(seconds: Int64) async throws {
        try await untilDelivered()
        clock.advance(by: seconds * 1_000)
        try await settle()
    }

    /// Blocks are mined, and heard.
    func mine(_ count: Int = 1) async throws {
        try await untilDelivered()
        clock.advance(by: 1_000)
        try await node.mine(count)
        try await settle()
    }

    // MARK: Payments

    /// Opens a payment of so many base units; gives it and its address.
    func open(_ amount: UInt64, expiresInSeconds: Int64 = 900) async throws -> Order {
        var new = NewPayment(
            orderID: "order-\(opened.count + 1)",
            amount: DecimalText.text(UInt128(amount), decimals: 8),
            currency: node.coin.code)
        new.methods = [node.coin.method]
        new.chosen = node.coin.method
        new.expiresInSeconds = expiresInSeconds
        let made = Lock<PaymentView?>(nil)
        _ = try await gateway.open(
            new, by: caller, cause: "test",
            Answering(key: nil) { view in
                made.withLock { $0 = view }
                return Self.nothing
            })
        guard let view = made.withLock({ $0 }), let address = view.quote?.destination.address else {
            throw TestKitError("no address")
        }
        opened.append(view.payment.id)
        return Order(id: view.payment.id, address: address, amount: amount)
    }

    func payment(_ order: Order) async throws -> Payment {
        try await gateway.payment(order.id, of: caller).payment
    }

    /// Where a payment stands: its state and what is open about it.
    func status(_ order: Order) async throws -> Status {
        let payment = try await payment(order)
        return Status(
            payment.state, payment.openExceptions.map(\.kind).sorted { $0.rawValue < $1.rawValue })
    }

    var source: SourceRow? {
        get async throws { try await gateway.sources().first?.row }
    }

    /// The events of a payment, oldest first.
    func events(_ id: ID<Payment>) async throws -> [StoredEvent] {
        try await gateway.events(of: caller, after: nil, type: nil, subject: id.text, limit: 100).items
    }
}

/// A payment that was opened.
struct Order: Hashable, Sendable {
    let id: ID<Payment>
    let address: String
    let amount: UInt64
}

/// What a payment is announced to be, and what is open about it.
struct Status: Hashable, Sendable, CustomStringConvertible {
    let state: Domain.State
    let open: [Domain.Exception.Kind]

    init(_ state: Domain.State, _ open: [Domain.Exception.Kind] = []) {
        (self.state, self.open) = (state, open)
    }

    var description: String { "\(state.rawValue)\(open.map { " " + $0.rawValue }.joined())" }
}
