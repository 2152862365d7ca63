extension Payment {
    /// Enough is on its way, but only with what came too late: once it is confirmed, it is for people to
    /// decide.
    package var isComingLate: Bool {
        switch state {
        case .detected, .confirming:
            let assessment = assessment
            return assessment.missing == .zero && assessment.live < terms.enough
        case .created, .awaitingPayment, .paid, .overpaid, .underpaid, .latePaid, .expired, .failed,
            .refunded:
            return false
        }
    }

    /// The one method in which all confirmed money came that came too late; nil where none did, or in
    /// several: one rate speaks for one method.
    package var lateMethod: Method? {
        let methods = Set(lateTransfers.map(\.method))
        return methods.count == 1 ? methods.first ?? nil : nil
    }

    private var lateTransfers: [Transfer] {
        let shares = assessment.shares
        return evidence.transfers.filter { transfer in
            shares[transfer.key].map { $0.role == .late && $0.isConfirmed } ?? false
        }
    }

    /// The ruling by which the frozen policy itself accepts a payment that came late in `method` at
    /// `source`'s rate, to be told with the actor `policy`; nil when a person has to decide.
    package func lateVerdict(of method: Method, at source: RateSource) -> Ruling.Verdict? {
        guard let exception = openExceptions.first(where: { $0.kind == .late }),
            acceptsLate(in: method, at: source)
        else { return nil }
        return .acceptLate(exception.id, method, source)
    }

    /// Whether all that came too late came in `method`, soon enough, and at a rate that did not fall too far
    /// since it was quoted.
    func acceptsLate(in method: Method, at source: RateSource) -> Bool {
        let policy = terms.policy
        guard policy.late.withinSeconds > 0, lateMethod == method else { return false }
        let judge = Judge(terms: terms, evidence: evidence)
        return lateTransfers.allSatisfy { transfer in
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
