import Domain
import Foundation
import JSON
import Platform
import Testing

@testable import Storage

/// Facts are what networks and people say, and lie in a store that others may have written to: whatever they say, the
/// process that serves all merchants goes on.
@Suite("Whatever a stored fact says, it is folded in or refused")
struct TotalTests {
    /// Another seed in every run, printed: with it in `QUITTANCE_FUZZ_SEED` the same run comes again. How many facts
    /// are told, `QUITTANCE_FUZZ` says.
    @Test("Amounts, heights and times of every size, quotes, rulings and refunds of anything")
    func fuzz() throws {
        let settings = ProcessInfo.processInfo.environment
        let seed = settings["QUITTANCE_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
        let count = settings["QUITTANCE_FUZZ"].flatMap { Int($0) } ?? 6_000
        print("payments are told \(count) facts, QUITTANCE_FUZZ_SEED=\(seed)")
        try tell(count, seed)
    }

    @Test("The same in every run", arguments: 1...8 as ClosedRange<UInt64>)
    func fixed(seed: UInt64) throws { try tell(300, seed) }

    private func tell(_ count: Int, _ seed: UInt64) throws {
        var absurd = Absurd(seed)
        var outcomes = (folded: 0, refused: 0, corrupt: 0)
        var payment = absurd.payment()
        for number in 0..<count {
            if number % 30 == 0 { payment = absurd.payment() }
            let place = "fact \(number) of QUITTANCE_FUZZ_SEED=\(seed)"
            guard let fact = try read(absurd.fact(about: payment), &absurd, place) else {
                outcomes.corrupt += 1
                continue
            }
            do throws(Objection) {
                let decision = try payment.reduce(fact)
                expectSound(decision, after: payment, place)
                payment = decision.payment
                outcomes.folded += 1
            } catch {
                outcomes.refused += 1
            }
        }
        #expect(min(outcomes.folded, outcomes.refused, outcomes.corrupt) > count / 100, "\(outcomes)")
    }

    /// The fact as a store gives it back, now and then with another value in one place; nil where that is no fact.
    private func read(_ fact: Fact, _ absurd: inout Absurd, _ place: String) throws -> Fact? {
        let bytes = fact.storedBytes
        let read = try Fact(stored: bytes)
        if read.storedBytes != bytes { Issue.record("read back it is another one: \(place)") }
        guard absurd.roll(4) == 0 else { return read }
        do throws(Corruption) {
            return try Fact(stored: absurd.forged(String(decoding: bytes, as: UTF8.self)))
        } catch {
            return nil
        }
    }

    /// What must hold whatever was said.
    private func expectSound(_ decision: Decision, after old: Payment, _ place: String) {
        let payment = decision.payment
        if decision.assessment.state != payment.state { Issue.record("announced otherwise than assessed: \(place)") }
        if payment.state != old.state, !old.state.successors.contains(payment.state) {
            Issue.record("\(old.state) became \(payment.state): \(place)")
        }
        for entry in decision.entries {
            let references = entry.postings.reduce(Int128(0)) { $0 &+ ($1.reference ?? 0) }
            if references != 0 { Issue.record("references do not balance: \(place)") }
        }
        for posted in payment.posted.values {
            let holding = posted.holding
            let claims = [holding.payments, holding.excess, holding.unapplied, holding.refundsPending]
            if claims.contains(where: { $0 < 0 }) { Issue.record("a claim is negative: \(place)") }
        }
    }
}

/// Says what nobody would: everything is at an edge of its type, or beyond sense.
private struct Absurd {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    mutating func roll(_ sides: Int) -> Int { Int(next() % UInt64(sides)) }
    private mutating func flag() -> Bool { roll(2) == 0 }
    private mutating func one<Value>(of values: [Value]) -> Value { values[roll(values.count)] }

    private static let units: [UInt128] = {
        let (limit, top): (UInt128, UInt128) = (Transfer.amountLimit, 1 << 127)
        return [0, 1, 999_999, 1_000_000, limit - 1, limit, top - 1, top, .max]
    }()

