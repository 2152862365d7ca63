import Platform
import TestKit
import Testing

@testable import HTTP

/// The guard at work, with the resolver's answers chosen by the test.
@Suite struct ClientGuarding {
    private static func server() throws -> RawServer {
        try RawServer { connection in
            while connection.readRequest() != nil { connection.answer(body: "ok") }
        }
    }

    private func isRefused(_ error: ClientError?) -> Bool {
        guard case .refusedByGuard = error?.kind else { return false }
        return true
    }

    private func request(_ url: URL, resolvedTo addresses: String? = nil) -> ClientRequest {
        var request = ClientRequest(.post, url, body: [1], timeout: 60_000)
        if let addresses { request.resolve = ["\(url.host):\(url.port):\(addresses)"] }
        return request
    }

    @Test(arguments: [
        "127.0.0.1", "0.0.0.0", "10.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "[::1]", "[::]",
        "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fd00::1]",
        "localhost",
    ]) func `a guarded client opens no socket to a special address`(_ host: String) async throws {
        let server = try Self.server()
        defer { server.stop() }
        let client = Client(.guarded(allowLoopback: false))
        let url = try URL(parsing: "http://\(host):\(server.port)/")
        let error = await clientError { () throws(ClientError) in try await client.send(request(url)) }
        #expect(isRefused(error), "\(String(describing: error))")
        #expect(error?.mayHaveReachedPeer == false)
        #expect(server.accepted == 0)
    }

    @Test func `loopback is let through when the policy says so, for addresses and names`() async throws {
        let server = try Self.server()
        defer { server.stop() }
        let client = Client(.guarded(allowLoopback: true))
        #expect(try await client.send(request(local(server))).status == .ok)
        let named = try URL(parsing: "http://shop.invalid:\(server.port)/")
        #expect(try await client.send(request(named, resolvedTo: "127.0.0.1")).status == .ok)
        let inside = request(try URL(parsing: "http://10.0.0.1/"))
        let error = await clientError { () throws(ClientError) in try await client.send(inside) }
        #expect(isRefused(error))
    }

    @Test func `a connection of a trusted client does not serve a guarded one`() async throws {
        let server = try Self.server()
        defer { server.stop() }
        let trusted = Client(.trusted)
        let guarded = Client(.guarded(allowLoopback: false))
        let url = try local(server)
        for _ in 0..<3 {
            #expect(try await trusted.send(request(url)).status == .ok)
            let error = await clientError { () throws(ClientError) in try await guarded.send(request(url)) }
            #expect(isRefused(error))
        }
        #expect(server.accepted == 1)
    }

    @Test func `a name that changes to a forbidden address is refused at the next connection`() async throws {
        let server = try RawServer { connection in
            if connection.readRequest() != nil { connection.answer(fields: "Connection: close\r\n") }
        }
        defer { server.stop() }
        let client = Client(.guarded(allowLoopback: true))
        let url = try URL(parsing: "http://rebinding.invalid:\(server.port)/")
        #expect(try await client.send(request(url, resolvedTo: "127.0.0.1")).status == .ok)
        for address in ["10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "[fd00::1]", "[fe80::1]"] {
            let error = await clientError { () throws(ClientError) in
                try await client.send(request(url, resolvedTo: address))
            }
            #expect(isRefused(error), "\(address): \(String(describing: error))")
        }
        #expect(server.accepted == 1)
    }

    @Test func `of several addresses only the allowed are used`() async throws {
        let server = try Self.server()
        defer { server.stop() }
        let client = Client(.guarded(allowLoopback: true))
        let url = try URL(parsing: "http://several.invalid:\(server.port)/")
        let response = try await client.send(request(url, resolvedTo: "10.0.0.1,[fd00::1],127.0.0.1"))
        #expect(response.status == .ok)
    }

    @Test func `the refusal says the address and its range`() async throws {
        let client = Client(.guarded(allowLoopback: false))
        let url = try URL(parsing: "https://inside.invalid/")
        let error = await clientError { () throws(ClientError) in
            try await client.send(request(url, resolvedTo: "172.20.0.5"))
        }
        #expect(error?.detail == "172.20.0.5 is within 172.16.0.0/12 (private use)")
    }
}
