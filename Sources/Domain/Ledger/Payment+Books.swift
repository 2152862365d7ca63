extension Payment {
    /// The entries that bring the books to what `assessment` calls for. Updates what is posted.
    mutating func book(_ assessment: Assessment, at time: Instant) throws(Objection) -> [Entry] {
        var entries: [Entry] = []
        for transfer in evidence.transfers {
            guard let method = transfer.method, let amount = transfer.amount,
                let quote = evidence.quote(transfer.quote)
            else { continue }
            let target = holding(of: transfer, amount: amount, assessment)
            let posted = self.posted[transfer.key]
            let old = posted?.holding ?? Holding()
            guard target != old else { continue }
            let postings = target.postings(from: old, wallet: quote.destination.wallet) { units in
                guard method == quote.method else { return nil }
                let worth = Int128(clamping: quote.worth(of: units.magnitude).minor)
                return units < 0 ? -worth : worth
            }
            entryCount += 1
            let count = (posted?.count ?? 0) + 1
            guard
                let entry = Entry(
                    id: ID(part: entryCount, of: id), kind: target.kind(from: old), method: method,
                    transfer: transfer.key, businessKey: "\(id)/\(transfer.key)/\(count)", at: time,
                    postings: postings, corrects: posted?.entry)
            else { throw .corruption("the books of \(transfer.key) do not balance") }
            self.posted[transfer.key] = Posted(holding: target, entry: entry.id, count: count)
            entries.append(entry)
        }
        return entries
    }

    /// What the books should say of one transfer.
    private func holding(of transfer: Transfer, amount: UInt128, _ assessment: Assessment) -> Holding {
        let isConfirmed = assessment.shares[transfer.key]?.isConfirmed ?? false
        let gross = isConfirmed ? amount : 0
        var places = isConfirmed ? split(transfer, gross, assessment) : [:]
        var holding = Holding()
        var returned: UInt128 = 0
        var lost: UInt128 = 0
        var pending: UInt128 = 0
        for refund in evidence.refunds where refund.stage != .dropped {
            for part in refund.parts where part.transfer == transfer.key {
                let held = places[part.from] ?? 0
                places[part.from] = held.minus(part.units)
                lost = lost.addingSaturating(part.units.minus(held))
                if refund.stage == .confirmed { returned = returned.addingSaturating(part.units) }
                if refund.stage == .approved { pending = pending.addingSaturating(part.units) }
            }
        }
        holding.payments = Int128(clamping: places[.payments] ?? 0)
        holding.excess = Int128(clamping: places[.excess] ?? 0)
        holding.unapplied = Int128(clamping: places[.unapplied] ?? 0)
        holding.refundsPending = Int128(clamping: pending)
        holding.reorgLoss = Int128(clamping: lost)
        let kept = Int128(clamping: gross) - Int128(clamping: returned)
        holding.withdrawn = isConfirmed && isSpent(transfer) ? max(kept, 0) : 0
        holding.wallet = kept - holding.withdrawn
        return holding
    }

    private func split(_ transfer: Transfer, _ gross: UInt128, _ assessment: Assessment) -> [Holding.Place: UInt128] {
        guard let share = assessment.shares[transfer.key] else { return [:] }
        let judge = Judge(terms: terms, evidence: evidence)
        if kept(transfer) { return [.excess: gross] }
        switch share.role {
        case .counted, .late:
            let isMet = judge.acceptsLate || assessment.confirmed >= judge.enough
            guard isMet, !judge.isRefused, share.role == .counted || judge.acceptsLate else { return [.unapplied: gross] }
            let excess = min(share.excess, gross)
            return [.payments: gross - excess, .excess: excess]
        case .duplicate: return terms.policy.duplicate == .keep ? [.excess: gross] : [.unapplied: gross]
        case .wrongNetwork, .wrongAsset:
            if accepted(transfer) { return [.payments: gross] }
            return terms.policy.wrongAsset == .keep ? [.excess: gross] : [.unapplied: gross]
        case .dust: return [.unapplied: gross]
        }
    }

    /// A ruling keeps this transfer as excess.
    private func kept(_ transfer: Transfer) -> Bool {
        evidence.rulings.contains { ruling in
            guard case .keep(let id) = ruling.verdict else { return false }
            return exception(id)?.subject.transfer == transfer.key && exception(id)?.kind != .overpaid
        }
    }

    /// A ruling accepts this transfer, although it is a mismatch.
    private func accepted(_ transfer: Transfer) -> Bool {
        evidence.rulings.contains { ruling in
            guard case .accept(let id?) = ruling.verdict else { return false }
            return exception(id)?.subject.transfer == transfer.key
        }
    }

    /// Its output is spent in a block that the chain holds.
    private func isSpent(_ transfer: Transfer) -> Bool {
        guard let spend = evidence.spends[transfer.key], case .mined = spend.claim.standing else { return false }
        return true
    }
}

extension Judge {
    /// Cancelled or rejected: nothing is applied any more.
    var isRefused: Bool {
        switch verdict {
        case .cancel, .reject: true
        case .accept, .acceptLate, .grantTopUp, .keep, .release, .dismiss, nil: false
        }
    }
}
