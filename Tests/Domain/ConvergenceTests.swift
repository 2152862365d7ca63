import Domain
import Testing

/// Chance that gives the same numbers for the same seed.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_f491_4f6c_dd1d
    }

    mutating func roll(_ sides: Int) -> Int { Int(next() % UInt64(sides)) }
}

/// The same facts give the same payment, in whatever order and however often they are told.
@Suite struct ConvergenceTests {
    /// What stays of a story whatever its order was: no numbering, no announcements.
    struct Outcome: Equatable {
        let assessment: Assessment
        let holdings: [Transfer.Key: Holding]
        let open: Set<Exception.Subject>

        init(_ story: Story) {
            assessment = story.last
            holdings = story.payment.posted.mapValues(\.holding).filter { $0.value != Holding() }
            open = Set(story.payment.openExceptions.map(\.subject).filter { $0.kind != .reversed })
        }
    }

    static let policies: [Policy] = {
        var tolerant = Policy()
        tolerant.underTolerance = Policy.Tolerance(basisPoints: 100, capMinor: nil)
        tolerant.overTolerance = Policy.Tolerance(basisPoints: 100, capMinor: nil)
        tolerant.confirmations = [Policy.ConfirmationRule(tiers: [Policy.Tier(upToMinor: nil, requirement: .count(3))])]
        var unconfirmed = Policy()
        unconfirmed.confirmations = [
            Policy.ConfirmationRule(tiers: [
                Policy.Tier(upToMinor: 10_000, requirement: .count(0)),
                Policy.Tier(upToMinor: nil, requirement: .count(2)),
            ])
        ]
        unconfirmed.dustMinor = 100
        unconfirmed.duplicate = .keep
        return [Policy(), tolerant, unconfirmed]
    }()

    @Test(arguments: 1...120 as ClosedRange<UInt64>)
    func `a story told in order, shuffled and doubled ends the same`(seed: UInt64) throws {
        var dice = Dice(seed)
        let policy = Self.policies[Int(seed) % Self.policies.count]
        // What a policy took unconfirmed stays taken, so only a story that ends in blocks forgets its order.
        let facts = ChainTale.write(&dice, endsInBlocks: policy == Self.policies[2])
        let inOrder = try tell(facts, policy)
        #expect(Outcome(try tell(facts.shuffled(using: &dice), policy)) == Outcome(inOrder))
        #expect(Outcome(try tell((facts + facts).shuffled(using: &dice), policy)) == Outcome(inOrder))
        #expect(Outcome(try tell(facts.reversed(), policy)) == Outcome(inOrder))
    }

    private func tell(_ facts: [Fact], _ policy: Policy) throws -> Story {
        var story = try Story.quoted(policy)
        try story.tell(.quoted(Sample.quote(2, Sample.ltc, due: 3_333_333)))
        for fact in facts { try story.tell(fact) }
        return story
    }
}

/// What two networks might say of one payment: the pool, blocks, replacements, evictions and reorgs.
struct ChainTale {
    private struct Coin {
        let place: String
        let amount: UInt128
        let quote: Quote
        var standing: Transfer.Standing
        var replaces: [String]
    }

    private var coins: [Coin] = []
    private var facts: [Fact] = []
    private var clock: Int64 = 2
    private var tip: UInt64 = 100
    private var fork = 0
    private var sequence: UInt64 = 100
    private var isHealthy = true

    /// A tale of some dozens of facts, whose end is deep under blocks and long past every window.
    static func write(_ dice: inout Dice, endsInBlocks: Bool) -> [Fact] {
        var tale = ChainTale()
        for _ in 0..<(5 + dice.roll(25)) { tale.step(&dice) }
        tale.isHealthy = true
        tale.mine(all: endsInBlocks || dice.roll(4) > 0, &dice)
        tale.clock += 4_000_000
        tale.tip += 20
        tale.say([])
        return tale.facts
    }

