extension Payment {
    /// Quotes that one payment can have; each has a destination that is watched for ever.
    package static let mostQuotes = 20

    /// Questions of one kind that are about one transfer each; what is beyond is one question together.
    package static let mostQuestions = 10

    /// Rulings after which one that ends nothing is not taken: each is kept with the payment for ever.
    package static let mostRulings = 250

    /// Puts the news into the evidence, where the rules allow it now.
    mutating func fold(_ fact: Fact) throws(Objection) {
        switch fact.news {
        case .looked: break
        case .quoted(let quote): try fold(quote, fact)
        case .chosen(let quote): try choose(quote)
        case .sighted(let sightings, let spends):
            evidence.hear(sightings, of: id, above: fact.floor)
            for (key, spend) in spends { evidence.hear(spend, of: key) }
        case .refunded(let refund): try fold(refund)
        case .ruled(let verdict, let reason): try fold(verdict, reason: reason, fact)
        case .fulfilmentClaimed(let action): try claim(action, at: fact.at)
        case .fulfilmentReported(let action): try report(action, at: fact.at)
        }
    }

    private mutating func fold(_ quote: Quote, _ fact: Fact) throws(Objection) {
        if evidence.quotes.contains(where: { $0.id == quote.id }) { return }
        do throws(Refusal) { try checkQuote(in: quote.method, at: fact.at) } catch { throw .refusal(error) }
        guard !quote.isTopUp else {
            throw .refusal(Refusal(.notAllowedInState, "A top-up is granted by a ruling."))
        }
        guard quote.endsAt >= fact.at else {
            throw .refusal(Refusal(.quoteExpired, "This quote has ended."))
        }
        evidence.lock(quote, at: fact.at)
    }

    /// Shows a quote again that is still open.
    private mutating func choose(_ id: ID<Quote>) throws(Objection) {
        guard let quote = evidence.quote(id) else { throw .corruption("the chosen quote \(id) is none") }
        do throws(Refusal) {
            try checkOffer(of: quote.method)
            try checkTakesQuotes()
        } catch {
            throw .refusal(error)
        }
        guard quote.endsAt >= evidence.now else {
            throw .refusal(Refusal(.quoteExpired, "This quote has ended."))
        }
        evidence.chosen = quote == evidence.quotes.last ? nil : id
    }

    /// The quote in `method` that holds at `now`, the newest of several: who comes back to a method is given
    /// the same price and address as long as they hold.
    package func openQuote(in method: Method, at now: Instant) -> Quote? {
        evidence.quotes.last { $0.method == method && $0.endsAt >= max(now, evidence.now) }
    }

    /// Whether a new quote in `method` would be taken at `now`: asked before a destination is spent on it,
    /// and before one is offered. A quote that has ended can be had again until the terms end; beyond them
    /// only a person grants more time.
    package func checkQuote(in method: Method, at now: Instant) throws(Refusal) {
        try checkOffer(of: method)
        try checkCount()
        try checkTakesQuotes()
        guard now < terms.expiresAt else {
            throw Refusal(.quoteExpired, "The time to pay this order is over.")
        }
    }

    private func checkTakesQuotes() throws(Refusal) {
        switch state {
        case .created, .awaitingPayment, .expired, .underpaid, .detected: break
        case .confirming, .paid, .overpaid, .latePaid, .failed, .refunded:
            throw Refusal(.notAllowedInState, "A payment that is \(state.rawValue) takes no new quote.")
        }
        // Whoever has paid the whole, in time or not, is not asked for it again.
        guard state != .detected || assessment.missing > .zero else {
            throw Refusal(.notAllowedInState, "The whole amount is on its way: there is nothing left to pay.")
        }
    }

    private func checkCount() throws(Refusal) {
        guard evidence.quotes.count < Self.mostQuotes else {
            throw Refusal(.tooManyQuotes, "This payment has been quoted \(Self.mostQuotes) times.")
        }
    }

