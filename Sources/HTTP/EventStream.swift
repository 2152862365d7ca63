internal import Platform

/// One server-sent event (WHATWG HTML, 9.2.6).
package struct Event: Sendable, Equatable {
    /// What the browser dispatches it as; "message" when nil.
    package var name: String?
    /// Text of any number of lines.
    package var data: String
    /// What a client that comes back reports as `Last-Event-ID`.
    package var id: String?

    package init(name: String? = nil, data: String, id: String? = nil) {
        self.name = name
        self.data = data
        self.id = id
    }

    /// The lines on the wire. A name or id is cut at its first line end: it cannot start another field.
    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        func field(_ name: String, _ value: some Sequence<UInt8>) {
            bytes.append(contentsOf: name.utf8)
            bytes.append(contentsOf: value)
            bytes.append(0x0A)
        }
        let isLineEnd: (UInt8) -> Bool = { $0 == 0x0A || $0 == 0x0D || $0 == 0 }
        if let id { field("id: ", id.utf8.prefix { !isLineEnd($0) }) }
        if let name { field("event: ", name.utf8.prefix { !isLineEnd($0) }) }
        let text = data.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
        for line in text { field("data: ", line.utf8) }
        bytes.append(0x0A)
        return bytes
    }
}

/// A source of server-sent events that any number of responses listen to.
///
/// An event is encoded once, handed once to every loop that has listeners, and written there to each of them.
/// The stream remembers its last events and gives them to a newcomer: with a snapshot of the state in each
/// event, one is enough, and a client that comes back misses nothing. To open a stream with the present state
/// without a race: take the stream, read the state, `send` it; whoever changes the state later sends the
/// next.
package final class EventStream: Sendable {
    /// An event as it lies in memory, in both framings.
    struct Encoded: Sendable {
        let sequence: Int
        let id: String?
        let plain: [UInt8]
        let chunk: [UInt8]
    }

    /// What happens to a stream, in order.
    enum Change: Sendable {
        case event(Encoded)
        case closed
    }

    private struct State {
        var sequence = 0
        var remembered: [Encoded] = []
        var isClosed = false
        /// Each loop with its number of listeners.
        var sinks: [(sink: any EventSink, clients: Int)] = []

        var clientCount: Int { sinks.reduce(0) { $0 + $1.clients } }
    }

    private let state = Lock(State())
    private let memory: Int
    private let listeners: Int

    /// - Parameters:
    ///   - remembering: how many of the last events a newcomer gets, at least 0.
    ///   - listeners: how many clients may listen; those beyond are answered 503.
    package init(remembering: Int = 1, listeners: Int? = nil) {
        precondition(remembering >= 0)
        memory = remembering
        self.listeners = listeners ?? Limits.listenersPerStream
    }

    /// Sends to everybody who listens now. Nothing happens after `close()`.
    package func send(_ event: Event) {
        let plain = event.encoded
        let chunk = Chunk.frame(plain)
        // Handed over under the lock: the loops must see the events in the order of their numbers.
        state.withLock { state in
            guard !state.isClosed else { return }
            state.sequence += 1
            let encoded = Encoded(sequence: state.sequence, id: event.id, plain: plain, chunk: chunk)
            state.remembered.append(encoded)
            if state.remembered.count > memory { state.remembered.removeFirst() }
            for (sink, _) in state.sinks { sink.changed(self, .event(encoded)) }
        }
    }

    /// Ends the responses of all listeners, after what was sent before.
    package func close() {
        state.withLock { state in
            guard !state.isClosed else { return }
            state.isClosed = true
            for (sink, _) in state.sinks { sink.changed(self, .closed) }
        }
    }

    /// How many clients listen.
    package var clientCount: Int { state.withLock { $0.clientCount } }

    /// What a listener begins with.
    struct Opening: Sendable {
        /// The newest event at this moment: what comes by `changed` with this number or a lower one is old.
        let sequence: Int
        let events: [Encoded]
        let isClosed: Bool
    }

    /// Counts a new listener on `sink`, unless there are too many. From here on its changes arrive there.
    ///
    /// - Parameter last: the id of the last event the client saw; those up to it are left out.
    func attach(_ sink: any EventSink, after last: String?) -> Opening? {
        state.withLock { state in
            guard state.clientCount < listeners else { return nil }
            if let index = state.sinks.firstIndex(where: { $0.sink === sink }) {
                state.sinks[index].clients += 1
            } else {
                state.sinks.append((sink, 1))
            }
            var events = state.remembered[...]
            if let last, let seen = events.lastIndex(where: { $0.id == last }) {
                events = events[(seen + 1)...]
            }
            return Opening(sequence: state.sequence, events: Array(events), isClosed: state.isClosed)
        }
    }

    /// Takes back one `attach`.
    func detach(_ sink: any EventSink) {
        state.withLock { state in
            guard let index = state.sinks.firstIndex(where: { $0.sink === sink }) else { return }
            state.sinks[index].clients -= 1
            if state.sinks[index].clients == 0 { state.sinks.remove(at: index) }
        }
    }
}

/// A loop as a stream sees it.
protocol EventSink: AnyObject, Sendable {
    /// Called from any thread, under the stream's lock: it must only note the change.
    func changed(_ stream: EventStream, _ change: EventStream.Change)
}

/// The framing of one chunk (RFC 9112, 7.1).
enum Chunk {
    static func frame(_ bytes: [UInt8]) -> [UInt8] {
        Array(String(bytes.count, radix: 16).utf8) + [0x0D, 0x0A] + bytes + [0x0D, 0x0A]
    }

    /// The last chunk, without trailers.
    static let end: [UInt8] = Array("0\r\n\r\n".utf8)
}
