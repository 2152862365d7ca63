extension Judge {
    /// The exceptions that the evidence calls for. Only money that has arrived for good asks for a person.
    mutating func raiseQuestions(excess: (worth: Worth, transfer: Counted)?) {
        let policy = terms.policy
        // Once it has ended no part of it is the price: then all that came is in question.
        if let excess, result.state.isSettled, isTooMuch(excess.worth),
            policy.excess == .review || policy.holdsOverpaid
        {
            ask(.overpaid, excess.transfer.transfer, shares[excess.transfer.place]?.excess)
        }
        switch result.state {
        case .underpaid where isWindowClosed && hasConfirmedMoney:
            result.questions[Exception.Subject(.underpaid)] = Assessment.Question(
                amount: result.amounts?.remaining, method: evidence.currentQuote?.method)
        case .latePaid:
            result.questions[Exception.Subject(.late)] = Assessment.Question(
                amount: result.amounts?.received, method: evidence.currentQuote?.method)
        case .paid, .overpaid:
            if let limit = policy.reviewAboveMinor, terms.price.minor > limit, !isReleased {
                result.questions[Exception.Subject(.review)] = Assessment.Question()
            }
        case .created, .awaitingPayment, .detected, .confirming, .underpaid, .expired, .failed,
            .refunded: break
        }
        if isStale { result.questions[Exception.Subject(.sourceStale)] = Assessment.Question(isSevere: true) }
        if evidence.transfers.count >= Room.least, Room(evidence).isFull {
            result.questions[Exception.Subject(.tooManyTransfers)] = Assessment.Question(isSevere: true)
        }
        for (transfer, share) in zip(evidence.transfers, shares) {
            if let share, share.isConfirmed { ask(about: transfer, share) }
        }
    }

    /// Questions about a single confirmed transfer.
    private mutating func ask(about transfer: Transfer, _ share: Assessment.Share) {
        guard transfer.amount != 0 else { return }
        let amount = transfer.amount.map { $0.minus(evidence.returned(of: transfer.key)) }
        guard amount != 0 else { return }
        switch share.role {
        case .wrongNetwork where terms.policy.wrongAsset == .review: ask(.wrongNetwork, transfer, amount)
        case .wrongAsset where terms.policy.wrongAsset == .review: ask(.wrongAsset, transfer, amount)
        case .dust: result.questions[Exception.Subject(.dust)] = Assessment.Question()
        case .duplicate where terms.policy.duplicate == .review && result.state.isSettled:
            ask(.duplicate, transfer, amount)
        case .counted, .late, .duplicate, .wrongNetwork, .wrongAsset:
            if result.state == .failed || result.state == .refunded && !wasReturnedInFull(transfer) {
                ask(.afterEnd, transfer, amount)
            }
        }
    }

    /// Asks about one transfer, or about many at once: a transaction with hundreds of outputs costs its
    /// sender little, and each question is a person's work.
    private mutating func ask(_ kind: Exception.Kind, _ transfer: Transfer, _ amount: UInt128?) {
        let count = asked[kind, default: 0]
        if count < Payment.mostQuestions, !(kind == .duplicate && isTrifle(transfer, amount)) {
            asked[kind] = count + 1
            result.questions[Exception.Subject(kind, transfer: transfer.key)] = Assessment.Question(
                amount: amount, method: transfer.method)
            return
        }
        // Without an amount where there are several methods, whichever came first.
        var question = Assessment.Question(amount: amount ?? 0, method: transfer.method)
        if let known = result.questions[Exception.Subject(kind)] {
            if let sum = known.amount, known.method == transfer.method {
                let (total, overflow) = sum.addingReportingOverflow(amount ?? 0)
                question.amount = overflow ? .max : total
            } else {
                question = Assessment.Question()
            }
        }
        result.questions[Exception.Subject(kind)] = question
    }

    /// Worth less than the least that anybody can be owed.
    private func isTrifle(_ transfer: Transfer, _ amount: UInt128?) -> Bool {
        guard let quote = evidence.quote(transfer.quote), let amount else { return false }
        return quote.worth(of: amount) < Worth(minor: 1)
    }

    private var hasConfirmedMoney: Bool {
        shares.contains { $0.map { $0.isConfirmed && !$0.role.isMismatch } ?? false }
    }

    private func wasReturnedInFull(_ transfer: Transfer) -> Bool {
        evidence.refunds.contains { refund in
            refund.isFull && refund.stage == .confirmed
                && refund.parts.contains { $0.transfer == transfer.key }
        }
    }

    /// A source has been silent for longer than the policy bears: past the window, which only its word can
    /// close, or past its last word, while money that has come waits for the next one.
    private var isStale: Bool {
        guard isWaiting, evidence.now > lastSight.adding(seconds: terms.policy.staleSeconds)
        else { return false }
        return !isWindowClosed || !lastWords.isEmpty && !silent.isEmpty
    }

    /// The networks whose word is waited for and does not come.
    private var silent: [NetworkName: Instant] {
        lastWords.filter { evidence.now > endOfPatience(since: $0.value) }
    }

    /// Until when a network may be silent after its word of that moment.
    private func endOfPatience(since word: Instant) -> Instant {
        let policy = terms.policy
        return max(
            lastSight.adding(seconds: policy.staleSeconds),
            word.adding(seconds: max(policy.staleSeconds, Policy.leastSilenceSeconds)))
    }

    /// Notes when those networks spoke last that hold money without a result.
    mutating func hearLastWords(_ counted: [Counted]) {
        for item in counted where !item.isConfirmed {
            let network = item.transfer.key.network
            lastWords[network] = evidence.sources[network]?.scannedUntil ?? item.transfer.firstSeen
        }
    }

    /// The end of the window, or a network's word on what has come, is missing to a result.
    var isWaiting: Bool {
        switch result.state {
        case .created, .awaitingPayment, .detected, .confirming, .underpaid: true
        case .paid, .overpaid, .latePaid, .expired, .failed, .refunded: false
        }
    }

    /// When to look again: the clock's next boundary, and the heights at which confirmations are reached.
    mutating func schedule(_ counted: [Counted]) {
        if isWaiting {
            look(after: lastSight)
            look(after: lastSight.adding(seconds: terms.policy.staleSeconds))
            if evidence.now > lastSight, !isWindowClosed { awaitScans() }
            for word in lastWords.values { look(after: endOfPatience(since: word)) }
            if !lastWords.isEmpty { result.nextScans.merge(silent, uniquingKeysWith: max) }
        }
        if counted.contains(where: { $0.transfer.block == nil && $0.isTimely }) {
            for quote in evidence.quotes {
                look(after: quote.endsAt.adding(seconds: terms.policy.confirmBySeconds))
            }
        }
        for (transfer, share) in zip(evidence.transfers, shares) {
            guard let place = transfer.block, let share, !share.isConfirmed else { continue }
            let (mark, height) = next(for: transfer, at: place)
            result.nextHeights[mark] = min(result.nextHeights[mark] ?? .max, height)
        }
    }

    /// The clock alone may change something as soon as `moment` is over.
    private mutating func look(after moment: Instant) {
        let next = moment.adding(milliseconds: 1)
        if next > evidence.now { result.nextLook = min(result.nextLook ?? next, next) }
    }

    /// The clock has done its part: only the word of a network that was not yet seen past the end can close
    /// the window.
    private mutating func awaitScans() {
        for network in evidence.quotes.lazy.map({ $0.method.network }) {
            let isSeen = evidence.sources[network].map { $0.scannedUntil > lastSight } ?? false
            if !isSeen { result.nextScans[network] = lastSight }
        }
    }

    /// What its network has to reach for a transfer in a block to be confirmed. Where that is reached and it
    /// is not confirmed, its source is unhealthy: then all that is due is looked at when it is heard again.
    private func next(for transfer: Transfer, at place: BlockPlace) -> (Source.Mark, UInt64) {
        let network = transfer.key.network
        let requirement = requirement(for: transfer, value: max(price, result.received))
        var depth = transfer.maturity
        switch requirement {
        case .safe where (evidence.sources[network]?.safe ?? 0) < place.height:
            return (Source.Mark(network, .safe), place.height)
        case .finalized where (evidence.sources[network]?.finalized ?? 0) < place.height:
            return (Source.Mark(network, .finalized), place.height)
        case .count(let count): depth = max(depth, count)
        case .safe, .finalized, .settled, nil: break
        }
        let (height, overflow) = place.height.addingReportingOverflow(UInt64(max(depth, 1)) - 1)
        return (Source.Mark(network, .tip), overflow ? .max : height)
    }
}
