/// Why bytes are not a JSON document, and where.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reason; the raw value is stable and may be shown.
    package enum Code: String, Sendable, CaseIterable {
        /// The document ends inside a value, or has none.
        case unexpectedEnd = "unexpected_end"
        /// A byte that may not stand here.
        case unexpectedByte = "unexpected_byte"
        /// Something follows the value.
        case trailingBytes = "trailing_bytes"
        /// A number outside the grammar, such as `01`, `1.` or `+1`.
        case invalidNumber = "invalid_number"
        /// A number of too many characters.
        case numberTooLong = "number_too_long"
        /// Bytes in a string that are not UTF-8.
        case invalidUTF8 = "invalid_utf8"
        /// An unknown escape, or `\u` without four hexadecimal digits.
        case invalidEscape = "invalid_escape"
        /// Half of a surrogate pair, which is no character.
        case loneSurrogate = "lone_surrogate"
        /// A control character below U+0020 that is not escaped.
        case controlCharacter = "control_character"
        /// An object names a member twice.
        case duplicateKey = "duplicate_key"
        /// Too many levels of arrays and objects.
        case tooDeep = "too_deep"
        /// Too many bytes.
        case tooLarge = "too_large"
    }

    package let code: Code

    /// Bytes from the start of the document to the fault.
    package let offset: Int

    /// The name that an object has twice, cut to a length that can be shown; nil for all other reasons.
    package let name: String?

    package init(code: Code, offset: Int, name: String? = nil) {
        self.code = code
        self.offset = offset
        self.name = name
    }

    package var description: String { "\(code.rawValue) at byte \(offset)" }

    /// The code and the place say which fault it is; the name stands at that place.
    package static func == (left: JSONError, right: JSONError) -> Bool {
        left.code == right.code && left.offset == right.offset
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(offset)
    }
}
