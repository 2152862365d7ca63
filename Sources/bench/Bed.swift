import Chains
import Crypto
import Database
import Domain
import Engine
import HTTP
import JSON
import Platform
import Storage

/// A gateway on a folder, set up as the program sets it up: the sandbox, and Bitcoin's regtest without a
/// node, because addresses are derived here and blocks are made here.
struct Bed: Sendable {
    let gateway: Gateway
    /// Text of a test key that may do everything, where this bed made it.
    let key: String
    let caller: Caller?

    static let network = UTXONetwork.bitcoinRegtest
    static let databaseFile = "quittance.sqlite"
    static let indexFile = "indices"
    /// The account key of a published test vector (BIP 84 on a test network).
    private static let accountKey = """
        vpub5Y6cjg78GGuNLsaPhmYsiw4gYX3HoQiRBiSwDaBXKUafCt9bNwWQiitDk5VZ5BVxYnQdwoTyXSs2JHRPAgjA\
        vtbBrf8ZhDYe2jWAqvZVnsc
        """

    struct Unusable: Error {}

    static func asset(_ text: String) throws -> AssetCode {
        guard let code = AssetCode(parsing: text) else { throw Unusable() }
        return code
    }

    /// Opens the gateway of a folder, without a merchant.
    private init(opening folder: String, log: Log) async throws {
        let store = try await Store.open(.sqlite("\(folder)/\(Self.databaseFile)"))
        let world = World(clock: SystemClock(), entropy: SystemEntropy(), log: log, metrics: Metrics())
        let sandbox = SandboxWorld()
        var networks = SandboxNetwork.allCases.map {
            Networks.Entry(chain: sandbox.chain(on: $0), isTest: true)
        }
        let chain = UTXOChain(
            UTXOSettings(
                network: Self.network, url: try URL(parsing: "http://127.0.0.1:1"),
                credentials: .password(user: "", Secret([]))))
        networks.append(Networks.Entry(chain: chain, isTest: true))
        guard let box = SecretBox(key: Secret([UInt8](repeating: 7, count: 32))),
            let signing = Ed25519.KeyPair(seed: Secret([UInt8](repeating: 9, count: 32)))
        else { throw Unusable() }
        var settings = Settings(baseURL: "https://pay.example")
        settings.allowsLoopbackWebhooks = true
        gateway = Gateway(
            store: store, world: world, networks: Networks(networks), settings: settings,
            keys: InstanceKeys(box: box, signing: signing), sandbox: sandbox)
        try await gateway.keepIndices(in: "\(folder)/\(Self.indexFile)")
        key = ""
        caller = nil
    }

    private init(_ bed: Bed, key: String, caller: Caller) {
        gateway = bed.gateway
        self.key = key
        self.caller = caller
    }

    /// Opens the gateway of a folder.
    static func open(_ folder: String, log: Log = .silent) async throws -> Bed {
        try await Bed(opening: folder, log: log)
    }

    /// As `open`, with a merchant that has a wallet and a key.
    static func make(_ folder: String) async throws -> Bed {
        try Files.makeFolder(folder)
        let bed = try await open(folder)
        let gateway = bed.gateway
        try await gateway.setFixedRates([(try asset("BTC"), "EUR", try Rate(parsing: "50000"))])
        let merchant = try await gateway.createMerchant(name: "Shop", cause: "bench")
        let made = try await gateway.createKey(
            merchant: merchant.id, name: "bench", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "bench")
        let caller = Caller(merchant: merchant.id, key: made.key.id, isTest: true, scopes: ["admin"])
        _ = try await gateway.createWallet(
            network: network.name, key: accountKey, name: "Shop", by: caller, cause: "bench",
            Answering(key: nil) { _ in Reply(status: 201, body: []) })
        // As if the network's node had been there: nothing is quoted on a network that was never heard.
        _ = try await gateway.absorb(
            Batch(cursor: heard, isAtTip: true), of: network.name, after: nil, askedAt: gateway.world.now)
        return Bed(bed, key: made.text, caller: caller)
    }

    /// Where the network's story begins.
    static let heard = Cursor(height: 100, block: BlockID(String(repeating: "0", count: 64)))

    /// The same merchant, with the folder opened again.
    func reopened(_ folder: String) async throws -> Bed {
        guard let caller else { throw Unusable() }
        return Bed(try await Self.open(folder), key: key, caller: caller)
    }

    func close() async throws {
        try gateway.settleIndices()
        await gateway.store.close()
    }

    /// Opens a payment as the interface does, without HTTP. Gives its answer's view to `look`.
    func openPayment(
        _ number: Int, _ look: @escaping @Sendable (PaymentView) -> Void = { _ in }
    ) async throws {
        guard let caller else { throw Self.Unusable() }
        var new = NewPayment(orderID: "order-\(number)", amount: "25.00", currency: "EUR")
        new.chosen = Method(asset: try Self.asset("BTC"), network: Self.network.name)
        new.description = "Two potted ferns"
        new.metadata = [("cart", "\(number)")]
        let key = IdempotencyKey(operation: "payments.create", key: "order-\(number)", fingerprint: "")
        _ = try await gateway.open(
            new, by: caller, cause: "request \(number)",
            Answering(key: key) {
                look($0)
                var writer = JSONWriter(reservingBytes: 2_048)
                let view = $0
                writer.object { view.write(&$0) }
                return Reply(status: 201, body: writer.bytes)
            })
    }

    /// The bytes of `POST /v1/payments` for order `number`, as a merchant's server sends them.
    static func creation(_ number: Int, key: String) -> [UInt8] {
        let body = """
            {"merchant_order_id":"order-\(number)","amount":"25.00","currency":"EUR","asset":"BTC",\
            "network":"\(network.rawValue)","description":"Two potted ferns","metadata":{"cart":"\(number)"}}
            """
        return Array(
            """
            POST /v1/payments HTTP/1.1\r\nHost: pay.example\r\nAuthorization: Bearer \(key)\r\n\
            Content-Type: application/json\r\nIdempotency-Key: order-\(number)\r\n\
            Content-Length: \(body.utf8.count)\r\n\r\n\(body)
            """.utf8)
    }

    /// The bytes of a GET.
    static func reading(_ path: String, key: String) -> [UInt8] {
        Array("GET \(path) HTTP/1.1\r\nHost: pay.example\r\nAuthorization: Bearer \(key)\r\n\r\n".utf8)
    }
}
