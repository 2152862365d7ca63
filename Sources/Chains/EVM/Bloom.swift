internal import Crypto

/// 2,048 bits in a header in which each logging contract and each topic of a block has set three (Yellow
/// Paper, 4.3.1): what has not was not logged in it, what has may have been.
package struct Bloom: Hashable, Sendable {
    /// 256 of them; the last one has bits 0 to 7.
    package private(set) var bytes: [UInt8]

    /// Of a block without logs.
    package init() { bytes = [UInt8](repeating: 0, count: Self.size) }

    /// Nil for any other number of bytes than 256.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        self.bytes = bytes
    }

    /// Of a receipt with those logs.
    package init(_ logs: [EVMLog]) {
        self.init()
        for log in logs {
            insert(log.contract.bytes)
            for topic in log.topics { insert(topic.bytes) }
        }
    }

    static let size = 256

    /// Whether `item`, an address's 20 bytes or a topic's 32, may be in it.
    package func mayHold(_ item: [UInt8]) -> Bool {
        Self.bits(of: item).allSatisfy { bytes[$0.byte] & $0.mask != 0 }
    }

    /// Sets the three bits of `item`.
    package mutating func insert(_ item: [UInt8]) {
        for bit in Self.bits(of: item) { bytes[bit.byte] |= bit.mask }
    }

    private static func bits(of item: [UInt8]) -> [(byte: Int, mask: UInt8)] {
        let hash = Hash256(keccakOf: item).bytes
        return [0, 2, 4].map { place in
            let bit = (Int(hash[place]) << 8 | Int(hash[place + 1])) & 2_047
            return (size - 1 - bit / 8, 1 << UInt8(bit % 8))
        }
    }
}
