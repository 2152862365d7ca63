import Domain
import Engine
import HTTP
import Platform
import Storage
import TestKit
import Testing

/// Messages of a node only wake whoever asks it: the clock of these tests stands, unless they move it.
extension DamageTests {
    /// Places where no node publishes.
    enum Silence: String, CaseIterable, Sendable {
        case nobody = "nobody listens"
        case web = "something else than a publisher answers"
    }

    @Test("Where no messages come from, the node is heard by asking it", arguments: Coin.started, Silence.allCases)
    func unwoken(_ coin: Coin, _ silence: Silence) async throws {
        let node = try await Self.node(coin)
        let web = try BentNode(before: node)
        let story = Scenario("") { till in
            // Time flies here.
            let order = try await till.open(price, expiresInSeconds: 86_000)
            try await till.following {
                try await node.pay([(order.address, price)])
                try await till.wait(until: .detected, of: order, isPolling: true)
                for state in [Domain.State.confirming, .paid] {
                    try await node.mine()
                    try await till.wait(until: state, of: order, isPolling: true)
                }
            }
            try await till.expectStory(
                order, ["created", "awaiting_payment", "detected", "confirming", "paid"])
        }
        let endpoint = silence == .web ? "tcp://127.0.0.1:\(web.url.port)" : "tcp://127.0.0.1:1"
        do { try await story.run(on: node, woken: endpoint) } catch {
            await web.close()
            throw error
        }
        await web.close()
    }

    @Test("Messages that are doubled, forged or damaged wake, and nothing else", arguments: Coin.started)
    func lies(_ coin: Coin) async throws {
        let node = try await Self.node(coin)
        let publisher = try Publisher()
        let story = Scenario("") { till in
            let order = try await till.open(price)
            let before = try await till.source
            try await till.following {
                try await Worker(threads: 1).run { try publisher.waitForSubscriptions(4) }
                for number in 0..<300 { Self.lie(publisher, UInt32(number)) }
                try await node.pay([(order.address, price)])
                for _ in 0..<5 { publisher.publish("hashtx", sequence: 7) }
                try await till.wait(until: .detected, of: order, isPolling: false)
                let heard = try await till.source
                #expect(heard?.isHealthy == true && heard?.height == before?.height && heard?.block == before?.block)
                for state in [Domain.State.confirming, .paid] {
                    try await node.mine()
                    for _ in 0..<5 { publisher.publish("hashblock", sequence: 7) }
                    try await till.wait(until: state, of: order, isPolling: false)
                }
            }
            try await till.expectStory(
                order, ["created", "awaiting_payment", "detected", "confirming", "paid"])
        }
        try await story.run(on: node, woken: publisher.endpoint)
    }

    /// A message that no node sends, or that says what has not happened.
    private static func lie(_ publisher: Publisher, _ number: UInt32) {
        let block = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 32)
        switch number % 7 {
        case 0: publisher.publish("hashblock", block, sequence: .max - number)
        case 1: publisher.publish("hashblock", [], sequence: number)
        case 2: publisher.publish("rawtx", [UInt8](repeating: 0xff, count: 100_000), sequence: 0)
        case 3: publisher.send([Array("sequence".utf8)])
        case 4: publisher.send([Array("hashblock".utf8), [], [], [], [1], []])
        case 5: publisher.send([Array("hashtx and more of it".utf8), block, [1, 2, 3]])
        default: publisher.send([Array("sequence".utf8), block + [0x44], [0xff, 0xff, 0xff, 0xff]])
        }
    }
}

extension Till {
    /// Follows the network by itself, as the program does, for the length of `body`.
    fileprivate func following(_ body: () async throws -> Void) async throws {
        let watcher = Watcher(gateway, gateway.networks.entries[0])
        let following = Task { try await watcher.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        following.cancel()
        _ = await following.result
        try result.get()
    }

    /// - Parameter isPolling: whether time passes meanwhile, so that the node is asked again.
    fileprivate func wait(
        until state: Domain.State, of order: Order, isPolling: Bool, _ at: SourceLocation = #_sourceLocation
    ) async throws {
        let deadline = SystemClock().uptime + 120_000
        while SystemClock().uptime < deadline {
            if try await status(order).state == state { return }
            if isPolling { clock.advance(by: gateway.settings.pollMilliseconds) }
            try await SystemClock().sleep(milliseconds: 20)
        }
        Issue.record("it was not heard", sourceLocation: at)
    }
}
