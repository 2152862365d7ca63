import TestKit
import Testing

@testable import Chains

@Suite struct ZMQ {
    @Test func `a message of the topic wakes the listener`() async throws {
        let publisher = try Publisher()
        let subscription = try ZMQSubscription(endpoint: publisher.endpoint, topics: ["hashblock"])
        defer { subscription.stop() }
        try publisher.waitForSubscriptions()
        var hints = subscription.hints.makeAsyncIterator()
        for number in 0..<3 {
            publisher.publish("hashblock", sequence: UInt32(number))
            await hints.next()
        }
        #expect(subscription.messages == 3)
        #expect(subscription.missed == 0)
    }

    @Test func `other topics are passed over and missing numbers are counted for each topic`() async throws {
        let publisher = try Publisher()
        let subscription = try ZMQSubscription(endpoint: publisher.endpoint, topics: ["hashblock", "hashtx"])
        defer { subscription.stop() }
        try publisher.waitForSubscriptions(2)
        publisher.publish("rawtx", sequence: 0)
        publisher.publish("hashblock", sequence: 7)
        publisher.publish("hashtx", sequence: 100)
        publisher.publish("hashblock", sequence: 10)
        publisher.publish("hashtx", [UInt8](repeating: 9, count: 1 << 20), sequence: 101)
        for await _ in subscription.hints where subscription.messages == 4 { break }
        #expect(subscription.messages == 4)
        #expect(subscription.missed == 2)
    }

    @Test func `a message without a number wakes as well`() async throws {
        let publisher = try Publisher()
        let subscription = try ZMQSubscription(endpoint: publisher.endpoint, topics: ["json-"])
        defer { subscription.stop() }
        try publisher.waitForSubscriptions()
        publisher.send([Array("json-minimal-chain_main:{}".utf8)])
        var hints = subscription.hints.makeAsyncIterator()
        await hints.next()
        #expect(subscription.messages == 1)
    }

    @Test func `messages of any shape wake, and none is a gap that is not`() async throws {
        let publisher = try Publisher()
        let subscription = try ZMQSubscription(endpoint: publisher.endpoint, topics: ["hash"])
        defer { subscription.stop() }
        try publisher.waitForSubscriptions()
        let topic = Array("hashtx".utf8)
        let shapes: [[[UInt8]]] = [
            [topic], [topic, []], [topic, [], []], [topic, [1], [1, 2, 3]], [topic, [1], [1, 2, 3, 4, 5]],
            [topic, [], [], [1, 0, 0, 0]], [Array("hash".utf8) + [UInt8](repeating: 0xff, count: 1 << 16)],
            [topic, [UInt8](repeating: 0, count: 1 << 20), []],
        ]
        for shape in shapes { publisher.send(shape) }
        while subscription.messages < shapes.count { await Task.yield() }
        #expect(subscription.missed == 0)
        publisher.publish("hashtx", sequence: 4)
        publisher.publish("hashtx", sequence: 4)
        publisher.publish("hashtx", sequence: 3)
        while subscription.messages < shapes.count + 3 { await Task.yield() }
        #expect(subscription.missed == 0, "what is doubled or comes again is no gap")
    }

    @Test func `a listener that sleeps through many messages is woken once and may then ask`() async throws {
        let publisher = try Publisher()
        let subscription = try ZMQSubscription(endpoint: publisher.endpoint, topics: ["hashtx"])
        try publisher.waitForSubscriptions()
        for number in 0..<500 { publisher.publish("hashtx", sequence: UInt32(number)) }
        while subscription.messages + subscription.missed < 500 { await Task.yield() }
        subscription.stop()
        var woken = 0
        for await _ in subscription.hints { woken += 1 }
        #expect(woken == 1)
    }

    @Test func `a node that was away is found again`() async throws {
        var publisher: Publisher? = try Publisher()
        let endpoint = try #require(publisher?.endpoint)
        let subscription = try ZMQSubscription(endpoint: endpoint, topics: ["hashblock"])
        defer { subscription.stop() }
        var hints = subscription.hints.makeAsyncIterator()
        try publisher?.waitForSubscriptions()
        publisher?.publish("hashblock", sequence: 5)
        await hints.next()
        publisher = nil
        let again = try Publisher(endpoint)
        try again.waitForSubscriptions()
        again.publish("hashblock", sequence: 0)
        await hints.next()
        #expect(subscription.messages == 2)
        #expect(subscription.missed == 0)
    }

    @Test func `stopping ends the hints, also without a node`() async throws {
        let subscription = try ZMQSubscription(endpoint: "tcp://127.0.0.1:1", topics: ["hashblock"])
        subscription.stop()
        for await _ in subscription.hints { Issue.record("nothing was published") }
        #expect(subscription.messages == 0)
    }

    @Test(arguments: ["", "127.0.0.1:28332", "tcp://", "tcp://127.0.0.1", "carrier://pigeon"])
    func `an endpoint that cannot be is refused at once`(_ endpoint: String) {
        #expect(throws: ZMQFailure.self) { try ZMQSubscription(endpoint: endpoint, topics: ["hashblock"]) }
    }

    @Test(arguments: [
        ([0, 1, 2], 0), ([5], 0), ([5, 7], 1), ([5, 6, 10, 11], 3), ([.max - 1, .max, 0, 1], 0), ([.max, 2], 2),
        ([900, 0, 1, 3], 1), ([7, 7], 0),
    ] as [([UInt32], UInt32)]) func `a gap in the numbers is counted, a new beginning is not`(
        _ numbers: [UInt32], _ missed: UInt32
    ) {
        var sequence = ZMQSequence()
        #expect(numbers.reduce(0) { $0 + sequence.note($1, topic: [1]) } == missed)
        #expect(sequence.note(1_000_000, topic: [2]) == 0)
    }
}
