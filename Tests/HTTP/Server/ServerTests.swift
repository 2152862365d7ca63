import CLinux
import HTTP
import Platform
import Testing

/// What a running server does beside reading requests strictly.
@Suite struct ServerTests {
    static func exchange(
        _ server: Server, _ text: String, isHead: Bool = false
    ) async throws -> [RawClient.Answer] {
        try await RawClient.run { [port = server.port] in
            let client = try RawClient(port: port)
            defer { client.close() }
            client.send(text)
            return RawClient.parse(client.receive().bytes, isHead: isHead)
        }
    }

    static func get(_ path: String, _ fields: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: shop.example\r\n\(fields)Connection: close\r\n\r\n"
    }

    @Test("HEAD is answered with the length and without the body")
    func head() async throws {
        let answers = try await TestServer.with { server in
            try await Self.exchange(
                server, "HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n"
                    + "HEAD /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                isHead: true)
        }
        #expect(answers.map(\.status) == [200, 404])
        #expect(answers[0].headers["content-length"] == "2")
    }

    @Test("Every answer is dated and has its length; 204 has none")
    func fields() async throws {
        let answers = try await TestServer.with { $0.clock = ManualClock(now: 784_111_777_000) } _: { server in
            try await Self.exchange(server, "GET /empty HTTP/1.1\r\nHost: x\r\n\r\n" + Self.get("/health"))
        }
        #expect(answers.map(\.headers["date"]) == Array(repeating: "Sun, 06 Nov 1994 08:49:37 GMT", count: 2))
        #expect(answers.map(\.headers["content-length"]) == [nil, "2"])
    }

    @Test("100 Continue is sent before the body, and only to who waits for it")
    func expectation() async throws {
        let outcome = try await TestServer.with { server in
            try await RawClient.run { [port = server.port] in
                let client = try RawClient(port: port)
                defer { client.close() }
                client.send("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    + "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
                var outcome = client.receive { RawClient.parse($0).count == 1 }
                client.send("{}")
                outcome.bytes += client.receive().bytes
                return outcome
            }
        }
        #expect(outcome.statuses == [100, 200])
        #expect(outcome.answers.last?.text == "{}")
    }

    @Test("A thousand pipelined requests are answered in order")
    func pipelining() async throws {
        let texts = (0..<1_000).map { "/segment/\($0)" }
        let outcome = try await TestServer.with { server in
            try await RawClient.run { [port = server.port] in
                let client = try RawClient(port: port)
                defer { client.close() }
                Thread.start {
                    client.send(texts.map { "GET \($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
                    client.send(ServerTests.get("/segment/last"))
                }
                return client.receive()
            }
        }
        #expect(outcome.answers.map(\.text) == (0..<1_000).map(String.init) + ["last"])
    }

    @Test("What a handler throws is reported and not shown")
    func failure() async throws {
        let reported = TestServer.Journal()
        let answers = try await TestServer.with { $0.onFailure = { reported.note("\($0.path) \($1)") } } _: { server in
            try await Self.exchange(server, Self.get("/throw"))
        }
        let problem = #"{"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal_error"}"#
        #expect(answers.first?.text == problem)
        #expect(reported.all == ["/throw Deliberate()"])
    }

    @Test("A handler is cancelled when its client leaves", arguments: [true, false])
    func departure(byReset: Bool) async throws {
        let journal = TestServer.Journal()
        try await TestServer.with(router: TestServer.routes(journal)) { $0.limits.departureGrace = 20 } _: { server in
            let client = try await RawClient.run { [port = server.port] in
                let client = try RawClient(port: port)
                client.send(Self.get("/hang"))
                return client
            }
            try await journal.wait(for: "began")
            if byReset { client.closeWithReset() } else { client.close() }
            try await journal.wait(for: "cancelled")
        }
        #expect(journal.all == ["began", "cancelled"])
    }

    @Test("A handler that takes too long is cancelled and answered for, whether it listens or not", arguments: [
        ("/hang", 503, ["began", "cancelled"]), ("/deaf", 503, ["began"]), ("/late", 200, ["began"]),
    ])
    func handlerDeadline(path: String, status: Int, entries: [String]) async throws {
        let journal = TestServer.Journal()
        let gate = AsyncStream<Void>.makeStream()
        var router = TestServer.routes(journal)
        router.get("/deaf") { _ in
            journal.note("began")
            // A task of its own does not hear that this one is cancelled.
            await Task { for await _ in gate.stream {} }.value
            journal.note("ended")
            return .text("nobody reads this")
        }
        router.get("/late") { _ in
            journal.note("began")
            while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(2)) }
            return .text("done after all")
        }
        let reports = Lock<[String]>([])
        try await TestServer.with(router: router) {
            $0.onFailure = { request, error in
                reports.withLock { $0.append("\(request.path) \(type(of: error))") }
            }
            $0.limits.handler = 30
            // The others answer by themselves, however slow the machine is.
            $0.limits.handlerAfterCancel = path == "/deaf" ? 30 : 600_000
        } _: { server in
            // What was pipelined behind it is not answered: an answer that comes late would be taken for its own.
            let pipelined = "GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n" + Self.get("/health")
            let answers = try await Self.exchange(server, pipelined)
            #expect(answers.first?.status == status)
            #expect(journal.all == entries)
            #expect(reports.withLock { $0 } == ["\(path) HandlerOverdue"])
            if status == 503 {
                #expect(answers.count == 1)
                #expect(answers.first?.headers["connection"] == "close")
                #expect(answers.first?.text.contains(#""code":"answer_too_slow""#) == true)
            }
            gate.continuation.finish()
            if path == "/deaf" { try await journal.wait(for: "ended") }
            #expect(try await Self.exchange(server, Self.get("/health")).map(\.status) == [200])
        }
    }

    @Test("Only a configured proxy may name the client", arguments: [
        ([], "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\n", "127.0.0.1 false shop.example"),
        (["127.0.0.1"], "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\n", "9.9.9.9 true shop.example"),
        (["127.0.0.0/8"], "X-Forwarded-For: 6.6.6.6, 9.9.9.9\r\n", "9.9.9.9 false shop.example"),
        (["127.0.0.0/8"], "X-Forwarded-For: 9.9.9.9, 127.0.0.2\r\n", "9.9.9.9 false shop.example"),
        (["127.0.0.0/8"], "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 2001:DB8::1\r\n",
            "2001:db8::1 false shop.example"),
        (["127.0.0.0/8"], "X-Forwarded-For: nonsense\r\n", "127.0.0.1 false shop.example"),
        (["10.0.0.0/8"], "X-Forwarded-For: 9.9.9.9\r\n", "127.0.0.1 false shop.example"),
        (["127.0.0.1"], "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n", "127.0.0.1 false shop.example"),
    ])
    func peer(_ proxies: [String], _ fields: String, _ expected: String) async throws {
        let answers = try await TestServer.with { $0.trustedProxies = proxies } _: { server in
            try await Self.exchange(server, Self.get("/peer", fields))
        }
        #expect(answers.first?.text == expected)
    }

    @Test("A server that cannot start says why")
    func startErrors() async throws {
        try await TestServer.with { server in
            var configuration = Server.Configuration()
            configuration.port = server.port
            configuration.loops = 2
            #expect(throws: ServerError.addressInUse(address: "127.0.0.1", port: server.port)) {
                try Server(configuration: configuration) { _ in .text("") }
            }
        }
        func start(_ change: (inout Server.Configuration) -> Void) throws(ServerError) {
            var configuration = Server.Configuration()
            configuration.port = 0
            change(&configuration)
            _ = try Server(configuration: configuration) { _ in .text("") }
        }
        #expect(throws: ServerError.malformedAddress("localhost")) { try start { $0.address = "localhost" } }
        #expect(throws: ServerError.malformedPort(65_536)) { try start { $0.port = 65_536 } }
        #expect(throws: ServerError.malformedProxy("10.0.0.0/33")) { try start { $0.trustedProxies = ["10.0.0.0/33"] } }
        #expect(throws: ServerError.addressNotAvailable(address: "203.0.113.9")) {
            try start { $0.address = "203.0.113.9" }
        }
    }

