extension Judge {
    /// A live transfer in its asset and on its network.
    struct Counted {
        /// Where it stands in the evidence.
        let place: Int
        let transfer: Transfer
        /// The quote that says what it is worth.
        let quote: Quote
        /// What of it has not left the sums.
        let units: UInt128
        let isTimely: Bool
        let isConfirmed: Bool
        let sight: Lineage.Sight
    }

    /// Sorts out what is never counted, and puts the rest in canonical order.
    mutating func weigh() -> [Counted] {
        var candidates: [(Int, Transfer, Quote, Assessment.Role)] = []
        shares = []
        for (place, transfer) in evidence.transfers.enumerated() {
            guard transfer.isLive, let quote = evidence.quote(transfer.quote) else {
                shares.append(nil)
                continue
            }
            let role = role(of: transfer, under: quote)
            shares.append(Assessment.Share(role: role, isConfirmed: false))
            candidates.append((place, transfer, quote, role))
        }
        var whole = Tally()
        for (_, transfer, quote, role) in candidates where !role.isMismatch {
            whole.add(units(of: transfer), under: quote)
        }
        let value = max(price, whole.worth)
        var lineage = Lineage(evidence, enough: enough)
        var counted: [Counted] = []
        for (place, transfer, quote, role) in candidates {
            let confirmed = isConfirmed(transfer, value: value)
            shares[place]?.isConfirmed = confirmed
            if role.isMismatch { continue }
            let sight = lineage.sight(at: place)
            let timely = timelyQuote(of: transfer, under: quote, seen: sight, isConfirmed: confirmed)
            counted.append(
                Counted(
                    place: place, transfer: transfer, quote: timely ?? quote, units: units(of: transfer),
                    isTimely: timely != nil, isConfirmed: confirmed, sight: sight))
        }
        if counted.count > 1 { counted.sort(by: Self.precedes) }
        return counted
    }

