import Chains
import Crypto
import Domain
import Engine
import HTTP
import Platform
import Storage
import TestKit
import Testing

/// A shop's gateway that hears of a made-up chain: its own store, a clock that stands, and nobody to ask.
final class Counter {
    let mint: Mint
    let clock = ManualClock()
    let place: DatabasePlace
    let store: Store
    private let world: World
    private let networks: Networks
    private(set) var gateway: Gateway
    let caller: Caller
    private(set) var signing: Ed25519.KeyPair
    private var sequence = 0

    var network: NetworkName { mint.network.name }

    /// - Parameter isTest: false for a network with real work, on which nothing can be mined.
    init(
        _ network: UTXONetwork = .bitcoinRegtest, _ engine: DatabaseEngine = .sqlite, confirmations: UInt32 = 2,
        isTest: Bool = true
    ) async throws {
        mint = Mint(network)
        place = try await DatabasePlace(engine)
        store = try await Store.open(place.location)
        let keys = try Self.keys(9)
        signing = keys.signing
        let chain = UTXOChain(
            UTXOSettings(
                network: network, url: try HTTP.URL(parsing: "http://127.0.0.1:1"),
                credentials: .password(user: "u", Secret([1]))))
        world = World(clock: clock, entropy: SeededEntropy(seed: 3), log: .silent, metrics: Metrics())
        networks = Networks([.init(chain: chain, isTest: isTest)])
        gateway = Gateway(
            store: store, world: world, networks: networks, settings: Settings(baseURL: "https://pay.example"),
            keys: keys, sandbox: nil)
        caller = try await Self.merchant(gateway, network, confirmations, isTest)
        if isTest { for _ in 0..<12 { try mint.mine() } }
        try await hear(Batch(cursor: cursor, isAtTip: true))
    }

    func close() async { await store.close() }

    static func keys(_ seed: UInt8) throws -> InstanceKeys {
        guard let box = SecretBox(key: Secret([UInt8](repeating: 7, count: 32))),
            let signing = Ed25519.KeyPair(seed: Secret([UInt8](repeating: seed, count: 32)))
        else { throw TestKitError("keys of 32 bytes are keys") }
        return InstanceKeys(box: box, signing: signing)
    }

    /// Gives the instance another key, and starts again with it.
    func rotate(to seed: UInt8) async throws {
        let keys = try Self.keys(seed)
        _ = try await gateway.rotateKeys(to: keys, cause: "test")
        signing = keys.signing
        gateway = Gateway(
            store: store, world: world, networks: networks, settings: gateway.settings, keys: keys, sandbox: nil)
    }

    private static func merchant(
        _ gateway: Gateway, _ network: UTXONetwork, _ confirmations: UInt32, _ isTest: Bool
    ) async throws -> Caller {
        let merchant = try await gateway.createMerchant(name: "Fern & Fable", cause: "test")
        let key = try await gateway.createKey(
            merchant: merchant.id, name: "test", scopes: [.admin], isTest: isTest, by: .operatorAtMachine,
            cause: "test")
        let caller = Caller(merchant: merchant.id, key: key.key.id, isTest: isTest, scopes: ["admin"])
        var policy = Policy()
        policy.confirmations = [.init(tiers: [.init(upToMinor: nil, requirement: .count(confirmations))])]
        _ = try await gateway.setPolicy(policy, by: caller, cause: "test", Answering(key: nil) { _ in nothing })
        _ = try await gateway.createWallet(
            network: network.name, key: "wpkh(\(publicKey(isTest))/0/*)", name: "Till", by: caller, cause: "test",
            Answering(key: nil) { _ in nothing })
        return caller
    }

    /// The master key of BIP 32's first test vector, with the prefix of test networks where it is for one.
    private static func publicKey(_ isTest: Bool) -> String {
        let text =
            "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp"
            + "6W1EGMcet8"
        guard isTest else { return text }
        let bytes = (try? Base58Check.decode(text)) ?? []
        return Base58Check.encode([0x04, 0x35, 0x87, 0xcf] + bytes.dropFirst(4))
    }

    private static let nothing = Reply(status: 200, body: [])

    // MARK: The chain

    private var cursor: Cursor {
        Cursor(
            height: mint.height, block: BlockID((mint.blocks.last?.hash ?? mint.network.genesis).displayText))
    }

    /// Absorbs what was mined since: `new` blocks, after `undone` ones left the chain.
    func follow(_ new: Int, undone: Int = 0) async throws {
        clock.advance(by: 1_000)
        var batch = Batch(cursor: cursor, isAtTip: true)
        batch.pool = []
        if undone > 0 { batch.forkHeight = mint.height - UInt64(new) }
        for (number, block) in mint.blocks.suffix(new).enumerated() {
            let times = mint.blocks.prefix(mint.blocks.count - new + number + 1).suffix(11).map(\.header.time)
            let median = Int64(times.sorted()[times.count / 2]) * 1_000
            batch.connected.append(
                ChainBlock(
                    height: mint.height - UInt64(new - 1 - number), block: BlockID(block.hash.displayText),
                    parent: BlockID(block.header.previous.displayText),
                    medianTime: Instant(milliseconds: median), header: block.header.bytes,
                    transactions: block.contents.chainTransactions(on: mint.network, in: block.tree)))
        }
        try await hear(batch)
    }

    /// So many seconds pass, in which no block comes, and the loops see it.
    func pass(seconds: Int64) async throws {
        clock.advance(by: seconds * 1_000)
        var batch = Batch(cursor: cursor, isAtTip: true)
        batch.pool = []
        try await hear(batch)
        let ticker = Ticker(gateway)
        while try await ticker.step(isTest: caller.isTest) > 0 {}
    }

    private func hear(_ batch: Batch) async throws {
        let network = network
        let row = try await store.read { try $0.source(of: network) }
        let absorbed = try await gateway.absorb(
            batch, of: network, after: row, askedAt: Instant(milliseconds: clock.now))
        #expect(!absorbed.isStale)
    }

    // MARK: Payments

    /// Opens a payment of so many base units; gives it and the script that is to be paid.
    func open(_ amount: UInt64 = 50_000, customer: String? = nil) async throws -> (id: ID<Payment>, script: [UInt8]) {
        sequence += 1
        let coin = mint.network.coin.method
        var new = NewPayment(
            orderID: "order-\(sequence)", amount: DecimalText.text(UInt128(amount), decimals: 8),
            currency: coin.asset.text)
        new.methods = [coin]
        new.chosen = coin
        new.customer = customer
        let made = Lock<PaymentView?>(nil)
        _ = try await gateway.open(
            new, by: caller, cause: "test",
            Answering(key: nil) { view in
                made.withLock { $0 = view }
                return Self.nothing
            })
        guard let view = made.withLock({ $0 }),
            let script = (view.quote?.destination.script).flatMap({ Hex.decode($0) })
        else { throw TestKitError("no address") }
        return (view.payment.id, script)
    }

    func payment(_ id: ID<Payment>) async throws -> Payment {
        try await gateway.payment(id, of: caller).payment
    }

    /// A payment that was paid in one block and confirmed by the next ones.
    func paid(_ amount: UInt64 = 50_000, confirmations: Int = 2) async throws -> ID<Payment> {
        let order = try await open(amount)
        try mint.mine([Mint.transaction(spending: 1, to: [(amount, order.script), (9_000, [0x51])])])
        for _ in 1..<confirmations { try mint.mine() }
        try await follow(confirmations)
        return order.id
    }
}
