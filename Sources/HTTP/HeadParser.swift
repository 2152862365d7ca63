/// Reads a request's head byte by byte (RFC 9112, 2 to 5), strictly: CRLF only, no folded lines, no blanks
/// before a colon, no control characters.
///
/// Every byte is looked at once, in order, and refused when it cannot be right whatever follows. So the
/// result does not depend on how the bytes were cut into reads, and a TLS handshake or other noise is
/// answered at once.
struct HeadParser {
    private enum State {
        case start, startLF
        case method, target, version, requestLineLF
        case fieldStart, name, beforeValue, value, fieldLF
        case endLF
    }

    private var state = State.start
    /// Where the next byte to look at lies in the buffer.
    private var position: Int
    /// Where the first byte of the head lies.
    private let start: Int
    /// First byte of the part being read, and of the present field's name.
    private var mark = 0
    private var name = 0..<0
    /// End of the present value without its trailing blanks.
    private var valueEnd = 0
    private var hasHighBytes = false

    private(set) var method = Method.get
    private(set) var target = 0..<0
    /// 0 or 1, of HTTP/1.x.
    private(set) var minorVersion = 1
    private(set) var entries: [Headers.Entry] = []

    /// Begins at `start` of the buffer.
    init(at start: Int) {
        self.start = start
        position = start
    }

    /// Whether nothing of a request has come yet.
    var isUntouched: Bool { position == start }

    /// Goes on through `buffer`, which holds what earlier calls saw in the same place. Returns the index
    /// behind the head when it is complete, nil when more must come.
    mutating func advance(_ buffer: [UInt8], limits: Limits) throws(Refusal) -> Int? {
        let bytes = buffer.span
        let end = min(bytes.count, start + limits.head)
        while position < end {
            let byte = bytes[position]
            switch state {
            case .start:
                // One empty line before a request is forgiven (RFC 9112, 2.2).
                guard byte != 0x0D else { state = .startLF; break }
                try beginMethod(byte)
            case .startLF:
                guard byte == 0x0A else { throw .malformedRequestLine }
                state = .method
                mark = position + 1
            case .method: try readMethod(byte, bytes)
            case .target:
                if byte == 0x20 { try endTarget() } else {
                    guard byte.isTargetCharacter else { throw .malformedRequestLine }
                    guard position - mark < limits.target else { throw .targetTooLong }
                    let stop = min(end, mark + limits.target)
                    repeat { position += 1 } while position < stop && bytes[position].isTargetCharacter
                    continue
                }
            case .version: try readVersion(byte, bytes)
            case .requestLineLF, .fieldLF:
                guard byte == 0x0A else { throw state == .fieldLF ? .malformedField : .malformedRequestLine }
                state = .fieldStart
            case .fieldStart: try beginField(byte, limits: limits)
            case .name:
                if byte == 0x3A {
                    name = mark..<position
                    state = .beforeValue
                } else {
                    guard byte.isTokenCharacter else { throw .malformedField }
                    repeat { position += 1 } while position < end && bytes[position].isTokenCharacter
                    continue
                }
            case .beforeValue:
                if byte == 0x20 || byte == 0x09 { break }
                (mark, valueEnd, hasHighBytes, state) = (position, position, false, .value)
                continue
            case .value:
                if byte.isTargetCharacter {
                    // Visible ASCII, as nearly all of every value.
                    repeat { position += 1 } while position < end && bytes[position].isTargetCharacter
                    valueEnd = position
                    continue
                }
                try readValue(byte, buffer)
            case .endLF:
                guard byte == 0x0A else { throw .malformedField }
                position += 1
                return position
            }
            position += 1
        }
        guard position == bytes.count else { throw .headTooLarge }
        return nil
    }

    private mutating func beginMethod(_ byte: UInt8) throws(Refusal) {
        guard byte.isTokenCharacter else { throw .malformedRequestLine }
        mark = position
        state = .method
    }

    private mutating func readMethod(_ byte: UInt8, _ bytes: Span<UInt8>) throws(Refusal) {
        guard byte == 0x20 else {
            guard byte.isTokenCharacter, position - mark < Limits.method else { throw .malformedRequestLine }
            return
        }
        guard position > mark else { throw .malformedRequestLine }
        let token = mark..<position
        guard let known = Method.allCases.first(where: { isEqual(bytes, token, $0.rawValue) }) else {
            throw .methodUnknown
        }
        method = known
        mark = position + 1
        state = .target
    }

    private mutating func endTarget() throws(Refusal) {
        guard position > mark else { throw .malformedRequestLine }
        target = mark..<position
        mark = position + 1
        state = .version
    }

    /// With `d` for a digit.
    private static let version = Array("HTTP/d.d\r".utf8)

    /// `HTTP/1.0` or `HTTP/1.1`; another version of the same form is told apart from noise.
    private mutating func readVersion(_ byte: UInt8, _ bytes: Span<UInt8>) throws(Refusal) {
        let offset = position - mark
        let expected = Self.version[offset]
        guard expected == 0x64 ? byte.isDigit : byte == expected else { throw .malformedRequestLine }
        guard byte == 0x0D else { return }
        guard bytes[mark + 5] == 0x31, bytes[mark + 7] <= 0x31 else { throw .versionUnknown }
        minorVersion = Int(bytes[mark + 7] - 0x30)
        state = .requestLineLF
    }

    private mutating func beginField(_ byte: UInt8, limits: Limits) throws(Refusal) {
        if byte == 0x0D {
            state = .endLF
            return
        }
        guard byte.isTokenCharacter else { throw .malformedField }
        guard entries.count < limits.fields else { throw .headTooLarge }
        if entries.isEmpty { entries.reserveCapacity(Limits.usualFields) }
        mark = position
        state = .name
    }

    private mutating func readValue(_ byte: UInt8, _ buffer: [UInt8]) throws(Refusal) {
        if byte == 0x0D {
            if hasHighBytes, String(validating: buffer[mark..<valueEnd], as: UTF8.self) == nil {
                throw .malformedField
            }
            entries.append(Headers.Entry(name: name, value: mark..<valueEnd))
            state = .fieldLF
            return
        }
        guard byte.isFieldCharacter else { throw .malformedField }
        if byte != 0x20 && byte != 0x09 { valueEnd = position + 1 }
        if byte >= 0x80 { hasHighBytes = true }
    }

    private func isEqual(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: String) -> Bool {
        guard range.count == text.utf8.count else { return false }
        var index = range.lowerBound
        for byte in text.utf8 {
            if bytes[index] != byte { return false }
            index += 1
        }
        return true
    }
}
