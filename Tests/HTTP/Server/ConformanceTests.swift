import HTTP
import Testing

/// Raw bytes against the running server: each row is answered exactly so, and then the connection is closed by the
/// server or still answers another request.
@Suite struct ConformanceTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let statuses: [Int]
        /// The code in the last answer, where it is one of the server's own.
        let code: String?
        /// Whether the connection is closed afterwards; otherwise it must answer once more.
        let closes: Bool
        var endsSending = false
        var isCut = false

        init(_ name: String, _ text: String, _ statuses: [Int], _ code: String? = nil, closes: Bool = true) {
            self.init(name, Array(text.utf8), statuses, code, closes: closes)
        }

        init(_ name: String, _ bytes: [UInt8], _ statuses: [Int], _ code: String? = nil, closes: Bool = true) {
            (self.name, self.bytes, self.statuses, self.code, self.closes) = (name, bytes, statuses, code, closes)
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
        let refused = outcome.answers.first { $0.status >= 400 }
        #expect(try refused.flatMap { try $0.code } == row.code)
    }

    @Test("An answer without a body is no part of the one behind it", arguments: [1, 20])
    func headThenGet(times: Int) async throws {
        let one = "HEAD /health HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n"
        let text = String(repeating: one, count: times)
        let outcome = try await TestServer.with { server in
            try await RawClient.run { [port = server.port] in
                let client = try RawClient(port: port)
                defer { client.close() }
                client.send(text)
                client.endSending()
                return client.receive()
            }
        }
        // An answer to HEAD says how long its body would be and has none; that to GET has it.
        let ends = "\r\n\r\n"
        let parts = String(decoding: outcome.bytes, as: UTF8.self).split(separator: "HTTP/1.1 200 OK\r\n")
        #expect(parts.count == 2 * times)
        for (number, part) in parts.enumerated() {
            #expect(part.contains("Content-Length: 2\r\n"))
            #expect(part.hasSuffix(number.isMultiple(of: 2) ? ends : ends + "ok"))
        }
    }

    @Test("Every code of the server is the answer to something")
    func codes() {
        let rows = Self.requests + Self.framing + Self.targets
        let told = Set(rows.compactMap(\.code) + ServerCodeTests.stories.map(\.code))
        #expect(Set(Server.refusalCodes.map(\.code)).subtracting(told).isEmpty)
        for row in rows { #expect((row.code != nil) == row.statuses.contains { $0 >= 400 }, "\(row.name)") }
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
