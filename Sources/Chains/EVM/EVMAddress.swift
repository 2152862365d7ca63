package import Crypto
internal import Platform

/// 20 bytes that value moves to on every network of Ethereum's kind: one key has the same address on all of
/// them.
package struct EVMAddress: Hashable, Sendable {
    /// The bytes, big-endian, eight of them first.
    private let words: Words

    private struct Words: Hashable, Sendable {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt32 = 0
    }

    /// Nil for any other number of bytes than 20.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 20 else { return nil }
        var words = Words()
        for byte in bytes {
            words.first = words.first << 8 | words.second >> 56
            words.second = words.second << 8 | UInt64(words.third >> 24)
            words.third = words.third << 8 | UInt32(byte)
        }
        self.words = words
    }

    /// Why a text is no address.
    package enum Flaw: Error, Hashable, Sendable {
        /// No `0x` and 40 hexadecimal digits.
        case form
        /// Its capital letters are not those that its checksum asks for: a digit is another one.
        case checksum
    }

    /// Reads `0x` and 40 digits. In both cases they carry the checksum of EIP-55, which must be right; in one
    /// case they carry none.
    package init(parsing text: String) throws(Flaw) {
        let digits = Array(text.utf8.dropFirst(2))
        guard digits.count == 40, text.utf8.starts(with: "0x".utf8),
            let bytes = Hex.decode(utf8: digits[...]), let address = EVMAddress(bytes)
        else { throw .form }
        let isMixed = digits.contains { (0x41...0x46).contains($0) } && digits.contains { $0 >= 0x61 }
        guard !isMixed || address.text == text else { throw .checksum }
        self = address
    }

    /// The end of the hash of a public key's point (Yellow Paper, appendix F).
    package init(_ key: Secp256k1.PublicKey) {
        let hash = Hash256(keccakOf: Array(key.uncompressed.dropFirst())).bytes
        var words = Words()
        for byte in hash[12..<20] { words.first = words.first << 8 | UInt64(byte) }
        for byte in hash[20..<28] { words.second = words.second << 8 | UInt64(byte) }
        for byte in hash[28...] { words.third = words.third << 8 | UInt32(byte) }
        self.words = words
    }

    /// The 20 bytes.
    package var bytes: [UInt8] {
        let all = [words.first, words.second, UInt64(words.third) << 32].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
        return Array(all[..<20])
    }

    /// `0x` and 40 digits, with the checksum of EIP-55 in the case of its letters.
    package var text: String {
        let digits = Array(hexadecimal.utf8)
        let hash = Hash256(keccakOf: digits).bytes
        let cased = digits.enumerated().map { place, digit in
            let half = place.isMultiple(of: 2) ? hash[place / 2] >> 4 : hash[place / 2] & 15
            return digit >= 0x61 && half >= 8 ? digit - 0x20 : digit
        }
        return "0x" + String(decoding: cased, as: UTF8.self)
    }

    /// 40 lower-case digits: how it is written in keys.
    package var hexadecimal: String { Hex.encode(bytes) }

    /// What the gateway matches: `evm:` and 40 lower-case digits. No output of Bitcoin's kind has such a
    /// script, which would else be free to have these 20 bytes.
    package var script: String { "evm:" + hexadecimal }
}
