package import Domain
import JSON
package import Storage

/// What only the operator at the machine does: over all merchants, test and live.
extension Gateway {
    /// A merchant's keys, the revoked ones among them.
    package func keys(of merchant: ID<Merchant>) async throws -> [StoredKey] {
        try await store.read { try $0.keys(of: merchant) }
    }

    /// Ends a key for good, whoever's it is.
    ///
    /// *Replay*: safe; a key that is revoked already stays as it is. Throws `CommandError.notFound`.
    @discardableResult
    package func revokeKey(_ id: ID<APIKey>, cause: String) async throws -> StoredKey {
        try await revoke(id, cause: cause, .operatorAtMachine) { _ in true }
    }

    /// Ends a key that `owns` says yes to. One that is revoked already is nothing for the writer, for whom
    /// all others wait.
    @discardableResult
    func revoke(
        _ id: ID<APIKey>, cause: String, _ actor: Actor, _ owns: @escaping @Sendable (StoredKey) -> Bool
    ) async throws -> StoredKey {
        let now = world.now
        // Also when nobody knows whether it was committed.
        defer { callers.forget() }
        guard let known = try await store.read({ try $0.key(id) }), owns(known) else {
            throw CommandError.notFound("API key")
        }
        guard known.revokedAt == nil else { return known }
        return try await write { work in
            guard var key = try work.tx.key(id) else { throw CommandError.notFound("API key") }
            guard key.revokedAt == nil else { return key }
            key.revokedAt = now
            try work.tx.save(key)
            try self.record(key.merchant, "key_revoked", subject: id.text, cause: cause, actor, work) {
                $0.member("revoked_at", now.milliseconds)
            }
            return key
        }
    }
}
