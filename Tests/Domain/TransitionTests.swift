import Domain
import Testing

/// Every standing of a payment meets every kind of news. `news:result`, where `=` is no change of state, `!` a
/// refusal and `#` corruption; then why it was taken back, and the questions that are asked now and no more.
@Suite struct TransitionTests {
    static let table: [Standing: String] = [
        .state(.created): """
            look:= end:expired unseen:expired silent:= well:= deep:= fall:= quote:awaiting_payment choose:# \
            part:= pool:= full:= over:= late:expired orphaned:= usurped:= evicted:= emptied:= replaced:= \
            elsewhere:= stranger:= dust:= spend:= unspend:= cancel:failed accept:paid reject:failed \
            topUp:!exception_not_open keep:!exception_not_open release:!exception_not_open \
            dismiss:!exception_not_open acceptLate:!exception_not_open approve:!invalid_amount \
            back:!invalid_amount confirm:!invalid_amount drop:= revoke:!invalid_amount claim:!not_fulfillable \
            report:=+unclaimed_fulfilment
            """,
        .state(.awaitingPayment): """
            look:= end:expired unseen:=+source_stale silent:= well:= deep:= fall:= quote:= choose:= \
            part:underpaid pool:detected full:paid over:overpaid+overpaid late:late_paid+late orphaned:= \
            usurped:= evicted:= emptied:= replaced:= elsewhere:=+wrong_network stranger:=+wrong_asset dust:=+dust \
            spend:= unspend:= cancel:failed accept:paid reject:failed topUp:!exception_not_open \
            keep:!exception_not_open release:!exception_not_open dismiss:!exception_not_open \
            acceptLate:!exception_not_open approve:!invalid_amount back:!invalid_amount confirm:!invalid_amount \
            drop:= revoke:!invalid_amount claim:!not_fulfillable report:=+unclaimed_fulfilment
            """,
        .state(.detected): """
            look:= end:= unseen:=+source_stale silent:= well:= deep:= fall:= quote:!not_allowed_in_state \
            choose:!not_allowed_in_state part:confirming pool:= full:paid over:overpaid+overpaid late:= \
            orphaned:awaiting_payment usurped:awaiting_payment evicted:awaiting_payment \
            emptied:awaiting_payment replaced:= elsewhere:=+wrong_network stranger:=+wrong_asset dust:=+dust \
            spend:= unspend:= cancel:!not_allowed_in_state accept:paid reject:failed topUp:!exception_not_open \
            keep:!exception_not_open release:!exception_not_open dismiss:!exception_not_open \
            acceptLate:!exception_not_open approve:!outside_limits back:!outside_limits confirm:!outside_limits \
            drop:= revoke:!outside_limits claim:!not_fulfillable report:=+unclaimed_fulfilment
            """,
        .state(.confirming): """
            look:= end:= unseen:=+source_stale silent:= well:paid deep:paid fall:= quote:!not_allowed_in_state \
            choose:!not_allowed_in_state part:= pool:= full:paid over:overpaid+overpaid late:= \
            orphaned:awaiting_payment usurped:awaiting_payment evicted:awaiting_payment \
            emptied:awaiting_payment replaced:detected elsewhere:=+wrong_network stranger:=+wrong_asset dust:=+dust \
            spend:= unspend:= cancel:!not_allowed_in_state accept:paid reject:failed topUp:!exception_not_open \
            keep:!exception_not_open release:!exception_not_open dismiss:!exception_not_open \
            acceptLate:!exception_not_open approve:!outside_limits back:!outside_limits confirm:!outside_limits \
            drop:= revoke:!outside_limits claim:!not_fulfillable report:=+unclaimed_fulfilment
            """,
        .state(.paid): """
            look:= end:= unseen:= silent:= well:= deep:= fall:= quote:!not_allowed_in_state \
            choose:!not_allowed_in_state part:=+duplicate pool:= full:=+duplicate over:=+duplicate \
            late:=+duplicate orphaned:awaiting_payment(reorganized)+reversed \
            usurped:awaiting_payment(double_spent)+reversed evicted:awaiting_payment(reorganized)+reversed \
            emptied:awaiting_payment(changed)+reversed replaced:detected(double_spent)+reversed \
            elsewhere:=+wrong_network stranger:=+wrong_asset dust:=+dust spend:= unspend:= \
            cancel:!not_allowed_in_state accept:!not_allowed_in_state \
            reject:failed(rejected)+after_end+reversed topUp:!exception_not_open keep:!exception_not_open \
            release:!exception_not_open dismiss:!exception_not_open acceptLate:!exception_not_open approve:= \
            back:refunded confirm:refunded drop:= revoke:= claim:= report:=+unclaimed_fulfilment
            """,
        .state(.overpaid): """
            look:= end:= unseen:= silent:= well:= deep:= fall:= quote:!not_allowed_in_state \
            choose:!not_allowed_in_state part:=+duplicate pool:= full:=+duplicate over:=+duplicate \
            late:=+duplicate orphaned:awaiting_payment(reorganized)+reversed-overpaid \
            usurped:awaiting_payment(double_spent)+reversed-overpaid \
            evicted:awaiting_payment(reorganized)+reversed-overpaid \
            emptied:awaiting_payment(changed)+reversed-overpaid replaced:detected(double_spent)+reversed-overpaid \
            elsewhere:=+wrong_network stranger:=+wrong_asset dust:=+dust spend:= unspend:= \
            cancel:!not_allowed_in_state accept:!not_allowed_in_state \
            reject:failed(rejected)+after_end+reversed-overpaid topUp:!action_not_suggested keep:=-overpaid \
            release:!action_not_suggested dismiss:=-overpaid acceptLate:!action_not_suggested approve:= \
            back:refunded-overpaid confirm:refunded-overpaid drop:= revoke:= claim:= report:=+unclaimed_fulfilment
            """,
        .state(.underpaid): """
            look:= end:= unseen:= silent:= well:= deep:= fall:= quote:=-underpaid choose:!quote_expired \
            part:late_paid+late-underpaid pool:confirming-underpaid full:late_paid+late-underpaid \
            over:late_paid+late-underpaid late:late_paid+late-underpaid orphaned:expired-underpaid \
            usurped:expired-underpaid evicted:expired-underpaid emptied:expired-underpaid replaced:=-underpaid \
            elsewhere:=+wrong_network stranger:=+wrong_asset dust:=+dust spend:= unspend:= \
            cancel:!not_allowed_in_state accept:paid-underpaid reject:failed+after_end-underpaid \
            topUp:=-underpaid keep:!action_not_suggested release:!action_not_suggested \
            dismiss:!action_not_suggested acceptLate:!not_allowed_in_state approve:= back:refunded-underpaid \
            confirm:refunded-underpaid drop:= revoke:= claim:!not_fulfillable report:=+unclaimed_fulfilment
            """,
        .state(.latePaid): """
            look:= end:= unseen:= silent:= well:= deep:= fall:= quote:!not_allowed_in_state \
            choose:!not_allowed_in_state part:= pool:= full:= over:= late:= orphaned:expired-late \
            usurped:expired-late evicted:expired-late emptied:expired-late replaced:detected-late \
            elsewhere:=+wrong_network stranger:=+wrong_asset dust:=+dust spend:= unspend:= \
            cancel:!not_allowed_in_state accept:paid-late reject:failed+after_end-late \
            topUp:!action_not_suggested keep:!action_not_suggested release:!action_not_suggested \
            dismiss:!action_not_suggested acceptLate:paid-late approve:= back:refunded-late \
            confirm:refunded-late drop:= revoke:= claim:!not_fulfillable report:=+unclaimed_fulfilment
            """,
        .state(.expired): """
            look:= end:= unseen:= silent:= well:= deep:= fall:= quote:awaiting_payment choose:!quote_expired \
            part:underpaid+underpaid pool:detected full:late_paid+late over:late_paid+late late:late_paid+late \
            orphaned:= usurped:= evicted:= emptied:= replaced:= elsewhere:=+wrong_network stranger:=+wrong_asset \
            dust:=+dust spend:= unspend:= cancel:failed accept:paid reject:failed topUp:!exception_not_open \
            keep:!exception_not_open release:!exception_not_open dismiss:!exception_not_open \
            acceptLate:!exception_not_open approve:!invalid_amount back:!invalid_amount confirm:!invalid_amount \
            drop:= revoke:!invalid_amount claim:!not_fulfillable report:=+unclaimed_fulfilment
            """,
        .state(.failed): """
            look:= end:= unseen:= silent:= well:= deep:= fall:= quote:!not_allowed_in_state \
            choose:!not_allowed_in_state part:=+after_end pool:= full:=+after_end over:=+after_end \
            late:=+after_end orphaned:= usurped:= evicted:= emptied:= replaced:= elsewhere:=+wrong_network \
            stranger:=+wrong_asset dust:=+dust spend:= unspend:= cancel:!not_allowed_in_state \
            accept:!not_allowed_in_state reject:!not_allowed_in_state topUp:!exception_not_open \
            keep:!exception_not_open release:!exception_not_open dismiss:!exception_not_open \
            acceptLate:!exception_not_open approve:!invalid_amount back:!invalid_amount confirm:!invalid_amount \
            drop:= revoke:!invalid_amount claim:!not_fulfillable report:=+unclaimed_fulfilment
            """,
        .state(.refunded): """
            look:= end:= unseen:= silent:= well:= deep:= fall:= quote:!not_allowed_in_state \
            choose:!not_allowed_in_state part:=+after_end pool:= full:=+after_end over:=+after_end \
            late:=+after_end orphaned:= usurped:= evicted:= emptied:= replaced:= elsewhere:=+wrong_network \
            stranger:=+wrong_asset dust:=+dust spend:= unspend:= cancel:!not_allowed_in_state \
            accept:!not_allowed_in_state reject:!not_allowed_in_state topUp:!exception_not_open \
            keep:!exception_not_open release:!exception_not_open dismiss:!exception_not_open \
            acceptLate:!exception_not_open approve:!outside_limits back:!outside_limits confirm:!outside_limits \
            drop:= revoke:!outside_limits claim:!not_fulfillable report:=+unclaimed_fulfilment
            """,
        .held: """
            look:= end:= unseen:= silent:= well:= deep:= fall:= quote:!not_allowed_in_state \
            choose:!not_allowed_in_state part:=+duplicate pool:= full:=+duplicate over:=+duplicate \
            late:=+duplicate orphaned:awaiting_payment(reorganized)+reversed-review \
            usurped:awaiting_payment(double_spent)+reversed-review \
            evicted:awaiting_payment(reorganized)+reversed-review \
            emptied:awaiting_payment(changed)+reversed-review replaced:detected(double_spent)+reversed-review \
            elsewhere:=+wrong_network stranger:=+wrong_asset dust:=+dust spend:= unspend:= \
            cancel:!not_allowed_in_state accept:!not_allowed_in_state \
            reject:failed(rejected)+after_end+reversed-review topUp:!action_not_suggested \
            keep:!action_not_suggested release:=-review dismiss:!action_not_suggested \
            acceptLate:!action_not_suggested approve:= back:refunded-review confirm:refunded-review drop:= \
            revoke:= claim:!not_fulfillable report:=+unclaimed_fulfilment
            """,
        .ruled: """
            look:= end:= unseen:= silent:= well:= deep:= fall:= quote:!not_allowed_in_state \
            choose:!not_allowed_in_state part:=+duplicate pool:= full:=+duplicate over:=+duplicate \
            late:=+duplicate orphaned:=+evidence_lost usurped:=+evidence_lost evicted:=+evidence_lost \
            emptied:=+evidence_lost replaced:=+evidence_lost elsewhere:=+wrong_network stranger:=+wrong_asset \
            dust:=+dust spend:= unspend:= cancel:!not_allowed_in_state accept:!not_allowed_in_state \
            reject:failed(rejected)+after_end+reversed topUp:!exception_not_open keep:!exception_not_open \
            release:!exception_not_open dismiss:!exception_not_open acceptLate:!exception_not_open approve:= \
            back:refunded confirm:refunded drop:= revoke:= claim:= report:=+unclaimed_fulfilment
            """,
    ]

