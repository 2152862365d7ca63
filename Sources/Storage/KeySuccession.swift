package import Crypto
import Domain
import JSON
import Platform

/// One signing key of the instance followed by the next: who trusts the first can trust the second.
package struct KeySuccession: Hashable, Sendable {
    let old: Ed25519.PublicKey
    let new: Ed25519.PublicKey

    /// The kind of its record in the instance's chain.
    package static let kind = "instance_key_replaced"

    /// What the old key signs.
    package static func message(old: Ed25519.PublicKey, new: Ed25519.PublicKey) -> [UInt8] {
        Array("quittance/instance-key/1\n".utf8) + old.bytes + new.bytes
    }

    /// Reads a record's body. Throws `Corruption` when the old key did not sign the new one.
    init(_ fields: Fields) throws(Corruption) {
        func key(_ name: String) throws(Corruption) -> Ed25519.PublicKey {
            guard let bytes = Hex.decode(try fields.text(name)), let key = Ed25519.PublicKey(bytes) else {
                throw Corruption("\(name) is no key")
            }
            return key
        }
        old = try key("old_key")
        new = try key("new_key")
        guard let signature = Hex.decode(try fields.text("signature")),
            old.isValid(signature, of: Self.message(old: old, new: new))
        else { throw Corruption("the old instance key did not sign the new one") }
    }

    /// SHA-256 of a public key.
    static func fingerprint(_ key: Ed25519.PublicKey) -> String { Hex.encode(SHA256.hash(key.bytes)) }
}
