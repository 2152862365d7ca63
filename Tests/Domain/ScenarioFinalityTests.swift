import Domain
import Testing

extension Scenario {
    /// What networks say of what will stay: their `safe` and `finalized` blocks, and those that settle at once.
    static let finality: [Scenario] = [
        Scenario("above the safe block", .confirming, [], "", .requiring(.safe)) {
            $0.safe = 99
            try $0.mine("a", whole)
            #expect($0.last.nextHeights == [Source.Mark(Sample.bitcoin, .safe): 100])
        },
        Scenario("at the safe block", .paid, [], "wallet 1000 payments 1000", .requiring(.safe)) {
            $0.safe = 100
            try $0.mine("a", whole)
        },
        Scenario("below the safe block", .paid, [], "wallet 1000 payments 1000", .requiring(.safe)) {
            $0.safe = 100
            try $0.mine("a", whole, at: 90)
        },
        Scenario("safe is not finalized", .confirming, [], "", .requiring(.finalized)) {
            ($0.safe, $0.finalized) = (100, 99)
            try $0.mine("a", whole)
        },
        Scenario("finalized is not safe, where a network says only that", .confirming, [], "", .requiring(.safe)) {
            $0.finalized = 100
            try $0.mine("a", whole)
        },
        Scenario("at the finalized block", .paid, [], "wallet 1000 payments 1000", .requiring(.finalized)) {
            $0.finalized = 100
            try $0.mine("a", whole)
        },
        Scenario("below the finalized block", .paid, [], "wallet 1000 payments 1000", .requiring(.finalized)) {
            $0.finalized = 100
            try $0.mine("a", whole, at: 1)
        },
        Scenario("a network that has no word for it confirms nothing, however deep", .confirming, [], "",
            .requiring(.finalized)) {
            try $0.mine("a", whole, at: 1)
            $0.tip = 10_000
            try $0.tell(.looked)
            #expect($0.last.nextHeights == [Source.Mark(Sample.bitcoin, .finalized): 1])
        },
        Scenario("finality comes", .paid, [], "wallet 1000 payments 1000", .requiring(.finalized)) {
            $0.finalized = 90
            try $0.mine("a", whole)
            ($0.tip, $0.finalized) = (109, 99)
            try $0.tell(.looked)
            #expect($0.state == .confirming)
            #expect($0.last.nextHeights == [Source.Mark(Sample.bitcoin, .finalized): 100])
            ($0.tip, $0.finalized) = (110, 100)
            try $0.tell(.looked)
        },
        Scenario("what is in the pool is never final", .detected, [], "", .requiring(.finalized)) {
            $0.finalized = 100
            try $0.pool("a", whole)
        },
        Scenario("a finalized block that is taken for a lower one takes nothing back", .paid, [],
            "wallet 1000 payments 1000", .requiring(.finalized)) {
            $0.finalized = 100
            try $0.mine("a", whole)
            ($0.tip, $0.finalized) = (98, 95)
            try $0.tell(.looked)
            $0.finalized = nil
            try $0.tell(.looked)
            #expect($0.payment.epoch == 1)
        },
        Scenario("but confirms nothing that comes then", .confirming, [], "", .requiring(.finalized)) {
            $0.finalized = 100
            try $0.tell(.looked)
            $0.finalized = 95
            try $0.mine("a", whole, at: 96)
        },
        Scenario("a final block that leaves the chain after all", .detected, [.reversed], "", .requiring(.finalized)) {
            $0.finalized = 100
            try $0.mine("a", whole)
            try $0.lose("a", .pooled)
            #expect($0.transitions.last?.reversal?.reason == .reorganized)
        },
        Scenario("another block in its place has to be final itself", .confirming, [.reversed], "",
            .requiring(.finalized)) {
            $0.finalized = 100
            try $0.mine("a", whole)
            ($0.tip, $0.finalized) = (101, 99)
            try $0.mine("a", whole, at: 101)
        },
        Scenario("finality that stalls while blocks come confirms nothing, for days", .confirming, [], "",
            .requiring(.finalized)) { story in
            story.finalized = 99
            try story.mine("a", whole)
            for day in 1...5 as ClosedRange<Int64> {
                story.tip += 7_200
                try story.wait(until: day * 86_400)
            }
        },
        Scenario("and when it goes on, what was in time is in time", .paid, [], "wallet 1000 payments 1000",
            .requiring(.finalized)) {
            $0.finalized = 99
            try $0.mine("a", whole)
            $0.tip = 10_000
            try $0.wait(until: 3 * 86_400)
            $0.finalized = 9_900
            try $0.wait(until: 3 * 86_400 + 1)
        },
        Scenario("where its source says so, people are told when it lasts", .confirming, [.sourceStale], "",
            .requiring(.finalized)) {
            $0.finalized = 99
            try $0.mine("a", whole)
            ($0.tip, $0.finalized, $0.isHealthy) = (500, 400, false)
            try $0.wait(until: 4_560)
            #expect($0.open.isEmpty && $0.state == .confirming)
            #expect($0.last.nextLook == Sample.at(4_560).adding(milliseconds: 1))
            try $0.wait(until: 4_561)
            #expect($0.payment.openExceptions.first?.isSevere == true)
            #expect($0.last.nextScans == [Sample.bitcoin: Sample.at(960)])
        },
        Scenario("and no more when it is over", .paid, [], "wallet 1000 payments 1000", .requiring(.finalized)) {
            $0.finalized = 99
            try $0.mine("a", whole)
            ($0.tip, $0.finalized, $0.isHealthy) = (500, 400, false)
            try $0.wait(until: 4_561)
            $0.isHealthy = true
            try $0.wait(until: 4_562)
        },
        Scenario("a payment that waits for it does not expire meanwhile", .awaitingPayment, [.sourceStale], "",
            .requiring(.finalized)) {
            ($0.finalized, $0.isHealthy) = (99, false)
            try $0.wait(until: 200_000)
        },
        Scenario("nor is a part of it asked for", .detected, [.sourceStale], "", .requiring(.finalized)) {
            $0.finalized = 99
            try $0.mine("a", half)
            $0.isHealthy = false
            try $0.wait(until: 200_000)
        },
        Scenario("a part that is not final asks nobody, though its window is over", .underpaid, [], "",
            .requiring(.finalized)) {
            $0.finalized = 99
            try $0.mine("a", half)
            try $0.wait(until: 961)
        },
        Scenario("until it is", .underpaid, [.underpaid], "wallet 500 unapplied 500", .requiring(.finalized)) {
            $0.finalized = 99
            try $0.mine("a", half)
            try $0.wait(until: 961)
            ($0.tip, $0.finalized) = (110, 100)
            try $0.tell(.looked)
        },
        Scenario("a coinbase needs its depth as well", .confirming, [], "", .requiring(.finalized)) {
            $0.finalized = 100
            try $0.mine("a", whole, at: 2, maturity: 100)
        },
        Scenario("a larger order waits for more", .confirming, [], "",
            Policy().with {
                $0.confirmations = [
                    Policy.ConfirmationRule(tiers: [
                        Policy.Tier(upToMinor: 9_999, requirement: .safe),
                        Policy.Tier(upToMinor: nil, requirement: .finalized),
                    ])
                ]
            }) {
            ($0.safe, $0.finalized) = (100, 99)
            try $0.mine("a", whole)
        },
        Scenario("what settles at once", .paid, [], "wallet 1000 payments 1000", .requiring(.settled)) {
            try $0.mine("a", whole)
        },
        Scenario("has not while it is only promised", .detected, [], "", .requiring(.settled)) {
            try $0.pool("a", whole)
        },
        Scenario("nor while its source is degraded", .confirming, [], "", .requiring(.settled)) {
            $0.isHealthy = false
            try $0.mine("a", whole)
        },
    ]
}
