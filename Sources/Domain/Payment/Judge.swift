/// The work of one assessment. `assess` is its door.
struct Judge {
    let terms: Terms
    let evidence: Evidence
    let price: Worth
    /// D: what is enough.
    let enough: Worth
    /// The last moment at which a sight is timely, under whatever quote.
    let lastSight: Instant
    let decisive: Ruling?
    /// Base units of an excess that a person has ruled on, by the transfer that it came with.
    var settledExcess: [Transfer.Key: UInt128] = [:]
    var isDoubted = false
    /// Networks that hold money which waits for their word, and when each of them spoke last.
    var lastWords: [NetworkName: Instant] = [:]
    /// What each live transfer counts for, by its place in the evidence.
    var shares: [Assessment.Share?] = []
    /// How many transfers have a question of their own, of each kind.
    var asked: [Exception.Kind: Int] = [:]
    var result = Assessment()

    init(terms: Terms, evidence: Evidence) {
        self.terms = terms
        self.evidence = evidence
        price = Worth(terms.price)
        enough = terms.enough
        // When the customer may no longer pay; sights count for the policy's grace beyond it.
        let end = evidence.quotes.lazy.map(\.endsAt).max()
        lastSight = end.map { $0.adding(seconds: terms.policy.graceSeconds) } ?? terms.expiresAt
        decisive = evidence.decisive
    }

    mutating func judge() -> Assessment {
        let counted = weigh()
        let received = Tally(counted)
        result.live = Tally(counted.lazy.filter(\.isTimely)).worth
        result.received = received.worth
        let settlement = settle(counted)
        let excess = settlement.excess
        decide(counted, excess: excess)
        result.missing = result.received >= enough || result.state.isSettled ? .zero : price - result.received
        result.amounts = amounts(received: received, confirmed: settlement.confirmed)
        result.lost = lost(of: counted)
        result.isPayable = isPayable
        if isWaiting { hearLastWords(counted) }
        raiseQuestions(excess: excess)
        result.isFulfillable = isFulfillable
        schedule(counted)
        result.shares = [Transfer.Key: Assessment.Share](minimumCapacity: shares.count)
        for (transfer, share) in zip(evidence.transfers, shares) {
            if let share { result.shares[transfer.key] = share }
        }
        return result
    }

    /// Walks the confirmed transfers in order until the price is reached; the rest are duplicates. What came
    /// after a person accepted the payment as it stood is one too. Gives what counts, and the excess.
    private mutating func settle(
        _ counted: [Counted]
    ) -> (confirmed: Tally, excess: (worth: Worth, transfer: Counted)?) {
        var tally = Tally()
        var excess: (Worth, Counted)?
        for item in counted {
            let role: Assessment.Role
            let isAfter = acceptance.map { !isTaken(item, by: $0) } ?? false
            if isAfter || item.isConfirmed && result.confirmed >= enough {
                role = .duplicate
            } else if item.isConfirmed, item.isTimely || acceptsLate {
                role = item.isTimely ? .counted : .late
                let before = tally
                tally.add(item.units, under: item.quote)
                result.confirmed = tally.worth
                if result.confirmed > price {
                    excess = (result.confirmed - price, item)
                    let needed = before.units(missingTo: price, under: item.quote)
                    let surplus = isTooMuch(result.confirmed - price) ? item.units.minus(needed) : 0
                    shares[item.place]?.excess = surplus
                }
            } else {
                role = item.isTimely ? .counted : .late
            }
            shares[item.place]?.role = role
        }
        return (tally, excess)
    }

    var verdict: Ruling.Verdict? { decisive?.verdict }

    /// The ruling that took what had come by then as the price.
    var acceptance: Ruling? { acceptsLate ? decisive : nil }

    var acceptsLate: Bool { decisive?.verdict.accepts ?? false }

    /// Never closed blindly: every network that could pay it has been seen past the end by a healthy source.
    /// Once it was, a source that fails later does not open the window again.
    var isWindowClosed: Bool {
        evidence.now > lastSight
            && evidence.quotes.allSatisfy { quote in
                evidence.sources[quote.method.network].map { $0.scannedUntil > lastSight } ?? false
            }
    }

    private mutating func decide(_ counted: [Counted], excess: (worth: Worth, transfer: Counted)?) {
        result.state = state(counted, excess: excess?.worth ?? .zero)
        if result.state.isSettled, !result.isByRuling { result.waived = price - result.confirmed }
    }

    private mutating func state(_ counted: [Counted], excess: Worth) -> State {
        if evidence.refunds.contains(where: { $0.isFull && $0.stage == .confirmed }) { return .refunded }
        switch verdict {
        case .accept, .acceptLate:
            result.isByRuling = true
            return .paid
        case .cancel, .reject:
            result.isByRuling = true
            return .failed
        case .grantTopUp, .keep, .release, .dismiss, nil: break
        }
        if result.confirmed >= enough { return isTooMuch(excess) ? .overpaid : .paid }
        if result.live >= enough {
            return counted.contains { $0.isTimely && $0.transfer.block != nil } ? .confirming : .detected
        }
        if result.received >= enough {
            if Tally(counted.lazy.filter(\.isConfirmed)).worth >= enough { return .latePaid }
            return counted.contains { $0.transfer.block != nil } ? .confirming : .detected
        }
        if result.received > .zero {
            return isWindowClosed || counted.allSatisfy(\.isConfirmed) ? .underpaid : .detected
        }
        if isWindowClosed { return .expired }
        return evidence.quotes.isEmpty ? .created : .awaitingPayment
    }

    /// Above the tolerance, and at least a whole minor unit: below that nobody can be owed anything.
    func isTooMuch(_ excess: Worth) -> Bool {
        excess > terms.policy.overTolerance.waived(on: terms.price) && excess >= Worth(minor: 1)
    }

    private var isPayable: Bool {
        guard let quote = evidence.currentQuote, evidence.now <= quote.endsAt, result.received < enough,
            !isGoingBack
        else { return false }
        switch result.state {
        case .awaitingPayment, .detected, .confirming, .underpaid: return true
        case .created, .paid, .overpaid, .latePaid, .expired, .failed, .refunded: return false
        }
    }

    private var isFulfillable: Bool {
        guard result.state.isSettled else { return false }
        if isGoingBack || isDoubted { return false }
        if result.questions[Exception.Subject(.review)] != nil { return false }
        return !(result.state == .overpaid && terms.policy.holdsOverpaid && isExcessOpen)
    }

    /// Nobody has ruled on as much excess as there is.
    private var isExcessOpen: Bool {
        let excesses = zip(evidence.transfers, shares).lazy.map { ($0.key, $1?.excess ?? 0) }
        return excesses.allSatisfy { $1 == 0 } || excesses.contains { $1 > settledExcess[$0] ?? 0 }
    }

    /// All of it is promised to somebody.
    private var isGoingBack: Bool { evidence.standingRefunds.contains(where: \.isFull) }

    /// A person let it pass.
    var isReleased: Bool {
        evidence.rulings.contains { if case .release = $0.verdict { true } else { false } }
    }
}
