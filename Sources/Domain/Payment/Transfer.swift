/// A claim by a network that value moved to a destination of this payment.
///
/// The network's latest word wins (`Claim.sequence`); the first sight is the earliest ever heard; replaced
/// transfers only add up. So the same facts give the same transfer in whatever order they come, and however
/// often.
package struct Transfer: Hashable, Sendable, Identified {
    package static let prefix = "trf_"

    package var id: ID<Transfer> { parts.value.id }
    package var key: Key { parts.value.key }
    /// The quote whose destination was paid.
    package var quote: ID<Quote> { parts.value.quote }
    /// What arrived; nil for an asset that this gateway does not know.
    package var method: Method? { parts.value.method }
    /// Base units as the network says them. Text, for a stranger's token may claim more than 128 bits.
    /// The latest word: what runs again in another block may move another amount.
    package var amountText: String { parts.value.amountText }
    /// Base units; nil from `amountLimit` on, which is only recorded.
    package var amount: UInt128? { parts.value.amount }
    package var claim: Claim { parts.value.claim }
    package var firstSeen: Instant { parts.value.firstSeen }
    /// Whether it was first heard of while catching up, so that the block's time tells more than our clock.
    package var missedByGap: Bool { parts.value.missedByGap }
    /// Transfers whose place in the network this one took.
    package var replaces: Set<Key> { parts.value.replaces }
    /// Confirmations below which the network itself would not let it be spent (coinbase), else 0.
    package var maturity: UInt32 { parts.value.maturity }
    /// The block in which the frozen policy was first met with a healthy source; nil while it is not.
    /// `BlockID.pool` when the policy took it unconfirmed: that lasts as long as the network claims it.
    package var confirmedIn: BlockID? {
        get { parts.value.confirmedIn }
        set { parts.change { $0.confirmedIn = newValue } }
    }
    /// The raw bytes that told of it, by hash: one, unless it came in several forms (its witness is not part
    /// of a transaction's name).
    package var observations: Set<Commitment> { parts.value.observations }

    /// All of it.
    private struct Parts: Hashable, Sendable {
        let id: ID<Transfer>
        let key: Key
        let quote: ID<Quote>
        let method: Method?
        let maturity: UInt32
        var amountText: String { didSet { amount = Transfer.amount(amountText) } }
        private(set) var amount: UInt128?
        var claim: Claim
        var firstSeen: Instant
        var missedByGap: Bool
        var replaces: Set<Key>
        var confirmedIn: BlockID?
        var observations: Set<Commitment>

        init(
            id: ID<Transfer>, key: Key, quote: ID<Quote>, method: Method?, maturity: UInt32,
            amountText: String, claim: Claim, firstSeen: Instant, missedByGap: Bool, replaces: Set<Key>,
            confirmedIn: BlockID?, observations: Set<Commitment>
        ) {
            self.id = id
            self.key = key
            self.quote = quote
            self.method = method
            self.maturity = maturity
            self.amountText = amountText
            amount = Transfer.amount(amountText)
            self.claim = claim
            self.firstSeen = firstSeen
            self.missedByGap = missedByGap
            self.replaces = replaces
            self.confirmedIn = confirmedIn
            self.observations = observations
        }
    }

    private var parts: Shared<Parts>

    package init(
        id: ID<Transfer>, key: Key, quote: ID<Quote>, method: Method?, amountText: String, claim: Claim,
        firstSeen: Instant, missedByGap: Bool, replaces: Set<Key>, maturity: UInt32, confirmedIn: BlockID?,
        observations: Set<Commitment> = []
    ) {
        parts = Shared(
            Parts(
                id: id, key: key, quote: quote, method: method, maturity: maturity, amountText: amountText,
                claim: claim, firstSeen: firstSeen, missedByGap: missedByGap, replaces: replaces,
                confirmedIn: confirmedIn, observations: observations))
    }

    /// Takes in what its network says of it again, earlier or later. The later word wins; first sights,
    /// replacements and observations add up.
    mutating func hear(_ sighting: Sighting) {
        parts.change { parts in
            if sighting.claim.supersedes(parts.claim) {
                parts.claim = sighting.claim
                parts.amountText = sighting.amountText
            }
            if sighting.seenAt < parts.firstSeen {
                parts.firstSeen = sighting.seenAt
                parts.missedByGap = sighting.fellIntoGap
            } else if sighting.seenAt == parts.firstSeen, sighting.fellIntoGap {
                parts.missedByGap = true
            }
            parts.replaces.formUnion(sighting.replaces)
            if let observation = sighting.observation { parts.observations.insert(observation) }
        }
    }

    /// Base units; nil from `amountLimit` on.
    package static func amount(_ text: String) -> UInt128? {
        guard let units = UInt128(text), units < amountLimit else { return nil }
        return units
    }

    /// 2¹⁰⁰ base units, a trillion whole units of 18 decimals: 2²⁷ amounts below it fit one balance, which
    /// has 127 bits.
    package static let amountLimit = UInt128(1) << 100

    /// What the network calls it, for ever: `bitcoin` and `txid:vout`, an EVM network and
    /// `hash:what:to:which`.
    package struct Key: Hashable, Comparable, Sendable, CustomStringConvertible {
        package var network: NetworkName { parts.network }
        package var place: String { parts.place }
        /// The part of the place before its first colon.
        package var transaction: Substring { parts.transaction }

        /// Every look at a payment compares and hashes many of them: what that takes is worked out once.
        private final class Parts: Sendable {
            let network: NetworkName
            let place: String
            let transaction: Substring
            let hash: Int

            init(_ network: NetworkName, _ place: String) {
                self.network = network
                self.place = place
                let colon = place.utf8.firstIndex(of: UInt8(ascii: ":"))
                transaction = place[..<(colon ?? place.endIndex)]
                // The place alone tells almost all of them apart.
                hash = place.hashValue
            }
        }

        private let parts: Parts

        package init(network: NetworkName, place: String) { parts = Parts(network, place) }

        package var description: String { "\(network)/\(place)" }

        package static func == (left: Self, right: Self) -> Bool {
            left.parts === right.parts
                || left.parts.hash == right.parts.hash && left.place == right.place
                    && left.network == right.network
        }

        package func hash(into hasher: inout Hasher) { hasher.combine(parts.hash) }

        package static func < (left: Self, right: Self) -> Bool {
            (left.network, left.place) < (right.network, right.place)
        }
    }

    /// What its network claims of it, and how recent that word is in the order of our watching.
    package struct Claim: Hashable, Sendable {
        package var sequence: UInt64
        package var standing: Standing

        package init(sequence: UInt64, standing: Standing) {
            self.sequence = sequence
            self.standing = standing
        }

        /// Of two words of one batch the stronger counts, in whatever order they are heard: a block before
        /// the pool, the pool before nothing, and of two blocks the higher one.
        func supersedes(_ other: Claim) -> Bool {
            if sequence != other.sequence { return sequence > other.sequence }
            switch (standing, other.standing) {
            case (.mined(let new), .mined(let old)):
                return (new.height, new.block.text) > (old.height, old.block.text)
            case (.mined, _), (.pooled, .gone): return true
            case (.gone(let new), .gone(let old)): return new.rawValue > old.rawValue
            case (.pooled, _), (.gone, _): return false
            }
        }

        var isLive: Bool {
            switch standing {
            case .pooled, .mined: true
            case .gone: false
            }
        }
    }

    /// Where it is now, by its network's word.
    package enum Standing: Hashable, Sendable {
        /// Seen, in no block.
        case pooled
        case mined(BlockPlace)
        case gone(Gone)
    }

    /// Why a network does not claim a transfer any more.
    package enum Gone: String, Hashable, Sendable, CaseIterable {
        /// A transaction that conflicts with it took its place.
        case replaced
        /// The network dropped it without a conflict that we saw.
        case evicted
        /// Its block left the chain, and nothing holds it now.
        case orphaned
        /// It is in a block, but moved nothing (a reverted call).
        case failed
    }

    /// A spend of a transfer's output, with the network's latest word on it.
    package struct Spend: Hashable, Sendable {
        package var transaction: String
        package var claim: Claim

        package init(transaction: String, claim: Claim) {
            self.transaction = transaction
            self.claim = claim
        }

        /// Only one spend of an output can be live: that another one is gone says nothing about it.
        func supersedes(_ other: Spend) -> Bool {
            if transaction == other.transaction || claim.isLive == other.claim.isLive {
                return claim.supersedes(other.claim)
            }
            return claim.isLive
        }
    }

    /// In a block or waiting for one.
    package var isLive: Bool { claim.isLive }

    package var block: BlockPlace? {
        if case .mined(let place) = claim.standing { place } else { nil }
    }
}

