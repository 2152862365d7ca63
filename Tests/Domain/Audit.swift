import Domain
import Testing

/// What must hold after every fact, kept apart from the code that it checks: sums of the entries themselves.
struct Audit {
    private var balances: [Transfer.Key: [Account: Int128]] = [:]
    private var references: [Transfer.Key: [Account: Int128]] = [:]
    private var businessKeys: Set<String> = []
    private var newest: [Transfer.Key: ID<Entry>] = [:]
    private var paid = 0
    private var reversed = 0
    private var events = 1
    private var version = 1
    private var state = State.created
    private var open: Set<ID<Exception>> = []

    init(_ opening: Decision) {}

    mutating func check(_ decision: Decision, after old: Payment) throws {
        checkEntries(decision)
        checkBooks(decision)
        checkPrice(decision)
        checkAnnouncements(decision, after: old)
        checkThatNothingIsStuck(decision)
        #expect(decision.assessment == decision.payment.assessment)
        guard let fact = decision.fact else { return }
        if case .ruled = fact.news { return }
        let again = try decision.payment.reduce(fact)
        #expect(again.isSilent && again.transition == nil && again.entries.isEmpty && again.events.isEmpty)
        #expect(again.exceptions.isEmpty && again.payment == decision.payment)
    }

    private mutating func checkEntries(_ decision: Decision) {
        for entry in decision.entries {
            #expect(entry.postings.reduce(0) { $0 + $1.amount } == 0)
            #expect(entry.postings.reduce(0) { $0 + ($1.reference ?? 0) } == 0)
            #expect(businessKeys.insert(entry.businessKey).inserted)
            #expect(entry.corrects == newest[entry.transfer], "an entry names the one that it goes on from")
            newest[entry.transfer] = entry.id
            for posting in entry.postings {
                balances[entry.transfer, default: [:]][posting.account, default: 0] += posting.amount
                references[entry.transfer, default: [:]][posting.account, default: 0] += posting.reference ?? 0
            }
        }
    }

    /// The entries add up to what is posted, no claim is negative, and the wallet holds what the network says.
    private func checkBooks(_ decision: Decision) {
        let evidence = decision.payment.evidence
        for (key, accounts) in balances {
            let posted = decision.payment.posted[key]?.holding ?? Holding()
            let expected: [(Account, Int128)] = [
                (.wallet(Sample.wallet), posted.wallet), (.withdrawn, posted.withdrawn),
                (.reorgLoss, posted.reorgLoss), (.payments, -posted.payments), (.excess, -posted.excess),
                (.unapplied, -posted.unapplied), (.refundsPending, -posted.refundsPending),
            ]
            for (account, balance) in expected {
                #expect(accounts[account] ?? 0 == balance, "\(account) of \(key)")
                #expect(!account.isClaim || balance <= 0, "\(account) of \(key) is negative")
                if balance == 0 { #expect(references[key]?[account] ?? 0 == 0, "reference of \(account)") }
            }
            let isConfirmed = decision.assessment.shares[key]?.isConfirmed ?? false
            let gross = isConfirmed ? evidence.transfer(key)?.amount ?? 0 : 0
            var latest: [ID<Refund>: RefundClaim] = [:]
            for refund in evidence.refunds where refund.step > latest[refund.id]?.step ?? -1 {
                latest[refund.id] = refund
            }
            let returned = latest.values.filter { $0.stage == .confirmed }.flatMap(\.parts)
                .filter { $0.transfer == key }.reduce(UInt128(0)) { $0 + $1.units }
            #expect(posted.wallet + posted.withdrawn == Int128(gross) - Int128(returned), "wallet of \(key)")
        }
    }

    /// What a settled payment was paid is in `payments`, or promised back out of it; nothing is before it is settled.
    private func checkPrice(_ decision: Decision) {
        let payment = decision.payment
        let held = payment.posted.values.reduce(Int128(0)) { $0 + $1.holding.payments }
        guard payment.state.isSettled else { return #expect(held == 0, "payments of a \(payment.state)") }
        guard !decision.assessment.isByRuling else { return }
        var units: [ID<Quote>: UInt128] = [:]
        for transfer in payment.evidence.transfers {
            let returned = payment.evidence.refunds.filter { $0.stage != .dropped }.flatMap(\.parts)
                .filter { $0.transfer == transfer.key }.reduce(UInt128(0)) { $0 + $1.units }
            let booked = UInt128(max(payment.posted[transfer.key]?.holding.payments ?? 0, 0))
            units[transfer.quote, default: 0] += booked + returned
        }
        let worth = units.reduce(Worth.zero) { sum, part in
            sum + (payment.evidence.quote(part.key)?.worth(of: part.value) ?? .zero)
        }
        let policy = payment.terms.policy
        let enough = Worth(payment.terms.price) - policy.underTolerance.waived(on: payment.terms.price)
        #expect(worth + Worth(picos: UInt128(units.count)) >= enough, "the price is in payments")
    }

    private mutating func checkAnnouncements(_ decision: Decision, after old: Payment) {
        if let transition = decision.transition {
            #expect(transition.version == version + 1 && transition.from == state && transition.to != state)
            #expect(state.successors.contains(transition.to))
            version = transition.version
            if transition.to.isSettled, !state.isSettled { paid += 1 }
            if transition.kind == .reversed { reversed += 1 }
            state = transition.to
        }
        #expect(decision.payment.state == state && decision.assessment.state == state)
        #expect(decision.payment.version == version && decision.payment.epoch == paid)
        #expect((0...1).contains(paid - reversed))
        for event in decision.events {
            #expect(event.sequence == events + 1)
            events = event.sequence
        }
        for exception in decision.payment.exceptions {
            let wasOpen = old.exception(exception.id)?.isOpen ?? false
            let told = decision.events.contains { $0.exception == exception.id }
            #expect(told == (exception.isOpen != wasOpen), "\(exception.kind)")
        }
    }

    /// Whoever waits only for time or blocks says until when.
    private func checkThatNothingIsStuck(_ decision: Decision) {
        let assessment = decision.assessment
        let evidence = decision.payment.evidence
        let hasLook =
            assessment.nextLook != nil || !assessment.nextHeights.isEmpty || !assessment.nextScans.isEmpty
        switch assessment.state {
        case .created, .awaitingPayment:
            #expect(assessment.nextLook != nil || !assessment.nextScans.isEmpty)
        case .detected, .confirming:
            let isPooled = evidence.transfers.contains { $0.isLive && $0.block == nil }
            #expect(isPooled || hasLook)
        case .underpaid:
            let isPooled = evidence.transfers.contains { $0.isLive && $0.block == nil }
            let isAsked = decision.payment.openExceptions.contains { $0.kind == .underpaid }
            #expect(isPooled || isAsked || hasLook)
        case .latePaid: #expect(decision.payment.openExceptions.contains { $0.kind == .late })
        case .paid, .overpaid, .expired, .failed, .refunded: break
        }
        for transfer in evidence.transfers where transfer.block != nil && transfer.confirmedIn == nil {
            guard evidence.quote(transfer.quote) != nil else { continue }
            #expect(assessment.nextHeights.keys.contains { $0.network == transfer.key.network })
        }
        if let look = assessment.nextLook { #expect(look > evidence.now) }
    }
}
