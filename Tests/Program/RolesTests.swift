import Foundation
import HTTP
import JSON
import Platform
import TestKit
import Testing

@testable import quittance

@Suite("The work is split over processes that share PostgreSQL", .timeLimit(.minutes(5)))
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
        for command in ["merchant create --name Shop", "key create", "verify", "doctor", "key rotate-instance"] {
            let said = Lines()
            let words = command.split(separator: " ").map(String.init) + ["--data", folder.path]
            #expect(await Quittance.run(words, said.terminal()) == .wrongUse, "\(command)")
            #expect(said.errors.first?.contains("works on postgresql://") == true, "\(said.errors)")
        }
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

    @Test(
        "A payment goes through two processes, and each may be killed and started again",
        .enabled(if: BitcoinNode.script != nil && TestPostgres.isInstalled, "this takes PostgreSQL and a bitcoind"))
    func split() async throws {
        let folder = try TemporaryFolder()
        let data = folder.file("data")
        try Files.makeFolder(data)
        let settings = """
            {"sandbox": false, "webhooks": {"allow_loopback": true},
             "rates": [{"asset": "BTC", "currency": "EUR", "rate": "50000"}]}
            """
        try Files.write(Array(settings.utf8), to: data + "/quittance.json")
        let node = try await BitcoinNode(folder.file("node"))
        var variables = node.variables
        variables["QUITTANCE_STORAGE"] = try await database()
        func run(_ words: String...) async -> String {
            let said = Lines()
            let ending = await Quittance.run(words + ["--data", data], said.terminal(variables))
            #expect(ending == .good, "\(words) \(said.errors)")
            return said.output
        }
        var api = try await Part("api", data: data, variables)
        var loops = try await Part("watch,deliver", data: data, variables)
        #expect(loops.said.hasSuffix("does watch and deliver."))
        // Commands work beside them.
        _ = await run("merchant", "create", "--name", "Shop")
        var client = APIClient(url: api.url, key: await run("key", "create"))
        let chain = try await RegtestNode(variables, client)
        let hook = try Hook()
        try await client.post("/v1/webhook-endpoints", ["url": .string(hook.url)])
        let made = try await client.post(
            "/v1/payments",
            [
                "merchant_order_id": "1", "amount": "10.00", "currency": "EUR", "asset": "BTC",
                "network": "bitcoin-regtest",
            ])
        let payment = try #require(made["id"]?.asString)
        await loops.kill()
        try await chain.send(
            try #require(made["amount_due"]?.asString), to: try #require(made["address"]?.asString))
        try await chain.mine(1)
        loops = try await Part("watch,deliver", data: data, variables)
        try await until { try await client.get("/v1/payments/\(payment)")["state"]?.asString == "paid" }
        await api.kill()
        try await until { hook.all.contains { $0.type == "payment.paid" } }
        api = try await Part("api", data: data, variables)
        client = APIClient(url: api.url, key: client.key)
        let view = try await client.get("/v1/payments/\(payment)")
        #expect(view["state"]?.asString == "paid" && view["fulfillable"]?.asBool == true)
        // One may come twice, after a kill between its answer and its note; but always with its own bytes.
        let told = Set(hook.all)
        #expect(Set(told.map(\.id)).count == told.count && Set(told.map(\.type)).count == told.count, "\(told)")
        _ = await run("verify")
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
}
