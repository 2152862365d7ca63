import Chains
import Crypto
import Database
import Domain
import Engine
import Platform
import Storage
import TestKit

/// A shop's gateway beside one or two EVM networks that share its addresses. What its loops would do is done
/// by `hear`.
final class EVMTill {
    let clock = ManualClock(now: SystemClock().now)
    let gateway: Gateway
    let networks: [EVMNetwork]
    private let store: Store
    private let folder: TemporaryFolder
    private var caller: Caller
    private var opened = 0

    /// An account whose addresses start with the first two that tests of Ethereum use.
    static let account =
        "xpub6Ce9NcJvTk36xtLSrJLZqE7wtgA5deCeYs7rSQtreh4cj6ByPtrg9sD7V2FNFLPnf8heNP3FGkeV9qwfzvZNSd54JoNXVsXFYSYwH"
        + "snJxqP"

    init(_ chains: [EVMSettings], requirement: Policy.Requirement = .count(2)) async throws {
        networks = chains.map(\.network)
        folder = try TemporaryFolder()
        store = try await Store.open(.sqlite(folder.file("quittance.sqlite")))
        guard let box = SecretBox(key: Secret([UInt8](repeating: 7, count: 32))),
            let signing = Ed25519.KeyPair(seed: Secret([UInt8](repeating: 9, count: 32)))
        else { throw TestKitError("keys of 32 bytes are keys") }
        gateway = Gateway(
            store: store,
            world: World(clock: clock, entropy: SystemEntropy(), log: .silent, metrics: Metrics()),
            networks: Networks(chains.map { .init(chain: EVMChain($0), isTest: true) }),
            settings: Engine.Settings(baseURL: "https://pay.example"),
            keys: InstanceKeys(box: box, signing: signing), sandbox: nil)
        let merchant = try await gateway.createMerchant(name: "Fern & Fable", cause: "test")
        let key = try await gateway.createKey(
            merchant: merchant.id, name: "test", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "test")
        caller = Caller(merchant: merchant.id, key: key.key.id, isTest: true, scopes: ["admin"])
        var policy = Policy()
        policy.confirmations = [.init(tiers: [.init(upToMinor: nil, requirement: requirement)])]
        _ = try await gateway.setPolicy(
            policy, by: caller, cause: "test", Answering(key: nil) { _ in Till.nothing })
        _ = try await gateway.createWallet(
            network: networks[0].name, key: Self.account, name: "Till", by: caller, cause: "test",
            Answering(key: nil) { _ in Till.nothing })
        try await hear()
    }

    func close() async { await store.close() }

    /// Does what the loops do until nothing is left to do.
    func hear() async throws {
        clock.advance(by: 1_000)
        for entry in gateway.networks.entries {
            let watcher = Watcher(gateway, entry)
            while try await watcher.step() {}
        }
        let ticker = Ticker(gateway)
        while try await ticker.step(isTest: true) > 0 {}
    }

    /// Opens a payment of so many base units of an asset of the first network.
    func open(_ asset: Asset, _ units: UInt128) async throws -> (id: ID<Payment>, address: String) {
        opened += 1
        var new = NewPayment(
            orderID: "order-\(opened)", amount: DecimalText.text(units, decimals: asset.decimals),
            currency: asset.method.asset.text)
        (new.methods, new.chosen) = ([asset.method], asset.method)
        let made = Lock<PaymentView?>(nil)
        _ = try await gateway.open(
            new, by: caller, cause: "test",
            Answering(key: nil) { view in
                made.withLock { $0 = view }
                return Till.nothing
            })
        guard let view = made.withLock({ $0 }), let address = view.quote?.destination.address else {
            throw TestKitError("no address")
        }
        return (view.payment.id, address)
    }

    func payment(_ id: ID<Payment>) async throws -> Payment { try await gateway.payment(id, of: caller).payment }

    /// Where a payment stands: its state and what is open about it.
    func status(_ id: ID<Payment>) async throws -> Status {
        let payment = try await payment(id)
        return Status(payment.state, payment.openExceptions.map(\.kind).sorted { $0.rawValue < $1.rawValue })
    }

    /// What `verify` finds.
    func findings() async throws -> [String] { try await store.verify().findings.map { "\($0)" } }
}