    private mutating func units() -> UInt128 {
        switch roll(4) {
        case 0: UInt128(next())
        case 1: UInt128(next()) << 64 | UInt128(next())
        default: one(of: Self.units)
        }
    }

    private mutating func amount() -> String {
        one(of: [
            String(units()), "1000000", "500000", "", "-1", "+1", "1.5", "1e9", "٣", "\u{0}",
            String(repeating: "9", count: 200), "0" + String(repeating: "0", count: 200) + "7",
        ])
    }

    private mutating func seconds() -> Int64 { one(of: [0, 1, -1, 60, 900, 7_200, .max, .min, Int64(next() >> 1)]) }
    private mutating func height() -> UInt64 { one(of: [0, 1, 99, 100, 101, .max - 1, .max, next()]) }
    private mutating func small() -> UInt32 { one(of: [0, 1, 2, 100, 10_000, 10_001, .max]) }

    private mutating func moment() -> Instant {
        let edge = one(of: [0, -1, .min, .max, Int64(next() >> 1)])
        return flag() ? Sample.at(Int64(roll(20_000))) : Instant(milliseconds: edge)
    }

    private mutating func network() -> NetworkName { flag() ? Sample.network : Sample.other }
    private mutating func method() -> Domain.Method { one(of: [Sample.method, Sample.method, Sample.token.method]) }

    private mutating func rate() -> Rate {
        Rate(mantissa: min(max(1, units()), 1 << 127), scale: UInt8(roll(Int(Rate.largestScale) + 1)))
    }

    private mutating func price() -> Price {
        Sample.price(one(of: [1, 10_000, 10_000, Price.largest, UInt128(next())]))
    }

    private mutating func requirement() -> Policy.Requirement {
        one(of: [.count(0), .count(1), .count(small()), .safe, .finalized, .settled])
    }

    private mutating func policy() -> Policy {
        var policy = Policy()
        if flag() { return policy }
        policy.underTolerance = Policy.Tolerance(basisPoints: small(), capMinor: flag() ? nil : units())
        policy.overTolerance = Policy.Tolerance(basisPoints: small(), capMinor: flag() ? nil : units())
        let tiers = (0..<roll(3)).map { _ in
            Policy.Tier(upToMinor: flag() ? nil : units(), requirement: requirement())
        }
        policy.confirmations = [Policy.ConfirmationRule(risk: flag() ? nil : .high, tiers: tiers)]
        (policy.graceSeconds, policy.confirmBySeconds, policy.staleSeconds) = (seconds(), seconds(), seconds())
        policy.late = Policy.LateRule(withinSeconds: seconds(), driftBasisPoints: small())
        (policy.excess, policy.duplicate) = (flag() ? .keep : .review, flag() ? .keep : .review)
        policy.wrongAsset = flag() ? .keep : .review
        policy.dustMinor = flag() ? 0 : units()
        policy.holdsOverpaid = flag()
        policy.reviewAboveMinor = flag() ? nil : units()
        return policy
    }

    /// A new payment with a quote, most often one that makes sense.
    mutating func payment() -> Payment {
        let terms = Terms(
            merchant: Sample.merchant, orderID: "", price: price(), methods: [Sample.method, Sample.token.method],
            policy: policy(), risk: one(of: Policy.Risk.allCases), openedAt: flag() ? Sample.at(0) : moment(),
            expiresAt: flag() ? Sample.at(900) : moment(), isTest: true, personal: Sample.commitment)
        return Payment.open(Sample.id(1), terms, actor: .clock).payment
    }

    private mutating func quote() -> Quote {
        let usual = Sample.quote(1 + roll(3), flag() ? Sample.coin : Sample.token)
        if flag() { return usual }
        return Quote(
            id: usual.id, asset: usual.asset, amountDue: max(1, units()), covers: price(), rate: rate(), sources: [],
            lockedAt: moment(), endsAt: moment(), destination: usual.destination, isTopUp: flag())
    }

