import COpenSSL

/// RIPEMD-160, 20-byte digests. Only for the addresses that are defined by it.
@safe package struct RIPEMD160: HashFunction {
    package static let blockSize = 64
    package static let digestSize = 20

    private var state = RIPEMD160_CTX()

    package init() { unsafe RIPEMD160_Init(&state) }

    package mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe _ = RIPEMD160_Update(&state, $0.baseAddress, $0.count) }
    }

    package consuming func finalize() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Self.digestSize)
        unsafe RIPEMD160_Final(&digest, &state)
        return digest
    }
}

/// RIPEMD-160 of SHA-256 of `bytes`, 20 bytes: what Bitcoin addresses and key fingerprints hold.
package func hash160(_ bytes: [UInt8]) -> [UInt8] { RIPEMD160.hash(SHA256.hash(bytes)) }
