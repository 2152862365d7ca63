/// 32 bytes held inline: a digest, a transaction id, a block hash. In the order in which the hash function
/// wrote them.
@safe package struct Hash256: Hashable, Sendable {
    /// The bytes as they lie in memory, eight to a word; the words have no numeric meaning.
    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// 32 zero bytes.
    package static let zero = Hash256(words: (0, 0, 0, 0))

    private init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// 32 bytes out of four lanes, the least significant byte of each first.
    init(lanes first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
        words = (first.littleEndian, second.littleEndian, third.littleEndian, fourth.littleEndian)
    }

    /// Copies 32 bytes; nil for any other number of them.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self = .zero
        unsafe withUnsafeMutableBytes(of: &words) { unsafe $0.copyBytes(from: bytes) }
    }

    /// Copies the 32 bytes that start at `offset`; nil if `bytes` ends before them.
    package init?(_ bytes: Span<UInt8>, at offset: Int) {
        guard offset >= 0, offset <= bytes.count - 32 else { return nil }
        self = .zero
        unsafe bytes.withUnsafeBufferPointer { source in
            unsafe withUnsafeMutableBytes(of: &words) { target in
                unsafe target.copyBytes(from: source[offset..<offset + 32])
            }
        }
    }

    /// The 32 bytes.
    package var bytes: [UInt8] { unsafe withUnsafeBytes(of: words) { unsafe Array($0) } }

    /// Feeds the 32 bytes to a hash function.
    package func update(_ hash: inout some HashFunction) { hash.update(bytes) }

    package static func == (left: Hash256, right: Hash256) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension Hash256: Comparable {
    /// The order of the bytes, first byte first.
    package static func < (left: Hash256, right: Hash256) -> Bool {
        let pairs = [
            (left.words.0, right.words.0), (left.words.1, right.words.1),
            (left.words.2, right.words.2), (left.words.3, right.words.3),
        ]
        for (one, other) in pairs where one != other { return one.bigEndian < other.bigEndian }
        return false
    }
}
