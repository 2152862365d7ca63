import HTTP
import JSON
import Platform
import TestKit

/// What clients were told, and what they do not know.
struct KillLedger: Sendable {
    /// Acknowledged payments: identity and address by order.
    var acknowledged: [String: (id: String, address: String)] = [:]
    /// Those that the sandbox's customer has paid, as it was acknowledged.
    var paid: Set<String> = []
    /// Deliveries of goods that were granted, and that were reported.
    var claimed: Set<String> = []
    var reported: Set<String> = []
    /// Blocks that were taken off the chain.
    var reorgs = 0
    /// Answers of every kind.
    var answers = 0
    var surprises: [String] = []
    var orders = 0
    /// Requests under way, and lanes that go on.
    var open = 0
    var working = 0
    /// Kills: all of them, those while clients worked, those that met a request, and those before the gateway
    /// served.
    var kills = 0
    var worked = 0
    var cut = 0
    var early = 0

    /// How much flowed, in words.
    var flow: String {
        "\(acknowledged.count) acknowledged, \(paid.count) paid, \(claimed.count) claimed, \(reported.count) "
            + "reported, \(reorgs) reorgs; \(kills) kills, \(worked) of them at work, \(cut) met a request, "
            + "\(early) came before it served"
    }
}

/// Asks a gateway that may be gone at any moment.
struct KillClient: Sendable {
    let ledger: Lock<KillLedger>
    let key: String
    private let client = Client(.trusted)

    init(_ ledger: Lock<KillLedger>, key: String) {
        self.ledger = ledger
        self.key = key
    }

    /// The answer with one of those codes; nil when there was none. Another code is noted.
    func send(
        _ method: HTTP.Method, _ address: String, _ body: JSON? = nil, under idempotency: String? = nil,
        expecting codes: [Int]
    ) async -> ClientResponse? {
        var headers: Headers = ["Authorization": "Bearer \(key)"]
        if body != nil { headers["Content-Type"] = "application/json" }
        if let idempotency { headers["Idempotency-Key"] = idempotency }
        ledger.withLock { $0.open += 1 }
        defer { ledger.withLock { $0.open -= 1 } }
        let answer: ClientResponse
        do {
            answer = try await client.send(
                ClientRequest(method, try URL(parsing: address), headers: headers, body: body?.encoded() ?? []))
        } catch {
            return nil
        }
        guard codes.contains(answer.status.code) else {
            let text = String(decoding: answer.body, as: UTF8.self)
            ledger.withLock { $0.surprises.append("\(method) \(address): \(answer.status.code) \(text)") }
            return nil
        }
        ledger.withLock { $0.answers += 1 }
        return answer
    }

    /// What a payment is now.
    func state(of id: String, _ url: String) async -> String? {
        guard let view = await send(.get, url + "/v1/payments/\(id)", expecting: [200]) else { return nil }
        return try? JSON.parse(view.body)["state"]?.asString
    }
}

/// A part of the world that goes on while gateways come and go.
protocol KillLane: Sendable {
    /// Works until the gateway at `url` is gone.
    func work(_ url: String) async
}

/// A merchant's server with its customers: what it asked and got no answer to, it asks again under the same key.
actor Buyers: KillLane {
    private let client: KillClient
    private var pending: String?

    init(_ client: KillClient) { self.client = client }

    func work(_ url: String) async {
        while !Task.isCancelled {
            let order =
                pending
                ?? client.ledger.withLock { ledger in
                    ledger.orders += 1
                    return "order-\(ledger.orders)"
                }
            pending = order
            let body: JSON = [
                "merchant_order_id": .string(order), "amount": "0.25", "currency": "SBX",
                "methods": [["asset": "SBX", "network": "sandbox"]],
            ]
            let made = await client.send(.post, url + "/v1/payments", body, under: order, expecting: [201])
            guard let made, let json = try? JSON.parse(made.body), let id = json["id"]?.asString,
                let address = json["address"]?.asString
            else { return }
            pending = nil
            client.ledger.withLock { ledger in
                let known = ledger.acknowledged.updateValue((id, address), forKey: order)
                if known != nil { ledger.surprises.append("\(order) was acknowledged before") }
            }
            let act = url + "/v1/sandbox/payments/\(id)/exact"
            guard await client.send(.post, act, ["confirmations": 1], expecting: [200]) != nil else { return }
            client.ledger.withLock { _ = $0.paid.insert(id) }
        }
    }
}

/// The merchant's warehouse: claims what may be delivered, and reports it.
struct Warehouse: KillLane {
    let client: KillClient

    func work(_ url: String) async {
        let wanted = url + "/v1/payments?state=paid&fulfilled=false&limit=1"
        while !Task.isCancelled {
            guard let list = await client.send(.get, wanted, expecting: [200]),
                let items = try? JSON.parse(list.body)["data"]?.asArray
            else { return }
            guard let id = items.first?["id"]?.asString else {
                // It asks again by and by; nothing waits for that.
                try? await Task.sleep(for: .milliseconds(5))
                continue
            }
            let fulfilments = "\(url)/v1/payments/\(id)/fulfilments"
            let claim = await client.send(
                .post, fulfilments, ["action_id": .string("parcel-\(id)")], under: "claim-\(id)", expecting: [201])
            guard claim != nil else { return }
            client.ledger.withLock { _ = $0.claimed.insert(id) }
            let report = await client.send(
                .post, "\(fulfilments)/parcel-\(id)/complete", under: "report-\(id)", expecting: [200])
            guard report != nil else { return }
            client.ledger.withLock { _ = $0.reported.insert(id) }
        }
    }
}

/// The network's own life: blocks come, and the last ones go again. Never so many that a payment which counts as
/// paid would lose its blocks.
struct Weather: KillLane {
    let client: KillClient

    func work(_ url: String) async {
        while !Task.isCancelled {
            for fate in ["mined", "pooled"] {
                let back: JSON = ["depth": 2, "fate": .string(fate)]
                // At its beginning the chain is not deep enough.
                let reorg = await client.send(.post, url + "/v1/sandbox/reorg", back, expecting: [200, 422])
                guard let reorg else { return }
                if reorg.status.code == 200 { client.ledger.withLock { $0.reorgs += 1 } }
                let mine = await client.send(.post, url + "/v1/sandbox/mine", ["blocks": 1], expecting: [200])
                guard mine != nil else { return }
                // It need not be rough: everything else waits while the sandbox is rewritten.
                try? await Task.sleep(for: .milliseconds(10))
            }
        }
    }
}
