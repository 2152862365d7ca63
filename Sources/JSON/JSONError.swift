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

    package init(code: Code, offset: Int) {
        self.code = code
        self.offset = offset
    }

    package var description: String { "\(code.rawValue) at byte \(offset)" }
}
