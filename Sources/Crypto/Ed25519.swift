import CSodium

/// Ed25519 signatures (RFC 8032) by libsodium.
package enum Ed25519 {
    /// Bytes of a seed and of a public key.
    package static let keySize = 32

    /// Bytes of a signature.
    package static let signatureSize = 64

    /// A key that checks signatures.
    package struct PublicKey: Hashable, Sendable {
        /// 32 bytes.
        package let bytes: [UInt8]

        /// Takes 32 bytes; nil for another number. Whether they are a point shows when a signature is
        /// checked.
        package init?(_ bytes: [UInt8]) {
            guard bytes.count == keySize else { return nil }
            self.bytes = bytes
        }

        /// Whether `signature` (64 bytes) of `message` was made by the owner of this key. Non-canonical
        /// signatures and keys of small order are refused.
        package func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
            guard signature.count == signatureSize, Sodium.isReady else { return false }
            return unsafe crypto_sign_verify_detached(signature, message, UInt64(message.count), bytes) == 0
        }
    }

    /// A seed and what follows from it.
    package struct KeyPair: Sendable {
        /// The 32-byte seed followed by the public key, libsodium's form of a secret key.
        package let secretKey: Secret

        /// The public half.
        package let publicKey: PublicKey

        /// Expands a 32-byte seed; nil for another length.
        package init?(seed: Secret) {
            guard seed.count == keySize, Sodium.isReady else { return nil }
            var publicKey = [UInt8](repeating: 0, count: keySize)
            var secretKey = [UInt8](repeating: 0, count: 2 * keySize)
            unsafe seed.withPointer { unsafe _ = crypto_sign_seed_keypair(&publicKey, &secretKey, $0) }
            self.secretKey = Secret(wiping: &secretKey)
            guard let publicKey = PublicKey(publicKey) else { return nil }
            self.publicKey = publicKey
        }

        /// The signature of `message`, 64 bytes, the same each time.
        package func sign(_ message: [UInt8]) -> [UInt8] {
            var signature = [UInt8](repeating: 0, count: signatureSize)
            unsafe secretKey.withPointer { key in
                unsafe _ = crypto_sign_detached(&signature, nil, message, UInt64(message.count), key)
            }
            return signature
        }
    }
}
