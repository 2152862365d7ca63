import Platform
import TestKit
import Testing

@testable import HTTP

@Suite struct ClientFailures {
    /// Reads a request, then writes `text` and closes, or waits until the client has gone.
    private static func answering(_ text: String, thenCloses: Bool = true) throws -> RawServer {
        try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write(text)
            if !thenCloses { connection.waitForClose() }
        }
    }

    private func outcome(
        of server: RawServer, timeout: Int64 = 60_000, limit: ClientRequest.BodyLimit = .refusing(above: 1_000)
    ) async throws -> ClientError? {
        let request = ClientRequest(.post, try local(server), body: [1], timeout: timeout, bodyLimit: limit)
        return await clientError { () throws(ClientError) in try await Client(.trusted).send(request) }
    }

    @Test(arguments: [
        ("", .connectionLost),
        ("HTTP/1.1 200 OK\r\nContent-Le", .connectionLost),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", .connectionLost),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", .connectionLost),
        ("SSH-2.0-OpenSSH_9.2\r\n", .protocolViolation),
        ("plain text without a head", .protocolViolation),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", .connectionLost),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: x\r\n\r\nabcde", .protocolViolation),
        ("HTTP/1.1 200 OK\r\nBad name: 1\r\nContent-Length: 0\r\n\r\n", .protocolViolation),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + String(repeating: "a", count: 1_001), .bodyTooLarge),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000\r\n\r\n{", .bodyTooLarge),
        ("HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 129) + "\r\n", .protocolViolation),
        ("HTTP/1.1 200 OK\r\nA: " + String(repeating: "b", count: 65_536) + "\r\n\r\n", .protocolViolation),
    ] as [(String, ClientError.Kind)]) func `a broken answer has its kind, and the request may have been received`(
        _ answer: String, _ kind: ClientError.Kind
    ) async throws {
        let server = try Self.answering(answer)
        defer { server.stop() }
        let error = try await outcome(of: server)
        #expect(error?.kind == kind, "\(error?.detail ?? "")")
        #expect(error?.mayHaveReachedPeer == true)
    }

    @Test func `an answer of the allowed length is whole`() async throws {
        let server = try Self.answering("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "a", count: 1_000))
        defer { server.stop() }
        let request = ClientRequest(.get, try local(server), bodyLimit: .refusing(above: 1_000))
        #expect(try await Client(.trusted).send(request).body.count == 1_000)
    }

    @Test func `an endless body is cut off where it was to be kept`() async throws {
        let server = try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write("HTTP/1.1 500 Oops\r\n\r\n")
            while connection.write([UInt8](repeating: 0x78, count: 65_536)) {}
        }
        defer { server.stop() }
        let request = ClientRequest(.get, try local(server), timeout: 60_000, bodyLimit: .keeping(first: 100))
        let response = try await Client(.trusted).send(request)
        #expect(response.status == .internalServerError)
        #expect(response.body == [UInt8](repeating: 0x78, count: 100))
        #expect(response.isTruncated)
    }

    @Test func `a body of just the kept length is not truncated`() async throws {
        let server = try Self.answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")
        defer { server.stop() }
        let request = ClientRequest(.get, try local(server), bodyLimit: .keeping(first: 3))
        let response = try await Client(.trusted).send(request)
        #expect(response.body.count == 3)
        #expect(!response.isTruncated)
    }

    @Test func `a reset after the request leaves its outcome unknown`() async throws {
        let server = try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.armReset()
        }
        defer { server.stop() }
        let error = try await outcome(of: server)
        #expect(error?.kind == .connectionLost)
        #expect(error?.mayHaveReachedPeer == true)
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"])
    func `a silent peer runs into the timeout wherever it falls silent`(_ beginning: String) async throws {
        let server = try Self.answering(beginning, thenCloses: false)
        defer { server.stop() }
        let error = try await outcome(of: server, timeout: 400)
        #expect(error?.kind == .timedOut)
    }

    @Test func `a peer that drips does not win time`() async throws {
        let server = try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\n\r\n")
            while connection.write("x") { connection.pause(milliseconds: 10) }
        }
        defer { server.stop() }
        let error = try await outcome(of: server, timeout: 1_000, limit: .refusing(above: .max))
        #expect(error?.kind == .timedOut)
        #expect(error?.mayHaveReachedPeer == true)
    }

    @Test func `a closed port certainly received nothing`() async throws {
        let server = try RawServer { _ in }
        let url = try local(server)
        server.stop()
        await server.waitUntilClosed()
        let error = await clientError { () throws(ClientError) in
            try await Client(.trusted).send(ClientRequest(.get, url))
        }
        #expect(error?.kind == .connectFailed)
        #expect(error?.mayHaveReachedPeer == false)
    }

    @Test func `a name that does not exist is told from a failed connection`() async throws {
        let url = try URL(parsing: "http://nowhere.invalid/")
        var limits = ClientLimits()
        limits.connectTimeout = 60_000
        let client = Client(.trusted, limits: limits)
        let error = await clientError { () throws(ClientError) in
            try await client.send(ClientRequest(.get, url, timeout: 60_000))
        }
        #expect(error?.kind == .nameNotResolved)
        #expect(error?.mayHaveReachedPeer == false)
    }

    @Test func `a peer without TLS fails the handshake and receives nothing`() async throws {
        let server = try RawServer { connection in
            connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.waitForClose()
        }
        defer { server.stop() }
        let url = try URL(parsing: "https://127.0.0.1:\(server.port)/")
        let error = await clientError { () throws(ClientError) in
            try await Client(.trusted).send(ClientRequest(.post, url, body: [1], timeout: 60_000))
        }
        #expect(error?.kind == .tls)
        #expect(error?.mayHaveReachedPeer == false)
    }

    @Test func `what waits too long for a place certainly was not sent`() async throws {
        let (requests, arrival) = AsyncStream.makeStream(of: Void.self)
        let silent = try RawServer { connection in
            if connection.readRequest() != nil { arrival.yield() }
            connection.waitForClose()
        }
        defer { silent.stop() }
        var limits = ClientLimits()
        limits.transfersPerOrigin = 1
        let client = Client(.trusted, limits: limits)
        let url = try local(silent)
        let holder = Task { try await client.send(ClientRequest(.get, url, timeout: 3_600_000)) }
        var events = requests.makeAsyncIterator()
        await events.next()
        let error = await clientError { () throws(ClientError) in
            try await client.send(ClientRequest(.get, url, timeout: 100))
        }
        #expect(error?.kind == .overloaded)
        #expect(error?.mayHaveReachedPeer == false)
        holder.cancel()
        await #expect(throws: ClientError.self) { try await holder.value }
    }

    @Test func `too many waiting requests are refused`() async throws {
        let silent = try RawServer { $0.waitForClose() }
        defer { silent.stop() }
        var limits = ClientLimits()
        limits.transfersPerOrigin = 1
        limits.waitingPerOrigin = 2
        let client = Client(.trusted, limits: limits)
        let url = try local(silent)
        await withTaskGroup(of: ClientError?.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    await clientError { () throws(ClientError) in
                        try await client.send(ClientRequest(.get, url, timeout: 3_600_000))
                    }
                }
            }
            let first = await group.next()
            #expect(first??.kind == .overloaded)
            #expect(first??.mayHaveReachedPeer == false)
            group.cancelAll()
        }
    }

    @Test func `a cancelled request ends at once and its connection is closed`() async throws {
        let (requests, arrival) = AsyncStream.makeStream(of: String.self)
        let server = try RawServer { connection in
            if connection.readRequest() != nil { arrival.yield("request") }
            connection.waitForClose()
            arrival.yield("close")
        }
        defer { server.stop() }
        let client = Client(.trusted)
        let request = ClientRequest(.post, try local(server), body: [1], timeout: 3_600_000)
        let task = Task { await clientError { () throws(ClientError) in try await client.send(request) } }
        var events = requests.makeAsyncIterator()
        #expect(await events.next() == "request")
        task.cancel()
        let error = await task.value
        #expect(error?.kind == .cancelled)
        #expect(error?.mayHaveReachedPeer == true)
        #expect(await events.next() == "close")
    }

    @Test func `a task cancelled before sends nothing`() async throws {
        let server = try RawServer { $0.waitForClose() }
        defer { server.stop() }
        let client = Client(.trusted)
        let request = ClientRequest(.get, try local(server))
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return await clientError { () throws(ClientError) in try await client.send(request) }
        }
        let error = await task.value
        #expect(error == ClientError(.cancelled, mayHaveReachedPeer: false))
        #expect(server.accepted == 0)
    }

    @Test func `closing a client fails what is under way and what comes later`() async throws {
        let (requests, arrival) = AsyncStream.makeStream(of: Void.self)
        let server = try RawServer { connection in
            if connection.readRequest() != nil { arrival.yield() }
            connection.waitForClose()
        }
        defer { server.stop() }
        let client = Client(.trusted)
        let request = ClientRequest(.get, try local(server), timeout: 3_600_000)
        let task = Task { await clientError { () throws(ClientError) in try await client.send(request) } }
        var events = requests.makeAsyncIterator()
        await events.next()
        client.close()
        #expect(await task.value == ClientError(.closed, mayHaveReachedPeer: true))
        let later = await clientError { () throws(ClientError) in try await client.send(request) }
        #expect(later == ClientError(.closed, mayHaveReachedPeer: false))
    }
}
