import Domain
import Testing

/// One payment, and what is told of it. After every fact the books, the numbering and the announcements are audited.
struct Story {
    private(set) var payment: Payment
    private(set) var decisions: [Decision]
    private var audit: Audit
    /// What is believed that should not be: then the books are wrong on purpose, and nobody audits them.
    private let belief: Belief?
    /// Seconds since the payment was opened.
    var clock: Int64 = 1
    var tip: UInt64 = 100
    var isHealthy = true
    /// The networks' own words on what will stay; nil where they have none.
    var safe: UInt64?
    var finalized: UInt64?
    private var sequence: UInt64 = 0

    init(
        _ policy: Policy = Policy(), price: Price = Sample.price(), risk: Policy.Risk = .normal,
        believing belief: Belief? = nil
    ) {
        let terms = Sample.terms(belief?.policy(policy) ?? policy, price: price, risk: risk)
        let decision = Payment.open(Sample.payment, terms, actor: .clock)
        self.belief = belief
        payment = decision.payment
        decisions = [decision]
        audit = Audit(decision)
    }

    /// A story whose customer has been quoted one price in bitcoin.
    static func quoted(_ policy: Policy = Policy(), risk: Policy.Risk = .normal) throws -> Story {
        var story = Story(policy, risk: risk)
        try story.tell(.quoted(Sample.quote()))
        return story
    }

    var state: State { payment.state }
    var open: [Exception.Kind] { payment.openExceptions.map(\.kind) }
    var last: Assessment { payment.assessment }
    var transitions: [Transition] { decisions.compactMap(\.transition) }

    /// What all transfers of a method hold together.
    var books: Holding {
        payment.posted.values.reduce(into: Holding()) { sum, posted in
            sum.wallet += posted.holding.wallet
            sum.withdrawn += posted.holding.withdrawn
            sum.reorgLoss += posted.holding.reorgLoss
            sum.payments += posted.holding.payments
            sum.excess += posted.holding.excess
            sum.unapplied += posted.holding.unapplied
            sum.refundsPending += posted.holding.refundsPending
        }
    }

    /// The networks' word as it stands.
    var sources: [NetworkName: Source] {
        let source = Source(
            sequence: sequence, tip: tip, safe: safe, finalized: finalized, isHealthy: isHealthy,
            scannedUntil: Sample.at(clock))
        return [Sample.bitcoin: source, Sample.litecoin: source, Sample.elsewhere: source]
    }

    /// Folds in one piece of news at the clock's time, by the merchant unless said otherwise.
    @discardableResult
    mutating func tell(_ news: Fact.News, by actor: Actor = .clock) throws -> Decision {
        sequence += 1
        return try tell(Fact(at: Sample.at(clock), actor: actor, sources: sources, news: news))
    }

    @discardableResult
    mutating func tell(_ fact: Fact) throws -> Decision {
        let decision = try payment.reduce(belief?.fact(fact) ?? fact)
        if belief == nil { try audit.check(decision, after: payment) }
        payment = decision.payment
        decisions.append(decision)
        return decision
    }

    /// A network's next word on a transfer.
    func sighting(
        _ place: String, _ amount: String, _ standing: Transfer.Standing, quote: Quote = Sample.quote(),
        on network: NetworkName? = nil, method: Method?? = nil, replaces: [String] = [], gap: Bool = false,
        maturity: UInt32 = 0
    ) -> Sighting {
        let network = network ?? quote.method.network
        return Sighting(
            key: Sample.key(place, on: network), quote: quote.id, method: method ?? quote.method, amountText: amount,
            claim: Transfer.Claim(sequence: sequence + 1, standing: standing), seenAt: Sample.at(clock),
            fellIntoGap: gap, replaces: Set(replaces.map { Sample.key($0, on: network) }), maturity: maturity)
    }

    /// Seen in the pool.
    mutating func pool(
        _ place: String, _ amount: UInt128, quote: Quote = Sample.quote(), replaces: [String] = []
    ) throws {
        let seen = sighting(place, String(amount), .pooled, quote: quote, replaces: replaces)
        let gone = replaces.compactMap { payment.evidence.transfer(Sample.key($0)) }.map {
            sighting($0.key.place, $0.amountText, .gone(.replaced), quote: quote)
        }
        try tell(.sighted([seen] + gone, spends: [:]))
    }

    /// In a block, at the tip unless said otherwise.
    mutating func mine(
        _ place: String, _ amount: UInt128, quote: Quote = Sample.quote(), at height: UInt64? = nil,
        on network: NetworkName? = nil, method: Method?? = nil, maturity: UInt32 = 0, block: String? = nil
    ) throws {
        let height = height ?? tip
        let place1 = BlockPlace(
            height: height, block: BlockID(block ?? "block-\(height)"), index: 0, medianTime: Sample.at(clock))
        try tell(
            .sighted(
                [sighting(place, String(amount), .mined(place1), quote: quote, on: network, method: method,
                    maturity: maturity)], spends: [:]))
    }

    /// The network claims it no more, or only in the pool.
    mutating func lose(
        _ place: String, _ standing: Transfer.Standing = .gone(.orphaned), on network: NetworkName = Sample.bitcoin
    ) throws {
        let known = try #require(payment.evidence.transfer(Sample.key(place, on: network)))
        let quote = payment.evidence.quote(known.quote) ?? Sample.quote()
        let word = sighting(place, known.amountText, standing, quote: quote, on: network, method: known.method)
        try tell(.sighted([word], spends: [:]))
    }

    mutating func spend(_ place: String, _ standing: Transfer.Standing, by transaction: String = "spender") throws {
        let claim = Transfer.Claim(sequence: sequence + 1, standing: standing)
        let spend = Transfer.Spend(transaction: transaction, claim: claim)
        try tell(.sighted([], spends: [Sample.key(place): spend]))
    }

    /// Time passes, and a look is taken.
    mutating func wait(until seconds: Int64) throws {
        clock = seconds
        try tell(.looked)
    }

    mutating func rule(_ verdict: (ID<Exception>) -> Ruling.Verdict, on kind: Exception.Kind) throws {
        let exception = try #require(payment.openExceptions.last { $0.kind == kind }, "no open \(kind)")
        try tell(.ruled(verdict(exception.id), reason: nil))
    }

    mutating func refund(
        _ stage: RefundClaim.Stage, step: Int, isFull: Bool = false, id: ID<Refund> = Sample.refund,
        _ parts: [(String, Holding.Place, UInt128)]
    ) throws {
        let parts = parts.map { RefundClaim.Part(transfer: Sample.key($0.0), from: $0.1, units: $0.2) }
        try tell(.refunded(RefundClaim(id: id, step: step, stage: stage, isFull: isFull, parts: parts)))
    }
}

/// The code with which `work` is refused; nil when it is not.
func refusal(_ work: () throws -> Void) throws -> Refusal.Code? {
    do {
        try work()
        return nil
    } catch Objection.refusal(let refusal) {
        return refusal.code
    }
}
