import Chains
import Domain
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

/// What callers of several gateways on one store saw, and whether one gateway, asked by one after the other, could have
/// said the same.
@Suite(
    "What several gateways on one PostgreSQL answer is one story",
    .enabled(if: TestPostgres.isInstalled, "this takes PostgreSQL"), .timeLimit(.minutes(15)))
struct HistoryTests {
    /// One question or command, with the moments at which it was asked and answered.
    private struct Call: Sendable {
        let payment: ID<Payment>
        let wish: Wish
        /// Its name in the records, which no other call has.
        let cause: String
        let asked: Int
        let answered: Int
        /// Of the payment, as it was answered; nil where it was refused.
        let version: Int?
        /// Of who only looked: the number of the last record that was there.
        let seen: Int?
        var isReading: Bool { wish == .look }
    }

    /// All calls, on a clock that only counts.
    private final class History: Sendable {
        private let state = Lock<(moment: Int, calls: [Call])>((0, []))

        var calls: [Call] { state.withLock { $0.calls } }

        func moment() -> Int {
            state.withLock { state in
                state.moment += 1
                return state.moment
            }
        }

        func note(_ call: Call) { state.withLock { $0.calls.append(call) } }
    }

    /// What somebody asks of a payment.
    private enum Wish: Sendable {
        case look, first, second, claim, cancel, accept

        /// What is asked over and over, and, when all have done so, what ends a payment.
        static let usual: [Wish] = [.look, .look, .first, .second, .first, .second, .claim]
        static let last: [Wish] = [.look, .first, .second, .claim, .cancel, .accept]
    }

    private static let gateways = 4
    private static let lanes = 12
    /// Of each lane: so many of the usual wishes, then so many of the last ones.
    private static let usualCalls = 52
    private static let lastCalls = 8

    /// Answers with the version that a payment has.
    private static func versioned() -> Answering<PaymentView> {
        Answering(key: nil) { Reply(status: 200, body: Array(String($0.payment.version).utf8)) }
    }

    private static func ask(
        _ wish: Wish, of id: ID<Payment>, _ gateway: Gateway, _ caller: Caller, cause: String
    ) async throws -> Int {
        let reply: Reply
        switch wish {
        case .look: return try await gateway.payment(id, of: caller).payment.version
        case .first, .second:
            reply = try await gateway.choose(
                try method(wish == .first ? "SBX" : "SUSD"), for: id, by: caller.actor, of: caller, cause: cause,
                versioned())
        case .claim:
            reply = try await gateway.claimFulfilment(of: id, action: cause, by: caller, cause: cause, versioned())
        case .cancel: reply = try await gateway.cancel(id, by: caller, cause: cause, versioned())
        case .accept: reply = try await gateway.accept(id, reason: cause, by: caller, cause: cause, versioned())
        }
        guard let version = Int(String(decoding: reply.body, as: UTF8.self)) else {
            throw TestKitError("it was answered without a version")
        }
        return version
    }

    @Test("What was answered happened once, in the order of the answers, and nobody who asks later sees less")
    func history() async throws {
        let house = try await House(.postgres)
        guard let sandbox = house.gateway.sandbox else { throw TestKitError("no sandbox") }
        var (stores, gateways) = ([Store](), [house.gateway])
        for number in 1..<Self.gateways {
            let store = try await Store.open(house.place.location)
            stores.append(store)
            gateways.append(
                try House.gateway(
                    store, house.clock, SeededEntropy(seed: 100 + UInt64(number)), house.settings, sandbox))
        }
        var ids: [ID<Payment>] = []
        for number in 0..<10 {
            var new = NewPayment(orderID: "order-\(number)", amount: "25", currency: "EUR")
            new.methods = [try method("SBX"), try method("SUSD")]
            if number.isMultiple(of: 2) { new.chosen = try method("SBX") }
            ids.append(try await house.open(new))
            // Some are paid, and can be claimed; some are short, and can be accepted.
            if number.isMultiple(of: 4) { try await house.take([.play(.exact, mined: 1)], for: ids[number]) }
            if number % 4 == 2 { try await house.take([.play(.under(percent: 50), mined: 1)], for: ids[number]) }
        }
        let history = History()
        // A payment that one lane has ended would answer all others with a refusal, so no lane ends any before all
        // have asked for the rest.
        try await Self.hammer(gateways, ids, house.caller, history, Wish.usual, times: Self.usualCalls)
        try await Self.hammer(gateways, ids, house.caller, history, Wish.last, times: Self.lastCalls)
        let calls = history.calls
        #expect(calls.count == Self.lanes * (Self.usualCalls + Self.lastCalls))
        for (number, id) in ids.enumerated() {
            let records = try await house.store.read { try $0.records(chain: id.text, limit: 10_000) }
            let done = Self.check(calls.filter { $0.payment == id }, against: records.map(\.record))
            Self.expectWhatMustHappen(done, to: number)
        }
        try await house.audit()
        #expect(try await house.store.verify().isClean)
        for store in stores { await store.close() }
        await house.close()
    }

