import Crypto
import Database
import Domain
import Storage
import TestKit

/// A sample that is known to be well formed.
func sample<Value>(_ value: Value?) -> Value {
    guard let value else { preconditionFailure("a sample of the tests is malformed") }
    return value
}

/// Fixed things that the tests of the store speak of.
enum Sample {
    static let network = sample(NetworkName(parsing: "bitcoin-regtest"))
    static let other = sample(NetworkName(parsing: "litecoin-regtest"))
    static let merchant: ID<Merchant> = id(1)
    static let wallet: ID<Wallet> = id(2)
    static let method = Domain.Method(asset: sample(AssetCode(parsing: "BTC")), network: network)
    static let coin = Asset(method: method, decimals: 8, payableDecimals: 6, contract: nil, version: 1)
    static let token = Asset(
        method: Domain.Method(asset: sample(AssetCode(parsing: "X.Y-Z")), network: other), decimals: 18,
        payableDecimals: 2, contract: "0x\"quoted\"\\", version: .max)
    static let euro = Currency(code: "EUR", exponent: 2)
    static let commitment = sample(Commitment([UInt8](0..<32)))

    static func id<Kind: Identified>(_ number: Int) -> ID<Kind> {
        let chance = (0..<10).map { UInt8(truncatingIfNeeded: number >> (8 * (9 - $0))) }
        return ID(at: at(0), chance: chance)
    }

    static func at(_ seconds: Int64) -> Instant {
        Instant(milliseconds: 1_700_000_000_000).adding(seconds: seconds)
    }

    static func price(_ minor: UInt128 = 10_000) -> Price {
        sample(try? Price(minor: minor, currency: euro))
    }
    static func rate(_ text: String) -> Rate { sample(try? Rate(parsing: text)) }

    static func quote(
        _ number: Int, _ asset: Asset = coin, script: String? = nil, due: UInt128 = 1_000_000
    ) -> Quote {
        Quote(
            id: id(number), asset: asset, amountDue: due, covers: price(), rate: rate("10000.5"),
            sources: [RateSource(name: "fixed", rate: rate("10000.5"), at: at(-5))], lockedAt: at(0),
            endsAt: at(900),
            destination: Destination(
                id: id(number), wallet: wallet, address: "address \(number)",
                script: script ?? "script \(number)",
                path: number.isMultiple(of: 2) ? nil : "m/0/\(number)"), isTopUp: false)
    }

    static func terms(_ policy: Policy = Policy(), order: String = "order-1") -> Terms {
        Terms(
            merchant: merchant, orderID: order, price: price(), methods: [method], policy: policy,
            risk: .normal, openedAt: at(0), expiresAt: at(900), isTest: true, personal: commitment)
    }

    static func endpoint(_ number: Int) -> StoredEndpoint {
        StoredEndpoint(
            id: id(number), merchant: merchant, url: "https://shop.example/\(number)", events: ["*"],
            description: "", isTest: true, secret: [1, 2, 3], state: .active, createdAt: at(0))
    }

    static func personal(_ number: Int) -> Personal {
        Personal(
            salt: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 32),
            customer: "customer-\(number)",
            body: Array("{}".utf8))
    }

    static func source(_ sequence: UInt64 = 1, tip: UInt64 = 100) -> Source {
        Source(
            sequence: sequence, tip: tip, safe: nil, finalized: nil, isHealthy: true, scannedUntil: at(10))
    }

    static func sighting(
        _ number: Int, _ standing: Transfer.Standing, units: UInt128 = 1_000_000, sequence: UInt64 = 2
    ) -> Sighting {
        Sighting(
            key: Transfer.Key(network: network, place: "tx\(number):0"), quote: id(number), method: method,
            amountText: String(units), claim: Transfer.Claim(sequence: sequence, standing: standing),
            seenAt: at(20))
    }

    static func block(_ height: UInt64) -> Transfer.Standing {
        .mined(BlockPlace(height: height, block: BlockID("block \(height)"), index: 3, medianTime: at(30)))
    }

    /// Event bytes that a test can recognise.
    static var context: CommitContext {
        CommitContext(cause: "test", now: at(0)) { decision, event in
            Array("{\"id\":\"\(event.id)\",\"state\":\"\(decision.payment.state.rawValue)\"}".utf8)
        }
    }
}

/// Opens a fresh store with one merchant.
func withStore(_ engine: DatabaseEngine, _ body: (Store) async throws -> Void) async throws {
    let place = try await DatabasePlace(engine)
    let store = try await Store.open(place.location)
    do {
        try await store.write { tx in
            try tx.save(
                StoredMerchant(
                    id: Sample.merchant, name: "Shop", policy: Policy(), testPolicy: Policy(), createdAt: Sample.at(0))
            )
        }
        try await body(store)
        await store.close()
    } catch {
        await store.close()
        throw error
    }
}

extension Store {
    /// Stores a payment with one quote.
    @discardableResult
    func open(_ number: Int, order: String = "order-1") async throws -> Payment {
        let opened = Payment.open(Sample.id(number), Sample.terms(order: order), actor: .clock)
        let quoted = try opened.payment.reduce(
            Fact(at: Sample.at(0), actor: .customer, sources: [:], news: .quoted(Sample.quote(number))))
        try await write {
            try $0.commit([opened, quoted], personal: Sample.personal(number), Sample.context)
        }
        return quoted.payment
    }

    /// Folds one fact into a stored payment.
    @discardableResult
    func tell(_ id: ID<Payment>, _ news: Fact.News, tip: UInt64 = 100, at seconds: Int64 = 20) async throws
        -> Decision
    {
        try await write { tx in
            guard let payment = try tx.payment(id) else { throw TestKitError("no payment") }
            let decision = try payment.reduce(
                Fact(
                    at: Sample.at(seconds), actor: .network(Sample.network),
                    sources: [Sample.network: Sample.source(tip, tip: tip)], news: news))
            try tx.commit([decision], Sample.context)
            return decision
        }
    }

    func count(_ table: SQL) async throws -> Int64 {
        try await database.read { try $0.first("SELECT count(*) FROM " + table)?.integer(0) ?? -1 }
    }
}
