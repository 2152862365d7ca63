import Domain
import Testing

extension Scenario {
    private static func ltc(_ number: UInt8 = 2, from start: Int64 = 0, seconds: Int64 = 900) -> Quote {
        Sample.quote(number, Sample.ltc, from: start, seconds: seconds, due: 4_000_000)
    }

    /// Where two rules meet: windows and graces to the second, two methods, tolerances with caps, dust, silence.
    static let edges: [Scenario] = [
        Scenario("half in each of two methods", .paid, [], "wallet 2500 payments 2500") {
            try $0.mine("a", half)
            let quote = ltc()
            try $0.tell(.quoted(quote))
            try $0.mine("b", 2_000_000, quote: quote)
        },
        Scenario("the first method after the second was chosen", .paid, [], "wallet 1000 payments 1000") {
            try $0.tell(.quoted(ltc()))
            try $0.mine("a", whole)
        },
        Scenario("the whole in each of two methods", .paid, [.duplicate], "wallet 5000 payments 1000 unapplied 4000") {
            let quote = ltc()
            try $0.tell(.quoted(quote))
            try $0.mine("a", whole)
            try $0.mine("b", 4_000_000, quote: quote)
        },
        Scenario("the old address after a requote and its own end", .latePaid, [.late], "wallet 1000 unapplied 1000") {
            $0.clock = 905
            try $0.tell(.quoted(Sample.quote(2, from: 905)))
            $0.clock = 961
            try $0.mine("a", whole)
        },
        Scenario("the new address after a requote", .paid, [], "wallet 1000 payments 1000") {
            $0.clock = 905
            let quote = Sample.quote(2, from: 905)
            try $0.tell(.quoted(quote))
            $0.clock = 961
            try $0.mine("a", whole, quote: quote)
        },
        Scenario("the last second of grace, unconfirmed", .detected) {
            $0.clock = 960
            try $0.pool("a", whole)
            try $0.wait(until: 5_000)
        },
        Scenario("a second after grace, unconfirmed", .detected) {
            $0.clock = 961
            try $0.pool("a", whole)
        },
        Scenario("and confirmed", .latePaid, [.late], "wallet 1000 unapplied 1000") {
            $0.clock = 961
            try $0.pool("a", whole)
            try $0.mine("a", whole)
        },
        Scenario("in a block in the last second that counts", .paid, [], "wallet 1000 payments 1000") {
            try $0.pool("a", whole)
            $0.clock = 900 + Policy().confirmBySeconds
            try $0.mine("a", whole)
        },
        Scenario("nothing came", .expired) { try $0.wait(until: 961) },
        Scenario("nothing came, in the last second", .awaitingPayment) { try $0.wait(until: 960) },
        Scenario("expired, and then paid", .latePaid, [.late], "wallet 1000 unapplied 1000") {
            try $0.wait(until: 961)
            try $0.mine("a", whole)
        },
        Scenario("expired, and paid a year later", .latePaid, [.late], "wallet 1000 unapplied 1000") {
            try $0.wait(until: 961)
            $0.clock = 366 * 86_400
            try $0.mine("a", whole)
        },
        Scenario(
            "again after thirty days and after ninety", .paid, [.duplicate, .duplicate],
            "wallet 3000 payments 1000 unapplied 2000"
        ) {
            try $0.mine("a", whole)
            $0.clock = 30 * 86_400
            try $0.mine("b", whole)
            $0.clock = 90 * 86_400
            try $0.mine("c", whole)
        },
        Scenario("expired, and then seen only", .detected) {
            try $0.wait(until: 961)
            try $0.pool("a", whole)
        },
        Scenario("expired, seen, and gone again", .expired) {
            try $0.wait(until: 961)
            try $0.pool("a", whole)
            try $0.lose("a", .gone(.evicted))
        },
        Scenario("late, and reorged away", .expired) {
            try $0.wait(until: 961)
            try $0.mine("a", whole)
            try $0.lose("a")
        },
        Scenario("a late part and a timely part", .latePaid, [.late], "wallet 1000 unapplied 1000") {
            try $0.pool("a", half)
            $0.clock = 961
            try $0.mine("a", half)
            try $0.mine("b", half)
        },
        Scenario("a cap makes a tolerance smaller", .underpaid, [], "wallet 999 unapplied 999",
            Policy.tolerant.with { $0.underTolerance.capMinor = 9 }) { try $0.mine("a", 999_000) },
        Scenario("and what it leaves is waived", .paid, [], "wallet 999 payments 999",
            Policy.tolerant.with { $0.underTolerance.capMinor = 10 }) { try $0.mine("a", 999_000) },
        Scenario("over a capped tolerance", .overpaid, [.overpaid], "wallet 1002 payments 1000 excess 2",
            Policy.tolerant.with { $0.overTolerance.capMinor = 10 }) { try $0.mine("a", 1_002_000) },
        Scenario("dust never completes a price", .underpaid, [.dust], "wallet 1000 unapplied 1000",
            Policy().with { $0.dustMinor = 10 }) {
            try $0.mine("a", 999_500)
            try $0.mine("b", 500)
        },
        Scenario("an amount of zero is no money", .awaitingPayment) { try $0.mine("a", 0) },
        Scenario("the wrong network, lost again", .awaitingPayment) { story in
            try story.mine("a", whole, on: Sample.elsewhere)
            let seen = story.sighting("a", String(whole), .gone(.orphaned), on: Sample.elsewhere)
            try story.tell(.sighted([seen], spends: [:]))
        },
        Scenario("the wrong network beside the right one", .paid, [.wrongNetwork],
            "wallet 2000 payments 1000 unapplied 1000") {
            try $0.mine("a", whole, on: Sample.elsewhere)
            try $0.mine("b", whole)
        },
        Scenario("the same news twice is no news", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", whole)
            let before = $0.payment
            try $0.mine("a", whole)
            #expect($0.payment.version == before.version && $0.payment.entryCount == before.entryCount)
        },
        Scenario("a clock that steps back takes nothing back", .expired) {
            try $0.wait(until: 961)
            try $0.wait(until: 5)
        },
        Scenario("a quote after a wrong hour can be paid", .awaitingPayment) {
            try $0.wait(until: 3_000)
            #expect($0.state == .expired)
            $0.clock = 1_000
            try $0.tell(.quoted(Sample.quote(2, from: 1_000)))
            #expect($0.last.isPayable)
            try $0.wait(until: 1_900)
            #expect($0.last.isPayable)
        },
        Scenario("and its end is an end", .expired) {
            try $0.wait(until: 3_000)
            $0.clock = 1_000
            try $0.tell(.quoted(Sample.quote(2, from: 1_000)))
            try $0.wait(until: 1_961)
        },
        Scenario("a quote that is told again moves no clock", .expired) {
            try $0.wait(until: 961)
            $0.clock = 5
            try $0.tell(.quoted(Sample.quote()))
        },
        Scenario("nobody has scanned beyond the present", .awaitingPayment) { story in
            story.clock = 100
            let word = Source(
                sequence: 50, tip: 100, safe: nil, finalized: nil, isHealthy: true, scannedUntil: Sample.at(3_000))
            try story.tell(
                Fact(at: Sample.at(100), actor: .clock, sources: [Sample.bitcoin: word], news: .looked))
            story.isHealthy = false
            try story.wait(until: 2_000)
        },
        Scenario("replaced three times, each with more, too late at last", .latePaid, [.late],
            "wallet 1000 unapplied 1000") {
            try $0.pool("a", 800_000)
            try $0.pool("b", 900_000, replaces: ["a"])
            $0.clock = 3_000
            try $0.pool("c", whole, replaces: ["b"])
            try $0.mine("c", whole)
        },
        Scenario("the replaced one is mined after all", .paid, [], "wallet 1000 payments 1000") {
            try $0.pool("a", whole)
            try $0.pool("b", whole, replaces: ["a"])
            try $0.mine("a", whole)
            try $0.lose("b", .gone(.replaced))
        },
        Scenario("two confirmations, one block each", .paid, [], "wallet 1000 payments 1000", .confirmations(2)) {
            try $0.mine("a", whole)
            #expect($0.state == .confirming)
            $0.tip = 101
            try $0.wait(until: 2)
        },
        Scenario("a tip that falls undoes no confirmation in its block", .paid, [], "wallet 1000 payments 1000",
            .confirmations(2)) {
            try $0.mine("a", whole)
            $0.tip = 101
            try $0.wait(until: 2)
            $0.tip = 100
            try $0.wait(until: 3)
            #expect($0.payment.epoch == 1)
        },
        Scenario("a spend that waits for a block is not booked", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", whole)
            try $0.spend("a", .pooled)
        },
        Scenario("spent, and the spend is gone", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", whole)
            try $0.spend("a", .pooled)
            try $0.spend("a", .gone(.evicted))
        },
        Scenario("reversed, and paid anew by another", .paid, [.reversed], "wallet 1000 payments 1000") {
            try $0.mine("a", whole)
            try $0.lose("a")
            try $0.mine("b", whole)
            #expect($0.payment.epoch == 2)
        },
        Scenario("reversed after the window is too late to pay anew", .latePaid, [.reversed, .late],
            "wallet 1000 unapplied 1000") {
            try $0.mine("a", whole)
            $0.clock = 961
            try $0.lose("a")
            #expect($0.state == .expired)
            try $0.mine("b", whole)
        },
        Scenario("an excess falls below the tolerance again", .paid, [], "wallet 1000 payments 1000") {
            try $0.mine("a", half)
            try $0.mine("b", whole)
            #expect($0.state == .overpaid)
            try $0.mine("b", half, block: "other")
            #expect($0.payment.epoch == 1)
        },
        Scenario("cancelled while nothing came", .failed) { try $0.tell(.ruled(.cancel, reason: nil)) },
    ]
}

@Suite struct ScenarioEdgeTests {
    @Test(arguments: Scenario.edges)
    func `where two rules meet, both hold`(scenario: Scenario) throws {
        var story = try Story.quoted(scenario.policy)
        try scenario.steps(&story)
        #expect(story.state == scenario.state)
        #expect(story.open == scenario.open)
        #expect(story.books.text == scenario.books)
    }
}
