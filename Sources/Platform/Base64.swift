/// Base64 (RFC 4648), both alphabets, with strict decoding: one text for each sequence of bytes.
package enum Base64: Sendable {
    /// `+` and `/`, padded with `=` (section 4).
    case standard
    /// `-` and `_`, without padding (section 5), as in URLs and tokens.
    case url

    /// The text of the bytes.
    package func encode(_ bytes: some Sequence<UInt8>) -> String {
        let alphabet = self == .standard ? Self.standardDigits : Self.urlDigits
        var text: [UInt8] = []
        var held: UInt32 = 0
        var bits = 0
        for byte in bytes {
            held = held << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[Int(held >> UInt32(bits) & 63)])
            }
        }
        if bits > 0 { text.append(alphabet[Int(held << UInt32(6 - bits) & 63)]) }
        while self == .standard, !text.count.isMultiple(of: 4) { text.append(UInt8(ascii: "=")) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of the text; nil for a foreign character, wrong padding, or bits left over that are not
    /// zero.
    package func decode(_ text: some StringProtocol) -> [UInt8]? {
        var digits = Array(text.utf8)[...]
        if self == .standard {
            guard digits.count.isMultiple(of: 4) else { return nil }
            if digits.last == UInt8(ascii: "=") { digits.removeLast() }
            if digits.last == UInt8(ascii: "=") { digits.removeLast() }
        }
        guard digits.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count * 3 / 4)
        var held: UInt32 = 0
        var bits = 0
        for digit in digits {
            guard let value = value(digit) else { return nil }
            held = held << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: held >> UInt32(bits)))
                held &= 1 << UInt32(bits) - 1
            }
        }
        return held == 0 ? bytes : nil
    }

    private func value(_ digit: UInt8) -> UInt32? {
        switch (digit, self) {
        case (UInt8(ascii: "A")...UInt8(ascii: "Z"), _): UInt32(digit) - 65
        case (UInt8(ascii: "a")...UInt8(ascii: "z"), _): UInt32(digit) - 71
        case (UInt8(ascii: "0")...UInt8(ascii: "9"), _): UInt32(digit) + 4
        case (UInt8(ascii: "+"), .standard), (UInt8(ascii: "-"), .url): 62
        case (UInt8(ascii: "/"), .standard), (UInt8(ascii: "_"), .url): 63
        default: nil
        }
    }

    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    private static let standardDigits = Array((letters + "+/").utf8)
    private static let urlDigits = Array((letters + "-_").utf8)
}
