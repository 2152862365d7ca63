import Chains
import Domain
import Engine
import Platform
import Storage

extension Simulation {
    /// After each act: the oracle hears what the gateway has heard, and what it has touched is compared.
    func hearken() async throws {
        let changed = touched.withLock { ids in
            defer { ids = [] }
            return ids
        }
        var payments = Set(changed.compactMap { orderOfPayment[$0] })
        let wasRestarted = restarts != tally["restarts"]
        restarts = tally["restarts"]
        if wasRestarted { payments.formUnion(orders.indices) }
        // What was taken in by a process that died before anybody could ask.
        for network in lookedAt.sorted() { try await attend(network) }
        payments.formUnion(shaken)
        shaken = []
        lookedAt = []
        // What a process that died had not said yet is not there: only what moved is asked about.
        try await compare(payments.sorted(), isStrict: !wasRestarted)
    }

    /// All payments, after everything that is due was done.
    func compareAll() async throws {
        note("compare all")
        try await tick()
        for index in networks.indices {
            inform(index)
            try await look(index)
        }
        try await tick()
        try await hearken()
        try await compare(Array(orders.indices), isStrict: true)
        let aside = try await machine.gateway.quarantinedCount()
        try require(aside == 0, "\(aside) payments are set aside")
        try await compareBalances()
        count("comparisons of all")
    }

    /// - Parameter isStrict: also what did not change since the last time.
    private func compare(_ indices: [Int], isStrict: Bool) async throws {
        guard !indices.isEmpty else { return }
        let ids = indices.map { orders[$0].payment }
        let stored = try await machine.store.read { tx in
            try ids.map { (payment: try tx.payment($0), entries: try tx.entries(of: $0)) }
        }
        for (index, stored) in zip(indices, stored) {
            guard let payment = stored.payment else { throw Failure(problem: "payment \(index) is lost") }
            if !isStrict, compared[index] == payment { continue }
            try learnOffers(index, payment)
            try learnDecisions(index, payment)
            try compare(index, payment, stored.entries)
            compared[index] = payment
            trace.add("\(index) \(payment.state.rawValue) \(payment.version)")
        }
    }

    private func compare(_ index: Int, _ payment: Payment, _ entries: [Entry]) throws {
        let verdicts = oracle.verdicts(of: index, now: clock.now)
        count("compared")
        if verdicts.count > 1 { count("compared with two answers") }
        let differences = verdicts.map { difference(of: payment, entries, from: $0, oracle.cases[index]) }
        guard let right = differences.firstIndex(of: nil) else {
            for known in oracle.cases[index].known {
                note("\(known.key) seen \(known.sight) in look \(known.look): \(oracle.standing(known))")
            }
            throw Failure(
                problem: "payment \(index) (\(payment.id)): "
                    + differences.compactMap { $0 }.joined(separator: "; or "))
        }
        for place in oracle.cases[index].known.indices {
            let key = oracle.cases[index].known[place].key
            oracle.cases[index].known[place].confirmedIn = verdicts[right].confirmedIn[key]
        }
        count("seen \(payment.state.rawValue)")
    }

