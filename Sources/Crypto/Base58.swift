/// Why a Base58Check text is refused.
package enum Base58Error: Error, Equatable {
    /// Longer than `Limits.base58Characters`.
    case tooLong
    /// A character outside the alphabet, at this position.
    case character(at: Int)
    /// Fewer than the four bytes of a checksum.
    case tooShort
    /// The checksum does not match: a typing mistake, most likely.
    case checksum
}

/// Base58 with a four-byte double-SHA-256 checksum: legacy addresses and extended keys.
package enum Base58Check {
    private static let alphabet = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

    /// The value of each ASCII character, 255 where it is none of the alphabet.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    /// The text of `payload` and its checksum.
    package static func encode(_ payload: [UInt8]) -> String {
        let bytes = payload + sha256d(payload).prefix(4)
        let zeros = bytes.prefix { $0 == 0 }.count
        var digits: [UInt8] = []  // base 58, least significant first
        for byte in bytes.dropFirst(zeros) {
            var carry = Int(byte)
            for index in digits.indices {
                carry += Int(digits[index]) << 8
                digits[index] = UInt8(carry % 58)
                carry /= 58
            }
            while carry > 0 {
                digits.append(UInt8(carry % 58))
                carry /= 58
            }
        }
        let text = [UInt8](repeating: alphabet[0], count: zeros) + digits.reversed().map { alphabet[Int($0)] }
        return String(decoding: text, as: UTF8.self)
    }

    /// The payload of `text`, without the checksum that was found right.
    package static func decode(_ text: String) throws(Base58Error) -> [UInt8] {
        let characters = Array(text.utf8)
        guard characters.count <= Limits.base58Characters else { throw .tooLong }
        let zeros = characters.prefix { $0 == alphabet[0] }.count
        var bytes: [UInt8] = []  // least significant first
        for (position, character) in characters.enumerated() {
            let value = values[Int(character)]
            guard value != 255 else { throw .character(at: position) }
            guard position >= zeros else { continue }
            var carry = Int(value)
            for index in bytes.indices {
                carry += Int(bytes[index]) * 58
                bytes[index] = UInt8(carry & 255)
                carry >>= 8
            }
            if carry > 0 { bytes.append(UInt8(carry)) }
        }
        let all = [UInt8](repeating: 0, count: zeros) + bytes.reversed()
        guard all.count >= 4 else { throw .tooShort }
        let payload = Array(all.dropLast(4))
        guard sha256d(payload).prefix(4) == all.suffix(4) else { throw .checksum }
        return payload
    }
}
