/// What a document may cost. Bytes are those of the document; depth counts arrays and objects around a value.
package struct JSONLimits: Sendable {
    package var bytes: Int
    package var depth: Int

    package init(bytes: Int, depth: Int) {
        self.bytes = bytes
        self.depth = depth
    }

    /// Roomy enough for the answers of a node. The API sets its own, smaller one on the body.
    package static let standard = JSONLimits(bytes: Limits.documentBytes, depth: Limits.depth)
}

extension JSON {
    /// The value of a document: strict RFC 8259 in UTF-8 without a byte order mark, one value and nothing
    /// after it.
    ///
    /// Refused besides: a key twice in one object, half a surrogate pair, too much depth, too many bytes.
    /// `\u0000` is a character like any other here; `JSONForm` refuses it.
    package static func parse(
        _ bytes: [UInt8], limits: JSONLimits = .standard
    ) throws(JSONError) -> JSON {
        try parse(span: bytes.span, limits: limits)
    }

    /// As `parse` of an array; offsets of errors count from the start of the slice.
    package static func parse(
        _ bytes: ArraySlice<UInt8>, limits: JSONLimits = .standard
    ) throws(JSONError) -> JSON {
        try parse(span: bytes.span, limits: limits)
    }

    /// As `parse` of an array, over the UTF-8 bytes of the text.
    package static func parse(text: String, limits: JSONLimits = .standard) throws(JSONError) -> JSON {
        try parse(Array(text.utf8), limits: limits)
    }

    private static func parse(span: Span<UInt8>, limits: JSONLimits) throws(JSONError) -> JSON {
        guard span.count <= limits.bytes else { throw JSONError(code: .tooLarge, offset: limits.bytes) }
        var parser = JSONParser(levels: limits.depth)
        return try parser.document(span)
    }
}