    /// Whether `method` can be chosen at `now`: its open quote again, or a new one.
    package func takesChoice(of method: Method, at now: Instant) -> Bool {
        do throws(Refusal) {
            if openQuote(in: method, at: now) == nil {
                try checkQuote(in: method, at: now)
            } else {
                try checkOffer(of: method)
                try checkTakesQuotes()
            }
            return true
        } catch {
            return false
        }
    }

    /// Whether the terms offer `method` at this price.
    private func checkOffer(of method: Method) throws(Refusal) {
        guard terms.methods.contains(method) else {
            throw Refusal(.methodNotOffered, "This payment cannot be made in \(method).")
        }
        guard terms.policy.limits.allSatisfy({ $0.method != method || $0.admits(terms.price) }) else {
            throw Refusal(.outsideLimits, "This amount cannot be paid in \(method).")
        }
    }

    private mutating func fold(
        _ verdict: Ruling.Verdict, reason: Commitment?, _ fact: Fact
    ) throws(Objection) {
        try check(verdict, at: fact.at)
        var basis: Ruling.Basis?
        switch verdict {
        case .accept, .acceptLate:
            var judge = Judge(terms: terms, evidence: evidence)
            let subject = verdict.exception.flatMap(exception)?.subject
            basis = judge.basis(for: subject?.transfer)
        case .cancel, .reject, .grantTopUp, .keep, .release, .dismiss: break
        }
        evidence.rulings.append(
            Ruling(
                number: evidence.rulings.count + 1, verdict: verdict, actor: fact.actor, reason: reason,
                at: fact.at, known: evidence.transfers.count, basis: basis))
        if case .grantTopUp(_, let quote) = verdict { evidence.lock(quote, at: fact.at) }
    }

    /// Whether a top-up in `method` would be granted now: asked before a destination is spent on it.
    package func checkTopUp(in method: Method) throws(Refusal) {
        guard state == .underpaid else {
            throw Refusal(.notAllowedInState, "Only an underpaid payment can be topped up.")
        }
        try checkOffer(of: method)
        try checkCount()
    }

    private func isGrantable(_ quote: Quote, at now: Instant) throws(Objection) -> Bool {
        do throws(Refusal) { try checkTopUp(in: quote.method) } catch { throw .refusal(error) }
        return quote.isTopUp && quote.endsAt >= now && evidence.quote(quote.id) == nil
    }

    /// A refund that is new, taken up again or changed may only promise what is there; steps of a known one
    /// are heard.
    private mutating func fold(_ refund: RefundClaim) throws(Objection) {
        let known = evidence.refund(refund.id)
        if let known, known.step >= refund.step { return }
        let isNew = known?.parts != refund.parts || known?.stage == .dropped
        if isNew, refund.stage != .dropped { try check(refund) }
        evidence.hear(refund)
    }

    private func check(_ refund: RefundClaim) throws(Objection) {
        var free: [Transfer.Key: UInt128] = [:]
        for transfer in evidence.transfers where transfer.confirmedIn != nil {
            let promised = evidence.returned(of: transfer.key) { other, _ in other.id != refund.id }
            free[transfer.key] = (transfer.amount ?? 0).minus(promised)
        }
        for part in refund.parts {
            guard part.units > 0, part.units <= free[part.transfer] ?? 0 else {
                throw .refusal(Refusal(.outsideLimits, "A refund cannot be more than what is held."))
            }
            free[part.transfer] = (free[part.transfer] ?? 0) - part.units
        }
        if refund.parts.isEmpty { throw .refusal(Refusal(.invalidAmount, "A refund gives something back.")) }
    }

