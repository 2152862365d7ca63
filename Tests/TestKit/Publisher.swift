import CZMQ

/// A node's publisher. An XPUB socket, because it tells when a subscriber has come: no waiting by time.
@safe package final class Publisher: @unchecked Sendable {  // used by one test, from one task at a time
    private let context: UnsafeMutableRawPointer
    private let socket: UnsafeMutableRawPointer
    /// Where it publishes, as subscribers name it.
    package let endpoint: String

    /// libzmq did not do it.
    package struct Failure: Error {}

    package init(_ endpoint: String = "tcp://127.0.0.1:*") throws {
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
    package func waitForSubscriptions(_ count: Int = 1) throws {
        for _ in 0..<count {
            var buffer = [UInt8](repeating: 0, count: 64)
            guard unsafe zmq_recv(socket, &buffer, buffer.count, 0) > 0, buffer[0] == 1 else { throw Failure() }
        }
    }

    /// Sends a message as nodes do: topic, body, and a number.
    package func publish(_ topic: String, _ body: [UInt8] = [1, 2, 3], sequence: UInt32) {
        send([Array(topic.utf8), body, (0..<4).map { UInt8(truncatingIfNeeded: sequence >> UInt32(8 * $0)) }])
    }

    /// Sends a message of any frames.
    package func send(_ frames: [[UInt8]]) {
        for (place, frame) in frames.enumerated() {
            let flags = place + 1 < frames.count ? ZMQ_SNDMORE : 0
            _ = unsafe frame.withUnsafeBytes { unsafe zmq_send(socket, $0.baseAddress, $0.count, flags) }
        }
    }
}
