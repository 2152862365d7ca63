import CLinux
import Foundation
import HTTP
import Platform
import Testing

/// Many connections at once; the other side is a small Python process with descriptors of its own.
@Suite struct CrowdTests {
    private static let script = """
        import resource, socket, sys
        port, count = int(sys.argv[1]), int(sys.argv[2])
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        crowd = [socket.create_connection(('127.0.0.1', port)) for _ in range(count)]
        print('connected', flush=True)
        sys.stdin.readline()
        answered = 0
        for s in crowd[:200]:
            s.sendall(b'GET /health HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
            answered += s.recv(4096).startswith(b'HTTP/1.1 200')
        print(answered, flush=True)
        sys.stdin.readline()
        """

    @Test("Ten thousand idle connections are held, and the server goes on answering")
    func idleConnections() async throws {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/python3") else {
            print("SKIPPED: ten thousand idle connections need /usr/bin/python3")
            return
        }
        let count = min(10_000, Self.descriptorLimit - 2_000)
        if count < 10_000 { print("SKIPPED: more than \(count) idle connections, for the limit on descriptors") }
        try await TestServer.with {
            $0.limits.connectionsPerPeer = 20_000
            $0.limits.headDeadline = 600_000
        } _: { server in
            let crowd = try ChildProcess("/usr/bin/python3", ["-c", Self.script, String(server.port), String(count)])
            var lines = crowd.lines.makeAsyncIterator()
            #expect(await lines.next() == "connected")
            while server.connectionCount < count { try await Task.sleep(for: .milliseconds(5)) }
            crowd.send("")
            #expect(await lines.next() == "200")
            let answers = try await ServerTests.exchange(server, ServerTests.get("/health"))
            #expect(answers.map(\.status) == [200])
            crowd.endInput()
            #expect(await crowd.ended() == 0)
            while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    private static var descriptorLimit: Int {
        var limit = rlimit()
        return unsafe linux_get_descriptor_limit(&limit) == 0 ? Int(clamping: limit.rlim_max) : 1_024
    }
}
