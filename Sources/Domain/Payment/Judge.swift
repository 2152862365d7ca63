/// The work of one assessment. `assess` is its door.
struct Judge {
    let terms: Terms
    let evidence: Evidence
    let price: Worth
    /// D: what is enough.
    let enough: Worth
    var ruled: Set<Exception.Kind> = []
    var isDoubted = false
    var result = Assessment()
    private let places: [Transfer.Key: Int]

    init(terms: Terms, evidence: Evidence) {
        self.terms = terms
        self.evidence = evidence
        price = Worth(terms.price)
        enough = price - terms.policy.underTolerance.waived(on: terms.price)
        places = evidence.places
    }

    mutating func judge() -> Assessment {
        let counted = weigh()
        result.live = counted.filter(\.isTimely).reduce(.zero) { $0 + $1.worth }
        result.received = counted.reduce(.zero) { $0 + $1.worth }
        let excess = settle(counted)
        decide(counted, excess: excess)
        result.missing = result.received >= enough || result.state.isSettled ? .zero : price - result.received
        result.isPayable = isPayable
        raiseQuestions(excess: excess)
        result.isFulfillable = isFulfillable
        schedule(counted)
        return result
    }

    /// A live transfer in its asset and on its network.
    struct Counted {
        let transfer: Transfer
        let quote: Quote
        let worth: Worth
        let isTimely: Bool
        let isConfirmed: Bool
        let firstSight: Instant
    }

    /// Sorts out what is never counted, and puts the rest in canonical order.
    private mutating func weigh() -> [Counted] {
        let candidates = evidence.transfers.filter(\.isLive).compactMap { transfer in
            evidence.quote(transfer.quote).map { (transfer, $0, role(of: transfer, under: $0)) }
        }
        let value = candidates.filter { !$0.2.isMismatch }
            .reduce(Worth.zero) { $0 + netWorth($1.0, under: $1.1) }
        var counted: [Counted] = []
        for (transfer, quote, role) in candidates {
            let confirmed = isConfirmed(transfer, value: max(price, value))
            let worth = role.isMismatch ? Worth.zero : netWorth(transfer, under: quote)
            result.shares[transfer.key] = Assessment.Share(role: role, worth: worth, isConfirmed: confirmed)
            if role.isMismatch { continue }
            let sight = firstSight(of: transfer)
            counted.append(
                Counted(
                    transfer: transfer, quote: quote, worth: worth,
                    isTimely: isTimely(transfer, under: quote, seen: sight, isConfirmed: confirmed),
                    isConfirmed: confirmed, firstSight: sight))
        }
        return counted.sorted(by: Self.precedes)
    }

    /// Timely before late; then by place in the chain, else by first sight, then by key.
    private static func precedes(_ left: Counted, _ right: Counted) -> Bool {
        if left.isTimely != right.isTimely { return left.isTimely }
        switch (left.transfer.block, right.transfer.block) {
        case (let one?, let other?):
            if one.medianTime != other.medianTime { return one.medianTime < other.medianTime }
            let first = (left.transfer.key.network, one.height, one.index)
            let second = (right.transfer.key.network, other.height, other.index)
            if first != second { return first < second }
        case (_?, nil): return true
        case (nil, _?): return false
        case (nil, nil):
            if left.firstSight != right.firstSight { return left.firstSight < right.firstSight }
        }
        return left.transfer.key < right.transfer.key
    }

    private func role(of transfer: Transfer, under quote: Quote) -> Assessment.Role {
        guard transfer.key.network == quote.method.network else { return .wrongNetwork }
        guard transfer.method == quote.method, let amount = transfer.amount else { return .wrongAsset }
        guard amount > 0, quote.worth(of: amount) >= Worth(minor: terms.policy.dustMinor)
        else { return .dust }
        return .counted
    }

    private func netWorth(_ transfer: Transfer, under quote: Quote) -> Worth {
        quote.worth(of: units(of: transfer))
    }

    private func units(of transfer: Transfer) -> UInt128 {
        (transfer.amount ?? 0).minus(evidence.removed(of: transfer.key))
    }

    private func isConfirmed(_ transfer: Transfer, value: Worth) -> Bool {
        if transfer.confirmedIn == .pool { return true }
        if let block = transfer.block?.block, transfer.confirmedIn == block { return true }
        guard let source = evidence.sources[transfer.key.network], source.isHealthy else { return false }
        let method = transfer.method ?? evidence.quote(transfer.quote)?.method
        guard let method else { return false }
        let requirement = terms.policy.requirement(for: method, risk: terms.risk, value: value)
        return source.meets(requirement, at: transfer.block, maturity: transfer.maturity)
    }