    /// Whatever the order was, one call has been the first: what it asked for has happened. (Which calls there are,
    /// the seeds say; only their order is left to chance.)
    private static func expectWhatMustHappen(_ done: [Wish], to number: Int) {
        let choices = done.count { $0 == .first || $0 == .second }
        let claims = done.count { $0 == .claim }
        let ends = done.count { $0 == .cancel || $0 == .accept }
        switch number % 4 {
        case 0: #expect(choices == 0 && claims == 1 && ends == 0, "payment \(number), which is paid: \(done)")
        case 2: #expect(choices >= 1 && ends >= 1, "payment \(number), which is short: \(done)")
        default: #expect(choices >= 2 && ends >= 1, "payment \(number), with nothing chosen: \(done)")
        }
    }

    /// All lanes at once, each asking one thing after the other of whichever payment.
    private static func hammer(
        _ gateways: [Gateway], _ ids: [ID<Payment>], _ caller: Caller, _ history: History, _ wishes: [Wish],
        times count: Int
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    let dice = SeededEntropy(seed: UInt64(lane))
                    for number in 0..<count {
                        let id = ids[Int(dice.number(below: UInt64(ids.count)))]
                        let wish = wishes[Int(dice.number(below: UInt64(wishes.count)))]
                        let gateway = gateways[Int(dice.number(below: UInt64(gateways.count)))]
                        let cause = "call-\(count)-\(lane)-\(number)"
                        let asked = history.moment()
                        var (version, seen) = (Int?.none, Int?.none)
                        do {
                            if wish == .look {
                                seen = try await gateway.store.read { Int(try $0.end(of: id.text).sequence) }
                            }
                            version = try await ask(wish, of: id, gateway, caller, cause: cause)
                        } catch where error is Refusal || error is CommandError {
                            // What is refused must leave nothing: that is looked at below.
                            seen = nil
                        }
                        history.note(
                            Call(
                                payment: id, wish: wish, cause: cause, asked: asked, answered: history.moment(),
                                version: version, seen: seen))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Compares what was answered of one payment with its records. Gives what was asked by those calls that changed
    /// it.
    private static func check(_ calls: [Call], against records: [Record]) -> [Wish] {
        var places: [String: [Int]] = [:]
        for (place, record) in records.enumerated() { places[record.cause, default: []].append(place) }
        for call in calls {
            let own = places[call.cause] ?? []
            #expect(own.isEmpty || call.version != nil, "\(call.cause) was refused, and happened")
            #expect(own.isEmpty || !call.isReading, "\(call.cause) only looked, and changed something")
            #expect(own.last.map { $0 - own[0] + 1 == own.count } ?? true, "\(call.cause) happened in parts")
        }
        for earlier in calls {
            for later in calls where later.asked > earlier.answered {
                let before = places[earlier.cause]?.last ?? earlier.seen
                if let before, let after = places[later.cause]?.first ?? later.seen {
                    let isInOrder = before < after || (later.isReading && before == after)
                    #expect(isInOrder, "\(later.cause) came after \(earlier.cause) was answered")
                }
                if let seen = earlier.version, let now = later.version {
                    #expect(now >= seen, "\(later.cause) was told version \(now), and \(earlier.cause) \(seen) before")
                }
            }
        }
        return calls.filter { places[$0.cause] != nil }.map(\.wish)
    }
}