    private mutating func step(_ dice: inout Dice) {
        clock += Int64([1, 5, 30, 400, 2_000][dice.roll(5)])
        switch dice.roll(10) {
        case 0, 1, 2: enter(&dice)
        case 3, 4: mine(all: false, &dice)
        case 5: reorganise(&dice)
        case 6: replace(&dice)
        case 7: evict(&dice)
        case 8: isHealthy.toggle(); say([])
        default: tip += UInt64(dice.roll(4)); say([])
        }
    }

    private mutating func enter(_ dice: inout Dice) {
        guard coins.count < 7 else { return }
        let amounts: [UInt128] = [1_000_000, 500_000, 500_000, 990_000, 1_500_000, 10, 0, 2_000_000]
        let isOther = dice.roll(4) == 0
        let amount = amounts[dice.roll(amounts.count)] * (isOther ? 10 : 3) / 3
        coins.append(
            Coin(place: "coin-\(coins.count)", amount: amount, quote: isOther
                ? Sample.quote(2, Sample.ltc, due: 3_333_333) : Sample.quote(), standing: .pooled, replaces: []))
        say([coins.count - 1])
    }

    private mutating func mine(all: Bool, _ dice: inout Dice) {
        tip += 1
        var told: [Int] = []
        for index in coins.indices where coins[index].standing == .pooled && (all || dice.roll(2) == 0) {
            coins[index].standing = .mined(
                BlockPlace(
                    height: tip, block: BlockID("\(tip)-\(fork)"), index: UInt32(index),
                    medianTime: Sample.at(clock - 1)))
            told.append(index)
        }
        say(told)
    }

    private mutating func reorganise(_ dice: inout Dice) {
        let height = tip - UInt64(dice.roll(4))
        fork += 1
        var told: [Int] = []
        for index in coins.indices {
            guard case .mined(let place) = coins[index].standing, place.height > height else { continue }
            coins[index].standing = dice.roll(3) == 0 ? .gone(.orphaned) : .pooled
            told.append(index)
        }
        tip = height
        say(told)
    }

    private mutating func replace(_ dice: inout Dice) {
        guard let index = coins.lastIndex(where: { $0.standing == .pooled }), coins.count < 7 else { return }
        coins[index].standing = .gone(.replaced)
        if dice.roll(2) == 0 { return say([index]) }
        let amount = coins[index].amount * UInt128(1 + dice.roll(3)) / 2
        coins.append(
            Coin(place: "coin-\(coins.count)", amount: amount, quote: coins[index].quote, standing: .pooled,
                replaces: [coins[index].place]))
        say([index, coins.count - 1])
    }

    private mutating func evict(_ dice: inout Dice) {
        guard let index = coins.indices.randomElement(using: &dice) else { return }
        switch coins[index].standing {
        case .pooled: coins[index].standing = .gone(.evicted)
        case .gone(.evicted), .gone(.orphaned): coins[index].standing = .pooled
        case .mined, .gone: return
        }
        say([index])
    }

    private mutating func say(_ told: [Int]) {
        sequence += 1
        let sightings = told.map { index in
            let coin = coins[index]
            return Sighting(
                key: Sample.key(coin.place, on: coin.quote.method.network), quote: coin.quote.id,
                method: coin.quote.method, amountText: String(coin.amount),
                claim: Transfer.Claim(sequence: sequence, standing: coin.standing), seenAt: Sample.at(clock),
                replaces: Set(coin.replaces.map { Sample.key($0, on: coin.quote.method.network) }))
        }
        let source = Source(
            sequence: sequence, tip: tip, safe: nil, finalized: nil, isHealthy: isHealthy,
            scannedUntil: Sample.at(clock))
        facts.append(
            Fact(
                at: Sample.at(clock), actor: .network(Sample.bitcoin),
                sources: [Sample.bitcoin: source, Sample.litecoin: source],
                news: told.isEmpty ? .looked : .sighted(sightings, spends: [:])))
    }
}
