import Chains
import Database
import Domain
import Engine
import HTTP
import JSON
import Platform
import Storage
import Testing

@testable import Web

@Suite("The parts of the process, as those who watch over it see them")
struct OperationsTests {
    private struct Part: Resident {
        let name: String
        let work: @Sendable () async throws -> Void

        func run() async throws { try await work() }
    }

    private func ask(_ path: String, _ gateway: TestGateway, _ supervisor: Supervisor) async -> Response {
        let operations = Operations(gateway.gateway) { supervisor.health }
        let front = Front([operations.router], log: .silent, metrics: gateway.metrics)
        return await front.respond(to: Request(method: .get, path: path))
    }

    private func text(_ response: Response) -> String {
        Answer(response).text
    }

    @Test(
        "A part that is stopped by damaged data is told by its name",
        arguments: [
            Corruption("a record is gone") as any FatefulError, DatabaseError.corrupt("page 7"),
            DatabaseError.mismatch(column: 1, expected: "text"),
        ])
    func stopped(_ damage: any FatefulError) async throws {
        let gateway = try await TestGateway()
        let (beginnings, begun) = AsyncStream.makeStream(of: Void.self)
        let supervisor = Supervisor(
            [
                Part(name: "tick") { throw damage },
                Part(name: "deliver") {
                    begun.yield()
                    try await SystemClock().sleep(milliseconds: 3_600_000)
                },
            ], log: .silent)
        let before = await ask("/readyz", gateway, supervisor)
        #expect(text(before).contains("deliver: stopped"))
        let running = Task { try await supervisor.run() }
        for await _ in beginnings { break }
        while supervisor.health[0].lastError == nil || supervisor.health[0].state != .stopped {
            await Task.yield()
        }
        let answer = await ask("/readyz", gateway, supervisor)
        #expect(answer.status.code == 503)
        #expect(text(answer).contains("tick: stopped"))
        #expect(!text(answer).contains("deliver"))
        let figures = text(await ask("/metrics", gateway, supervisor))
        #expect(figures.contains("quittance_resident_running{resident=\"tick\"} 0"))
        #expect(figures.contains("quittance_resident_running{resident=\"deliver\"} 1"))
        running.cancel()
        try await running.value
    }

    @Test("What waits for people is counted, test payments apart, and so is the age of the newest rate")
    func backlog() async throws {
        let gateway = try await TestGateway()
        let front = Front([Operations(gateway.gateway).router], log: .silent, metrics: gateway.metrics)
        func figures() async -> [Substring] {
            let names = ["open_exceptions", "dead_deliveries", "merchant_rate_age_seconds"]
            let lines = text(await front.respond(to: Request(method: .get, path: "/metrics"))).split(separator: "\n")
            return lines.filter { line in names.contains { line.hasPrefix("quittance_\($0){") } }
        }
        let before = await figures()
        #expect(before.count == 2 * Exception.Kind.allCases.count + 2, "no rate was pushed: \(before)")
        #expect(before.allSatisfy { $0.hasSuffix(" 0") }, "\(before)")
        let tenant = try await gateway.tenant()
        let id = await tenant.payment().id
        _ = await tenant.post("/v1/sandbox/payments/\(id)/over", ["percent": 20, "confirmations": 1])
        try await gateway.watch()
        _ = await tenant.post("/v1/rates", ["asset": "BTC", "currency": "EUR", "rate": "1"], key: tenant.live)
        gateway.clock.advance(by: 61_500)
        let after = Set(await figures()).subtracting(before)
        #expect(
            after == [
                #"quittance_open_exceptions{kind="overpaid",mode="test"} 1"#,
                #"quittance_merchant_rate_age_seconds{mode="live"} 61"#,
            ])
        let exception = await tenant.get("/v1/exceptions").json?["data"]?[0]?["id"]?.asString ?? ""
        _ = await tenant.post("/v1/exceptions/\(exception)/rulings", ["action": "dismiss", "reason": "Small."])
        #expect(await figures().contains(#"quittance_open_exceptions{kind="overpaid",mode="test"} 0"#))
    }

    @Test("A test network that fails takes nothing away from live money; a live one does")
    func testNetworks() async throws {
        let gateway = try await TestGateway()
        let front = Front([Operations(gateway.gateway).router], log: .silent, metrics: gateway.metrics)
        func ready() async -> Response { await front.respond(to: Request(method: .get, path: "/readyz")) }
        _ = try await gateway.gateway.command(.fail(.sandbox))
        try await gateway.gateway.markUnhealthy(SandboxNetwork.sandbox.name, fault: "unreachable: it was made to fail")
        let failing = await ready()
        #expect(failing.status.code == 200)
        let tested = "\"test_networks\":[\"sandbox: not healthy (unreachable)\"]"
        #expect(text(failing).contains(tested), "\(text(failing))")
        for place in 1...5 {
            try await gateway.gateway.markUnhealthy(UTXONetwork.bitcoin.name, fault: "unreachable: try \(place)")
        }
        // Told in the log as well: live networks alone, and each fault once.
        let told = try await gateway.store.read { tx in
            try tx.records(chain: Storage.Transaction.instanceChain, limit: 1_000)
                .filter { $0.record.kind == "source_health" }.map(\.record.subject)
        }
        #expect(told == ["bitcoin"])
        let live = await ready()
        #expect(live.status.code == 503)
        #expect(text(live).contains("\"reasons\":[\"bitcoin: not healthy (unreachable)\"]"), "\(text(live))")
    }

    @Test("A gateway with nothing but test networks is as ready as they are")
    func nothingLive() async throws {
        let gateway = try await TestGateway(live: [], isBitcoinHeard: false)
        let front = Front([Operations(gateway.gateway).router], log: .silent, metrics: gateway.metrics)
        func ready() async -> Int { await front.respond(to: Request(method: .get, path: "/readyz")).status.code }
        #expect(await ready() == 200)
        try await gateway.gateway.markUnhealthy(SandboxNetwork.sandbox.name, fault: "unreachable: nobody answers")
        #expect(await ready() == 503)
    }

    @Test("A part that is about to be started again is told by its name")
    func restarting() async throws {
        let gateway = try await TestGateway()
        let supervisor = Supervisor(
            [Part(name: "watch bitcoin") { throw DatabaseError.busy("") }], clock: ManualClock(), log: .silent)
        let running = Task { try await supervisor.run() }
        while supervisor.health[0].state != .restarting { await Task.yield() }
        #expect(text(await ask("/readyz", gateway, supervisor)).contains("watch bitcoin: restarting"))
        running.cancel()
        try await running.value
    }
}
