/// Turns the bytes of one connection into requests. Knows no sockets and no time.
///
/// What it makes of a stream of bytes does not depend on how the stream was cut. After a refusal it must not
/// be asked again.
struct RequestParser {
    /// A complete request and what it says about its connection.
    struct Message: Sendable {
        var request: Request
        /// 0 or 1, of HTTP/1.x.
        let minorVersion: Int
        let keepsAlive: Bool
    }

    enum Step {
        /// Nothing complete; `append` more.
        case more
        /// As `more`, and the client waits for `100 Continue` first. Said once for a request.
        case awaitsContinue
        case message(Message)
    }

    private enum Phase {
        case head
        /// Bytes of the body still to come.
        case sized(remaining: Int)
        case chunked(ChunkDecoder)
    }

    private var buffer: [UInt8] = []
    private var position = 0
    private var phase = Phase.head
    private var head = HeadParser(at: 0)
    /// The request whose body is being read.
    private var message: Message?
    private var body: [UInt8] = []
    private var owesContinue = false

    /// Bytes that came and belong to no request yet.
    var bufferedCount: Int { buffer.count - position }
    /// Bytes of the body being read.
    var bodyCount: Int { body.count }

    /// What the connection is in the middle of.
    enum Progress { case nothing, head, body }

    var progress: Progress {
        switch phase {
        case .head: head.isUntouched && bufferedCount == 0 ? .nothing : .head
        case .sized, .chunked: .body
        }
    }

    mutating func append(_ bytes: some Collection<UInt8>) { buffer.append(contentsOf: bytes) }

    /// The next request, if it is complete. `limits` are the same each time.
    mutating func next(_ limits: Limits) throws(Refusal) -> Step {
        if case .head = phase {
            guard let end = try head.advance(buffer, limits: limits) else { return .more }
            if let complete = try begin(end: end, limits) {
                compact()
                head = HeadParser(at: position)
                return .message(complete)
            }
        }
        if try advanceBody(limits), var complete = message.take() {
            complete.request.body = takeBody()
            compact()
            phase = .head
            head = HeadParser(at: position)
            return .message(complete)
        }
        compact()
        if owesContinue {
            owesContinue = false
            return .awaitsContinue
        }
        return .more
    }

    /// Takes what is there of the body. Returns whether it is complete.
    private mutating func advanceBody(_ limits: Limits) throws(Refusal) -> Bool {
        switch phase {
        case .head: return false
        case .sized(let remaining):
            let end = min(buffer.count, position + remaining)
            if end > position { body.append(contentsOf: buffer[position..<end]) }
            let left = remaining - (end - position)
            position = end
            if left > 0, !body.isEmpty { owesContinue = false }
            phase = .sized(remaining: left)
            return left == 0
        case .chunked(var decoder):
            let before = position
            let isComplete = try decoder.advance(buffer, &position, into: &body, limits: limits)
            if position > before { owesContinue = false }
            phase = .chunked(decoder)
            return isComplete
        }
    }

    private mutating func takeBody() -> [UInt8] {
        owesContinue = false
        let taken = body
        body = []
        return taken
    }

    /// Drops what was used, so that an idle connection holds no memory.
    private mutating func compact() {
        if position == buffer.count {
            buffer = []
            position = 0
        } else if position > Limits.readBytes / 2 {
            buffer.removeFirst(position)
            position = 0
        }
    }

    /// Checks a complete head as a whole. Returns the message when it has no body, else prepares for the
    /// body.
    private mutating func begin(end: Int, _ limits: Limits) throws(Refusal) -> Message? {
        let target = try Target(parsing: buffer[head.target], limits: limits)
        let headers = takeHeaders(end: end)
        if target.path == "*", head.method != .options { throw .malformedTarget }
        let rules = try MessageRules(headers, minorVersion: head.minorVersion)
        let host = try rules.host(authority: target.authority)
        let framing = try rules.framing(limit: limits.body)
        let awaitsContinue = try rules.awaitsContinue
        let request = Request(
            method: head.method, path: target.path, segments: target.segments, query: target.query,
            headers: headers, host: host)
        let message = Message(
            request: request, minorVersion: head.minorVersion, keepsAlive: rules.keepsAlive)
        switch framing {
        case .none: return message
        case .length(let count): phase = .sized(remaining: count)
        case .chunked: phase = .chunked(ChunkDecoder())
        }
        self.message = message
        owesContinue = awaitsContinue
        return nil
    }

    /// The head's bytes with the index over them: the buffer itself when it holds nothing else.
    private mutating func takeHeaders(end: Int) -> Headers {
        if end == buffer.count, position == 0 {
            let bytes = buffer
            buffer = []
            return Headers(bytes: bytes, entries: head.entries)
        }
        guard let first = head.entries.first?.name.lowerBound else {
            position = end
            return Headers()
        }
        func moved(_ range: Range<Int>) -> Range<Int> { range.lowerBound - first..<range.upperBound - first }
        let headers = Headers(
            bytes: Array(buffer[first..<end]),
            entries: head.entries.map { Headers.Entry(name: moved($0.name), value: moved($0.value)) })
        position = end
        return headers
    }
}