    @Test(arguments: Standing.all)
    func `every state answers every kind of news as the table says`(standing: Standing) throws {
        let results = try News.allCases.map { news in
            var story = try Self.story(of: standing)
            return "\(news.rawValue):\(try Self.result(of: news, on: &story))"
        }
        let expected = try #require(Self.table[standing]).split(separator: " ").map(String.init)
        #expect(results.count == expected.count)
        for (result, expected) in zip(results, expected) { #expect(result == expected) }
    }

    @Test func `no table row leads where the state's successors do not`() throws {
        for (standing, row) in Self.table {
            let state = try Self.story(of: standing).state
            for cell in row.split(separator: " ") {
                let name = cell.drop { $0 != ":" }.dropFirst().prefix { !"+-(".contains($0) }
                guard let to = State(rawValue: String(name)) else { continue }
                #expect(state.successors.contains(to), "\(state) to \(to)")
            }
        }
        for state in State.allCases { #expect(!state.successors.contains(state)) }
    }

    @Test func `the columns say every word that facts are made of, and ask every question but one`() throws {
        var words: Set<FactWord> = []
        var asked: Set<Exception.Kind> = []
        for standing in Standing.all {
            for news in News.allCases {
                var story = try Self.story(of: standing)
                let before = story.decisions.count
                _ = try Self.result(of: news, on: &story)
                for decision in story.decisions.dropFirst(before) {
                    words.formUnion(decision.fact.map(FactWord.words) ?? [])
                    asked.formUnion(decision.exceptions.filter(\.isOpen).map(\.kind))
                }
            }
        }
        #expect(Set(FactWord.allCases).subtracting(words) == [])
        // It is full only with hundreds of transfers; a price is under review from the moment it is met.
        #expect(Set(Exception.Kind.allCases).subtracting(asked) == [.tooManyTransfers, .review])
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
        for seed in 1...2_400 as ClosedRange<UInt64> {
            var dice = Dice(seed)
            var story = try Self.story(of: Standing.all[dice.roll(Standing.all.count)])
            for _ in 0..<6 { _ = try Self.result(of: News.allCases[dice.roll(News.allCases.count)], on: &story) }
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
}

extension TransitionTests {
    /// Where a payment stands: its state, or one with more to it.
    enum Standing: Hashable, CustomTestStringConvertible {
        case state(State)
        /// Paid, and a person has to let it pass.
        case held
        /// Short, and accepted by a person.
        case ruled

        static let all = State.allCases.map(Standing.state) + [.held, .ruled]

        var testDescription: String {
            switch self {
            case .state(let state): state.rawValue
            case .held: "paid, and held"
            case .ruled: "paid by ruling"
            }
        }
    }

    /// What came of `news`, in the table's words.
    private static func result(of news: News, on story: inout Story) throws -> String {
        let before = (state: story.state, open: Set(story.open), transitions: story.transitions.count)
        let code: Refusal.Code?
        do { code = try refusal { try news.tell(to: &story) } } catch Objection.corruption { return "#" }
        if let code { return "!\(code.rawValue)" }
        var text = story.state == before.state ? "=" : story.state.rawValue
        let reason = story.transitions.dropFirst(before.transitions).compactMap(\.reversal).first?.reason
        if let reason { text += "(\(reason.rawValue))" }
        let open = Set(story.open)
        text += open.subtracting(before.open).map { "+\($0.rawValue)" }.sorted().joined()
        return text + before.open.subtracting(open).map { "-\($0.rawValue)" }.sorted().joined()
    }

    /// A payment that needs two confirmations, under a policy that takes late money for an hour.
    private static func story(of standing: Standing) throws -> Story {
        var policy = Policy.confirmations(2)
        policy.late = Policy.LateRule(withinSeconds: 3_600, driftBasisPoints: 0)
        policy.dustMinor = 100
        switch standing {
        case .state(let state):
            let story = try story(in: state, policy)
            #expect(story.state == state)
            return story
        case .held:
            policy.reviewAboveMinor = 5_000
            let story = try story(in: .paid, policy)
            #expect(story.open == [.review])
            return story
        case .ruled:
            var story = try story(in: .underpaid, policy)
            try story.rule({ .accept($0) }, on: .underpaid)
            #expect(story.state == .paid && story.last.isByRuling)
            return story
        }
    }

    private static func story(in state: State, _ policy: Policy) throws -> Story {
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
        return story
    }
}