    @Test("A server on an address of IPv6 serves it, and one on all addresses both families", arguments: [
        ("::1", ["[::1]": "::1"]), ("::", ["[::1]": "::1", "127.0.0.1": "127.0.0.1"]),
    ])
    func addressFamilies(address: String, peers: [String: String]) async throws {
        do {
            try await TestServer.with { $0.address = address } _: { server in
                for (host, peer) in peers {
                    let authority = "\(host):\(server.port)"
                    let url = try URL(parsing: "http://\(authority)/peer")
                    let request = ClientRequest(.get, url, timeout: 60_000)
                    let response = try await Client(.trusted).send(request)
                    #expect(String(decoding: response.body, as: UTF8.self) == "\(peer) false \(authority)")
                }
            }
        } catch ServerError.addressNotAvailable, ServerError.system(call: "socket", error: EAFNOSUPPORT) {
            try Test.cancel("this machine has no IPv6")
        }
    }

    @Test("Beyond its share a peer is refused, and beyond all places everybody", arguments: [
        (3, 100, 429), (100, 3, 503),
    ])
    func connectionLimits(perPeer: Int, together: Int, status: Int) async throws {
        let outcomes = try await TestServer.with {
            $0.limits.connectionsPerPeer = perPeer
            $0.limits.connections = together
            $0.loops = 1
        } _: { server in
            let (held, late) = try await RawClient.run { [port = server.port] in
                let held = try (0..<3).map { _ in try RawClient(port: port) }
                for client in held {
                    client.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                    _ = client.receive(answers: 1)
                }
                let late = try RawClient(port: port)
                defer { late.close() }
                return (held, late.receive())
            }
            // A place that is given back is free for another.
            held[0].close()
            while server.connectionCount == 3 { try await Task.sleep(for: .milliseconds(2)) }
            let next = try await RawClient.run { [port = server.port] in
                let next = try RawClient(port: port)
                defer { next.close() }
                next.send(Self.get("/health"))
                return next.receive()
            }
            for client in held.dropFirst() { client.close() }
            return [late, next]
        }
        #expect(outcomes.map(\.statuses) == [[status], [200]])
        #expect(outcomes.map(\.isClosed) == [true, true])
    }

