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
        // Whether it was taken before its time for a block was over is such a moment too.
        unconfirmed.confirmBySeconds = 24 * 3600
        unconfirmed.dustMinor = 100
        unconfirmed.duplicate = .keep
        return [Policy(), tolerant, unconfirmed]
    }()

    @Test(arguments: 1...120 as ClosedRange<UInt64>)
    func `a story told in order, shuffled and doubled ends the same`(seed: UInt64) throws {
        var dice = Dice(seed)
        let policy = Self.policies[Int(seed) % Self.policies.count]
        // What a policy took unconfirmed stays taken, so only a story that ends in blocks forgets its order.
        let tale = ChainTale.write(&dice, chapters: 1, endsInBlocks: policy == Self.policies[2])
        try compare(tale, policy, seed, &dice)
    }

    @Test(arguments: 1...120 as ClosedRange<UInt64>)
    func `so does one in which people decide, and money goes back, between what the networks say`(
        seed: UInt64
    ) throws {
        var dice = Dice(seed &+ 10_000)
        let policy = Self.policies[Int(seed) % 2]
        try compare(ChainTale.write(&dice, chapters: 3, endsInBlocks: false), policy, seed, &dice)
    }

    private func compare(_ tale: [[Fact]], _ policy: Policy, _ seed: UInt64, _ dice: inout Dice) throws {
        let inOrder = Outcome(try tell(tale, policy, seed))
        #expect(Outcome(try tell(tale.map { $0.shuffled(using: &dice) }, policy, seed)) == inOrder)
        #expect(Outcome(try tell(tale.map { ($0 + $0).shuffled(using: &dice) }, policy, seed)) == inOrder)
        #expect(Outcome(try tell(tale.map { $0.reversed() }, policy, seed)) == inOrder)
    }

    /// Between two chapters people decide what is open then; decisions keep their order.
    private func tell(_ tale: [[Fact]], _ policy: Policy, _ seed: UInt64) throws -> Story {
        var story = try Story.quoted(policy)
        try story.tell(.quoted(Sample.quote(2, Sample.ltc, due: 3_333_333)))
        for (number, chapter) in tale.enumerated() {
            if number > 0 { try decide(&story, Dice(seed &+ UInt64(number))) }
            for fact in chapter { try story.tell(fact) }
        }
        return story
    }

    private func decide(_ story: inout Story, _ start: Dice) throws {
        var dice = start
        let now = story.payment.evidence.now.adding(milliseconds: 1)
        func say(_ news: Fact.News) throws {
            _ = try refusal { try story.tell(Fact(at: now, actor: .clock, sources: [:], news: news)) }
        }
        // The numbers of exceptions depend on the order of what was heard; what they are about does not.
        let open = story.payment.openExceptions.sorted { "\($0.subject)" < "\($1.subject)" }
        for exception in open where exception.kind != .reversed && dice.roll(3) > 0 {
            let actions = exception.kind.actions
            switch actions[dice.roll(actions.count)] {
            case .accept: try say(.ruled(.accept(exception.id), reason: nil))
            case .reject: try say(.ruled(.reject(exception.id), reason: nil))
            case .keep: try say(.ruled(.keep(exception.id), reason: nil))
            case .release: try say(.ruled(.release(exception.id), reason: nil))
            case .dismiss: try say(.ruled(.dismiss(exception.id), reason: nil))
            case .grantTopUp:
                let start = (now.milliseconds - Sample.at(0).milliseconds) / 1_000
                let quote = Sample.quote(
                    3, from: start, seconds: 100_000, due: 700_000, covers: Sample.price(5_000), isTopUp: true)
                try say(.ruled(.grantTopUp(exception.id, quote), reason: nil))
            }
        }
        let held = story.payment.posted.filter { $0.value.holding.unapplied > 1 }.keys.min()
        guard let key = held, let posted = story.payment.posted[key], dice.roll(2) == 0 else { return }
        let part = RefundClaim.Part(
            transfer: key, from: .unapplied, units: UInt128(posted.holding.unapplied) / UInt128(1 + dice.roll(2)))
        let id = dice.roll(2) == 0 ? Sample.refund : Sample.otherRefund
        try say(.refunded(RefundClaim(id: id, step: 1, stage: .approved, isFull: false, parts: [part])))
        if dice.roll(2) > 0 { return }
        try say(.refunded(RefundClaim(id: id, step: 2, stage: .confirmed, isFull: false, parts: [part])))
    }
}

