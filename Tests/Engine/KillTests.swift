import Chains
import Database
import Domain
import HTTP
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

/// What clients were told, and what they do not know.
private struct Ledger: Sendable {
    /// Acknowledged payments: identity and address by order.
    var acknowledged: [String: (id: String, address: String)] = [:]
    /// Those that the sandbox's customer has paid, as it was acknowledged.
    var paid: Set<String> = []
    var surprises: [String] = []
    var orders = 0
}

/// One client: what it asked and got no answer to, it asks again under the same key.
private actor Lane {
    private let ledger: Lock<Ledger>
    private let client: Client
    private let key: String
    private var pending: String?

    init(_ ledger: Lock<Ledger>, _ client: Client, key: String) {
        self.ledger = ledger
        self.client = client
        self.key = key
    }

    /// Works until the server is gone.
    func work(_ url: String) async {
        while !Task.isCancelled {
            let order =
                pending
                ?? ledger.withLock { ledger in
                    ledger.orders += 1
                    return "order-\(ledger.orders)"
                }
            pending = order
            let body: JSON = [
                "merchant_order_id": .string(order), "amount": "0.25", "currency": "SBX",
                "methods": [["asset": "SBX", "network": "sandbox"]],
            ]
            guard let answer = await post(url + "/v1/payments", body, order) else { return }
            guard answer.status.code == 201, let json = try? JSON.parse(answer.body),
                let id = json["id"]?.asString, let address = json["address"]?.asString
            else {
                return surprise("\(answer.status.code) \(String(decoding: answer.body, as: UTF8.self))")
            }
            pending = nil
            let isNew = ledger.withLock { ledger in
                ledger.acknowledged.updateValue((id, address), forKey: order) == nil
            }
            if !isNew { surprise("\(order) was acknowledged before") }
            let pay = await post(url + "/v1/sandbox/payments/\(id)/exact", ["confirmations": 1], nil)
            guard let pay else { return }
            guard pay.status.code == 200 else {
                return surprise("\(pay.status.code) \(String(decoding: pay.body, as: UTF8.self))")
            }
            ledger.withLock { _ = $0.paid.insert(id) }
        }
    }

    private func surprise(_ text: String) { ledger.withLock { $0.surprises.append(text) } }

    private func post(_ address: String, _ body: JSON, _ idempotency: String?) async -> ClientResponse?
    {
        var headers: Headers = ["Authorization": "Bearer \(key)", "Content-Type": "application/json"]
        if let idempotency { headers["Idempotency-Key"] = idempotency }
        do {
            return try await client.send(
                ClientRequest(.post, try URL(parsing: address), headers: headers, body: body.encoded()))
        } catch {
            return nil
        }
    }
}

@Suite(
    "A gateway that is killed", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: Program.canServe, "the program beside the tests cannot serve"))
struct KillTests {
    static let kills = 100

    @Test(
        "Nothing acknowledged is lost, nothing is double, and the log gives it all again",
        arguments: DatabaseEngine.allCases)
    func kill(_ engine: DatabaseEngine) async throws {
        let folder = try TemporaryFolder()
        var location = DatabaseLocation.sqlite(folder.path + "/quittance.db")
        var variables: [String: String] = [:]
        if engine == .postgres {
            let uri = try await TestPostgres.shared.uri
            location = .postgres(uri)
            variables["QUITTANCE_STORAGE"] = uri
        }
        guard let program = Program(data: folder.path, variables: variables) else {
            throw TestKitError("the program is not built beside the tests")
        }
        _ = try await program.run("merchant", "create", "--name", "Shop")
        let key = try await program.run("key", "create")
        let ledger = Lock(Ledger())
        let lanes = (0..<6).map { _ in
            Lane(ledger, Client(.trusted), key: key)
        }
        for round in 0...Self.kills {
            let served = try await program.serve()
            await withDiscardingTaskGroup { group in
                for lane in lanes { group.addTask { await lane.work(served.url) } }
                // The moment of the kill is chance; nothing waits for it.
                try? await Task.sleep(for: .milliseconds(Int.random(in: 1...180)))
                await round < Self.kills ? served.kill() : served.stop()
            }
        }
        let last = ledger.withLock { $0 }
        #expect(last.surprises.isEmpty)
        #expect(!last.paid.isEmpty)
        _ = try await program.run("verify")
        try await check(last, location)
    }

    /// Opens what the killed processes left behind, and looks at all of it.
    private func check(_ ledger: Ledger, _ location: DatabaseLocation) async throws {
        let store = try await Store.open(location)
        let gateway = try House.gateway(
            store, SystemClock(), SystemEntropy(), Settings(baseURL: "https://pay.example"),
            try await Gateway.replaySandbox(from: store))
        // Prices in a coin are above every tier of the standard policy: six confirmations.
        _ = try await gateway.command(.mine(.sandbox, blocks: 6))
        try await House.follow(gateway)
        let merchant = try await store.read { try $0.merchants()[0].id }
        let payments = try await store.read { tx in
            try tx.payments(of: merchant, PaymentFilter(), PageRequest(limit: 1_000_000)).items
        }
        let byID = Dictionary(payments.map { ($0.id.text, $0) }) { first, _ in first }
        for (order, told) in ledger.acknowledged {
            let payment = byID[told.id]
            #expect(payment?.terms.orderID == order)
            #expect(payment?.evidence.quotes.map(\.destination.address) == [told.address])
        }
        #expect(ledger.paid.filter { byID[$0]?.state != .paid } == [])
        #expect(Set(payments.map(\.terms.orderID)).count == payments.count, "one payment for each key")
        let scripts = payments.flatMap { $0.evidence.quotes.map(\.destination.script) }
        #expect(Set(scripts).count == scripts.count, "no address twice")
        #expect(payments.allSatisfy { $0.evidence.transfers.count <= 1 }, "nothing is counted twice")
        #expect(payments.allSatisfy { $0.openExceptions.isEmpty })
        try await House.audit(store, merchant)
        await store.close()
    }
}
