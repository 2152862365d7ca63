import Domain
import Testing

/// What customers, networks and people do, and what comes of it: state, open exceptions and books, one row each.
struct Scenario: Sendable, CustomTestStringConvertible {
    let name: String
    let state: State
    let open: [Exception.Kind]
    let books: String
    let policy: Policy
    let risk: Policy.Risk
    let steps: @Sendable (inout Story) throws -> Void

    var testDescription: String { name }

    init(
        _ name: String, _ state: State, _ open: [Exception.Kind] = [], _ books: String = "",
        _ policy: Policy = Policy(), risk: Policy.Risk = .normal,
        steps: @escaping @Sendable (inout Story) throws -> Void
    ) {
        self.name = name
        self.state = state
        self.open = open
        self.books = books
        self.policy = policy
        self.risk = risk
        self.steps = steps
    }
}

extension Holding {
    /// What is not zero, in thousands of units: `wallet 1000 payments 1000`.
    var text: String {
        [
            ("wallet", wallet), ("withdrawn", withdrawn), ("loss", reorgLoss), ("payments", payments),
            ("excess", excess), ("unapplied", unapplied), ("pending", refundsPending),
        ].filter { $0.1 != 0 }.map { "\($0.0) \($0.1 / 1_000)" }.joined(separator: " ")
    }
}

@Suite struct ScenarioTests {
    @Test(arguments: Scenario.all)
    func `what happens ends in the right state, exceptions and books`(scenario: Scenario) throws {
        var story = try Story.quoted(scenario.policy, risk: scenario.risk)
        try scenario.steps(&story)
        #expect(story.state == scenario.state)
        #expect(story.open == scenario.open)
        #expect(story.books.text == scenario.books)
    }

    @Test func `every member of a policy that decides what comes of a payment is off its default in some row`() {
        func members(_ policy: Policy) -> [String: String] {
            Mirror(reflecting: policy).children.reduce(into: [:]) { $0[$1.label ?? ""] = "\($1.value)" }
        }
        let defaults = members(Policy())
        let changed = Scenario.all.reduce(into: Set<String>()) { changed, scenario in
            changed.formUnion(members(scenario.policy).filter { defaults[$0.key] != $0.value }.keys)
        }
        // How long a quote is open is the quote's; what the amounts are in, PolicyTests show.
        #expect(Set(defaults.keys).subtracting(changed) == ["currency", "valuation", "quoteSeconds"])
    }

    @Test func `the largest amount is booked, promised back, lost and spent without overflow`() throws {
        var story = try Story.quoted()
        let most = Transfer.amountLimit - 1
        let all: [(String, Holding.Place, UInt128)] = [("a", .excess, most - 1_000_000), ("a", .payments, 1_000_000)]
        try story.mine("a", most)
        #expect(story.books.payments == 1_000_000 && story.books.wallet == Int128(most))
        try story.refund(.approved, step: 1, isFull: true, all)
        try story.refund(.confirmed, step: 2, isFull: true, all)
        #expect(story.state == .refunded && story.books == Holding())
        try story.lose("a")
        #expect(story.books.wallet == -Int128(most) && story.books.reorgLoss == Int128(most))
        try story.mine("a", most)
        try story.spend("a", .pooled)
        #expect(story.books == Holding())
        #expect(sighted(amount: String(Transfer.amountLimit)) == nil)
    }

    private func sighted(amount: String) -> UInt128? {
        let story = Story()
        let seen = story.sighting("a", amount, .pooled)
        return Transfer(
            id: ID(part: 1, of: Sample.payment), key: seen.key, quote: seen.quote, method: seen.method,
            amountText: seen.amountText, claim: seen.claim, firstSeen: seen.seenAt, missedByGap: false, replaces: [],
            maturity: 0, confirmedIn: nil
        ).amount
    }
}

extension Policy {
    /// So many confirmations for everything.
    static func confirmations(_ count: UInt32) -> Policy { requiring(.count(count)) }

    /// The same for everything.
    static func requiring(_ requirement: Requirement) -> Policy {
        var policy = Policy()
        policy.confirmations = [ConfirmationRule(tiers: [Tier(upToMinor: nil, requirement: requirement)])]
        return policy
    }

    /// One hundredth is waived, under and over.
    static var tolerant: Policy {
        var policy = Policy()
        policy.underTolerance = Tolerance(basisPoints: 100, capMinor: nil)
        policy.overTolerance = Tolerance(basisPoints: 100, capMinor: nil)
        return policy
    }

    func with(_ change: (inout Policy) -> Void) -> Policy {
        var policy = self
        change(&policy)
        return policy
    }
}

extension Scenario {
    static let all = payments + handlings + requirements + networks + finality + rulings + refunds

    static let half: UInt128 = 500_000
    static let whole: UInt128 = 1_000_000

