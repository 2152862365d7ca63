import Chains
import Dispatch
import Domain
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("Commands of merchants")
struct CommandTests {
    @Test(
        "A keyed command is done once, however often and at once it is asked",
        arguments: DatabaseEngine.allCases)
    func idempotency(_ engine: DatabaseEngine) async throws {
        let house = try await House(engine)
        let gateway = house.gateway
        let caller = house.caller
        let answering = house.answering("key-1")
        var new = NewPayment(orderID: "order-1", amount: "25", currency: "EUR")
        new.chosen = try method("SBX")
        let wanted = new
        let bodies = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await gateway.open(wanted, by: caller, cause: "test", answering).body
                }
            }
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(bodies.count == 1)
        let count = try await house.store.read {
            try $0.payments(of: caller.merchant, PaymentFilter(), PageRequest(limit: 100)).items.count
        }
        #expect(count == 1)
        let other = Answering<PaymentView>(
            key: IdempotencyKey(operation: "test", key: "key-1", fingerprint: "another body"),
            house.answering().render)
        await #expect(throws: CommandError.keyReused) {
            try await gateway.open(wanted, by: caller, cause: "test", other)
        }
        await house.close()
    }

    @Test("What is so already, and what is not allowed, is answered while the one writer is at work")
    func foregone() async throws {
        let house = try await House()
        let (id, caller, gateway) = (try await house.open(), house.caller, house.gateway)
        let answering = Answering<PaymentView>(key: nil) { Reply(status: 200, body: $0.object) }
        let first = try await gateway.cancel(id, by: caller, cause: "test", answering)
        let (begun, begins) = AsyncStream.makeStream(of: Void.self)
        let gate = DispatchSemaphore(value: 0)
        let store = house.store
        async let work: Void = store.write { _ in
            begins.yield()
            gate.wait()
        }
        for await _ in begun { break }
        for _ in 0..<20 {
            #expect(try await gateway.cancel(id, by: caller, cause: "test", answering).body == first.body)
            await #expect(throws: Refusal.self) {
                try await gateway.claimFulfilment(of: id, action: "ship", by: caller, cause: "test", answering)
            }
            await #expect(throws: Refusal.self) {
                try await gateway.accept(id, reason: "test", by: caller, cause: "test", answering)
            }
        }
        gate.signal()
        try await work
        await house.close()
    }

    @Test("A refused command changes nothing, and its key can be used again")
    func refused() async throws {
        let house = try await House()
        let id = try await house.open()
        let before = try await house.payment(id)
        await #expect(throws: Refusal.self) {
            try await house.gateway.claimFulfilment(
                of: id, action: "ship", by: house.caller, cause: "test", house.answering("key-1"))
        }
        #expect(try await house.payment(id) == before)
        try await house.take([.play(.exact, mined: 1)], for: id)
        let reply = try await house.gateway.claimFulfilment(
            of: id, action: "ship", by: house.caller, cause: "test", house.answering("key-1"))
        #expect(!reply.isReplayed)
        await #expect(throws: Refusal.self, "another action") {
            try await house.gateway.claimFulfilment(
                of: id, action: "again", by: house.caller, cause: "test", house.answering())
        }
        await house.close()
    }

    @Test("An overpaid payment that is held cannot be fulfilled before it is ruled")
    func held() async throws {
        let house = try await House()
        var policy = Policy.standard
        policy.holdsOverpaid = true
        _ = try await house.gateway.setPolicy(
            policy, by: house.caller, cause: "test",
            Answering(key: nil) { _ in Reply(status: 200, body: []) })
        let id = try await house.open()
        try await house.take([.play(.over(percent: 50), mined: 1)], for: id)
        await #expect(throws: Refusal.self) { try await house.take([.claim("ship")], for: id) }
        try await house.take([.rule(.overpaid, .keep), .claim("ship")], for: id)
        await house.close()
    }

    @Test("A payment's own policy only makes the merchant's tolerance smaller")
    func tolerance() async throws {
        let house = try await House()
        var new = NewPayment(orderID: "order-1", amount: "25", currency: "EUR")
        var change = PolicyChange()
        change.underTolerance = Policy.Tolerance(basisPoints: 50, capMinor: 1_000_000)
        new.policy = change
        let id = try await house.open(new)
        #expect(try await house.payment(id).terms.policy.underTolerance.capMinor == 100)
        change.underTolerance = Policy.Tolerance(basisPoints: 51, capMinor: 1)
        new.policy = change
        let wanted = new
        await #expect(throws: Refusal.self) { try await house.open(wanted) }
        await house.close()
    }

    @Test("A method that is not offered cannot be chosen")
    func notOffered() async throws {
        let house = try await House()
        var new = NewPayment(orderID: "order-1", amount: "25", currency: "EUR")
        new.methods = [try method("SBX")]
        new.chosen = try method("SUSD")
        let wanted = new
        let refusal = await #expect(throws: Refusal.self) { try await house.open(wanted) }
        #expect(refusal?.code == .methodNotOffered)
        await house.close()
    }

    @Test("A quote can be had again until the order's own end, and no longer, whoever asks")
    func requote() async throws {
        let house = try await House()
        let sandbox = try method("SBX")
        var new = NewPayment(orderID: "order-1", amount: "25", currency: "EUR")
        new.methods = [sandbox, try method("SUSD")]
        new.expiresInSeconds = 3_600
        let id = try await house.open(new)
        let end = try await house.payment(id).terms.expiresAt
        for (seconds, length) in [(0, 900), (1_000, 900), (2_500, 100)] as [(Int64, Int64)] {
            try await house.take(
                seconds == 0 ? [.choose("SBX")] : [.wait(seconds: seconds), .choose("SBX")], for: id)
            let quote = try #require(try await house.payment(id).evidence.currentQuote)
            #expect(quote.endsAt.milliseconds - quote.lockedAt.milliseconds == length * 1_000)
            #expect(quote.endsAt <= end)
        }
        let before = try await house.payment(id)
        #expect(before.evidence.quotes.count == 3)
        try await house.take([.wait(seconds: 101)], for: id)
        let asked: [(actor: Actor, caller: Caller?)] = [(house.caller.actor, house.caller), (.customer, nil)]
        for (actor, caller) in asked {
            await #expect(throws: Refusal(.quoteExpired, "The time to pay this order is over.")) {
                _ = try await house.gateway.choose(
                    sandbox, for: id, by: actor, of: caller, cause: "test", house.answering())
            }
        }
        #expect(try await house.payment(id).evidence.quotes == before.evidence.quotes)
        await house.close()
    }
}
