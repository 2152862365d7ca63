extension Payment {
    /// Opens a payment: the first transition, to `created`. What the customer is to pay follows with a quote.
    package static func open(_ id: ID<Payment>, _ terms: Terms, actor: Actor) -> Decision {
        var payment = Payment(id: id, terms: terms, evidence: Evidence(now: terms.openedAt))
        payment.version = 1
        payment.eventCount = 1
        let transition = Transition(
            version: 1, from: nil, to: .created, kind: .opened, epoch: 0, at: terms.openedAt, actor: actor)
        let event = Announcement(
            id: ID(part: 1, of: id), sequence: 1, type: "payment.created", exception: nil)
        return Decision(
            payment: payment, assessment: payment.assessment, fact: nil, transition: transition, entries: [],
            events: [event], exceptions: [], isSilent: false)
    }

    /// Folds in one fact, assesses, and lists everything that follows. The same fact again follows with
    /// nothing.
    ///
    /// Throws `Objection.refusal` for a ruling, claim or quote that the rules do not allow now, and
    /// `Objection.corruption` when the payment contradicts itself.
    package func reduce(_ fact: Fact) throws(Objection) -> Decision {
        var next = self
        next.evidence.now = max(evidence.now, fact.at)
        next.evidence.hear(fact.sources, at: fact.at)
        try next.fold(fact)
        var assessment = next.assessment
        let lost = next.keepConfirmations(assessment)
        let entries = try next.book(assessment, fact)
        let transition = try next.announce(assessment, fact, since: self, lost: lost)
        let isShaken = assessment.lost > .zero && assessment.lost > self.assessment.lost
        let changed = next.settleExceptions(
            assessment, fact, reversal: transition?.reversal, isShaken: isShaken)
        if assessment.isByRuling { assessment = next.assessment }
        var events: [Announcement] = []
        if let transition { events.append(next.event(transition.eventType, nil, fact)) }
        for exception in changed where exception != self.exception(exception.id) {
            let wasOpen = self.exception(exception.id)?.isOpen ?? false
            if exception.isOpen == wasOpen { continue }
            let type = exception.isOpen ? "exception.opened" : "exception.resolved"
            events.append(next.event(type, exception.id, fact))
        }
        return Decision(
            payment: next, assessment: assessment, fact: fact, transition: transition, entries: entries,
            events: events, exceptions: changed, isSilent: next.differsOnlyInClock(from: self))
    }

    private mutating func event(
        _ type: String, _ exception: ID<Exception>?, _ fact: Fact
    ) -> Announcement {
        eventCount = max(eventCount, fact.floor) + 1
        return Announcement(
            id: ID(part: eventCount, of: id), sequence: eventCount, type: type, exception: exception)
    }

    private func differsOnlyInClock(from old: Payment) -> Bool {
        var aligned = self
        aligned.evidence.now = old.evidence.now
        aligned.evidence.sources = old.evidence.sources
        return aligned == old
    }

    /// Marks what met the policy in its block, and gives what met it before and does so no more.
    private mutating func keepConfirmations(_ assessment: Assessment) -> Set<Transfer.Key> {
        var lost: Set<Transfer.Key> = []
        for index in evidence.transfers.indices {
            let transfer = evidence.transfers[index]
            let isConfirmed = assessment.shares[transfer.key]?.isConfirmed ?? false
            let inPool = transfer.confirmedIn == .pool || transfer.block == nil
            let block = inPool ? .pool : transfer.block?.block
            if transfer.confirmedIn != nil, !isConfirmed { lost.insert(transfer.key) }
            let confirmedIn = isConfirmed ? block : nil
            // What stays as it is is not written: that would copy all of them.
            if transfer.confirmedIn != confirmedIn { evidence.transfers[index].confirmedIn = confirmedIn }
        }
        return lost
    }

    /// Announces the assessed state where it is another one.
    private mutating func announce(
        _ assessment: Assessment, _ fact: Fact, since before: Payment, lost: Set<Transfer.Key>
    ) throws(Objection) -> Transition? {
        let old = state
        let new = assessment.state
        guard new != old else { return nil }
        guard old.successors.contains(new) else {
            throw .corruption("\(old.rawValue) cannot become \(new.rawValue)")
        }
        let kind: Transition.Kind =
            if !old.isSettled || new == .refunded {
                .moved
            } else if new.isSettled {
                .updated
            } else {
                .reversed
            }
        if new.isSettled, !old.isSettled { epoch += 1 }
        state = new
        version = max(version, fact.floor) + 1
        return Transition(
            version: version, from: old, to: new, kind: kind, epoch: epoch, at: fact.at, actor: fact.actor,
            waived: assessment.waived,
            reversal: kind == .reversed ? reversal(since: before, lost: lost, assessment) : nil)
    }

    /// Opens what the evidence asks, resolves what it asks no more or a ruling settled. Gives what changed.
    private mutating func settleExceptions(
        _ assessment: Assessment, _ fact: Fact, reversal: Reversal?, isShaken: Bool
    ) -> [Exception] {
        var questions = assessment.questions
        if let reversal {
            questions[Exception.Subject(.reversed)] = question(about: reversal)
        }
        // What a ruling has just settled is not asked again for the same money.
        let isOpen = exceptions.contains {
            $0.isOpen && $0.kind == .evidenceLost && ruling(on: $0.id) == nil
        }
        if assessment.state == .paid, isShaken || isOpen && assessment.lost > .zero {
            let quote = evidence.currentQuote
            questions[Exception.Subject(.evidenceLost)] = Assessment.Question(
                amount: quote.map {
                    assessment.lost.unitsCovering(where: $0.amountDue, pays: $0.covers)
                },
                method: quote?.method, isSevere: true)
        }
        if let fulfilment, fulfilment.claimedAt == nil {
            questions[Exception.Subject(.unclaimedFulfilment)] = Assessment.Question(isSevere: true)
        }
        if questions.isEmpty, exceptions.isEmpty { return [] }
        let before = exceptions
        for index in exceptions.indices { close(index, questions: questions, assessment, fact) }
        for (subject, question) in questions.sorted(by: { $0.key.precedes($1.key) }) {
            ask(subject, question, fact)
        }
        let changed = exceptions.enumerated().filter {
            $0.offset >= before.count || before[$0.offset] != $0.element
        }
        forgetExceptions(since: before.count)
        return changed.map(\.element)
    }

    /// Leaves out what no rule looks at any more: what the evidence settled, and whose subject is asked about
    /// anew from `start` on. So a story that goes round in circles does not grow a payment.
    private mutating func forgetExceptions(since start: Int) {
        guard exceptions.count > start else { return }
        let asked = Set(exceptions[start...].map(\.subject))
        let kept = exceptions[..<start].filter { exception in
            guard case .evidence = exception.resolution else { return true }
            return !asked.contains(exception.subject)
        }
        exceptions = kept + exceptions[start...]
    }

    private mutating func close(
        _ index: Int, questions: [Exception.Subject: Assessment.Question], _ assessment: Assessment,
        _ fact: Fact
    ) {
        guard exceptions[index].isOpen else { return }
        if let ruling = ruling(on: exceptions[index].id) {
            exceptions[index].resolution = .ruling(ruling.number)
        } else if exceptions[index].kind.endsWithEvidence, questions[exceptions[index].subject] == nil {
            exceptions[index].resolution = .evidence(at: fact.at)
        } else if exceptions[index].kind == .evidenceLost, assessment.lost == .zero {
            exceptions[index].resolution = .evidence(at: fact.at)
        }
    }

    private func ruling(on exception: ID<Exception>) -> Ruling? {
        evidence.rulings.last { $0.verdict.exception == exception }
    }

    private mutating func ask(
        _ subject: Exception.Subject, _ question: Assessment.Question, _ fact: Fact
    ) {
        if let index = exceptions.lastIndex(where: { $0.subject == subject }) {
            var known = exceptions[index]
            if known.isOpen {
                known.amount = question.amount
                known.method = question.method
                known.isSevere = question.isSevere || known.isSevere
                // What stays as it is is not written: that would copy all of them.
                if known != exceptions[index] { exceptions[index] = known }
                return
            }
            if isSettled(known, for: question) { return }
        }
        exceptionCount = max(exceptionCount, fact.floor) + 1
        exceptions.append(
            Exception(
                id: ID(part: exceptionCount, of: id), subject: subject,
                openedAt: fact.at, amount: question.amount, method: question.method,
                isSevere: question.isSevere, resolution: nil))
    }

    /// Whether a ruling has answered `question` as it stands now: not when there is more money in it, when
    /// the top-up that it granted came to nothing, or when evidence fell away once more.
    private func isSettled(_ exception: Exception, for question: Assessment.Question) -> Bool {
        guard case .ruling(let number) = exception.resolution else { return false }
        if exception.kind == .evidenceLost || exception.kind == .reversed { return false }
        if case .grantTopUp = evidence.rulings.first(where: { $0.number == number })?.verdict { return false }
        guard let now = question.amount, let then = exception.amount else { return true }
        return now <= then
    }
}

extension Exception.Kind {
    /// Gone when the evidence no longer asks; the others stay until a person has seen them.
    var endsWithEvidence: Bool {
        switch self {
        case .underpaid, .overpaid, .late, .duplicate, .wrongNetwork, .wrongAsset, .dust, .afterEnd, .review,
            .sourceStale:
            true
        case .reversed, .evidenceLost, .unclaimedFulfilment, .tooManyTransfers: false
        }
    }
}

extension Exception.Subject {
    /// A fixed order, so that numbering does not depend on hashing.
    func precedes(_ other: Self) -> Bool {
        if kind != other.kind { return kind.rawValue < other.kind.rawValue }
        if let mine = transfer, let other = other.transfer, mine.network == other.network {
            return mine.place < other.place
        }
        return transfer?.description ?? "" < other.transfer?.description ?? ""
    }
}

extension Transition {
    /// The event that tells it.
    package var eventType: String {
        switch kind {
        case .updated: "payment.updated"
        case .reversed: "payment.reversed"
        case .opened, .moved: "payment.\(to.rawValue)"
        }
    }
}
