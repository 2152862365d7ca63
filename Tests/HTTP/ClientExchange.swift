import Glibc
import Platform
import TestKit
import Testing

@testable import HTTP

/// `http://127.0.0.1:port/path`.
func local(_ server: RawServer, _ path: String = "/") throws -> URL {
    try URL(parsing: "http://127.0.0.1:\(server.port)\(path)")
}

/// The error that `body` ends with; nil when it does not.
func clientError(_ body: () async throws(ClientError) -> ClientResponse) async -> ClientError? {
    do throws(ClientError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

@Suite struct ClientExchange {
    /// Answers every request with the request's own text.
    private static func echo() throws -> RawServer {
        try RawServer { connection in
            while let request = connection.readRequest() { connection.answer(body: request) }
        }
    }

    @Test func `a request goes out as it was built`() async throws {
        let server = try Self.echo()
        defer { server.stop() }
        let client = Client(.trusted, userAgent: "test/1")
        let request = ClientRequest(
            .post, try local(server, "/a/../b?c=%20d"),
            headers: ["Authorization": "Bearer x", "X-Empty": "", "Host": "other", "Content-Length": "99"],
            body: Array("{\"a\":1}\0".utf8))
        let response = try await client.send(request)
        #expect(response.status == .ok)
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(text.hasPrefix("POST /a/../b?c=%20d HTTP/1.1\r\n"))
        #expect(text.hasSuffix("\r\n\r\n{\"a\":1}\0"))
        let lines = Set(text.split(separator: "\r\n").map { $0.lowercased() })
        #expect(lines.isSuperset(of: [
            "host: 127.0.0.1:\(server.port)", "user-agent: test/1", "authorization: bearer x", "x-empty:",
            "content-length: 8",
        ]))
        #expect(!lines.contains { $0.hasPrefix("expect:") || $0.hasPrefix("content-type:") || $0.hasPrefix("accept") })
    }

    @Test func `the environment's proxies are not asked`() async throws {
        // In a process of its own: the environment belongs to all threads.
        await #expect(processExitsWith: .success) {
            let proxy = try RawServer { $0.waitForClose() }
            let server = try Self.echo()
            for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
                unsafe setenv(name, "http://127.0.0.1:\(proxy.port)", 1)
            }
            for name in ["no_proxy", "NO_PROXY"] { unsafe unsetenv(name) }
            for policy in [ClientPolicy.trusted, .guarded(allowLoopback: true)] {
                let response = try await Client(policy).send(ClientRequest(.get, try local(server)))
                #expect(response.status == .ok)
            }
            #expect(proxy.accepted == 0)
        }
    }

    @Test(arguments: Method.allCases) func `every method is sent, and without a body unless there is one`(
        _ method: Method
    ) async throws {
        let server = try Self.echo()
        defer { server.stop() }
        let response = try await Client(.trusted).send(ClientRequest(method, try local(server)))
        #expect(response.status == .ok)
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(method == .head ? text.isEmpty : text.hasPrefix("\(method.rawValue) / HTTP/1.1\r\n"))
    }

    @Test func `a long request body is sent without waiting for a permission`() async throws {
        let server = try Self.echo()
        defer { server.stop() }
        let body = [UInt8](repeating: 0x61, count: 300_000)
        let response = try await Client(.trusted).send(ClientRequest(.put, try local(server), body: body))
        #expect(response.body.suffix(300_000).elementsEqual(body))
    }

    @Test func `a redirect is an answer and is not followed`() async throws {
        let server = try RawServer { connection in
            while connection.readRequest() != nil {
                connection.answer("302 Found", fields: "Location: /elsewhere\r\nSet-Cookie: a=b\r\n")
            }
        }
        defer { server.stop() }
        let response = try await Client(.trusted).send(ClientRequest(.get, try local(server)))
        #expect(response.status == Status(302))
        #expect(!response.isSuccess)
        #expect(response.headers["location"] == "/elsewhere")
    }

    @Test func `a connection is used again, but not for a request that is sent at most once`() async throws {
        let server = try Self.echo()
        defer { server.stop() }
        let client = Client(.trusted)
        for _ in 0..<3 { _ = try await client.send(ClientRequest(.get, try local(server))) }
        #expect(server.accepted == 1)
        _ = try await client.send(ClientRequest(.post, try local(server), isSentAtMostOnce: true))
        #expect(server.accepted == 2)
    }

    @Test(.timeLimit(.minutes(15)))
    func `a connection for a request that is sent at most once is not kept`() async throws {
        try await TestServer.with { $0.limits.idle = 3_600_000 } _: { server in
            let url = try URL(parsing: "http://127.0.0.1:\(server.port)/echo")
            let client = Client(.trusted)
            for _ in 0..<3 {
                let request = ClientRequest(
                    .post, url, body: [1], timeout: 3_600_000, isSentAtMostOnce: true)
                let response = try await client.send(request)
                #expect(response.status == .ok)
                #expect(response.headers["connection"] == "close")
            }
            while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(2)) }
        }
    }

    @Test func `interim answers are passed over and trailers are left out`() async throws {
        let server = try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Late: 2\r\n")
            connection.write("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Trailer: 3\r\n\r\n")
            connection.waitForClose()
        }
        defer { server.stop() }
        let response = try await Client(.trusted).send(ClientRequest(.get, try local(server)))
        #expect(response.headers["X-Early"] == nil)
        #expect(response.headers["X-Late"] == "2")
        #expect(response.headers["X-Trailer"] == nil)
        #expect(response.body == Array("abc".utf8))
    }

    @Test func `100 requests at once all get their own answers`() async throws {
        let server = try Self.echo()
        defer { server.stop() }
        let client = Client(.trusted)
        let url = try local(server)
        let matching = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let body = Array("number \(number).".utf8)
                    let response = try? await client.send(ClientRequest(.post, url, body: body, timeout: 60_000))
                    return response?.body.suffix(body.count).elementsEqual(body) ?? false
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(matching == 100)
        #expect(server.accepted <= ClientLimits().transfersPerOrigin)
    }

    @Test func `a silent host does not delay another`() async throws {
        let silent = try RawServer { $0.waitForClose() }
        let server = try Self.echo()
        defer {
            silent.stop()
            server.stop()
        }
        var limits = ClientLimits()
        limits.transfersPerOrigin = 2
        limits.transfers = 4
        let client = Client(.trusted, limits: limits)
        let (hole, url) = (try local(silent), try local(server))
        await withTaskGroup(of: ClientError?.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    await clientError { () throws(ClientError) in
                        try await client.send(ClientRequest(.get, hole, timeout: 3_600_000))
                    }
                }
            }
            for _ in 0..<30 {
                let response = try? await client.send(ClientRequest(.get, url, timeout: 60_000))
                #expect(response?.status == .ok)
            }
            #expect(silent.accepted <= 2)
            group.cancelAll()
            for await error in group { #expect(error?.kind == .cancelled) }
        }
    }
}
