/// All that a payment's status is judged by. The same evidence gives the same status, in whatever order it
/// came.
package struct Evidence: Hashable, Sendable {
    /// The latest moment heard of, from the last quote on.
    package var now: Instant
    /// In the order in which they were locked.
    package var quotes: [Quote] = []
    /// An older quote that the customer came back to while it was open; nil for the last one.
    package var chosen: ID<Quote>?
    /// In the order in which they were first heard of.
    package var transfers: [Transfer] = []
    package var spends: [Transfer.Key: Transfer.Spend] = [:]
    package var sources: [NetworkName: Source] = [:]
    package var rulings: [Ruling] = []
    /// The latest word on each. A full refund that was confirmed stays before a later word that it is not: it
    /// ended the payment for good, while the books follow the later word.
    package var refunds: [RefundClaim] = []

    package init(now: Instant) { self.now = now }

    /// The quote of that identity; nil when it is not of this payment.
    package func quote(_ id: ID<Quote>) -> Quote? { quotes.first { $0.id == id } }
    /// The transfer at that place; nil when none was seen there.
    package func transfer(_ key: Transfer.Key) -> Transfer? { transfers.first { $0.key == key } }

    /// The spend of a transfer's output that a block of the chain holds.
    package func minedSpend(of key: Transfer.Key) -> Transfer.Spend? {
        guard let spend = spends[key], case .mined = spend.claim.standing else { return nil }
        return spend
    }

    /// The ruling that ended the question whether the price is met.
    var decisive: Ruling? { rulings.last { $0.verdict.accepts || $0.verdict.refuses } }

    /// The quote that the customer is shown.
    package var currentQuote: Quote? { chosen.flatMap(quote) ?? quotes.last }

    /// What a fact of the moment `at` says of the networks. Nobody has scanned beyond the present.
    mutating func hear(_ sources: [NetworkName: Source], at: Instant) {
        for (network, word) in sources {
            let known = self.sources[network]
            let merged = word.seen(by: at).merged(with: known)
            // What stays as it is is not written: that would copy all of them.
            if merged != known { self.sources[network] = merged }
        }
    }

    /// Takes a quote that is locked at the moment `at`, and is the current one then. What networks and clocks
    /// say comes in any order, so the latest moment counts; but that a price is locked now is a decision, and
    /// says what time it is. What a clock that was ahead said of the time, and of how far the networks were
    /// seen, is taken back.
    mutating func lock(_ quote: Quote, at: Instant) {
        quotes.append(quote)
        chosen = nil
        now = at
        sources = sources.mapValues { $0.seen(by: at) }
    }

    /// Where each transfer stands in `transfers`.
    package var places: [Transfer.Key: Int] {
        Dictionary(transfers.enumerated().map { ($1.key, $0) }) { first, _ in first }
    }

    /// Folds in what a network says of transfers. Its later word wins; first sights and replacements add up.
    /// New ones that a payment has no room for are left out.
    mutating func hear(_ sightings: [Sighting], of payment: ID<Payment>, above floor: Int) {
        var places = places
        var room: Room?
        for sighting in sightings {
            if let index = places[sighting.key] {
                transfers[index].hear(sighting)
                continue
            }
            let kind = Room.kind(
                sighting.claim.standing, sighting.method, Transfer.amount(sighting.amountText),
                under: quote(sighting.quote))
            var left = room ?? Room(self)
            if left.take(kind, sighting.claim.standing) {
                places[sighting.key] = transfers.count
                transfers.append(
                    Transfer(
                        id: ID(part: floor + transfers.count + 1, of: payment), key: sighting.key,
                        quote: sighting.quote, method: sighting.method, amountText: sighting.amountText,
                        claim: sighting.claim, firstSeen: sighting.seenAt,
                        missedByGap: sighting.fellIntoGap, replaces: sighting.replaces,
                        maturity: sighting.maturity, confirmedIn: nil,
                        observations: Set([sighting.observation].compactMap { $0 })))
            }
            room = left
        }
    }

    mutating func hear(_ spend: Transfer.Spend, of key: Transfer.Key) {
        if let known = spends[key], !spend.supersedes(known) { return }
        spends[key] = spend
    }

    mutating func hear(_ refund: RefundClaim) {
        guard let index = refunds.lastIndex(where: { $0.id == refund.id })
        else { return refunds.append(refund) }
        let known = refunds[index]
        guard refund.step > known.step else { return }
        if known.isFull, known.stage == .confirmed, refund.stage != .confirmed {
            refunds.append(refund)
        } else {
            refunds[index] = refund
        }
    }

    /// The latest word on a refund.
    func refund(_ id: ID<Refund>) -> RefundClaim? { refunds.last { $0.id == id } }

    /// The latest word on each refund that was not dropped.
    var standingRefunds: [RefundClaim] {
        refunds.filter { $0.stage != .dropped && refund($0.id)?.step == $0.step }
    }

    /// What goes back of one transfer, or went, as far as `isIncluded` says.
    func returned(
        of key: Transfer.Key, where isIncluded: (RefundClaim, RefundClaim.Part) -> Bool = { _, _ in true }
    ) -> UInt128 {
        if refunds.isEmpty { return 0 }
        var units: UInt128 = 0
        for refund in standingRefunds {
            for part in refund.parts where part.transfer == key && isIncluded(refund, part) {
                units = units.addingSaturating(part.units)
            }
        }
        return units
    }

    /// What of one transfer has left the sums that status is judged by: money beside the price, from the
    /// approval on. A full refund changes nothing until it is confirmed, for it ends the payment.
    func removed(of key: Transfer.Key) -> UInt128 {
        returned(of: key) { refund, part in part.hasLeftSums(of: refund) }
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
    /// The raw bytes that this was read from, by hash; nil where only their absence says it.
    package let observation: Commitment?

    package init(
        key: Transfer.Key, quote: ID<Quote>, method: Method?, amountText: String, claim: Transfer.Claim,
        seenAt: Instant, fellIntoGap: Bool = false, replaces: Set<Transfer.Key> = [], maturity: UInt32 = 0,
        observation: Commitment? = nil
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
        self.observation = observation
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

    /// How far it is.
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

        /// What goes back out of a price that was met does not make it unmet.
        func hasLeftSums(of refund: RefundClaim) -> Bool {
            from != .payments && (refund.stage == .confirmed || !refund.isFull)
        }
    }
}
