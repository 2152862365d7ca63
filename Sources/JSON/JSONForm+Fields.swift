extension JSONForm {
    /// Text of 1 to `maxBytes` bytes of UTF-8 without control characters, with something in it that can be
    /// seen.
    ///
    /// `multiline` lets line feeds and tabs through; `mayBeEmpty` the empty text.
    package mutating func string(
        _ name: String, _ presence: Presence, maxBytes: Int, multiline: Bool = false, mayBeEmpty: Bool = false
    ) -> String? {
        read(name, presence) { json, _, _ throws(FieldProblem) in
            let text = try Self.text(json, maxBytes: maxBytes, multiline: multiline)
            guard mayBeEmpty || !text.isEmpty else { throw .empty }
            guard mayBeEmpty || text.unicodeScalars.contains(where: isVisible) else { throw .blank }
            return text
        }
    }

    /// Text by which something is known, such as an order's number: as `string`, and nothing in it that
    /// cannot be seen, for two of them that look alike must be alike.
    package mutating func identifier(_ name: String, _ presence: Presence, maxBytes: Int) -> String? {
        read(name, presence) { json, _, _ throws(FieldProblem) in
            let text = try Self.text(json, maxBytes: maxBytes)
            guard !text.isEmpty else { throw .empty }
            guard text.unicodeScalars.allSatisfy({ isVisible($0) || $0.properties.isWhitespace }) else {
                throw .invisible
            }
            guard text.unicodeScalars.contains(where: isVisible) else { throw .blank }
            return text
        }
    }

    /// What `parse` makes of a string, of at most `maxBytes` bytes of UTF-8 without control characters.
    package mutating func value<Value>(
        _ name: String, _ presence: Presence, maxBytes: Int = 1_024,
        _ parse: (String) throws(FieldProblem) -> Value
    ) -> Value? {
        read(name, presence) { json, _, _ throws(FieldProblem) in
            try parse(try Self.text(json, maxBytes: maxBytes))
        }
    }

    /// One of the raw values of an enumeration.
    package mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ presence: Presence, of type: Choice.Type = Choice.self
    ) -> Choice? where Choice.RawValue == String {
        read(name, presence) { json, _, _ throws(FieldProblem) in try Self.choice(json) }
    }

    /// A plain integer (no fraction, no exponent) within `range`.
    package mutating func integer(
        _ name: String, _ presence: Presence, _ range: ClosedRange<Int64>
    ) -> Int64? {
        read(name, presence) { json, _, _ throws(FieldProblem) in
            guard let number = json.asNumber else { throw .wrongType(expected: "an integer", found: json) }
            guard let value = number.asInt64, range.contains(value) else { throw .outOfRange(range) }
            return value
        }
    }

    /// `true` or `false`.
    package mutating func bool(_ name: String, _ presence: Presence) -> Bool? {
        read(name, presence) { json, _, _ throws(FieldProblem) in
            guard let flag = json.asBool else { throw .wrongType(expected: "true or false", found: json) }
            return flag
        }
    }

    /// Any value as it stands, for members that are only passed on.
    package mutating func json(_ name: String, _ presence: Presence) -> JSON? {
        read(name, presence) { json, _, _ in json }
    }

    static func text(_ json: JSON, maxBytes: Int, multiline: Bool = false) throws(FieldProblem) -> String {
        guard let text = json.asString else { throw .wrongType(expected: "a string", found: json) }
        guard text.utf8.count <= maxBytes else { throw .tooLong(maxBytes: maxBytes) }
        guard text.unicodeScalars.allSatisfy({ isPlain($0) || multiline && ($0 == "\n" || $0 == "\t") })
        else { throw .invalidText }
        return text
    }

    static func choice<Choice: RawRepresentable & CaseIterable>(
        _ json: JSON
    ) throws(FieldProblem) -> Choice where Choice.RawValue == String {
        guard let text = json.asString else { throw .wrongType(expected: "a string", found: json) }
        guard let choice = Choice(rawValue: text) else { throw .notOneOf(Choice.allCases.map(\.rawValue)) }
        return choice
    }

    /// Neither a control (C0 with NUL, DEL, C1, the separators of lines and paragraphs) nor a bidirectional
    /// override or isolate: with those a merchant's order or a customer's name could make a page or a report
    /// read other than it is.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: false
        default: true
        }
    }
}

/// Whether a reader sees anything of a scalar: neither white space, nor one that is there to steer others,
/// nor the empty pattern of braille.
private func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return (0x21...0x7E).contains(scalar.value) }
    let properties = scalar.properties
    if properties.isWhitespace || properties.isDefaultIgnorableCodePoint { return false }
    return properties.generalCategory != .format && scalar.value != 0x2800
}
