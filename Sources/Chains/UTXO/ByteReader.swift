import Crypto

/// Reads the fields of Bitcoin's serialisation one after another and never past the end.
struct ByteReader {
    /// What is read.
    let bytes: [UInt8]

    /// Index of the next byte.
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Bytes not read yet.
    var remaining: Int { bytes.count - position }

    /// Passes over `count` bytes and says where they lie.
    @discardableResult
    mutating func take(_ count: Int) throws(ParseError) -> Range<Int> {
        guard count >= 0, count <= remaining else { throw .truncated(at: position) }
        let start = position
        position += count
        return start..<position
    }

    mutating func byte() throws(ParseError) -> UInt8 {
        guard position < bytes.count else { throw .truncated(at: position) }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func uint16() throws(ParseError) -> UInt16 {
        let place = try take(2).lowerBound
        return UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8
    }

    mutating func uint32() throws(ParseError) -> UInt32 {
        let place = try take(4).lowerBound
        return UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8
            | UInt32(bytes[place + 2]) << 16 | UInt32(bytes[place + 3]) << 24
    }

    mutating func uint64() throws(ParseError) -> UInt64 {
        let low = try uint32()
        return try UInt64(low) | UInt64(uint32()) << 32
    }

    mutating func hash() throws(ParseError) -> Hash256 {
        guard let hash = Hash256(bytes.span, at: position) else { throw .truncated(at: position) }
        position += 32
        return hash
    }

    /// A size in its shortest form: one byte, or a marker and two, four or eight.
    mutating func compactSize() throws(ParseError) -> Int {
        let start = position
        let first = try byte()
        let (value, least): (UInt64, UInt64)
        switch first {
        case 0xfd: (value, least) = (UInt64(try uint16()), 0xfd)
        case 0xfe: (value, least) = (UInt64(try uint32()), 0x1_0000)
        case 0xff: (value, least) = (try uint64(), 0x1_0000_0000)
        default: return Int(first)
        }
        guard value >= least, value <= UTXOLimits.compactSize else { throw .size(at: start) }
        return Int(value)
    }

    /// The number of things that follow, each of at least `size` bytes. What cannot fit is refused before a
    /// loop or an allocation is made for it.
    mutating func count(ofAtLeast size: Int) throws(ParseError) -> Int {
        let start = position
        let count = try compactSize()
        guard count <= remaining / size else { throw .truncated(at: start) }
        return count
    }

    /// Passes over a size and that many bytes, and says where they lie.
    @discardableResult
    mutating func sized() throws(ParseError) -> Range<Int> {
        let size = try compactSize()
        return try take(size)
    }

    /// The base-128 number of Litecoin's extension block: most significant group first, each but the last
    /// with the high bit set and counted from one.
    @discardableResult
    mutating func varInt() throws(ParseError) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        while true {
            let group = try byte()
            guard value <= UInt64.max >> 7 else { throw .size(at: start) }
            value = value << 7 | UInt64(group & 0x7f)
            if group & 0x80 == 0 { return value }
            guard value < UInt64.max else { throw .size(at: start) }
            value += 1
        }
    }
}