    /// What the gateway says otherwise than the oracle; nil when they agree.
    private func difference(
        of payment: Payment, _ entries: [Entry], from verdict: Oracle.Verdict, _ one: Oracle.Case
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
            if !isSame(transfer.claim.standing, oracle.standing(known)) {
                return "\(known.key) is \(transfer.claim.standing), and should be \(oracle.standing(known))"
            }
        }
        if payment.state != verdict.state { return "it is \(payment.state), and should be \(verdict.state)" }
        let assessment = payment.assessment
        let shares = assessment.shares.mapValues { Oracle.Share(role: $0.role, isConfirmed: $0.isConfirmed) }
        for (key, share) in verdict.shares where shares[key] != share {
            // That what still waits is late now changes nothing, so it may be said later.
            let isWaiting = !share.isConfirmed && transfers.contains { $0.key == key && $0.block == nil }
            let isSame = isWaiting && shares[key]?.isConfirmed == false
            if !isSame { return "its shares are \(shares), and should be \(verdict.shares)" }
        }
        if shares.count != verdict.shares.count { return "its shares are \(shares)" }
        let books = books(entries)
        if books != verdict.books { return "its books are \(books), and should be \(verdict.books)" }
        if assessment.isFulfillable, !payment.state.isSettled {
            return "it may be fulfilled as \(payment.state)"
        }
        return nil
    }

    private func isSame(_ said: Transfer.Standing, _ there: Oracle.Standing) -> Bool {
        switch (said, there) {
        case (.pooled, .pooled), (.gone, .gone): true
        case (.mined(let said), .mined(let there)):
            said.height == there.height && said.block.text == there.block.displayText
                && Int(said.index) == there.index && said.medianTime.milliseconds == there.median
        case (.pooled, _), (.gone, _), (.mined, _): false
        }
    }

    /// What the entries of a payment come to, added up anew.
    private func books(_ entries: [Entry]) -> [Oracle.Account: Int128] {
        var books: [Oracle.Account: Int128] = [:]
        for entry in entries {
            guard let network = networks.firstIndex(where: { $0.method == entry.method }) else { continue }
            for posting in entry.postings {
                guard let account = account(posting.account, on: network) else { continue }
                books[account, default: 0] += posting.amount
            }
        }
        return books.filter { $0.value != 0 }
    }

    /// Nil for accounts that nothing in a simulation may move.
    private func account(_ account: Domain.Account, on network: Int) -> Oracle.Account? {
        switch account {
        case .wallet: .wallet(network)
        case .withdrawn: .withdrawn(network)
        case .payments: .payments(network)
        case .excess: .excess(network)
        case .unapplied: .unapplied(network)
        case .feesNetwork, .reorgLoss, .escrow, .refundsPending, .settled, .feesService, .rounding: nil
        }
    }

    /// The balances that the store keeps, against the sum of what the oracle has of each payment.
    private func compareBalances() async throws {
        var expected: [Oracle.Account: Int128] = [:]
        for index in orders.indices {
            // Which of two answers is right is known by now: they were compared.
            guard let verdict = oracle.verdicts(of: index, now: clock.now).first else { continue }
            for (account, amount) in verdict.books { expected[account, default: 0] += amount }
        }
        var held: [Oracle.Account: Int128] = [:]
        var sums: [Int: Int128] = [:]
        for balance in try await machine.gateway.balances(of: caller) {
            guard let network = networks.firstIndex(where: { $0.method == balance.method }) else { continue }
            sums[network, default: 0] += balance.amount
            if let account = account(balance.account, on: network) {
                held[account, default: 0] += balance.amount
            } else {
                try require(balance.amount == 0, "\(balance.account) holds \(balance.amount)")
            }
        }
        try require(
            held.filter { $0.value != 0 } == expected.filter { $0.value != 0 },
            "the accounts hold \(held), and should \(expected)")
        try require(sums.values.allSatisfy { $0 == 0 }, "the books of a method do not sum to zero")
    }

    /// What people and the policy decided since the last time. It is what happened; whether it was allowed is
    /// looked at as far as that can be said from outside.
    private func learnDecisions(_ index: Int, _ payment: Payment) throws {
        let known = oracle.cases[index].decided.count
        for ruling in payment.evidence.rulings.dropFirst(known) {
            let exception = ruling.verdict.exception.flatMap(payment.exception)
            var transfer: Transfer.Key?
            let kind: Oracle.Decided.Kind
            var offer: Int?
            switch ruling.verdict {
            case .cancel: kind = .cancel
            case .accept:
                kind = .accept
                transfer = exception?.subject.transfer
            case .acceptLate:
                try require(
                    ruling.actor == .policy && oracle.cases[index].agreement.lateSeconds > 0,
                    "payment \(index): the policy accepts nothing late")
                kind = .accept
                count("accepted by the policy")
            case .reject: kind = .reject
            case .grantTopUp(_, let quote):
                kind = .topUp
                offer = oracle.cases[index].offers.firstIndex { $0.quote == quote.id.text }
            case .keep: kind = .keep(exception?.subject.transfer, exception?.kind ?? .dust)
            case .release, .dismiss: kind = .other
            }
            oracle.cases[index].decided.append(
                Oracle.Decided(
                    kind: kind, transfer: transfer, at: ruling.at.milliseconds, known: ruling.known,
                    offer: offer))
        }
    }
}
