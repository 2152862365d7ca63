import Domain
import HTTP
import JSON
import Platform

/// Acts as merchant and customer through the API, and waits for what follows.
struct Driver: Sendable {
    let demo: Demo
    private let clock = SystemClock()
    /// How long something may take to follow. Only a failure ever waits so long.
    private static let patienceMilliseconds: Int64 = 60_000
    private static let pauseMilliseconds: Int64 = 25

    var api: APIClient { demo.api }

    /// Sets the merchant's policy for what is shown: two blocks on the sandbox, 2 % less is waived, less than
    /// 20 cents is dust, and above 1000 euros a person looks.
    init(_ demo: Demo) async throws {
        self.demo = demo
        try await demo.api.send(
            .put, "/v1/policies",
            [
                "under_tolerance": ["basis_points": 200, "cap_minor": "100"],
                "over_tolerance": ["basis_points": 50, "cap_minor": "100"],
                "confirmations": [
                    ["network": "sandbox", "tiers": [["requirement": "2"]]],
                    ["tiers": [["requirement": "1"]]],
                ],
                "dust_minor": "20",
                "review_above_minor": "100000",
            ])
    }

    /// A payment of ten euros in one method. Gives its identity.
    func pay(
        _ order: String, amount: String = "10.00", asset: String = "SBX", network: String = "sandbox"
    ) async throws -> String {
        let made = try await api.post(
            "/v1/payments",
            [
                "merchant_order_id": .string(order), "amount": .string(amount), "currency": "EUR",
                "asset": .string(asset),
                "network": .string(network),
            ])
        guard let id = made["id"]?.asString else { throw Failure("a payment came without an identity.") }
        return id
    }

    /// The customer does something about a payment.
    func act(_ scenario: String, _ payment: String, _ body: JSON = [:]) async throws {
        try await api.post("/v1/sandbox/payments/\(payment)/\(scenario)", body)
    }

    /// A person decides on a payment's exception of that kind.
    func rule(on kind: String, of payment: String, _ action: String) async throws {
        let open = try await api.get("/v1/exceptions?open=true&kind=\(kind)&limit=100")["data"]?.asArray ?? []
        guard let id = open.first(where: { $0["payment_id"]?.asString == payment })?["id"]?.asString else {
            throw Failure("no exception \(kind) of \(payment) is open.")
        }
        try await api.post(
            "/v1/exceptions/\(id)/rulings", ["action": .string(action), "reason": "the demo's operator"])
    }

    func mine(_ blocks: Int64) async throws {
        try await api.post("/v1/sandbox/mine", ["blocks": .integer(blocks)])
    }

    func reorg(depth: Int64, fate: String) async throws {
        try await api.post("/v1/sandbox/reorg", ["depth": .integer(depth), "fate": .string(fate)])
    }

    /// Waits until a payment is in a state, with exceptions of these kinds open. Throws what it was instead.
    @discardableResult
    func await(_ payment: String, _ state: String, _ exceptions: [String] = []) async throws -> JSON {
        try await until("\(state) \(exceptions)") {
            let view = try await api.get("/v1/payments/\(payment)")
            let open = Set((view["exceptions"]?.asArray ?? []).compactMap(\.asString)).sorted()
            let now = "\(view["state"]?.asString ?? "?") \(open)"
            return view["state"]?.asString == state && open == exceptions.sorted()
                ? .there(view) : .notYet(now)
        }
    }

    /// The types of a payment's events, in order.
    func events(of payment: String) async throws -> [String] {
        let list = try await api.get("/v1/events?payment_id=\(payment)&limit=100")
        return (list["data"]?.asArray ?? []).compactMap { $0["type"]?.asString }
    }

    /// What a look came to.
    enum Look {
        case there(JSON)
        /// What was seen instead.
        case notYet(String)
    }

    /// Looks until it is there. Throws what was seen last when it takes too long.
    @discardableResult
    func until(_ wanted: String, _ look: () async throws -> Look) async throws -> JSON {
        let start = clock.uptime
        while true {
            switch try await look() {
            case .there(let value): return value
            case .notYet(let seen):
                guard clock.uptime - start < Self.patienceMilliseconds else {
                    throw Failure("it should be \(wanted), and is \(seen).")
                }
                try await clock.sleep(milliseconds: Self.pauseMilliseconds)
            }
        }
    }

    /// Whether each kind of exception that there is was seen by now.
    func kinds() async -> Demo.Row {
        let kinds = Exception.Kind.allCases.map(\.rawValue)
        var row = Demo.Row(
            name: "every kind of exception", state: "seen", exceptions: "\(kinds.count) kinds", problem: nil)
        do {
            var missing: [String] = []
            for kind in kinds {
                let first = try await api.get("/v1/exceptions?kind=\(kind)&limit=1")["data"]?[0]
                if first == nil { missing.append(kind) }
            }
            if !missing.isEmpty { row.problem = "nobody saw \(missing.joined(separator: ", "))." }
        } catch {
            row.problem = Problem(error).text
        }
        return row
    }

    /// Waits until every webhook has been delivered.
    func webhooks() async -> Demo.Row {
        let path = "/v1/webhook-endpoints/\(demo.endpoint)/deliveries"
        do {
            try await until("nothing waiting") {
                for state in ["waiting", "queued"] {
                    let list = try await api.get("\(path)?state=\(state)&limit=1")
                    if list["data"]?[0] != nil { return .notYet("a webhook is \(state)") }
                }
                return .there(.null)
            }
            let dead = try await api.get("\(path)?state=dead&limit=1")["data"]?[0]
            return Demo.Row(
                name: "webhooks", state: dead == nil ? "delivered" : "dead", exceptions: "",
                problem: dead == nil ? nil : "some were given up")
        } catch {
            return Demo.Row(
                name: "webhooks", state: "waiting", exceptions: "", problem: Problem(error).text)
        }
    }
}