    @Test("A drain finishes what is in flight, closes what is idle and lets nobody in")
    func drain() async throws {
        let gate = AsyncStream<Void>.makeStream()
        var router = Router()
        let journal = TestServer.Journal()
        router.get("/wait") { _ in
            journal.note("waiting")
            for await _ in gate.stream {}
            return .text("done")
        }
        router.get("/health") { _ in .text("ok") }
        var configuration = Server.Configuration()
        configuration.port = 0
        configuration.limits.sweep = 10
        let server = try Server(configuration: configuration) { [router] in try await router.respond(to: $0) }
        let serving = Task { await server.run() }
        let port = server.port
        let (idle, busy) = try await RawClient.run {
            let idle = try RawClient(port: port)
            idle.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = idle.receive(answers: 1)
            let busy = try RawClient(port: port)
            busy.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
            return (idle, busy)
        }
        try await journal.wait(for: "waiting")
        serving.cancel()
        let idleEnd = try await RawClient.run {
            let end = idle.receive()
            // Each loop closes its listener by itself; when the last has, nobody is let in.
            while let late = try? RawClient(port: port) { late.close() }
            return end
        }
        #expect(idleEnd.isClosed && idleEnd.bytes.isEmpty)
        gate.continuation.finish()
        let outcome = try await RawClient.run { busy.receive() }
        #expect(outcome.answers.map(\.text) == ["done"])
        #expect(outcome.answers.first?.headers["connection"] == "close")
        idle.close()
        busy.close()
        await serving.value
    }

    @Test("A drain does not wait for ever")
    func drainLimit() async throws {
        let journal = TestServer.Journal()
        let router = TestServer.routes(journal)
        let outcome = try await TestServer.with(router: router) { $0.limits.drain = 30 } _: { server in
            let client = try await RawClient.run { [port = server.port] in
                let client = try RawClient(port: port)
                client.send("GET /hang HTTP/1.1\r\nHost: x\r\n\r\n")
                return client
            }
            try await journal.wait(for: "began")
            return client
        }
        #expect(journal.all == ["began", "cancelled"])
        outcome.close()
    }
}
