/// What must happen by a time, and how the loop ends.
extension Loop {
    /// Looks at every connection. A table of thousands costs microseconds, twice a second.
    func sweep() {
        nextSweep = now + limits.sweep
        if drainStarted == nil { listen() }
        for connection in connections {
            guard let connection else { continue }
            if isStalled(connection) {
                drop(connection)
                continue
            }
            switch connection.phase {
            case .reading: checkReading(connection)
            case .handling(let handling): checkHandling(connection, handling)
            case .streaming: heartbeat(connection)
            case .lingering: if now - connection.since >= limits.lingerTime { drop(connection) }
            }
        }
        if drainStarted != nil { checkDrain() }
        finishPass()
    }

    /// Whether output waits longer than a slow but honest client would make it.
    private func isStalled(_ connection: Connection) -> Bool {
        guard let since = connection.waitingSince else { return false }
        let allowed = limits.writeGrace + Int64(connection.writtenSince) * 1_000 / max(1, limits.writeRate)
        return now - since >= allowed
    }

    /// A handler that takes too long is asked to end, and may still answer. One that does not listen is left
    /// to itself, and the connection is closed after a 503: its answer, if it ever comes, finds nobody.
    private func checkHandling(_ connection: Connection, _ handling: Connection.Handling) {
        let elapsed = now - connection.since
        if elapsed >= limits.handler, !handling.isOverdue {
            var handling = handling
            handling.isOverdue = true
            connection.phase = .handling(handling)
            configuration.onFailure(handling.request, HandlerOverdue(milliseconds: elapsed))
        }
        let hasDeparted = connection.departed.map { now - $0 >= limits.departureGrace } ?? false
        if hasDeparted || elapsed >= limits.handler { handling.task.cancel() }
        guard elapsed >= limits.handler + limits.handlerAfterCancel else { return }
        leave(handling, connection)
        refuse(connection, .answerTooSlow, to: handling)
    }

    private func checkReading(_ connection: Connection) {
        guard !connection.closesAfterOutput else { return }
        let elapsed = now - connection.since
        switch connection.progress {
        case .nothing:
            guard connection.waiting == 0 else { return }
            if elapsed >= (connection.hasServed ? limits.idle : limits.headDeadline) { drop(connection) }
        case .head:
            if elapsed >= limits.headDeadline { refuse(connection, .tooSlow) }
        case .body:
            let received = Int64(connection.parser.bodyCount)
            let allowed = limits.bodyGrace + received * 1_000 / max(1, limits.bodyRate)
            if elapsed >= allowed { refuse(connection, .tooSlow) }
        }
    }

    // MARK: Drain

    /// Stops accepting and closes what is idle. What already waits at the listener is still served, and what
    /// comes while that is taken, up to a bound.
    func beginDrain() {
        guard drainStarted == nil else { return }
        drainStarted = now
        acceptConnections(atMost: limits.acceptsInDrain)
        closeListener()
        for connection in connections {
            guard let connection else { continue }
            if connection.isStreaming { endStream(connection) }
            if connection.isIdle, connection.hasServed { drop(connection) }
        }
        nextSweep = now
    }

    /// Requests that take too long are cancelled; then the rest is closed, answered or not.
    private func checkDrain() {
        guard let drainStarted else { return }
        let elapsed = now - drainStarted
        for connection in connections {
            guard let connection else { continue }
            if connection.isIdle, connection.hasServed || elapsed >= limits.drainQuiet { drop(connection) }
            guard elapsed >= limits.drain else { continue }
            let isLeftToEnd = elapsed < limits.drain + limits.drainAfterCancel
            if case .handling(let handling) = connection.phase, isLeftToEnd {
                handling.task.cancel()
            } else {
                drop(connection)
            }
        }
    }

    var isDrained: Bool { drainStarted != nil && open == 0 }
}
