/// All that a payment's status is judged by. The same evidence gives the same status, in whatever order it came.
package struct Evidence: Hashable, Sendable {
    /// The latest moment heard of.
    package var now: Instant
    /// In the order in which they were locked.
    package var quotes: [Quote] = []
    /// In the order in which they were first heard of.
    package var transfers: [Transfer] = []
    package var spends: [Transfer.Key: Transfer.Spend] = [:]
    package var sources: [NetworkName: Source] = [:]
    package var rulings: [Ruling] = []
    package var refunds: [RefundClaim] = []

    package init(now: Instant) { self.now = now }

    package func quote(_ id: ID<Quote>) -> Quote? { quotes.first { $0.id == id } }
    package func transfer(_ key: Transfer.Key) -> Transfer? { transfers.first { $0.key == key } }

    /// The quote that the customer is shown.
    package var currentQuote: Quote? { quotes.last }

    mutating func hear(_ sources: [NetworkName: Source]) {
        self.sources.merge(sources) { $0.sequence >= $1.sequence ? $0 : $1 }
    }

    /// Folds in what a network says of one transfer. Its later word wins; first sights and replacements add up.
    mutating func hear(_ sighting: Sighting, of payment: ID<Payment>) {
        guard let index = transfers.firstIndex(where: { $0.key == sighting.key }) else {
            transfers.append(
                Transfer(
                    id: ID(part: transfers.count + 1, of: payment), key: sighting.key, quote: sighting.quote,
                    method: sighting.method, amountText: sighting.amountText, claim: sighting.claim,
                    firstSeen: sighting.seenAt, missedByGap: sighting.fellIntoGap, replaces: sighting.replaces,
                    maturity: sighting.maturity, confirmedIn: nil))
            return
        }
        if sighting.claim.sequence > transfers[index].claim.sequence { transfers[index].claim = sighting.claim }
        if sighting.seenAt < transfers[index].firstSeen {
            transfers[index].firstSeen = sighting.seenAt
            transfers[index].missedByGap = sighting.fellIntoGap
        }
        transfers[index].replaces.formUnion(sighting.replaces)
    }

    mutating func hear(_ spend: Transfer.Spend, of key: Transfer.Key) {
        guard let known = spends[key], known.claim.sequence >= spend.claim.sequence else {
            spends[key] = spend
            return
        }
    }

    mutating func hear(_ refund: RefundClaim) {
        guard let index = refunds.firstIndex(where: { $0.id == refund.id }) else { return refunds.append(refund) }
        if refund.step > refunds[index].step { refunds[index] = refund }
    }
}

/// What a network says of one transfer at one time, whole: it can be heard first, again, or late.
package struct Sighting: Hashable, Sendable {
    package let key: Transfer.Key
    package let quote: ID<Quote>
    package let method: Method?
    package let amountText: String
    package let claim: Transfer.Claim
    package let seenAt: Instant
    package let fellIntoGap: Bool
    package let replaces: Set<Transfer.Key>
    package let maturity: UInt32

    package init(
        key: Transfer.Key, quote: ID<Quote>, method: Method?, amountText: String, claim: Transfer.Claim,
        seenAt: Instant, fellIntoGap: Bool = false, replaces: Set<Transfer.Key> = [], maturity: UInt32 = 0
    ) {
        self.key = key
        self.quote = quote
        self.method = method
        self.amountText = amountText
        self.claim = claim
        self.seenAt = seenAt
        self.fellIntoGap = fellIntoGap
        self.replaces = replaces
        self.maturity = maturity
    }
}

/// A refund as far as the payment's status and books depend on it.
package struct RefundClaim: Hashable, Sendable {
    package let id: ID<Refund>
    /// Grows with each step of the refund; the higher one is the later word.
    package let step: Int
    package let stage: Stage
    /// All that was received goes back: the payment ends when this is confirmed.
    package let isFull: Bool
    package let parts: [Part]

    package init(id: ID<Refund>, step: Int, stage: Stage, isFull: Bool, parts: [Part]) {
        self.id = id
        self.step = step
        self.stage = stage
        self.isFull = isFull
        self.parts = parts
    }

    package enum Stage: String, Hashable, Sendable, CaseIterable {
        case approved
        case confirmed
        /// Rejected, failed or cancelled: nothing goes back.
        case dropped
    }

    /// What of one transfer goes back, and out of which account.
    package struct Part: Hashable, Sendable {
        package let transfer: Transfer.Key
        package let from: Holding.Place
        package let units: UInt128

        package init(transfer: Transfer.Key, from: Holding.Place, units: UInt128) {
            self.transfer = transfer
            self.from = from
            self.units = units
        }
    }
}