/// The hash of a block, in the network's usual text.
package struct BlockID: Hashable, Sendable {
    package let text: String
    package init(_ text: String) { self.text = text }

    /// No block: accepted while it waited for one. No network has a block of this name.
    package static let pool = BlockID("pool")
}

/// Where in the chain a transfer stands.
package struct BlockPlace: Hashable, Sendable {
    package let height: UInt64
    package let block: BlockID
    /// The transaction's place in the block.
    package let index: UInt32
    /// The block's median time past: it never steps back along a chain.
    package let medianTime: Instant

    package init(height: UInt64, block: BlockID, index: UInt32, medianTime: Instant) {
        self.height = height
        self.block = block
        self.index = index
        self.medianTime = medianTime
    }
}

/// How far a network was seen, and whether its word can be believed now.
package struct Source: Hashable, Sendable {
    /// Grows with each word: a batch that is absorbed, a change of health. The higher one is the later word.
    package var sequence: UInt64
    package var tip: UInt64
    package var safe: UInt64?
    package var finalized: UInt64?
    /// False while the node errs, lags, or is on another network, or finality stalls: nothing becomes
    /// confirmed.
    package var isHealthy: Bool
    /// Everything that the network said up to this moment has been seen. Believed only of a healthy source,
    /// and not undone by what comes later: what was seen was seen.
    package var scannedUntil: Instant

    package init(
        sequence: UInt64, tip: UInt64, safe: UInt64?, finalized: UInt64?, isHealthy: Bool,
        scannedUntil: Instant
    ) {
        self.sequence = sequence
        self.tip = tip
        self.safe = safe
        self.finalized = finalized
        self.isHealthy = isHealthy
        self.scannedUntil = scannedUntil
    }

    /// This word, at the moment `at`: nothing can have been seen of what comes after it.
    func seen(by at: Instant) -> Source {
        var word = self
        word.scannedUntil = min(scannedUntil, at)
        return word
    }

    /// This word, and what was believed before it. The same two words give the same, in whatever order they
    /// come.
    func merged(with other: Source?) -> Source {
        let seen = max(trusted, other?.scannedUntil ?? trusted)
        var word = self
        if let other, other.isLater(than: self) { word = other }
        word.scannedUntil = seen
        return word
    }

    private var trusted: Instant { isHealthy ? scannedUntil : Instant(milliseconds: 0) }

    private func isLater(than other: Source) -> Bool {
        if sequence != other.sequence { return sequence > other.sequence }
        if isHealthy != other.isHealthy { return !isHealthy }
        return tip > other.tip
    }

    /// A height of one network that only grows, but for reorgs.
    package struct Mark: Hashable, Comparable, Sendable {
        package let network: NetworkName
        package let kind: Kind

        /// What the network says of its blocks up to that height.
        package enum Kind: String, Hashable, Sendable, CaseIterable {
            /// They are there.
            case tip
            /// They are unlikely to leave the chain.
            case safe
            /// They stay.
            case finalized
        }

        package init(_ network: NetworkName, _ kind: Kind) {
            self.network = network
            self.kind = kind
        }

        package static func < (left: Self, right: Self) -> Bool {
            (left.network, left.kind.rawValue) < (right.network, right.kind.rawValue)
        }
    }

    /// How far that mark is; nil where the network has none.
    package func height(of kind: Mark.Kind) -> UInt64? {
        switch kind {
        case .tip: tip
        case .safe: safe
        case .finalized: finalized
        }
    }

    /// Whether a transfer at `place` meets `requirement`. A block above the tip has no confirmations.
    func meets(_ requirement: Policy.Requirement, at place: BlockPlace?, maturity: UInt32) -> Bool {
        guard let place else { return requirement == .count(0) && maturity == 0 }
        let above = tip - min(place.height, tip)
        let depth = place.height > tip ? 0 : above == .max ? above : above + 1
        guard depth >= UInt64(maturity) else { return false }
        switch requirement {
        case .count(let count): return depth >= UInt64(count)
        case .safe: return safe.map { place.height <= $0 } ?? false
        case .finalized: return finalized.map { place.height <= $0 } ?? false
        case .settled: return true
        }
    }
}
