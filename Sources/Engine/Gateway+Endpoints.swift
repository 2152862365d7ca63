import Crypto
package import Domain
import HTTP
import JSON
import Platform
package import Storage

/// What a merchant sets of an endpoint.
package struct NewEndpoint: Hashable, Sendable {
    package var url: String
    package var events: [String]
    package var description: String

    package init(url: String, events: [String] = ["*"], description: String = "") {
        self.url = url
        self.events = events
        self.description = description
    }
}

extension Gateway {
    /// Registers an endpoint. Its secret is given with this answer, and with a rotation, and never else.
    package func createEndpoint(
        _ new: NewEndpoint, by caller: Caller, cause: String,
        _ answering: Answering<(endpoint: StoredEndpoint, secret: String)>
    ) async throws -> Reply {
        try check(webhookURL: new.url)
        return try await perform(caller, answering) { work in
            let used = try work.tx.endpoints(of: caller.merchant).count { $0.isTest == caller.isTest }
            guard used < EngineLimits.endpoints else {
                throw CommandError.tooMany("webhook endpoints")
            }
            let id: ID<Endpoint> = self.world.id()
            let (text, sealed) = try self.newSecret(for: id, work)
            let endpoint = StoredEndpoint(
                id: id, merchant: caller.merchant, url: new.url, events: new.events,
                description: new.description,
                isTest: caller.isTest, secret: sealed, state: .active, createdAt: id.time)
            try work.tx.save(endpoint)
            try self.record(endpoint, "endpoint_created", caller, cause, work)
            return (endpoint, text)
        }
    }

    /// Refuses an address that webhooks must not go to, as far as the text tells; the rest is judged at each
    /// connection.
    package func check(webhookURL text: String) throws {
        let url: URL
        do throws(URL.Flaw) {
            url = try URL(parsing: text)
        } catch {
            throw CommandError.webhookURL(
                "This is not an address that webhooks can be sent to: \(error.rawValue).")
        }
        guard url.scheme == .https || settings.allowsLoopbackWebhooks else {
            throw CommandError.webhookURL(
                "Webhooks are sent over https only, unless webhooks.allow_loopback is set for development.")
        }
        if let range = AddressGuard(allowsLoopback: settings.allowsLoopbackWebhooks).refusal(of: url) {
            throw CommandError.webhookURL("Webhooks are not sent to \(range.purpose) addresses.")
        }
    }

    private func newSecret(
        for id: ID<Endpoint>, _ work: Work
    ) throws -> (text: String, sealed: [UInt8]) {
        try checkKey(work.tx)
        let bytes = world.entropy.bytes(Self.secretBytes)
        return ("whsec_" + Base64.standard.encode(bytes), seal(bytes, for: id))
    }

    private func seal(_ bytes: [UInt8], for id: ID<Endpoint>) -> [UInt8] {
        keys.box.seal(
            Secret(bytes), authenticating: Array("endpoint \(id)".utf8),
            nonce: world.entropy.bytes(SecretBox.nonceSize))
    }

    private func unseal(_ sealed: [UInt8], of id: ID<Endpoint>) throws -> Secret {
        try keys.box.open(sealed, authenticating: Array("endpoint \(id)".utf8))
    }

    /// The secrets that sign for an endpoint, the newest first. Throws `SecretBoxError`.
    func secrets(of endpoint: StoredEndpoint, at time: Instant) throws -> [Secret] {
        var secrets = [try unseal(endpoint.secret, of: endpoint.id)]
        guard let previous = endpoint.previousSecret, let until = endpoint.previousUntil, time < until else {
            return secrets
        }
        var rest = try unseal(previous, of: endpoint.id).exposedBytes[...]
        while !rest.isEmpty {
            secrets.append(Secret(Array(rest.prefix(Self.secretBytes))))
            rest = rest.dropFirst(Self.secretBytes)
        }
        return secrets
    }

    private static let secretBytes = 32

    /// The webhook endpoints of the caller's merchant and mode, oldest first.
    package func endpoints(of caller: Caller) async throws -> [StoredEndpoint] {
        try await store.read { try $0.endpoints(of: caller.merchant).filter { $0.isTest == caller.isTest } }
    }

