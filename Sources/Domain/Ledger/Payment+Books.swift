extension Payment {
    /// The entries that bring the books to what `assessment` calls for. Updates what is posted.
    mutating func book(_ assessment: Assessment, _ fact: Fact) throws(Objection) -> [Entry] {
        var entries: [Entry] = []
        let verdict = evidence.decisive?.verdict
        for transfer in evidence.transfers {
            guard let method = transfer.method, let quote = evidence.quote(transfer.quote) else { continue }
            let posted = self.posted[transfer.key]
            let share = assessment.shares[transfer.key]
            // Of what is not confirmed and never was, and goes back to nobody, there is nothing to book.
            if posted == nil, !(share?.isConfirmed ?? false), evidence.refunds.isEmpty { continue }
            let target = holding(of: transfer, share, assessment, verdict)
            let old = posted?.holding ?? Holding()
            guard target != old else { continue }
            let postings = target.postings(from: old, wallet: quote.destination.wallet) { units in
                guard method == quote.method else { return nil }
                let worth = Int128(clamping: quote.worth(of: units.magnitude).minor)
                return units < 0 ? -worth : worth
            }
            entryCount = max(entryCount, fact.floor) + 1
            let count = (posted?.count ?? 0) + 1
            guard
                let entry = Entry(
                    id: ID(part: entryCount, of: id), kind: target.kind(from: old), method: method,
                    transfer: transfer.key, businessKey: "\(id)/\(transfer.key)/\(count)", at: fact.at,
                    postings: postings, corrects: posted?.entry)
            else { throw .corruption("the books of \(transfer.key) do not balance") }
            self.posted[transfer.key] = Posted(holding: target, entry: entry.id, count: count)
            entries.append(entry)
        }
        return entries
    }

    /// What the books should say of one transfer.
    private func holding(
        of transfer: Transfer, _ share: Assessment.Share?, _ assessment: Assessment,
        _ verdict: Ruling.Verdict?
    ) -> Holding {
        let isConfirmed = share?.isConfirmed ?? false
        let gross = isConfirmed ? transfer.amount ?? 0 : 0
        let removed = evidence.removed(of: transfer.key)
        var places = Places()
        if isConfirmed, let share {
            places = split(transfer, share, gross.minus(removed), assessment, verdict)
        }
        var short = removed.minus(gross)
        for place in Holding.Place.allCases {
            let units = evidence.returned(of: transfer.key) { $1.from == place && !$1.hasLeftSums(of: $0) }
            short = short.addingSaturating(places.take(units, from: place))
        }
        for place in [Holding.Place.unapplied, .excess, .payments] { short = places.take(short, from: place) }
        let returned = evidence.returned(of: transfer.key) { refund, _ in refund.stage == .confirmed }
        let pending = evidence.returned(of: transfer.key) { refund, _ in refund.stage == .approved }
        var holding = Holding()
        holding.payments = Int128(clamping: places[.payments])
        holding.excess = Int128(clamping: places[.excess])
        holding.unapplied = Int128(clamping: places[.unapplied])
        holding.refundsPending = Int128(clamping: pending)
        holding.reorgLoss = Int128(clamping: short)
        let kept = Int128(clamping: gross) - Int128(clamping: returned)
        holding.withdrawn = isConfirmed && evidence.minedSpend(of: transfer.key) != nil ? max(kept, 0) : 0
        holding.wallet = kept - holding.withdrawn
        return holding
    }

    /// Where `units` of a confirmed transfer belong.
    private func split(
        _ transfer: Transfer, _ share: Assessment.Share, _ units: UInt128, _ assessment: Assessment,
        _ verdict: Ruling.Verdict?
    ) -> Places {
        let isEnded = verdict?.refuses ?? false || assessment.state == .refunded
        let isAccepted = verdict?.accepts ?? false
        let isMet = isAccepted || assessment.confirmed >= terms.enough
        if !isEnded, share.role == .counted || isAccepted && share.role == .late {
            guard isMet else { return Places(units, in: .unapplied) }
            let excess = min(share.excess, units)
            var places = Places(units - excess, in: .payments)
            places[.excess] = excess
            return places
        }
        if kept(transfer, as: share.role) { return Places(units, in: .excess) }
        if isEnded { return Places(units, in: .unapplied) }
        switch share.role {
        case .counted, .late, .dust: return Places(units, in: .unapplied)
        case .duplicate: return Places(units, in: terms.policy.duplicate == .keep ? .excess : .unapplied)
        case .wrongNetwork, .wrongAsset:
            if accepted(transfer) { return Places(units, in: .payments) }
            return Places(units, in: terms.policy.wrongAsset == .keep ? .excess : .unapplied)
        }
    }

    /// A ruling keeps this transfer as excess.
    private func kept(_ transfer: Transfer, as role: Assessment.Role) -> Bool {
        evidence.rulings.contains { ruling in
            guard case .keep(let id) = ruling.verdict, let exception = exception(id) else { return false }
            if exception.kind == .dust { return role == .dust }
            return exception.subject.transfer == transfer.key && exception.kind != .overpaid
        }
    }

    /// A ruling accepts this transfer, although it is a mismatch.
    private func accepted(_ transfer: Transfer) -> Bool {
        evidence.rulings.contains { ruling in
            guard case .accept(let id?) = ruling.verdict else { return false }
            return exception(id)?.subject.transfer == transfer.key
        }
    }
}

/// Base units by place.
private struct Places {
    private var payments: UInt128 = 0
    private var excess: UInt128 = 0
    private var unapplied: UInt128 = 0

    init() {}

    init(_ units: UInt128, in place: Holding.Place) { self[place] = units }

    subscript(place: Holding.Place) -> UInt128 {
        get {
            switch place {
            case .payments: payments
            case .excess: excess
            case .unapplied: unapplied
            }
        }
        set {
            switch place {
            case .payments: payments = newValue
            case .excess: excess = newValue
            case .unapplied: unapplied = newValue
            }
        }
    }

    /// Takes up to `units` out of `place`; gives what was not there.
    mutating func take(_ units: UInt128, from place: Holding.Place) -> UInt128 {
        let held = self[place]
        self[place] = held.minus(units)
        return units.minus(held)
    }
}
