import Domain
import Testing

extension Scenario {
    /// Who says that an order is risky waits for three blocks, and everybody else for one.
    private static let wary = Policy().with { policy in
        policy.confirmations = [
            Policy.ConfirmationRule(risk: .high, tiers: [Policy.Tier(upToMinor: nil, requirement: .count(3))]),
            Policy.ConfirmationRule(tiers: [Policy.Tier(upToMinor: nil, requirement: .count(1))]),
        ]
    }

    /// One rule names an asset and one a network; the third is for everything else.
    private static let perMethod = Policy().with { policy in
        policy.confirmations = [
            Policy.ConfirmationRule(asset: Sample.ltc.method.asset, tiers: [
                Policy.Tier(upToMinor: nil, requirement: .count(6))
            ]),
            Policy.ConfirmationRule(network: Sample.bitcoin, tiers: [
                Policy.Tier(upToMinor: nil, requirement: .count(2))
            ]),
            Policy.ConfirmationRule(tiers: [Policy.Tier(upToMinor: nil, requirement: .count(100))]),
        ]
    }

    /// The customer pays half in each of two methods, while the one or the other is shown.
    private static func halves(_ name: String, showing shown: UInt8) -> Scenario {
        Scenario(name, .paid, [], "wallet 2166 payments 2166", perMethod) {
            let other = Sample.quote(2, Sample.ltc, from: 1, due: 3_333_333)
            try $0.tell(.quoted(other))
            if shown == 1 { try $0.tell(.chosen(Sample.quote().id)) }
            #expect($0.payment.evidence.currentQuote?.id == Sample.quote(shown).id)
            try $0.mine("a", half)
            try $0.mine("b", 1_666_667, quote: other)
            #expect($0.last.nextHeights == [.bitcoinTip: 101, .litecoinTip: 105])
            $0.tip = 101
            try $0.tell(.looked)
            let confirmed = $0.last.shares.filter(\.value.isConfirmed).keys
            #expect(Set(confirmed) == [Sample.key("a")] && $0.state == .confirming)
            #expect($0.last.nextHeights == [.litecoinTip: 105])
            $0.tip = 104
            try $0.tell(.looked)
            #expect($0.state == .confirming)
            $0.tip = 105
            try $0.tell(.looked)
        }
    }

    /// What confirmation an order waits for: that of its risk, and of each method for itself.
    static let requirements: [Scenario] = [
        Scenario("an order of no risk waits for one block", .paid, [], "wallet 1000 payments 1000", wary, risk: .low) {
            try $0.mine("a", whole)
        },
        Scenario("nor does one of the usual risk wait longer", .paid, [], "wallet 1000 payments 1000", wary) {
            try $0.mine("a", whole)
        },
        Scenario("one of high risk waits for its own rule", .paid, [], "wallet 1000 payments 1000", wary, risk: .high) {
            try $0.mine("a", whole)
            #expect($0.state == .confirming && $0.last.nextHeights[.bitcoinTip] == 102)
            $0.tip = 101
            try $0.tell(.looked)
            #expect($0.state == .confirming && $0.last.nextHeights[.bitcoinTip] == 102)
            $0.tip = 102
            try $0.tell(.looked)
        },
        halves("each method waits for its own rule while the first is shown", showing: 1),
        halves("each method waits for its own rule while the second is shown", showing: 2),
    ]