    /// One of them. Throws `CommandError.notFound`.
    package func endpoint(_ id: ID<Endpoint>, of caller: Caller) async throws -> StoredEndpoint {
        try await store.read { try self.endpoint(id, caller, $0) }
    }

    private func endpoint(_ id: ID<Endpoint>, _ caller: Caller, _ tx: Storage.Transaction) throws
        -> StoredEndpoint
    {
        guard let endpoint = try tx.endpoint(id, of: caller.merchant), endpoint.isTest == caller.isTest else {
            throw CommandError.notFound("webhook endpoint")
        }
        return endpoint
    }

    /// Changes an endpoint; what is nil stays. Switching it on again makes what was held due.
    package func updateEndpoint(
        _ id: ID<Endpoint>, url: String?, events: [String]?, description: String?, isActive: Bool?,
        by caller: Caller, cause: String
    ) async throws -> StoredEndpoint {
        if let url { try check(webhookURL: url) }
        let changed = try await write { work in
            var endpoint = try self.endpoint(id, caller, work.tx)
            endpoint.url = url ?? endpoint.url
            endpoint.events = events ?? endpoint.events
            endpoint.description = description ?? endpoint.description
            if let isActive { endpoint.state = isActive ? .active : .disabled }
            try work.tx.save(endpoint)
            try self.record(endpoint, "endpoint_changed", caller, cause, work)
            return endpoint
        }
        changes.publish(.deliveries)
        return changed
    }

    /// Removes an endpoint; what is owed to it goes with it. Its records stay.
    package func deleteEndpoint(_ id: ID<Endpoint>, by caller: Caller, cause: String) async throws {
        try await write { work in
            let endpoint = try self.endpoint(id, caller, work.tx)
            try self.record(endpoint, "endpoint_deleted", caller, cause, work)
            try work.tx.deleteEndpoint(id)
        }
    }

    /// Gives an endpoint a new secret. The one before it signs beside it for a day, so that no delivery is
    /// missed meanwhile; and so does the one before that, when it still did: which of them the receiver has
    /// by now is not known here.
    package func rotateSecret(
        of id: ID<Endpoint>, by caller: Caller, cause: String,
        _ answering: Answering<(endpoint: StoredEndpoint, secret: String)>
    ) async throws -> Reply {
        let now = world.now
        return try await perform(caller, answering) { work in
            var endpoint = try self.endpoint(id, caller, work.tx)
            let earlier = try self.secrets(of: endpoint, at: now).prefix(EngineLimits.earlierSecrets)
            endpoint.previousSecret = self.seal(earlier.flatMap(\.exposedBytes), for: id)
            endpoint.previousUntil = now.adding(seconds: EngineLimits.rotationOverlapSeconds)
            let (text, sealed) = try self.newSecret(for: id, work)
            endpoint.secret = sealed
            try work.tx.save(endpoint)
            try self.record(endpoint, "endpoint_secret_rotated", caller, cause, work)
            return (endpoint, text)
        }
    }

    /// Sends a `webhook.test` event to one endpoint.
    package func testEndpoint(
        _ id: ID<Endpoint>, by caller: Caller, cause: String, _ answering: Answering<ID<Domain.Event>>
    ) async throws -> Reply {
        let now = world.now
        let reply = try await perform(caller, answering) { work in
            let endpoint = try self.endpoint(id, caller, work.tx)
            guard endpoint.isActive else {
                throw Refusal(.notAllowedInState, "This endpoint is switched off: nothing is sent to it.")
            }
            let notice = self.notice(
                Notice.test, to: caller.merchant, isTest: caller.isTest, at: now, only: id,
                root: try work.tx.lastRootName(of: caller.merchant.text)
            ) { $0.member("endpoint_id", endpoint.id.text) }
            try work.tx.insert(notice)
            try self.record(endpoint, "endpoint_tested", caller, cause, work) { writer in
                writer.object("notice") { notice.write(&$0) }
            }
            return notice.id
        }
        changes.publish(.deliveries)
        return reply
    }

