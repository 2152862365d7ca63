import Chains
import Domain

/// What the gateway says, beside what it should say.
extension Oracle {
    /// How a payment compares with what must be so.
    struct Comparison: Sendable {
        /// How many answers would have been right.
        let answers: Int
        /// What is said otherwise than by any of them; nil when one of them is given.
        let problem: String?
    }

    /// Compares one payment whose entries come to `books`, and remembers where its money was confirmed
    /// and what is booked of it.
    mutating func compare(
        _ index: Int, _ payment: Payment, books: [Account: Int128], now: Int64
    ) -> Comparison {
        let verdicts = verdicts(of: index, now: now)
        let differences = verdicts.map { difference(of: payment, books, from: $0, cases[index]) }
        guard let right = differences.firstIndex(of: nil) else {
            let problem = differences.compactMap { $0 }.joined(separator: "; or ")
            return Comparison(answers: verdicts.count, problem: problem)
        }
        cases[index].books = verdicts[right].books
        for place in cases[index].known.indices {
            let key = cases[index].known[place].key
            cases[index].known[place].confirmedIn = verdicts[right].confirmedIn[key]
        }
        return Comparison(answers: verdicts.count, problem: nil)
    }

    /// What the gateway says otherwise than the oracle; nil when they agree.
    private func difference(
        of payment: Payment, _ books: [Account: Int128], from verdict: Verdict, _ one: Case
    ) -> String? {
        let transfers = payment.evidence.transfers
        if transfers.map(\.key) != one.known.map(\.key) {
            return "it knows \(transfers.map(\.key)) and was shown \(one.known.map(\.key))"
        }
        for (transfer, known) in zip(transfers, one.known) {
            if transfer.amount != known.units {
                return "\(known.key) is \(transfer.amountText), not \(known.units)"
            }
            if transfer.firstSeen.milliseconds != known.sight {
                return "\(known.key) was first seen at \(known.sight), not \(transfer.firstSeen.milliseconds)"
            }
            if !isSame(transfer.claim.standing, standing(known)) {
                return "\(known.key) is \(transfer.claim.standing), and should be \(standing(known))"
            }
        }
        if payment.state != verdict.state { return "it is \(payment.state), and should be \(verdict.state)" }
        let assessment = payment.assessment
        let shares = assessment.shares.mapValues { Share(role: $0.role, isConfirmed: $0.isConfirmed) }
        for (key, share) in verdict.shares where shares[key] != share {
            // That what still waits is late now changes nothing, so it may be said later.
            let isWaiting = !share.isConfirmed && transfers.contains { $0.key == key && $0.block == nil }
            let isSame = isWaiting && shares[key]?.isConfirmed == false
            if !isSame { return "its shares are \(shares), and should be \(verdict.shares)" }
        }
        if shares.count != verdict.shares.count { return "its shares are \(shares)" }
        if books != verdict.books { return "its books are \(books), and should be \(verdict.books)" }
        if assessment.isFulfillable, !payment.state.isSettled {
            return "it may be fulfilled as \(payment.state)"
        }
        return nil
    }

    private func isSame(_ said: Transfer.Standing, _ there: Standing) -> Bool {
        switch (said, there) {
        case (.pooled, .pooled), (.gone, .gone): true
        case (.mined(let said), .mined(let there)):
            said.height == there.height && said.block.text == there.block.displayText
                && Int(said.index) == there.index && said.medianTime.milliseconds == there.median
        case (.pooled, _), (.gone, _), (.mined, _): false
        }
    }

    /// What the entries of a payment come to, added up anew.
    func books(_ entries: [Entry]) -> [Account: Int128] {
        var books: [Account: Int128] = [:]
        for entry in entries {
            guard let network = networks.firstIndex(of: entry.method.network) else { continue }
            Self.add(entry, on: network, to: &books)
        }
        return books.filter { $0.value != 0 }
    }

    /// Adds what an entry of a network moves.
    static func add(_ entry: Entry, on network: Int, to books: inout [Account: Int128]) {
        for posting in entry.postings {
            guard let account = account(posting.account, on: network) else { continue }
            books[account, default: 0] += posting.amount
        }
    }

    /// Nil for accounts that nothing in a simulation may move.
    static func account(_ account: Domain.Account, on network: Int) -> Account? {
        switch account {
        case .wallet: .wallet(network)
        case .withdrawn: .withdrawn(network)
        case .payments: .payments(network)
        case .excess: .excess(network)
        case .unapplied: .unapplied(network)
        case .feesNetwork, .reorgLoss, .escrow, .refundsPending, .settled, .feesService, .rounding: nil
        }
    }

    /// What people and the policy decided since the last time. It is what happened; whether it was allowed is
    /// looked at as far as that can be said from outside.
    ///
    /// Gives how much of it the policy accepted.
    mutating func learnDecisions(_ index: Int, _ payment: Payment) throws -> Int {
        var accepted = 0
        let known = cases[index].decided.count
        for ruling in payment.evidence.rulings.dropFirst(known) {
            let exception = ruling.verdict.exception.flatMap(payment.exception)
            var transfer: Transfer.Key?
            let kind: Decided.Kind
            var offer: Int?
            switch ruling.verdict {
            case .cancel: kind = .cancel
            case .accept:
                kind = .accept
                transfer = exception?.subject.transfer
            case .acceptLate:
                guard ruling.actor == .policy, cases[index].agreement.lateSeconds > 0 else {
                    throw Simulation.Failure(problem: "payment \(index): the policy accepts nothing late")
                }
                kind = .accept
                accepted += 1
            case .reject: kind = .reject
            case .grantTopUp(_, let quote):
                kind = .topUp
                offer = cases[index].offers.firstIndex { $0.quote == quote.id.text }
            case .keep: kind = .keep(exception?.subject.transfer, exception?.kind ?? .dust)
            case .release, .dismiss: kind = .other
            }
            cases[index].decided.append(
                Decided(
                    kind: kind, transfer: transfer, at: ruling.at.milliseconds, known: ruling.known,
                    offer: offer))
        }
        return accepted
    }
}
