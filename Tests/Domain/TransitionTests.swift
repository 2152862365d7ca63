import Domain
import Testing

/// Every state meets every kind of news. One row a state: `news:result`, where `=` is no change and `!` a refusal.
@Suite struct TransitionTests {
    static let table: [(State, String)] = [
        (.created, """
            look:= end:expired quote:awaiting_payment part:= pool:= full:= over:= late:expired \
            gone:= cancel:failed accept:paid reject:failed topUp:!exception_not_open \
            approve:!invalid_amount back:!invalid_amount claim:!not_fulfillable report:=
            """),
        (.awaitingPayment, """
            look:= end:expired quote:= part:underpaid pool:detected full:paid over:overpaid \
            late:late_paid gone:= cancel:failed accept:paid reject:failed \
            topUp:!exception_not_open approve:!invalid_amount back:!invalid_amount \
            claim:!not_fulfillable report:=
            """),
        (.detected, """
            look:= end:= quote:!not_allowed_in_state part:confirming pool:= full:paid over:overpaid late:= \
            gone:awaiting_payment cancel:!not_allowed_in_state accept:paid reject:failed \
            topUp:!exception_not_open approve:!outside_limits back:!outside_limits \
            claim:!not_fulfillable report:=
            """),
        (.confirming, """
            look:= end:= quote:!not_allowed_in_state part:= pool:= full:paid over:overpaid \
            late:= gone:awaiting_payment cancel:!not_allowed_in_state accept:paid reject:failed \
            topUp:!exception_not_open approve:!outside_limits back:!outside_limits \
            claim:!not_fulfillable report:=
            """),
        (.paid, """
            look:= end:= quote:!not_allowed_in_state part:= pool:= full:= over:= late:= \
            gone:awaiting_payment cancel:!not_allowed_in_state accept:!not_allowed_in_state \
            reject:failed topUp:!exception_not_open approve:= back:refunded claim:= report:=
            """),
        (.overpaid, """
            look:= end:= quote:!not_allowed_in_state part:= pool:= full:= over:= late:= \
            gone:awaiting_payment cancel:!not_allowed_in_state accept:!not_allowed_in_state \
            reject:failed topUp:!action_not_suggested approve:= back:refunded claim:= report:=
            """),
        (.underpaid, """
            look:= end:= quote:= part:late_paid pool:confirming full:late_paid over:late_paid \
            late:late_paid gone:expired cancel:!not_allowed_in_state accept:paid reject:failed \
            topUp:= approve:= back:refunded claim:!not_fulfillable report:=
            """),
        (.latePaid, """
            look:= end:= quote:!not_allowed_in_state part:= pool:= full:= over:= late:= \
            gone:expired cancel:!not_allowed_in_state accept:paid reject:failed \
            topUp:!action_not_suggested approve:= back:refunded claim:!not_fulfillable report:=
            """),
        (.expired, """
            look:= end:= quote:awaiting_payment part:underpaid pool:detected full:late_paid \
            over:late_paid late:late_paid gone:= cancel:failed accept:paid reject:failed \
            topUp:!exception_not_open approve:!invalid_amount back:!invalid_amount \
            claim:!not_fulfillable report:=
            """),
        (.failed, """
            look:= end:= quote:!not_allowed_in_state part:= pool:= full:= over:= late:= gone:= \
            cancel:!not_allowed_in_state accept:!not_allowed_in_state \
            reject:!not_allowed_in_state topUp:!exception_not_open approve:!invalid_amount \
            back:!invalid_amount claim:!not_fulfillable report:=
            """),
        (.refunded, """
            look:= end:= quote:!not_allowed_in_state part:= pool:= full:= over:= late:= gone:= \
            cancel:!not_allowed_in_state accept:!not_allowed_in_state \
            reject:!not_allowed_in_state topUp:!exception_not_open approve:!outside_limits \
            back:!outside_limits claim:!not_fulfillable report:=
            """),
    ]

    @Test(arguments: State.allCases)
    func `every state answers every kind of news as the table says`(state: State) throws {
        let results = try News.allCases.map { news in
            var story = try Self.story(in: state)
            let code = try refusal { try news.tell(to: &story) }
            let result = code.map { "!\($0.rawValue)" } ?? (story.state == state ? "=" : story.state.rawValue)
            return "\(news.rawValue):\(result)"
        }
        let expected = Self.table.first { $0.0 == state }?.1
        #expect(results.joined(separator: " ") == expected)
    }

