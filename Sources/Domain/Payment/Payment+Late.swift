extension Payment {
    /// The ruling by which the frozen policy itself accepts a late payment at `source`'s rate, to be told
    /// with the actor `policy`; nil when a person has to decide.
    package func lateVerdict(at source: RateSource) -> Ruling.Verdict? {
        guard let exception = openExceptions.first(where: { $0.kind == .late }), acceptsLate(at: source)
        else { return nil }
        return .acceptLate(exception.id, source)
    }

    /// Whether all that came too late came soon enough, and at a rate that did not fall too far since it was
    /// quoted. One rate speaks for one method: what came late in several is for a person.
    func acceptsLate(at source: RateSource) -> Bool {
        let policy = terms.policy
        let judge = Judge(terms: terms, evidence: evidence)
        let shares = assessment.shares
        let late = evidence.transfers.filter { shares[$0.key]?.role == .late }
        guard policy.late.withinSeconds > 0, !late.isEmpty, Set(late.map(\.method)).count == 1
        else { return false }
        return late.allSatisfy { transfer in
            guard let quote = evidence.quote(transfer.quote), let block = transfer.block else { return false }
            let end = quote.endsAt.adding(seconds: policy.late.withinSeconds)
            return judge.firstSight(of: transfer) <= end.adding(seconds: policy.graceSeconds)
                && block.medianTime <= end.adding(seconds: policy.confirmBySeconds)
                && source.rate.isWithin(policy.late.driftBasisPoints, below: quote.rate)
        }
    }
}

extension Rate {
    /// Whether this is at least `old` less so many hundredths of a percent. Exact.
    func isWithin(_ basisPoints: UInt32, below old: Rate) -> Bool {
        let kept = UInt128(10_000 - min(basisPoints, 10_000))
        let now = mantissa.multipliedFullWidth(by: 10_000 * .power10(old.scale))
        let least = old.mantissa.multipliedFullWidth(by: kept * .power10(scale))
        return (now.high, now.low) >= (least.high, least.low)
    }
}
