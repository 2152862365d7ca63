import Domain
import Testing

extension Scenario {
    private static func topUp(_ story: Story, method: Asset = Sample.btc, due: UInt128 = half) -> Quote {
        Sample.quote(3, method, from: story.clock, due: due, covers: Sample.price(5_000), isTopUp: true)
    }

    private static func rate(_ whole: UInt128) -> RateSource {
        RateSource(name: "feed", rate: Rate(mantissa: whole * 100, scale: 2), at: Sample.at(0))
    }

    /// What people decide.
    static let rulings: [Scenario] = [
        Scenario("a granted top-up is timely", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", half)
            try $0.wait(until: 961)
            let quote = topUp($0)
            try $0.rule({ .grantTopUp($0, quote) }, on: .underpaid)
            #expect($0.last.isPayable)
            try $0.mine("b", half, quote: quote)
        },
        Scenario("so is one in another asset", .paid, [], "wallet 2500 payments 2500") {
            try $0.mine("a", half)
            try $0.wait(until: 961)
            let quote = topUp($0, method: Sample.ltc, due: 2_000_000)
            try $0.rule({ .grantTopUp($0, quote) }, on: .underpaid)
            try $0.mine("b", 2_000_000, quote: quote)
        },
        Scenario("a top-up to the old address counts too", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", half)
            try $0.wait(until: 961)
            let quote = topUp($0)
            try $0.rule({ .grantTopUp($0, quote) }, on: .underpaid)
            try $0.mine("b", half)
        },
        Scenario("but never at the old rate", .underpaid, [], "wallet 1000 unapplied 1000") {
            try $0.mine("a", half)
            try $0.wait(until: 961)
            let quote = topUp($0, due: whole)
            try $0.rule({ .grantTopUp($0, quote) }, on: .underpaid)
            try $0.mine("b", half)
            #expect($0.last.missing == Worth(minor: 2_500) && $0.last.amounts?.remaining == half)
            #expect($0.last.amounts?.due == 2 * whole)
        },
        Scenario("nor at a better one than the old", .underpaid, [], "wallet 900 unapplied 900") {
            try $0.mine("a", half)
            try $0.wait(until: 961)
            let quote = topUp($0, due: half / 2)
            try $0.rule({ .grantTopUp($0, quote) }, on: .underpaid)
            try $0.mine("b", 400_000)
            #expect($0.last.missing == Worth(minor: 1_000))
        },
        Scenario("what was seen before the grant keeps its rate", .paid, [], "wallet 1100 payments 1100") {
            try $0.mine("a", half)
            try $0.wait(until: 961)
            let id = try #require($0.payment.openExceptions.last).id
            try $0.pool("b", 400_000)
            $0.clock = 962
            let quote = Sample.quote(
                3, from: 962, due: 200_000, covers: Sample.price(1_000), isTopUp: true)
            try $0.tell(.ruled(.grantTopUp(id, quote), reason: nil))
            try $0.mine("b", 400_000)
            #expect($0.last.missing == Worth(minor: 1_000) && $0.last.amounts?.remaining == 200_000)
            try $0.mine("c", 100_000, quote: quote)
            #expect($0.last.missing == Worth(minor: 500))
            try $0.mine("d", 100_000, quote: quote)
        },
        Scenario("a top-up of a late part takes that part", .paid, [], "wallet 1000 payments 1000") {
            $0.clock = 961
            try $0.mine("a", half)
            let quote = topUp($0)
            try $0.rule({ .grantTopUp($0, quote) }, on: .underpaid)
            $0.clock = 970
            try $0.mine("b", half, quote: quote)
        },
        Scenario("a top-up that is not paid asks again", .underpaid, [.underpaid], "wallet 500 unapplied 500") {
            try $0.mine("a", half)
            try $0.wait(until: 961)
            let quote = topUp($0)
            try $0.rule({ .grantTopUp($0, quote) }, on: .underpaid)
            #expect($0.open.isEmpty)
            try $0.wait(until: 3_000)
        },
        Scenario("a top-up takes what was there, though the clock was put back", .paid, [],
            "wallet 1000 payments 1000") {
            $0.clock = 3_000
            try $0.mine("a", half)
            $0.clock = 2_000
            let quote = topUp($0)
            try $0.rule({ .grantTopUp($0, quote) }, on: .underpaid)
            #expect($0.last.isPayable)
            $0.clock = 2_100
            try $0.mine("b", half, quote: quote)
        },
        Scenario("short, accepted", .paid, [], "wallet 500 payments 500") {
            try $0.mine("a", half)
            try $0.wait(until: 961)
            try $0.rule({ .accept($0) }, on: .underpaid)
            #expect($0.last.isByRuling && $0.last.isFulfillable)
        },
        Scenario("accepted after the clock was put back", .paid, [], "wallet 1000 payments 1000") {
            $0.clock = 3_000
            try $0.mine("a", whole)
            $0.clock = 2_000
            try $0.rule({ .accept($0) }, on: .late)
            #expect($0.last.isFulfillable && $0.last.amounts?.confirmed == whole)
        },
        Scenario("and then lost", .paid, [.evidenceLost], "") {
            $0.clock = 3_000
            try $0.mine("a", whole)
            $0.clock = 2_000
            try $0.rule({ .accept($0) }, on: .late)
            try $0.lose("a")
        },
        Scenario("accepted, the clock put back, and then paid again", .paid, [.duplicate],
            "wallet 2000 payments 1000 unapplied 1000") {
            $0.clock = 3_000
            try $0.mine("a", whole)
            try $0.rule({ .accept($0) }, on: .late)
            $0.clock = 2_000
            try $0.mine("b", whole)
        },
        Scenario("accepted by hand, with what a gap had hidden", .paid, [], "wallet 1000 payments 1000") {
            $0.clock = 500
            try $0.tell(.ruled(.accept(nil), reason: nil))
            $0.clock = 600
            let place = BlockPlace(height: 100, block: BlockID("x"), index: 0, medianTime: Sample.at(400))
            let seen = $0.sighting("a", "1000000", .mined(place), gap: true)
            try $0.tell(.sighted([seen], spends: [:]))
        },
        Scenario("accepted by hand, and then paid", .paid, [.duplicate], "wallet 1000 unapplied 1000") {
            try $0.tell(.ruled(.accept(nil), reason: nil))
            $0.clock = 60
            try $0.pool("a", whole)
            #expect($0.open.isEmpty)
            try $0.mine("a", whole)
        },
        Scenario("short, accepted, and then the rest", .paid, [.duplicate], "wallet 1000 payments 500 unapplied 500") {
            try $0.mine("a", half)
            try $0.wait(until: 961)
            try $0.rule({ .accept($0) }, on: .underpaid)
            $0.clock = 962
            try $0.mine("b", half)
        },
        Scenario("accepted while it waited for a block", .paid, [], "wallet 1000 payments 1000") {
            try $0.pool("a", whole)
            try $0.tell(.ruled(.accept(nil), reason: nil))
            $0.clock = 60
            try $0.pool("b", whole, replaces: ["a"])
            $0.clock = 600
            try $0.mine("b", whole)
        },
        Scenario("short, rejected", .failed, [.afterEnd], "wallet 500 unapplied 500") {
            try $0.mine("a", half)
            try $0.wait(until: 961)
            try $0.rule({ .reject($0) }, on: .underpaid)
        },
        Scenario("late, accepted", .paid, [], "wallet 1000 payments 1000") {
            $0.clock = 961
            try $0.mine("a", whole)
            try $0.rule({ .accept($0) }, on: .late)
        },
        Scenario("late, rejected and kept", .failed, [], "wallet 1000 excess 1000") {
            $0.clock = 961
            try $0.mine("a", whole)
            try $0.rule({ .reject($0) }, on: .late)
            try $0.rule({ .keep($0) }, on: .afterEnd)
        },
        Scenario("late, accepted by the policy", .paid, [], "wallet 1000 payments 1000",
            Policy().with { $0.late = Policy.LateRule(withinSeconds: 600, driftBasisPoints: 200) }) {
            $0.clock = 1_560
            try $0.mine("a", whole)
            let method = Sample.btc.method
            #expect($0.payment.lateVerdict(of: method, at: rate(9_799)) == nil)
            #expect($0.payment.lateVerdict(of: Sample.ltc.method, at: rate(9_800)) == nil)
            let verdict = try #require($0.payment.lateVerdict(of: method, at: rate(9_800)))
            try $0.tell(.ruled(verdict, reason: nil), by: .policy)
            #expect($0.last.isByRuling)
        },
        Scenario("later than the policy accepts", .latePaid, [.late], "wallet 1000 unapplied 1000",
            Policy().with { $0.late = Policy.LateRule(withinSeconds: 600, driftBasisPoints: 200) }) { story in
            story.clock = 1_561
            try story.mine("a", whole)
            #expect(story.payment.lateVerdict(of: Sample.btc.method, at: rate(20_000)) == nil)
            let forced = try refusal {
                try story.rule({ .acceptLate($0, Sample.btc.method, rate(20_000)) }, on: .late)
            }
            #expect(forced == .notAllowedInState)
        },
        Scenario("another coin that is mined after a late payment does not judge it", .latePaid, [.late, .wrongNetwork],
            "wallet 1001 unapplied 1001",
            Policy().with { $0.late = Policy.LateRule(withinSeconds: 600, driftBasisPoints: 200) }) { story in
            story.clock = 1_500
            try story.mine("a", whole)
            try story.mine("b", 1_000, on: Sample.litecoin, method: Sample.ltc.method)
            #expect(story.payment.lateMethod == Sample.btc.method)
            #expect(story.payment.lateVerdict(of: Sample.ltc.method, at: rate(60_000)) == nil)
            let forced = try refusal {
                try story.rule({ .acceptLate($0, Sample.ltc.method, rate(60_000)) }, on: .late)
            }
            #expect(forced == .notAllowedInState)
        },
        Scenario("late in two methods is for a person", .latePaid, [.late], "wallet 2166 unapplied 2166",
            Policy().with { $0.late = Policy.LateRule(withinSeconds: 600, driftBasisPoints: 200) }) {
            let other = Sample.quote(2, Sample.ltc, from: 1, due: 3_333_333)
            try $0.tell(.quoted(other))
            $0.clock = 1_500
            try $0.mine("a", half)
            try $0.mine("b", 1_666_667, quote: other)
            #expect($0.payment.lateMethod == nil)
        },
        Scenario("what the policy accepted late is confirmed", .paid, [], "wallet 1000 payments 1000") {
            $0.clock = 961
            try $0.mine("a", whole)
            try $0.rule({ .accept($0) }, on: .late)
            #expect($0.last.amounts?.confirmed == whole)
        },
        Scenario("accepted, and then reorged away", .paid, [.evidenceLost], "") {
            $0.clock = 961
            try $0.mine("a", whole)
            try $0.rule({ .accept($0) }, on: .late)
            try $0.lose("a")
            #expect(!$0.last.isFulfillable)
        },
        Scenario("and back in another block", .paid, [], "wallet 1000 payments 1000") {
            $0.clock = 961
            try $0.mine("a", whole)
            try $0.rule({ .accept($0) }, on: .late)
            try $0.lose("a")
            try $0.mine("a", whole, block: "other")
            #expect($0.last.isFulfillable)
        },
        Scenario("and lost a second time after a look", .paid, [.evidenceLost], "") {
            $0.clock = 961
            try $0.mine("a", whole)
            try $0.rule({ .accept($0) }, on: .late)
            try $0.lose("a")
            try $0.rule({ .dismiss($0) }, on: .evidenceLost)
            try $0.mine("a", whole, block: "other")
            try $0.lose("a")
        },
        Scenario("accepted, lost, and let pass by a person", .paid, [], "") {
            $0.clock = 961
            try $0.mine("a", whole)
            try $0.rule({ .accept($0) }, on: .late)
            try $0.lose("a")
            try $0.rule({ .dismiss($0) }, on: .evidenceLost)
            #expect($0.last.isFulfillable && $0.decisions.last?.events.map(\.type) == ["exception.resolved"])
            try $0.wait(until: 2_000)
            #expect($0.last.isFulfillable)
        },
        Scenario("a half lost and let pass, and then the other one", .paid, [.evidenceLost], "") {
            $0.clock = 961
            try $0.mine("a", half)
            try $0.mine("b", half)
            try $0.rule({ .accept($0) }, on: .late)
            try $0.lose("a")
            try $0.rule({ .dismiss($0) }, on: .evidenceLost)
            #expect($0.last.isFulfillable)
            try $0.lose("b")
            #expect(!$0.last.isFulfillable && $0.payment.openExceptions.first?.amount == whole)
        },
        Scenario("accepted in the pool, and then gone", .paid, [.evidenceLost], "") {
            try $0.pool("a", whole)
            try $0.tell(.ruled(.accept(nil), reason: nil))
            try $0.lose("a", .gone(.replaced))
        },
        Scenario("accepted, and a trifle comes and goes", .paid, [], "wallet 500 payments 500") { story in
            try story.mine("a", half)
            try story.wait(until: 961)
            try story.rule({ .accept($0) }, on: .underpaid)
            for number in 0..<3 {
                story.clock += 10
                try story.pool("dust-\(number)", 546)
                try story.lose("dust-\(number)", .gone(.replaced))
            }
            #expect(story.last.isFulfillable && story.payment.exceptions.count == 1)
        },
        Scenario("accepted, and a mismatch falls away", .paid, [], "wallet 500 payments 500") { story in
            try story.mine("a", half)
            try story.wait(until: 961)
            try story.mine("x", 546, on: Sample.elsewhere)
            try story.rule({ .accept($0) }, on: .underpaid)
            try story.rule({ .dismiss($0) }, on: .wrongNetwork)
            let lost = story.sighting("x", "546", .gone(.orphaned), on: Sample.elsewhere)
            try story.tell(.sighted([lost], spends: [:]))
            #expect(story.last.isFulfillable)
        },
        Scenario("accepted for a mismatch that falls away", .paid, [.evidenceLost], "") { story in
            try story.mine("x", whole, on: Sample.elsewhere)
            try story.rule({ .accept($0) }, on: .wrongNetwork)
            #expect(story.last.isFulfillable)
            let lost = story.sighting("x", "1000000", .gone(.orphaned), on: Sample.elsewhere)
            try story.tell(.sighted([lost], spends: [:]))
            #expect(!story.last.isFulfillable)
        },
        Scenario("accepted in two parts that both fall away is one question", .paid, [.evidenceLost], "") {
            $0.clock = 961
            try $0.mine("a", half)
            try $0.mine("b", half)
            try $0.rule({ .accept($0) }, on: .late)
            try $0.lose("a")
            #expect($0.payment.openExceptions.first?.amount == half)
            try $0.lose("b")
            #expect($0.payment.openExceptions.first?.amount == whole)
        },
        Scenario("accepted in the pool, fee raised", .paid, [], "") {
            try $0.pool("a", whole)
            try $0.tell(.ruled(.accept(nil), reason: nil))
            try $0.pool("b", whole, replaces: ["a"])
        },
        Scenario("wrong asset, accepted", .paid, [], "wallet 1000 payments 1000") {
            let method = Method(asset: sample(AssetCode(parsing: "USDT")), network: Sample.bitcoin)
            try $0.mine("a", whole, method: method)
            try $0.rule({ .accept($0) }, on: .wrongAsset)
        },
        Scenario("excess, kept", .overpaid, [], "wallet 1500 payments 1000 excess 500") {
            try $0.mine("a", 1_500_000)
            try $0.rule({ .keep($0) }, on: .overpaid)
        },
        Scenario("a held excess waits for a person", .overpaid, [], "wallet 1500 payments 1000 excess 500",
            Policy().with { $0.holdsOverpaid = true }) {
            try $0.mine("a", 1_500_000)
            #expect(!$0.last.isFulfillable)
            try $0.rule({ .keep($0) }, on: .overpaid)
            #expect($0.last.isFulfillable)
        },
        Scenario("a larger excess is held again", .overpaid, [.overpaid], "wallet 1700 payments 1000 excess 700",
            Policy().with { $0.holdsOverpaid = true }) {
            try $0.mine("a", 1_500_000)
            try $0.rule({ .keep($0) }, on: .overpaid)
            #expect($0.last.isFulfillable)
            try $0.mine("a", 1_700_000, block: "other")
            #expect(!$0.last.isFulfillable)
        },
        Scenario("duplicate, kept", .paid, [], "wallet 2000 payments 1000 excess 1000") {
            try $0.mine("a", whole)
            try $0.mine("b", whole)
            try $0.rule({ .keep($0) }, on: .duplicate)
        },
        Scenario("a kept duplicate that has to pay the price pays it", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", whole)
            try $0.mine("b", whole)
            try $0.rule({ .keep($0) }, on: .duplicate)
            try $0.lose("a")
        },
        Scenario("dust, kept, releases nothing", .paid, [.review], "wallet 1001 payments 1000 excess 1",
            Policy().with { $0.dustMinor = 100; $0.reviewAboveMinor = 5_000 }) {
            try $0.mine("a", whole)
            try $0.mine("b", 1_000)
            try $0.rule({ .keep($0) }, on: .dust)
            #expect(!$0.last.isFulfillable)
        },
        Scenario("a large payment waits for its release", .paid, [], "wallet 1000 payments 1000",
            Policy().with { $0.reviewAboveMinor = 5_000 }) {
            try $0.mine("a", whole)
            #expect(!$0.last.isFulfillable)
            try $0.rule({ .release($0) }, on: .review)
            #expect($0.last.isFulfillable)
        },
        Scenario("rejected in review", .failed, [.afterEnd, .reversed], "wallet 1000 unapplied 1000",
            Policy().with { $0.reviewAboveMinor = 5_000 }) {
            try $0.mine("a", whole)
            try $0.rule({ .reject($0) }, on: .review)
            #expect($0.transitions.last?.reversal == Reversal(reason: .rejected, transfers: []))
        },
        Scenario("mismatches do not stand in the way of a cancellation", .failed, [.wrongNetwork],
            "wallet 3 unapplied 3", Policy().with { $0.dustMinor = 100 }) {
            try $0.mine("a", 1_000)
            try $0.rule({ .dismiss($0) }, on: .dust)
            try $0.mine("b", 2_000, on: Sample.elsewhere)
            try $0.tell(.ruled(.cancel, reason: nil))
        },
        Scenario("cancelled, and then money comes", .failed, [.afterEnd], "wallet 1000 unapplied 1000") {
            try $0.tell(.ruled(.cancel, reason: nil))
            try $0.pool("a", whole)
            #expect($0.open.isEmpty)
            try $0.mine("a", whole)
        },
        Scenario("fulfilled without a claim", .paid, [.unclaimedFulfilment], "wallet 1000 payments 1000") {
            try $0.mine("a", whole)
            try $0.tell(.fulfilmentReported(action: "ship"))
        },
    ]

