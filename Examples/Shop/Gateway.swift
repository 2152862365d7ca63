import HTTP
import JSON

/// The gateway as a merchant's server sees it: five requests.
struct Gateway: Sendable {
    private let url: String
    private let key: String
    private let client = Client(.trusted, userAgent: "example-shop")

    init(url: String, key: String) {
        self.url = url
        self.key = key
    }

    /// What the shop reads of a payment.
    struct Payment: Sendable {
        let id: String
        let state: String
        let version: Int64
        let isFulfillable: Bool
        let checkout: String?

        init(_ json: JSON) throws {
            guard let id = json["id"]?.asString, let state = json["state"]?.asString,
                let version = json["version"]?.asInt64
            else { throw Refused(status: 200, text: "the answer is no payment") }
            self.id = id
            self.state = state
            self.version = version
            isFulfillable = json["fulfillable"]?.asBool ?? false
            checkout = json["checkout_url"]?.asString
        }
    }

    /// The gateway said no.
    struct Refused: Error, CustomStringConvertible {
        let status: Int
        let text: String
        var description: String { "the gateway answered \(status): \(text)" }
    }

    /// Makes the payment of an order. The same order gets the same payment, however often this is called.
    func create(order: String, product: Product, returnTo: String) async throws -> Payment {
        var body = JSONWriter()
        body.object { body in
            body.member("merchant_order_id", order)
            body.member("amount", product.price)
            body.member("currency", "EUR")
            body.member("description", product.name)
            body.member("success_url", returnTo)
            body.member("cancel_url", returnTo)
            body.object("metadata") { $0.member("product", product.id) }
        }
        return try Payment(await send(.post, "/v1/payments", body.bytes, idempotencyKey: "order-\(order)"))
    }

    func payment(_ id: String) async throws -> Payment {
        try Payment(await send(.get, "/v1/payments/\(id)"))
    }

    /// A part of the payments that are paid and not delivered: what nobody told of is among them. Give its
    /// `next` to get the part behind it; nil at the end.
    func unfulfilled(after place: String?) async throws -> (payments: [String], next: String?) {
        let after = place.map { "&after=\($0)" } ?? ""
        let list = try await send(
            .get, "/v1/payments?fulfillable=true&fulfilled=false&limit=100\(after)")
        let payments = (list["data"]?.asArray ?? []).compactMap { $0["id"]?.asString }
        return (payments, list["has_more"]?.asBool == true ? list["next"]?.asString : nil)
    }

    /// Claims the right to deliver. Throws `Refused` with 409 when the payment must not be fulfilled (any
    /// more).
    func claim(_ payment: String, action: String) async throws {
        var body = JSONWriter()
        body.object { $0.member("action_id", action) }
        _ = try await send(
            .post, "/v1/payments/\(payment)/fulfilments", body.bytes, idempotencyKey: "claim-\(action)")
    }

    /// Reports that it has been delivered.
    func complete(_ payment: String, action: String) async throws {
        _ = try await send(
            .post, "/v1/payments/\(payment)/fulfilments/\(action)/complete", [],
            idempotencyKey: "done-\(action)")
    }

    private func send(
        _ method: HTTP.Method, _ path: String, _ body: [UInt8] = [], idempotencyKey: String? = nil
    ) async throws -> JSON {
        var headers: Headers = ["Authorization": "Bearer \(key)", "Accept": "application/json"]
        if !body.isEmpty { headers["Content-Type"] = "application/json" }
        if let idempotencyKey { headers["Idempotency-Key"] = idempotencyKey }
        let response = try await client.send(
            ClientRequest(method, try URL(parsing: url + path), headers: headers, body: body))
        guard response.isSuccess else {
            let problem = try? JSON.parse(response.body)
            throw Refused(
                status: response.status.code,
                text: problem?["detail"]?.asString ?? problem?["code"]?.asString ?? "no reason given")
        }
        return try JSON.parse(response.body)
    }
}
