import Domain

/// A merchant's rules in the oracle's own words: plain numbers, drawn for each world. Money in cents, time in
/// milliseconds.
struct Agreement: Sendable {
    /// Confirmations up to a value; the last tier has no limit.
    struct Tier: Sendable {
        let upTo: UInt128?
        let count: UInt64
    }

    var underBasisPoints: UInt128 = 0
    var underCap: UInt128?
    var overBasisPoints: UInt128 = 0
    var overCap: UInt128?
    /// By network.
    var tiers: [[Tier]] = []
    var quoteSeconds: Int64 = 900
    var grace: Int64 = 60_000
    var confirmBy: Int64 = 7_200_000
    var lateSeconds: Int64 = 0
    var lateBasisPoints: UInt32 = 0
    var keepsExcess = false
    var keepsDuplicates = false
    var keepsMismatches = false
    var dust: UInt128 = 0
    var holdsOverpaid = false
    var reviewAbove: UInt128?

    /// What some merchant might have chosen.
    static func drawn(_ dice: inout Dice, networks: Int) -> Agreement {
        var terms = Agreement()
        terms.underBasisPoints = dice.pick([0, 50, 50, 300]) ?? 0
        terms.underCap = dice.pick([nil, 100, 20]) ?? nil
        terms.overBasisPoints = dice.pick([0, 50, 50, 300]) ?? 0
        terms.overCap = dice.pick([nil, 100, 20]) ?? nil
        terms.tiers = (0..<networks).map { _ in
            let first = UInt64(dice.chance(60) ? 0 : dice.number(in: 1...3))
            let next = first + UInt64(dice.number(in: 0...3))
            return [
                Tier(upTo: UInt128(dice.number(in: 1...12_000)), count: first),
                Tier(upTo: nil, count: max(next, 1)),
            ]
        }
        terms.quoteSeconds = Int64(dice.pick([300, 900, 900, 3_600]) ?? 900)
        terms.grace = Int64(dice.pick([0, 60_000, 60_000]) ?? 0)
        terms.confirmBy = Int64(dice.pick([600_000, 7_200_000, 7_200_000]) ?? 0)
        terms.lateSeconds = Int64(dice.pick([0, 0, 1_800]) ?? 0)
        terms.lateBasisPoints = UInt32(dice.pick([0, 100, 1_000]) ?? 0)
        terms.keepsExcess = dice.chance(300)
        terms.keepsDuplicates = dice.chance(300)
        terms.keepsMismatches = dice.chance(300)
        terms.dust = dice.pick([0, 0, 5, 60]) ?? 0
        terms.holdsOverpaid = dice.chance(200)
        terms.reviewAbove = dice.chance(200) ? 10_000 : nil
        return terms
    }

    /// The same as the gateway takes it.
    func policy(_ methods: [Domain.Method]) -> Policy {
        var policy = Policy()
        policy.currency = "EUR"
        policy.underTolerance = Policy.Tolerance(basisPoints: UInt32(underBasisPoints), capMinor: underCap)
        policy.overTolerance = Policy.Tolerance(basisPoints: UInt32(overBasisPoints), capMinor: overCap)
        policy.confirmations = zip(methods, tiers).map { method, tiers in
            Policy.ConfirmationRule(
                network: method.network,
                tiers: tiers.map { Policy.Tier(upToMinor: $0.upTo, requirement: .count(UInt32($0.count))) })
        }
        policy.quoteSeconds = quoteSeconds
        policy.graceSeconds = grace / 1_000
        policy.confirmBySeconds = confirmBy / 1_000
        policy.late = Policy.LateRule(withinSeconds: lateSeconds, driftBasisPoints: lateBasisPoints)
        policy.excess = keepsExcess ? .keep : .review
        policy.duplicate = keepsDuplicates ? .keep : .review
        policy.wrongAsset = keepsMismatches ? .keep : .review
        policy.dustMinor = dust
        policy.holdsOverpaid = holdsOverpaid
        policy.reviewAboveMinor = reviewAbove
        return policy
    }

    /// What is waived on a price of so many cents, in `Sum.parts` of a cent.
    func waived(_ basisPoints: UInt128, _ cap: UInt128?, of cents: UInt128) -> UInt128 {
        let share = cents * Sum.parts * basisPoints / 10_000
        return min(share, cap.map { $0 * Sum.parts } ?? share)
    }

    func confirmations(on network: Int, value: UInt128) -> UInt64 {
        for tier in tiers[network] {
            if let limit = tier.upTo, value > limit * Sum.parts { continue }
            return tier.count
        }
        return 1
    }
}

/// A price that was offered for a payment: so much, there, until then.
struct Offer: Sendable {
    /// The gateway's name for it.
    let quote: String
    let network: Int
    let script: [UInt8]
    /// Base units, and the cents that they pay.
    let due: UInt128
    let covers: UInt128
    let endsAt: Int64
    let isTopUp: Bool
}

/// Units under several offers, and what they are worth together, in parts of a cent. Each offer's part is
/// rounded down; what the roundings may have taken from the whole is given back, but for one.
struct Sum {
    /// Parts of a cent.
    static let parts: UInt128 = 1_000_000_000_000

    private var units: [UInt128]
    private let offers: [Offer]

    init(_ offers: [Offer]) {
        self.offers = offers
        units = [UInt128](repeating: 0, count: offers.count)
    }

    mutating func add(_ more: UInt128, under offer: Int) { units[offer] += more }

    subscript(offer: Int) -> UInt128 { units[offer] }

    var worth: UInt128 {
        var (sum, rounded) = (UInt128(0), UInt128(0))
        for (offer, units) in zip(offers, units) {
            let (whole, rest) = (units * offer.covers * Self.parts)
                .quotientAndRemainder(dividingBy: offer.due)
            sum += whole
            if rest > 0 { rounded += 1 }
        }
        return sum + (rounded > 0 ? rounded - 1 : 0)
    }

    static func worth(_ units: UInt128, under offer: Offer) -> UInt128 {
        units * offer.covers * parts / offer.due
    }
}
