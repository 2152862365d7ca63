import Glibc
import HTTP
import Platform
import Testing

/// What is still taken from a client whose last answer waits for it to read.
@Suite struct ClosingTests {
    /// Far more than a server and its sockets need for themselves.
    private static let megabytes = 200

    /// Begins a conversation whose last answer cannot go out: a large one that is not read, then a refusal.
    private static func unread(_ server: Server) async throws -> RawClient {
        try await RawClient.run { [port = server.port] in
            let client = try RawClient(port: port, receiveBuffer: 4_096)
            client.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\nBAD : \r\n\r\n")
            return client
        }
    }

    /// Sends so many megabytes; false when the server has had enough before.
    private static func pour(_ client: RawClient) async throws -> Bool {
        try await RawClient.run {
            let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
            return (0..<megabytes).allSatisfy { _ in client.send(piece) }
        }
    }

    private static func residentBytes() throws -> Int {
        let status = try Files.read("/proc/self/status", maxBytes: 1 << 16)
        let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("VmRSS:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) << 10
    }

    /// In a process of its own: what other tests need meanwhile is not counted.
    @Test("After a refusal nothing that comes is kept, however long the client does not read")
    func keepsNothing() async {
        await #expect(processExitsWith: .success) { try await Self.pourAside() }
    }

    private static func pourAside() async throws {
        try await TestServer.with {
            $0.limits.pipelinedBytes = 1 << 30
            $0.limits.lingerBytes = .max
        } _: { server in
            let client = try await unread(server)
            defer { client.close() }
            let before = try residentBytes()
            #expect(try await pour(client))
            #expect(try residentBytes() - before < (megabytes / 4) << 20)
        }
    }

    @Test("Whoever comes on and on does not keep a server from ending: it takes so many more, and no others")
    func endsUnderAFlood() async throws {
        let (isHeld, isLetGo) = (Lock(false), Lock(false))
        var configuration = Server.Configuration()
        (configuration.port, configuration.loops) = (0, 1)
        (configuration.limits.acceptsPerPass, configuration.limits.acceptsInDrain) = (1, 3)
        let server = try Server(configuration: configuration) { request in
            guard request.path == "/hold" else { return .text("ok") }
            // It holds the loop's own thread, so that all who come meanwhile wait in the kernel.
            isHeld.withLock { $0 = true }
            while !isLetGo.withLock({ $0 }) { sched_yield() }
            return .text("held")
        }
        let serving = Task { await server.run() }
        let statuses = try await RawClient.run { [port = server.port] in
            let first = try RawClient(port: port)
            first.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n")
            while !isHeld.withLock({ $0 }) { sched_yield() }
            let others = try (0..<20).map { _ in try RawClient(port: port) }
            for other in others { other.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n") }
            serving.cancel()
            isLetGo.withLock { $0 = true }
            let statuses = [first.receive().statuses] + others.map { $0.receive().statuses }
            for client in [first] + others { client.close() }
            return statuses
        }
        await serving.value
        #expect(statuses[0] == [200])
        // Those of the drain, and one of each pass before it.
        #expect((3...5).contains(statuses.dropFirst().count { $0 == [200] }), "\(statuses)")
    }

    @Test("A client that goes on sending after a refusal is dropped")
    func dropsWhatIsTooMuch() async throws {
        try await TestServer.with { $0.limits.pipelinedBytes = 1 << 30 } _: { server in
            let client = try await Self.unread(server)
            defer { client.close() }
            #expect(try await !Self.pour(client))
            while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(2)) }
        }
    }
}
