import Platform
import Testing

@testable import HTTP

/// What one client may have at a time, also when it comes through a proxy with the connections of all.
@Suite struct ClientBoundTests {
    private static func get(_ path: String, from client: String) -> String {
        "GET \(path) HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: \(client)\r\n\r\n"
    }

    /// Opens connections, sends the same on each, and waits for each one's first bytes.
    private static func open(_ count: Int, _ server: Server, _ text: String) async throws -> [(RawClient, String)] {
        try await RawClient.run { [port = server.port] in
            try (0..<count).map { _ in
                let client = try RawClient(port: port)
                client.send(text)
                let head = client.receive { RawClient.parse($0, isHead: true).count == 1 }
                return (client, String(decoding: head.bytes.prefix(12), as: UTF8.self))
            }
        }
    }

    private static func statuses(_ clients: [(RawClient, String)]) -> [String: Int] {
        Dictionary(grouping: clients) { $0.1 }.mapValues(\.count)
    }

    @Test("One client's streams are bounded, behind a proxy and without, and others have theirs", arguments: [
        (["127.0.0.1"], "192.0.2.1", "192.0.2.1"), (["127.0.0.1"], "2001:db8::1", "2001:db8::2"), ([], "", ""),
    ])
    func streams(_ proxies: [String], _ client: String, _ sameClient: String) async throws {
        let streams = (0..<4).map { _ in EventStream() }
        var router = Router()
        router.get("/events/{stream}") { .events(streams[Int($0.parameters["stream"]) ?? 0]) }
        try await TestServer.with(router: router) {
            $0.trustedProxies = proxies
            $0.limits.streamsPerPeer = 5
        } _: { server in
            for stream in streams { stream.send(Event(data: "begun")) }
            let first = try await Self.open(4, server, Self.get("/events/0", from: client))
            let second = try await Self.open(4, server, Self.get("/events/1", from: sameClient))
            #expect(Self.statuses(first) == ["HTTP/1.1 200": 4])
            #expect(Self.statuses(second) == ["HTTP/1.1 200": 1, "HTTP/1.1 503": 3])
            if !proxies.isEmpty {
                let other = try await Self.open(2, server, Self.get("/events/2", from: "198.51.100.7"))
                #expect(Self.statuses(other) == ["HTTP/1.1 200": 2])
                for (client, _) in other { client.close() }
            }
            // A place that is given back is free again.
            for (client, _) in first + second { client.close() }
            while streams.contains(where: { $0.clientCount > 0 }) { try await Task.sleep(for: .milliseconds(2)) }
            let again = try await Self.open(5, server, Self.get("/events/3", from: client))
            #expect(Self.statuses(again) == ["HTTP/1.1 200": 5])
            for (client, _) in again { client.close() }
        }
    }

    @Test("A stream has so many listeners and no more")
    func listeners() async throws {
        let stream = EventStream(listeners: 3)
        stream.send(Event(data: "begun"))
        var router = Router()
        router.get("/events") { _ in .events(stream) }
        try await TestServer.with(router: router) { $0.trustedProxies = ["127.0.0.1"] } _: { server in
            var all: [(RawClient, String)] = []
            for number in 1...5 {
                all += try await Self.open(1, server, Self.get("/events", from: "192.0.2.\(number)"))
            }
            #expect(all.map { $0.1 } == [200, 200, 200, 503, 503].map { "HTTP/1.1 \($0)" })
            #expect(stream.clientCount == 3)
            for (client, _) in all { client.close() }
        }
    }

    @Test("One client behind a proxy has so many requests at a time, and what is refused costs the proxy nothing")
    func requests() async throws {
        let journal = TestServer.Journal()
        let gate = AsyncStream<Void>.makeStream()
        var router = TestServer.routes(journal)
        router.get("/wait") { _ in
            journal.note("waiting")
            for await _ in gate.stream {}
            return .text("done")
        }
        try await TestServer.with(router: router) {
            $0.trustedProxies = ["127.0.0.1"]
            $0.limits.connectionsPerPeer = 3
        } _: { server in
            let busy = try await RawClient.run { [port = server.port] in
                try (0..<3).map { _ in
                    let client = try RawClient(port: port)
                    client.send(Self.get("/wait", from: "192.0.2.1"))
                    return client
                }
            }
            while journal.all.count < 3 { try await Task.sleep(for: .milliseconds(2)) }
            let answers = try await RawClient.run { [port = server.port] in
                let client = try RawClient(port: port)
                defer { client.close() }
                client.send(Self.get("/health", from: "192.0.2.1") + Self.get("/health", from: "192.0.2.2"))
                return client.receive(answers: 2).statuses
            }
            #expect(answers == [429, 200])
            gate.continuation.finish()
            let done = try await RawClient.run { busy.map { $0.receive(answers: 1).statuses } }
            #expect(done == [[200], [200], [200]])
            for client in busy { client.close() }
            let later = try await Self.open(1, server, Self.get("/health", from: "192.0.2.1"))
            #expect(Self.statuses(later) == ["HTTP/1.1 200": 1])
            for (client, _) in later { client.close() }
        }
    }

    @Test("What the server answers by itself is made by whoever runs it")
    func refusals() async throws {
        let outcome = try await TestServer.with {
            $0.refuse = { refused in
                let path = refused.request?.path ?? "none"
                return .text(refused.status, "\(refused.code) \(path)")
            }
            $0.limits.handler = 30
        } _: { server in
            try await [ServerTests.get("/health%00"), ServerTests.get("/hang"), ServerTests.get("/throw")]
                .mapAsync { try await ServerTests.exchange(server, $0).first?.text }
        }
        #expect(outcome == ["malformed_target none", "answer_too_slow /hang", "internal_error /throw"])
    }
}

extension Array {
    /// One after the other.
    fileprivate func mapAsync<Result>(_ body: (Element) async throws -> Result) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
