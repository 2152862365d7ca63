import Chains
import Crypto
import Database
import Domain
@testable import Engine
import HTTP
import JSON
import Platform
@testable import Storage
import TestKit
import Testing

/// The engines that every behaviour of a store is checked on.
enum Engine: String, CaseIterable, Sendable {
    case sqlite, postgres
}

/// A gateway on the sandbox with a store that something happened in, driven step by step.
struct FilledStore: Sendable {
    let gateway: Gateway
    let caller: Caller
    private let folder: TemporaryFolder
    private let location: DatabaseLocation

    /// Opens a fresh store, and a merchant with a key and an endpoint in it.
    init(_ engine: Engine) async throws {
        folder = try TemporaryFolder()
        switch engine {
        case .sqlite: location = .sqlite(folder.file("test.db"))
        case .postgres:
            let server = try await TestPostgres.shared
            location = .postgres(server.uri, schema: server.freshSchema())
        }
        let store = try await Store.open(location, readers: 2)
        let sandbox = SandboxWorld()
        let world = World(clock: SystemClock(), entropy: SystemEntropy(), log: .silent, metrics: Metrics())
        let box = try #require(SecretBox(key: Secret(world.entropy.bytes(32))))
        let signing = try #require(Ed25519.KeyPair(seed: Secret(world.entropy.bytes(32))))
        var settings = Settings(baseURL: "http://127.0.0.1:1")
        settings.allowsLoopbackWebhooks = true
        let networks = Networks(
            SandboxNetwork.allCases.map { Networks.Entry(chain: sandbox.chain(on: $0), isTest: true) })
        gateway = Gateway(
            store: store, world: world, networks: networks, settings: settings,
            keys: InstanceKeys(box: box, signing: signing), sandbox: sandbox)
        let rate = try Rate(parsing: "25")
        let asset = try #require(AssetCode(parsing: "SBX"))
        try await gateway.setFixedRates([(asset: asset, currency: "EUR", rate: rate)])
        let merchant = try await gateway.createMerchant(name: "Caf\u{e9}", cause: "test")
        let made = try await gateway.createKey(
            merchant: merchant.id, name: "server", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "test")
        caller = try #require(try await gateway.caller(presenting: made.text))
        _ = try await gateway.createEndpoint(
            NewEndpoint(url: "http://127.0.0.1:9/hook"), by: caller, cause: "test", Self.quiet())
    }

    /// An answer that nobody reads.
    static func quiet<Result>() -> Answering<Result> { Answering(key: nil) { _ in Reply(status: 200, body: []) } }

    /// A payment of ten euros in SBX.
    func open(_ order: String, price: String = "10.00") async throws -> ID<Payment> {
        var new = NewPayment(orderID: order, amount: price, currency: "EUR")
        new.customer = "customer-\(order)"
        let asset = try #require(AssetCode(parsing: "SBX"))
        new.chosen = Domain.Method(asset: asset, network: SandboxNetwork.sandbox.name)
        let id = Lock<ID<Payment>?>(nil)
        _ = try await gateway.open(new, by: caller, cause: "test", Answering(key: nil) { view in
            id.withLock { $0 = view.payment.id }
            return Reply(status: 201, body: [])
        })
        return try #require(id.withLock { $0 })
    }

    /// Lets the customer act, and the loops see it.
    func play(_ scenario: SandboxScenario, _ id: ID<Payment>, blocks: Int64 = 0) async throws {
        _ = try await gateway.play(scenario, for: id, of: caller, confirmedBy: blocks)
        try await settle()
    }

    /// Steps the loops until nothing more follows.
    func settle() async throws {
        for entry in gateway.networks.entries {
            let watcher = Watcher(gateway, entry)
            while try await watcher.step() {}
        }
        let ticker = Ticker(gateway)
        while try await ticker.step(isTest: true) > 0 {}
    }

    /// A bit of everything: paid and fulfilled, short and ruled, reversed, late, unpaid.
    func fill() async throws {
        try await settle()
        let paid = try await open("paid")
        try await play(.exact, paid, blocks: 1)
        _ = try await gateway.claimFulfilment(of: paid, action: "a", by: caller, cause: "test", Self.quiet())
        _ = try await gateway.reportFulfilment(of: paid, action: "a", by: caller, cause: "test", Self.quiet())
        let short = try await open("short")
        try await play(.under(percent: 50), short, blocks: 1)
        _ = try await gateway.command(.clock(advanceSeconds: 3_600))
        try await settle()
        let view = try await gateway.payment(short, of: caller)
        let exception = try #require(view.payment.openExceptions.first)
        _ = try await gateway.rule(
            exception.id, NewRuling(action: .accept, reason: "a friend"), by: caller, cause: "test", Self.quiet())
        let reversed = try await open("reversed")
        try await play(.exact, reversed, blocks: 1)
        _ = try await gateway.command(.reorg(.sandbox, SandboxCommand.Reorg(depth: 1, fate: .dropped)))
        try await settle()
        let double = try await open("double")
        try await play(.duplicate, double, blocks: 1)
        #expect(try await gateway.seal() == 2, "one of the merchant, one of the instance")
        try await configure()
        try await setAside()
        #expect(try await gateway.seal() == 2)
        // In its block, and waiting for more of them.
        try await play(.exact, try await open("deep", price: "2000.00"), blocks: 1)
        _ = try await open("unpaid")
        try await deliver()
    }

