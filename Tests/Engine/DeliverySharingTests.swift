import Crypto
import Domain
import HTTP
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

/// Some receivers hang: the others must not wait for them.
@Suite("Webhooks share the places", .timeLimit(.minutes(15)))
struct DeliverySharingTests {
    private let client = Deliverer.client(allowsLoopback: true)

    /// Who hangs here hangs on: however slow the machine, no time-out ends it.
    private func patientHouse() async throws -> House {
        try await House {
            $0.allowsLoopbackWebhooks = true
            $0.deliveryTimeoutMilliseconds = 3_600_000
        }
    }

    /// A merchant of its own with its endpoints.
    private func merchant(_ house: House, _ urls: [String]) async throws -> (Caller, [MadeEndpoint]) {
        let merchant = try await house.gateway.createMerchant(name: "Shop", cause: "test")
        let key = try await house.gateway.createKey(
            merchant: merchant.id, name: "key", scopes: [.admin], isTest: true, by: .operatorAtMachine,
            cause: "test")
        let caller = Caller(merchant: merchant.id, key: key.key.id, isTest: true, scopes: ["admin"])
        var endpoints: [MadeEndpoint] = []
        for url in urls { endpoints.append(try await house.endpoint(url, of: caller)) }
        return (caller, endpoints)
    }

    /// Owes an endpoint so many events, none of which waits for another.
    private func owe(_ count: Int, _ endpoints: [MadeEndpoint], of caller: Caller, _ house: House) async throws {
        for endpoint in endpoints {
            for _ in 0..<count { try await house.ping(endpoint, of: caller) }
        }
    }

    private func tries(_ endpoints: [MadeEndpoint], _ house: House) async throws -> Int {
        var sum = 0
        for endpoint in endpoints {
            sum += try await house.deliveries(to: endpoint).reduce(0) { $0 + $1.tries }
        }
        return sum
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        /// How many hanging endpoints each merchant has, and whether the quick one is one of the first's.
        let hanging: [Int]
        let isSameMerchant: Bool
        /// Whether all are paths of one server.
        let isSameOrigin: Bool
        /// Whether the quick one has answered before.
        var isProven = false
        /// What each of the hanging ones is owed.
        var owed = 10

        var testDescription: String { name }
    }

    @Test(
        "Endpoints that hang delay no other",
        arguments: [
            Row(
                name: "of two other merchants", hanging: [20, 20], isSameMerchant: false,
                isSameOrigin: false),
            Row(name: "of the same merchant", hanging: [19], isSameMerchant: true, isSameOrigin: false),
            Row(
                name: "of others, on the same origin", hanging: [20], isSameMerchant: false,
                isSameOrigin: true),
            Row(
                name: "of the same merchant, on the same origin", hanging: [19], isSameMerchant: true,
                isSameOrigin: true),
            Row(
                name: "of so many merchants that they could hold all places, once it has answered",
                hanging: Array(repeating: 20, count: 13), isSameMerchant: false, isSameOrigin: false,
                isProven: true, owed: 1),
        ])
    func hanging(_ row: Row) async throws {
        let house = try await patientHouse()
        let gate = AsyncStream.makeStream(of: Void.self)
        let tar = Receiver { _, path in
            if !path.hasSuffix("/quick") { for await _ in gate.stream {} }
            return Response(.ok)
        }
        let other = Receiver { _ in Response(.ok) }
        try await tar.serving { tarURL in
            try await other.serving { otherURL in
                let deliverer = Deliverer(house.gateway, client: client)
                let (quickCaller, _) = try await merchant(house, [])
                let quickURL = (row.isSameOrigin ? tarURL : otherURL) + "/quick"
                var quick: [MadeEndpoint] = []
                if row.isProven {
                    quick = [try await house.endpoint(quickURL, of: quickCaller)]
                    try await owe(1, quick, of: quickCaller, house)
                    #expect(try await deliverer.step() == 1)
                }
                var callers: [Caller] = []
                var slow: [MadeEndpoint] = []
                for count in row.hanging {
                    let (caller, endpoints) = try await merchant(house, (0..<count).map { "\(tarURL)/\($0)" })
                    try await owe(row.owed, endpoints, of: caller, house)
                    callers.append(caller)
                    slow += endpoints
                }
                let running = Task { try await deliverer.run() }
                await tar.until(min(slow.count, 128) / 2)
                // What comes late finds that the others hold all that they may hold.
                let caller = row.isSameMerchant ? callers[0] : quickCaller
                if quick.isEmpty { quick = [try await house.endpoint(quickURL, of: caller)] }
                try await owe(20, quick, of: caller, house)
                while try await tries(quick, house) < 20 { try await Task.sleep(for: .milliseconds(5)) }
                #expect(try await tries(slow, house) == 0, "none of the others has ended")
                gate.continuation.finish()
                running.cancel()
                try await running.value
            }
        }
        await house.close()
    }

