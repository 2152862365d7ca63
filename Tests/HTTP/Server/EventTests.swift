import Foundation
import HTTP
import Platform
import Testing

@Suite struct EventTests {
    private static let request = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n"

    private static func router(_ stream: EventStream) -> Router {
        var router = Router()
        router.get("/events") { _ in .events(stream) }
        return router
    }

    /// The events in a chunked answer, without the framing.
    private static func text(_ bytes: [UInt8]) -> String {
        let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n\r\n").dropFirst()
        return lines.joined(separator: "\r\n\r\n")
    }

    private static func chunk(_ text: String) -> String {
        String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n"
    }

    private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains(text)
    }

    @Test("Lines, names and ids are framed so that data cannot become a field")
    func encoding() async throws {
        let stream = EventStream(remembering: 3)
        stream.send(Event(data: "one\ntwo\r\nthree\rfour"))
        stream.send(Event(name: "state\ndata: x", data: "{}", id: "7\r\nevent: y"))
        stream.send(Event(data: ""))
        stream.close()
        let outcome = try await Self.conversation(stream)
        let expected = [
            "data: one\ndata: two\ndata: three\ndata: four\n\n", "id: 7\nevent: state\ndata: {}\n\n", "data: \n\n", "",
        ]
        #expect(Self.text(outcome.bytes) == expected.map(Self.chunk).joined())
        #expect(outcome.answers.first?.headers["content-type"] == "text/event-stream")
        #expect(outcome.isClosed)
    }

    private static func conversation(
        _ stream: EventStream, _ text: String = request
    ) async throws -> RawClient.Outcome {
        try await TestServer.with(router: router(stream)) { server in
            try await RawClient.run { [port = server.port] in
                let client = try RawClient(port: port)
                defer { client.close() }
                client.send(text)
                return client.receive()
            }
        }
    }

    @Test("HTTP/1.0 gets events without chunks until the end of the connection")
    func version10() async throws {
        let stream = EventStream()
        stream.send(Event(data: "1"))
        stream.close()
        let outcome = try await Self.conversation(stream, "GET /events HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(Self.text(outcome.bytes) == "data: 1\n\n")
    }

    @Test("A client that comes back gets what it missed")
    func resumption() async throws {
        let stream = EventStream(remembering: 10)
        for number in 1...5 { stream.send(Event(data: "event \(number)", id: "\(number)")) }
        stream.close()
        let outcome = try await Self.conversation(stream, "GET /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 3\r\n\r\n")
        #expect(!Self.contains(outcome.bytes, "event 3"))
        #expect(Self.contains(outcome.bytes, "event 4") && Self.contains(outcome.bytes, "event 5"))
    }

    @Test("Every listener gets every event in order, whichever loop serves it")
    func broadcast() async throws {
        let stream = EventStream(remembering: 0)
        let outcomes = try await TestServer.with(router: Self.router(stream)) { server in
            let listeners = (0..<40).map { _ in
                Task {
                    try await RawClient.run { [port = server.port] in
                        let client = try RawClient(port: port)
                        defer { client.close() }
                        client.send(Self.request)
                        return client.receive()
                    }
                }
            }
            while stream.clientCount < 40 { try await Task.sleep(for: .milliseconds(2)) }
            for number in 0..<100 { stream.send(Event(data: "n\(number)")) }
            stream.close()
            var outcomes: [RawClient.Outcome] = []
            for listener in listeners { outcomes.append(try await listener.value) }
            return outcomes
        }
        let expected = (0..<100).map { number in
            Self.chunk("data: n\(number)\n\n")
        }.joined() + Self.chunk("")
        #expect(outcomes.count == 40)
        #expect(outcomes.allSatisfy { Self.text($0.bytes) == expected && $0.isClosed })
        #expect(stream.clientCount == 0)
    }

    @Test("A client that leaves is noticed, one that does not read is dropped")
    func leaving() async throws {
        let stream = EventStream()
        try await TestServer.with(router: Self.router(stream)) { server in
            let (reader, sleeper) = try await RawClient.run { [port = server.port] in
                let reader = try RawClient(port: port)
                reader.send(Self.request)
                let sleeper = try RawClient(port: port, receiveBuffer: 4_096)
                sleeper.send(Self.request)
                return (reader, sleeper)
            }
            while stream.clientCount < 2 { try await Task.sleep(for: .milliseconds(2)) }
            reader.close()
            while stream.clientCount > 1 { try await Task.sleep(for: .milliseconds(2)) }
            let data = String(repeating: "x", count: 16_384)
            while stream.clientCount > 0 {
                stream.send(Event(data: data))
                try await Task.sleep(for: .milliseconds(1))
            }
            sleeper.close()
        }
    }

    @Test("A silent stream has a heartbeat, and a drain ends it properly")
    func heartbeat() async throws {
        let clock = ManualClock()
        let stream = EventStream()
        let outcome = try await TestServer.with(router: Self.router(stream)) {
            $0.clock = clock
            $0.limits.sweep = 5
        } _: { server in
            let client = try await RawClient.run { [port = server.port] in
                let client = try RawClient(port: port)
                client.send(Self.request)
                return client
            }
            let receiving = Task {
                try await RawClient.run { client.receive { Self.contains($0, ":\n\n\r\n3\r\n:\n\n") } }
            }
            while stream.clientCount < 1 { try await Task.sleep(for: .milliseconds(2)) }
            let beating = Task {
                while !Task.isCancelled {
                    clock.advance(by: 1_000)
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            var outcome = try await receiving.value
            beating.cancel()
            _ = await beating.result
            let rest = Task { try await RawClient.run { client.receive { Self.contains($0, "0\r\n\r\n") } } }
            stream.close()
            outcome.bytes += try await rest.value.bytes
            client.close()
            return outcome
        }
        #expect(Self.text(outcome.bytes).hasPrefix("3\r\n:\n\n\r\n3\r\n:\n\n\r\n"))
        #expect(Self.text(outcome.bytes).hasSuffix("0\r\n\r\n"))
    }
}
