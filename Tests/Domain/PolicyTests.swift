import Domain
import Testing

@Suite struct PolicyTests {
    static let tiered: Policy = Policy().with { policy in
        let small = Policy.Tier(upToMinor: 1_000, requirement: .count(0))
        let middle = Policy.Tier(upToMinor: 10_000, requirement: .count(2))
        policy.confirmations = [
            Policy.ConfirmationRule(risk: .high, tiers: [Policy.Tier(upToMinor: nil, requirement: .finalized)]),
            Policy.ConfirmationRule(
                asset: Sample.btc.method.asset,
                tiers: [small, middle, Policy.Tier(upToMinor: nil, requirement: .count(6))]),
            Policy.ConfirmationRule(network: Sample.litecoin, tiers: [middle]),
        ]
    }

    @Test(arguments: [
        (Sample.btc.method, .normal, 1, .count(0)), (Sample.btc.method, .normal, 1_000, .count(0)),
        (Sample.btc.method, .normal, 1_001, .count(2)), (Sample.btc.method, .low, 10_000, .count(2)),
        (Sample.btc.method, .normal, 10_001, .count(6)), (Sample.btc.method, .high, 1, .finalized),
        (Sample.ltc.method, .normal, 1, .count(2)), (Sample.ltc.method, .normal, 99_999, .count(2)),
        (Sample.asset("USDT", Sample.elsewhere).method, .normal, 1, .count(1)),
    ] as [(Domain.Method, Policy.Risk, UInt64, Policy.Requirement)])
    func `the first rule that matches and the first tier that holds the value decide`(
        method: Domain.Method, risk: Policy.Risk, minor: UInt64, expected: Policy.Requirement
    ) {
        #expect(Self.tiered.requirement(for: method, risk: risk, value: Worth(minor: UInt128(minor))) == expected)
    }

    @Test(arguments: [
        (0, nil, 10_000, 0), (100, nil, 10_000, 100), (100, 50, 10_000, 50), (100, 500, 10_000, 100),
        (10_000, nil, 77, 77),
        (20_000, nil, 77, 77), (1, nil, 10_000, 1), (.max, 0, 10_000, 0),
    ] as [(UInt32, UInt64?, UInt64, UInt64)])
    func `a tolerance is a share, capped by an amount`(points: UInt32, cap: UInt64?, price: UInt64, expected: UInt64) {
        let tolerance = Policy.Tolerance(basisPoints: points, capMinor: cap.map { UInt128($0) })
        #expect(tolerance.waived(on: Sample.price(UInt128(price))) == Worth(minor: UInt128(expected)))
    }

    @Test(arguments: [
        (1_000, 10_000, nil), (0, 9_999, Refusal.Code.outsideLimits), (10_001, 20_000, .outsideLimits),
        (10_000, 10_000, nil),
    ] as [(UInt64, UInt64, Refusal.Code?)])
    func `a method's limits hold when it is quoted`(minimum: UInt64, maximum: UInt64, expected: Refusal.Code?) throws {
        let limit = Policy.MethodLimit(
            method: Sample.btc.method, currency: "EUR", minimumMinor: UInt128(minimum), maximumMinor: UInt128(maximum))
        let policy = Policy().with { $0.limits = [limit] }
        let code = try refusal { _ = try Story.quoted(policy) }
        #expect(code == expected)
        var other = Story(policy)
        try other.tell(.quoted(Sample.quote(1, Sample.ltc)))
        #expect(other.state == .awaitingPayment)
    }

    @Test func `a quote must be offered, open, ungranted and one of few`() throws {
        var story = Story()
        let strange = Sample.quote(1, Sample.asset("USDT", Sample.elsewhere))
        #expect(try refusal { try story.tell(.quoted(strange)) } == .methodNotOffered)
        #expect(try refusal { try story.tell(.quoted(Sample.quote(1, isTopUp: true))) } == .notAllowedInState)
        #expect(try refusal { try story.tell(.quoted(Sample.quote(1, seconds: 0))) } == .quoteExpired)
        for number in 1...UInt8(Payment.mostQuotes) { try story.tell(.quoted(Sample.quote(number))) }
        #expect(try refusal { try story.tell(.quoted(Sample.quote(200))) } == .tooManyQuotes)
        #expect(try story.tell(.quoted(Sample.quote(3))).isSilent)
        #expect(story.payment.takesChoice(of: Sample.btc.method, at: Sample.at(1)), "one of them again")
        #expect(!story.payment.takesChoice(of: Sample.ltc.method, at: Sample.at(1)))
        try story.tell(.chosen(Sample.quote(3).id))
    }