    /// What a merchant would rather keep, or be asked about, than what the rules would do; and other times.
    static let handlings: [Scenario] = [
        Scenario("too much, kept by policy", .overpaid, [], "wallet 1500 payments 1000 excess 500",
            Policy().with { $0.excess = .keep }) {
            try $0.mine("a", 1_500_000)
            #expect($0.last.isFulfillable)
        },
        Scenario("too much, kept by policy and held", .overpaid, [.overpaid], "wallet 1500 payments 1000 excess 500",
            Policy().with {
                $0.excess = .keep
                $0.holdsOverpaid = true
            }) {
            try $0.mine("a", 1_500_000)
            #expect(!$0.last.isFulfillable)
        },
        Scenario("wrong network, kept by policy", .awaitingPayment, [], "wallet 1000 excess 1000",
            Policy().with { $0.wrongAsset = .keep }) {
            try $0.mine("a", whole, on: Sample.elsewhere)
        },
        Scenario("wrong asset that we know, kept by policy", .awaitingPayment, [], "wallet 1000 excess 1000",
            Policy().with { $0.wrongAsset = .keep }) {
            let method = Method(asset: sample(AssetCode(parsing: "USDT")), network: Sample.bitcoin)
            try $0.mine("a", whole, method: method)
        },
        Scenario("wrong asset that we do not know, kept by policy", .awaitingPayment, [], "",
            Policy().with { $0.wrongAsset = .keep }) {
            try $0.mine("a", whole, method: .some(nil))
        },
        Scenario("a policy that keeps what is too much asks about what is twice", .paid, [.duplicate],
            "wallet 2000 payments 1000 unapplied 1000",
            Policy().with {
                $0.excess = .keep
                $0.wrongAsset = .keep
            }) {
            try $0.mine("a", whole)
            try $0.mine("b", whole)
        },
        Scenario("a policy that keeps what is twice asks about all else", .overpaid, [.overpaid, .wrongNetwork],
            "wallet 2500 payments 1000 excess 500 unapplied 1000", Policy().with { $0.duplicate = .keep }) {
            try $0.mine("a", 1_500_000)
            try $0.mine("b", whole, on: Sample.elsewhere)
        },
        Scenario("no grace, in the last second", .paid, [], "wallet 1000 payments 1000", grace(0)) {
            $0.clock = 900
            try $0.mine("a", whole)
        },
        Scenario("no grace, a second late", .latePaid, [.late], "wallet 1000 unapplied 1000", grace(0)) {
            $0.clock = 901
            try $0.mine("a", whole)
        },
        Scenario("ten minutes of grace, in the last second", .paid, [], "wallet 1000 payments 1000", grace(600)) {
            $0.clock = 1_500
            try $0.mine("a", whole)
        },
        Scenario("ten minutes of grace, a second late", .latePaid, [.late], "wallet 1000 unapplied 1000", grace(600)) {
            $0.clock = 1_501
            try $0.mine("a", whole)
        },
        Scenario("an order waits for its end and the grace beyond it", .expired, [], "", grace(600)) {
            #expect($0.last.nextLook == Sample.at(1_500).adding(milliseconds: 1))
            try $0.wait(until: 1_500)
            #expect($0.state == .awaitingPayment)
            try $0.wait(until: 1_501)
        },
        Scenario("ten minutes for a block, in the last second", .paid, [], "wallet 1000 payments 1000",
            Policy().with { $0.confirmBySeconds = 600 }) {
            try $0.pool("a", whole)
            #expect($0.last.nextLook == Sample.at(960).adding(milliseconds: 1))
            try $0.wait(until: 961)
            #expect($0.last.nextLook == Sample.at(1_500).adding(milliseconds: 1))
            $0.clock = 1_500
            try $0.mine("a", whole)
        },
        Scenario("ten minutes for a block, a second late", .latePaid, [.late], "wallet 1000 unapplied 1000",
            Policy().with { $0.confirmBySeconds = 600 }) {
            try $0.pool("a", whole)
            $0.clock = 1_501
            try $0.mine("a", whole)
        },
        Scenario("stale after a minute, in its last second", .awaitingPayment, [], "", staleAfterAMinute) {
            $0.isHealthy = false
            try $0.wait(until: 961)
            #expect($0.last.nextLook == Sample.at(1_020).adding(milliseconds: 1))
            try $0.wait(until: 1_020)
        },
        Scenario("stale after a minute, a second later", .awaitingPayment, [.sourceStale], "", staleAfterAMinute) {
            $0.isHealthy = false
            try $0.wait(until: 1_021)
        },
        Scenario("an order whose amount is outside a method's limits is not quoted in it", .awaitingPayment, [], "",
            Policy().with {
                $0.limits = [
                    Policy.MethodLimit(
                        method: Sample.ltc.method, currency: "EUR", minimumMinor: 10_001, maximumMinor: nil)
                ]
            }) { story in
            let code = try refusal { try story.tell(.quoted(Sample.quote(2, Sample.ltc, from: 1, due: 3_333_333))) }
            #expect(code == .outsideLimits)
        },
    ]

    private static let staleAfterAMinute = Policy().with { $0.staleSeconds = 60 }

    private static func grace(_ seconds: Int64) -> Policy { Policy().with { $0.graceSeconds = seconds } }
}
