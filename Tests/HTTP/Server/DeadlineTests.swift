import Platform
import Testing

@testable import HTTP

/// Slow clients against deadlines of full length, on a clock that the test moves.
@Suite struct DeadlineTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let opening: String
        /// Sent again and again while the time passes.
        var trickle = ""
        let statuses: [Int]
        /// Milliseconds before which the connection must not be closed.
        let notBefore: Int64

        var testDescription: String { name }
    }

    static let limits = Limits()

    @Test("A slow client is answered or closed at its deadline, however busily it trickles", arguments: [
        Row(name: "silent", opening: "", statuses: [], notBefore: limits.headDeadline),
        Row(name: "head that stops", opening: "GET /health HTTP/1.1\r\nHo", statuses: [408],
            notBefore: limits.headDeadline),
        Row(name: "trickling head", opening: "GET /health HTTP/1.1\r\nHost: x\r\nX-A: ", trickle: "a", statuses: [408],
            notBefore: limits.headDeadline),
        Row(name: "trickling fields", opening: "GET /health HTTP/1.1\r\nHost: x\r\n", trickle: "a:\r\n",
            statuses: [408], notBefore: limits.headDeadline),
        Row(name: "body that stops", opening: "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
            statuses: [408], notBefore: limits.bodyGrace),
        Row(name: "trickling body", opening: "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n",
            trickle: "a", statuses: [408], notBefore: limits.bodyGrace),
        Row(name: "trickling chunks", opening: "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
            trickle: "1\r\na\r\n", statuses: [408], notBefore: limits.bodyGrace),
        Row(name: "idle after a request", opening: "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", statuses: [200],
            notBefore: limits.idle),
        Row(name: "reader that stops", opening: "GET /large HTTP/1.1\r\nHost: x\r\n\r\n", statuses: [],
            notBefore: limits.writeGrace),
    ])
    func slowClient(_ row: Row) async throws {
        let clock = ManualClock()
        let isDone = Lock(false)
        let reads = row.name != "reader that stops"
        let (outcome, closedAt) = try await TestServer.with {
            $0.clock = clock
            $0.limits.sweep = 5
        } _: { server in
            let client = try await RawClient.run { [port = server.port] in
                let client = try RawClient(port: port, receiveBuffer: reads ? nil : 4_096)
                client.send(row.opening)
                return client
            }
            defer { client.close() }
            let passing = Task {
                // The time passes in small steps, each long enough for the loop to look.
                while !isDone.withLock({ $0 }) {
                    clock.advance(by: 250)
                    if !row.trickle.isEmpty { client.send(row.trickle) }
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
            if !reads {
                while server.connectionCount == 0 { try await Task.sleep(for: .milliseconds(2)) }
                while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(2)) }
            }
            let closedAt = Lock(clock.uptime)
            let outcome = try await RawClient.run {
                let outcome = client.receive()
                if reads { closedAt.withLock { $0 = clock.uptime } }
                isDone.withLock { $0 = true }
                return outcome
            }
            _ = try await passing.value
            return (outcome, closedAt.withLock { $0 })
        }
        #expect(outcome.isClosed)
        #expect(outcome.statuses == row.statuses)
        #expect(closedAt >= row.notBefore)
    }
}