    /// Tries that failed, that succeeded, and that were given up, and some of them made due again. Then an
    /// endpoint that is owed nothing.
    private func deliver() async throws {
        let client = Client(.guarded(allowLoopback: true))
        _ = try await Deliverer(gateway, client: client).step()
        client.close()
        let endpoint = try #require(try await gateway.endpoints(of: caller).first)
        try await answer(endpoint.id)
        _ = try await gateway.replay(
            to: endpoint.id, from: nil, through: nil, onlyFailed: true, limit: 1_000, by: caller, cause: "test",
            Self.quiet())
        try await answer(endpoint.id)
        _ = try await gateway.createEndpoint(
            NewEndpoint(url: "http://127.0.0.1:9/late"), by: caller, cause: "test", Self.quiet())
    }

    /// Answers a few deliveries by turns with 200 and 410.
    private func answer(_ endpoint: ID<Endpoint>) async throws {
        let now = gateway.world.now
        try await gateway.store.write { tx in
            let leased = try tx.lease(for: endpoint, now: now, until: now.adding(seconds: 60), limit: 5)
            for (index, leased) in leased.enumerated() {
                let status = index.isMultiple(of: 2) ? 200 : 410
                let (next, _) = leased.delivery.delivery.reduce(
                    .answered(status: status, retryAfterSeconds: nil), at: now, chance: 0)
                let attempt = Attempt(
                    number: 1, at: now, milliseconds: 1, status: status, fault: nil, excerpt: "ok",
                    answer: Array("ok".utf8), isStale: false)
                _ = try tx.settle(leased.delivery, next: next, attempt: attempt)
            }
        }
    }

    /// A key that was revoked, a wallet that was disabled, an endpoint that was tested and has two secrets.
    private func configure() async throws {
        let made = try await gateway.createKey(
            merchant: caller.merchant, name: "old", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "test")
        try await gateway.revokeKey(made.key.id, by: caller, cause: "test")
        let second = SandboxAddress.walletKey([UInt8](repeating: 3, count: 32)).text
        _ = try await gateway.createWallet(
            network: SandboxNetwork.sandbox.name, key: second, name: "second", by: caller, cause: "test",
            Self.quiet())
        let asset = try #require(AssetCode(parsing: "SBX"))
        _ = try await gateway.push(
            asset: asset, currency: "USD", rate: "30", by: caller, cause: "test", Self.quiet())
        let first = try #require(try await gateway.wallets(of: caller).first?.wallet)
        _ = try await gateway.advanceWallet(first.id, to: 40, by: caller, cause: "test")
        let wallet = try #require(try await gateway.wallets(of: caller).last?.wallet)
        _ = try await gateway.disableWallet(wallet.id, by: caller, cause: "test")
        let endpoint = try #require(try await gateway.endpoints(of: caller).first)
        _ = try await gateway.rotateSecret(of: endpoint.id, by: caller, cause: "test", Self.quiet())
        _ = try await gateway.testEndpoint(endpoint.id, by: caller, cause: "test", Self.quiet())
    }

    /// One payment that was set aside, and released in the end, and one that still is.
    private func setAside() async throws {
        for order in ["released", "aside"] {
            let id = try await open(order)
            let caller = caller
            try await gateway.store.write { tx in
                try tx.quarantine(id, at: gateway.world.now, reason: "test") {
                    gateway.notice(
                        "payment.set_aside", to: caller.merchant, isTest: true, at: gateway.world.now,
                        root: nil
                    ) { $0.member("payment_id", id.text) }
                }
            }
            let payment = try await gateway.store.read { try $0.payment(id) }
            let quote = try #require(payment?.evidence.currentQuote)
            let output = SandboxCommand.Output(
                script: quote.destination.script, asset: quote.method.asset, amount: quote.amountDue)
            _ = try await gateway.command(.pay(.sandbox, [output], isMined: true))
            try await settle()
            if order == "released" {
                _ = try await gateway.release(id, by: .operatorAtMachine, reason: "looked", cause: "test")
            }
        }
    }

    func verify(against kept: [RootName] = []) async throws -> Verification {
        try await gateway.store.verify(signedBy: gateway.keys.signing.publicKey, against: kept)
    }

    /// Changes rows behind the store's back, verifies, and undoes the change. Gives how many rows changed, and what was
    /// found.
    func verify(after deed: SQL) async throws -> (rows: Int, outcome: Verification) {
        try await verify { try $0.connection.execute(deed) }
    }

    /// The same after whatever `deed` does. It gives how many rows it changed.
    func verify(
        _ deed: @escaping @Sendable (Storage.Transaction) throws -> Int
    ) async throws -> (rows: Int, outcome: Verification) {
        let found = Lock<(rows: Int, outcome: Verification)?>(nil)
        let key = gateway.keys.signing.publicKey
        do {
            try await gateway.store.write { tx in
                let rows = try deed(tx)
                var verifier = Verifier(tx, signedBy: key)
                try verifier.run { _, _ in }
                let outcome = verifier.report
                found.withLock { $0 = (rows, outcome) }
                throw Undone()
            }
        } catch is Undone {}
        return try #require(found.withLock { $0 })
    }

    /// Rolls the change back.
    private struct Undone: Error {}

    func close() async { await gateway.store.close() }
}
