extension Entropy {
    /// A number below `bound`, each as likely as any other. `bound` must not be zero.
    package func number(below bound: UInt64) -> UInt64 {
        precondition(bound > 0, "a draw needs at least one outcome")
        // The lowest `2^64 mod bound` numbers are thrown away: without that the small outcomes would come
        // more often.
        let surplus = (0 &- bound) % bound
        while true {
            let drawn = bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            if drawn >= surplus { return drawn % bound }
        }
    }
}

/// Bytes that follow from a seed, for tests and the simulator: one seed, one story. Never for secrets.
///
/// SplitMix64 (Steele, Lea and Flood, 2014).
package final class SeededEntropy: Entropy {
    private let state: Lock<UInt64>

    package init(seed: UInt64) { state = Lock(seed) }

    /// So many bytes of the seed's stream.
    package func bytes(_ count: Int) -> [UInt8] {
        state.withLock { state in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count)
            while bytes.count < count {
                state &+= 0x9E37_79B9_7F4A_7C15
                var word = state
                word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
                word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
                word ^= word >> 31
                for shift in stride(from: UInt64(0), to: 64, by: 8) where bytes.count < count {
                    bytes.append(UInt8(truncatingIfNeeded: word >> shift))
                }
            }
            return bytes
        }
    }
}
