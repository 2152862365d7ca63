import Chains
import Crypto
import Domain
import HTTP
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("What a merchant does with an endpoint", .timeLimit(.minutes(15)))
struct EndpointTests {
    private let client = Deliverer.client(allowsLoopback: true)

    /// Delivers until nothing is due.
    private func drain(_ house: House) async throws {
        let deliverer = Deliverer(house.gateway, client: client)
        while try await deliverer.step() > 0 {}
    }

    private func replayAll(to endpoint: MadeEndpoint, _ house: House) async throws {
        _ = try await house.gateway.replay(
            to: endpoint.id, from: nil, through: nil, onlyFailed: false, by: house.caller, cause: "test",
            Answering(key: nil) { _ in Reply(status: 200, body: []) })
    }

    @Test("A test of an endpoint that is switched off is refused")
    func testOfInactive() async throws {
        let house = try await House.withWebhooks()
        let endpoint = try await house.endpoint("http://127.0.0.1:9/hook")
        _ = try await house.gateway.updateEndpoint(
            endpoint.id, url: nil, events: nil, description: nil, isActive: false, by: house.caller,
            cause: "test")
        await #expect(throws: Refusal.self) { try await house.ping(endpoint) }
        #expect(try await house.deliveries(to: endpoint).isEmpty)
        await house.close()
    }

    @Test("A replay to an endpoint that is switched off waits until it is on, and is no tampering")
    func replayToInactive() async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { _ in Response(.ok) }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            let id = try await house.open()
            try await drain(house)
            let count = receiver.all.count
            func set(active: Bool) async throws {
                _ = try await house.gateway.updateEndpoint(
                    endpoint.id, url: nil, events: nil, description: nil, isActive: active, by: house.caller,
                    cause: "test")
            }
            try await set(active: false)
            try await house.take([.play(.exact, mined: 1)], for: id)
            try await replayAll(to: endpoint, house)
            try await drain(house)
            #expect(receiver.all.count == count)
            #expect(try await house.deliveries(to: endpoint).allSatisfy { $0.delivery.state == .held })
            #expect(try await house.store.verify().isClean)
            try await set(active: true)
            try await drain(house)
            let events = try await house.summary(of: id).events
            #expect(receiver.all.count == count + events.count)
            #expect(try await house.store.verify().isClean)
        }
        await house.close()
    }

    @Test(
        "What a deleted endpoint was owed goes in time, and is no tampering meanwhile",
        arguments: DatabaseEngine.allCases)
    func deleted(_ engine: DatabaseEngine) async throws {
        let house = try await House(engine) { $0.allowsLoopbackWebhooks = true }
        let one = try await house.endpoint("http://127.0.0.1:9/one")
        let other = try await house.endpoint("http://127.0.0.1:9/other")
        for order in 1...4 { _ = try await house.open(order: "order-\(order)") }
        try await drain(house)
        try await house.gateway.deleteEndpoint(one.id, by: house.caller, cause: "test")
        #expect(try await house.store.verify().isClean)
        #expect(try await !house.deliveries(to: one).isEmpty)
        while try await house.gateway.forgetDeliveries() > 0 {}
        #expect(try await house.deliveries(to: one).isEmpty)
        #expect(try await house.deliveries(to: other).count == 8)
        #expect(try await house.store.verify().isClean)
        await house.close()
    }

    @Test("A replay owes an endpoint no test of another one")
    func replayOfTests() async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { _ in Response(.ok) }
        try await receiver.serving { url in
            let (one, other) = (try await house.endpoint(url), try await house.endpoint(url))
            try await house.ping(one)
            try await drain(house)
            try await replayAll(to: other, house)
            #expect(try await house.deliveries(to: other).isEmpty)
            try await replayAll(to: one, house)
            try await drain(house)
            #expect(receiver.all.count == 2, "its own comes again")
        }
        await house.close()
    }

    @Test("Every secret of the last day signs, however often it was rotated")
    func rotatedTwice() async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { _ in Response(.ok) }
        try await receiver.serving { url in
            var made = [try await house.endpoint(url)]
            for _ in 0..<2 {
                house.clock.advance(by: 3_600_000)
                made.append(try await house.rotate(made[0].id))
            }
            try await house.ping(made[0])
            try await drain(house)
            // Later, only the newest signs.
            house.clock.advance(by: 24 * 3_600_000)
            try await house.ping(made[0])
            try await drain(house)
            let verified = try receiver.all.map { delivered in
                try made.map { endpoint in
                    let key = try WebhookVerificationKey(parsing: endpoint.secret)
                    let result = try? WebhookSignature.verify(
                        header: delivered.signature, id: delivered.id, timestamp: delivered.timestamp,
                        body: delivered.body, keys: [key], now: Int64(delivered.timestamp) ?? 0)
                    return result != nil
                }
            }
            #expect(verified == [[true, true, true], [false, false, true]])
        }
        await house.close()
    }
}
