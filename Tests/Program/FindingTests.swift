import Chains
import Database
import Foundation
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import quittance

@Suite("What commands find, they say, and end with it", .timeLimit(.minutes(15)))
struct FindingTests {
    /// Runs a command line on a folder.
    private func run(
        _ command: String, _ data: String, _ variables: [String: String] = [:], freeBytes: UInt64 = 1 << 40
    ) async -> (ending: Ending, said: Lines) {
        let said = Lines()
        let words = command.split(separator: " ").map(String.init) + ["--data", data]
        return (await Quittance.run(words, said.terminal(variables, freeBytes: freeBytes)), said)
    }

    /// A folder with a gateway in good order, and a merchant.
    private func made() async throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try #require(await run("merchant create --name Shop", folder.path).ending == .good)
        return folder
    }

    private func change(_ folder: TemporaryFolder, _ statement: SQL) async throws {
        let database = try await Database.open(.sqlite(folder.file("quittance.db")), readers: 1)
        let rows = try await database.write { try $0.execute(statement) }
        await database.close()
        try #require(rows > 0)
    }

    @Test("verify ends with 1 and names what differs, and says what it could not check", arguments: [
        ("UPDATE merchant SET name = 'Other'", "name"),
        ("UPDATE record SET body = previous WHERE chain <> 'instance'", "hash"),
    ] as [(SQL, String)])
    func verify(deed: SQL, word: String) async throws {
        let folder = try await made()
        let clean = await run("verify", folder.path)
        #expect(clean.ending == .good && clean.said.output.contains("The log and the tables agree: "))
        // The result first: what nobody can check is no finding.
        let said = clean.said.output.split(separator: "\n")
        #expect(said.first?.hasPrefix("The log and the tables agree: ") == true)
        #expect(said.dropFirst().allSatisfy { $0.hasPrefix("not checked: ") } && said.count > 1)
        try await change(folder, deed)
        let found = await run("verify", folder.path)
        #expect(found.ending == .finding)
        let differences = found.said.output.split(separator: "\n").filter { $0.hasPrefix("differs  ") }
        #expect(differences.contains { $0.contains(word) }, "\(found.said.output)")
        let plural = differences.count == 1 ? "difference" : "differences"
        #expect(found.said.output.hasPrefix("\(differences.count) \(plural) in "))
    }

    @Test("Play money that does not read any more stops neither the gateway nor who looks into it", arguments: [
        "DELETE FROM sandbox_journal WHERE sequence = 2", "UPDATE sandbox_journal SET command = '{' WHERE sequence = 2",
        "UPDATE sandbox_journal SET command = x'ff' WHERE sequence = 2",
    ] as [SQL])
    func sandbox(_ deed: SQL) async throws {
        let folder = try await made()
        let key = await run("key create", folder.path).said.output
        var configuration = Configuration(data: folder.path)
        configuration.port = 0
        let before = try await Running.start(configuration, log: .silent)
        let player = APIClient(url: before.url, key: key)
        for _ in 0..<3 { try await player.post("/v1/sandbox/mine", ["network": "sandbox"]) }
        try await before.stop()
        #expect(await run("doctor", folder.path).ending == .good)
        try await change(folder, deed)
        try await expectStill(folder, key, "sandbox_journal")
    }

    /// Where the world is kept whole, and what is done to it there.
    enum Kept: String, CaseIterable, Sendable {
        case firstHeight, lastHeight, staleHeight, number, text, sequence, journalSequence

        func done(to state: String) -> String {
            let stale = state.firstRange(of: "\"stale\":[")?.upperBound ?? state.startIndex
            let height = state[stale...].firstRange(of: "\"height\":2")?.upperBound ?? stale
            return switch self {
            case .firstHeight: state.replacing("\"height\":2001,", with: "\"height\":1901,")
            case .lastHeight: state.replacing("\"height\":3001,", with: "\"height\":1,")
            case .staleHeight: String(state[..<height].dropLast()) + "0" + String(state[height...].drop { $0 != "," })
            case .number: state.replacing("\"sequence\":4,", with: "\"sequence\":5,")
            case .text: state + "}"
            case .sequence, .journalSequence: state
            }
        }

        var deed: SQL? {
            switch self {
            case .sequence: "UPDATE sandbox_state SET sequence = 'x'"
            case .journalSequence: "UPDATE sandbox_journal SET sequence = 'x'"
            default: nil
            }
        }

        var table: String { self == .journalSequence ? "sandbox_journal" : "sandbox_state" }
    }

    @Test("Nor does play money that reads and cannot have been, where it was kept whole", arguments: Kept.allCases)
    func sandbox(keptWith kept: Kept) async throws {
        let folder = try await made()
        let key = await run("key create", folder.path).said.output
        var ledger = SandboxLedger()
        func command(_ action: SandboxCommand.Action) -> SandboxCommand {
            SandboxCommand(at: 1_760_000_000_000, action)
        }
        for _ in 0..<3 { _ = try ledger.apply(command(.mine(.sandbox, blocks: 1_000))) }
        let reorg = command(.reorg(.sandbox, SandboxCommand.Reorg(depth: 2, fate: .mined)))
        let tip = try #require(try ledger.apply(reorg).blocks.last)
        ledger.cut(.sandbox, absorbed: Cursor(height: 3_001, block: tip))
        let (state, sequence) = (ledger.json, ledger.sequence)
        let store = try await Store.open(.sqlite(folder.file("quittance.db")))
        try await store.write { tx in
            try tx.keepSandbox(state, sequence: sequence)
            try tx.appendJournal(reorg.json, sequence: sequence + 1)
        }
        await store.close()
        #expect(await run("doctor", folder.path).ending == .good)
        if kept.deed == nil {
            let damaged = kept.done(to: state)
            try #require(damaged != state)
            try await change(folder, "UPDATE sandbox_state SET state = \(damaged)")
        } else if let deed = kept.deed {
            try await change(folder, deed)
        }
        try await expectStill(folder, key, kept.table)
    }

    /// The sandbox stands still, for what was kept of it in `table`, and everything else goes on.
    private func expectStill(_ folder: TemporaryFolder, _ key: String, _ table: String) async throws {
        var configuration = Configuration(data: folder.path)
        configuration.port = 0
        let verified = await run("verify", folder.path)
        #expect(verified.ending == .finding, "\(verified.said.errors)")
        #expect(verified.said.output.contains("differs  \(table)"), "\(verified.said.output)")
        let looked = await run("doctor", folder.path)
        #expect(looked.ending == .finding)
        #expect(words(looked.said.output).contains("LOOK sandbox it stands still: \(table)"))
        let running = try await Running.start(configuration, log: .silent)
        let api = APIClient(url: running.url, key: key)
        let lives = try await api.raw(.get, running.url + "/healthz")
        #expect(lives.status == .ok)
        let list = try await api.get("/v1/payments")
        #expect(list["data"]?.asArray?.isEmpty == true)
        await #expect(throws: (any Error).self) { try await api.post("/v1/sandbox/mine", ["network": "sandbox"]) }
        #expect(await run("verify", folder.path).ending == .finding)
        try await running.stop()
    }

    /// A line with one blank between its words.
    private func words(_ line: String) -> String { line.split(separator: " ").joined(separator: " ") }

    /// What is wrong, done to a folder in good order, and the lines of the doctor that tell of it.
    enum Ill: String, CaseIterable, Sendable {
        case open, keyless, readable, damaged, late, aside, nobody, nowhere, plain, loopback, priceless, full

        var statement: SQL? {
            switch self {
            case .late: "UPDATE record SET at = 95617584000000 WHERE chain = 'instance'"
            case .aside: "INSERT INTO quarantine (payment, at, reason) VALUES ('pay_1', 1, 'x')"
            default: nil
            }
        }

        var settings: [String: String] {
            switch self {
            case .nowhere, .late: ["QUITTANCE_SANDBOX": "false"]
            case .plain: ["QUITTANCE_LISTEN": "0.0.0.0:8080"]
            case .loopback: ["QUITTANCE_WEBHOOKS_ALLOW_LOOPBACK": "true"]
            case .priceless:
                [
                    "QUITTANCE_BITCOIN_RPC_URL": "http://127.0.0.1:1", "QUITTANCE_BITCOIN_RPC_USER": "a",
                    "QUITTANCE_BITCOIN_RPC_PASSWORD": "b",
                ]
            default: [:]
            }
        }

        var lines: [String] {
            switch self {
            case .open: ["data folder others may enter"]
            case .keyless: ["key ", "is missing"]
            case .readable: ["key ", "can be read by other users"]
            case .damaged: ["database "]
            case .late: ["clock it is behind what was recorded"]
            case .aside: ["payments 1 are set aside: pay_1"]
            case .nobody: ["merchants there is none"]
            case .nowhere: ["networks there is none"]
            case .plain: ["address http://127.0.0.1:8080 on 0.0.0.0 is not encrypted"]
            case .loopback: ["webhooks they may go to this machine"]
            case .full: ["disk 1023 MiB free"]
            case .priceless:
                ["rates there is no rate for BTC", "bitcoin the node does not answer: "]
            }
        }
    }

    @Test(
        "A doctor says LOOK at each thing that is not well, what to do about it, and ends with 1",
        arguments: Ill.allCases)
    func doctor(_ ill: Ill) async throws {
        let folder = try TemporaryFolder()
        let isSetUp = ill != .nobody
        #expect(await run(isSetUp ? "merchant create --name Shop" : "migrate --new", folder.path).ending == .good)
        #expect(await run("doctor", folder.path).ending == (isSetUp ? .good : .finding))
        if ill == .late {
            // A gateway that has run has left a record of it.
            var configuration = Configuration(data: folder.path)
            configuration.port = 0
            try await Running.start(configuration, log: .silent).stop()
        }
        if let statement = ill.statement { try await change(folder, statement) }
        let key = folder.file("instance.key")
        switch ill {
        case .open: try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        case .keyless: try Files.remove(key)
        case .readable: try Files.write(try Files.read(key, maxBytes: 4_096), to: key, mode: 0o644)
        case .damaged:
            let file = folder.file("quittance.db")
            var bytes = try Files.read(file, maxBytes: 1 << 26)
            for place in 4_096..<min(bytes.count, 65_536) { bytes[place] ^= 0x5a }
            try Files.write(bytes, to: file)
        default: break
        }
        let found = await run(
            "doctor", folder.path, ill.settings, freeBytes: ill == .full ? (1 << 30) - 1 : 1 << 30)
        #expect(found.ending == .finding, "\(found.said.output)")
        let lines = found.said.output.split(separator: "\n").map(String.init)
        for line in ill.lines {
            #expect(lines.contains { $0.hasPrefix("LOOK ") && words($0).contains(line) }, "\(found.said.output)")
        }
        // Beside each finding stands what to do.
        let findings = lines.indices.filter { lines[$0].hasPrefix("LOOK  ") }
        #expect(findings.allSatisfy { lines[$0 + 1].hasPrefix("      ") && lines[$0 + 1].count > 25 })
        #expect(lines.last == "\(findings.count) to look at.")
    }

    @Test("The rates that merchants push are enough for a doctor as long as they hold", arguments: [
        (nil, nil, "LOOK rates there is no rate for BTC"),
        ("EUR", nil, "ok rates BTC in EUR, fixed"),
        (nil, 0, "ok rates BTC in EUR, pushed, good until "),
        ("EUR", 0, "ok rates BTC in EUR, fixed, and in EUR, pushed, good until "),
        (nil, 1_000, "LOOK rates what merchants pushed for BTC expired at "),
        // What was pushed once, no fixed rate stands in for; of another currency it does.
        ("EUR", 1_000, "LOOK rates what merchants pushed for BTC expired at "),
        ("USD", 1_000, "ok rates BTC in USD, fixed"),
    ] as [(String?, Int64?, String)])
    func rates(fixed: String?, ageSeconds: Int64?, line: String) async throws {
        let folder = try await made()
        if let ageSeconds {
            let at = SystemClock().now - ageSeconds * 1_000
            try await change(folder, """
                INSERT INTO rate (merchant, asset, currency, source, rate, at, is_test)
                SELECT id, 'BTC', 'EUR', 'merchant', '50000', \(at), 0 FROM merchant
                """)
        }
        let rate = fixed.map { #"{"asset": "BTC", "currency": "\#($0)", "rate": "50000"}"# } ?? ""
        try Files.write(Array("{\"rates\": [\(rate)]}".utf8), to: folder.file("quittance.json"), mode: 0o600)
        let found = await run("doctor", folder.path, Ill.priceless.settings)
        let lines = found.said.output.split(separator: "\n").map { words(String($0)) }
        #expect(lines.filter { $0.contains(" rates ") }.count == 1, "\(found.said.output)")
        #expect(lines.contains { $0.hasPrefix(line) }, "\(found.said.output)")
    }

    @Test("The address of this machine is no finding, written out or not", arguments: [
        (nil, "ok"), ("http://127.0.0.1:8080", "ok"), ("http://localhost:8080", "ok"),
        ("http://localhost.example.com", "LOOK"), ("http://pay.example.com", "LOOK"), ("https://pay.example.com", "ok"),
    ] as [(String?, String)])
    func address(_ url: String?, _ verdict: String) async throws {
        let folder = try await made()
        let found = await run("doctor", folder.path, url.map { ["QUITTANCE_BASE_URL": $0] } ?? [:])
        let lines = found.said.output.split(separator: "\n").map { words(String($0)) }
        let shown = url ?? "http://127.0.0.1:8080"
        #expect(lines.contains { $0.hasPrefix("\(verdict) address \(shown)") }, "\(found.said.output)")
    }

    /// What is wrong with the machine, and the line that tells of it.
    struct Weakness: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var free: UInt64 = 1 << 40
        var now: Int64 = 1_800_000_000_000
        var authorities = ["/dev/null"]
        let line: String
    }

    @Test("A doctor looks at the machine as well", arguments: [
        Weakness(testDescription: "well", line: "ok disk 1024 GiB free"),
        Weakness(testDescription: "just enough room", free: 1 << 30, line: "ok disk 1 GiB free"),
        Weakness(testDescription: "a clock that nobody set", now: 0,
            line: "LOOK clock it says 1970-01-01T00:00:00.000Z"),
        Weakness(testDescription: "no authorities", authorities: ["/dev/null/none"],
            line: "LOOK certificates there are no authorities to check https with"),
    ])
    func machine(_ weakness: Weakness) async throws {
        let folder = try await made()
        let said = Lines()
        var machine = Doctor.Machine()
        machine.authorities = weakness.authorities
        machine.clock = ManualClock(now: weakness.now)
        var doctor = Doctor(terminal: said.terminal(freeBytes: weakness.free), machine: machine)
        try await doctor.examine(Configuration(data: folder.path))
        #expect(words(said.output).contains(weakness.line), "\(said.output)")
        let findings = said.output.split(separator: "\n").filter { $0.hasPrefix("LOOK ") }
        #expect(findings.count == (weakness.line.hasPrefix("ok") ? 0 : 1), "\(said.output)")
        #expect(doctor.found == findings.count)
    }

    @Test("A doctor tells what of the gateway does not run, and that another version does")
    func gateway() async throws {
        let folder = try await made()
        let said = Lines()
        var doctor = Doctor(terminal: said.terminal())
        let part: JSON = ["name": "deliverer", "state": "stopped", "last_error": "the disk is full"]
        doctor.examine(
            service: [
                "process": 7, "started_at": "now", "version": "0.0.1", "roles": ["web"],
                "parts": [["name": "web", "state": "running"], part],
            ], Configuration(data: folder.path))
        let lines = said.output.split(separator: "\n").map { words(String($0)) }.filter { $0.hasPrefix("LOOK") }
        #expect(lines == [
            "LOOK gateway it is version 0.0.1, and this is \(Version.text)",
            "LOOK gateway its part “deliverer” does not run after the disk is full",
        ])
        #expect(doctor.found == 2)

        // A process that ends in the middle of a conversation, or holds its door open and says nothing of itself.
        let door = try LocalListener(folder: folder.path, name: "control-0badcafe.sock")
        let silent = Task { for await connection in door.connections { _ = connection } }
        let found = await run("doctor", folder.path)
        door.stop()
        await silent.value
        #expect(found.ending == .finding)
        #expect(words(found.said.output).contains("LOOK gateway "), "\(found.said.output)")
    }

    /// A node that answers as it is told to: a status, or the members of its answers.
    struct Node: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var status: HTTP.Status = .ok
        var genesis = "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"
        var headers: Int64 = 5
        var connections: Int64 = 8
        var isPruned = false
        /// A call that its rpcwhitelist lacks.
        var unlisted: String?
        let line: String
    }

    @Test("A doctor asks each node, and tells what is wrong with it", arguments: [
        Node(testDescription: "well", line: "ok bitcoin-signet /Test:1/ at block 5"),
        Node(testDescription: "of another network", genesis: String(repeating: "00", count: 32),
            line: "LOOK bitcoin-signet the node is on another network (signet)"),
        Node(testDescription: "alone", connections: 0,
            line: "LOOK bitcoin-signet /Test:1/ at block 5 speaks to no other node"),
        Node(testDescription: "behind", headers: 900, line: "LOOK bitcoin-signet /Test:1/ is at block 5 of 900"),
        Node(testDescription: "pruned", isPruned: true, line: "ok bitcoin-signet /Test:1/ at block 5, pruned"),
        Node(testDescription: "without a call", unlisted: "getblock",
            line: "LOOK bitcoin-signet the node does not answer: The node does not serve getblock"),
        Node(testDescription: "without the pool", unlisted: "getrawmempool",
            line: "LOOK bitcoin-signet the node does not answer: The node does not serve getrawmempool"),
        Node(testDescription: "does not know us", status: .unauthorized,
            line: "LOOK bitcoin-signet the node does not answer: The node refuses our credentials."),
    ])
    func nodes(_ node: Node) async throws {
        var configuration = Server.Configuration()
        configuration.port = 0
        configuration.loops = 1
        let server = try Server(configuration: configuration) { request in
            guard node.status == .ok else { return Response(node.status) }
            let asked = try JSON.parse(request.body)
            if let unlisted = node.unlisted, asked["method"]?.asString == unlisted { return Response(.forbidden) }
            return .json(Self.answer(asked, node).encoded())
        }
        let serving = Task { await server.run() }
        let folder = try await made()
        let found = await run("doctor", folder.path, [
            "QUITTANCE_BITCOIN_NETWORK": "bitcoin-signet", "QUITTANCE_BITCOIN_RPC_USER": "a",
            "QUITTANCE_BITCOIN_RPC_URL": "http://127.0.0.1:\(server.port)", "QUITTANCE_BITCOIN_RPC_PASSWORD": "b",
        ])
        #expect(words(found.said.output).contains(node.line), "\(found.said.output)")
        #expect((found.ending == .good) == ["well", "pruned"].contains(node.testDescription))
        serving.cancel()
        await serving.value
    }

    private static func answer(_ asked: JSON, _ node: Node) -> JSON {
        if let list = asked.asArray { return .array(list.map { answer($0, node) }) }
        let result: JSON =
            switch asked["method"]?.asString {
            case "getblockchaininfo":
                [
                    "chain": "signet", "blocks": 5, "headers": .integer(node.headers), "pruned": .bool(node.isPruned),
                    "initialblockdownload": false, "warnings": [], "bestblockhash": .string(node.genesis),
                    "chainwork": .string(String(repeating: "0", count: 64)),
                ]
            case "getnetworkinfo": ["subversion": "/Test:1/", "connections": .integer(node.connections)]
            case "getblockhash": .string(node.genesis)
            default: .null
            }
        return ["result": result, "error": .null, "id": asked["id"] ?? .null]
    }

    @Test("What is bound is said apart from where customers are sent")
    func places() async throws {
        let folder = try TemporaryFolder()
        var configuration = Configuration(data: folder.path)
        configuration.port = 0
        configuration.baseURL = "https://pay.example.com"
        let running = try await Running.start(configuration, log: .silent)
        let words = Command.greeting(running, isNew: false, "")
        #expect(words.hasPrefix("Quittance \(Version.text) listens on http://127.0.0.1:"))
        #expect(!words.contains("127.0.0.1:0,"))
        #expect(words.hasSuffix(", and is to be reached at https://pay.example.com"))
        try await running.stop()
    }

    @Test("What serve says at the first start leads to a payment, word by word")
    func firstWords() async throws {
        let folder = try TemporaryFolder()
        var configuration = Configuration(data: folder.path)
        configuration.port = 0
        let running = try await Running.start(configuration, log: .silent)
        let place = " --data \(Terminal.quoted(folder.path))"
        let words = Command.greeting(running, isNew: true, place)
        #expect(words.hasPrefix("Quittance \(Version.text) listens on \(running.url)\n"))
        #expect(Command.greeting(running, isNew: false, place) == "Quittance 0.1.0 listens on \(running.url)")
        let lines = words.split(separator: "\n").map { $0.drop { $0 == " " } }
        let create = try #require(lines.first { $0.hasPrefix("quittance merchant create") })
        #expect(create == "quittance merchant create --data \(folder.path) --name \"My shop\"")
        #expect(await run("merchant create --name My_shop", folder.path).ending == .good)
        #expect(lines.contains("KEY=$(quittance key create --data \(folder.path))"))
        let key = await run("key create", folder.path).said.output
        let body = try #require(words.split(separator: "'").first { $0.hasPrefix("{") })
        let made = try await APIClient(url: running.url, key: key).send(
            .post, "/v1/payments", try JSON.parse(text: String(body)))
        #expect(made["checkout_url"]?.asString?.hasPrefix(running.url + "/checkout/") == true)
        try await running.stop()
    }

    @Test("The version is one line, and doctor --config prints every setting, its value and its source")
    func told() async throws {
        let version = Lines()
        #expect(await Quittance.run(["version"], version.terminal()) == .good)
        #expect(version.output == "quittance \(Version.text)")
        let folder = try TemporaryFolder()
        let settings = Lines()
        let variables = ["QUITTANCE_DATA": folder.path, "QUITTANCE_STORAGE": "postgres://me:hidden@db/pay"]
        #expect(await Quittance.run(["doctor", "--config"], settings.terminal(variables)) == .good)
        let lines = settings.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.count == Setting.all.count)
        #expect(lines.allSatisfy { $0.last?.hasSuffix(")") == true })
        #expect(lines.contains(["storage", "postgres://me:…@db/pay", "(QUITTANCE_STORAGE)"]))
        #expect(!settings.output.contains("hidden"))
    }
}