    /// Whether the rules allow `verdict` now.
    private func check(_ verdict: Ruling.Verdict, at now: Instant) throws(Objection) {
        if let id = verdict.exception {
            guard let exception = exception(id), exception.isOpen else {
                throw .refusal(Refusal(.exceptionNotOpen, "This exception is not open."))
            }
            guard exception.actions.contains(verdict.action) else {
                let kind = exception.kind.rawValue
                throw .refusal(Refusal(.actionNotSuggested,
                    "\(verdict.action.rawValue) does not settle \(kind)."))
            }
        }
        let isAllowed =
            switch verdict {
            case .cancel: assessment.received == .zero && state.canBeCancelled
            case .accept, .reject: allows(verdict.action)
            case .acceptLate(_, let method, let source):
                state == .latePaid && acceptsLate(in: method, at: source)
            case .grantTopUp(_, let quote): try isGrantable(quote, at: now)
            case .keep, .release, .dismiss: true
            }
        switch verdict {
        case .cancel, .accept, .reject, .acceptLate: break
        case .grantTopUp, .keep, .release, .dismiss:
            guard evidence.rulings.count < Self.mostRulings else {
                throw .refusal(Refusal(.notAllowedInState,
                    "This payment has been ruled on \(Self.mostRulings) times: accept or reject it."))
            }
        }
        guard isAllowed else {
            throw .refusal(Refusal(.notAllowedInState,
                "This is not possible while the payment is \(state.rawValue)."))
        }
    }

    /// Granted once, only while fulfillable; the same action gets the same answer.
    private mutating func claim(_ action: String, at time: Instant) throws(Objection) {
        if let fulfilment {
            if fulfilment.action == action, fulfilment.claimedAt != nil { return }
            throw .refusal(Refusal(.fulfilmentClaimed, "Another action has already claimed the fulfilment."))
        }
        guard assessment.isFulfillable, state.isSettled else {
            throw .refusal(Refusal(.notFulfillable, "This payment must not be fulfilled now."))
        }
        fulfilment = Fulfilment(action: action, claimedAt: time, reportedAt: nil)
    }

    /// A report is the truth even without a claim: recorded, with an exception.
    private mutating func report(_ action: String, at time: Instant) throws(Objection) {
        guard let fulfilment else {
            self.fulfilment = Fulfilment(action: action, claimedAt: nil, reportedAt: time)
            return
        }
        guard fulfilment.action == action else {
            throw .refusal(Refusal(.fulfilmentClaimed, "Another action has already claimed the fulfilment."))
        }
        if fulfilment.reportedAt != nil { return }
        self.fulfilment = Fulfilment(action: action, claimedAt: fulfilment.claimedAt, reportedAt: time)
    }
}

extension Payment {
    /// What a person may do now about one of its exceptions; the safest first.
    package func actions(on exception: Exception) -> [Exception.Action] {
        guard exception.isOpen else { return [] }
        return exception.actions.filter(allows)
    }

    private func allows(_ action: Exception.Action) -> Bool {
        switch action {
        case .accept: !state.isSettled && !state.isEnded
        case .reject: !state.isEnded && !(state.isSettled && fulfilment != nil)
        case .grantTopUp: state == .underpaid
        case .keep, .release, .dismiss: true
        }
    }
}

extension Ruling.Verdict {
    /// The action that a person chose.
    package var action: Exception.Action {
        switch self {
        case .cancel, .reject: .reject
        case .accept, .acceptLate: .accept
        case .grantTopUp: .grantTopUp
        case .keep: .keep
        case .release: .release
        case .dismiss: .dismiss
        }
    }
}

extension State {
    /// The merchant may call it off, as long as nothing is live.
    var canBeCancelled: Bool {
        switch self {
        case .created, .awaitingPayment, .expired: true
        case .detected, .confirming, .paid, .overpaid, .underpaid, .latePaid, .failed, .refunded: false
        }
    }

    /// No evidence leads out of it, but for a refund.
    package var isEnded: Bool {
        switch self {
        case .failed, .refunded: true
        case .created, .awaitingPayment, .detected, .confirming, .paid, .overpaid, .underpaid, .latePaid,
            .expired: false
        }
    }
}