    /// Blocks, its own among them, that make a transfer as deep as the policy asks at what came in all, and
    /// as its network asks; nil where something else than blocks decides.
    func blocksAsked(of transfer: Transfer) -> UInt64? {
        var whole = Tally()
        for other in evidence.transfers where other.isLive {
            guard let quote = evidence.quote(other.quote), !role(of: other, under: quote).isMismatch else {
                continue
            }
            whole.add(units(of: other), under: quote)
        }
        guard let method = transfer.method ?? evidence.quote(transfer.quote)?.method else { return nil }
        let value = max(price, whole.worth)
        switch terms.policy.requirement(for: method, risk: terms.risk, value: value) {
        case .count(let count): return max(UInt64(count), UInt64(transfer.maturity), 1)
        case .safe, .finalized, .settled: return nil
        }
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
            if left.sight.at != right.sight.at { return left.sight.at < right.sight.at }
        }
        return left.transfer.key < right.transfer.key
    }

    /// The first sight of a transfer, or of what it stands for.
    func firstSight(of transfer: Transfer) -> Instant {
        var lineage = Lineage(evidence, enough: enough)
        return evidence.transfers.firstIndex { $0.key == transfer.key }.map { lineage.sight(at: $0).at }
            ?? transfer.firstSeen
    }

    /// Whether a transfer, or what it stands for, had been heard of when a person or the policy ruled.
    /// Counted, and not by the clock, which may have been put back between. What fell into a gap of our
    /// watching was there when its block was.
    private func knew(_ ruling: Ruling, _ transfer: Transfer, _ sight: Lineage.Sight) -> Bool {
        if sight.place < ruling.known { return true }
        guard transfer.missedByGap, let block = transfer.block else { return false }
        return block.medianTime <= ruling.at
    }

    /// Whether an acceptance took this as the price, or a part of it.
    func isTaken(_ item: Counted, by acceptance: Ruling) -> Bool {
        knew(acceptance, item.transfer, item.sight)
    }

    private func role(of transfer: Transfer, under quote: Quote) -> Assessment.Role {
        guard transfer.key.network == quote.method.network else { return .wrongNetwork }
        guard transfer.method == quote.method, let amount = transfer.amount else { return .wrongAsset }
        guard amount > 0, quote.worth(of: amount) >= Worth(minor: terms.policy.dustMinor)
        else { return .dust }
        return .counted
    }

    private func units(of transfer: Transfer) -> UInt128 {
        (transfer.amount ?? 0).minus(evidence.removed(of: transfer.key))
    }

    private func isConfirmed(_ transfer: Transfer, value: Worth) -> Bool {
        if transfer.confirmedIn == .pool { return true }
        if let block = transfer.block?.block, transfer.confirmedIn == block { return true }
        guard let source = evidence.sources[transfer.key.network], source.isHealthy else { return false }
        guard let requirement = requirement(for: transfer, value: value) else { return false }
        return source.meets(requirement, at: transfer.block, maturity: transfer.maturity)
    }

    /// What a transfer has to reach on its network before it is confirmed; nil where nothing was quoted.
    ///
    /// An asset that this gateway does not know is judged as the one that was asked for. What is no part of
    /// the price only asks a person: what its network never says is not waited for.
    func requirement(for transfer: Transfer, value: Worth) -> Policy.Requirement? {
        guard let quote = evidence.quote(transfer.quote) else { return nil }
        let network = transfer.key.network
        let method = transfer.method ?? Method(asset: quote.method.asset, network: network)
        let asked = terms.policy.requirement(for: method, risk: terms.risk, value: value)
        guard network != quote.method.network, let source = evidence.sources[network] else { return asked }
        switch asked {
        case .safe where source.safe == nil, .finalized where source.finalized == nil: return .count(1)
        case .count, .safe, .finalized, .settled: return asked
        }
    }

    /// The quote under which a transfer is timely; nil when it is late. What the policy accepted without a
    /// block needs none in time.
    ///
    /// A granted top-up asks for what is missing after all that had been seen, so it takes that as timely,
    /// at its own worth. What comes after the grant to an older address is worth no more than the top-up
    /// would have it: the rate of an ended quote is no offer.
    private func timelyQuote(
        of transfer: Transfer, under own: Quote, seen sight: Lineage.Sight, isConfirmed: Bool
    ) -> Quote? {
        let needsNoBlock = transfer.confirmedIn == .pool || isConfirmed && transfer.block == nil
        let inBlock = transfer.block?.medianTime ?? evidence.now
        func isInBlock(for quote: Quote) -> Bool {
            needsNoBlock || inBlock <= quote.endsAt.adding(seconds: terms.policy.confirmBySeconds)
        }
        func takes(_ quote: Quote) -> Bool {
            sight.at <= quote.endsAt.adding(seconds: terms.policy.graceSeconds) && isInBlock(for: quote)
        }
        if takes(own) { return own }
        let wasThere = evidence.rulings.contains { ruling in
            guard case .grantTopUp(_, let quote) = ruling.verdict else { return false }
            return isInBlock(for: quote) && knew(ruling, transfer, sight)
        }
        if wasThere { return own }
        let same = evidence.quotes.filter { $0.isTopUp && $0.method == own.method && takes($0) }
        if same.isEmpty { return nil }
        let units = transfer.amount ?? 0
        return same.reduce(own) { $1.worth(of: units) < $0.worth(of: units) ? $1 : $0 }
    }

    /// What a person who accepts the payment now relies on: `transfer` is the mismatch that it is accepted
    /// for, if it is one.
    mutating func basis(for transfer: Transfer.Key?) -> Ruling.Basis {
        let seen = weigh()
        return Ruling.Basis(
            live: Tally(whole: seen).worth, confirmed: Tally(whole: seen.lazy.filter(\.isConfirmed)).worth,
            transfer: transfer.flatMap { share(of: $0)?.role.isMismatch ?? false ? $0 : nil })
    }

    private func share(of key: Transfer.Key) -> Assessment.Share? {
        evidence.transfers.firstIndex { $0.key == key }.flatMap { shares[$0] }
    }

    /// What of the money that an acceptance relied on is not there any more, or not confirmed any more.
    func lost(of counted: [Counted]) -> Worth {
        guard let acceptance, let basis = acceptance.basis else { return .zero }
        if let key = basis.transfer, !(share(of: key)?.isConfirmed ?? false) { return price }
        let seen = counted.filter { isTaken($0, by: acceptance) }
        return max(
            basis.live - Tally(whole: seen).worth,
            basis.confirmed - Tally(whole: seen.lazy.filter(\.isConfirmed)).worth)
    }

    /// What is asked, came and is missing, as people are shown it; nil while nothing is quoted.
    func amounts(received: Tally, confirmed: Tally) -> Assessment.Amounts? {
        guard let quote = evidence.currentQuote else { return nil }
        let due = price.unitsCovering(where: quote.amountDue, pays: quote.covers)
        let remaining = result.missing > .zero ? received.units(missingTo: price, under: quote) : 0
        let shown = remaining > 0 ? due.minus(remaining) : received.units(in: quote)
        return Assessment.Amounts(
            due: due, received: shown, confirmed: min(shown, confirmed.units(in: quote)),
            remaining: remaining)
    }
}