    private mutating func key() -> Transfer.Key {
        Transfer.Key(network: network(), place: one(of: ["a:0", "a:1", "b:0", "b", "", ":", "c:0"]))
    }

    private mutating func claim() -> Transfer.Claim {
        let place = BlockPlace(height: height(), block: BlockID(one(of: ["x", "y", "pool", ""])), index: small(),
            medianTime: moment())
        let standing: Transfer.Standing = one(of: [
            .pooled, .mined(place), .mined(place), .gone(one(of: Transfer.Gone.allCases)),
        ])
        return Transfer.Claim(sequence: height(), standing: standing)
    }

    private mutating func sighting() -> Sighting {
        Sighting(
            key: key(), quote: Sample.quote(1 + roll(3)).id, method: roll(5) == 0 ? nil : method(),
            amountText: amount(), claim: claim(), seenAt: moment(), fellIntoGap: flag(),
            replaces: Set((0..<roll(3)).map { _ in key() }), maturity: small())
    }

    private mutating func refund() -> RefundClaim {
        RefundClaim(
            id: Sample.id(1 + roll(2)), step: one(of: [.min, -1, 0, 1, 2, 3, .max]),
            stage: one(of: RefundClaim.Stage.allCases), isFull: flag(),
            parts: (0..<roll(4)).map { _ in
                RefundClaim.Part(transfer: key(), from: one(of: Holding.Place.allCases), units: units())
            })
    }

    private mutating func verdict(on payment: Payment) -> Ruling.Verdict {
        let open = payment.exceptions.map(\.id) + [ID(part: 999_999_999, of: payment.id)]
        let id = roll(8) == 0 ? one(of: open) : open[0]
        let source = RateSource(name: "", rate: rate(), at: moment())
        return one(of: [
            .cancel, .accept(nil), .accept(id), .reject(nil), .reject(id), .grantTopUp(id, quote()), .keep(id),
            .release(id), .dismiss(id), .acceptLate(id, method(), source), .dismiss(id), .keep(id),
        ])
    }

    private mutating func news(of payment: Payment) -> Fact.News {
        switch roll(payment.evidence.quotes.isEmpty ? 3 : 12) {
        case 0, 1: .quoted(quote())
        case 2: .chosen(Sample.quote(1 + roll(4)).id)
        case 3: .looked
        case 4: .refunded(refund())
        case 5: .ruled(verdict(on: payment), reason: nil)
        case 6: flag() ? .fulfilmentClaimed(action: amount()) : .fulfilmentReported(action: amount())
        default:
            .sighted(
                (0...roll(3)).map { _ in sighting() },
                spends: flag() ? [:] : [key(): Transfer.Spend(transaction: amount(), claim: claim())])
        }
    }

    mutating func fact(about payment: Payment) -> Fact {
        var sources: [NetworkName: Source] = [:]
        for name in [Sample.network, Sample.other] where flag() {
            sources[name] = Source(
                sequence: height(), tip: height(), safe: flag() ? nil : height(), finalized: flag() ? nil : height(),
                isHealthy: roll(4) > 0, scannedUntil: moment())
        }
        return Fact(
            at: moment(), actor: .clock, sources: sources, news: news(of: payment),
            floor: roll(20) == 0 ? Fact.highestFloor : 0)
    }

    /// Stored text with another value for one member.
    mutating func forged(_ text: String) -> [UInt8] {
        let values = [
            "0", "-1", "1e999", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "\"0\"", "null",
            "\"340282366920938463463374607431768211455\"", "\"-1\"", "\"\"", "[]", "{}", "true", "1.5", "1e3",
            "\"0.0\"", "900000001", "4294967296",
        ]
        let colons = text.indices.filter { text[$0] == ":" && text[text.index(after: $0)] != " " }
        let start = text.index(after: one(of: colons))
        let end = text[start...].firstIndex { $0 == "," || $0 == "}" } ?? text.endIndex
        return Array((text[..<start] + one(of: values) + text[end...]).utf8)
    }
}
