package import Crypto
import Domain
package import JSON
import Platform

/// One signing key of the instance followed by the next: who trusts the first can trust the second.
///
/// It does not hold backwards: whoever has a key can make an older one up that it follows. So the new key
/// signs what it found, the last root of each scope: what the old one signs beyond these is worth nothing.
package struct KeySuccession: Hashable, Sendable {
    package let old: Ed25519.PublicKey
    package let new: Ed25519.PublicKey
    /// The last root of each scope at that moment, in the order of the scopes.
    package let roots: [RootName]

    /// The kind of its record in the instance's chain.
    package static let kind = "instance_key_replaced"

    /// What the old key signs.
    package static func message(old: Ed25519.PublicKey, new: Ed25519.PublicKey) -> [UInt8] {
        Array("quittance/instance-key/1\n".utf8) + old.bytes + new.bytes
    }

    /// What the new key signs: the old one, and what that had signed.
    package static func acceptance(
        old: Ed25519.PublicKey, new: Ed25519.PublicKey, roots: [RootName]
    ) -> [UInt8] {
        var preimage = Preimage("quittance/instance-key-accepted/1")
        preimage.put(old.bytes)
        preimage.put(new.bytes)
        for root in roots {
            preimage.put(root.scope)
            preimage.put(root.number)
            preimage.put(root.hash)
        }
        return preimage.bytes
    }

    /// Writes a succession, signed by both, as a part of its record's body.
    package static func write(
        from old: Ed25519.KeyPair, to new: Ed25519.KeyPair, roots: [RootName], _ writer: inout JSONWriter
    ) {
        let (before, after) = (old.publicKey, new.publicKey)
        writer.member("old_key", Hex.encode(before.bytes))
        writer.member("new_key", Hex.encode(after.bytes))
        writer.member("signature", Hex.encode(old.sign(message(old: before, new: after))))
        writer.array("roots") { writer in
            for root in roots {
                writer.object { writer in
                    writer.member("scope", root.scope)
                    writer.member("number", root.number)
                    writer.member("hash", Hex.encode(root.hash))
                }
            }
        }
        writer.member(
            "acceptance", Hex.encode(new.sign(acceptance(old: before, new: after, roots: roots))))
    }

    /// Reads a record's body. Throws `Corruption` when one of the keys did not sign.
    init(_ fields: Fields) throws(Corruption) {
        func key(_ name: String) throws(Corruption) -> Ed25519.PublicKey {
            guard let bytes = Hex.decode(try fields.text(name)), let key = Ed25519.PublicKey(bytes) else {
                throw Corruption("\(name) is no key")
            }
            return key
        }
        old = try key("old_key")
        new = try key("new_key")
        roots = try fields.elements("roots") { json throws(Corruption) in
            let root = try Fields(json)
            guard let hash = Hex.decode(try root.text("hash")) else { throw Corruption("a root has no hash") }
            return RootName(scope: try root.text("scope"), number: try root.integer("number"), hash: hash)
        }
        guard let signature = Hex.decode(try fields.text("signature")),
            old.isValid(signature, of: Self.message(old: old, new: new))
        else { throw Corruption("the old instance key did not sign the new one") }
        guard let acceptance = Hex.decode(try fields.text("acceptance")),
            new.isValid(acceptance, of: Self.acceptance(old: old, new: new, roots: roots))
        else { throw Corruption("the new instance key did not sign what it followed") }
    }

    /// SHA-256 of a public key.
    package static func fingerprint(_ key: Ed25519.PublicKey) -> String {
        Hex.encode(SHA256.hash(key.bytes))
    }
}
