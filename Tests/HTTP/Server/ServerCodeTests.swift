import HTTP
import JSON
import Testing

/// What the server answers by itself and no row of `ConformanceTests` leads to: it takes time, or a full house.
@Suite struct ServerCodeTests {
    struct Story: Sendable, CustomTestStringConvertible {
        let code: String
        let status: Int
        let request: String
        let configure: @Sendable (inout Server.Configuration) -> Void

        init(
            _ status: Int, _ code: String, _ request: String, _ configure: @escaping @Sendable (inout Limits) -> Void
        ) {
            (self.status, self.code, self.request) = (status, code, request)
            self.configure = { configure(&$0.limits) }
        }

        var testDescription: String { code }
    }

    private static let get = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"

    static let stories = [
        Story(408, "request_too_slow", "GET /health HTT") { $0.headDeadline = 20 },
        Story(408, "request_too_slow", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc") {
            $0.bodyGrace = 20
        },
        Story(503, "answer_too_slow", "GET /hang HTTP/1.1\r\nHost: x\r\n\r\n") {
            ($0.handler, $0.handlerAfterCancel) = (20, 20)
        },
        Story(503, "overloaded", get) { $0.connections = 0 },
        Story(503, "overloaded", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc") {
            $0.bodiesTogether = 2
        },
        Story(429, "too_many_connections", get) { $0.connectionsPerPeer = 0 },
        Story(503, "too_many_streams", "GET /events HTTP/1.1\r\nHost: x\r\n\r\n") { $0.streamsPerPeer = 0 },
        Story(500, "internal_error", "GET /throw HTTP/1.1\r\nHost: x\r\n\r\n") { _ in },
    ]

    @Test("Slowness and crowds have codes of their own", arguments: stories)
    func told(_ story: Story) async throws {
        let stream = EventStream()
        var router = TestServer.routes(TestServer.Journal())
        router.get("/events") { _ in .events(stream) }
        let outcome = try await TestServer.with(router: router, story.configure) { server in
            try await RawClient.run { [port = server.port] in
                let client = try RawClient(port: port)
                defer { client.close() }
                client.send(story.request)
                return client.receive(answers: 1)
            }
        }
        let answer = try #require(outcome.answers.first)
        #expect(answer.status == story.status)
        #expect(try answer.code == story.code)
        #expect(answer.headers["content-type"] == "application/problem+json")
    }
}

extension RawClient.Answer {
    /// The code of a problem; nil in a document that names none.
    var code: String? { get throws { try JSON.parse(body)["code"]?.asString } }
}
