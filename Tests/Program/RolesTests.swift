import Foundation
import HTTP
import JSON
import Platform
import TestKit
import Testing

@testable import quittance

@Suite("The work is split over processes that share PostgreSQL", .timeLimit(.minutes(15)))
struct RolesTests {
    /// A database of its own in the tests' PostgreSQL.
    private func database() async throws -> String {
        let uri = try await TestPostgres.shared.uri
        let name = "roles_" + UUID().uuidString.lowercased().replacing("-", with: "")
        let made = try await ChildProcess.run(
            "psql", ["-q", uri, "-c", "CREATE DATABASE \(name)"], errors: .output)
        try #require(made.code == 0, "\(made.output)")
        return uri.replacing("/postgres?", with: "/\(name)?")
    }

    @Test(
        "Where the kernel does not say which start of the machine this is, a process watches all the same",
        .enabled(if: TestPostgres.isInstalled, "this takes PostgreSQL"))
    func unnamed() async throws {
        let folder = try TemporaryFolder()
        var configuration = Configuration(data: folder.path)
        configuration.storage = .postgres(try await database())
        try await Instance.with(configuration) { instance in
            try instance.nameWatch(.silent, bootFile: folder.file("hidden"))
            try instance.nameWatch(.silent)
        }
    }

    @Test(
        "A command that was not told of the running gateway's database makes no other one beside it",
        .enabled(if: TestPostgres.isInstalled, "this takes PostgreSQL"))
    func elsewhere() async throws {
        let folder = try TemporaryFolder()
        var configuration = Configuration(data: folder.path)
        configuration.storage = .postgres(try await database())
        configuration.port = 0
        let running = try await Running.start(configuration, log: .silent)
        for command in ["merchant create --name Shop", "key create", "verify", "key rotate-instance"] {
            let said = Lines()
            let words = command.split(separator: " ").map(String.init) + ["--data", folder.path]
            #expect(await Quittance.run(words, said.terminal()) == .wrongUse, "\(command)")
            #expect(said.errors.first?.contains("works on postgresql://") == true, "\(said.errors)")
        }
        let doctor = Lines()
        #expect(await Quittance.run(["doctor", "--data", folder.path], doctor.terminal()) == .finding)
        #expect(doctor.output.contains("runs as process") && doctor.output.contains("works on postgresql://"))
        let told = Lines()
        let variables = ["QUITTANCE_STORAGE": configuration.shownStorage]
        let create = ["merchant", "create", "--name", "Shop", "--data", folder.path]
        #expect(await Quittance.run(create, told.terminal(variables)) == .good, "\(told.errors)")
        let migrate = Lines()
        #expect(await Quittance.run(["migrate", "--data", folder.path], migrate.terminal(variables)) == .worldFailed)
        #expect(migrate.errors.first == "quittance: the gateway runs.")
        #expect(!Files.exists(folder.file("quittance.db")))
        try await running.stop()
    }

    /// A data folder whose settings are those of a shop that takes a coin from a real node.
    private func settings(_ coin: CoinNode.Coin, in folder: TemporaryFolder) throws -> String {
        let data = folder.file("data")
        try Files.makeFolder(data)
        let settings = """
            {"sandbox": false, "webhooks": {"allow_loopback": true},
             "rates": [{"asset": "\(coin.code)", "currency": "EUR", "rate": "50000"}]}
            """
        try Files.write(Array(settings.utf8), to: data + "/quittance.json")
        return data
    }

    /// Runs a command on a data folder and gives what it printed.
    private func say(_ words: String, _ data: String, _ variables: [String: String]) async -> String {
        let said = Lines()
        let words = words.split(separator: " ").map(String.init) + ["--data", data]
        let ending = await Quittance.run(words, said.terminal(variables))
        #expect(ending == .good, "\(words) \(said.errors)")
        return said.output
    }

