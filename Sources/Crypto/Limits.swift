/// The bounds of this module. Whatever is longer is refused before any work is done on it.
package enum Limits {
    /// Characters of a Base58Check text. An extended key, the longest one in use, has 111 or 112.
    package static let base58Characters = 128

    /// Characters of a Bech32 text with a checksum that is still guaranteed to find four errors (BIP 173).
    package static let bech32Characters = 90

    /// Characters of a Base64 text.
    package static let base64Characters = 4_096

    /// Bytes of a webhook secret, by Standard Webhooks 1.0.0.
    package static let webhookSecretBytes = 24...64

    /// Signatures in one `webhook-signature` header that are looked at.
    package static let webhookSignatures = 16

    /// Memory that one scrypt may take.
    package static let scryptBytes: UInt64 = 32 << 20
}
