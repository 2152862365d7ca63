import Database
import Engine
import Foundation
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import quittance

@Suite("A backup and its way back", .timeLimit(.minutes(15)))
struct RestoreTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var data: String { folder.file("data") }
    private var database: String { data + "/quittance.db" }

    private func run(
        _ words: String..., in data: String? = nil, variables: [String: String] = [:]
    ) async -> (ending: Ending, said: Lines) {
        let said = Lines()
        let ending = await Quittance.run(words + ["--data", data ?? self.data], said.terminal(variables))
        return (ending, said)
    }

    /// A new instance with one merchant. Gives its key.
    private func setUp(in data: String? = nil) async -> String {
        _ = await run("merchant", "create", "--name", "Shop", in: data)
        return await run("key", "create", in: data).said.output
    }

    /// Opens a payment, pays it, and gives its address.
    private func pay(_ client: APIClient, _ order: String) async throws -> String {
        let made = try await client.post(
            "/v1/payments",
            [
                "merchant_order_id": .string(order), "amount": "10.00", "currency": "EUR", "asset": "SBX",
                "network": "sandbox",
            ])
        let id = try #require(made["id"]?.asString)
        try await client.post("/v1/sandbox/payments/\(id)/exact", ["confirmations": 1])
        return try #require(made["address"]?.asString)
    }

    private func orders(_ client: APIClient) async throws -> Set<String> {
        let list = try await client.get("/v1/payments?limit=100")["data"]?.asArray ?? []
        return Set(list.compactMap { $0["merchant_order_id"]?.asString })
    }

    /// Starts the program, and gives a client for it.
    private func start(_ key: String) async throws -> (Part, APIClient) {
        let part = try await Part("api,watch,deliver", data: data, [:])
        return (part, APIClient(url: part.url, key: key))
    }

    /// What lies in the data folder under the database's name.
    private func files() throws -> [String] {
        try Files.names(in: data).filter { $0.hasPrefix("quittance.db") && !$0.hasSuffix(".lock") }.sorted()
    }

    @Test(
        "Restored after a crash, it is the backup: neither damaged nor undone by the log that was left",
        arguments: [2, 40])
    func afterACrash(_ payments: Int) async throws {
        let key = await setUp()
        let backup = folder.file("backup.db")
        var (part, client) = try await start(key)
        var issued: Set<String> = [try await pay(client, "before")]
        #expect(await run("backup", backup).ending == .good)
        #expect(try Files.permissions(of: backup) == 0o600)
        for number in 1...payments { issued.insert(try await pay(client, "after\(number)")) }
        await part.kill()
        #expect(try Files.size(of: database + "-wal") > 0, "a crash leaves its log")

        let restored = await run("restore", backup)
        #expect(restored.ending == .good, "\(restored.said.output) \(restored.said.errors)")
        #expect(restored.said.output.contains("The log and the tables agree"))
        #expect(try !Files.exists(database + "-wal") || Files.size(of: database + "-wal") == 0)
        #expect(await run("doctor").said.output.contains("whole"))
        (part, client) = try await start(key)
        #expect(try await orders(client) == ["before"])
        for number in 1...5 {
            let address = try await pay(client, "again\(number)")
            #expect(issued.insert(address).inserted, "an address came twice")
        }
        await part.kill()

        // What was replaced is whole, with its log, and comes back the same way.
        let aside = try #require(try files().first { $0.contains(".replaced-") && !$0.hasSuffix("-shm") })
        let back = await run("restore", data + "/" + aside)
        #expect(back.ending == .good, "\(back.said.output) \(back.said.errors)")
        (part, client) = try await start(key)
        #expect(try await orders(client).count == payments + 1)
        #expect(issued.insert(try await pay(client, "last")).inserted, "an address came twice")
        #expect(await part.stop() == 0)
        #expect(await run("verify").ending == .good)
    }

    @Test("A backup is the same beside a gateway, without one, and after a crash, and never writes over a file")
    func backups() async throws {
        let key = await setUp()
        let (part, client) = try await start(key)
        _ = try await pay(client, "1")
        #expect(await run("backup", folder.file("beside")).ending == .good)
        await part.kill()
        #expect(await run("backup", folder.file("crashed")).ending == .good)
        #expect(await run("verify").ending == .good)
        #expect(await run("backup", folder.file("alone")).ending == .good)
        let bytes = try Files.read(folder.file("alone"), maxBytes: 1 << 26)
        let again = await run("backup", folder.file("alone"))
        #expect(again.ending == .worldFailed)
        #expect(again.said.errors.first == "quittance: \(folder.file("alone")) is there already.")
        #expect(try Files.read(folder.file("alone"), maxBytes: 1 << 26) == bytes)
        #expect(await run("backup", folder.file("no/folder/file")).ending == .worldFailed)
        for name in ["beside", "crashed", "alone"] {
            let store = try await Store.open(.sqlite(folder.file(name)), readers: 1)
            let outcome = try await store.verify()
            #expect(outcome.isClean && outcome.payments == 1, "\(name): \(outcome.findings)")
            await store.close()
        }
        #expect(await run("backup", folder.file("nothing"), in: folder.file("elsewhere")).ending == .worldFailed)
        #expect(try Files.names(in: folder.path).allSatisfy { !$0.hasSuffix(".new") && $0 != "nothing" })
    }

    @Test("Nothing is replaced while a gateway runs")
    func running() async throws {
        _ = await setUp()
        let backup = folder.file("backup")
        #expect(await run("backup", backup).ending == .good)
        var configuration = Configuration(data: data)
        configuration.port = 0
        let running = try await Running.start(configuration, log: .silent)
        let refused = await run("restore", backup)
        #expect(refused.ending == .worldFailed)
        #expect(refused.said.errors.first == "quittance: another process works on \(data).")
        try await running.stop()
        #expect(await run("restore", backup).ending == .good)
    }

    @Test("An older database that was put back by hand, without its log, is noticed at the start")
    func byHand() async throws {
        let key = await setUp()
        let backup = folder.file("backup")
        let (part, client) = try await start(key)
        _ = try await pay(client, "1")
        #expect(await run("backup", backup).ending == .good)
        for number in 2...4 { _ = try await pay(client, "\(number)") }
        #expect(await part.stop() == 0)
        for end in ["", "-wal", "-shm"] { try Files.remove(database + end) }
        try Files.copy(backup, to: database)
        var configuration = Configuration(data: data)
        configuration.port = 0
        let lines = Lock<[String]>([])
        let log = Log { bytes in lines.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }
        let running = try await Running.start(configuration, log: log)
        try await running.stop()
        let said = lines.withLock { $0 }.filter { $0.contains("3 addresses of 1 wallet keys are skipped") }
        #expect(said.count == 1 && said[0].contains("this database is older than its folder"))
    }

    /// What is no backup of this instance, and what is said of it.
    enum Wrong: String, CaseIterable {
        case missing, folder, text, empty, cut, foreign, itself
    }

    @Test("What is no backup of this instance replaces nothing", arguments: Wrong.allCases)
    func refusals(_ wrong: Wrong) async throws {
        _ = await setUp()
        let backup = folder.file("backup")
        #expect(await run("backup", backup).ending == .good)
        let bytes = try Files.read(backup, maxBytes: 1 << 26)
        var file = folder.file("wrong")
        let words: String
        switch wrong {
        case .missing: words = "is no file"
        case .folder: (file, words) = (folder.path, "is no file")
        case .text:
            try Files.write(Array(repeating: 0x61, count: 10_000), to: file)
            words = "is not a database of Quittance"
        case .empty:
            try Files.write([], to: file)
            words = "is not a database of Quittance"
        case .cut:
            try Files.write(Array(bytes[..<(bytes.count / 2)]), to: file)
            words = "damaged"
        case .foreign:
            _ = await setUp(in: folder.file("other"))
            #expect(await run("backup", file, in: folder.file("other")).ending == .good)
            words = "is not the key that this database belongs to"
        case .itself: (file, words) = (database, "is the database itself")
        }
        let before = try Files.names(in: data).sorted()
        let refused = await run("restore", file)
        #expect(refused.ending == .worldFailed)
        #expect(refused.said.errors.first?.contains(words) == true, "\(refused.said.errors)")
        #expect(try Files.names(in: data).sorted() == before)
        #expect(await run("verify").ending == .good)
    }

    @Test("PostgreSQL's databases are left to its own tools", arguments: ["backup", "restore"])
    func postgres(_ command: String) async throws {
        let refused = await run(
            command, folder.file("file"), variables: ["QUITTANCE_STORAGE": "postgres://quittance@/quittance"])
        #expect(refused.ending == .wrongUse)
        #expect(refused.said.errors.joined().contains(command == "backup" ? "pg_dump" : "pg_restore"))
    }

    /// Where a replacement may be interrupted.
    enum Step: Int, CaseIterable {
        case noted, logMoved, databaseMoved, placed
    }

    @Test("A restore that was interrupted lets nothing start until it is done again", arguments: Step.allCases)
    func interruption(_ last: Step) async throws {
        let key = await setUp()
        let backup = folder.file("backup")
        #expect(await run("backup", backup).ending == .good)
        let (part, client) = try await start(key)
        _ = try await pay(client, "after")
        await part.kill()
        let aside = database + ".replaced-before"
        try Files.write(Array(aside.utf8), to: database + ".replacing")
        if last.rawValue >= Step.logMoved.rawValue { try Files.move(database + "-wal", to: aside + "-wal") }
        if last.rawValue >= Step.databaseMoved.rawValue { try Files.move(database, to: aside) }
        if last == .placed { try Files.copy(backup, to: database) }
        for command in [["serve", "--listen", "127.0.0.1:0"], ["verify"], ["migrate"], ["key", "list"]] {
            let said = Lines()
            #expect(await Quittance.run(command + ["--data", data], said.terminal()) == .worldFailed)
            #expect(said.errors.first?.contains("a restore was interrupted") == true, "\(command): \(said.errors)")
        }
        let doctor = await run("doctor")
        #expect(doctor.ending == .finding && doctor.said.output.contains("a restore was interrupted"))
        #expect(await run("restore", backup).ending == .good)
        #expect(await run("verify").ending == .good)
        #expect(try files().contains("quittance.db.replaced-before"))
        let kept = await run("restore", aside)
        #expect(kept.ending == .good, "\(kept.said.errors)")
        let (again, reader) = try await start(key)
        #expect(try await orders(reader) == ["after"], "what was replaced kept its log")
        await again.kill()
    }

    @Test("Without the file that counts addresses a person says how far to skip")
    func uncounted() async throws {
        let key = await setUp()
        let backup = folder.file("backup")
        var (part, client) = try await start(key)
        var issued: Set<String> = [try await pay(client, "1")]
        #expect(await run("backup", backup).ending == .good)
        for number in 2...4 { issued.insert(try await pay(client, "\(number)")) }
        #expect(await part.stop() == 0)
        // Another machine, with the key and the backup and nothing else.
        let elsewhere = folder.file("elsewhere")
        let mistyped = await run("restore", backup, "--skip", "100", in: elsewhere)
        #expect(mistyped.ending == .wrongUse)
        #expect(mistyped.said.errors.first?.contains("there is no gateway in") == true)
        let keyless = await run("restore", backup, "--new", "--skip", "100", in: elsewhere)
        #expect(keyless.ending == .worldFailed)
        #expect(keyless.said.errors.first?.contains("instance.key is missing") == true, "\(keyless.said.errors)")
        try Files.makeFolder(elsewhere)
        try Files.copy(data + "/instance.key", to: elsewhere + "/instance.key")
        let refused = await run("restore", backup, "--new", in: elsewhere)
        #expect(refused.ending == .worldFailed)
        #expect(refused.said.errors.joined().contains("--skip N"), "\(refused.said.errors)")
        #expect(!Files.exists(elsewhere + "/quittance.db"))
        #expect(await run("restore", backup, "--skip", "x", in: elsewhere).ending == .wrongUse)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: elsewhere)
        let done = await run("restore", backup, "--new", "--skip", "100", in: elsewhere)
        #expect(done.said.errors.contains { $0.contains("run “chmod 700 \(elsewhere)”") }, "\(done.said.errors)")
        #expect(done.ending == .good, "\(done.said.errors)")
        #expect(done.said.output.contains("are skipped of"))
        part = try await Part("api,watch,deliver", data: elsewhere, [:])
        client = APIClient(url: part.url, key: key)
        #expect(issued.insert(try await pay(client, "5")).inserted)
        #expect(await part.stop() == 0)
    }

    @Test("Parts of payments are numbered above all that was told before")
    func floor() async throws {
        let key = await setUp()
        let backup = folder.file("backup")
        let (part, client) = try await start(key)
        _ = try await pay(client, "1")
        #expect(await part.stop() == 0)
        #expect(await run("backup", backup).ending == .good)
        var floors: [Int] = []
        for _ in 1...2 {
            #expect(await run("restore", backup).ending == .good)
            let store = try await Store.open(.sqlite(database), readers: 1)
            floors.append(try await store.read { Int(try $0.setting("part_numbers_above") ?? "") ?? 0 })
            await store.close()
        }
        #expect(floors[0] > 1_000 && floors[1] >= floors[0])
    }
}