    /// Expects that a merchant's server heard of each event, and each with its own bytes. One may come twice, after
    /// a kill between its answer and its note.
    private func expectWhole(_ hook: Hook) {
        let told = Set(hook.all)
        #expect(Set(told.map(\.id)).count == told.count && Set(told.map(\.type)).count == told.count, "\(told)")
    }

    @Test(
        "A payment on a real node goes through two processes, and each may be killed and started again",
        .enabled(if: TestPostgres.isInstalled, "this takes PostgreSQL"), arguments: CoinNode.Coin.started)
    func split(_ coin: CoinNode.Coin) async throws {
        let folder = try TemporaryFolder()
        let data = try settings(coin, in: folder)
        let node = try await CoinNode(coin, folder.file("node"))
        var variables = node.variables
        variables["QUITTANCE_STORAGE"] = try await database()
        var api = try await Part("api", data: data, variables)
        var loops = try await Part("watch,deliver", data: data, variables)
        #expect(loops.said.hasSuffix("does watch and deliver."))
        // Commands work beside them.
        _ = await say("merchant create --name Shop", data, variables)
        var client = APIClient(url: api.url, key: await say("key create", data, variables))
        try await CoinNode.register(coin, client)
        let hook = try Hook()
        try await client.post("/v1/webhook-endpoints", ["url": .string(hook.url)])
        let asked = try await CoinNode.open("1", in: coin, client)
        await loops.kill()
        try await node.pay(asked.due, to: asked.address)
        try await node.mine(1)
        loops = try await Part("watch,deliver", data: data, variables)
        try await until { try await client.get("/v1/payments/\(asked.id)")["state"]?.asString == "paid" }
        await api.kill()
        try await until { hook.all.contains { $0.type == "payment.paid" } }
        api = try await Part("api", data: data, variables)
        client = APIClient(url: api.url, key: client.key)
        let view = try await client.get("/v1/payments/\(asked.id)")
        #expect(view["state"]?.asString == "paid" && view["fulfillable"]?.asBool == true)
        expectWhole(hook)
        _ = await say("verify", data, variables)
        let said = Lines()
        // It has a finding: webhooks may go to this machine.
        #expect(await Quittance.run(["doctor", "--data", data], said.terminal(variables)) == .finding)
        let doctor = said.output
        #expect(doctor.contains("does watch and deliver only") && doctor.contains("does api only"))
        #expect(await api.stop() == 0)
        #expect(await loops.stop() == 0)
        await hook.close()
        await node.end()
    }

    @Test(
        "One process on SQLite does it all, and may be killed while money is on its way",
        arguments: CoinNode.Coin.started)
    func together(_ coin: CoinNode.Coin) async throws {
        let folder = try TemporaryFolder()
        let data = try settings(coin, in: folder)
        let node = try await CoinNode(coin, folder.file("node"), isHeard: false)
        let variables = node.variables
        var all = try await Part("api,watch,deliver", data: data, variables)
        _ = await say("merchant create --name Shop", data, variables)
        var client = APIClient(url: all.url, key: await say("key create", data, variables))
        try await CoinNode.register(coin, client)
        let hook = try Hook()
        try await client.post("/v1/webhook-endpoints", ["url": .string(hook.url)])
        let asked = try await CoinNode.open("1", in: coin, client)
        try await node.pay(asked.due, to: asked.address)
        try await until { hook.all.contains { $0.type == "payment.detected" } }
        await all.kill()
        try await node.mine(1)
        all = try await Part("api,watch,deliver", data: data, variables)
        client = APIClient(url: all.url, key: client.key)
        try await until { hook.all.contains { $0.type == "payment.paid" } }
        let view = try await client.get("/v1/payments/\(asked.id)")
        #expect(view["state"]?.asString == "paid" && view["fulfillable"]?.asBool == true)
        expectWhole(hook)
        _ = await say("verify", data, variables)
        #expect(await all.stop() == 0)
        await hook.close()
        await node.end()
    }
}