    /// Makes deliveries due again: one event, the events from one to another, or all that failed; the first
    /// `limit` of them, and says where to go on.
    package func replay(
        to id: ID<Endpoint>, from: ID<Domain.Event>?, through: ID<Domain.Event>?, onlyFailed: Bool,
        limit: Int = EngineLimits.replayed, by caller: Caller, cause: String,
        _ answering: Answering<Replayed>
    ) async throws -> Reply {
        let now = world.now
        let reply = try await perform(caller, answering) { work in
            let endpoint = try self.endpoint(id, caller, work.tx)
            func position(_ event: ID<Domain.Event>?) throws -> Int64? {
                try event.map { event in
                    guard
                        let found = try work.tx.event(event, of: caller.merchant, isTest: caller.isTest)
                    else {
                        throw CommandError.notFound("event")
                    }
                    return found.position
                }
            }
            let first = try position(from) ?? 1
            let replayed = try work.tx.replay(
                to: endpoint, from: first, through: try position(through) ?? .max,
                onlyFailed: onlyFailed, at: now, limit: limit)
            try self.record(endpoint, "endpoint_replayed", caller, cause, work) { writer in
                writer.member("from", first)
                writer.member("through", replayed.through)
                writer.member("only_failed", onlyFailed)
                writer.member("due_at", now.milliseconds)
                writer.member("count", replayed.count)
            }
            return Replayed(queued: replayed.count, next: replayed.next)
        }
        changes.publish(.deliveries)
        return reply
    }

    /// A page of what an endpoint was or is to be sent, newest first. Throws `CommandError.notFound`.
    package func deliveries(
        of id: ID<Endpoint>, state: String?, _ page: PageRequest, by caller: Caller
    ) async throws -> Page<StoredDelivery> {
        try await store.read { tx in
            _ = try self.endpoint(id, caller, tx)
            return try tx.deliveries(of: id, state: state, page)
        }
    }

    /// The tries of one delivery, oldest first. Throws `CommandError.notFound`.
    package func attempts(of delivery: String, endpoint id: ID<Endpoint>, by caller: Caller) async throws
        -> [Attempt]
    {
        try await store.read { tx in
            _ = try self.endpoint(id, caller, tx)
            guard try tx.delivery(delivery, of: id) != nil else { throw CommandError.notFound("delivery") }
            return try tx.attempts(of: delivery)
        }
    }

    /// The public key that signs `v1a` entries, as receivers pin it.
    package func webhookPublicKey() throws -> String {
        WebhookSigningKey.asymmetric(keys.signing).verificationKey.exposedText
    }

    private func record(
        _ endpoint: StoredEndpoint, _ kind: String, _ caller: Caller, _ cause: String, _ work: Work,
        _ more: (inout JSONWriter) -> Void = { _ in }
    ) throws {
        try record(endpoint, kind, at: world.now, cause: cause, by: caller.actor, work.tx, more)
    }

    /// Records an endpoint as it is now in its merchant's chain, and where that stands among the events and
    /// among its own tries.
    func record(
        _ endpoint: StoredEndpoint, _ kind: String, at: Instant, cause: String, by actor: Actor,
        _ tx: Storage.Transaction, _ more: (inout JSONWriter) -> Void = { _ in }
    ) throws {
        let position = try tx.lastPosition()
        let tries = try tx.end(of: endpoint.id.text).sequence + 1
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("url", endpoint.url)
            writer.array("events", endpoint.events)
            writer.member("description", endpoint.description)
            writer.member("state", endpoint.state.rawValue)
            writer.member("test", endpoint.isTest)
            writer.member("secret", Hex.encode(SHA256.hash(endpoint.secret)))
            writer.member("previous_secret", endpoint.previousSecret.map { Hex.encode(SHA256.hash($0)) })
            writer.member("previous_until", endpoint.previousUntil?.milliseconds)
            writer.member("position", position)
            writer.member("tries", tries)
            more(&writer)
        }
        try tx.record(
            chain: endpoint.merchant.text, at: at, kind: kind, subject: endpoint.id.text, cause: cause,
            actor: actor, body: writer.bytes)
    }
}

/// What a replay has made due again, and where it stopped.
package struct Replayed: Sendable {
    package let queued: Int
    /// The first event that it did not come to; nil when it came to all.
    package let next: ID<Domain.Event>?
}
