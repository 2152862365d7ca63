import CSodium

/// Why a sealed box stays closed. Which byte was wrong is not said, on purpose.
package enum SecretBoxError: Error, Equatable {
    /// Too short to be a box at all.
    case tooShort
    /// The key, the associated data or the box is not the one that was sealed.
    case notAuthentic
}

/// Authenticated encryption of data at rest: XChaCha20-Poly1305 with associated data, by libsodium.
///
/// A box is nonce (24 bytes) ‖ ciphertext ‖ tag (16 bytes). The associated data says where the box belongs (a
/// table and a row, say), so that one cannot be moved to another place and opened there.
package struct SecretBox: Sendable {
    /// Bytes of a key.
    package static let keySize = 32

    /// Bytes of a nonce. So many that random ones never meet.
    package static let nonceSize = 24

    /// Bytes that a box is longer than what is in it.
    package static let overhead = nonceSize + tagSize

    private static let tagSize = 16
    private let key: Secret

    /// Takes a key of 32 bytes; nil for another length.
    package init?(key: Secret) {
        guard key.count == Self.keySize, Sodium.isReady else { return nil }
        self.key = key
    }

    /// Seals `plaintext`. `nonce` is 24 fresh bytes from `Entropy`: the same nonce twice under one key would
    /// undo both.
    package func seal(_ plaintext: Secret, authenticating context: [UInt8], nonce: [UInt8]) -> [UInt8] {
        precondition(nonce.count == Self.nonceSize, "a nonce has 24 bytes")
        var sealed = [UInt8](repeating: 0, count: plaintext.count + Self.tagSize)
        unsafe plaintext.withPointer { message in
            unsafe key.withPointer { key in
                unsafe _ = crypto_aead_xchacha20poly1305_ietf_encrypt(
                    &sealed, nil, message, UInt64(plaintext.count),
                    context, UInt64(context.count), nil, nonce, key)
            }
        }
        return nonce + sealed
    }

    /// Opens a box that was sealed under the same key with the same associated data.
    package func open(_ box: [UInt8], authenticating context: [UInt8]) throws(SecretBoxError) -> Secret {
        guard box.count >= Self.overhead else { throw .tooShort }
        let nonce = Array(box.prefix(Self.nonceSize))
        let sealed = Array(box.dropFirst(Self.nonceSize))
        var plaintext = [UInt8](repeating: 0, count: sealed.count - Self.tagSize)
        let result = unsafe key.withPointer { key in
            unsafe crypto_aead_xchacha20poly1305_ietf_decrypt(
                &plaintext, nil, nil, sealed, UInt64(sealed.count),
                context, UInt64(context.count), nonce, key)
        }
        guard result == 0 else { throw .notAuthentic }
        return Secret(wiping: &plaintext)
    }
}
