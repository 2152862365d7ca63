extension JSON {
    /// The document in compact UTF-8, members in their order.
    package func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.element(self)
        return writer.bytes
    }

    /// The document as compact text.
    package var encodedText: String { String(decoding: encoded(), as: UTF8.self) }

    /// The document for people: two spaces a level, one member a line, no newline at the end.
    package func pretty() -> String {
        var text = ""
        appendPretty(to: &text, indent: "\n")
        return text
    }

    private func appendPretty(to text: inout String, indent: String) {
        let inner = indent + "  "
        switch self {
        case .array(let elements) where !elements.isEmpty:
            text += "["
            for (index, element) in elements.enumerated() {
                text += index == 0 ? inner : "," + inner
                element.appendPretty(to: &text, indent: inner)
            }
            text += indent + "]"
        case .object(let object) where !object.isEmpty:
            text += "{"
            for (index, member) in object.members.enumerated() {
                text += index == 0 ? inner : "," + inner
                text += JSON.string(member.key).encodedText + ": "
                member.value.appendPretty(to: &text, indent: inner)
            }
            text += indent + "}"
        case .null, .bool, .number, .string, .array, .object:
            text += encodedText
        }
    }
}
