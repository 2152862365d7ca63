import Crypto
import Database
import Engine
import Foundation
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Web
@testable import quittance

/// Everything that the program gives out is looked through for what nobody may see.
@Suite("No secret leaves the program but in the answer that makes it", .timeLimit(.minutes(15)))
struct CanaryTests {
    /// What must not be seen, in every form that somebody might write it in.
    private struct Canaries: Sendable {
        private(set) var forms: [(name: String, bytes: [UInt8])] = []

        mutating func add(_ name: String, _ text: String) {
            add(name, raw: Array(text.utf8))
            forms.append((name, Array(text.utf8)))
        }

        /// Bytes that stand for themselves and are no text.
        mutating func add(_ name: String, raw bytes: [UInt8]) {
            let texts = [
                Hex.encode(bytes), Hex.encode(bytes).uppercased(), Crypto.Base64.encode(bytes),
                Platform.Base64.url.encode(bytes),
            ]
            forms += texts.map { (name, Array($0.utf8)) }
        }

        /// Both keys of the instance's file.
        mutating func addInstanceKey(_ folder: TemporaryFolder) throws {
            let file = try Files.read(folder.file("instance.key"), maxBytes: 4_096)
            for line in String(decoding: file, as: UTF8.self).split(separator: "\n").dropFirst() {
                let secret = String(line.split(separator: " ").last ?? "")
                add("the instance's key, as it stands in the file", secret)
                add("the instance's key", raw: try #require(Hex.decode(secret)))
            }
        }

        /// What of it stands in `bytes`.
        func found(in bytes: [UInt8]) -> Set<String> {
            let data = Data(bytes)
            return Set(forms.filter { data.range(of: Data($0.bytes)) != nil }.map(\.name))
        }
    }

    /// What was given out, by the name of who did.
    private final class Heard: Sendable {
        let lines = Lock<[(place: String, bytes: [UInt8])]>([])

        func hear(_ place: String, _ bytes: [UInt8]) { lines.withLock { $0.append((place, bytes)) } }
        func hear(_ place: String, _ text: String) { hear(place, Array(text.utf8)) }
    }

    /// A node that refuses everything, and says back what it was told.
    private static func parrot() throws -> RawServer {
        try RawServer { connection in
            while let request = connection.readRequest() {
                connection.answer("401 Unauthorized", body: request)
            }
        }
    }

    private static func database() async throws -> String {
        let uri = try await TestPostgres.shared.uri
        let name = "canary_" + UUID().uuidString.lowercased().replacing("-", with: "")
        let made = try await ChildProcess.run("psql", ["-q", uri, "-c", "CREATE DATABASE \(name)"], errors: .output)
        try #require(made.code == 0, "\(made.output)")
        return uri.replacing("tester@/postgres?", with: "tester:\(password)@/\(name)?")
    }

    private static let password = "canary-of-the-database"
    private static let login = "canary-of-the-node"

    /// How the gateway is set up.
    private static func variables(_ engine: DatabaseEngine, _ node: RawServer) async throws -> [String: String] {
        var variables = [
            "QUITTANCE_LISTEN": "127.0.0.1:0", "QUITTANCE_LOG_LEVEL": "debug",
            "QUITTANCE_WEBHOOKS_ALLOW_LOOPBACK": "true", "QUITTANCE_BITCOIN_NETWORK": "bitcoin-regtest",
            "QUITTANCE_BITCOIN_RPC_URL": "http://127.0.0.1:\(node.port)", "QUITTANCE_BITCOIN_RPC_USER": "gateway",
            "QUITTANCE_BITCOIN_RPC_PASSWORD": login,
        ]
        if engine == .postgres { variables["QUITTANCE_STORAGE"] = try await database() }
        return variables
    }