    @Test func `no table row leads where the state's successors do not`() {
        for (state, row) in Self.table {
            for cell in row.split(separator: " ") {
                guard let to = State(rawValue: String(cell.drop { $0 != ":" }.dropFirst())) else { continue }
                #expect(state.successors.contains(to), "\(state) to \(to)")
            }
        }
        for state in State.allCases { #expect(!state.successors.contains(state)) }
    }

    /// Allowed, but told only when facts come late or out of order, or when mismatches alone are refunded in full.
    static let leaps: [[State]] = [
        [.awaitingPayment, .refunded], [.confirming, .expired], [.confirming, .refunded], [.created, .confirming],
        [.created, .detected], [.created, .latePaid], [.created, .overpaid], [.created, .underpaid],
        [.detected, .refunded], [.expired, .confirming], [.expired, .overpaid], [.expired, .refunded],
        [.latePaid, .awaitingPayment], [.latePaid, .overpaid],
    ]

    @Test func `walks of random news reach every successor but the leaps, and nothing else`() throws {
        var reached: Set<[State]> = []
        for seed in 1...1_200 as ClosedRange<UInt64> {
            var dice = Dice(seed)
            var story = try Self.story(in: State.allCases[dice.roll(State.allCases.count)])
            for _ in 0..<6 {
                let news = News.allCases[dice.roll(News.allCases.count)]
                _ = try refusal { try news.tell(to: &story) }
            }
            for transition in story.transitions {
                guard let from = transition.from else { continue }
                #expect(from.successors.contains(transition.to))
                reached.insert([from, transition.to])
            }
        }
        let missing = State.allCases.flatMap { from in from.successors.map { [from, $0] } }
            .filter { !reached.contains($0) }
        #expect(missing.allSatisfy(Self.leaps.contains), "not reached: \(missing)")
    }

    /// A payment that needs two confirmations, in `state`.
    static func story(in state: State) throws -> Story {
        var policy = Policy()
        policy.confirmations = [Policy.ConfirmationRule(tiers: [Policy.Tier(upToMinor: nil, requirement: .count(2))])]
        var story = Story(policy)
        if state == .created { return story }
        try story.tell(.quoted(Sample.quote()))
        switch state {
        case .created, .awaitingPayment: break
        case .detected: try story.pool("a", 1_000_000)
        case .confirming: try story.mine("a", 1_000_000)
        case .paid: try story.mine("a", 1_000_000, at: 99)
        case .overpaid: try story.mine("a", 1_500_000, at: 99)
        case .underpaid:
            try story.mine("a", 600_000, at: 99)
            try story.wait(until: 2_000)
        case .latePaid:
            story.clock = 2_000
            try story.mine("a", 1_000_000, at: 99)
        case .expired: try story.wait(until: 2_000)
        case .failed: try story.tell(.ruled(.cancel, reason: nil))
        case .refunded:
            try story.mine("a", 1_000_000, at: 99)
            try story.refund(.approved, step: 1, isFull: true, [("a", .payments, 1_000_000)])
            try story.refund(.confirmed, step: 2, isFull: true, [("a", .payments, 1_000_000)])
        }
        #expect(story.state == state)
        return story
    }

    enum News: String, CaseIterable {
        case look, end, quote, part, pool, full, over, late, gone, cancel, accept, reject, topUp, approve, back, claim,
            report

        func tell(to story: inout Story) throws {
            story.clock += 1
            switch self {
            case .look: try story.tell(.looked)
            case .end: try story.wait(until: 200_000)
            case .quote: try story.tell(.quoted(Sample.quote(2, from: story.clock)))
            case .part: try story.mine("b", 400_000, at: 99)
            case .pool: try story.pool("b", 1_000_000)
            case .full: try story.mine("b", 1_000_000, at: 99)
            case .over: try story.mine("b", 1_500_000, at: 99)
            case .late:
                story.clock = 5_000
                try story.mine("b", 1_000_000, at: 99)
            case .gone:
                for transfer in story.payment.evidence.transfers { try story.lose(transfer.key.place) }
                if story.payment.evidence.transfers.isEmpty { try story.tell(.sighted([], spends: [:])) }
            case .cancel: try story.tell(.ruled(.cancel, reason: nil))
            case .accept: try story.tell(.ruled(.accept(nil), reason: nil))
            case .reject: try story.tell(.ruled(.reject(nil), reason: nil))
            case .topUp:
                let exception = story.payment.openExceptions.first?.id ?? ID(part: 1, of: story.payment.id)
                let quote = Sample.quote(
                    3, from: story.clock, due: 400_000, covers: Sample.price(4_000), isTopUp: true)
                try story.tell(.ruled(.grantTopUp(exception, quote), reason: nil))
            case .approve: try story.refund(.approved, step: 1, isFull: true, id: Sample.otherRefund, parts(of: story))
            case .back:
                let parts = parts(of: story)
                try story.refund(.approved, step: 1, isFull: true, id: Sample.otherRefund, parts)
                try story.refund(.confirmed, step: 2, isFull: true, id: Sample.otherRefund, parts)
            case .claim: try story.tell(.fulfilmentClaimed(action: "ship-1"))
            case .report: try story.tell(.fulfilmentReported(action: "ship-1"))
            }
        }

        private func parts(of story: Story) -> [(String, Holding.Place, UInt128)] {
            story.payment.evidence.transfers.filter(\.isLive).map {
                ($0.key.place, story.state.isSettled ? .payments : .unapplied, $0.amount ?? 0)
            }
        }
    }
}
