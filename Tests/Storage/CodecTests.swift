import Domain
import JSON
import Testing

@testable import Storage

@Suite("Stored values have one text")
struct CodecTests {
    private func check<T: Stored & Equatable>(_ values: [T], _ location: SourceLocation = #_sourceLocation)
        throws
    {
        for value in values {
            let bytes = value.storedBytes
            let read = try T(stored: bytes)
            #expect(read == value, sourceLocation: location)
            #expect(read.storedBytes == bytes, "\(T.self) is canonical", sourceLocation: location)
        }
    }

    static let exceptionID = ID<Exception>(part: 3, of: Sample.id(1))
    static let source = RateSource(
        name: "feed \u{1F600} \"x\"", rate: Sample.rate("0.000000000000000001"), at: Sample.at(-9))
    static let key = Transfer.Key(network: Sample.network, place: "tx:1")
    static let verdicts: [Ruling.Verdict] = [
        .cancel, .accept(nil), .accept(exceptionID), .reject(nil), .reject(exceptionID),
        .grantTopUp(exceptionID, Sample.quote(7)), .keep(exceptionID), .release(exceptionID),
        .dismiss(exceptionID), .acceptLate(exceptionID, Sample.method, source),
    ]
    static let bases: [Ruling.Basis?] = [
        nil, Ruling.Basis(live: .zero, confirmed: Worth(picos: .max), transfer: nil),
        Ruling.Basis(live: Worth(picos: 1), confirmed: .zero, transfer: key),
    ]
    static let actors: [Actor] = [
        .key(Sample.id(5)), .customer, .policy, .network(Sample.network), .clock, .operatorAtMachine,
    ]
    static let standings: [Transfer.Standing] =
        [.pooled, Sample.block(0), Sample.block(.max)] + Transfer.Gone.allCases.map { .gone($0) }

    static var policy: Policy {
        var policy = Policy()
        policy.underTolerance = Policy.Tolerance(basisPoints: 10_000, capMinor: .max)
        policy.confirmations = [
            Policy.ConfirmationRule(
                asset: Sample.method.asset, network: Sample.network, risk: .high,
                tiers: [
                    .init(upToMinor: 0, requirement: .count(0)),
                    .init(upToMinor: 1, requirement: .count(.max)),
                    .init(upToMinor: 2, requirement: .safe), .init(upToMinor: 3, requirement: .finalized),
                    .init(upToMinor: nil, requirement: .settled),
                ]), Policy.ConfirmationRule(tiers: []),
        ]
        policy.late = Policy.LateRule(withinSeconds: 9, driftBasisPoints: 8)
        (policy.excess, policy.duplicate, policy.wrongAsset) = (.keep, .keep, .keep)
        policy.dustMinor = 5
        policy.holdsOverpaid = true
        policy.reviewAboveMinor = 1
        policy.limits = [
            Policy.MethodLimit(
                method: Sample.method, currency: "EUR", minimumMinor: nil, maximumMinor: .max),
            Policy.MethodLimit(method: Sample.method, currency: "USD", minimumMinor: 0, maximumMinor: nil),
        ]
        return policy
    }

    @Test("Money, quotes, policies and terms")
    func terms() throws {
        try check([Sample.coin, Sample.token])
        try check([Sample.price(1), Sample.price(Price.largest)])
        try check([Self.source])
        try check([Sample.quote(1), Sample.quote(2, Sample.token, due: (1 << 126) - 1)])
        try check([Policy(), Self.policy])
        var all: [Terms] = []
        for risk in Policy.Risk.allCases {
            all.append(
                Terms(
                    merchant: Sample.merchant, orderID: "Straße \u{0} \n\t", price: Sample.price(),
                    methods: [],
                    policy: Self.policy, risk: risk, openedAt: Instant(milliseconds: .min),
                    expiresAt: .distantFuture, isTest: false, personal: Sample.commitment))
        }
        try check(all)
    }

    @Test("Claims, transfers, spends, sources and refunds")
    func evidence() throws {
        try check(Self.standings.map { Transfer.Claim(sequence: .max, standing: $0) })
        try check([Self.key])
        let transfers = Self.standings.enumerated().map { number, standing in
            Transfer(
                id: ID(part: number + 1, of: Sample.id(1)), key: Self.key, quote: Sample.id(1),
                method: number.isMultiple(of: 2) ? nil : Sample.method,
                amountText: "999999999999999999999999999999999999999999999",
                claim: .init(sequence: 1, standing: standing),
                firstSeen: Sample.at(1), missedByGap: number == 1,
                replaces: [Self.key, Transfer.Key(network: Sample.other, place: "b")], maturity: 100,
                confirmedIn: number == 0 ? nil : number == 1 ? .pool : BlockID("b"))
        }
        try check(transfers)
        try check([Sample.sighting(1, .pooled), Sample.sighting(2, Sample.block(7))])
        var evidence = Evidence(now: Sample.at(3))
        evidence.quotes = [Sample.quote(1), Sample.quote(2)]
        evidence.chosen = Sample.quote(1).id
        evidence.transfers = transfers
        evidence.spends = [Self.key: .init(transaction: "t", claim: .init(sequence: 1, standing: .pooled))]
        evidence.sources = [
            Sample.network: Sample.source(),
            Sample.other: Source(
                sequence: .max, tip: .max, safe: 1, finalized: 0, isHealthy: false,
                scannedUntil: Sample.at(1)),
        ]
        evidence.rulings = Self.verdicts.enumerated().map { number, verdict in
            Ruling(
                number: number + 1, verdict: verdict, actor: Self.actors[number % Self.actors.count],
                reason: number.isMultiple(of: 2) ? nil : Sample.commitment, at: Sample.at(Int64(number)),
                known: number, basis: Self.bases[number % Self.bases.count])
        }
        evidence.refunds = RefundClaim.Stage.allCases.map { stage in
            RefundClaim(
                id: Sample.id(4), step: 2, stage: stage, isFull: true,
                parts: Holding.Place.allCases.map { .init(transfer: Self.key, from: $0, units: .max) })
        }
        try check([Evidence(now: Sample.at(0)), evidence])
    }

    @Test("Every kind of fact, by every kind of actor")
    func facts() throws {
        let spends = [
            Self.key: Transfer.Spend(
                transaction: "t", claim: .init(sequence: 1, standing: .gone(.orphaned)))
        ]
        let refund = RefundClaim(id: Sample.id(4), step: 1, stage: .approved, isFull: false, parts: [])
        var news: [Fact.News] = [
            .quoted(Sample.quote(1)), .chosen(Sample.quote(1).id),
            .sighted([Sample.sighting(1, .pooled)], spends: spends), .sighted([], spends: [:]),
            .looked, .refunded(refund), .fulfilmentClaimed(action: "a/b"), .fulfilmentReported(action: ""),
        ]
        news += Self.verdicts.map { .ruled($0, reason: nil) } + [.ruled(.cancel, reason: Sample.commitment)]
        var facts: [Fact] = []
        for (number, news) in news.enumerated() {
            facts.append(
                Fact(
                    at: Sample.at(1), actor: Self.actors[number % Self.actors.count],
                    sources: [Sample.network: Sample.source()], news: news))
        }
        try check(facts)
    }

    @Test("Transitions, entries, exceptions, fulfilments and holdings")
    func consequences() throws {
        var transitions: [Transition] = []
        for (from, kind) in zip([nil] + State.allCases, Transition.Kind.allCases + Transition.Kind.allCases)
        {
            transitions.append(
                Transition(
                    version: 1, from: from, to: .paid, kind: kind, epoch: 3, at: Sample.at(1),
                    actor: .policy))
        }
        for (number, reason) in Reversal.Reason.allCases.enumerated() {
            transitions.append(
                Transition(
                    version: 2, from: .paid, to: .expired, kind: .reversed, epoch: 1, at: Sample.at(1),
                    actor: .clock, waived: Worth(picos: UInt128(number)),
                    reversal: Reversal(
                        reason: reason, transfers: Array(repeating: Self.key, count: number))))
        }
        try check(transitions)
        let accounts: [Account] = [
            .wallet(Sample.wallet), .feesNetwork, .reorgLoss, .withdrawn, .payments, .excess, .unapplied,
            .escrow,
            .refundsPending, .settled, .feesService, .rounding,
        ]
        let kinds: [Entry.Kind] = [
            .received, .applied, .refundApproved, .refundConfirmed, .withdrawn, .reversed,
        ]
        let entries = kinds.flatMap { kind in
            accounts.map { account in
                sample(
                    Entry(
                        id: ID(part: 1, of: Sample.id(1)), kind: kind, method: Sample.method,
                        transfer: Self.key,
                        businessKey: "a key", at: Sample.at(1),
                        postings: [
                            Posting(account: account, amount: .max, reference: nil),
                            Posting(account: .payments, amount: -.max, reference: .min),
                        ], corrects: kind == .reversed ? ID(part: 2, of: Sample.id(1)) : nil))
            }
        }
        try check(entries)
        try check(
            Exception.Kind.allCases.enumerated().map { number, kind in
                Exception(
                    id: Self.exceptionID,
                    subject: .init(kind, transfer: number == 0 ? nil : Self.key),
                    openedAt: Sample.at(1), amount: number == 2 ? nil : .max,
                    method: number == 3 ? nil : Sample.method,
                    isSevere: number == 4,
                    resolution: [nil, .evidence(at: Sample.at(5)), .ruling(4)][number % 3])
            })
        try check([
            Fulfilment(action: "a", claimedAt: nil, reportedAt: Sample.at(1)),
            Fulfilment(action: "b", claimedAt: Sample.at(1), reportedAt: nil),
        ])
        var holding = Holding()
        let limit = Int128(Transfer.amountLimit)
        holding.wallet = limit - 1
        holding.unapplied = -limit + 1
        try check([Holding(), holding])
        for beyond in [Int128.max, .min, limit, -limit] {
            holding.unapplied = beyond
            #expect(throws: Corruption.self) { _ = try Holding(stored: holding.storedBytes) }
        }
    }

    @Test("A whole payment")
    func payment() throws {
        let opened = Payment.open(Sample.id(1), Sample.terms(Self.policy), actor: .clock).payment
        let quoted = try opened.reduce(
            Fact(at: Sample.at(0), actor: .customer, sources: [:], news: .quoted(Sample.quote(1)))
        ).payment
        let paid = try quoted.reduce(
            Fact(
                at: Sample.at(20), actor: .clock, sources: [Sample.network: Sample.source()],
                news: .sighted([Sample.sighting(1, Sample.block(100))], spends: [:]))
        ).payment
        try check([opened, quoted, paid])
        #expect(!paid.posted.isEmpty)
    }

    static let damaged: [(name: String, text: String)] = [
        ("nothing", ""), ("no object", "[]"), ("members missing", "{}"),
        ("a number as text", #"{"minor":1,"currency":"EUR","exponent":2}"#),
        ("a negative exponent", #"{"minor":"1","currency":"EUR","exponent":-1}"#),
        ("too large an exponent", #"{"minor":"1","currency":"EUR","exponent":19}"#),
        ("an exponent beyond a byte", #"{"minor":"1","currency":"EUR","exponent":300}"#),
        ("a price of nothing", #"{"minor":"0","currency":"EUR","exponent":2}"#),
        ("a fraction", #"{"minor":"1","currency":"EUR","exponent":2.0}"#),
        ("a sign", #"{"minor":"-1","currency":"EUR","exponent":2}"#),
        (
            "more than 128 bits",
            #"{"minor":"340282366920938463463374607431768211456","currency":"EUR","exponent":2}"#
        ),
        ("a member twice", #"{"minor":"1","minor":"1","currency":"EUR","exponent":2}"#),
    ]

    @Test("Damaged text is corruption, never a trap", arguments: 0..<damaged.count)
    func damage(_ number: Int) {
        #expect(throws: Corruption.self, "\(Self.damaged[number].name)") {
            try Price(stored: Array(Self.damaged[number].text.utf8))
        }
    }

    @Test("A payment's text with any byte changed is read, or is corruption")
    func flips() throws {
        let opened = Payment.open(Sample.id(1), Sample.terms(), actor: .clock).payment
        let payment = try opened.reduce(
            Fact(at: Sample.at(0), actor: .customer, sources: [:], news: .quoted(Sample.quote(1)))
        ).payment
        let bytes = payment.storedBytes
        for index in bytes.indices {
            for mask in [UInt8(1), 0x10, 0x80] {
                var damaged = bytes
                damaged[index] ^= mask
                do throws(Corruption) { _ = try Payment(stored: damaged) } catch { continue }
            }
        }
    }
}
