import Chains
import Crypto
import Domain
import Engine
import Platform

/// A payment of which only the rules hear, without a store, a node or a wire: facts that follow from a seed,
/// each of them folded in and compared with the oracle. What was told is kept, so that it can be told again.
struct RuleStory {
    let seed: UInt64
    private(set) var payment: Payment
    /// As it was opened.
    let opened: Payment
    /// What was told, in order, as far as the rules took it.
    private(set) var facts: [Fact] = []
    var dice: Dice
    var oracle: Oracle
    var chains: [SpokenChain]
    var now: Int64
    /// Of the moments at which a customer could pay once more, how many it takes: most pay once.
    let eagerness: Int
    var sent: [Sent] = []
    var offers: [Quote] = []
    var tally = Tally()
    /// The last acts, in words.
    private(set) var acts: [String] = []
    private var books: [Oracle.Account: Int128] = [:]
    private var reversals = 0
    /// What each network said last, as far as it was heard.
    var words: [NetworkName: Source] = [:]
    /// A word that is still under way, and its network.
    var held: (fact: Fact, network: Int)?
    /// What spends what we were paid, on which network.
    var spenders: [(transaction: TrueTransaction, network: Int)] = []

    /// A transaction that pays us, on its network.
    struct Sent: Sendable {
        let transaction: TrueTransaction
        let network: Int
        /// What was said of it last; nil before the first word.
        var told: Oracle.Standing?
    }

    init(seed: UInt64) throws {
        self.seed = seed
        dice = Dice(seed: seed).split("rules")
        let methods = [UTXONetwork.bitcoinRegtest, .litecoinRegtest].map(\.coin.method)
        chains = methods.map(SpokenChain.init)
        now = 1_767_225_600_000
        eagerness = dice.pick([0, 0, 30, 200, 1_000]) ?? 0
        let agreement = Agreement.drawn(&dice, networks: methods.count)
        let cents = UInt128(dice.number(in: 60...20_000))
        let end = now + Int64(dice.number(in: 600...7_200)) * 1_000
        let at = Instant(milliseconds: now)
        let terms = Terms(
            merchant: ID(at: at, chance: dice.bytes(10)), orderID: "order",
            price: try Price(minor: cents, currency: Self.euro), methods: methods,
            policy: agreement.policy(methods), risk: .normal, openedAt: at,
            expiresAt: Instant(milliseconds: end), isTest: true,
            personal: try Self.commitment(dice.bytes(32)))
        opened = Payment.open(ID(at: at, chance: dice.bytes(10)), terms, actor: .customer).payment
        payment = opened
        oracle = Oracle(
            methods.map(\.network),
            [UTXONetwork.bitcoinRegtest, .litecoinRegtest].map { TrueChain($0, blocks: 0, time: 0) }, gap: 0)
        var one = Oracle.Case(cents: cents, agreement: agreement, expiresAt: end)
        one.furthest = methods.map { _ in 0 }
        oracle.cases = [one]
        for network in chains.indices { oracle.views[network].told = Oracle.Told() }
    }

    private static func commitment(_ bytes: [UInt8]) throws -> Commitment {
        guard let commitment = Commitment(bytes) else {
            throw Simulation.Failure(problem: "32 bytes bind something")
        }
        return commitment
    }

    static let euro = Currency(code: "EUR", exponent: 2)

    mutating func count(_ name: String) { tally.add(name) }
    mutating func count(fault name: String) { tally.add(fault: name) }
    mutating func note(_ act: String) {
        if acts.count < Limits.tracedActs { acts.append("\(now / 1_000) \(act)") }
    }

    func fact(_ news: Fact.News, by actor: Actor) -> Fact {
        Fact(at: Instant(milliseconds: now), actor: actor, sources: words, news: news)
    }

    /// Folds in one piece of news. False: the rules refuse it, and nothing has changed.
    @discardableResult
    mutating func tell(_ news: Fact.News, by actor: Actor) throws -> Bool {
        let fact = fact(news, by: actor)
        let decision: Decision
        do throws(Objection) {
            decision = try payment.reduce(fact)
        } catch {
            guard case .refusal(let refusal) = error else {
                throw Simulation.Failure(problem: "a sound fact is called corrupt: \(error)")
            }
            note("refused: \(refusal.code.rawValue)")
            count("refused commands")
            return false
        }
        facts.append(fact)
        try audit(decision)
        payment = decision.payment
        if case .quoted(let quote) = news { try learn(quote) }
        if case .ruled(.grantTopUp(_, let quote), _) = news { try learn(quote) }
        _ = try oracle.learnDecisions(0, payment)
        try compare()
        return true
    }

