import COpenSSL

/// SHA-512 (FIPS 180-4), 64-byte digests.
@safe package struct SHA512: HashFunction {
    package static let blockSize = 128
    package static let digestSize = 64

    private var state = SHA512_CTX()

    package init() { unsafe SHA512_Init(&state) }

    package mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe _ = SHA512_Update(&state, $0.baseAddress, $0.count) }
    }

    package consuming func finalize() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Self.digestSize)
        unsafe SHA512_Final(&digest, &state)
        return digest
    }
}
