internal import CLinux
internal import Platform

/// Requests are read, handed to the handler, and answered.
extension Loop {
    /// Reads once; the kernel reports again what is left.
    func receive(_ connection: Connection, _ scratch: inout [UInt8]) {
        let count = unsafe scratch.withUnsafeMutableBytes { bytes in
            unsafe recv(connection.id.descriptor, bytes.baseAddress, bytes.count, 0)
        }
        guard count > 0 else {
            if count == 0 { return ended(connection) }
            let error = linux_errno()
            assert(error != EBADF, "a connection is read after it was closed")
            if error != EAGAIN && error != EINTR { drop(connection) }
            return
        }
        switch connection.phase {
        case .reading where connection.closesAfterOutput:
            discard(connection, count)
        case .reading, .handling:
            connection.parser.append(scratch[..<count])
            list(connection)
        case .streaming, .lingering:
            discard(connection, count)
        }
    }

    /// Nothing more is read as a request from this connection.
    private func discard(_ connection: Connection, _ count: Int) {
        connection.discarded += count
        if connection.discarded > limits.lingerBytes { drop(connection) }
    }

    /// The client closed its sending side, or all of it: that looks the same until something is written.
    func notice(_ connection: Connection) {
        if connection.departed == nil { connection.departed = now }
        if connection.isStreaming { return drop(connection) }
        list(connection)
    }

    private func ended(_ connection: Connection) {
        connection.hasEnded = true
        notice(connection)
        switch connection.phase {
        case .reading:
            // What is owed goes out; what was begun will never be complete.
            if connection.waiting == 0 { drop(connection) } else { closeAfterOutput(connection) }
        case .lingering: drop(connection)
        case .handling, .streaming: break
        }
    }

    /// Takes requests from what was received, until one is being handled or nothing complete is left.
    func proceed(_ connection: Connection) {
        guard connection.isReading, !connection.closesAfterOutput,
            connection.waiting < limits.pipelinedBytes
        else { return }
        do throws(Refusal) {
            switch try connection.parser.next(limits) {
            case .more: break
            case .awaitsContinue: write(connection, ResponseWriter.continue)
            case .message(let message): handle(message, on: connection)
            }
            try account(connection)
        } catch {
            refuse(connection, error)
        }
        if connection.isReading, connection.hasEnded { closeAfterOutput(connection) }
    }

    /// Takes no further request: what came of one is forgotten, and what still comes is thrown away, however
    /// long the client takes to read its last answer.
    private func closeAfterOutput(_ connection: Connection) {
        connection.closesAfterOutput = true
        connection.parser = RequestParser()
        bodyBytes -= connection.countedBody
        connection.countedBody = 0
    }

    /// Notes what the connection is in the middle of, and what its body adds to the loop's.
    private func account(_ connection: Connection) throws(Refusal) {
        bodyBytes += connection.parser.bodyCount - connection.countedBody
        connection.countedBody = connection.parser.bodyCount
        guard bodyBytes <= limits.bodiesTogether else { throw .overloaded }
        guard connection.isReading, connection.parser.progress != connection.progress else { return }
        connection.progress = connection.parser.progress
        connection.since = now
    }

    private func handle(_ message: RequestParser.Message, on connection: Connection) {
        var request = message.request
        var client = connection.address
        if connection.isProxy {
            client = proxies.client(behind: connection.address, request.headers)
            request.peer = Peer(address: client.description, isSecure: proxies.isSecure(request.headers))
        } else {
            request.peer = connection.peer
        }
        client = client.client
        let mayBegin = !connection.isProxy || census.withLock { $0.beginRequest(of: client, limits) }
        let exchange = Connection.Exchange(
            minorVersion: message.minorVersion, keepsAlive: message.keepsAlive,
            isHead: request.method == .head, lastEventID: request.headers["last-event-id"], client: client,
            isCounted: connection.isProxy && mayBegin)
        connection.since = now
        connection.hasServed = true
        connection.progress = .nothing
        let task = Task(executorPreference: self) { [self, request, id = connection.id] in
            let answer: Answer
            do {
                answer = .response(
                    try await mayBegin ? handler(request) : own(.tooManyConnections, for: request))
            } catch {
                let wasToldTo = error is CancellationError && Task.isCancelled
                if !wasToldTo { configuration.onFailure(request, error) }
                answer = wasToldTo ? .cancelled : .failed
            }
            if isOnLoop { answered(id, answer) } else { post(.answered(id, answer)) }
        }
        connection.phase = .handling(Connection.Handling(task: task, exchange: exchange, request: request))
    }

