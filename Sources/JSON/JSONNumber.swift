/// A JSON number as it was written. It is never a `Double`: money and heights need the exact digits.
///
/// Equality is that of the text: `1` and `1.0` differ.
package struct JSONNumber: Sendable, Hashable {
    /// The number in the grammar of RFC 8259 section 6.
    package let text: String

    /// A number from text in the grammar of RFC 8259 section 6; nil for anything else or beyond 128
    /// characters.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Limits.numberBytes, Self.length(of: bytes.span, from: 0) == bytes.count
        else { return nil }
        self.text = text
    }

    package init(_ value: some FixedWidthInteger) { text = String(value) }

    /// For the parser, which has checked the grammar.
    init(checked text: String) { self.text = text }

    /// The value of a plain integer (`-?(0|[1-9][0-9]*)`, not `-0`, `1.0` or `1e2`) that fits.
    package var asInt64: Int64? { isPlainInteger ? Int64(text) : nil }

    /// The value of a plain integer without sign that fits.
    package var asUInt64: UInt64? { isPlainInteger ? UInt64(text) : nil }

    private var isPlainInteger: Bool {
        text != "-0" && text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || isDigit($0) }
    }

    /// How many bytes from `start` on are one number; nil when none stands there.
    static func length(of bytes: Span<UInt8>, from start: Int) -> Int? {
        var position = start
        if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
        guard let whole = digits(bytes, from: position) else { return nil }
        if bytes[position] == UInt8(ascii: "0"), whole > position + 1 { return nil }
        position = whole
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            guard let fraction = digits(bytes, from: position + 1) else { return nil }
            position = fraction
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, isSign(bytes[position]) { position += 1 }
            guard let exponent = digits(bytes, from: position) else { return nil }
            position = exponent
        }
        return position - start
    }

    /// The place after the digits at `start`; nil when there is not one.
    private static func digits(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var position = start
        while position < bytes.count, isDigit(bytes[position]) { position += 1 }
        return position > start ? position : nil
    }
}

private func isSign(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") }
private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
