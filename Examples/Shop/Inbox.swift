import Crypto
import HTTP
import JSON
import Platform

/// Receives webhooks: checks the signature over the bytes as they came, keeps them, and acknowledges.
/// Nothing else happens before the answer: the worker does the rest.
struct Inbox: Sendable {
    let settings: Settings
    let book: OrderBook
    let worker: Worker

    func receive(_ request: Request) async throws -> Response {
        guard let secret = settings.webhookSecret, let key = try? WebhookVerificationKey(parsing: secret)
        else {
            return .text(.serviceUnavailable, "no webhook secret is set\n")
        }
        let now = SystemClock().now
        guard let id = request.headers["webhook-id"] else { return .text(.badRequest, "no webhook-id\n") }
        do throws(WebhookSignatureError) {
            try WebhookSignature.verify(
                header: request.headers["webhook-signature"] ?? "", id: id,
                timestamp: request.headers["webhook-timestamp"] ?? "", body: request.body, keys: [key],
                now: now / 1_000)
        } catch {
            return .text(.unauthorized, "the signature does not hold\n")
        }
        // Signed, so from the gateway. Events that are not about a payment are of no concern to this shop.
        // Some only name it (`payment.released`): any look at it deals with those.
        let data = (try? JSON.parse(request.body))?["data"]
        let payment = data?["payment"]
        if let name = payment?["id"]?.asString ?? data?["payment_id"]?.asString {
            let version = payment?["version"]?.asInt64 ?? 0
            try await book.receive(event: id, payment: name, version: version, body: request.body, at: now)
            worker.wake()
        }
        return Response(.noContent)
    }
}
