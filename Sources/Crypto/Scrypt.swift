import COpenSSL

/// scrypt (RFC 7914): Litecoin's proof of work.
package enum Scrypt {
    /// The key of `count` bytes for the cost parameters; nil if they are not valid or need more than 32 MiB.
    package static func derive(
        password: [UInt8], salt: [UInt8], cost: UInt64, blockSize: UInt64, parallelism: UInt64, count: Int
    ) -> [UInt8]? {
        var key = [UInt8](repeating: 0, count: count)
        let result = unsafe password.withUnsafeBytes { password in
            unsafe EVP_PBE_scrypt(
                password.baseAddress?.assumingMemoryBound(to: CChar.self), password.count,
                salt, salt.count, cost, blockSize, parallelism, Limits.scryptBytes, &key, count)
        }
        return result == 1 ? key : nil
    }

    /// Litecoin's proof-of-work hash of an 80-byte header: N = 1024, r = 1, p = 1, the header as password and
    /// as salt.
    package static func litecoinProof(of header: [UInt8]) -> Hash256? {
        derive(password: header, salt: header, cost: 1_024, blockSize: 1, parallelism: 1, count: 32)
            .flatMap { Hash256($0) }
    }
}