    @Test("An endpoint has one place until it answers, and one again when it does not")
    func window() async throws {
        let house = try await House.withWebhooks()
        let gate = AsyncStream.makeStream(of: Void.self)
        let hangs = Lock(true)
        let receiver = Receiver { _ in
            if hangs.withLock({ $0 }) { for await _ in gate.stream {} }
            return Response(.ok)
        }
        let deliverer = Deliverer(house.gateway, client: client)
        try await receiver.serving { url in
            let (caller, endpoints) = try await merchant(house, [url])
            try await owe(40, endpoints, of: caller, house)
            let first = Task { try await deliverer.step() }
            await receiver.until(1)
            hangs.withLock { $0 = false }
            gate.continuation.finish()
            #expect(try await first.value == 1)
            for expected in [2, 4, 8, 8] { #expect(try await deliverer.step() == expected) }
        }
        // Nobody is there any more.
        for expected in [8, 1, 1] { #expect(try await deliverer.step() == expected) }
        await house.close()
    }

    @Test("Each merchant's events go to its own endpoints, and to nobody else's")
    func own() async throws {
        let house = try await House.withWebhooks()
        let (first, second) = (Receiver { _ in Response(.ok) }, Receiver { _ in Response(.ok) })
        try await first.serving { firstURL in
            try await second.serving { secondURL in
                let (one, _) = try await merchant(house, [firstURL])
                let (two, _) = try await merchant(house, [secondURL])
                for caller in [one, two, one] { _ = try await house.open(by: caller) }
                let deliverer = Deliverer(house.gateway, client: client)
                while try await deliverer.step() > 0 {}
                for (receiver, caller, other) in [(first, one, two), (second, two, one)] {
                    let bodies = receiver.all.map { String(decoding: $0.body, as: UTF8.self) }
                    #expect(!bodies.isEmpty && bodies.allSatisfy { $0.contains(caller.merchant.text) })
                    #expect(!bodies.contains { $0.contains(other.merchant.text) })
                }
                #expect(first.all.count == 2 * second.all.count)
            }
        }
        await house.close()
    }

    @Test("A loop that is started again listens no more often")
    func restarts() async throws {
        let house = try await House.withWebhooks()
        let deliverer = Deliverer(house.gateway, client: client)
        let before = house.gateway.changes.listenerCount
        for _ in 0..<3 {
            let running = Task { try await deliverer.run() }
            running.cancel()
            try? await running.value
        }
        #expect(house.gateway.changes.listenerCount == before)
        await house.close()
    }

    @Test("The loop is only woken where something is owed")
    func woken() async throws {
        let house = try await House.withWebhooks()
        let news = Lock<[Changes.News]>([])
        house.gateway.changes.listen { heard in news.withLock { $0.append(heard) } }
        let first = try await house.open()
        #expect(news.withLock { $0 } == [.payments([first])])
        _ = try await house.endpoint("http://127.0.0.1:1/")
        news.withLock { $0 = [] }
        let second = try await house.open()
        #expect(news.withLock { $0 } == [.payments([second]), .deliveries])
        await house.close()
    }

    @Test("What found no place to be sent from is no try of its receiver")
    func noPlace() async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { _ in Response(.ok) }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            try await house.ping(endpoint)
            var limits = ClientLimits()
            limits.waiting = 0
            let full = Client(.guarded(allowLoopback: true), limits: limits)
            #expect(try await Deliverer(house.gateway, client: full).step() == 1)
            let waiting = try await house.deliveries(to: endpoint)[0]
            #expect(waiting.tries == 0 && waiting.delivery.attempts == 0)
            #expect(try await Deliverer(house.gateway, client: client).step() == 0, "not at once again")
            house.clock.advance(by: EngineLimits.leaseSeconds * 1_000)
            #expect(try await Deliverer(house.gateway, client: client).step() == 1)
            #expect(receiver.all.count == 1)
        }
        await house.close()
    }
}
