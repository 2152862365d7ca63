package import Crypto
import Platform

/// The 80 bytes that link and prove a block.
package struct BlockHeader: Hashable, Sendable {
    /// Bytes of a header.
    package static let size = 80

    /// The version field, bits of soft forks.
    package let version: Int32

    /// The hash of the block before.
    package let previous: Hash256

    /// What the transactions add up to.
    package let merkleRoot: Hash256

    /// The miner's clock, Unix seconds. Up to two hours off by rule.
    package let time: UInt32

    /// The target in compact form.
    package let bits: UInt32

    /// What the miner searched for.
    package let nonce: UInt32

    /// Double SHA-256 of the 80 bytes: the block's name on Bitcoin and on Litecoin alike.
    package let hash: Hash256

    /// The 80 bytes, kept for Litecoin's proof of work and for proofs that leave the house.
    package let bytes: [UInt8]

    /// Parses exactly 80 bytes.
    package init(_ bytes: [UInt8]) throws(ParseError) {
        var reader = ByteReader(bytes)
        try self.init(&reader)
        guard reader.remaining == 0 else { throw .trailing(at: reader.position) }
    }

    init(_ reader: inout ByteReader) throws(ParseError) {
        let start = reader.position
        version = Int32(bitPattern: try reader.uint32())
        previous = try reader.hash()
        merkleRoot = try reader.hash()
        time = try reader.uint32()
        bits = try reader.uint32()
        nonce = try reader.uint32()
        let bytes = Array(reader.bytes[start..<reader.position])
        self.bytes = bytes
        hash = Hash256(sha256dOf: bytes.span)
    }

    /// Whether the header's hash (Litecoin: its scrypt) is as small as its own target says, and the target no
    /// easier than the network's easiest. Whether it is the right target for its height is left to the node.
    package func hasProofOfWork(on network: UTXONetwork) -> Bool {
        guard let target = Self.target(bits), let easiest = Self.target(network.easiestBits),
            !easiest.lexicographicallyPrecedes(target)
        else { return false }
        let proof: Hash256?
        switch network.proofOfWork {
        case .sha256d: proof = hash
        case .scrypt: proof = Scrypt.litecoinProof(of: bytes)
        }
        guard let proof else { return false }
        return !target.lexicographicallyPrecedes(proof.bytes.reversed())
    }

    /// The power of two of hashes that it takes at the least, on average, to meet its target.
    package var workBits: Int {
        guard let target = Self.target(bits) else { return 0 }
        let first = target.firstIndex { $0 != 0 } ?? 0
        return 8 * first + target[first].leadingZeroBitCount
    }

    /// The target of a compact form as 32 big-endian bytes; nil if it is zero, negative or above 256 bits.
    static func target(_ bits: UInt32) -> [UInt8]? {
        let size = Int(bits >> 24)
        let mantissa = bits & 0x007f_ffff
        guard bits & 0x0080_0000 == 0, mantissa != 0 else { return nil }
        var target = [UInt8](repeating: 0, count: 32)
        for place in 0..<3 {
            let byte = UInt8(truncatingIfNeeded: mantissa >> (8 * UInt32(place)))
            let power = size - 3 + place  // of 256
            if power < 0 { continue }
            if power > 31 {
                if byte != 0 { return nil }
                continue
            }
            target[31 - power] = byte
        }
        return target.contains { $0 != 0 } ? target : nil
    }
}

extension Hash256 {
    /// The hash as nodes and explorers print it: last byte first, in hexadecimal.
    package var displayText: String {
        var reversed = bytes
        reversed.reverse()
        return Hex.encode(reversed)
    }

    /// Parses what `displayText` prints; nil for anything but 64 hexadecimal digits.
    package init?(displayText: some StringProtocol) {
        guard let bytes = Hex.decode(displayText) else { return nil }
        self.init(bytes.reversed())
    }
}