/// What three networks might say of one payment: the pool, blocks, replacements, evictions, reorgs, spends, strange
/// money, and what was missed. Each speaks for itself, and errs for itself.
struct ChainTale {
    private struct Coin {
        let place: String
        let amount: UInt128
        let quote: Quote
        let network: NetworkName
        let method: Domain.Method?
        var standing: Transfer.Standing
        var replaces: [String]
        var spend: Transfer.Standing?
        var fellIntoGap = false
    }

    private struct Network {
        var tip: UInt64 = 100
        var fork = 0
        var isHealthy = true
    }

    private static let networks = [Sample.bitcoin, Sample.litecoin, Sample.elsewhere]
    private var coins: [Coin] = []
    private var facts: [Fact] = []
    private var clock: Int64 = 2
    private var sequence: UInt64 = 100
    private var now = Dictionary(uniqueKeysWithValues: networks.map { ($0, Network()) })

    /// A tale of some dozens of facts. Each chapter ends with healthy networks; the last is deep under blocks and long
    /// past every window.
    static func write(_ dice: inout Dice, chapters: Int, endsInBlocks: Bool) -> [[Fact]] {
        var tale = ChainTale()
        return (1...chapters).map { chapter in
            tale.facts = []
            for _ in 0..<(5 + dice.roll(25)) { tale.step(&dice) }
            let isLast = chapter == chapters
            for network in networks {
                tale.now[network]?.isHealthy = true
                tale.mine(network, all: isLast && (endsInBlocks || dice.roll(4) > 0), &dice)
            }
            tale.clock += isLast ? 4_000_000 : 5
            for network in networks {
                tale.now[network]?.tip += isLast ? 20 : 3
                tale.say([], network)
            }
            return tale.facts
        }
    }

    private mutating func step(_ dice: inout Dice) {
        clock += Int64([1, 5, 30, 400, 2_000][dice.roll(5)])
        let network = Self.networks[[0, 0, 0, 1, 1, 2][dice.roll(6)]]
        switch dice.roll(12) {
        case 0, 1, 2: enter(&dice)
        case 3, 4: mine(network, all: false, &dice)
        case 5: reorganise(network, &dice)
        case 6: replace(&dice)
        case 7: evict(&dice)
        case 8: now[network]?.isHealthy.toggle(); say([], network)
        case 9: spend(&dice)
        case 10: miss(&dice)
        default: now[network]?.tip += UInt64(dice.roll(4)); say([], network)
        }
    }

    /// A new coin, most often as the quote asks; now and then on another network, or in another asset.
    private func coin(_ dice: inout Dice, _ standing: Transfer.Standing) -> Coin {
        let amounts: [UInt128] = [1_000_000, 500_000, 500_000, 990_000, 1_500_000, 10, 0, 2_000_000]
        let isOther = dice.roll(4) == 0
        let amount = amounts[dice.roll(amounts.count)] * (isOther ? 10 : 3) / 3
        let quote = isOther ? Sample.quote(2, Sample.ltc, due: 3_333_333) : Sample.quote()
        let isStrange = dice.roll(6) == 0
        let network = isStrange && dice.roll(2) == 0 ? Sample.elsewhere : quote.method.network
        let other = Method(asset: sample(AssetCode(parsing: "USDT")), network: network)
        let strange = network == Sample.elsewhere ? quote.method : dice.roll(2) == 0 ? nil : other
        return Coin(
            place: "coin-\(coins.count)", amount: amount, quote: quote, network: network,
            method: isStrange ? strange : quote.method, standing: standing, replaces: [])
    }

    private mutating func enter(_ dice: inout Dice) {
        guard coins.count < 9 else { return }
        coins.append(coin(&dice, .pooled))
        say([coins.count - 1])
    }

