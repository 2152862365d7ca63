/// Base64 with padding (RFC 4648, 4), the alphabet with `+` and `/`. Decoding takes the one canonical form
/// only.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The text of `bytes`, padded.
    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let have = min(3, bytes.count - index)
            var group: UInt32 = 0
            for place in 0..<3 { group = group << 8 | (place < have ? UInt32(bytes[index + place]) : 0) }
            for place in 0..<4 {
                let six = Int(group >> UInt32(18 - 6 * place) & 63)
                text.append(place <= have ? alphabet[six] : UInt8(ascii: "="))
            }
            index += 3
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of `text`; nil for wrong padding, stray characters, or bits left over behind the last byte.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let input = Array(text.utf8)
        guard input.count.isMultiple(of: 4), input.count <= Limits.base64Characters else { return nil }
        let padding = input.suffix(2).count { $0 == UInt8(ascii: "=") }
        let digits = input.dropLast(padding)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(input.count / 4 * 3)
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for digit in digits {
            guard let six = value(digit) else { return nil }
            pending = pending << 6 | six
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
            pending &= (1 << bits) - 1
        }
        return pending == 0 && bits < 6 ? bytes : nil
    }

    private static func value(_ digit: UInt8) -> UInt32? {
        switch digit {
        case 0x41...0x5a: UInt32(digit) - 0x41
        case 0x61...0x7a: UInt32(digit) - 0x61 + 26
        case 0x30...0x39: UInt32(digit) - 0x30 + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
