import Chains
import Crypto
import Database
import Domain
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("Webhooks are delivered", .timeLimit(.minutes(15)))
struct DeliveryTests {
    private let client = Deliverer.client(allowsLoopback: true)

    /// Delivers until nothing is due.
    private func drain(_ house: House) async throws {
        let deliverer = Deliverer(house.gateway, client: client)
        while try await deliverer.step() > 0 {}
    }

    @Test("Each event comes once, signed with both kinds of key, in the order of its payment")
    func signed() async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { _ in Response(.ok) }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            let ids = [try await house.open(order: "one"), try await house.open(order: "two")]
            for id in ids { try await house.take([.play(.exact, mined: 1)], for: id) }
            try await drain(house)
            let keys: [WebhookVerificationKey] = [
                try .init(parsing: endpoint.secret),
                try .init(parsing: house.gateway.webhookPublicKey()),
            ]
            for delivered in receiver.all {
                for key in keys {
                    try WebhookSignature.verify(
                        header: delivered.signature, id: delivered.id, timestamp: delivered.timestamp,
                        body: delivered.body, keys: [key], now: house.clock.now / 1_000)
                }
            }
            #expect(Set(receiver.all.map(\.id)).count == receiver.all.count)
            let bodies = try receiver.all.map { try JSON.parse($0.body) }
            for id in ids {
                let events = try await house.summary(of: id).events
                let mine = bodies.filter { $0["data"]?["payment"]?["id"]?.asString == id.text }
                #expect(mine.map { $0["type"]?.asString } == events)
                #expect(
                    mine.map { $0["sequence"]?.asNumber?.text } == (1...events.count).map { "\($0)" })
            }
        }
        await house.close()
    }

    @Test("The sandbox's clock does not put webhooks off")
    func sandboxClock() async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { _ in Response(.ok) }
        try await receiver.serving { url in
            _ = try await house.endpoint(url)
            let id = try await house.open()
            try await house.take([.wait(seconds: 2_000)], for: id)
            try await drain(house)
            #expect(try await house.summary(of: id).events.count == receiver.all.count)
        }
        await house.close()
    }

    @Test(
        "What fails is tried again by the schedule, with the same id and bytes, and is dead at its end")
    func schedule() async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { _ in Response(.internalServerError, body: Array("no\u{1}!".utf8)) }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            try await house.ping(endpoint)
            var moments = [house.clock.now / 1_000]
            try await drain(house)
            for (number, seconds) in Delivery.scheduleSeconds.enumerated().dropFirst() {
                #expect(receiver.all.count == number)
                house.clock.advance(by: seconds * 1_000 - 1)
                try await drain(house)
                #expect(receiver.all.count == number, "not before its time")
                house.clock.advance(by: seconds * 100 + 2)
                moments.append(house.clock.now / 1_000)
                try await drain(house)
            }
            #expect(receiver.all.map { Int64($0.timestamp) } == moments, "each try has its own time")
            #expect(receiver.all.count == Delivery.scheduleSeconds.count)
            #expect(Set(receiver.all.map(\.id)).count == 1 && Set(receiver.all.map(\.body)).count == 1)
            let delivery = try await house.deliveries(to: endpoint)[0]
            #expect(delivery.delivery.stateText == "dead")
            let attempts = try await house.attempts(of: delivery)
            #expect(attempts.map(\.number) == Array(1...Delivery.scheduleSeconds.count))
            #expect(attempts.allSatisfy { $0.status == 500 && $0.excerpt == "no!" && !$0.isStale })
        }
        await house.close()
    }

    @Test("A receiver that is gone is switched off, and what it was owed is kept for later")
    func gone() async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { $0 == 0 ? Response(Status(410)) : Response(.ok) }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            let id = try await house.open()
            try await drain(house)
            #expect(receiver.all.count == 1)
            #expect(try await house.gateway.endpoint(endpoint.id, of: house.caller).state == .gone)
            try await house.take([.play(.exact, mined: 1)], for: id)
            try await drain(house)
            #expect(receiver.all.count == 1)
            _ = try await house.gateway.updateEndpoint(
                endpoint.id, url: nil, events: nil, description: nil, isActive: true, by: house.caller,
                cause: "test")
            _ = try await house.gateway.replay(
                to: endpoint.id, from: nil, through: nil, onlyFailed: false, limit: 100,
                by: house.caller, cause: "test",
                Answering(key: nil) { _ in Reply(status: 200, body: []) })
            try await drain(house)
            let events = try await house.summary(of: id).events
            #expect(receiver.all.count == events.count + 1)
        }
        await house.close()
    }

    @Test("A 410 from the address before switches off no endpoint that has moved")
    func moved() async throws {
        let house = try await House.withWebhooks()
        let (gateway, caller) = (house.gateway, house.caller)
        let made = Lock<(id: ID<Domain.Endpoint>, url: String)?>(nil)
        let after = Receiver { _ in Response(.ok) }
        let before = Receiver { _ in
            if let (id, url) = made.withLock({ $0 }) {
                do {
                    _ = try await gateway.updateEndpoint(
                        id, url: url, events: nil, description: nil, isActive: nil, by: caller, cause: "test")
                } catch {
                    Issue.record("\(error)")
                }
            }
            return Response(Status(410))
        }
        try await after.serving { url in
            try await before.serving { old in
                let endpoint = try await house.endpoint(old)
                made.withLock { $0 = (endpoint.id, url) }
                try await house.ping(endpoint)
                try await drain(house)
                #expect(before.all.count == 1)
                #expect(try await house.gateway.endpoint(endpoint.id, of: house.caller).state == .active)
                house.clock.advance(by: 6_000)
                try await drain(house)
                #expect(after.all.map(\.id) == before.all.map(\.id))
                #expect(try await house.store.verify().isClean)
            }
        }
        await house.close()
    }

    @Test("A try whose endpoint is deleted meanwhile is in its log", arguments: [false, true])
    func deletedMeanwhile(_ isForgotten: Bool) async throws {
        let house = try await House.withWebhooks()
        let (gateway, caller) = (house.gateway, house.caller)
        let made = Lock<ID<Domain.Endpoint>?>(nil)
        let receiver = Receiver { _ in
            if let id = made.withLock({ $0 }) {
                do {
                    try await gateway.deleteEndpoint(id, by: caller, cause: "test")
                    while isForgotten, try await gateway.forgetDeliveries() > 0 {}
                } catch {
                    Issue.record("\(error)")
                }
            }
            return Response(.ok)
        }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            made.withLock { $0 = endpoint.id }
            try await house.ping(endpoint)
            try await drain(house)
            #expect(receiver.all.count == 1)
            let records = try await house.store.read { try $0.records(chain: endpoint.id.text, limit: 10) }
            #expect(records.map(\.record.kind) == ["attempted"])
            #expect(try await house.store.verify().isClean)
        }
        await house.close()
    }

    @Test("A replay goes over so many events at a time, says where to go on, and comes to each once")
    func replays() async throws {
        let house = try await House.withWebhooks()
        let isDown = Lock(true)
        let receiver = Receiver { _ in Response(isDown.withLock { $0 } ? .internalServerError : .ok) }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            for order in 1...4 { _ = try await house.open(order: "order-\(order)") }
            // The second event of each payment waits for the first one's third failure.
            for seconds in [0] + Delivery.scheduleSeconds + Delivery.scheduleSeconds {
                house.clock.advance(by: seconds * 1_200 + 2)
                try await drain(house)
            }
            let dead = try await house.deliveries(to: endpoint)
            #expect(dead.count == 8 && dead.allSatisfy { $0.delivery.stateText == "dead" })
            isDown.withLock { $0 = false }
            let caller = house.caller
            let events = try await house.store.read { tx in
                try dead.map { try #require(try tx.event($0.event, of: caller.merchant, isTest: true)) }
                    .sorted { $0.position < $1.position }.map(\.id)
            }
            let rows: [(from: Int?, through: Int?, onlyFailed: Bool, limit: Int, queued: Int, next: Int?)] = [
                (3, 3, false, 100, 1, nil), (3, 3, true, 100, 0, nil), (0, 1, true, 100, 2, nil),
                (nil, nil, true, 2, 2, 5), (5, nil, true, 2, 2, 7), (7, nil, true, 2, 1, nil),
                (nil, nil, true, 2, 0, nil), (nil, nil, false, 8, 8, nil), (2, nil, false, 4, 4, 6),
                (2, 5, false, 4, 4, nil), (7, 2, false, 4, 0, nil),
            ]
            for row in rows {
                let heard = receiver.all.count
                let found = Lock<Replayed?>(nil)
                _ = try await house.gateway.replay(
                    to: endpoint.id, from: row.from.map { events[$0] }, through: row.through.map { events[$0] },
                    onlyFailed: row.onlyFailed, limit: row.limit, by: house.caller, cause: "test",
                    Answering(key: nil) { replay in
                        found.withLock { $0 = replay }
                        return Reply(status: 202, body: [])
                    })
                let replay = try #require(found.withLock { $0 })
                #expect(replay.queued == row.queued && replay.next == row.next.map { events[$0] }, "\(row)")
                try await drain(house)
                #expect(receiver.all.count - heard == row.queued, "\(row)")
            }
        }
        await house.close()
    }

    @Test("A receiver that was mended need not wait for the next try", arguments: [true, false])
    func mended(byName: Bool) async throws {
        let house = try await House.withWebhooks()
        let isDown = Lock(true)
        let receiver = Receiver { _ in Response(isDown.withLock { $0 } ? .unauthorized : .ok) }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            let id = try await house.open()
            func replay() async throws -> Int {
                let found = Lock<Replayed?>(nil)
                let first = try await house.deliveries(to: endpoint).min { $0.sequence < $1.sequence }
                let event = byName ? first?.event : nil
                _ = try await house.gateway.replay(
                    to: endpoint.id, from: event, through: event, onlyFailed: !byName, by: house.caller,
                    cause: "test",
                    Answering(key: nil) { replay in
                        found.withLock { $0 = replay }
                        return Reply(status: 202, body: [])
                    })
                return try #require(found.withLock { $0 }).queued
            }
            #expect(try await replay() == 0, "what is due now is sent anyway")
            for seconds in Delivery.scheduleSeconds.prefix(4) {
                house.clock.advance(by: seconds * 1_200 + 2)
                try await drain(house)
            }
            isDown.withLock { $0 = false }
            let heard = receiver.all.count
            try await drain(house)
            #expect(receiver.all.count == heard, "it waits")
            // By name the first event, else the second one of the payment as well, which has overtaken it.
            #expect(try await replay() == (byName ? 1 : 2))
            #expect(try await replay() == 0)
            try await drain(house)
            #expect(receiver.all.count == heard + (byName ? 1 : 2))
            #expect(try await house.deliveries(to: endpoint).map(\.delivery.attempts).contains(1))
            let events = try await house.summary(of: id).events.count
            #expect(try await house.store.verify().findings.isEmpty)
            #expect(events == 2)
        }
        await house.close()
    }

    @Test("A receiver that asks for patience gets it")
    func retryAfter() async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { number in
            number == 0 ? Response(.serviceUnavailable, headers: ["Retry-After": "600"]) : Response(.ok)
        }
        try await receiver.serving { url in
            try await house.ping(try await house.endpoint(url))
            try await drain(house)
            house.clock.advance(by: 599_000)
            try await drain(house)
            #expect(receiver.all.count == 1)
            house.clock.advance(by: 2_000)
            try await drain(house)
            #expect(receiver.all.count == 2)
        }
        await house.close()
    }

    @Test("A redirect is a failure, and is not followed")
    func redirect() async throws {
        let house = try await House.withWebhooks()
        let elsewhere = Receiver { _ in Response(.ok) }
        try await elsewhere.serving { other in
            let receiver = Receiver { _ in Response.redirect(to: other) }
            try await receiver.serving { url in
                let endpoint = try await house.endpoint(url)
                try await house.ping(endpoint)
                try await drain(house)
                #expect(elsewhere.all.isEmpty)
                #expect(try await house.deliveries(to: endpoint)[0].delivery.attempts == 1)
            }
        }
        await house.close()
    }

    @Test("A slow endpoint delays no other")
    func slow() async throws {
        // Who hangs here hangs on: however slow the machine, no time-out ends it.
        let house = try await House {
            $0.allowsLoopbackWebhooks = true
            $0.deliveryTimeoutMilliseconds = 3_600_000
        }
        let gate = AsyncStream.makeStream(of: Void.self)
        let tar = Receiver { _ in
            for await _ in gate.stream {}
            return Response(.ok)
        }
        let quick = Receiver { _ in Response(.ok) }
        try await tar.serving { slowURL in
            try await quick.serving { quickURL in
                _ = try await house.endpoint(slowURL)
                _ = try await house.endpoint(quickURL)
                let deliverer = Deliverer(house.gateway, client: client)
                let running = Task { try await deliverer.run() }
                for number in 0..<20 { _ = try await house.open(order: "order-\(number)") }
                await quick.until(40)
                #expect(tar.all.count <= 8)
                gate.continuation.finish()
                running.cancel()
                try await running.value
            }
        }
        await house.close()
    }

    @Test("A process that dies between sending and storing sends the same again")
    func killed() async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { _ in Response(.ok) }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            try await house.ping(endpoint)
            let now = house.gateway.world.now
            let until = now.adding(seconds: 60)
            let lost = try await house.store.write { tx in
                try tx.lease(for: endpoint.id, now: now, until: until, limit: 8)
            }
            #expect(lost.count == 1)
            try await house.reopen()
            try await drain(house)
            #expect(receiver.all.isEmpty, "another process may be at it")
            house.clock.advance(by: 60_001)
            try await drain(house)
            #expect(receiver.all.map(\.id) == lost.map(\.delivery.event.text))
            #expect(receiver.all.map(\.body) == lost.map { Array($0.body.utf8) })
        }
        await house.close()
    }

    @Test("A try that a shutdown breaks off is remembered, and is no try of the receiver's")
    func shutdown() async throws {
        let house = try await House.withWebhooks()
        let gate = AsyncStream.makeStream(of: Void.self)
        let receiver = Receiver { number in
            if number == 0 { for await _ in gate.stream {} }
            return Response(.ok)
        }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            try await house.ping(endpoint)
            let deliverer = Deliverer(house.gateway, client: client)
            let running = Task { try await deliverer.run() }
            await receiver.until(1)
            running.cancel()
            try await running.value
            gate.continuation.finish()
            let waiting = try await house.deliveries(to: endpoint)[0]
            #expect(waiting.tries == 1 && waiting.delivery.attempts == 0)
            let attempts = try await house.attempts(of: waiting)
            #expect(attempts.map(\.fault) == ["broken_off"] && attempts.allSatisfy(\.isStale))
            try await drain(house)
            #expect(receiver.all.count == 2)
            #expect(try await house.deliveries(to: endpoint)[0].delivery.stateText == "delivered")
            #expect(try await house.store.verify().isClean)
        }
        await house.close()
    }

    @Test("Webhooks do not go to this machine unless it is allowed")
    func loopback() async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { _ in Response(.ok) }
        try await receiver.serving { url in
            let endpoint = try await house.endpoint(url)
            try await house.ping(endpoint)
            let strict = Client(.guarded(allowLoopback: false))
            _ = try await Deliverer(house.gateway, client: strict).step()
            house.settings.allowsLoopbackWebhooks = false
            try await house.reopen()
            house.clock.advance(by: 6_000)
            _ = try await Deliverer(house.gateway, client: client).step()
            await #expect(throws: CommandError.self) { try await house.endpoint(url) }
            await #expect(throws: CommandError.self) {
                try await house.endpoint("https://10.0.0.1/hook")
            }
            #expect(receiver.all.isEmpty)
            let attempts = try await house.attempts(of: try await house.deliveries(to: endpoint)[0])
            #expect(attempts.count == 2 && attempts.allSatisfy { $0.fault != nil && $0.status == nil })
        }
        await house.close()
    }

    @Test("A rotated secret signs beside the new one for a day")
    func rotation() async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { _ in Response(.ok) }
        try await receiver.serving { url in
            let old = try await house.endpoint(url)
            let new = try await house.rotate(old.id)
            for _ in 0..<2 {
                try await house.ping(old)
                try await drain(house)
                house.clock.advance(by: 24 * 3_600_000)
            }
            let verified = try receiver.all.map { delivered in
                try [old, new].map { endpoint in
                    let key = try WebhookVerificationKey(parsing: endpoint.secret)
                    let seconds = Int64(delivered.timestamp) ?? 0
                    let result = try? WebhookSignature.verify(
                        header: delivered.signature, id: delivered.id, timestamp: delivered.timestamp,
                        body: delivered.body, keys: [key], now: seconds)
                    return result != nil
                }
            }
            #expect(verified == [[true, true], [false, true]])
        }
        await house.close()
    }

    @Test("A secret that we cannot open is no try of its receiver, and waits until it can be opened")
    func brokenSecret() async throws {
        let house = try await House.withWebhooks()
        let receiver = Receiver { _ in Response(.ok) }
        try await receiver.serving { url in
            let bad = try await house.endpoint(url)
            let good = try await house.endpoint(url)
            let whole = try await house.gateway.endpoint(bad.id, of: house.caller).secret
            let database = house.store.database
            func put(_ secret: [UInt8]) async throws {
                try await database.write { db in
                    _ = try db.execute("UPDATE endpoint SET secret = \(secret) WHERE id = \(bad.id.text)")
                }
            }
            try await put([UInt8](repeating: 0, count: 72))
            for endpoint in [bad, good] { try await house.ping(endpoint) }
            try await drain(house)
            #expect(receiver.all.count == 1)
            let waiting = try await house.deliveries(to: bad)[0]
            #expect(waiting.delivery.attempts == 0 && waiting.tries == 0)
            #expect(try await house.deliveries(to: good)[0].delivery.stateText == "delivered")
            try await put(whole)
            house.clock.advance(by: EngineLimits.leaseSeconds * 1_000)
            try await drain(house)
            #expect(receiver.all.count == 2)
            #expect(try await house.deliveries(to: bad)[0].delivery.stateText == "delivered")
        }
        await house.close()
    }

    @Test(
        "A try without an answer says why in a stable word, and tells nothing of the network inside",
        arguments: [
            (.refusedByGuard(.v4(0x0A03_0715), AddressRange.special[0]), "address_not_reachable"),
            (.nameNotResolved, "address_not_reachable"), (.connectFailed, "connect_failed"),
            (.timedOut, "timed_out"), (.tls, "tls_failed"), (.connectionLost, "connection_lost"),
            (.protocolViolation, "no_http_answer"), (.bodyTooLarge, "no_http_answer"),
        ] as [(ClientError.Kind, String)])
    func faults(_ kind: ClientError.Kind, _ code: String) {
        #expect(Deliverer.code(kind) == code)
    }
}