    /// What a customer pays.
    static let payments: [Scenario] = [
        Scenario("exact", .paid, [], "wallet 1000 payments 1000") { try $0.mine("a", whole) },
        Scenario("one unit too little", .underpaid, [], "wallet 999 unapplied 999") { try $0.mine("a", whole - 1) },
        Scenario("slightly under, within tolerance", .paid, [], "wallet 990 payments 990", .tolerant) {
            try $0.mine("a", 990_000)
            #expect($0.last.waived == Worth(minor: 100) && $0.transitions.last?.waived == Worth(minor: 100))
        },
        Scenario(
            "a tolerance that covers the price gives nothing away", .awaitingPayment, [], "",
            Policy().with { $0.underTolerance = Policy.Tolerance(basisPoints: 10_000, capMinor: 1_000_000) }
        ) { _ in },
        Scenario(
            "… and with something paid waives the rest", .paid, [], "wallet 1 payments 1",
            Policy().with { $0.underTolerance = Policy.Tolerance(basisPoints: 10_000, capMinor: 1_000_000) }
        ) { try $0.mine("a", 1_000) },
        Scenario("tolerance counts once, not per part", .underpaid, [], "wallet 980 unapplied 980", .tolerant) {
            try $0.mine("a", 490_000)
            try $0.mine("b", 490_000)
        },
        Scenario("materially under, window open", .underpaid, [], "wallet 500 unapplied 500") {
            try $0.mine("a", half)
            #expect($0.last.isPayable && $0.last.missing == Worth(minor: 5_000))
        },
        Scenario("materially under, window closed", .underpaid, [.underpaid], "wallet 500 unapplied 500") {
            try $0.mine("a", half)
            try $0.wait(until: 961)
            #expect($0.payment.openExceptions.first?.amount == half)
        },
        Scenario("under and unconfirmed asks nobody yet", .underpaid, [], "") {
            try $0.pool("a", half)
            try $0.wait(until: 961)
        },
        Scenario("under, the rest in time", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", half)
            try $0.mine("b", half)
        },
        Scenario("under, the rest too late", .latePaid, [.late], "wallet 1000 unapplied 1000") {
            try $0.mine("a", half)
            $0.clock = 961
            try $0.mine("b", half)
        },
        Scenario("several parts", .paid, [], "wallet 1000 payments 1000") { story in
            for part in 0..<10 { try story.mine("part-\(part)", 100_000) }
        },
        Scenario("too much", .overpaid, [.overpaid], "wallet 1500 payments 1000 excess 500") {
            try $0.mine("a", 1_500_000)
            #expect($0.last.isFulfillable)
        },
        Scenario("too much within tolerance", .paid, [], "wallet 1010 payments 1010", .tolerant) {
            try $0.mine("a", 1_010_000)
        },
        Scenario("an excess below a cent is nobody's", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", whole + 99)
        },
        Scenario("twice", .paid, [.duplicate], "wallet 2000 payments 1000 unapplied 1000") {
            try $0.mine("a", whole)
            try $0.mine("b", whole)
        },
        Scenario("twice before any block", .paid, [.duplicate], "wallet 2000 payments 1000 unapplied 1000") {
            try $0.pool("a", whole)
            try $0.pool("b", whole)
            #expect($0.state == .detected)
            try $0.mine("b", whole)
            try $0.mine("a", whole)
        },
        Scenario("twice, kept by policy", .paid, [], "wallet 2000 payments 1000 excess 1000",
            Policy().with { $0.duplicate = .keep }) {
            try $0.mine("a", whole)
            try $0.mine("b", whole)
        },
        Scenario("late", .latePaid, [.late], "wallet 1000 unapplied 1000") {
            $0.clock = 961
            try $0.mine("a", whole)
        },
        Scenario("first seen in the last second of grace", .paid, [], "wallet 1000 payments 1000") {
            $0.clock = 960
            try $0.mine("a", whole)
        },
        Scenario("late after it was paid", .paid, [.duplicate], "wallet 2000 payments 1000 unapplied 1000") {
            try $0.mine("a", whole)
            $0.clock = 5_000
            try $0.mine("b", whole)
        },
        Scenario("wrong network", .awaitingPayment, [.wrongNetwork], "wallet 1000 unapplied 1000") {
            try $0.mine("a", whole, on: Sample.elsewhere)
        },
        Scenario("wrong network that never says what the policy asks for", .awaitingPayment, [.wrongNetwork],
            "wallet 1000 unapplied 1000", .requiring(.finalized)) {
            try $0.mine("a", whole, on: Sample.elsewhere)
        },
        Scenario("a stranger's asset on a network that finalises nothing yet", .awaitingPayment, [], "",
            .requiring(.finalized)) {
            $0.finalized = 99
            try $0.mine("a", whole, on: Sample.elsewhere, method: .some(nil))
        },
        Scenario("wrong asset that we know", .awaitingPayment, [.wrongAsset], "wallet 1000 unapplied 1000") {
            let method = Method(asset: sample(AssetCode(parsing: "USDT")), network: Sample.bitcoin)
            try $0.mine("a", whole, method: method)
        },
        Scenario("wrong asset that we do not know", .awaitingPayment, [.wrongAsset], "") {
            try $0.mine("a", whole, method: .some(nil))
        },
        Scenario("an amount of eighty digits", .awaitingPayment, [.wrongAsset], "") { story in
            let place = BlockPlace(height: 100, block: BlockID("x"), index: 0, medianTime: Sample.at(1))
            let seen = story.sighting("a", String(repeating: "9", count: 80), .mined(place))
            try story.tell(.sighted([seen], spends: [:]))
        },
    ]
}
