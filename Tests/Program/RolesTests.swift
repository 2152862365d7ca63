import Foundation
import HTTP
import JSON
import Platform
import TestKit
import Testing

@testable import quittance

@Suite("The work is split over processes that share PostgreSQL", .timeLimit(.minutes(5)))
struct RolesTests {
    private static let nodeScript = ProcessInfo.processInfo.environment["QUITTANCE_BITCOIND"]

    /// One process of the gateway, and what it says first.
    private struct Part {
        let process: ChildProcess
        let said: String

        init(_ roles: String, data: String, _ variables: [String: String]) async throws {
            let program = try #require(Environment.program)
            let path = "/" + program.split(separator: "/").dropLast().joined(separator: "/") + "/quittance"
            process = try ChildProcess(
                path, ["serve", "--listen", "127.0.0.1:0", "--roles", roles, "--data", data],
                environment: variables, errors: .output)
            for await line in process.lines where line.hasPrefix("Quittance ") {
                said = line
                return
            }
            throw TestKitError("\(roles) did not start")
        }

        var url: String { String(said.split(separator: " ").last ?? "") }

        func kill() async {
            process.kill()
            _ = await process.ended()
        }

        func stop() async -> Int32 {
            process.terminate()
            return await process.ended()
        }
    }

    /// Starts a node that ends with this process. Gives its lines as variables of the program.
    private func node(_ script: String, _ folder: String) async throws -> (ChildProcess, [String: String]) {
        let keeper = """
            export RUN="$2" EXTRA=-rpcservertimeout=1
            trap '"$1" clean' EXIT
            trap 'exit 1' INT TERM HUP
            "$1" start
            exec > /dev/null
            read -r _ || :
            """
        let shell = try ChildProcess("/bin/sh", ["-c", keeper, "sh", script, folder])
        var variables = ["QUITTANCE_BITCOIN_NETWORK": "bitcoin-regtest"]
        for await line in shell.lines where line.hasPrefix("BTC_") {
            let parts = line.dropFirst(4).split(separator: "=", maxSplits: 1)
            if parts.count == 2 { variables["QUITTANCE_BITCOIN_\(parts[0])"] = String(parts[1]) }
        }
        let known = Set(NodeSettings.variables)
        return (shell, variables.filter { known.contains($0.key) })
    }

    /// A database of its own in the tests' PostgreSQL.
    private func database() async throws -> String {
        let uri = try await TestPostgres.shared.uri
        let name = "roles_" + UUID().uuidString.lowercased().replacing("-", with: "")
        let made = try await ChildProcess.run(
            "psql", ["-q", uri, "-c", "CREATE DATABASE \(name)"], errors: .output)
        try #require(made.code == 0, "\(made.output)")
        return uri.replacing("/postgres?", with: "/\(name)?")
    }

    @Test("A payment goes through two processes, and each may be killed and started again")
    func split() async throws {
        guard let script = Self.nodeScript, TestPostgres.isInstalled else {
            print("SKIPPED: split roles need PostgreSQL and QUITTANCE_BITCOIND")
            return
        }
        let folder = try TemporaryFolder()
        let data = folder.file("data")
        try Files.makeFolder(data)
        let settings = """
            {"sandbox": false, "webhooks": {"allow_loopback": true},
             "rates": [{"asset": "BTC", "currency": "EUR", "rate": "50000"}]}
            """
        try Files.write(Array(settings.utf8), to: data + "/quittance.json")
        let (shell, nodeVariables) = try await node(script, folder.file("node"))
        var variables = nodeVariables
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
        let told = Lock<[String]>([])
        let (receiver, hook) = try listen(told)
        try await client.post("/v1/webhook-endpoints", ["url": .string(hook)])
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
        try await until { told.withLock { $0.contains("payment.paid") } }
        api = try await Part("api", data: data, variables)
        client = APIClient(url: api.url, key: client.key)
        let view = try await client.get("/v1/payments/\(payment)")
        #expect(view["state"]?.asString == "paid" && view["fulfillable"]?.asBool == true)
        #expect(told.withLock { Set($0).count == $0.count }, "each event once: \(told.withLock { $0 })")
        _ = await run("verify")
        let said = Lines()
        // It has a finding: webhooks may go to this machine.
        #expect(await Quittance.run(["doctor", "--data", data], said.terminal(variables)) == .finding)
        let doctor = said.output
        #expect(doctor.contains("does watch and deliver only") && doctor.contains("does api only"))
        #expect(await api.stop() == 0)
        #expect(await loops.stop() == 0)
        receiver.cancel()
        shell.endInput()
        _ = await shell.ended()
    }

    /// A server that notes the types of the events it is sent.
    private func listen(_ told: Lock<[String]>) throws -> (Task<Void, Never>, String) {
        var configuration = Server.Configuration()
        configuration.port = 0
        configuration.loops = 1
        let server = try Server(configuration: configuration) { request in
            let type = try JSON.parse(request.body)["type"]?.asString ?? "?"
            told.withLock { $0.append(type) }
            return Response(.noContent)
        }
        return (Task { await server.run() }, "http://127.0.0.1:\(server.port)/hook")
    }

    private func until(_ isSo: () async throws -> Bool) async throws {
        while try await !isSo() { try await Task.sleep(for: .milliseconds(50)) }
    }
}
