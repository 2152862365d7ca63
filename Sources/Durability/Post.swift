import Crypto
import HTTP
import Platform

/// The merchant's server, at the other end of no network: takes webhooks into what the outside knows, each
/// identity once.
final class Post: Sender {
    private let witness: Witness
    private let clock: ManualClock
    private let publicKeys: [WebhookVerificationKey]
    /// Set where requests are answered first and arrive later.
    private let held: Lock<[ClientRequest]>?

    init(_ witness: Witness, _ clock: ManualClock, _ publicKeys: [WebhookVerificationKey], isLate: Bool) {
        self.witness = witness
        self.clock = clock
        self.publicKeys = publicKeys
        held = isLate ? Lock([]) : nil
    }

    func send(_ request: ClientRequest) async throws(ClientError) -> ClientResponse {
        if let held {
            held.withLock { $0.append(request) }
            return ClientResponse(status: .ok, headers: Headers(), body: [], isTruncated: false)
        }
        return ClientResponse(status: take(request), headers: Headers(), body: [], isTruncated: false)
    }

    func close() {}

    /// Lets arrive what was held back.
    func arrive() {
        guard let held else { return }
        let all = held.withLock { held in
            defer { held = [] }
            return held
        }
        for request in all { _ = take(request) }
    }

    private func take(_ request: ClientRequest) -> Status {
        let id = request.headers["webhook-id"] ?? ""
        let name = String(request.url.path.dropFirst())
        var isNew = false
        witness.note { outside in
            if let problem = problem(request, id, name, outside) { outside.contradictions.append(problem) }
            let known = outside.hooks.first { $0.id == id && $0.endpoint == name }
            if let known {
                outside.repeats += 1
                if known.body != request.body {
                    outside.contradictions.append("webhook \(id) has two bodies")
                }
            } else {
                outside.hooks.append(Outside.Hook(id: id, endpoint: name, body: request.body))
                isNew = true
            }
        }
        // One that is down at first.
        return name == "flaky" && isNew ? .serviceUnavailable : .ok
    }

    /// It must be signed with the instance's key and with a secret that the outside was told. One whose
    /// telling was cut off is not known to it.
    private func problem(
        _ request: ClientRequest, _ id: String, _ name: String, _ outside: Outside
    ) -> String? {
        let secrets = (outside.secrets[name] ?? []).compactMap { try? WebhookVerificationKey(parsing: $0) }
        for keys in [publicKeys, secrets] where !keys.isEmpty {
            do throws(WebhookSignatureError) {
                try WebhookSignature.verify(
                    header: request.headers["webhook-signature"] ?? "", id: id,
                    timestamp: request.headers["webhook-timestamp"] ?? "", body: request.body, keys: keys,
                    now: clock.now / 1_000)
            } catch {
                return "webhook \(id) to \(name) is not signed so that it would be believed: \(error)"
            }
        }
        return nil
    }
}
