import Domain
import Testing

extension Scenario {
    static let zeroConf = Policy().with { policy in
        policy.confirmations = [
            Policy.ConfirmationRule(tiers: [
                Policy.Tier(upToMinor: 10_000, requirement: .count(0)),
                Policy.Tier(upToMinor: nil, requirement: .count(2)),
            ])
        ]
    }

    /// What networks do.
    static let networks: [Scenario] = [
        Scenario("replaced to another address", .awaitingPayment) {
            try $0.pool("a", whole)
            try $0.lose("a", .gone(.replaced))
        },
        Scenario("replaced with a higher fee keeps its first sight", .paid, [], "wallet 1000 payments 1000") {
            try $0.pool("a", whole)
            $0.clock = 3_000
            try $0.pool("b", whole, replaces: ["a"])
            try $0.mine("b", whole)
        },
        Scenario("replaced with more than it paid is a new payment", .latePaid, [.late], "wallet 1000 unapplied 1000") {
            try $0.pool("a", 546)
            $0.clock = 3_000
            try $0.pool("b", whole, replaces: ["a"])
            try $0.mine("b", whole)
        },
        Scenario("so is one that pays again after it paid nearly nothing", .latePaid, [.late],
            "wallet 1000 unapplied 1000") {
            try $0.pool("a", whole)
            try $0.pool("b", 546, replaces: ["a"])
            $0.clock = 3_000
            try $0.pool("c", whole, replaces: ["a", "b"])
            try $0.mine("c", whole)
        },
        Scenario("one that joins a trifle in time to a late rest", .latePaid, [.late], "wallet 1000 unapplied 1000") {
            try $0.pool("a", 546)
            $0.clock = 3_000
            try $0.pool("b", whole - 546)
            try $0.pool("c", whole, replaces: ["a", "b"])
            try $0.mine("c", whole)
        },
        Scenario("replaced by two outputs of the same sum keeps it", .paid, [], "wallet 1000 payments 1000") { story in
            try story.pool("a", whole)
            story.clock = 3_000
            let outputs = ["t:0", "t:1"].map {
                story.sighting($0, "500000", .pooled, replaces: ["a"])
            }
            try story.tell(.sighted(outputs + [story.sighting("a", "1000000", .gone(.replaced))], spends: [:]))
            try story.mine("t:0", half)
            try story.mine("t:1", half)
        },
        Scenario("twenty outputs, replaced by twenty, keep it", .paid, [], "wallet 1000 payments 1000") { story in
            func outputs(_ name: String, _ standing: Transfer.Standing, replaces: [String] = []) -> [Sighting] {
                (0..<20).map { story.sighting("\(name):\($0)", "50000", standing, replaces: replaces) }
            }
            try story.tell(.sighted(outputs("t", .pooled), spends: [:]))
            story.clock = 3_000
            let new = outputs("u", .pooled, replaces: ["t:0"])
            try story.tell(.sighted(new + outputs("t", .gone(.replaced)), spends: [:]))
            let place = BlockPlace(height: 100, block: BlockID("x"), index: 0, medianTime: Sample.at(3_000))
            try story.tell(.sighted(outputs("u", .mined(place)), spends: [:]))
        },
        Scenario("nineteen trifles in time for twenty late ones do not", .latePaid, [.late],
            "wallet 1000 unapplied 1000") { story in
            let old = (0..<19).map { story.sighting("t:\($0)", "50000", .pooled) }
            try story.tell(.sighted(old, spends: [:]))
            story.clock = 3_000
            let new = (0..<20).map { story.sighting("u:\($0)", "50000", .pooled, replaces: ["t:0"]) }
            let gone = old.map { story.sighting($0.key.place, "50000", .gone(.replaced)) }
            try story.tell(.sighted(new + gone, spends: [:]))
            let place = BlockPlace(height: 100, block: BlockID("x"), index: 0, medianTime: Sample.at(3_000))
            let mined = (0..<20).map { story.sighting("u:\($0)", "50000", .mined(place)) }
            try story.tell(.sighted(mined, spends: [:]))
        },
        Scenario("replaced by more when all was there already keeps it", .overpaid, [.overpaid],
            "wallet 1200 payments 1000 excess 200") {
            try $0.pool("a", whole)
            $0.clock = 3_000
            try $0.pool("b", 1_200_000, replaces: ["a"])
            try $0.mine("b", 1_200_000)
        },
        Scenario("replaced twice by as much keeps it", .paid, [], "wallet 1000 payments 1000") {
            try $0.pool("a", whole)
            $0.clock = 3_000
            try $0.pool("b", whole, replaces: ["a"])
            try $0.pool("c", whole, replaces: ["b"])
            try $0.mine("c", whole)
        },
        Scenario("replaced with less is a new payment", .underpaid, [.underpaid], "wallet 900 unapplied 900") {
            try $0.pool("a", whole)
            $0.clock = 3_000
            try $0.pool("b", 900_000, replaces: ["a"])
            try $0.mine("b", 900_000)
        },
        Scenario("evicted and back", .paid, [], "wallet 1000 payments 1000") {
            try $0.pool("a", whole)
            try $0.lose("a", .gone(.evicted))
            #expect($0.state == .awaitingPayment)
            $0.clock = 5_000
            try $0.lose("a", .pooled)
            try $0.mine("a", whole)
        },
        Scenario("in time, but in a block too late", .latePaid, [.late], "wallet 1000 unapplied 1000") {
            try $0.pool("a", whole)
            $0.clock = 900 + 24 * 3600 + 1
            try $0.mine("a", whole)
        },
        Scenario("the block before a gap in our watching tells the time", .paid, [], "wallet 1000 payments 1000") {
            $0.clock = 5_000
            let place = BlockPlace(height: 100, block: BlockID("x"), index: 0, medianTime: Sample.at(600))
            let seen = $0.sighting("a", "1000000", .mined(place), gap: true)
            try $0.tell(.sighted([seen], spends: [:]))
        },
        Scenario("reorged before it was paid", .detected, [], "", .confirmations(2)) {
            try $0.mine("a", whole)
            #expect($0.state == .confirming)
            try $0.lose("a", .pooled)
        },
        Scenario("reorged after it was paid", .awaitingPayment, [.reversed], "") {
            try $0.mine("a", whole)
            try $0.lose("a")
            #expect($0.transitions.last?.kind == .reversed)
            #expect($0.transitions.last?.reversal == Reversal(reason: .reorganized, transfers: [Sample.key("a")]))
            #expect($0.payment.openExceptions.first?.isSevere == false)
            #expect($0.payment.openExceptions.first?.amount == whole)
        },
        Scenario("reorged after it was claimed is severe", .detected, [.reversed], "") {
            try $0.mine("a", whole)
            try $0.tell(.fulfilmentClaimed(action: "ship"))
            try $0.lose("a", .pooled)
            #expect($0.payment.openExceptions.first?.isSevere == true)
        },
        Scenario("mined again is a second epoch", .paid, [.reversed], "wallet 1000 payments 1000") {
            try $0.mine("a", whole)
            try $0.lose("a", .pooled)
            try $0.mine("a", whole, block: "other")
            #expect($0.payment.epoch == 2)
        },
        Scenario("reversed again and again is one question, and stays severe", .detected, [.reversed], "") {
            for round in 0..<5 {
                try $0.mine("a", whole, block: "block \(round)")
                if round == 2 { try $0.tell(.fulfilmentClaimed(action: "ship")) }
                try $0.lose("a", .pooled)
            }
            #expect($0.payment.epoch == 5 && $0.payment.exceptions.count == 1)
            #expect($0.transitions.filter { $0.kind == .reversed }.count == 5)
            #expect($0.payment.openExceptions.first?.isSevere == true)
        },
        Scenario("reversed again after a person has seen it is a new question", .detected, [.reversed], "") {
            for round in 0..<3 {
                try $0.mine("a", whole, block: "block \(round)")
                try $0.lose("a", .pooled)
                if round < 2 { try $0.rule({ .dismiss($0) }, on: .reversed) }
            }
            #expect(Set($0.payment.exceptions.map(\.id)).count == 3)
        },
        Scenario("what evidence settles and asks anew leaves the payment", .overpaid, [.reversed, .overpaid],
            "wallet 1500 payments 1000 excess 500") {
            for round in 0..<5 {
                try $0.mine("a", whole + half, block: "block \(round)")
                if round < 4 { try $0.lose("a", .pooled) }
            }
            #expect($0.payment.exceptions.count == 2 && $0.payment.exceptionCount == 6)
        },
        Scenario("moved to another block as deep says nothing", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", whole)
            try $0.mine("a", whole, block: "other")
            #expect($0.payment.epoch == 1 && $0.payment.entryCount == 1)
        },
        Scenario("a second payment stands in for the first", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", whole)
            try $0.mine("b", whole)
            try $0.lose("a")
            #expect($0.payment.epoch == 1)
        },
        Scenario("coinbase at 99", .confirming) {
            try $0.mine("a", whole, at: 2, maturity: 100)
            #expect($0.last.nextHeights[.bitcoinTip] == 101)
        },
        Scenario("coinbase at 100", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", whole, at: 1, maturity: 100)
        },
        Scenario("two outputs of one transaction", .paid, [], "wallet 1000 payments 1000") { story in
            let place = BlockPlace(height: 100, block: BlockID("x"), index: 0, medianTime: Sample.at(1))
            let both = ["t:0", "t:1"].map { story.sighting($0, "500000", .mined(place)) }
            try story.tell(.sighted(both, spends: [:]))
        },
        Scenario("another amount in another block", .underpaid, [.reversed], "wallet 400 unapplied 400") {
            try $0.mine("a", whole)
            try $0.mine("a", 400_000, block: "other")
            #expect($0.transitions.last?.reversal == Reversal(reason: .changed, transfers: [Sample.key("a")]))
        },
        Scenario("unconfirmed is enough", .paid, [], "wallet 1000 payments 1000", zeroConf) {
            try $0.pool("a", whole)
        },
        Scenario("what was taken unconfirmed outlives a failing node", .paid, [], "wallet 1000 payments 1000",
        zeroConf) {
            try $0.pool("a", whole)
            $0.isHealthy = false
            try $0.wait(until: 20)
            #expect($0.payment.epoch == 1)
        },
        Scenario("and a day without a block", .paid, [], "wallet 1000 payments 1000", zeroConf) {
            try $0.pool("a", whole)
            try $0.wait(until: 200_000)
            try $0.mine("a", whole)
            #expect($0.payment.epoch == 1)
        },
        Scenario("and a larger one in the pool", .paid, [], "wallet 1000 payments 1000", zeroConf) {
            try $0.pool("a", whole)
            try $0.pool("b", whole)
            #expect($0.payment.epoch == 1)
        },
        Scenario("but not its replacement", .awaitingPayment, [.reversed], "", zeroConf) {
            try $0.pool("a", whole)
            try $0.lose("a", .gone(.replaced))
            #expect($0.transitions.last?.reversal?.reason == .doubleSpent)
        },
        Scenario("a higher tier does not undo a confirmation", .paid, [], "wallet 1000 payments 1000",
            Policy().with {
                $0.confirmations = [
                    Policy.ConfirmationRule(tiers: [
                        Policy.Tier(upToMinor: 10_000, requirement: .count(1)),
                        Policy.Tier(upToMinor: nil, requirement: .count(6)),
                    ])
                ]
            }) {
            try $0.mine("a", whole)
            try $0.mine("b", 2_000_000)
            #expect($0.payment.epoch == 1 && $0.last.nextHeights[.bitcoinTip] == 105)
        },
        Scenario("a split order does not buy a lower tier", .confirming, [], "",
            Policy().with {
                $0.confirmations = [
                    Policy.ConfirmationRule(tiers: [
                        Policy.Tier(upToMinor: 5_000, requirement: .count(1)),
                        Policy.Tier(upToMinor: nil, requirement: .count(6)),
                    ])
                ]
            }) {
            try $0.mine("a", half)
            try $0.mine("b", half)
        },
        Scenario("a degraded source confirms nothing", .confirming) {
            $0.isHealthy = false
            try $0.mine("a", whole)
            #expect($0.last.nextHeights[.bitcoinTip] == 100)
        },
        Scenario("and confirms when it is well again", .paid, [], "wallet 1000 payments 1000") {
            $0.isHealthy = false
            try $0.mine("a", whole)
            $0.isHealthy = true
            try $0.tell(.looked)
        },
        Scenario("a stale source never expires a payment", .awaitingPayment, [.sourceStale]) {
            $0.isHealthy = false
            try $0.wait(until: 10_000)
            #expect(!$0.last.isPayable && $0.last.nextLook == nil)
            #expect($0.last.nextScans == [Sample.bitcoin: Sample.at(960)])
        },
        Scenario("nor asks about what is missing", .underpaid, [.sourceStale], "wallet 500 unapplied 500") {
            try $0.mine("a", half)
            $0.isHealthy = false
            try $0.wait(until: 10_000)
        },
        Scenario("a source that fails after the window leaves money waiting, and people hear of it", .confirming,
            [.sourceStale], "", .confirmations(2)) {
            $0.clock = 100
            try $0.mine("a", whole)
            try $0.wait(until: 1_000)
            #expect($0.last.nextScans.isEmpty)
            $0.isHealthy = false
            try $0.wait(until: 4_600)
            #expect($0.open.isEmpty && $0.last.nextLook == Sample.at(4_600).adding(milliseconds: 1))
            try $0.wait(until: 4_601)
            #expect($0.last.nextLook == nil && $0.last.nextScans == [Sample.bitcoin: Sample.at(1_000)])
        },
        Scenario("and its next word is an answer", .paid, [], "wallet 1000 payments 1000", .confirmations(2)) {
            try $0.mine("a", whole)
            try $0.wait(until: 1_000)
            $0.isHealthy = false
            try $0.wait(until: 10_000)
            #expect($0.open == [.sourceStale])
            $0.isHealthy = true
            try $0.wait(until: 10_001)
            #expect($0.open.isEmpty && $0.last.nextScans.isEmpty)
            $0.tip += 1
            try $0.tell(.looked)
        },
        Scenario("in the pool too, and late too", .detected, [.sourceStale]) {
            try $0.wait(until: 1_000)
            try $0.pool("a", whole)
            $0.isHealthy = false
            try $0.wait(until: 10_000)
        },
        Scenario("what has all its confirmations waits for nobody", .underpaid, [.underpaid],
            "wallet 500 unapplied 500") {
            try $0.mine("a", half)
            try $0.wait(until: 1_000)
            $0.isHealthy = false
            try $0.wait(until: 10_000)
            #expect($0.last.nextLook == nil)
        },
        Scenario("expired once it was seen past the end", .expired) {
            $0.isHealthy = false
            try $0.wait(until: 10_000)
            $0.isHealthy = true
            try $0.wait(until: 10_001)
        },
        Scenario("a source that fails later does not open it again", .expired) {
            try $0.wait(until: 961)
            $0.isHealthy = false
            try $0.wait(until: 1_000)
        },
        Scenario("the merchant spends it", .paid, [], "withdrawn 1000 payments 1000") {
            try $0.mine("a", whole)
            try $0.spend("a", .mined(BlockPlace(height: 100, block: BlockID("s"), index: 0, medianTime: Sample.at(1))))
            try $0.spend("a", .gone(.replaced), by: "other")
        },
        Scenario("and the spend is reorged", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", whole)
            try $0.spend("a", .mined(BlockPlace(height: 100, block: BlockID("s"), index: 0, medianTime: Sample.at(1))))
            try $0.spend("a", .pooled)
            #expect($0.decisions.last?.entries.first?.kind == .reversed)
        },
        Scenario("dust is never counted", .awaitingPayment, [.dust], "wallet 1 unapplied 1",
            Policy().with { $0.dustMinor = 100 }) {
            try $0.mine("a", 1_000)
        },
        Scenario("nothing at all asks nobody", .awaitingPayment) { try $0.mine("a", 0) },
        Scenario("quoted again in another asset, both paid", .paid, [.duplicate],
        "wallet 4333 payments 1000 unapplied 3333") {
            let other = Sample.quote(2, Sample.ltc, from: 1, due: 3_333_333)
            try $0.tell(.quoted(other))
            try $0.mine("a", whole)
            $0.clock = 2
            try $0.mine("b", 3_333_333, quote: other)
        },
        Scenario("half in each of two assets", .paid, [], "wallet 2166 payments 2166") {
            let other = Sample.quote(2, Sample.ltc, from: 1, due: 3_333_333)
            try $0.tell(.quoted(other))
            try $0.mine("a", half)
            try $0.mine("b", 1_666_667, quote: other)
        },
    ]
}
