import Chains
import Crypto
import Domain
import Engine
import HTTP
import Platform
import Storage

extension Simulation {
    static func gateway(
        _ store: Store, _ clock: ManualClock, _ entropy: SeededEntropy, _ lines: [(UTXONetwork, NodeLine)]
    ) throws -> Gateway {
        guard let box = SecretBox(key: Secret([UInt8](repeating: 7, count: 32))),
            let signing = Ed25519.KeyPair(seed: Secret([UInt8](repeating: 9, count: 32)))
        else { throw Failure(problem: "keys of 32 bytes are keys") }
        let url = try URL(parsing: "http://127.0.0.1:1")
        let entries = lines.map { network, line in
            Networks.Entry(
                chain: UTXOChain(
                    UTXOSettings(
                        network: network, url: url, credentials: .password(user: "", Secret([])),
                        sender: line)),
                isTest: true)
        }
        return Gateway(
            store: store, world: World(clock: clock, entropy: entropy, log: .silent, metrics: Metrics()),
            networks: Networks(entries), settings: Settings(baseURL: "https://pay.example"),
            keys: InstanceKeys(box: box, signing: signing), sandbox: nil)
    }

    static func merchant(
        _ gateway: Gateway, _ post: Post, _ networks: [Net], _ agreement: Agreement, _ rates: [UInt128]
    ) async throws -> (Caller, ID<Endpoint>) {
        let merchant = try await gateway.createMerchant(name: "Shop", cause: "simulation")
        let key = try await gateway.createKey(
            merchant: merchant.id, name: "key", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "simulation")
        let caller = Caller(merchant: merchant.id, key: key.key.id, isTest: true, scopes: ["admin"])
        for (branch, network) in networks.enumerated() {
            _ = try await gateway.createWallet(
                network: network.method.network, key: "wpkh(\(accountKey)/\(branch)/*)", name: "wallet",
                by: caller, cause: "simulation", Answering(key: nil) { _ in Reply(status: 200, body: []) })
        }
        try await gateway.setFixedRates(try table(networks, rates))
        _ = try await gateway.setPolicy(
            agreement.policy(networks.map(\.method)), by: caller, cause: "simulation",
            Answering(key: nil) { _ in Reply(status: 200, body: []) })
        let reply = try await gateway.createEndpoint(
            NewEndpoint(url: "https://\(host)/hook"), by: caller, cause: "simulation",
            Answering(key: nil) {
                Reply(status: 200, body: Array("\($0.endpoint.id) \($0.secret)".utf8))
            })
        let words = String(decoding: reply.body, as: UTF8.self).split(separator: " ")
        guard words.count == 2, let endpoint = ID<Endpoint>(parsing: words[0]) else {
            throw Failure(problem: "an endpoint has an identity and a secret")
        }
        let secret = try WebhookSigningKey(parsing: String(words[1]))
        let published = try WebhookVerificationKey(parsing: try gateway.webhookPublicKey())
        post.add(host, [secret.verificationKey, published])
        return (caller, endpoint)
    }

    /// The rates as the gateway takes them.
    static func table(
        _ networks: [Net], _ rates: [UInt128]
    ) throws -> [(asset: AssetCode, currency: String, rate: Rate)] {
        try zip(networks, rates).map { net, cents in
            let text = "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
            return (asset: net.method.asset, currency: "EUR", rate: try Rate(parsing: text))
        }
    }

    /// The least units of a coin that are worth so many cents, by plain arithmetic.
    static func due(cents: UInt128, at centsForACoin: UInt128) -> UInt128 {
        (cents * 100_000_000 + centsForACoin - 1) / centsForACoin
    }

    /// The master key of BIP 32's first test vector, with the prefix of test networks.
    private static let accountKey: String = {
        let key =
            "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp"
            + "6W1EGMcet8"
        let version: [UInt8] = [0x04, 0x35, 0x87, 0xcf]
        return (try? Base58Check.decode(key)).map { Base58Check.encode(version + $0.dropFirst(4)) } ?? ""
    }()
}