    @Test func `a quote that is open is shown again, and no other`() throws {
        var story = Story()
        let (first, second, third) = (Sample.quote(1), Sample.quote(2, Sample.ltc), Sample.quote(3, seconds: 2_000))
        for quote in [first, second, third] { try story.tell(.quoted(quote)) }
        #expect(story.payment.evidence.currentQuote == third)
        let chosen = try story.tell(.chosen(second.id))
        #expect(!chosen.isSilent && chosen.transition == nil && chosen.events.isEmpty)
        #expect(story.payment.evidence.currentQuote == second)
        #expect(try story.tell(.chosen(second.id)).isSilent)
        // The newest of a method is what a customer is given; an older one stays what it was.
        #expect(story.payment.openQuote(in: first.method, at: Sample.at(10)) == third)
        #expect(story.payment.openQuote(in: first.method, at: Sample.at(1_000)) == third)
        #expect(story.payment.openQuote(in: second.method, at: Sample.at(1_000)) == nil)
        try story.tell(.chosen(third.id))
        #expect(story.payment.evidence.chosen == nil, "the last one is the current one by itself")
        try story.tell(.chosen(first.id))
        try story.tell(.quoted(Sample.quote(4)))
        #expect(story.payment.evidence.currentQuote == Sample.quote(4), "a new one takes its place")
        try story.wait(until: 1_000)
        #expect(try refusal { try story.tell(.chosen(second.id)) } == .quoteExpired)
        #expect(throws: Objection.self) { try story.tell(.chosen(Sample.quote(9).id)) }
        try story.mine("a", Sample.due, quote: third)
        #expect(story.state == .paid)
        #expect(try refusal { try story.tell(.chosen(third.id)) } == .notAllowedInState)
    }

    @Test func `what came to one quote counts, whichever is shown`() throws {
        var story = Story()
        let (first, second) = (Sample.quote(1), Sample.quote(2, Sample.ltc, due: 4_000_000))
        for quote in [first, second] { try story.tell(.quoted(quote)) }
        try story.tell(.chosen(first.id))
        try story.mine("a", 2_000_000, quote: second)
        #expect(story.last.amounts?.remaining == Sample.due / 2)
        try story.tell(.chosen(second.id))
        #expect(story.last.amounts?.remaining == 2_000_000)
        #expect(story.last.isPayable)
        try story.mine("b", Sample.due / 2, quote: first)
        #expect(story.state == .paid)
    }

    /// So many thousandths of the price a coin loses each minute.
    @Test(arguments: [1, 10] as [Int64])
    func `what a customer gains by waiting is what the coin lost within the windows`(fall: Int64) throws {
        let policy = Policy().with { $0.late = Policy.LateRule(withinSeconds: 600, driftBasisPoints: 200) }
        // Windows are 15 minutes and one of grace, and ten more for what is no more than two per cent down.
        var settled: Set<Int64> = []
        for minute: Int64 in 0...60 {
            var story = try Story.quoted(policy)
            story.clock = max(60 * minute, 1)
            try story.mine("a", Sample.due)
            let loss = fall * minute
            let now = Rate(mantissa: UInt128(10 * (1_000 - loss)), scale: 0)
            let source = RateSource(name: "test", rate: now, at: Sample.at(story.clock))
            let isAccepted = story.payment.lateVerdict(of: Sample.btc.method, at: source) != nil
            #expect(story.last.isFulfillable == (minute <= 16), "minute \(minute)")
            #expect(isAccepted == ((17...26).contains(minute) && loss <= 20), "minute \(minute)")
            if story.last.isFulfillable || isAccepted {
                settled.insert(minute)
                #expect(loss <= max(16 * fall, 20))
            }
        }
        #expect(settled == Set(0...(fall == 1 ? 20 : 16)))
    }

    @Test func `a fulfilment is granted once, to one action`() throws {
        var story = try Story.quoted()
        #expect(try refusal { try story.tell(.fulfilmentClaimed(action: "one")) } == .notFulfillable)
        try story.mine("a", 1_000_000)
        try story.tell(.fulfilmentClaimed(action: "one"))
        #expect(try story.tell(.fulfilmentClaimed(action: "one")).isSilent)
        #expect(try refusal { try story.tell(.fulfilmentClaimed(action: "two")) } == .fulfilmentClaimed)
        #expect(try refusal { try story.tell(.fulfilmentReported(action: "two")) } == .fulfilmentClaimed)
        try story.tell(.fulfilmentReported(action: "one"))
        #expect(try story.tell(.fulfilmentReported(action: "one")).isSilent)
        #expect(try refusal { try story.tell(.ruled(.reject(nil), reason: nil)) } == .notAllowedInState)
    }

    @Test(arguments: [(100, 1_000_000), (100, 500_000), (961, 1_000_000), (961, 500_000)] as [(Int64, UInt128)])
    func `what is on its way as a whole is not quoted again, in time or late`(time: Int64, amount: UInt128) throws {
        var story = try Story.quoted()
        story.clock = time
        try story.pool("a", amount)
        try story.wait(until: 1_500)
        let isWhole = amount == 1_000_000
        #expect(story.payment.isComingLate == (isWhole && time > 960))
        let quote = Sample.quote(2, from: 1_500)
        #expect(story.payment.takesChoice(of: quote.method, at: Sample.at(1_500)) == !isWhole)
        #expect(try refusal { try story.tell(.quoted(quote)) } == (isWhole ? .notAllowedInState : nil))
    }

