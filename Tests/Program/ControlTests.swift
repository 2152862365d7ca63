import HTTP
import JSON
import Platform
import TestKit
import Testing

@testable import quittance

@Suite("Commands beside a gateway that runs on an embedded database")
struct ControlTests {
    /// A gateway that serves on a free port, for the length of `body`.
    private func serving(_ folder: String, _ body: (Running) async throws -> Void) async throws {
        var configuration = Configuration(data: folder)
        configuration.port = 0
        let running = try await Running.start(configuration, log: .silent)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(running))
        } catch {
            result = .failure(error)
        }
        try await running.stop()
        try result.get()
    }

    private func sockets(_ folder: String) throws -> [String] { try Control.names(in: folder) }

    private func run(
        _ words: [String], _ folder: String, _ variables: [String: String] = [:]
    ) async -> (ending: Ending, said: Lines) {
        let said = Lines()
        return (await Quittance.run(words + ["--data", folder], said.terminal(variables)), said)
    }

    @Test("What works on another database than the gateway, one that runs or one that ran, is refused")
    func otherDatabase() async throws {
        let (folder, elsewhere) = (try TemporaryFolder(), try TemporaryFolder())
        let (copy, served) = (folder.file("copy.db"), "sqlite:" + elsewhere.file("pay.db"))
        // The first trial left a database; the gateway has another one now.
        try await serving(folder.path) { _ in }
        #expect(await run(["backup", folder.file("first.db")], folder.path).ending == .good)
        var configuration = Configuration(data: folder.path)
        configuration.port = 0
        configuration.storage = .sqlite(elsewhere.file("pay.db"))
        configuration.movesStorage = true
        let running = try await Running.start(configuration, log: .silent)
        let commands = [
            ["backup", copy], ["restore", folder.file("first.db")], ["verify"], ["merchant", "list"],
            ["merchant", "create", "--name", "Shop"], ["restored", "--skip", "0"], ["key", "rotate-instance"],
            ["migrate"],
        ]
        for isRunning in [true, false] {
            if !isRunning { try await running.stop() }
            for words in commands {
                let refused = await run(words, folder.path)
                #expect(refused.ending == .wrongUse, "\(words)")
                #expect(refused.said.errors.first?.contains("on \(served), and this command") == true, "\(words)")
            }
            let doctor = await run(["doctor"], folder.path)
            #expect(doctor.ending == .finding && doctor.said.output.contains(served))
            #expect(doctor.said.output.contains("runs as process") == isRunning)
            let right = await run(["backup", copy + String(isRunning)], folder.path, ["QUITTANCE_STORAGE": served])
            #expect(right.ending == .good, "\(right.said.errors)")
        }
        #expect(!Files.exists(copy))
        let server = await run(["migrate"], folder.path, ["QUITTANCE_STORAGE": "postgres://nobody@127.0.0.1:1/none"])
        #expect(server.ending == .wrongUse)
        // Who serves says which one it is, and moves on purpose only.
        #expect(await run(["serve", "--listen", "127.0.0.1:0"], folder.path).ending == .wrongUse)
        var back = Configuration(data: folder.path)
        (back.port, back.movesStorage) = (0, true)
        try await Running.start(back, log: .silent).stop()
        #expect(await run(["backup", copy], folder.path).ending == .good)
    }

    @Test("A second gateway on another database comes up neither beside the first, nor after it, and leaves no trace")
    func otherServe() async throws {
        let (folder, elsewhere) = (try TemporaryFolder(), try TemporaryFolder())
        var configuration = Configuration(data: folder.path)
        configuration.port = 0
        configuration.storage = .sqlite(elsewhere.file("pay.db"))
        let running = try await Running.start(configuration, log: .silent)
        let word = try Files.read(folder.file("storage"), maxBytes: 4_096)
        func expectRefused(_ problem: String, _ words: [String] = []) async throws {
            let second = await run(["serve", "--listen", "127.0.0.1:0"] + words, folder.path)
            #expect(second.ending == .wrongUse)
            #expect(second.said.errors.first?.contains(problem) == true, "\(second.said.errors)")
            #expect(!Files.exists(folder.file("quittance.db")))
        }
        try await expectRefused("runs on sqlite:")
        try await expectRefused("runs on sqlite:", ["--new-storage"])
        #expect(try Files.read(folder.file("storage"), maxBytes: 4_096) == word)
        try Files.remove(folder.file("storage"))
        try await expectRefused("runs on sqlite:")
        try Files.write(word, to: folder.file("storage"))
        try await running.stop()
        try await expectRefused("works on sqlite:")
        #expect(try Files.read(folder.file("storage"), maxBytes: 4_096) == word)
        // As it was, it starts again.
        configuration.readers = 1
        try await Running.start(configuration, log: .silent).stop()
    }

    /// The status of an API request.
    private func status(_ url: String, _ key: String) async throws -> Int {
        try await Client(.trusted).send(
            ClientRequest(.get, try URL(parsing: url + "/v1/payments"), headers: ["Authorization": "Bearer \(key)"])
        ).status.code
    }

    @Test("Merchants and keys are made, listed and ended, and it takes effect at once")
    func administration() async throws {
        let folder = try TemporaryFolder()
        try await serving(folder.path) { running in
            let made = await run(["merchant", "create", "--name", "Shop"], folder.path)
            #expect(made.ending == .good && made.said.output.hasPrefix("mer_"))
            let listed = await run(["merchant", "list"], folder.path)
            #expect(listed.said.output == made.said.output + "  Shop")
            let key = await run(["key", "create", "--name", "till", "--scopes", "payments:read"], folder.path)
            #expect(key.ending == .good && key.said.output.hasPrefix("qk_test_"))
            let before = try await status(running.url, key.said.output)
            #expect(before == 200)
            let keys = await run(["key", "list"], folder.path)
            #expect(keys.said.output.hasSuffix("test  payments:read  till"))
            let id = String(keys.said.output.prefix { $0 != " " })
            #expect(await run(["key", "revoke", id], folder.path).said.output == "\(id) is revoked.")
            let after = try await status(running.url, key.said.output)
            #expect(after == 401)
            #expect(await run(["key", "revoke", id], folder.path).ending == .good, "twice is once")
            #expect(await run(["key", "list"], folder.path).said.output.hasSuffix("(revoked)"))
            #expect(await run(["verify"], folder.path).ending == .good)
        }
        #expect(try sockets(folder.path).isEmpty)
        #expect(await run(["verify"], folder.path).ending == .good)
        #expect(await run(["key", "list"], folder.path).said.output.hasSuffix("(revoked)"))
    }

    @Test("What is wrong is said as the command itself would say it", arguments: [
        (["key", "create"], "there is no merchant yet."), (["key", "revoke", "key_1"], "“key_1” is no key's identity."),
        (["key", "revoke", "key_00000000000000000000000000"], "there is no key key_00000000000000000000000000."),
        (["key", "list", "--merchant", "mer_1"], "there is no merchant “mer_1”."),
        (["merchant", "create", "--name", "a\nb"], "--name is one line of at most 100 bytes."),
    ])
    func refusals(words: [String], problem: String) async throws {
        let folder = try TemporaryFolder()
        #expect(await run(["migrate", "--new"], folder.path).ending == .good)
        let alone = await run(words, folder.path)
        #expect(alone.ending == .wrongUse)
        #expect(alone.said.errors.first == "quittance: \(problem)")
        try await serving(folder.path) { _ in
            let beside = await run(words, folder.path)
            #expect(beside.ending == .wrongUse)
            #expect(beside.said.errors == alone.said.errors)
        }
    }

    @Test("A doctor asks the running gateway what it is bound to")
    func doctor() async throws {
        let folder = try TemporaryFolder()
        _ = await run(["merchant", "create", "--name", "Shop"], folder.path)
        let before = await run(["doctor"], folder.path)
        #expect(before.ending == .good)
        #expect(before.said.output.contains("does not run"))
        #expect(before.said.output.contains("http://127.0.0.1:8080, from this machine only"))
        try await serving(folder.path) { running in
            let beside = await run(["doctor"], folder.path)
            #expect(beside.ending == .good, "\(beside.said.output)")
            #expect(beside.said.output.contains("runs as process \(Environment.processID) since "))
            #expect(beside.said.output.contains("listens on \(running.url.dropFirst("http://".count))"))
            #expect(beside.said.output.contains("\(running.url), from this machine only"))
            #expect(!beside.said.output.contains(":8080, from"))
        }
    }

    @Test("A folder with a long path, and one with a socket whose process is gone, are served all the same")
    func places() async throws {
        let parent = try TemporaryFolder()
        let folder = parent.file(String(repeating: "long/", count: 40) + "data")
        try Files.makeFolder(folder)
        let dead = try ChildProcess(
            "/usr/bin/python3",
            ["-c", "import socket, os; os.chdir('\(folder)'); s = socket.socket(socket.AF_UNIX); "
                + "s.bind('control-00000000.sock'); s.listen(); print('bound')"], input: .nothing)
        #expect(await dead.ended() == 0)
        #expect(try sockets(folder) == ["control-00000000.sock"])
        #expect(await run(["migrate", "--new"], folder).ending == .good)
        #expect(await run(["merchant", "list"], folder).ending == .good)
        try await serving(folder) { _ in
            let names = try sockets(folder)
            #expect(names.count == 1 && names != ["control-00000000.sock"])
            #expect(try Files.permissions(of: folder + "/" + names[0]) == 0o600)
            #expect(await run(["merchant", "list"], folder).ending == .good)
        }
    }

    /// What a conversation begins with, and what it gets: words of the answer, or none.
    static let openings: [(bytes: [UInt8], answer: String?)] = [
        (Array("{}".utf8), "does not know this command"),
        (Array("{\"version\": \"9\", \"request\": {\"do\": \"fly\"}}".utf8), "(9)"),
        (Array("{\"request\": {\"do\": \"key.create\"}}".utf8), "does not know this command"),
        (Array("not JSON".utf8), "error"), ([], "error"), ([UInt8](repeating: 0x20, count: 100_000), nil),
    ]

    @Test("Whoever speaks nonsense is told so or hung up on, and the next one is served", arguments: openings.indices)
    func nonsense(index: Int) async throws {
        let (bytes, answer) = Self.openings[index]
        let folder = try TemporaryFolder()
        try await serving(folder.path) { _ in
            let name = try #require(try sockets(folder.path).first)
            let connection = try LocalConnection.connect(folder: folder.path, name: name)
            #expect(connection.peerUser == LocalConnection.ownUser)
            let worker = Worker()
            let reply = try await worker.run { () -> String? in
                do {
                    try connection.send(bytes, withinMilliseconds: 60_000)
                    let reply = try connection.receive(maxBytes: 65_536, withinMilliseconds: 60_000)
                    return String(decoding: reply, as: UTF8.self)
                } catch LocalSocketError.ended {
                    return nil
                }
            }
            if let answer { #expect(reply?.contains(answer) == true, "\(reply ?? "nothing")") } else {
                #expect(reply == nil)
            }
            #expect(await run(["merchant", "list"], folder.path).ending == .good)
        }
    }

    @Test("More conversations than allowed at once are told to come again, and the rest go on")
    func crowd() async throws {
        let folder = try TemporaryFolder()
        try await serving(folder.path) { _ in
            let name = try #require(try sockets(folder.path).first)
            let silent = try (0..<quittance.Limits.conversations).map { _ in
                try LocalConnection.connect(folder: folder.path, name: name)
            }
            let busy = await run(["merchant", "list"], folder.path)
            #expect(busy.ending == .worldFailed)
            #expect(busy.said.errors.first?.contains("answers other commands") == true)
            withExtendedLifetime(silent) {}
        }
    }
}
