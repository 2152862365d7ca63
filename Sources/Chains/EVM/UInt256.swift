/// A whole number below 2²⁵⁶, as contracts count. Not for sums: those are of amounts that were looked at.
package struct UInt256: Hashable, Sendable {
    // The most significant word first.
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var third: UInt64 = 0
    private var fourth: UInt64

    /// None.
    package static let zero = UInt256(UInt64(0))

    /// A smaller number.
    package init(_ value: UInt64) { fourth = value }

    /// Of big-endian bytes, zeros in front included; nil for more than 32 of them.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count <= 32 else { return nil }
        self.init(UInt64(0))
        for byte in bytes { append(UInt64(byte), bits: 8) }
    }

    /// A quantity of Ethereum's JSON-RPC: `0x` and one to 64 hexadecimal digits. Zeros in front, which it
    /// should not have and which some nodes write, make it no other number.
    package init?(quantity text: String) {
        let digits = text.utf8.dropFirst(2)
        guard text.utf8.starts(with: "0x".utf8), (1...64).contains(digits.count) else { return nil }
        self.init(UInt64(0))
        for digit in digits {
            switch digit {
            case 0x30...0x39: append(UInt64(digit - 0x30), bits: 4)
            case 0x61...0x66: append(UInt64(digit - 0x57), bits: 4)
            case 0x41...0x46: append(UInt64(digit - 0x37), bits: 4)
            default: return nil
            }
        }
    }

    /// Moves everything up by `bits`, and puts `low` behind it.
    private mutating func append(_ low: UInt64, bits: UInt64) {
        first = first << bits | second >> (64 - bits)
        second = second << bits | third >> (64 - bits)
        third = third << bits | fourth >> (64 - bits)
        fourth = fourth << bits | low
    }

    /// Nil where it has no room there.
    package var asUInt64: UInt64? { first | second | third == 0 ? fourth : nil }
    /// Nil where it has no room there.
    package var asUInt128: UInt128? {
        first | second == 0 ? UInt128(third) << 64 | UInt128(fourth) : nil
    }

    /// 32 bytes, big-endian: as it stands in a word of the ABI.
    package var word: [UInt8] {
        [first, second, third, fourth].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
    }

    /// Big-endian, without zeros in front: as it stands in an `RLP`.
    package var bytes: [UInt8] { Array(word.drop { $0 == 0 }) }

    /// In decimal digits, 78 at the most.
    package var text: String {
        if let small = asUInt128 { return String(small) }
        var rest = [first, second, third, fourth]
        var groups: [UInt64] = []
        while rest.contains(where: { $0 != 0 }) {
            var remainder: UInt64 = 0
            for place in rest.indices {
                // The remainder is below the divisor, so the quotient has room.
                (rest[place], remainder) = Self.group.dividingFullWidth((remainder, rest[place]))
            }
            groups.append(remainder)
        }
        let leading = groups.popLast().map { String($0) } ?? "0"
        return leading + groups.reversed().map { Self.padded($0) }.joined()
    }

    /// The greatest power of ten in a word, 10¹⁹.
    private static let group: UInt64 = 10_000_000_000_000_000_000

    private static func padded(_ group: UInt64) -> String {
        let digits = String(group)
        return String(repeating: "0", count: 19 - digits.count) + digits
    }
}

extension UInt256: Comparable {
    /// The order of numbers.
    package static func < (left: UInt256, right: UInt256) -> Bool {
        (left.first, left.second, left.third, left.fourth)
            < (right.first, right.second, right.third, right.fourth)
    }
}