    /// The answer that the server gives by itself.
    func own(_ refusal: Refusal, for request: Request?) -> Response {
        configuration.refuse(Server.Refused(refusal.status, code: refusal.code, request: request))
    }

    /// Takes a connection's handler off it, which may still be at work.
    func leave(_ handling: Connection.Handling, _ connection: Connection) {
        connection.phase = .reading
        let exchange = handling.exchange
        if exchange.isCounted { census.withLock { $0.endRequest(of: exchange.client) } }
    }

    /// A handler is done. Its client may be gone.
    func answered(_ id: Connection.ID, _ answer: Answer) {
        guard let connection = connection(id), case .handling(let handling) = connection.phase else { return }
        leave(handling, connection)
        connection.since = now
        connection.progress = .nothing
        switch answer {
        case .response(let response): self.answer(connection, response, to: handling)
        case .failed: self.answer(connection, own(.internalError, for: handling.request), to: handling)
        case .cancelled: return refuse(connection, .answerTooSlow, to: handling)
        }
        list(connection)
    }

    /// Refuses what came, and closes: where the next request would begin is not known.
    ///
    /// - Parameter handling: of a request that came whole; its connection is not kept.
    func refuse(_ connection: Connection, _ refusal: Refusal, to handling: Connection.Handling? = nil) {
        var response = own(refusal, for: handling?.request)
        response.headers["Connection"] = "close"
        answer(connection, response, to: handling)
        list(connection)
    }

    /// Puts an answer into the output.
    ///
    /// - Parameter handling: nil when there is no request to answer, which closes.
    func answer(_ connection: Connection, _ response: Response, to handling: Connection.Handling?) {
        let exchange = handling?.exchange
        var response = response
        var opening: EventStream.Opening?
        if case .events(let stream) = response.body, let exchange, !exchange.isHead {
            opening = open(stream, exchange)
            if opening == nil { response = own(.tooManyStreams, for: handling?.request) }
        }
        let asksToClose = response.headers.contains("connection")
            && response.headers.tokens("connection").contains("close")
        let isLast = exchange?.keepsAlive != true || asksToClose || drainStarted != nil
        var framing = ResponseWriter.Framing(
            minorVersion: exchange?.minorVersion ?? 1, keepsAlive: !isLast, length: response.bytes?.count)
        let isHead = exchange?.isHead == true
        if case .events = response.body, framing.minorVersion == 0 { framing.keepsAlive = false }
        if !framing.keepsAlive { closeAfterOutput(connection) }
        var output: [UInt8] = []
        ResponseWriter.head(response, framing, date: date.field(at: clock.now), to: &output)
        switch response.body {
        case .bytes(let bytes):
            if !isHead && !response.status.isBodiless { output.append(contentsOf: bytes) }
            write(connection, output)
        case .events(let stream):
            write(connection, output)
            if let exchange, let opening { attach(connection, to: stream, exchange, opening) }
        }
    }

    /// Appends to the output; it goes out when the pass ends.
    func write(_ connection: Connection, _ bytes: [UInt8]) {
        if connection.output.isEmpty {
            connection.output = bytes
        } else {
            connection.output.append(contentsOf: bytes)
        }
    }
}
