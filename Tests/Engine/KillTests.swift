import Chains
import Crypto
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

@Suite("A gateway that is killed", .serialized, .timeLimit(.minutes(10)))
struct KillTests {
    static let kills = 200

    @Test(
        "Nothing acknowledged is lost, nothing is double, events come in order, and the log gives it all again",
        arguments: DatabaseEngine.allCases)
    func kill(_ engine: DatabaseEngine) async throws {
        let folder = try TemporaryFolder()
        var location = DatabaseLocation.sqlite(folder.path + "/quittance.db")
        var variables = ["QUITTANCE_WEBHOOKS_ALLOW_LOOPBACK": "true"]
        if engine == .postgres {
            let uri = try await TestPostgres.shared.uri
            location = .postgres(uri)
            variables["QUITTANCE_STORAGE"] = uri
        }
        guard let program = Program(data: folder.path, variables: variables),
            await Program.canServe()
        else {
            throw TestKitError("the program is not built beside the tests, or cannot serve")
        }
        _ = try await program.run("merchant", "create", "--name", "Shop")
        let key = try await program.run("key", "create")
        let receiver = Receiver { _ in Response(.ok) }
        let last = try await receiver.serving { url in
            try await Self.register(url, program, key)
            let ledger = try await Self.strike(program, key)
            _ = try await program.run("verify")
            try await check(ledger, location, try Self.keys(in: folder.file("instance.key")))
            try await check(receiver, location)
            return ledger
        }
        #expect(last.surprises.isEmpty)
        #expect(!last.paid.isEmpty)
    }

    /// Has every event sent to `url`.
    private static func register(_ url: String, _ program: Program, _ key: String) async throws {
        let served = try await program.serve()
        let made = try await Client(.trusted).send(
            ClientRequest(
                .post, try URL(parsing: served.url + "/v1/webhook-endpoints"),
                headers: ["Authorization": "Bearer \(key)", "Content-Type": "application/json"],
                body: (["url": .string(url)] as JSON).encoded()))
        await served.stop()
        guard made.status.code == 201 else {
            throw TestKitError("no endpoint: \(String(decoding: made.body, as: UTF8.self))")
        }
    }

    /// Starts the program, lets clients work, and kills it, over and over. Gives what the clients were told.
    private static func strike(_ program: Program, _ key: String) async throws -> Ledger {
        let ledger = Lock(Ledger())
        let lanes = (0..<6).map { _ in
            Lane(ledger, Client(.trusted), key: key)
        }
        for round in 0...kills {
            let served = try await program.serve()
            await withDiscardingTaskGroup { group in
                for lane in lanes { group.addTask { await lane.work(served.url) } }
                // The moment of the kill is chance; nothing waits for it.
                try? await Task.sleep(for: .milliseconds(Int.random(in: 1...180)))
                await round < kills ? served.kill() : served.stop()
            }
        }
        return ledger.withLock { $0 }
    }

    /// The keys that the killed processes used, out of their file.
    private static func keys(in file: String) throws -> InstanceKeys {
        let lines = String(decoding: try Files.read(file, maxBytes: 4_096), as: UTF8.self).split(separator: "\n")
        guard lines.count == 3, var seal = Hex.decode(lines[1].dropFirst(5)),
            var sign = Hex.decode(lines[2].dropFirst(5)), let box = SecretBox(key: Secret(wiping: &seal)),
            let pair = Ed25519.KeyPair(seed: Secret(wiping: &sign))
        else { throw TestKitError("the key file has another form") }
        return InstanceKeys(box: box, signing: pair)
    }

    /// Opens what the killed processes left behind, and looks at all of it. Delivers what is still owed.
    private func check(_ ledger: Ledger, _ location: DatabaseLocation, _ keys: InstanceKeys) async throws {
        let store = try await Store.open(location)
        var settings = Settings(baseURL: "https://pay.example")
        settings.allowsLoopbackWebhooks = true
        let sandbox = try await Gateway.replaySandbox(from: store)
        let gateway = try House.gateway(store, SystemClock(), SystemEntropy(), settings, sandbox, keys: keys)
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
        // What a killed process had taken is free a minute later, and what it failed at by and by.
        let clock = ManualClock(now: SystemClock().now)
        let later = try House.gateway(store, clock, SystemEntropy(), settings, sandbox, keys: keys)
        let deliverer = Deliverer(later, client: Deliverer.client(allowsLoopback: true))
        for _ in 0..<60 {
            clock.advance(by: EngineLimits.leaseSeconds * 1_000)
            while try await deliverer.step() > 0 {}
        }
        await store.close()
    }

    /// Every event came at least once, always with its own bytes, and those of a payment in order.
    private func check(_ receiver: Receiver, _ location: DatabaseLocation) async throws {
        let store = try await Store.open(location)
        let events = try await store.database.read { db in
            try db.query("SELECT id, subject, body FROM event ORDER BY subject, sequence").map { row in
                (id: try row.text(0), subject: try row.text(1), body: Array(try row.text(2).utf8))
            }
        }
        await store.close()
        var firsts: [String: Int] = [:]
        var bodies: [String: Set<[UInt8]>] = [:]
        for (place, delivered) in receiver.all.enumerated() {
            if firsts[delivered.id] == nil { firsts[delivered.id] = place }
            bodies[delivered.id, default: []].insert(delivered.body)
        }
        #expect(!events.isEmpty && events.filter { firsts[$0.id] == nil }.map(\.id) == [])
        #expect(events.filter { bodies[$0.id] != [$0.body] }.map(\.id) == [])
        let overtaken = zip(events, events.dropFirst()).filter { before, after in
            before.subject == after.subject && firsts[before.id] ?? 0 > firsts[after.id] ?? 0
        }
        #expect(overtaken.map(\.1.id) == [])
    }
}
