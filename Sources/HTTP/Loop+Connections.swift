internal import CLinux
internal import Platform

/// Connections come, are written to, and go.
extension Loop {
    func connection(_ id: Connection.ID) -> Connection? {
        let index = Int(id.descriptor)
        guard connections.indices.contains(index), let connection = connections[index] else { return nil }
        return connection.id == id ? connection : nil
    }

    /// Takes what waits at the listener, a bounded number at a time.
    func acceptConnections(atMost most: Int) {
        for _ in 0..<most where listener >= 0 {
            guard let (descriptor, address) = Socket.accept(listener) else {
                let error = linux_errno()
                if [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(error) { pauseListening() }
                if error == EINTR || error == ECONNABORTED { continue }
                return
            }
            admit(descriptor, address)
        }
    }

    private func admit(_ descriptor: Int32, _ address: IPAddress) {
        let isProxy = proxies.contains(address)
        generation = generation == .max ? 1 : generation + 1
        let id = Connection.ID(descriptor: descriptor, generation: generation)
        let connection = Connection(id: id, address: address, isProxy: isProxy, now: now)
        if let refusal = census.withLock({ $0.admit(address, isProxy: isProxy, limits) }) {
            // One attempt to say so; a peer that does not read it is not worth a place in the table.
            answer(connection, own(refusal, for: nil), to: nil)
            _ = transmit(connection)
            _ = shutdown(descriptor, Int32(SHUT_WR))
            _ = close(descriptor)
            return
        }
        let index = Int(descriptor)
        while connections.count <= index { connections.append(nil) }
        connections[index] = connection
        open += 1
        connection.interest = EPOLLIN.rawValue | EPOLLRDHUP.rawValue
        watch(descriptor, EPOLL_CTL_ADD, connection.interest, tag: id.tag)
    }

    /// Puts the connection on the list of those to settle before the pass ends.
    func list(_ connection: Connection) {
        guard !connection.isListed else { return }
        connection.isListed = true
        listed.append(connection)
    }

    /// Settles what the pass touched. Nothing in it lists another connection.
    func finishPass() {
        let present = listed
        listed = []
        for connection in present {
            connection.isListed = false
            if self.connection(connection.id) === connection { settle(connection) }
        }
    }

    /// Takes up what was received, writes what is owed, and tells the kernel what is next.
    private func settle(_ connection: Connection) {
        var isBlocked: Bool
        repeat {
            isBlocked = connection.waiting >= limits.pipelinedBytes
            proceed(connection)
            guard transmit(connection) else { return drop(connection) }
        } while isBlocked && connection.isReading && connection.waiting < limits.pipelinedBytes
        if connection.isReading, connection.closesAfterOutput, connection.waiting == 0 {
            return finish(connection)
        }
        updateInterest(connection)
    }

    func updateInterest(_ connection: Connection) {
        var events: UInt32 = 0
        if connection.wantsInput(limits) { events |= EPOLLIN.rawValue }
        if connection.departed == nil { events |= EPOLLRDHUP.rawValue }
        if connection.waiting > 0 { events |= EPOLLOUT.rawValue }
        guard events != connection.interest else { return }
        connection.interest = events
        watch(connection.id.descriptor, EPOLL_CTL_MOD, events, tag: connection.id.tag)
    }

    /// Writes as much as the kernel takes. Returns false when the connection is broken.
    private func transmit(_ connection: Connection) -> Bool {
        while connection.waiting > 0 {
            let count = unsafe connection.output.withUnsafeBytes { bytes in
                unsafe send(
                    connection.id.descriptor, bytes.baseAddress.map { unsafe $0 + connection.written },
                    connection.waiting, Int32(MSG_NOSIGNAL))
            }
            guard count >= 0 else {
                let error = linux_errno()
                assert(error != EBADF, "a connection is written to after it was closed")
                switch error {
                case EINTR: continue
                case EAGAIN:
                    if connection.waitingSince == nil {
                        (connection.waitingSince, connection.writtenSince) = (now, 0)
                    }
                    return true
                default: return false
                }
            }
            connection.written += count
            connection.writtenSince += count
            connection.lastWrite = now
        }
        if !connection.output.isEmpty { connection.output = [] }
        (connection.written, connection.waitingSince) = (0, nil)
        return true
    }

    /// The last answer is out: closes the sending side and waits for the client to have read it. Closing at
    /// once with unread input would reset the connection and could destroy the answer on its way (RFC 9112,
    /// 9.6).
    private func finish(_ connection: Connection) {
        guard !connection.hasEnded, shutdown(connection.id.descriptor, Int32(SHUT_WR)) == 0 else {
            return drop(connection)
        }
        detach(connection)
        connection.phase = .lingering
        connection.since = now
        updateInterest(connection)
    }

    /// Closes at once. A handler at work for it is cancelled.
    func drop(_ connection: Connection) {
        guard self.connection(connection.id) === connection else { return }
        if case .handling(let handling) = connection.phase {
            handling.task.cancel()
            leave(handling, connection)
        }
        detach(connection)
        bodyBytes -= connection.countedBody
        connections[Int(connection.id.descriptor)] = nil
        open -= 1
        _ = close(connection.id.descriptor)
        census.withLock { $0.leave(connection.address, isProxy: connection.isProxy) }
        if drainStarted == nil { listen() }
    }
}
