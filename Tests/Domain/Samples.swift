import Domain

/// A sample that is known to be well formed.
func sample<Value>(_ value: Value?) -> Value {
    guard let value else { preconditionFailure("a sample of the tests is malformed") }
    return value
}

/// Fixed things that the stories speak of. The price is 100.00 EUR and the amount due 1 000 000 units, so that
/// 100 units are one cent.
enum Sample {
    static let bitcoin = sample(NetworkName(parsing: "bitcoin-regtest"))
    static let litecoin = sample(NetworkName(parsing: "litecoin-regtest"))
    static let elsewhere = sample(NetworkName(parsing: "elsewhere"))
    static let btc = asset("BTC", bitcoin)
    static let ltc = asset("LTC", litecoin)
    static let eur = Currency(code: "EUR", exponent: 2)
    static let merchant = ID<Merchant>(at: Instant(milliseconds: 1), chance: Array(repeating: 1, count: 10))
    static let wallet = ID<Wallet>(at: Instant(milliseconds: 1), chance: Array(repeating: 2, count: 10))
    static let payment = ID<Payment>(at: Instant(milliseconds: 1), chance: Array(repeating: 3, count: 10))
    static let refund = ID<Refund>(at: Instant(milliseconds: 1), chance: Array(repeating: 4, count: 10))
    static let otherRefund = ID<Refund>(at: Instant(milliseconds: 2), chance: Array(repeating: 4, count: 10))
    static let due: UInt128 = 1_000_000
    static let commitment = sample(Commitment(Array(repeating: 7, count: 32)))

    static func asset(_ code: String, _ network: NetworkName) -> Asset {
        let method = Method(asset: sample(AssetCode(parsing: code)), network: network)
        return Asset(method: method, decimals: 8, payableDecimals: 8, contract: nil, version: 1)
    }

    static func price(_ minor: UInt128 = 10_000) -> Price { sample(try? Price(minor: minor, currency: eur)) }

    /// So many seconds after the payment was opened.
    static func at(_ seconds: Int64) -> Instant { Instant(milliseconds: 1_700_000_000_000).adding(seconds: seconds) }

    static func key(_ place: String, on network: NetworkName = bitcoin) -> Transfer.Key {
        Transfer.Key(network: network, place: place)
    }

    static func terms(
        _ policy: Policy = Policy(), price: Price = Sample.price(), risk: Policy.Risk = .normal
    ) -> Terms {
        Terms(
            merchant: merchant, orderID: "order-1", price: price, methods: [btc.method, ltc.method], policy: policy,
            risk: risk, openedAt: at(0), expiresAt: at(4_000), isTest: true, personal: commitment)
    }

    /// Quote number `number`, locked at `start`, open for `seconds`.
    static func quote(
        _ number: UInt8 = 1, _ asset: Asset = btc, from start: Int64 = 0, seconds: Int64 = 900,
        due: UInt128 = Sample.due, covers: Price = price(), isTopUp: Bool = false
    ) -> Quote {
        let id = ID<Quote>(at: at(0), chance: Array(repeating: number, count: 10))
        let destination = Destination(
            id: ID(at: at(0), chance: Array(repeating: number, count: 10)), wallet: wallet,
            address: "address-\(number)", script: "script-\(number)", path: nil)
        return Quote(
            id: id, asset: asset, amountDue: due, covers: covers, rate: Rate(mantissa: 10_000, scale: 0), sources: [],
            lockedAt: at(start), endsAt: at(start + seconds), destination: destination, isTopUp: isTopUp)
    }
}

extension Source.Mark {
    /// The heights that counts of blocks wait for.
    static let bitcoinTip = Source.Mark(Sample.bitcoin, .tip)
    static let litecoinTip = Source.Mark(Sample.litecoin, .tip)
}
