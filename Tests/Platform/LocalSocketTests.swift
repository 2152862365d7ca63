import CLinux
import Foundation
import Platform
import Testing

@Suite("Sockets between processes of one machine")
struct LocalSocketTests {
    /// A listener that sends back what it gets, for the length of `body`.
    private func echoing(_ body: (_ folder: String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "quittance-local-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let listener = try LocalListener(folder: folder, name: "echo")
        let serving = Task {
            await withDiscardingTaskGroup { group in
                for await connection in listener.connections {
                    group.addTask { await Self.echo(connection) }
                }
            }
        }
        try await body(folder)
        listener.stop()
        await serving.value
        #expect(try Files.names(in: folder).isEmpty, "nothing is left behind")
    }

    /// Sends back until the other end is gone.
    private static func echo(_ connection: LocalConnection) async {
        _ = try? await Worker().run {
            while true {
                let message = try connection.receive(maxBytes: 1 << 20, withinMilliseconds: 60_000)
                try connection.send(message, withinMilliseconds: 60_000)
            }
        }
    }

    @Test("A message of any length comes back as it went", arguments: [0, 1, 4, 65_535, 65_536, 1 << 20])
    func messages(length: Int) async throws {
        try await echoing { folder in
            let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let answer = try await Worker().run {
                let connection = try LocalConnection.connect(folder: folder, name: "echo")
                #expect(connection.peerUser == LocalConnection.ownUser)
                try connection.send(message, withinMilliseconds: 60_000)
                return try connection.receive(maxBytes: 1 << 20, withinMilliseconds: 60_000)
            }
            #expect(answer == message)
        }
    }

    @Test("What is too long, too slow or broken off is told apart")
    func failures() async throws {
        try await echoing { folder in
            try await Worker().run {
                let connection = try LocalConnection.connect(folder: folder, name: "echo")
                #expect(throws: LocalSocketError.tooSlow) {
                    try connection.receive(maxBytes: 10, withinMilliseconds: 5)
                }
                try connection.send([1, 2, 3, 4, 5], withinMilliseconds: 60_000)
                #expect(throws: LocalSocketError.tooLarge) {
                    try connection.receive(maxBytes: 4, withinMilliseconds: 60_000)
                }
                let other = try LocalConnection.connect(folder: folder, name: "echo")
                #expect(throws: LocalSocketError.ended) {
                    try other.send([UInt8](repeating: 0, count: (1 << 20) + 1), withinMilliseconds: 60_000)
                    _ = try other.receive(maxBytes: 10, withinMilliseconds: 60_000)
                }
            }
        }
    }

    @Test("Nobody there is told apart from nothing there")
    func absence() throws {
        let folder = NSTemporaryDirectory() + "quittance-local-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(failure(folder, "none")?.isNotFound == true)
        #expect(failure(folder + "/none", "none")?.isNotFound == true)
        #expect(failure(folder, String(repeating: "n", count: 200))?.number == ENAMETOOLONG)
    }

    private func failure(_ folder: String, _ name: String) -> FileError? {
        do throws(FileError) {
            _ = try LocalConnection.connect(folder: folder, name: name)
            return nil
        } catch {
            return error
        }
    }
}

@Suite("Programs that are started")
struct ChildProcessTests {
    @Test("A program's words, its code and the signal that ended it are told", arguments: [
        ("printf 'a\\nb'; exit 3", 3, "a\nb"), ("echo out; echo err >&2", 0, "out\nerr"), ("kill -9 $$", 137, ""),
        ("printf ''", 0, ""), ("kill -PIPE $$; echo survived", 141, ""),
        ("ls /proc/self/fd | wc -l", 0, "4"),
    ])
    func outcomes(script: String, code: Int32, output: String) async throws {
        // One that is not closed on exec, so that the count shows whether it is passed on.
        let leaked = dup(2)
        defer { close(leaked) }
        Signals.ignoreBrokenPipes()
        let ended = try await ChildProcess.run("/bin/sh", ["-c", script], errors: .output)
        #expect(ended.code == code)
        #expect(ended.output == output)
    }

    @Test("Programs start however many descriptors are open")
    func manyDescriptors() async throws {
        var limit = rlimit()
        try #require(unsafe linux_get_descriptor_limit(&limit) == 0)
        limit.rlim_cur = min(limit.rlim_max, 8_192)
        _ = unsafe linux_set_descriptor_limit(&limit)
        let many = (0..<min(3_000, Int(limit.rlim_cur) / 2)).map { _ in dup(2) }
        defer { for descriptor in many { close(descriptor) } }
        #expect(try await ChildProcess.run("/bin/echo", ["here"]).output == "here")
    }

    @Test("A child hears what it is sent and asked, and one that cannot start is said")
    func conversation() async throws {
        let cat = try ChildProcess("/bin/cat")
        var lines = cat.lines.makeAsyncIterator()
        cat.send("one")
        #expect(await lines.next() == "one")
        #expect(cat.isRunning)
        cat.endInput()
        #expect(await cat.ended() == 0)
        #expect(!cat.isRunning && !cat.send("two"))
        let sleeper = try ChildProcess("/bin/sh", ["-c", "echo ready; exec sleep 600"])
        var words = sleeper.lines.makeAsyncIterator()
        #expect(await words.next() == "ready")
        sleeper.terminate()
        #expect(await sleeper.ended() == 128 + SIGTERM)
        let whole = try await ChildProcess.run("/usr/bin/env", environment: ["ONLY": "this"], isWhole: true)
        #expect(whole.output == "ONLY=this")
        do throws(FileError) {
            _ = try ChildProcess("/nowhere/program")
            Issue.record("it started")
        } catch {
            #expect(error.isNotFound)
        }
    }
}