    /// The first sight of a transfer or of what it replaced at no less: a raised fee is not a new payment.
    func firstSight(of transfer: Transfer) -> Instant {
        var first = Self.sight(of: transfer)
        var known: Set<Transfer.Key> = [transfer.key]
        var waiting = Array(transfer.replaces)
        while let key = waiting.popLast() {
            guard known.insert(key).inserted, let place = places[key] else { continue }
            let replaced = evidence.transfers[place]
            waiting.append(contentsOf: replaced.replaces)
            guard replaced.quote == transfer.quote, replaced.method == transfer.method,
                replaced.amount ?? .max <= transfer.amount ?? 0
            else { continue }
            first = min(first, Self.sight(of: replaced))
        }
        return first
    }

    private static func sight(of transfer: Transfer) -> Instant {
        guard transfer.missedByGap, let place = transfer.block else { return transfer.firstSeen }
        return min(transfer.firstSeen, place.medianTime)
    }

    /// A granted top-up asks for what is missing after all that had been seen: so it takes that as timely
    /// too. What the policy accepted without a block needs none in time.
    private func isTimely(_ transfer: Transfer, under own: Quote, seen: Instant, isConfirmed: Bool) -> Bool {
        let needsNoBlock = transfer.confirmedIn == .pool || isConfirmed && transfer.block == nil
        let inBlock = transfer.block?.medianTime ?? evidence.now
        return evidence.quotes.contains { quote in
            let isGranted = quote.isTopUp && (quote.method == own.method || seen < quote.lockedAt)
            guard quote.id == own.id || isGranted else { return false }
            return seen <= quote.endsAt.adding(seconds: terms.policy.graceSeconds)
                && (needsNoBlock || inBlock <= quote.endsAt.adding(seconds: terms.policy.confirmBySeconds))
        }
    }

    /// Walks the confirmed transfers in order until the price is reached; the rest are duplicates. Gives the
    /// excess.
    private mutating func settle(_ counted: [Counted]) -> (worth: Worth, transfer: Counted)? {
        var sum = Worth.zero
        var excess: (Worth, Counted)?
        for item in counted {
            let role: Assessment.Role
            if !item.isConfirmed {
                role = item.isTimely ? .counted : .late
            } else if sum >= enough {
                role = .duplicate
            } else if item.isTimely || acceptsLate {
                role = item.isTimely ? .counted : .late
                let needed = (price - sum).unitsCovering(where: item.quote.amountDue, pays: item.quote.covers)
                sum = sum + item.worth
                if item.isTimely { result.confirmed = sum }
                if sum > price {
                    excess = (sum - price, item)
                    let surplus = isTooMuch(sum - price) ? units(of: item.transfer).minus(needed) : 0
                    result.shares[item.transfer.key]?.excess = surplus
                }
            } else {
                role = .late
            }
            result.shares[item.transfer.key]?.role = role
        }
        return excess
    }

    /// The ruling that ended the question whether the price is met.
    var verdict: Ruling.Verdict? {
        evidence.rulings.last { ruling in
            switch ruling.verdict {
            case .cancel, .accept, .reject, .acceptLate: true
            case .grantTopUp, .keep, .release, .dismiss: false
            }
        }?.verdict
    }

    var acceptsLate: Bool {
        switch verdict {
        case .accept, .acceptLate: true
        case .cancel, .reject, .grantTopUp, .keep, .release, .dismiss, nil: false
        }
    }

    /// When the customer may no longer pay; sights count for the policy's grace beyond it.
    var windowEnd: Instant { evidence.quotes.map(\.endsAt).max() ?? terms.expiresAt }

    var lastSight: Instant {
        evidence.quotes.isEmpty ? windowEnd : windowEnd.adding(seconds: terms.policy.graceSeconds)
    }

    /// Never closed blindly: every network that could pay it has been seen past the end by a healthy source.
    /// Once it was, a source that fails later does not open the window again.
    var isWindowClosed: Bool {
        evidence.now > lastSight
            && Set(evidence.quotes.map(\.method.network)).allSatisfy { network in
                evidence.sources[network].map { $0.scannedUntil > lastSight } ?? false
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
        let timely = counted.filter(\.isTimely)
        if result.live >= enough {
            return timely.contains { $0.transfer.block != nil } ? .confirming : .detected
        }
        let confirmed = counted.filter(\.isConfirmed).reduce(Worth.zero) { $0 + $1.worth }
        if result.received >= enough {
            if confirmed >= enough { return .latePaid }
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
        if result.questions.keys.contains(where: { $0.kind == .review }) { return false }
        return !(result.state == .overpaid && terms.policy.holdsOverpaid && !ruled.contains(.overpaid))
    }

    /// All of it is promised to somebody.
    private var isGoingBack: Bool { evidence.standingRefunds.contains(where: \.isFull) }

    /// A person let it pass.
    var isReleased: Bool {
        evidence.rulings.contains { if case .release = $0.verdict { true } else { false } }
    }
}
