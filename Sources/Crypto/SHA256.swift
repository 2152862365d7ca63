import COpenSSL

/// SHA-256 (FIPS 180-4), 32-byte digests.
@safe package struct SHA256: HashFunction {
    package static let blockSize = 64
    package static let digestSize = 32

    private var state = SHA256_CTX()

    package init() { unsafe SHA256_Init(&state) }

    package mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe _ = SHA256_Update(&state, $0.baseAddress, $0.count) }
    }

    package consuming func finalize() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Self.digestSize)
        unsafe SHA256_Final(&digest, &state)
        return digest
    }

    /// SHA-256 of the digest of all input so far, without an allocation: the hash of Bitcoin.
    package consuming func finalizeTwice() -> Hash256 {
        var once = Hash256.zero
        unsafe withUnsafeMutableBytes(of: &once) { buffer in
            unsafe _ = SHA256_Final(buffer.baseAddress, &state)
        }
        return Hash256(sha256Of: once)
    }
}

extension Hash256 {
    /// SHA-256 of `input`.
    package init(sha256Of input: Span<UInt8>) {
        self = .zero
        unsafe input.withUnsafeBufferPointer { source in
            unsafe withUnsafeMutableBytes(of: &self) { target in
                var state = SHA256_CTX()
                unsafe SHA256_Init(&state)
                unsafe SHA256_Update(&state, source.baseAddress, source.count)
                unsafe SHA256_Final(target.baseAddress, &state)
            }
        }
    }

    /// SHA-256 of the 32 bytes of `other`.
    package init(sha256Of other: Hash256) {
        self = .zero
        unsafe withUnsafeBytes(of: other) { source in
            unsafe withUnsafeMutableBytes(of: &self) { target in
                var state = SHA256_CTX()
                unsafe SHA256_Init(&state)
                unsafe SHA256_Update(&state, source.baseAddress, source.count)
                unsafe SHA256_Final(target.baseAddress, &state)
            }
        }
    }

    /// SHA-256 of SHA-256 of `input`: transaction ids and Bitcoin's block hashes.
    package init(sha256dOf input: Span<UInt8>) { self.init(sha256Of: Hash256(sha256Of: input)) }

    /// SHA-256 of SHA-256 of two hashes in a row: an inner node of a block's Merkle tree.
    package init(sha256dOf left: Hash256, _ right: Hash256) {
        var once = Hash256.zero
        let pair = (left, right)
        unsafe withUnsafeBytes(of: pair) { source in
            unsafe withUnsafeMutableBytes(of: &once) { target in
                var state = SHA256_CTX()
                unsafe SHA256_Init(&state)
                unsafe SHA256_Update(&state, source.baseAddress, source.count)
                unsafe SHA256_Final(target.baseAddress, &state)
            }
        }
        self.init(sha256Of: once)
    }
}

/// SHA-256 of SHA-256 of `bytes`, 32 bytes.
package func sha256d(_ bytes: [UInt8]) -> [UInt8] { Hash256(sha256dOf: bytes.span).bytes }