    @Test("Answers, refusals, metrics, commands, files, backups and the log", arguments: DatabaseEngine.allCases)
    func everywhere(_ engine: DatabaseEngine) async throws {
        let folder = try TemporaryFolder()
        let node = try Self.parrot()
        defer { node.stop() }
        let variables = try await Self.variables(engine, node)
        var canaries = Canaries()
        canaries.add("the database's password", Self.password)
        canaries.add("the node's password", Self.login)
        canaries.add("the node's login", "gateway:\(Self.login)")
        let heard = Heard()
        func run(_ command: String) async -> Lines {
            let said = Lines()
            let words = command.split(separator: " ").map(String.init) + ["--data", folder.path]
            _ = await Quittance.run(words, said.terminal(variables))
            if !command.hasPrefix("key create") { heard.hear(command, said.output) }
            heard.hear(command, said.errors.joined(separator: "\n"))
            return said
        }
        _ = await run("merchant create --name Shop")
        let keys = [await run("key create --name first").output, await run("key create --live --name second").output]
        for (name, key) in zip(["the test key", "the live key"], keys) {
            try #require(key.hasPrefix("qk_"))
            canaries.add(name, key)
        }
        guard case .run(let arguments) = try Arguments.parse(["serve", "--data", folder.path]) else {
            throw TestKitError("no command")
        }
        let log = Log(minimum: .debug) { heard.hear("log", $0) }
        let running = try await Running.start(try Configuration.load(arguments, variables), log: log)
        try canaries.addInstanceKey(folder)
        let hook = try Hook()
        let api = APIClient(url: running.url, key: keys[0])
        let id = try await Self.live(api, hook, &canaries, heard)
        for client in [api, APIClient(url: running.url, key: keys[1])] {
            try await Self.ask(client, about: id, heard)
        }
        for command in [
            "doctor", "doctor --config", "verify", "payment dossier \(id) --personal", "payment list --set-aside",
            "merchant list", "key list", "key revoke key_none", "migrate", "restored",
            "backup \(folder.file("backup.db"))",
        ] { _ = await run(command) }
        try await until { hook.all.count > 2 }
        for told in hook.all { heard.hear("webhook", told.body) }
        await hook.close()
        try await Self.fail(api, running, heard)
        try await running.stop()
        _ = await run("verify")
        _ = await run("doctor")
        if engine == .sqlite {
            heard.hear("backup", try Files.read(folder.file("backup.db"), maxBytes: 1 << 26))
            heard.hear("database", try Files.read(folder.file("quittance.db"), maxBytes: 1 << 26))
        }
        let all = heard.lines.withLock { $0 }
        for (place, bytes) in all {
            let found = canaries.found(in: bytes)
            let words = String(decoding: bytes.prefix(2_000), as: UTF8.self)
            #expect(found.isEmpty, "\(place) tells \(found.sorted()): \(words)")
        }
        // It was really listened, to all of them, and each would have been heard.
        for form in canaries.forms { #expect(canaries.found(in: [0x20] + form.bytes + [0x20]).contains(form.name)) }
        for place in ["log", "doctor", "verify", "GET /metrics", "GET /v1/payments/\(id)/dossier", "webhook", "500"] {
            #expect(all.contains { $0.place == place && !$0.bytes.isEmpty }, "\(place)")
        }
        #expect(all.contains { $0.place == "log" && String(decoding: $0.bytes, as: UTF8.self).contains("bitcoin") })
    }

    /// A bit of everything, with what it gives to see once. Gives a payment.
    private static func live(
        _ api: APIClient, _ hook: Hook, _ canaries: inout Canaries, _ heard: Heard
    ) async throws -> String {
        let made = try await api.post("/v1/webhook-endpoints", ["url": .string(hook.url)])
        let place = "/v1/webhook-endpoints/\(made["id"]?.asString ?? "")"
        let rotated = try await api.post("\(place)/rotate-secret")
        let key = try await api.post("/v1/api-keys", ["name": "till", "scopes": ["payments:read"]])
        for (name, text) in [
            ("a webhook secret", made["secret"]), ("the next webhook secret", rotated["secret"]),
            ("a made key", key["key"]),
        ] {
            let text = try #require(text?.asString)
            canaries.add(name, text)
            let body = String(text.split(separator: "_").last ?? "")
            if let bytes = Crypto.Base64.decode(body) { canaries.add(name, raw: bytes) }
        }
        let payment = try await api.post(
            "/v1/payments",
            ["merchant_order_id": "1", "amount": "1.00", "currency": "EUR", "asset": "SBX", "network": "sandbox"])
        let id = try #require(payment["id"]?.asString)
        try await api.post("/v1/sandbox/payments/\(id)/over", ["confirmations": 1])
        try await until { try await api.get("/v1/payments/\(id)")["state"]?.asString == "overpaid" }
        try await api.post("\(place)/test")
        return id
    }

    /// Every question that there is, and some that are none.
    private static func ask(_ api: APIClient, about id: String, _ heard: Heard) async throws {
        func ask(_ method: HTTP.Method, _ path: String, _ body: String = "") async throws {
            let answer = try await api.raw(
                method, api.url + path, body: Array(body.utf8), type: body.isEmpty ? nil : "application/json")
            heard.hear("\(method.rawValue) \(path)", answer.body)
            for field in answer.headers { heard.hear("\(method.rawValue) \(path)", "\(field.name): \(field.value)") }
        }
        func first(_ path: String) async throws -> String {
            try await api.get(path)["data"]?[0]?["id"]?.asString ?? "none"
        }
        let endpoint = try await first("/v1/webhook-endpoints")
        let known = [
            "/v1/payments/{id}": id, "/v1/webhook-endpoints/{id}": endpoint,
            "/v1/exceptions/{id}": try await first("/v1/exceptions"), "/v1/events/{id}": try await first("/v1/events"),
            "/v1/api-keys/{id}": try await first("/v1/api-keys"), "/v1/wallets/{id}": try await first("/v1/wallets"),
        ]
        for operation in API.operations {
            var path = operation.pattern
            for (pattern, id) in known where path.hasPrefix(pattern) {
                path = pattern.replacing("{id}", with: id) + path.dropFirst(pattern.count)
            }
            // Of what is changed nothing is there; and of a wrong body is said what is wrong, not the body itself.
            if operation.method != .get { path = operation.pattern }
            path = path.split(separator: "/").map { $0.hasPrefix("{") ? "/x" : "/\($0)" }.joined()
            try await ask(operation.method, path, operation.method == .get ? "" : "{\"wrong\": \"\(api.key)\"}")
        }
        for path in ["/metrics", "/readyz", "/healthz", "/", "/checkout/\(api.key)", "/v1/payments/\(api.key)"] {
            try await ask(.get, path)
        }
        try await ask(.post, "/v1/payments?key=\(api.key)", "{}")
        try await ask(.post, "/v1/payments", "{\(api.key)")
    }

    /// What nobody has foreseen.
    private static func fail(_ api: APIClient, _ running: Running, _ heard: Heard) async throws {
        let changed = try await running.instance.gateway.store.database.write { db in
            try db.execute("UPDATE wallet SET key = key || '0'")
        }
        try #require(changed > 0)
        let body = #"{"merchant_order_id":"2","amount":"1.00","currency":"EUR","asset":"SBX","network":"sandbox"}"#
        let answer = try await api.raw(
            .post, api.url + "/v1/payments", body: Array(body.utf8), type: "application/json")
        #expect(answer.status.code == 500)
        heard.hear("500", answer.body)
    }
}
