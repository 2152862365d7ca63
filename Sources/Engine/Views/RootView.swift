import Crypto
import Domain
package import JSON
import Platform
package import Storage

/// A signed root, as a merchant sees it.
package struct RootView: Sendable {
    private let stored: StoredRoot

    package init(_ stored: StoredRoot) { self.stored = stored }

    /// Grows from root to root of a merchant.
    package var number: UInt64 { stored.root.number }

    /// Writes the members of the root object.
    package func write(_ writer: inout JSONWriter) {
        let root = stored.root
        let key = Ed25519.PublicKey(root.key)
        writer.member("object", "root")
        writer.member("merchant_id", root.scope)
        writer.member("number", root.number)
        writer.member("at", Timestamp.text(root.at.milliseconds))
        writer.member("leaves", root.leaves)
        writer.member("tree", Hex.encode(root.tree))
        writer.member("previous", Hex.encode(root.previous))
        writer.member("hash", Hex.encode(stored.hash))
        writer.member("public_key", key.map { WebhookVerificationKey.asymmetric($0).exposedText })
        writer.member("fingerprint", key.map { KeySuccession.fingerprint($0) })
        writer.member("signature", Hex.encode(stored.signature))
    }
}

extension JSONWriter {
    /// The merchant's last root, as an event names it.
    mutating func root(_ root: RootName?) {
        guard let root else { return null("root") }
        object("root") { writer in
            writer.member("number", root.number)
            writer.member("hash", Hex.encode(root.hash))
        }
    }
}

extension Gateway {
    /// A merchant's signed roots, the latest first, below a number.
    package func rootViews(of caller: Caller, below number: Int64?, limit: Int) async throws
        -> ListPart<RootView>
    {
        ListPart(
            try await store.read { tx in
                try tx.roots(of: caller.merchant.text, below: number, limit: limit)
            }.map { RootView($0) })
    }
}