    /// What goes back.
    static let refunds: [Scenario] = [
        Scenario("a full refund is approved", .paid, [], "wallet 1000 pending 1000") {
            try $0.mine("a", whole)
            try $0.refund(.approved, step: 1, isFull: true, [("a", .payments, whole)])
            #expect(!$0.last.isFulfillable)
        },
        Scenario("and dropped", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", whole)
            try $0.refund(.approved, step: 1, isFull: true, [("a", .payments, whole)])
            try $0.refund(.dropped, step: 2, isFull: true, [("a", .payments, whole)])
            #expect($0.last.isFulfillable)
        },
        Scenario("and confirmed", .refunded, [], "") {
            try $0.mine("a", whole)
            try $0.refund(.approved, step: 1, isFull: true, [("a", .payments, whole)])
            try $0.refund(.confirmed, step: 2, isFull: true, [("a", .payments, whole)])
        },
        Scenario("and then reorged: refunded for good, owed again", .refunded, [], "wallet 1000 pending 1000") {
            try $0.mine("a", whole)
            try $0.refund(.approved, step: 1, isFull: true, [("a", .payments, whole)])
            try $0.refund(.confirmed, step: 2, isFull: true, [("a", .payments, whole)])
            try $0.refund(.approved, step: 3, isFull: true, [("a", .payments, whole)])
            #expect($0.decisions.last?.entries.first?.kind == .reversed)
        },
        Scenario("paid again after the refund", .refunded, [.afterEnd], "wallet 1000 unapplied 1000") {
            try $0.mine("a", half)
            try $0.refund(.approved, step: 1, isFull: true, [("a", .unapplied, half)])
            try $0.refund(.confirmed, step: 2, isFull: true, [("a", .unapplied, half)])
            try $0.mine("b", whole)
        },
        Scenario("the receipt is reorged after the refund", .refunded, [], "wallet -1000 loss 1000") {
            try $0.mine("a", whole)
            try $0.refund(.approved, step: 1, isFull: true, [("a", .payments, whole)])
            try $0.refund(.confirmed, step: 2, isFull: true, [("a", .payments, whole)])
            try $0.lose("a")
        },
        Scenario("a part of the price goes back, and the price stays met", .paid, [], "wallet 700 payments 700") {
            try $0.mine("a", whole)
            try $0.refund(.approved, step: 1, [("a", .payments, 300_000)])
            try $0.refund(.confirmed, step: 2, [("a", .payments, 300_000)])
            #expect($0.payment.epoch == 1 && $0.last.isFulfillable)
        },
        Scenario("the excess goes back", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", 1_500_000)
            try $0.refund(.approved, step: 1, [("a", .excess, half)])
            try $0.refund(.confirmed, step: 2, [("a", .excess, half)])
        },
        Scenario("a part of the excess goes back", .overpaid, [.overpaid], "wallet 1300 payments 1000 excess 300") {
            try $0.mine("a", 1_500_000)
            try $0.refund(.approved, step: 1, [("a", .excess, 200_000)])
            try $0.refund(.confirmed, step: 2, [("a", .excess, 200_000)])
            #expect($0.payment.openExceptions.first?.amount == 300_000)
        },
        Scenario("a full refund of an excess payment", .overpaid, [.overpaid], "wallet 1500 pending 1500") {
            try $0.mine("a", 1_500_000)
            try $0.refund(.approved, step: 1, isFull: true, [("a", .payments, whole), ("a", .excess, half)])
        },
        Scenario("the duplicate goes back", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", whole)
            try $0.mine("b", whole)
            try $0.refund(.approved, step: 1, [("b", .unapplied, whole)])
            #expect($0.open.isEmpty)
            try $0.refund(.confirmed, step: 2, [("b", .unapplied, whole)])
        },
        Scenario("a promised part does not pay", .underpaid, [], "wallet 1000 unapplied 800 pending 200") {
            try $0.mine("a", half)
            try $0.refund(.approved, step: 1, [("a", .unapplied, 200_000)])
            try $0.mine("b", half)
        },
        Scenario("a part went back, the rest is topped up", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", half)
            try $0.refund(.approved, step: 1, [("a", .unapplied, 200_000)])
            try $0.refund(.confirmed, step: 2, [("a", .unapplied, 200_000)])
            try $0.mine("b", 700_000)
        },
        Scenario("a refund promised out of a price that falls apart", .underpaid, [.reversed],
            "wallet 500 unapplied 300 pending 200") {
            try $0.mine("a", half)
            try $0.mine("b", half)
            try $0.refund(.approved, step: 1, [("a", .payments, 200_000)])
            try $0.lose("b")
        },
        Scenario("no more than is held goes back", .paid, [], "wallet 1000 payments 400 pending 600") { story in
            try story.mine("a", whole)
            try story.refund(.approved, step: 1, [("a", .payments, 600_000)])
            let again = try refusal {
                try story.refund(.approved, step: 1, id: Sample.otherRefund, [("a", .payments, 400_001)])
            }
            #expect(again == .outsideLimits)
            let strange = try refusal {
                try story.refund(.approved, step: 1, id: Sample.otherRefund, [("z", .payments, 1)])
            }
            #expect(strange == .outsideLimits)
        },
    ]
}
