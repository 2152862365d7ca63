import Crypto
import Domain
import HTTP
import JSON
import Platform

/// The merchants' servers: they take webhooks, answer as well or as badly as they are told to, and remember
/// what they heard, so that what a merchant is told can be compared with what was decided.
final class Post: Sender {
    /// How a server behaves at the moment.
    enum Mood: CaseIterable, Sendable {
        case good, error, notFound, throttling, redirecting, refusing, untrusted, unknown
        /// It wants nothing any more.
        case gone
        /// It never answers, and did nothing.
        case deaf
        /// It answers one byte at a time until nobody waits any more, and did nothing.
        case dripping
        /// It does what it is told, and its answer is lost.
        case mute
    }

    /// One server.
    struct Receiver: Sendable {
        var mood = Mood.good
        var verification: [WebhookVerificationKey] = []
        /// The first bytes of each event, by its id.
        var heard: [String: [UInt8]] = [:]
        /// The number of the event of a payment that was first taken last.
        var last: [String: Int64] = [:]
        /// The epochs for which a payment was announced paid.
        var paidEpochs: [String: Set<Int64>] = [:]
        /// Failed tries of each event.
        var failures: [String: Int] = [:]
        /// It has said once that it is gone: what it missed then comes late.
        var wasGone = false
    }

    private struct State: Sendable {
        var receivers: [String: Receiver] = [:]
        var violations: [String] = []
        var tries = 0
        var failures = 0
        var bodies: [[UInt8]] = []
    }

    private let clock: ManualClock
    private let state = Lock(State())

    init(_ clock: ManualClock) { self.clock = clock }

    /// What receivers saw that must not be.
    var violations: [String] { state.withLock { $0.violations } }

    func add(_ host: String, _ keys: [WebhookVerificationKey]) {
        state.withLock { $0.receivers[host] = Receiver(verification: keys) }
    }

    /// From now on a receiver takes what is signed with this secret.
    func change(_ secret: WebhookVerificationKey, of host: String) {
        state.withLock { $0.receivers[host]?.verification[0] = secret }
    }

    func set(_ mood: Mood, of host: String) { state.withLock { $0.receivers[host]?.mood = mood } }

    func receiver(_ host: String) -> Receiver? { state.withLock { $0.receivers[host] } }

    /// Tries since the last time, and how many of them failed.
    func takeFigures() -> (tries: Int, failures: Int) {
        state.withLock { state in
            defer { (state.tries, state.failures) = (0, 0) }
            return (state.tries, state.failures)
        }
    }

    /// All that was sent since the last time, in order.
    func takeBodies() -> [[UInt8]] {
        state.withLock { state in
            defer { state.bodies = [] }
            return state.bodies
        }
    }

    func close() {}

    func send(_ request: ClientRequest) async throws(ClientError) -> ClientResponse {
        let now = clock.now / 1_000
        let answer = state.withLock { state in Self.answer(request, now, &state) }
        return try answer.get()
    }

    private static func answer(
        _ request: ClientRequest, _ now: Int64, _ state: inout State
    ) -> Result<ClientResponse, ClientError> {
        let host = request.url.host.description
        guard var receiver = state.receivers[host] else {
            return .failure(ClientError(.nameNotResolved, mayHaveReachedPeer: false))
        }
        defer { state.receivers[host] = receiver }
        state.tries += 1
        state.bodies.append(request.body)
        if receiver.mood != .good {
            state.failures += 1
            if let id = request.headers["webhook-id"] { receiver.failures[id, default: 0] += 1 }
        }
        switch receiver.mood {
        case .refusing: return .failure(ClientError(.connectFailed, mayHaveReachedPeer: false))
        case .untrusted: return .failure(ClientError(.tls, mayHaveReachedPeer: false))
        case .unknown: return .failure(ClientError(.nameNotResolved, mayHaveReachedPeer: false))
        case .deaf, .dripping: return .failure(ClientError(.timedOut, mayHaveReachedPeer: true))
        case .error: return .success(response(500))
        case .notFound: return .success(response(404))
        case .redirecting: return .success(response(302, ["Location": "https://elsewhere.example/"]))
        case .throttling: return .success(response(429, ["Retry-After": "30"]))
        case .gone:
            receiver.wasGone = true
            return .success(response(410))
        case .good, .mute: break
        }
        if let violation = take(request, now, &receiver) { state.violations.append("\(host): \(violation)") }
        if receiver.mood == .mute { return .failure(ClientError(.timedOut, mayHaveReachedPeer: true)) }
        return .success(response(204))
    }

    private static func response(_ code: Int, _ headers: Headers = [:]) -> ClientResponse {
        ClientResponse(status: Status(code), headers: headers, body: [], isTruncated: false)
    }

    /// Takes a webhook as a good merchant does: verifies it, knows it again by its id, acts on it once. Gives
    /// what is wrong with it.
    private static func take(_ request: ClientRequest, _ now: Int64, _ receiver: inout Receiver) -> String? {
        guard let id = request.headers["webhook-id"] else { return "no id" }
        for key in receiver.verification {
            do throws(WebhookSignatureError) {
                try WebhookSignature.verify(
                    header: request.headers["webhook-signature"] ?? "", id: id,
                    timestamp: request.headers["webhook-timestamp"] ?? "", body: request.body, keys: [key],
                    now: now)
            } catch {
                return "\(id) is not signed: \(error)"
            }
        }
        if let known = receiver.heard[id] {
            return known == request.body ? nil : "\(id) came again with another body"
        }
        receiver.heard[id] = request.body
        guard let event = try? JSON.parse(request.body), let payment = event["data"]?["payment"],
            let subject = payment["id"]?.asString, let sequence = event["sequence"]?.asInt64
        else { return "\(id) is no event of a payment" }
        let last = receiver.last[subject] ?? 0
        receiver.last[subject] = sequence
        if ["payment.paid", "payment.overpaid"].contains(event["type"]?.asString),
            let epoch = payment["epoch"]?.asInt64
        {
            receiver.paidEpochs[subject, default: []].insert(epoch)
        }
        // An event that has failed a few times is overtaken, so that one cannot hold up all others.
        let mayBeLate = receiver.wasGone || receiver.failures[id] ?? 0 >= Delivery.triesBeforeOvertaking
        return sequence > last || mayBeLate ? nil : "event \(sequence) of \(subject) came after \(last)"
    }
}
