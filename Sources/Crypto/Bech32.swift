/// Why a Bech32 text is refused.
package enum Bech32Error: Error, Equatable {
    /// Longer than the limit asked for.
    case tooLong
    /// Upper and lower case letters in one text.
    case mixedCase
    /// A character that cannot stand where it stands, at this position.
    case character(at: Int)
    /// No separator, nothing before it, or less than a checksum behind it.
    case structure
    /// The checksum matches neither Bech32 nor Bech32m.
    case checksum
    /// The groups of five bits do not make up whole bytes, or the padding is not zero.
    case padding
    /// A witness version above 16 or a program length that BIP 141 does not allow.
    case program
    /// Bech32 where Bech32m is due, or the other way round (BIP 350).
    case variant
    /// The human-readable part is another one than expected.
    case prefix(String)
}

/// Bech32 (BIP 173) and Bech32m (BIP 350).
package struct Bech32: Equatable, Sendable {
    /// Which constant closes the checksum.
    package enum Variant: Sendable {
        /// BIP 173.
        case bech32
        /// BIP 350.
        case bech32m

        fileprivate var constant: UInt32 {
            switch self {
            case .bech32: 1
            case .bech32m: 0x2bc8_30a3
            }
        }
    }

    /// The part before the last `1`, in lower case.
    package let prefix: String

    /// The groups of five bits behind it, without the checksum.
    package let groups: [UInt8]

    /// Which of the two checksums it has.
    package let variant: Variant

    /// Composes one. `prefix` is lower-case ASCII and `groups` are below 32: both come from us, not from
    /// outside.
    package init(prefix: String, groups: [UInt8], variant: Variant) {
        precondition(groups.allSatisfy { $0 < 32 } && !prefix.isEmpty, "five bits a group")
        (self.prefix, self.groups, self.variant) = (prefix, groups, variant)
    }

    /// Parses a text of at most `limit` characters, in one case throughout.
    package init(parsing text: String, limit: Int = Limits.bech32Characters) throws(Bech32Error) {
        var characters = Array(text.utf8)
        guard characters.count <= limit else { throw .tooLong }
        for (position, character) in characters.enumerated() where !(33...126).contains(character) {
            throw .character(at: position)
        }
        let hasLower = characters.contains { (0x61...0x7a).contains($0) }
        let hasUpper = characters.contains { (0x41...0x5a).contains($0) }
        guard !(hasLower && hasUpper) else { throw .mixedCase }
        if hasUpper { characters = characters.map { (0x41...0x5a).contains($0) ? $0 + 0x20 : $0 } }
        guard let separator = characters.lastIndex(of: UInt8(ascii: "1")), separator > 0,
            characters.count - separator > 6
        else { throw .structure }
        var groups: [UInt8] = []
        groups.reserveCapacity(characters.count - separator)
        for position in (separator + 1)..<characters.count {
            let value = Self.values[Int(characters[position])]
            guard value != 255 else { throw .character(at: position) }
            groups.append(value)
        }
        let prefix = characters[..<separator]
        switch Self.polymod(prefix: prefix, groups: groups) {
        case Variant.bech32.constant: variant = .bech32
        case Variant.bech32m.constant: variant = .bech32m
        default: throw .checksum
        }
        self.prefix = String(decoding: prefix, as: UTF8.self)
        self.groups = groups.dropLast(6)
    }

    /// The text in lower case.
    package var text: String {
        let prefix = Array(self.prefix.utf8)
        let zeros: [UInt8] = [0, 0, 0, 0, 0, 0]
        let residue = Self.polymod(prefix: prefix[...], groups: groups + zeros) ^ variant.constant
        let checksum = (0..<6).map { UInt8(residue >> UInt32(5 * (5 - $0)) & 31) }
        let characters = prefix + [UInt8(ascii: "1")] + (groups + checksum).map { Self.alphabet[Int($0)] }
        return String(decoding: characters, as: UTF8.self)
    }

    private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    /// The remainder of the expanded prefix and the groups under the generator of BIP 173.
    private static func polymod(prefix: ArraySlice<UInt8>, groups: [UInt8]) -> UInt32 {
        var residue: UInt32 = 1
        func absorb(_ value: UInt8) {
            let top = residue >> 25
            residue = (residue & 0x1ff_ffff) << 5 ^ UInt32(value)
            if top & 1 != 0 { residue ^= 0x3b6a_57b2 }
            if top & 2 != 0 { residue ^= 0x2650_8e6d }
            if top & 4 != 0 { residue ^= 0x1ea1_19fa }
            if top & 8 != 0 { residue ^= 0x3d42_33dd }
            if top & 16 != 0 { residue ^= 0x2a14_62b3 }
        }
        for character in prefix { absorb(character >> 5) }
        absorb(0)
        for character in prefix { absorb(character & 31) }
        for group in groups { absorb(group) }
        return residue
    }
}

extension Bech32 {
    /// Bytes cut into groups of five bits, the last one filled up with zeros.
    package static func groups(of bytes: [UInt8]) -> [UInt8] {
        var groups: [UInt8] = []
        groups.reserveCapacity((bytes.count * 8 + 4) / 5)
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            pending = (pending << 8 | UInt32(byte)) & 0xfff
            bits += 8
            while bits >= 5 {
                bits -= 5
                groups.append(UInt8(pending >> bits & 31))
            }
        }
        if bits > 0 { groups.append(UInt8(pending << (5 - bits) & 31)) }
        return groups
    }

    /// Groups of five bits put together to whole bytes. Left over may be up to four zero bits.
    package static func bytes(of groups: some Sequence<UInt8>) throws(Bech32Error) -> [UInt8] {
        var bytes: [UInt8] = []
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for group in groups {
            pending = (pending << 5 | UInt32(group & 31)) & 0xfff
            bits += 5
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(pending >> bits & 255))
        }
        guard bits < 5, pending & ((1 << bits) - 1) == 0 else { throw .padding }
        return bytes
    }
}
