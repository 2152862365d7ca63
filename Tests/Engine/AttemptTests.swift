import Domain
import HTTP
import Platform
import Storage
import Testing

@testable import Engine

@Suite("Of each try to deliver it is kept what happened, and when", .timeLimit(.minutes(15)))
struct AttemptTests {
    /// Delivers until nothing is due.
    private func drain(_ house: House) async throws {
        let deliverer = Deliverer(house.gateway, client: Deliverer.client(allowsLoopback: true))
        while try await deliverer.step() > 0 {}
    }

    @Test("Its moment is when it began, and its length how long the receiver took")
    func times() async throws {
        let house = try await House {
            $0.allowsLoopbackWebhooks = true
            // The clock stands, and the receiver is quick: no try ends before its answer.
            $0.deliveryTimeoutMilliseconds = 3_600_000
        }
        let clock = house.clock
        let took: [Int64] = [1_234, 0, 59_999]
        let receiver = Receiver { number in
            clock.advance(by: took[number])
            return Response(number == 2 ? .ok : .internalServerError)
        }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            try await house.ping(endpoint)
            var began: [Int64] = []
            for seconds in Delivery.scheduleSeconds.prefix(took.count) {
                clock.advance(by: seconds * 1_200 + 2)
                began.append(clock.now)
                try await drain(house)
            }
            let delivery = try #require(try await house.deliveries(to: endpoint).first)
            let attempts = try await house.attempts(of: delivery)
            #expect(attempts.map(\.at.milliseconds) == began)
            #expect(attempts.map(\.milliseconds) == took)
            #expect(attempts.map(\.status) == [500, 500, 200])
            let records = try await house.store.read { try $0.records(chain: endpoint.id.text, limit: 10) }
            #expect(records.map(\.record.at.milliseconds) == began)
            #expect(try await house.store.verify().isClean)
        }
        await house.close()
    }

    private static let answers: [(answer: String, kept: String)] = [
        ("no \u{0}\u{1B}[2J\u{7F}\u{9B}such\r\n\tshop", "no [2Jsuch\nshop"), ("", ""),
        // A letter across the end of what is kept is none.
        (letters(511) + "\u{e9}" + letters(2_000), letters(511) + "\u{FFFD}"),
    ]

    private static func letters(_ count: Int) -> String { String(repeating: "a", count: count) }

    @Test("Of an answer its first bytes are kept, without what a terminal obeys", arguments: answers)
    func excerpt(_ answer: String, _ kept: String) async throws {
        let house = try await House { $0.allowsLoopbackWebhooks = true }
        let receiver = Receiver { _ in Response(.ok, body: Array(answer.utf8)) }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            try await house.ping(endpoint)
            try await drain(house)
            let delivery = try #require(try await house.deliveries(to: endpoint).first)
            #expect(try await house.attempts(of: delivery).map(\.excerpt) == [kept])
            #expect(try await house.store.verify().isClean)
        }
        await house.close()
    }

    @Test("One whose receiver keeps silent ends when its time is over, counts, and the next one comes by the schedule")
    func timeOut() async throws {
        #expect(Settings(baseURL: "").deliveryTimeoutMilliseconds == 15_000, "as docs/WEBHOOKS.md says")
        let house = try await House {
            $0.allowsLoopbackWebhooks = true
            $0.deliveryTimeoutMilliseconds = 200
        }
        let gate = AsyncStream.makeStream(of: Void.self)
        let receiver = Receiver { number in
            if number == 0 { for await _ in gate.stream {} }
            return Response(.ok)
        }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            try await house.ping(endpoint)
            let began = house.clock.now
            try await drain(house)
            gate.continuation.finish()
            var delivery = try #require(try await house.deliveries(to: endpoint).first)
            var attempts = try await house.attempts(of: delivery)
            #expect(attempts.map(\.fault) == ["timed_out"] && attempts.map(\.status) == [nil])
            #expect(attempts.map(\.excerpt) == [""] && attempts.map(\.isStale) == [false])
            #expect(delivery.delivery.attempts == 1)
            guard case .waiting(let until) = delivery.delivery.state else {
                Issue.record("it is \(delivery.delivery.stateText)")
                return
            }
            let wait = Delivery.scheduleSeconds[1] * 1_000
            #expect((wait...(wait * 110 / 100)).contains(until.milliseconds - began))
            // The next one has all the time that it needs.
            house.settings.deliveryTimeoutMilliseconds = 3_600_000
            try await house.reopen()
            house.clock.advance(by: until.milliseconds - house.clock.now - 1)
            try await drain(house)
            #expect(try await house.deliveries(to: endpoint).first?.tries == 1, "not before its time")
            house.clock.advance(by: 1)
            try await drain(house)
            delivery = try #require(try await house.deliveries(to: endpoint).first)
            attempts = try await house.attempts(of: delivery)
            #expect(delivery.delivery.stateText == "delivered" && attempts.map(\.status) == [nil, 200])
            #expect(try await house.store.verify().isClean)
        }
        await house.close()
    }

    @Test("An endpoint that is switched off and on during a try gets its event once", arguments: [false, true])
    func switched(_ fails: Bool) async throws {
        let house = try await House { $0.allowsLoopbackWebhooks = true }
        let (gateway, caller) = (house.gateway, house.caller)
        let made = Lock<ID<Domain.Endpoint>?>(nil)
        let other = Deliverer(gateway, client: Deliverer.client(allowsLoopback: true))
        @Sendable func switchOn(_ isOn: Bool) async {
            guard let id = made.withLock({ $0 }) else { return }
            do {
                _ = try await gateway.updateEndpoint(
                    id, url: nil, events: nil, description: nil, isActive: isOn, by: caller, cause: "test")
            } catch {
                Issue.record("\(error)")
            }
        }
        let receiver = Receiver { _ in
            await switchOn(false)
            // Whoever looks for work now finds none, and none when it is on again.
            let off = try? await other.step()
            await switchOn(true)
            let on = try? await other.step()
            #expect(off == 0 && on == 0)
            return Response(fails ? .internalServerError : .ok)
        }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            made.withLock { $0 = endpoint.id }
            try await house.ping(endpoint)
            try await drain(house)
            #expect(receiver.all.count == 1)
            let delivery = try #require(try await house.deliveries(to: endpoint).first)
            #expect(try await house.attempts(of: delivery).map(\.isStale) == [false])
            #expect(delivery.delivery.attempts == 1)
        }
        await house.close()
    }
}
