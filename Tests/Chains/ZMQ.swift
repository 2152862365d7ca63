import CZMQ
import Testing

@testable import Chains

/// A node's publisher. An XPUB socket, because it tells when a subscriber has come: no waiting by time.
@safe private final class Publisher: @unchecked Sendable {  // used by one test, from one task at a time
    private let context: UnsafeMutableRawPointer
    private let socket: UnsafeMutableRawPointer
    let endpoint: String

    struct Failure: Error {}

    init(_ endpoint: String = "tcp://127.0.0.1:*") throws {
        guard let context = unsafe zmq_ctx_new(), let socket = unsafe zmq_socket(context, ZMQ_XPUB) else {
            throw Failure()
        }
        unsafe self.context = context
        unsafe self.socket = socket
        var name = [CChar](repeating: 0, count: 256)
        var length = name.count
        var linger: Int32 = 0
        var patience: Int32 = 60_000
        unsafe zmq_setsockopt(socket, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size)
        unsafe zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience, MemoryLayout<Int32>.size)
        guard unsafe zmq_bind(socket, endpoint) == 0,
            unsafe zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, &name, &length) == 0
        else { throw Failure() }
        self.endpoint = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        unsafe zmq_close(socket)
        unsafe zmq_ctx_term(context)
    }

    /// Blocks until a subscriber has subscribed to so many topics.
    func waitForSubscriptions(_ count: Int = 1) throws {
        for _ in 0..<count {
            var buffer = [UInt8](repeating: 0, count: 64)
            guard unsafe zmq_recv(socket, &buffer, buffer.count, 0) > 0, buffer[0] == 1 else { throw Failure() }
        }
    }

    func publish(_ topic: String, _ body: [UInt8] = [1, 2, 3], sequence: UInt32) {
        send(Array(topic.utf8), ZMQ_SNDMORE)
        send(body, ZMQ_SNDMORE)
        send((0..<4).map { UInt8(truncatingIfNeeded: sequence >> UInt32(8 * $0)) }, 0)
    }

    func send(_ frame: [UInt8], _ flags: Int32) {
        _ = unsafe frame.withUnsafeBytes { unsafe zmq_send(socket, $0.baseAddress, $0.count, flags) }
    }
}

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
        publisher.send(Array("json-minimal-chain_main:{}".utf8), 0)
        var hints = subscription.hints.makeAsyncIterator()
        await hints.next()
        #expect(subscription.messages == 1)
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