    @Test(arguments: [(2_000, nil), (3_999, nil), (4_000, Refusal.Code.quoteExpired)] as [(Int64, Refusal.Code?)])
    func `a payment is quoted again until the order's own end`(time: Int64, expected: Refusal.Code?) throws {
        var story = try Story.quoted()
        try story.wait(until: time)
        #expect(story.state == .expired)
        let quote = Sample.quote(2, from: time)
        #expect(story.payment.takesChoice(of: quote.method, at: Sample.at(time)) == (expected == nil))
        #expect(try refusal { try story.tell(.quoted(quote)) } == expected)
        #expect(story.state == (expected == nil ? .awaitingPayment : .expired))
        #expect(story.payment.evidence.quotes.first == Sample.quote(), "the old destination stays watched")
    }

    /// A thousand euros in minor units of other currencies.
    struct Valued: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let currency: Currency
        /// What one whole of some asset costs in the price's currency, and in euros.
        let rates: (price: String, euro: String)?
        /// Of the tier up to 1,000.00 EUR; nil where only the last tier is left.
        let tier: UInt128?
    }

    static let valued: [Valued] = [
        Valued(
            testDescription: "in bitcoin", currency: Currency(code: "BTC", exponent: 8), rates: ("1", "50000"),
            tier: 2_000_000),
        Valued(
            testDescription: "in a coin of 18 decimals", currency: Currency(code: "ETH", exponent: 18),
            rates: ("1", "2500.50"), tier: 399_920_015_996_800_639),
        Valued(
            testDescription: "in a coin without decimals", currency: Currency(code: "BAR", exponent: 0),
            rates: ("1", "60000"), tier: 0),
        Valued(
            testDescription: "in yen", currency: Currency(code: "JPY", exponent: 0), rates: ("8000000", "50000"),
            tier: 160_000),
        Valued(
            testDescription: "in dinars", currency: Currency(code: "KWD", exponent: 3), rates: ("16500", "50000"),
            tier: 330_000),
        Valued(testDescription: "without a rate", currency: Currency(code: "BTC", exponent: 8), rates: nil, tier: nil),
        Valued(
            testDescription: "out of all proportion", currency: Currency(code: "BTC", exponent: 18),
            rates: ("1", "0.000000000000000001"), tier: UInt128.max),
    ]

    @Test("Amounts of a policy become the price's own units", arguments: valued)
    func valuation(_ row: Valued) throws {
        let policy = Policy().with {
            $0.currency = "EUR"
            $0.underTolerance = Policy.Tolerance(basisPoints: 50, capMinor: 100_000)
            $0.reviewAboveMinor = 100_000
            $0.dustMinor = 100_000
            $0.confirmations = [
                Policy.ConfirmationRule(tiers: [
                    Policy.Tier(upToMinor: 100_000, requirement: .count(1)),
                    Policy.Tier(upToMinor: nil, requirement: .count(6)),
                ])
            ]
            $0.limits = [
                Policy.MethodLimit(
                    method: Sample.btc.method, currency: "EUR", minimumMinor: 100_000, maximumMinor: nil)
            ]
        }
        let conversion = try row.rates.map { rates in
            Policy.Conversion(
                from: Sample.eur, asset: sample(AssetCode(parsing: "BTC")),
                priceRate: try Rate(parsing: rates.price), policyRate: try Rate(parsing: rates.euro))
        }
        let valued = policy.valued(in: row.currency, by: conversion)
        #expect(valued.currency == row.currency.code)
        #expect(valued.valuation == conversion.map { .converted($0) } ?? .strictest)
        let amount = row.tier ?? 0
        #expect(valued.underTolerance.capMinor == amount)
        #expect(valued.reviewAboveMinor == amount)
        #expect(valued.dustMinor == amount)
        #expect(valued.overTolerance == policy.overTolerance, "no cap stays none")
        let tiers = valued.confirmations[0].tiers
        #expect(tiers.first?.upToMinor == row.tier)
        #expect(tiers.last == policy.confirmations[0].tiers.last)
        #expect(valued.limits[0].minimumMinor == (row.tier ?? 100_000))
        let method = Sample.btc.method
        let over = Worth(minor: amount.addingSaturating(1))
        let isAbove = over > Worth(minor: amount)
        #expect(valued.requirement(for: method, risk: .normal, value: over) == .count(isAbove ? 6 : 1))
        if row.tier ?? 0 > 0 {
            #expect(valued.requirement(for: method, risk: .normal, value: Worth(minor: amount)) == .count(1))
        }
    }
}
