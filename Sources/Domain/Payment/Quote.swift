/// The locked price of a payment in one method, and the one destination that takes it.
package struct Quote: Hashable, Sendable, Identified {
    package static let prefix = "quo_"

    package var id: ID<Quote> { parts.value.id }
    package var asset: Asset { parts.value.asset }
    /// Base units that pay the price, or the part of it that a granted top-up asks for. Never zero.
    package var amountDue: UInt128 { parts.value.amountDue }
    /// The part of the price that `amountDue` pays: the whole price but for a top-up.
    package var covers: Price { parts.value.covers }
    package var rate: Rate { parts.value.rate }
    /// What the rate was made of.
    package var sources: [RateSource] { parts.value.sources }
    package var lockedAt: Instant { parts.value.lockedAt }
    package var endsAt: Instant { parts.value.endsAt }
    package var destination: Destination { parts.value.destination }
    /// A person let the customer pay what was missing after the window: what arrives in time is timely.
    package var isTopUp: Bool { parts.value.isTopUp }

    /// All of it.
    private struct Parts: Hashable, Sendable {
        let id: ID<Quote>
        let asset: Asset
        let amountDue: UInt128
        let covers: Price
        let rate: Rate
        let sources: [RateSource]
        let lockedAt: Instant
        let endsAt: Instant
        let destination: Destination
        let isTopUp: Bool
    }

    private let parts: Shared<Parts>

    package init(
        id: ID<Quote>, asset: Asset, amountDue: UInt128, covers: Price, rate: Rate, sources: [RateSource],
        lockedAt: Instant, endsAt: Instant, destination: Destination, isTopUp: Bool
    ) {
        precondition(amountDue > 0, "a quote asks for something")
        parts = Shared(
            Parts(
                id: id, asset: asset, amountDue: amountDue, covers: covers, rate: rate, sources: sources,
                lockedAt: lockedAt, endsAt: endsAt, destination: destination, isTopUp: isTopUp))
    }

    package var method: Method { asset.method }

    /// What `amount` base units are worth under this quote.
    package func worth(of amount: UInt128) -> Worth { Worth(of: amount, where: amountDue, pays: covers) }
}

/// One input of a quote's rate.
package struct RateSource: Hashable, Sendable {
    /// `fixed`, `merchant`, the name of a feed.
    package let name: String
    package let rate: Rate
    /// When the source said so.
    package let at: Instant

    package init(name: String, rate: Rate, at: Instant) {
        self.name = name
        self.rate = rate
        self.at = at
    }
}

/// Where the customer pays. Belongs to one payment for ever and is never reused.
package struct Destination: Hashable, Sendable, Identified {
    package static let prefix = "dst_"

    package let id: ID<Destination>
    package let wallet: ID<Wallet>
    /// The address, invoice or request as people see it.
    package let address: String
    /// What the network's scanner matches: an output script in hexadecimal, an account in canonical form.
    package let script: String
    /// How the address is derived from the wallet's key, `m/84h/0h/0h/0/7`; nil where nothing is derived.
    package let path: String?

    package init(id: ID<Destination>, wallet: ID<Wallet>, address: String, script: String, path: String?) {
        self.id = id
        self.wallet = wallet
        self.address = address
        self.script = script
        self.path = path
    }
}
