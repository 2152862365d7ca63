import HTTP
import Testing

/// Raw bytes against the running server: each row is answered exactly so, and then the connection is closed by the
/// server or still answers another request.
@Suite struct ConformanceTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let statuses: [Int]
        /// Whether the connection is closed afterwards; otherwise it must answer once more.
        let closes: Bool
        var endsSending = false
        var isCut = false

        init(_ name: String, _ text: String, _ statuses: [Int], closes: Bool = true) {
            self.init(name, Array(text.utf8), statuses, closes: closes)
        }

        init(_ name: String, _ bytes: [UInt8], _ statuses: [Int], closes: Bool = true) {
            (self.name, self.bytes, self.statuses, self.closes) = (name, bytes, statuses, closes)
        }

        /// Closes the sending side after the bytes.
        func endingSending() -> Row {
            var row = self
            row.endsSending = true
            return row
        }

        /// Sends every byte by itself.
        func cut() -> Row {
            var row = self
            row.isCut = true
            return row
        }

        var testDescription: String { name }
    }

    @Test(
        "Every hostile or odd request gets a clean answer or a closed socket",
        arguments: requests + framing + targets)
    func conformance(_ row: Row) async throws {
        let outcome = try await TestServer.with { server in
            try await RawClient.run { [port = server.port] in
                let client = try RawClient(port: port)
                defer { client.close() }
                if row.isCut { for byte in row.bytes { client.send([byte]) } } else { client.send(row.bytes) }
                if row.endsSending { client.endSending() }
                guard !row.closes else { return client.receive() }
                var first = client.receive(answers: row.statuses.count)
                client.send("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                let last = client.receive()
                first.bytes += last.bytes
                first.isClosed = last.isClosed
                first.isReset = last.isReset
                return first
            }
        }
        #expect(outcome.statuses == (row.closes ? row.statuses : row.statuses + [200]))
        #expect(outcome.isClosed && !outcome.isReset)
    }

    @Test("After a refusal nothing behind it is answered")
    func refusalEndsConversation() async throws {
        let outcome = try await TestServer.with { server in
            try await RawClient.run { [port = server.port] in
                let client = try RawClient(port: port)
                defer { client.close() }
                client.send("GET /health HTTP/1.1\r\nHost: x\r\nX : 1\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                return client.receive()
            }
        }
        #expect(outcome.statuses == [400])
        #expect(outcome.answers.first?.headers["content-type"] == "application/problem+json")
        #expect(outcome.answers.first?.headers["connection"] == "close")
        #expect(outcome.answers.first?.text.contains(#""code":"malformed_header""#) == true)
    }
}
