import CSodium

/// scrypt (RFC 7914): Litecoin's proof of work.
package enum Scrypt {
    /// The key of `count` bytes for the cost parameters; nil if they are not valid or need more than 32 MiB.
    package static func derive(
        password: [UInt8], salt: [UInt8], cost: UInt64, blockSize: UInt32, parallelism: UInt32, count: Int
    ) -> [UInt8]? {
        let block = 128 * UInt64(blockSize)
        let (memory, overflow) = block.multipliedReportingOverflow(by: cost)
        guard Sodium.isReady, !overflow, block > 0, parallelism > 0, count > 0,
            memory <= Limits.scryptBytes, block * UInt64(parallelism) <= Limits.scryptBytes
        else { return nil }
        var key = [UInt8](repeating: 0, count: count)
        let result = unsafe crypto_pwhash_scryptsalsa208sha256_ll(
            password, password.count, salt, salt.count, cost, blockSize, parallelism, &key, count)
        return result == 0 ? key : nil
    }

    /// Litecoin's proof-of-work hash of an 80-byte header: N = 1024, r = 1, p = 1, the header as password and
    /// as salt.
    package static func litecoinProof(of header: [UInt8]) -> Hash256? {
        derive(password: header, salt: header, cost: 1_024, blockSize: 1, parallelism: 1, count: 32)
            .flatMap { Hash256($0) }
    }
}