    /// A coin that is first heard of in a block, while catching up.
    private mutating func miss(_ dice: inout Dice) {
        guard coins.count < 9 else { return }
        var coin = coin(&dice, .pooled)
        now[coin.network]?.tip += 1
        coin.standing = place(of: coins.count, on: coin.network, secondsAgo: Int64([10, 300, 3_000][dice.roll(3)]))
        coin.fellIntoGap = true
        coins.append(coin)
        say([coins.count - 1])
    }

    private func place(of index: Int, on network: NetworkName, secondsAgo: Int64) -> Transfer.Standing {
        let word = now[network] ?? Network()
        return .mined(
            BlockPlace(
                height: word.tip, block: BlockID("\(network)-\(word.tip)-\(word.fork)"), index: UInt32(index),
                medianTime: Sample.at(clock - secondsAgo)))
    }

    private mutating func mine(_ network: NetworkName, all: Bool, _ dice: inout Dice) {
        now[network]?.tip += 1
        var told: [Int] = []
        for index in coins.indices where coins[index].network == network {
            guard coins[index].standing == .pooled, all || dice.roll(2) == 0 else { continue }
            coins[index].standing = place(of: index, on: network, secondsAgo: 1)
            told.append(index)
        }
        say(told, network)
    }

    /// The merchant spends what it received; later words on it come with reorgs.
    private mutating func spend(_ dice: inout Dice) {
        guard let index = coins.indices.randomElement(using: &dice), coins[index].spend == nil,
            case .mined = coins[index].standing
        else { return }
        coins[index].spend =
            dice.roll(3) == 0 ? .pooled : place(of: index, on: coins[index].network, secondsAgo: 1)
        say([index])
    }

    private mutating func reorganise(_ network: NetworkName, _ dice: inout Dice) {
        let height = (now[network]?.tip ?? 100) - UInt64(dice.roll(4))
        now[network]?.fork += 1
        var told: [Int] = []
        for index in coins.indices where coins[index].network == network {
            if case .mined(let place) = coins[index].spend, place.height > height {
                coins[index].spend = .gone(.orphaned)
                told.append(index)
            }
            guard case .mined(let place) = coins[index].standing, place.height > height else { continue }
            coins[index].standing = dice.roll(3) == 0 ? .gone(.orphaned) : .pooled
            told.append(index)
        }
        now[network]?.tip = height
        say(told, network)
    }

    private mutating func replace(_ dice: inout Dice) {
        guard let index = coins.lastIndex(where: { $0.standing == .pooled }), coins.count < 9 else { return }
        coins[index].standing = .gone(.replaced)
        if dice.roll(2) == 0 { return say([index]) }
        let old = coins[index]
        coins.append(
            Coin(place: "coin-\(coins.count)", amount: old.amount * UInt128(1 + dice.roll(3)) / 2, quote: old.quote,
                network: old.network, method: old.method, standing: .pooled, replaces: [old.place]))
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
        say(told, told.first.map { coins[$0].network } ?? Sample.bitcoin)
    }

    /// One network's word, with nothing of the others: they are heard when they speak.
    private mutating func say(_ told: [Int], _ network: NetworkName) {
        sequence += 1
        let told = Set(told).sorted()
        let sightings = told.map { index in
            let coin = coins[index]
            return Sighting(
                key: Sample.key(coin.place, on: coin.network), quote: coin.quote.id, method: coin.method,
                amountText: String(coin.amount), claim: Transfer.Claim(sequence: sequence, standing: coin.standing),
                seenAt: Sample.at(clock), fellIntoGap: coin.fellIntoGap,
                replaces: Set(coin.replaces.map { Sample.key($0, on: coin.network) }))
        }
        var spends: [Transfer.Key: Transfer.Spend] = [:]
        for index in told {
            guard let standing = coins[index].spend else { continue }
            spends[Sample.key(coins[index].place, on: network)] = Transfer.Spend(
                transaction: "spender-\(index)", claim: Transfer.Claim(sequence: sequence, standing: standing))
        }
        let word = now[network] ?? Network()
        let source = Source(
            sequence: sequence, tip: word.tip, safe: nil, finalized: nil, isHealthy: word.isHealthy,
            scannedUntil: Sample.at(clock))
        facts.append(
            Fact(
                at: Sample.at(clock), actor: .network(network), sources: [network: source],
                news: told.isEmpty ? .looked : .sighted(sightings, spends: spends)))
    }
}
