/// A recursive-descent reader of one document. Recursion is bounded by `levels`.
struct JSONParser {
    /// Levels of arrays and objects that may still be opened.
    private var levels: Int
    /// The next byte to look at.
    private var position = 0

    init(levels: Int) { self.levels = levels }

    mutating func document(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        let value = try value(bytes)
        skipSpace(bytes)
        guard position == bytes.count else { throw fault(.trailingBytes) }
        return value
    }

    private mutating func value(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        switch try nextToken(bytes) {
        case UInt8(ascii: "\""): return .string(try string(bytes))
        case UInt8(ascii: "{"): return try object(bytes)
        case UInt8(ascii: "["): return try array(bytes)
        case UInt8(ascii: "t"): return try word(bytes, "true", .bool(true))
        case UInt8(ascii: "f"): return try word(bytes, "false", .bool(false))
        case UInt8(ascii: "n"): return try word(bytes, "null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(bytes)
        default: throw fault(.unexpectedByte)
        }
    }

    // MARK: Containers

    private mutating func object(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        try open()
        var object = JSONObject()
        var next = try nextToken(bytes)
        while next != UInt8(ascii: "}") || !object.isEmpty {
            guard next == UInt8(ascii: "\"") else { throw fault(.unexpectedByte) }
            let start = position
            let key = try string(bytes)
            guard try nextToken(bytes) == UInt8(ascii: ":") else { throw fault(.unexpectedByte) }
            position += 1
            guard object.append(key, try value(bytes)) else {
                let name = String(key.unicodeScalars.prefix(Limits.namedBytes))
                throw JSONError(code: .duplicateKey, offset: start, name: name)
            }
            guard try separator(bytes, orEnd: UInt8(ascii: "}")) else { return close(.object(object)) }
            next = try nextToken(bytes)
        }
        position += 1
        return close(.object(object))
    }

    private mutating func array(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        try open()
        var elements: [JSON] = []
        if try nextToken(bytes) == UInt8(ascii: "]") {
            position += 1
            return close(.array(elements))
        }
        repeat {
            elements.append(try value(bytes))
        } while try separator(bytes, orEnd: UInt8(ascii: "]"))
        return close(.array(elements))
    }

    /// Steps into a container, past its bracket.
    private mutating func open() throws(JSONError) {
        guard levels > 0 else { throw fault(.tooDeep) }
        levels -= 1
        position += 1
    }

    private mutating func close(_ value: JSON) -> JSON {
        levels += 1
        return value
    }

    /// Reads the comma (true) or the closing bracket (false) after a member or an element.
    private mutating func separator(_ bytes: Span<UInt8>, orEnd end: UInt8) throws(JSONError) -> Bool {
        let byte = try nextToken(bytes)
        guard byte == UInt8(ascii: ",") || byte == end else { throw fault(.unexpectedByte) }
        position += 1
        return byte != end
    }

    // MARK: Tokens

    /// The first byte that is not white space, which stays unread.
    private mutating func nextToken(_ bytes: Span<UInt8>) throws(JSONError) -> UInt8 {
        skipSpace(bytes)
        guard position < bytes.count else { throw fault(.unexpectedEnd) }
        return bytes[position]
    }

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func word(
        _ bytes: Span<UInt8>, _ word: String, _ value: JSON
    ) throws(JSONError) -> JSON {
        for expected in word.utf8 {
            guard position < bytes.count else { throw fault(.unexpectedEnd) }
            guard bytes[position] == expected else { throw fault(.unexpectedByte) }
            position += 1
        }
        return value
    }

    private mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
        let start = position
        guard let length = JSONNumber.length(of: bytes, from: start) else { throw fault(.invalidNumber) }
        guard length <= Limits.numberBytes else { throw fault(.numberTooLong) }
        let text = try text(bytes, start..<start + length)
        position += length
        return .number(JSONNumber(checked: text))
    }

    // MARK: Strings

    /// The string whose opening quote is next.
    private mutating func string(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        position += 1
        let start = position
        guard try plainRun(bytes) == UInt8(ascii: "\\") else {
            let text = try text(bytes, start..<position)
            position += 1
            return text
        }
        var text = try text(bytes, start..<position)
        while bytes[position] == UInt8(ascii: "\\") {
            text.unicodeScalars.append(try escape(bytes))
            let run = position
            let stop = try plainRun(bytes)
            if position > run { text += try self.text(bytes, run..<position) }
            if stop == UInt8(ascii: "\"") { break }
        }
        position += 1
        return text
    }

    /// Skips to the next quote or backslash and returns which it is.
    private mutating func plainRun(_ bytes: Span<UInt8>) throws(JSONError) -> UInt8 {
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return byte }
            guard byte >= 0x20 else { throw fault(.controlCharacter) }
            position += 1
        }
        throw fault(.unexpectedEnd)
    }

    /// The bytes of a range as text. An escape is ASCII, so no character can reach over the ends of a run.
    private func text(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(JSONError) -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes.extracting(range)))
        } catch {
            throw JSONError(code: .invalidUTF8, offset: range.lowerBound + error.byteOffsets.lowerBound)
        }
    }

    /// The character of the escape whose backslash is next.
    private mutating func escape(_ bytes: Span<UInt8>) throws(JSONError) -> Unicode.Scalar {
        let start = position
        guard position + 1 < bytes.count else { throw JSONError(code: .unexpectedEnd, offset: bytes.count) }
        position += 2
        switch bytes[position - 1] {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicode(bytes, start)
        default: throw JSONError(code: .invalidEscape, offset: start)
        }
    }

    /// The character of `\uXXXX`, or of a surrogate pair of them; `start` is the place of the first
    /// backslash.
    private mutating func unicode(_ bytes: Span<UInt8>, _ start: Int) throws(JSONError) -> Unicode.Scalar {
        let first = try fourDigits(bytes, start)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, position + 1 < bytes.count,
            bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
        else { throw JSONError(code: .loneSurrogate, offset: start) }
        position += 2
        let second = try fourDigits(bytes, position - 2)
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw JSONError(code: .loneSurrogate, offset: start) }
        return scalar
    }

    private mutating func fourDigits(_ bytes: Span<UInt8>, _ start: Int) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count else { throw fault(.unexpectedEnd) }
            let byte = bytes[position]
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x37
            case 0x61...0x66: digit = byte - 0x57
            default: throw JSONError(code: .invalidEscape, offset: start)
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private func fault(_ code: JSONError.Code) -> JSONError { JSONError(code: code, offset: position) }
}
