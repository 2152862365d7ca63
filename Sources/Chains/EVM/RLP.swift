/// Recursive length prefixes: how Ethereum writes down what it hashes (Yellow Paper, appendix B). An item is
/// bytes or a list of items, and has exactly one encoding.
package enum RLP: Hashable, Sendable {
    case bytes([UInt8])
    case list([RLP])

    /// Why bytes are no item.
    package enum Flaw: Error, Hashable, Sendable {
        /// They end before the item does.
        case truncated
        /// They go on behind it.
        case trailing
        /// A length, or a byte by itself, that is not written in the shortest way.
        case notShortest
        /// Lists in lists, deeper than anything that is hashed.
        case tooDeep
        /// More items than anything that is hashed.
        case tooMany
    }

    /// A whole number, big-endian, without zeros in front; no bytes of 0.
    package static func number(_ value: UInt64) -> RLP {
        var bytes: [UInt8] = []
        var rest = value
        while rest > 0 {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
        return .bytes(bytes.reversed())
    }

    // MARK: What it holds

    /// The bytes; nil of a list.
    package var asBytes: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }

    /// The items; nil of bytes.
    package var asList: [RLP]? { if case .list(let items) = self { items } else { nil } }

    /// A whole number below 2²⁵⁶ in the one way it is written; nil for anything else.
    package var asUInt256: UInt256? {
        guard let bytes = asBytes, bytes.first != 0 else { return nil }
        return UInt256(bytes)
    }

    /// As `asUInt256`, below 2⁶⁴.
    package var asUInt64: UInt64? { asUInt256?.asUInt64 }

    // MARK: Writing

    /// The one encoding.
    package var encoded: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(encodedCount)
        write(to: &output)
        return output
    }

    private func write(to output: inout [UInt8]) {
        switch self {
        case .bytes(let bytes):
            if bytes.count != 1 || bytes[0] >= 0x80 { Self.writeLength(bytes.count, 0x80, to: &output) }
            output += bytes
        case .list(let items):
            Self.writeLength(items.reduce(0) { $0 + $1.encodedCount }, 0xc0, to: &output)
            for item in items { item.write(to: &output) }
        }
    }

    private var encodedCount: Int {
        switch self {
        case .bytes(let bytes):
            return bytes.count == 1 && bytes[0] < 0x80 ? 1 : Self.prefixCount(bytes.count) + bytes.count
        case .list(let items):
            let count = items.reduce(0) { $0 + $1.encodedCount }
            return Self.prefixCount(count) + count
        }
    }

    /// Bytes before so many.
    private static func prefixCount(_ count: Int) -> Int {
        count < 56 ? 1 : 1 + (71 - UInt64(count).leadingZeroBitCount) / 8
    }

    private static func writeLength(_ count: Int, _ base: UInt8, to output: inout [UInt8]) {
        guard count >= 56 else { return output.append(base + UInt8(count)) }
        let digits = prefixCount(count) - 1
        output.append(base + 55 + UInt8(digits))
        for place in (0..<digits).reversed() {
            output.append(UInt8(truncatingIfNeeded: count >> (8 * place)))
        }
    }
}

// MARK: Reading

extension RLP {
    /// Reads the one item that `bytes` are. Never traps.
    ///
    /// - Parameter mostItems: how many there may be, itself included: an item takes more room in memory than
    ///   the byte that it is written with.
    package init(_ bytes: [UInt8], mostItems: Int = EVMLimits.items) throws(Flaw) {
        var reader = Reader(bytes: bytes, left: mostItems)
        self = try reader.item(until: bytes.count, depth: 0)
        guard reader.position == bytes.count else { throw .trailing }
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0
        /// Items that there may be yet.
        var left: Int

        init(bytes: [UInt8], left: Int) { (self.bytes, self.left) = (bytes, left) }

        /// A byte that stands for itself, once for all of them.
        private static let single: [[UInt8]] = (0..<0x80).map { [$0] }

        mutating func item(until end: Int, depth: Int) throws(Flaw) -> RLP {
            guard position < end else { throw .truncated }
            guard depth < EVMLimits.listDepth else { throw .tooDeep }
            guard left > 0 else { throw .tooMany }
            left -= 1
            let first = bytes[position]
            if first < 0x80 {
                position += 1
                return .bytes(Self.single[Int(first)])
            }
            let isList = first >= 0xc0
            let count = try length(until: end, base: isList ? 0xc0 : 0x80)
            let stop = position + count
            guard isList else {
                if count == 1, bytes[position] < 0x80 { throw .notShortest }
                defer { position = stop }
                return .bytes(Array(bytes[position..<stop]))
            }
            var items: [RLP] = []
            while position < stop { items.append(try item(until: stop, depth: depth + 1)) }
            return .list(items)
        }

        /// Passes over a prefix, and gives how many bytes follow it, which are there.
        private mutating func length(until end: Int, base: UInt8) throws(Flaw) -> Int {
            var count = Int(bytes[position] - base)
            position += 1
            if count > 55 {
                let digits = count - 55
                guard digits <= end - position else { throw .truncated }
                guard bytes[position] != 0 else { throw .notShortest }
                // No array has as many bytes.
                guard digits < 8 else { throw .truncated }
                count = bytes[position..<position + digits].reduce(0) { $0 << 8 | Int($1) }
                guard count >= 56 else { throw .notShortest }
                position += digits
            }
            guard count <= end - position else { throw .truncated }
            return count
        }
    }
}
