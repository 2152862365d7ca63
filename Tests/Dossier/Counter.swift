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
    let gateway: Gateway
    let caller: Caller
    let signing: Ed25519.KeyPair
    private var sequence = 0

    var network: NetworkName { mint.network.name }

    init(
        _ network: UTXONetwork = .bitcoinRegtest, _ engine: DatabaseEngine = .sqlite, confirmations: UInt32 = 2
    ) async throws {
        mint = Mint(network)
        place = try await DatabasePlace(engine)
        store = try await Store.open(place.location)
        guard let box = SecretBox(key: Secret([UInt8](repeating: 7, count: 32))),
            let signing = Ed25519.KeyPair(seed: Secret([UInt8](repeating: 9, count: 32)))
        else { throw TestKitError("keys of 32 bytes are keys") }
        self.signing = signing
        let chain = UTXOChain(
            UTXOSettings(
                network: network, url: try HTTP.URL(parsing: "http://127.0.0.1:1"),
                credentials: .password(user: "u", Secret([1]))))
        gateway = Gateway(
            store: store,
            world: World(clock: clock, entropy: SeededEntropy(seed: 3), log: .silent, metrics: Metrics()),
            networks: Networks([.init(chain: chain, isTest: true)]),
            settings: Settings(baseURL: "https://pay.example"), keys: InstanceKeys(box: box, signing: signing),
            sandbox: nil)
        caller = try await Self.merchant(gateway, network, confirmations)
        for _ in 0..<12 { try mint.mine() }
        try await hear(Batch(cursor: cursor, isAtTip: true))
    }

    func close() async { await store.close() }

    private static func merchant(
        _ gateway: Gateway, _ network: UTXONetwork, _ confirmations: UInt32
    ) async throws -> Caller {
        let merchant = try await gateway.createMerchant(name: "Fern & Fable", cause: "test")
        let key = try await gateway.createKey(
            merchant: merchant.id, name: "test", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "test")
        let caller = Caller(merchant: merchant.id, key: key.key.id, isTest: true, scopes: ["admin"])
        var policy = Policy()
        policy.confirmations = [.init(tiers: [.init(upToMinor: nil, requirement: .count(confirmations))])]
        _ = try await gateway.setPolicy(policy, by: caller, cause: "test", Answering(key: nil) { _ in nothing })
        _ = try await gateway.createWallet(
            network: network.name, key: "wpkh(\(publicKey)/0/*)", name: "Till", by: caller, cause: "test",
            Answering(key: nil) { _ in nothing })
        return caller
    }

    /// The master key of BIP 32's first test vector, with the prefix of test networks.
    private static var publicKey: String {
        let text =
            "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp"
            + "6W1EGMcet8"
        let bytes = (try? Base58Check.decode(text)) ?? []
        return Base58Check.encode([0x04, 0x35, 0x87, 0xcf] + bytes.dropFirst(4))
    }

    private static let nothing = Reply(status: 200, body: [])

    // MARK: The chain

    private var cursor: Cursor {
        Cursor(height: mint.height, block: BlockID(mint.blocks.last?.hash.displayText ?? ""))
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
