import CZMQ
import Platform

/// Wake-up calls of a node over ZeroMQ, such as bitcoind's `-zmqpubhashblock` and `-zmqpubhashtx`.
///
/// Only that something happened is passed on, never what: a publisher drops messages without a word when they
/// come fast, and does not keep them for a subscriber that is away. Whoever listens asks the node then, and
/// asks it from time to time anyway. libzmq connects again by itself after the node was away.
package final class ZMQSubscription: Sendable {
    /// One element for any number of messages since the last was taken. Ends when the subscription has
    /// stopped and its sockets are closed. For one listener.
    package let hints: AsyncStream<Void>

    private struct State {
        var isStopping = false
        var messages: UInt64 = 0
        var missed: UInt64 = 0
    }

    private let state: Lock<State>

    /// Connects to `endpoint`, as `tcp://127.0.0.1:28332`, in the background, for messages whose topic begins
    /// with one of `topics`.
    ///
    /// Throws `ZMQFailure` when libzmq cannot read the endpoint. A node that is not there is no failure, nor
    /// is a name or port that libzmq looks at only when it connects.
    package init(endpoint: String, topics: [String]) throws(ZMQFailure) {
        precondition(!topics.isEmpty, "a subscription without topics gets nothing")
        let socket = try ZMQSubscriber(endpoint: endpoint, topics: topics)
        let state = Lock(State())
        let (hints, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.state = state
        self.hints = hints
        Thread.start {
            Self.listen(socket, endpoint, topics, state, continuation)
            continuation.finish()
        }
    }

    deinit { stop() }

    /// Ends the subscription; `hints` ends within `ZMQLimits.receiveTimeout` or so.
    package func stop() { state.withLock { $0.isStopping = true } }

    /// Messages received.
    package var messages: UInt64 { state.withLock { $0.messages } }

    /// Messages that the node counted and that did not arrive, since the start.
    package var missed: UInt64 { state.withLock { $0.missed } }

    /// The life of the thread. A socket that fails for good is replaced by a new one, after a pause in which
    /// it may be told to stop.
    private static func listen(
        _ first: consuming ZMQSubscriber, _ endpoint: String, _ topics: [String], _ state: Lock<State>,
        _ continuation: AsyncStream<Void>.Continuation
    ) {
        var socket: ZMQSubscriber? = first
        var counter = ZMQSequence()
        while !state.withLock({ $0.isStopping }) {
            switch socket?.receive() {
            case .message(let message):
                let missed = message.sequence.map { counter.note($0, topic: message.topic) } ?? 0
                state.withLock { state in
                    state.messages &+= 1
                    state.missed &+= UInt64(missed)
                }
                continuation.yield()
            case .nothing:
                continue
            case .failed, nil:
                socket = nil
                ZMQSubscriber.pause()
                socket = try? ZMQSubscriber(endpoint: endpoint, topics: topics)
                // Messages may have been lost in between.
                continuation.yield()
            }
        }
    }
}

/// libzmq does not do what it was asked to.
package struct ZMQFailure: Error, Sendable, Hashable {
    /// In libzmq's words.
    package let reason: String
}

/// The numbers that a node puts on the messages of each topic, one more each time.
struct ZMQSequence {
    private var last: [[UInt8]: UInt32] = [:]

    /// Takes the number of a message and says how many were missed before it. A number below the last is that
    /// of a node that began anew: nothing is known to be missed then. 2³² numbers go around.
    mutating func note(_ number: UInt32, topic: [UInt8]) -> UInt32 {
        defer {
            if last[topic] != nil || last.count < ZMQLimits.topics { last[topic] = number }
        }
        guard let last = last[topic] else { return 0 }
        let missed = number &- last &- 1
        return missed < UInt32(1) << 31 ? missed : 0
    }
}

/// Bounds of this file. Times in milliseconds.
enum ZMQLimits {
    /// How long the thread waits for a message before it looks whether it is to stop.
    static let receiveTimeout: Int32 = 200
    /// Between two attempts of libzmq to connect, doubled each time up to the second.
    static let reconnect: Int32 = 250
    static let reconnectMaximum: Int32 = 10_000
    /// A ping each so often, and how long without any sign of life until the connection is given up.
    static let heartbeat: Int32 = 10_000
    static let heartbeatTimeout: Int32 = 30_000
    /// Messages kept by libzmq when the thread does not keep up, and the largest; a raw block is below 16
    /// MiB.
    static let queued: Int32 = 1_000
    static let messageBytes: Int64 = 32 << 20
    /// What is read of a frame: topics and sequence numbers are shorter, what is between is not needed.
    static let frameBytes = 256
    /// Topics whose sequence is followed; prefixes can match more topics than were asked for.
    static let topics = 64
}

/// A SUB socket with a context of its own. Used by one thread at a time: opened by one, handed to another.
@safe private final class ZMQSubscriber: @unchecked Sendable {
    /// What became of one wait.
    enum Received {
        case message(Message)
        /// Nothing came in time.
        case nothing
        case failed
    }

    /// The parts of a message that matter.
    struct Message {
        let topic: [UInt8]
        /// The last of three frames, little-endian; nil from publishers that do not count.
        let sequence: UInt32?
    }

    private let context: UnsafeMutableRawPointer
    private let socket: UnsafeMutableRawPointer

    init(endpoint: String, topics: [String]) throws(ZMQFailure) {
        guard let context = unsafe zmq_ctx_new() else { throw Self.failure }
        guard let socket = unsafe zmq_socket(context, ZMQ_SUB) else {
            let failure = Self.failure
            unsafe zmq_ctx_term(context)
            throw failure
        }
        unsafe self.context = context
        unsafe self.socket = socket
        let isOpen = set(ZMQ_LINGER, 0)
            && set(ZMQ_RCVTIMEO, ZMQLimits.receiveTimeout)
            && set(ZMQ_RECONNECT_IVL, ZMQLimits.reconnect)
            && set(ZMQ_RECONNECT_IVL_MAX, ZMQLimits.reconnectMaximum)
            && set(ZMQ_HEARTBEAT_IVL, ZMQLimits.heartbeat)
            && set(ZMQ_HEARTBEAT_TIMEOUT, ZMQLimits.heartbeatTimeout)
            && set(ZMQ_TCP_KEEPALIVE, 1)
            && set(ZMQ_RCVHWM, ZMQLimits.queued)
            && setLargestMessage()
            && topics.allSatisfy(subscribe)
            && (unsafe zmq_connect(socket, endpoint)) == 0
        guard isOpen else { throw Self.failure }
    }

    deinit {
        unsafe zmq_close(socket)
        unsafe zmq_ctx_term(context)
    }

    /// Waits for a message for `ZMQLimits.receiveTimeout`.
    func receive() -> Received {
        var frames = 0
        var topic: [UInt8] = []
        var last: [UInt8] = []
        repeat {
            guard let frame = receiveFrame() else {
                return frames == 0 && zmqx_may_try_again() != 0 ? .nothing : .failed
            }
            if frames == 0 { topic = frame }
            last = frame
            frames += 1
        } while hasMoreFrames
        guard frames == 3, last.count == 4 else { return .message(Message(topic: topic, sequence: nil)) }
        let sequence = last.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return .message(Message(topic: topic, sequence: sequence))
    }

    /// Blocks the thread for as long as a wait for a message.
    static func pause() { zmq_poll(nil, 0, Int(ZMQLimits.receiveTimeout)) }

    /// The beginning of the next frame; `zmq_recv` cuts it to the room there is and says how long it was.
    private func receiveFrame() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: ZMQLimits.frameBytes)
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe zmq_recv(socket, $0.baseAddress, $0.count, 0)
        }
        return count < 0 ? nil : Array(buffer.prefix(Int(count)))
    }

    private var hasMoreFrames: Bool {
        var more: Int32 = 0
        var size = MemoryLayout<Int32>.size
        return unsafe zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more != 0
    }

    private func set(_ option: Int32, _ value: Int32) -> Bool {
        var value = value
        return unsafe zmq_setsockopt(socket, option, &value, MemoryLayout<Int32>.size) == 0
    }

    private func setLargestMessage() -> Bool {
        var value = ZMQLimits.messageBytes
        return unsafe zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &value, MemoryLayout<Int64>.size) == 0
    }

    private func subscribe(_ topic: String) -> Bool {
        unsafe zmq_setsockopt(socket, ZMQ_SUBSCRIBE, topic, topic.utf8.count) == 0
    }

    private static var failure: ZMQFailure {
        ZMQFailure(reason: unsafe String(cString: zmq_strerror(zmq_errno())))
    }
}
