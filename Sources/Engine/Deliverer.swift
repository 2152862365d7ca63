import Crypto
import Domain
package import HTTP
import Platform
import Storage

/// Sends what is owed to endpoints: takes due deliveries under a lease, signs the stored bytes, and stores
/// the outcome.
///
/// Each endpoint has its own few places (`DeliveryPlaces`), so that a slow one delays nobody else. A crash
/// between the sending and the outcome ends with the lease: the delivery is tried again, under the same id
/// and bytes.
package struct Deliverer: Resident {
    private let gateway: Gateway
    private let client: any Sender
    private let places = Lock(DeliveryPlaces())
    private let wake = Wake()

    /// - Parameter client: as `client(allowsLoopback:)` makes it.
    package init(_ gateway: Gateway, client: any Sender) {
        self.gateway = gateway
        self.client = client
        // Once: `run` may be started again and again, and there is no way back from listening.
        gateway.changes.listen { [wake] in if $0 == .deliveries { wake.wake() } }
    }

    /// A client that sends whatever it is given at once: the places are shared out before, by endpoint and by
    /// merchant. By origin they would be shared by strangers who use the same service.
    package static func client(allowsLoopback: Bool) -> Client {
        var limits = ClientLimits()
        limits.transfers = EngineLimits.deliveries
        limits.transfersPerOrigin = EngineLimits.deliveries
        limits.waiting = EngineLimits.deliveries
        limits.waitingPerOrigin = EngineLimits.deliveries
        return Client(.guarded(allowLoopback: allowsLoopback), limits: limits)
    }

    package var name: String { "deliver" }

    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let (leased, next) = try await take()
                for delivery in leased {
                    group.addTask {
                        await attempt(delivery)
                        wake.wake()
                    }
                }
                if leased.isEmpty {
                    await wake.wait(milliseconds: idleMilliseconds(until: next), gateway.world.clock)
                }
            }
        }
    }

    /// Tries once what is due now, as far as there are places, and waits for it. Gives how many that was.
    package func step() async throws -> Int {
        let leased = try await take().leased
        await withDiscardingTaskGroup { group in
            for delivery in leased { group.addTask { await attempt(delivery) } }
        }
        return leased.count
    }

    /// Takes what is due, as far as there are places, in one transaction for all endpoints; and says when
    /// the next delivery is due by itself.
    private func take() async throws -> (leased: [LeasedDelivery], next: Instant?) {
        let now = gateway.world.now
        let (owed, next) = try await gateway.store.read {
            (try $0.endpointsOwed(by: now), try $0.nextDelivery(after: now))
        }
        let wanted = places.withLock { $0.free(for: owed) }
        guard !wanted.isEmpty else { return ([], next) }
        let leased = try await gateway.store.write { tx in
            try wanted.flatMap { endpoint, count in
                try tx.lease(
                    for: endpoint, now: now, until: now.adding(seconds: EngineLimits.leaseSeconds),
                    limit: count)
            }
        }
        places.withLock { places in
            for leased in leased { places.begin(leased.delivery.endpoint, of: leased.delivery.merchant) }
        }
        return (leased, next)
    }

    /// Until the next delivery is due by itself; a commit or a finished try wakes earlier.
    private func idleMilliseconds(until next: Instant?) -> Int64 {
        guard let next else { return Self.longestPause }
        let left = next.milliseconds - gateway.world.now.milliseconds
        return min(max(left, Self.shortestPause), Self.longestPause)
    }

    private static let shortestPause: Int64 = 100
    private static let longestPause: Int64 = 5_000

    /// One try of one delivery. What fails here ends with the lease, and stops no other delivery.
    private func attempt(_ leased: LeasedDelivery) async {
        defer { places.withLock { $0.end(leased.delivery.endpoint, of: leased.delivery.merchant) } }
        do {
            try await deliver(leased)
        } catch is SecretBoxError {
            // Our fault, not a try of the receiver's. It waits for the end of its lease, so that a key that
            // is put right finds it, and one that stays wrong keeps nothing busy.
            gateway.world.log.error(
                """
                a webhook secret cannot be opened with this instance's key \
                \("endpoint", leased.delivery.endpoint.text) \("delivery", leased.delivery.id)
                """)
        } catch {
            // It found no place, or the store did not answer: it waits for the end of its lease too.
            gateway.world.log.error(
                "delivery broken off \("delivery", leased.delivery.id) \("error", String(describing: error))")
        }
    }

    /// From signing to the stored outcome.
    private func deliver(_ leased: LeasedDelivery) async throws {
        let world = gateway.world
        let endpoint = try await gateway.store.read { try $0.endpoint(leased.delivery.endpoint) }
        guard let endpoint, endpoint.isActive else {
            return try await gateway.store.write { try $0.release(leased.delivery) }
        }
        let began = world.clock.uptime
        let at = world.now
        let answer = try await send(leased, to: endpoint, at: at)
        let spent = world.clock.uptime - began
        let attempt = Attempt(
            number: leased.delivery.tries + 1, at: at, milliseconds: spent, status: answer.status,
            fault: answer.fault, excerpt: answer.bytes.map(Self.excerpt) ?? "", answer: answer.bytes,
            isStale: false)
        guard let outcome = answer.outcome else {
            return try await gateway.store.write { tx in
                _ = try tx.settle(leased.delivery, next: nil, attempt: attempt)
            }
        }
        places.withLock { places in
            let isQuick = answer.status != nil && spent <= EngineLimits.quickAnswerMilliseconds
            places.note(endpoint.id, isQuick: isQuick)
        }
        let (now, chance) = (world.now, world.entropy.number(below: .max))
        try await gateway.store.write { tx in
            var (next, consequence) = leased.delivery.delivery.reduce(outcome, at: now, chance: chance)
            let current = try tx.endpoint(endpoint.id)
            if consequence == .disableEndpoint, current?.url != endpoint.url || current?.isActive != true {
                // Who says so is not who is there now: to the new address it is a try that failed.
                (next, consequence) = leased.delivery.delivery.reduce(.failed, at: now, chance: chance)
            }
            let counted = try tx.settle(leased.delivery, next: next, attempt: attempt)
            guard counted, consequence == .disableEndpoint, var gone = current else { return }
            gone.state = .gone
            try tx.save(gone)
            try gateway.record(gone, "endpoint_gone", at: at, cause: "410", by: .policy, tx)
        }
        world.metrics.deliveries.add(1, Delivery.isSuccess(outcome) ? "delivered" : "failed")
    }

    private struct Answer {
        /// Nil when we broke it off ourselves: the request may have been acted on, but it is no try of the
        /// receiver's.
        var outcome: Delivery.Outcome?
        var status: Int?
        var fault: String?
        var bytes: [UInt8]?
    }

    /// Throws when it could not be sent for a reason of ours.
    private func send(
        _ leased: LeasedDelivery, to endpoint: StoredEndpoint, at: Instant
    ) async throws -> Answer {
        do {
            try gateway.check(webhookURL: endpoint.url)
            let response = try await client.send(try request(leased, to: endpoint, at: at))
            let retry = response.retryAfterSeconds(now: at.milliseconds)
            return Answer(
                outcome: .answered(status: response.status.code, retryAfterSeconds: retry),
                status: response.status.code, fault: nil,
                bytes: Array(response.body.prefix(EngineLimits.excerptBytes)))
        } catch let error as ClientError {
            if error.kind == .cancelled || error.kind == .closed { return Answer(fault: Self.brokenOff) }
            if error.kind == .overloaded { throw error }
            gateway.world.log.info(
                """
                webhook without an answer \("endpoint", endpoint.id.text) \("kind", "\(error.kind)") \
                \("detail", error.detail)
                """)
            return Answer(outcome: .failed, fault: Self.code(error.kind))
        } catch is CommandError {
            return Answer(outcome: .failed, fault: Self.notAllowed)
        } catch let error as SecretBoxError {
            throw error
        } catch {
            return Answer(outcome: .failed, fault: Self.notAllowed)
        }
    }

    private func request(
        _ leased: LeasedDelivery, to endpoint: StoredEndpoint, at: Instant
    ) throws -> ClientRequest {
        let body = Array(leased.body.utf8)
        let seconds = at.milliseconds / 1_000
        var signing = try gateway.secrets(of: endpoint, at: at).map(WebhookSigningKey.symmetric)
        signing.append(.asymmetric(gateway.keys.signing))
        let id = leased.delivery.event.text
        let headers: Headers = [
            "Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": String(seconds),
            "webhook-signature": WebhookSignature.header(
                id: id, timestamp: seconds, body: body, keys: signing),
        ]
        return ClientRequest(
            .post, try URL(parsing: endpoint.url), headers: headers, body: body,
            timeout: gateway.settings.deliveryTimeoutMilliseconds,
            bodyLimit: .keeping(first: EngineLimits.excerptBytes), isSentAtMostOnce: true)
    }

    /// What a merchant reads of a try without an answer: stable words, listed in docs/API.md. A name that
    /// leads nowhere and one that leads inside have the same word: nobody's network is explored through us.
    static func code(_ kind: ClientError.Kind) -> String {
        switch kind {
        case .refusedByGuard, .nameNotResolved: notAllowed
        case .connectFailed: "connect_failed"
        case .timedOut: "timed_out"
        case .tls: "tls_failed"
        case .connectionLost: "connection_lost"
        case .protocolViolation, .bodyTooLarge: "no_http_answer"
        case .cancelled, .overloaded, .closed: "not_sent"
        }
    }

    private static let notAllowed = "address_not_reachable"
    private static let brokenOff = "broken_off"

    /// Printable text of the first bytes.
    private static func excerpt(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        return String(
            text.unicodeScalars.filter { $0 == "\n" || $0.properties.generalCategory != .control }
                .map(Character.init))
    }
}

extension Metrics {
    var deliveries: Counter {
        counter("quittance_webhook_attempts_total", help: "Tries to deliver webhooks.", labels: ["outcome"])
    }
}