    /// What the oracle says of it now.
    private mutating func compare() throws {
        let comparison = oracle.compare(0, payment, books: books.filter { $0.value != 0 }, now: now)
        count("compared")
        if comparison.answers > 1 { count("compared with two answers") }
        if let problem = comparison.problem { throw Simulation.Failure(problem: "the payment: \(problem)") }
        count("seen \(payment.state.rawValue)")
    }

    /// Tells again what was told before, or what came too late to say anything: nothing may follow.
    mutating func tellAgain(_ fact: Fact) throws {
        let decision: Decision
        do throws(Objection) {
            decision = try payment.reduce(fact)
        } catch {
            throw Simulation.Failure(problem: "what was heard before is refused: \(error)")
        }
        facts.append(fact)
        let isNothing = decision.payment == payment && decision.transition == nil && decision.entries.isEmpty
            && decision.events.isEmpty && decision.exceptions.isEmpty && decision.isSilent
        guard isNothing else {
            throw Simulation.Failure(problem: "what was heard before changes something: \(decision)")
        }
    }

    private mutating func learn(_ quote: Quote) throws {
        offers.append(quote)
        guard let script = Hex.decode(quote.destination.script),
            let network = chains.firstIndex(where: { $0.method == quote.method })
        else { throw Simulation.Failure(problem: "a quote has a script and a network") }
        let offer = Offer(
            quote: quote.id.text, network: network, script: script, due: quote.amountDue,
            covers: quote.covers.minor, endsAt: quote.endsAt.milliseconds, isTopUp: quote.isTopUp)
        guard oracle.issue(offer, of: 0) else {
            throw Simulation.Failure(problem: "an address was given twice")
        }
        oracle.lock(0, now: now)
    }

    /// What must be so of any decision, whatever the oracle says.
    private mutating func audit(_ decision: Decision) throws {
        func require(_ condition: Bool, _ problem: String) throws {
            if !condition { throw Simulation.Failure(problem: problem) }
        }
        let next = decision.payment
        if let transition = decision.transition {
            let (old, new) = (payment.state, next.state)
            try require(transition.from == old && transition.to == new, "a transition of other states")
            try require(transition.version == payment.version + 1, "versions are not dense")
            if old.isSettled, !new.isSettled { reversals += 1 }
            let isFirst = !old.isSettled && new.isSettled
            try require(next.epoch == payment.epoch + (isFirst ? 1 : 0), "an epoch begins unseen")
            let isReversal = old.isSettled && !new.isSettled
            try require(
                (transition.kind == .reversed) == isReversal, "\(old) becomes \(new) as \(transition.kind)")
            count("\(old.rawValue) → \(new.rawValue)")
        } else {
            try require(next.state == payment.state && next.version == payment.version, "an unsaid change")
            try require(next.epoch == payment.epoch, "an epoch begins unseen")
        }
        try require(
            next.epoch - reversals == (next.state.isSettled ? 1 : 0), "what was announced paid stays paid")
        for (place, event) in decision.events.enumerated() {
            try require(event.sequence == payment.eventCount + place + 1, "events are not dense")
        }
        for entry in decision.entries {
            try require(entry.postings.count > 1, "an entry of one leg")
            try require(entry.postings.allSatisfy { $0.amount != 0 }, "a leg of nothing")
            try require(entry.postings.reduce(0) { $0 + $1.amount } == 0, "an entry that does not balance")
            guard let network = chains.firstIndex(where: { $0.method == entry.method }) else { continue }
            try require(
                entry.postings.allSatisfy { Oracle.account($0.account, on: network) != nil },
                "\(entry.postings) moves an account that nothing may move")
            Oracle.add(entry, on: network, to: &books)
        }
        let isRight = !decision.assessment.isFulfillable || next.state.isSettled
        try require(isRight, "it may be fulfilled as \(next.state)")
        try require(decision.assessment.state == next.state, "it is announced otherwise than assessed")
    }
}
