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
        let now = world.now
        // Also when nobody knows whether it was committed.
        defer { callers.forget() }
        return try await write { work in
            for merchant in try work.tx.merchants() {
                guard var key = try work.tx.keys(of: merchant.id).first(where: { $0.id == id }) else {
                    continue
                }
                guard key.revokedAt == nil else { return key }
                key.revokedAt = now
                try work.tx.save(key)
                try self.record(
                    merchant.id, "key_revoked", subject: id.text, cause: cause, .operatorAtMachine, work
                ) { $0.member("revoked_at", now.milliseconds) }
                return key
            }
            throw CommandError.notFound("API key")
        }
    }
}
