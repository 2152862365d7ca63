/// Writes a document straight into bytes, without building values first.
///
///     var writer = JSONWriter()
///     writer.object { w in
///         w.member("id", "pay_1")
///         w.member("count", 3)
///         w.array("lines") { w in w.object { w in w.member("sku", "A") } }
///     }
///     send(writer.bytes)
///
/// Output is compact UTF-8; only `"`, `\` and the controls below U+0020 are escaped. The writer does not look
/// for keys that the caller repeats.
package struct JSONWriter: Sendable {
    /// What has been written so far.
    package private(set) var bytes: [UInt8] = []

    /// Whether a comma has to precede the next member or element.
    private var needsComma = false

    package init(reservingBytes count: Int = 256) { bytes.reserveCapacity(count) }
}

// MARK: Members of an object

extension JSONWriter {
    /// Text, or `null`.
    package mutating func member(_ key: String, _ text: String?) {
        name(key)
        element(text)
    }

    /// `true`, `false`, or `null`.
    package mutating func member(_ key: String, _ flag: Bool?) {
        name(key)
        element(flag)
    }

    /// A number.
    package mutating func member(_ key: String, _ number: some FixedWidthInteger) {
        name(key)
        element(number)
    }

    /// A number, or `null`.
    package mutating func member<Integer: FixedWidthInteger>(_ key: String, _ number: Integer?) {
        name(key)
        if let number { element(number) } else { null() }
    }

    /// Any value.
    package mutating func member(_ key: String, _ value: JSON) {
        name(key)
        element(value)
    }

    /// Nothing at all when `text` is nil.
    package mutating func member(_ key: String, ifPresent text: String?) {
        if let text { member(key, text) }
    }

    /// Nothing at all when `number` is nil.
    package mutating func member<Integer: FixedWidthInteger>(_ key: String, ifPresent number: Integer?) {
        if let number { member(key, number) }
    }

    /// `null`.
    package mutating func null(_ key: String) {
        name(key)
        null()
    }

    /// Bytes that are one JSON value already, taken as they are.
    package mutating func raw(_ key: String, _ value: some Sequence<UInt8>) {
        name(key)
        raw(value)
    }

    /// An object, whose members `body` writes.
    package mutating func object<Failure: Error>(
        _ key: String, _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        name(key)
        try object(body)
    }

    /// An array, whose elements `body` writes.
    package mutating func array<Failure: Error>(
        _ key: String, _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        name(key)
        try array(body)
    }

    /// An array of strings.
    package mutating func array(_ key: String, _ texts: some Sequence<String>) {
        array(key) { writer in
            for text in texts { writer.element(text) }
        }
    }

    private mutating func name(_ key: String) {
        separate()
        quote(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }
}

// MARK: Elements of an array, and the document itself

extension JSONWriter {
    /// Text, or `null`.
    package mutating func element(_ text: String?) {
        guard let text else { return null() }
        separate()
        quote(text)
    }

    /// `true`, `false`, or `null`.
    package mutating func element(_ flag: Bool?) {
        guard let flag else { return null() }
        separate()
        bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    }

    /// A number.
    package mutating func element(_ number: some FixedWidthInteger) {
        separate()
        bytes.append(contentsOf: String(number).utf8)
    }

    /// Any value.
    package mutating func element(_ value: JSON) {
        switch value {
        case .null: null()
        case .bool(let flag): element(flag)
        case .number(let number): raw(number.text.utf8)
        case .string(let text): element(text)
        case .array(let elements):
            array { writer in
                for element in elements { writer.element(element) }
            }
        case .object(let object):
            self.object { writer in
                for member in object.members { writer.member(member.key, member.value) }
            }
        }
    }

    /// `null`.
    package mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    /// Bytes that are one JSON value already, taken as they are.
    package mutating func raw(_ value: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: value)
    }

    /// An object, whose members `body` writes.
    package mutating func object<Failure: Error>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        begin(UInt8(ascii: "{"))
        try body(&self)
        end(UInt8(ascii: "}"))
    }

    /// An array, whose elements `body` writes.
    package mutating func array<Failure: Error>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        begin(UInt8(ascii: "["))
        try body(&self)
        end(UInt8(ascii: "]"))
    }
}

// MARK: Bytes

extension JSONWriter {
    /// Ends a document that is one line of several.
    package mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        // Nearly all text needs no escape: it is copied in one piece, and taken back if it does.
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        if !isPlain(from: start) {
            bytes.removeLast(bytes.count - start)
            for byte in text.utf8 { escape(byte) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Whether nothing that was written from `start` on needs an escape.
    private func isPlain(from start: Int) -> Bool {
        let written = bytes.span
        var position = start
        while position < written.count {
            let byte = written[position]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return false }
            position += 1
        }
        return true
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
        case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
        case 0x08: bytes.append(contentsOf: #"\b"#.utf8)
        case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
        case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
        case 0x0C: bytes.append(contentsOf: #"\f"#.utf8)
        case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
        case 0..<0x20:
            bytes.append(contentsOf: (byte < 0x10 ? #"\u000"# : #"\u001"#).utf8)
            bytes.append(contentsOf: String(byte & 15, radix: 16).utf8)
        default: bytes.append(byte)
        }
    }
}
