internal import Platform

/// Server-sent events: each change of a stream comes once to the loop, which writes it to all its listeners.
extension Loop {
    /// Counts a listener; nil when its client or the stream has too many.
    func open(_ stream: EventStream, _ exchange: Connection.Exchange) -> EventStream.Opening? {
        guard census.withLock({ $0.beginStream(of: exchange.client, limits) }) else { return nil }
        if let opening = stream.attach(self, after: exchange.lastEventID) { return opening }
        census.withLock { $0.endStream(of: exchange.client) }
        return nil
    }

    /// Puts a connection on a stream that was opened for it.
    func attach(
        _ connection: Connection, to stream: EventStream, _ exchange: Connection.Exchange,
        _ opening: EventStream.Opening
    ) {
        let isChunked = exchange.minorVersion == 1
        connection.phase = .streaming(
            Connection.Streaming(
                stream: stream, isChunked: isChunked, client: exchange.client, sequence: opening.sequence))
        // The connection carries nothing else from here on, so the end of the stream is its end, and what was
        // pipelined behind it has no use.
        connection.closesAfterOutput = false
        connection.parser = RequestParser()
        streams[ObjectIdentifier(stream), default: (stream, [])].clients.insert(connection.id)
        for event in opening.events { write(connection, isChunked ? event.chunk : event.plain) }
        if connection.hasEnded { return drop(connection) }
        if opening.isClosed || drainStarted != nil { endStream(connection) }
    }

    /// Takes the connection off its stream, if it is on one.
    func detach(_ connection: Connection) {
        guard case .streaming(let streaming) = connection.phase else { return }
        connection.phase = .reading
        let key = ObjectIdentifier(streaming.stream)
        streams[key]?.clients.remove(connection.id)
        if streams[key]?.clients.isEmpty == true { streams[key] = nil }
        streaming.stream.detach(self)
        census.withLock { $0.endStream(of: streaming.client) }
    }

    func deliver(_ stream: EventStream, _ change: EventStream.Change) {
        guard let clients = streams[ObjectIdentifier(stream)]?.clients else { return }
        for id in clients {
            guard let connection = connection(id), case .streaming(var streaming) = connection.phase
            else { continue }
            switch change {
            case .closed: endStream(connection)
            case .event(let event):
                guard event.sequence > streaming.sequence else { continue }
                streaming.sequence = event.sequence
                connection.phase = .streaming(streaming)
                push(connection, streaming.isChunked ? event.chunk : event.plain)
            }
        }
    }

    /// A client that does not keep up is dropped rather than kept up to: it comes back for the present state.
    private func push(_ connection: Connection, _ bytes: [UInt8]) {
        guard connection.waiting + bytes.count <= limits.eventBacklog else { return drop(connection) }
        write(connection, bytes)
        list(connection)
    }

    /// Ends the response properly and then the connection.
    func endStream(_ connection: Connection) {
        guard case .streaming(let streaming) = connection.phase else { return }
        if streaming.isChunked { write(connection, Chunk.end) }
        detach(connection)
        connection.closesAfterOutput = true
        list(connection)
    }

    func dropStreams() {
        for connection in connections {
            if let connection, connection.isStreaming { drop(connection) }
        }
    }

    /// A comment line to a client that heard nothing for a while.
    func heartbeat(_ connection: Connection) {
        guard case .streaming(let streaming) = connection.phase, connection.waiting == 0,
            now - connection.lastWrite >= limits.heartbeat
        else { return }
        push(connection, streaming.isChunked ? Self.beatChunk : Self.beat)
    }

    private static let beat = Array(":\n\n".utf8)
    private static let beatChunk = Chunk.frame(beat)
}
