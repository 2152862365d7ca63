import CLinux
import Foundation
import HTTP
import Platform
import Testing

private let python = "/usr/bin/python3"

private var isPossible: Bool {
    var limit = rlimit()
    guard unsafe linux_get_descriptor_limit(&limit) == 0, limit.rlim_max >= 14_000 else { return false }
    return FileManager.default.isExecutableFile(atPath: python)
}

/// Many connections at once. The server has a process of its own here, for its descriptors and its memory; the other
/// side is a small Python program with the descriptors that it needs.
@Suite(.enabled(if: isPossible, "this takes /usr/bin/python3 and 14,000 descriptors for a process"))
struct CrowdTests {
    /// A line in, a line out. `hold ADDRESS COUNT` opens so many connections from there and keeps them. `surplus
    /// ADDRESS COUNT` opens more and tells how they were answered, by status. `ask COUNT` sends a request over each of
    /// so many of the kept ones and tells how many were answered well. `closed` waits until the other side has closed
    /// all that are kept, and tells how many were closed without a word more.
    private static let script = """
        import collections, resource, socket, sys
        port = int(sys.argv[1])
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        held = []
        def connect(address, count):
            target = ('127.0.0.1', port)
            return [socket.create_connection(target, source_address=(address, 0)) for _ in range(int(count))]
        for line in sys.stdin:
            do, *words = line.split()
            if do == 'hold':
                held += connect(*words)
                said = 'held'
            elif do == 'surplus':
                answers = collections.Counter(s.recv(4096).split(b' ')[1].decode() for s in connect(*words))
                said = ' '.join(f'{status}:{count}' for status, count in sorted(answers.items()))
            elif do == 'ask':
                said = 0
                for s in held[:int(words[0])]:
                    s.sendall(b'GET /health HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
                    said += s.recv(4096).startswith(b'HTTP/1.1 200')
            elif do == 'closed':
                said = sum(s.recv(4096) == b'' for s in held)
            print(said, flush=True)
        """

    @Test("With its own limits the server holds twelve thousand idle connections, answers, and refuses what is beyond")
    func idleConnections() async {
        await #expect(processExitsWith: .success) { try await Self.crowd() }
    }

    private static func crowd() async throws {
        let clock = ManualClock()
        let limits = Limits()
        try await TestServer.with { $0.clock = clock } _: { server in
            let before = try memory()
            let others = try ChildProcess(python, ["-c", script, String(server.port)])
            func say(_ line: String) async -> String? {
                others.send(line)
                for await answer in others.lines { return answer }
                return nil
            }
            // So many from one address, and no more.
            let (share, addresses) = (limits.connectionsPerPeer, limits.connections / limits.connectionsPerPeer)
            for address in 1...addresses {
                #expect(await say("hold 127.0.1.\(address) \(share)") == "held")
                while server.connectionCount < address * share { try await Task.sleep(for: .milliseconds(5)) }
                if address == 1 { #expect(await say("surplus 127.0.1.1 10") == "429:10") }
                if address == addresses - 1 {
                    let answers = try await ServerTests.exchange(server, ServerTests.get("/health"))
                    #expect(answers.map(\.status) == [200])
                    while server.connectionCount > address * share { try await Task.sleep(for: .milliseconds(5)) }
                }
            }
            // So many from all, and no more; those that are held are served all the same.
            #expect(await say("surplus 127.0.2.1 100") == "503:100")
            #expect(await say("ask 200") == "200")
            #expect(server.connectionCount == limits.connections)
            let each = (try memory() - before) / limits.connections
            #expect(each < 8_192, "\(each) bytes of memory for each connection")
            // None is kept for ever.
            let passing = Task {
                while !Task.isCancelled {
                    clock.advance(by: 1_000)
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
            #expect(await say("closed") == String(limits.connections))
            while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(5)) }
            passing.cancel()
            others.endInput()
            #expect(await others.ended() == 0)
        }
    }

    /// Bytes of memory that this process holds.
    private static func memory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) << 10
    }
}
