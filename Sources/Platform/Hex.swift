/// Lower-case hexadecimal text.
package enum Hex {
    /// Two lower-case digits a byte.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String { encode(Array(bytes).span) }

    /// As `encode` of any sequence, without a copy of it.
    package static func encode(_ bytes: [UInt8]) -> String { encode(bytes.span) }
    /// As above, of a part.
    package static func encode(_ bytes: ArraySlice<UInt8>) -> String { encode(bytes.span) }

    private static func encode(_ bytes: Span<UInt8>) -> String {
        var text = [UInt8](repeating: 0, count: bytes.count * 2)
        for index in bytes.indices {
            text[2 * index] = digit(bytes[index] >> 4)
            text[2 * index + 1] = digit(bytes[index] & 15)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func digit(_ half: UInt8) -> UInt8 { half < 10 ? 0x30 + half : 0x57 + half }

    /// The bytes of hexadecimal text in either case; nil for an odd length or any other character.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        decode(utf8: Array(text.utf8)[...])
    }

    /// As `decode(_:)`, over the UTF-8 bytes of the text.
    package static func decode(utf8 text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        var index = text.startIndex
        while index < text.endIndex {
            guard let high = value(text[index]), let low = value(text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
            index += 2
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        case 0x41...0x46: digit - 0x37
        default: nil
        }
    }
}
