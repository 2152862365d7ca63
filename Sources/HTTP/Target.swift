/// A request target taken apart and decoded (RFC 9112, 3.2; RFC 3986).
///
/// Decoding happens once, per segment and per query part, and what two programs could read differently is
/// refused: `%00` and other control characters in the path, invalid UTF-8, dot segments in any spelling.
struct Target: Equatable {
    /// As sent, without the query; `*` for the asterisk form.
    var path: String
    var segments: [String]
    var query: Query
    /// Host and port of the absolute form, nil otherwise.
    var authority: String?

    /// Throws `Refusal.malformedTarget`.
    init(parsing bytes: ArraySlice<UInt8>, limits: Limits) throws(Refusal) {
        var rest = bytes
        authority = nil
        if rest.elementsEqual("*".utf8) {
            (path, segments, query) = ("*", [], Query())
            return
        }
        if rest.first != 0x2F {
            guard let start = Self.afterScheme(rest) else { throw .malformedTarget }
            let end = rest[start...].firstIndex { $0 == 0x2F || $0 == 0x3F } ?? rest.endIndex
            guard Self.isAuthority(rest[start..<end]) else { throw .malformedTarget }
            authority = String(decoding: rest[start..<end], as: UTF8.self)
            rest = rest[end...]
        }
        let mark = rest.firstIndex(of: 0x3F)
        let path = rest[..<(mark ?? rest.endIndex)]
        self.path = path.isEmpty ? "/" : String(decoding: path, as: UTF8.self)
        segments = try Self.segments(path, limit: limits.segments)
        query = try mark.map { index throws(Refusal) in
            try Self.query(rest[(index + 1)...], limit: limits.queryPairs)
        } ?? Query()
    }

    /// A name or address with an optional port, without user information (RFC 3986, 3.2). Names are letters,
    /// digits, `-`, `.` and `_`: what can be a host, rather than all that the grammar would let pass.
    static func isAuthority(_ bytes: ArraySlice<UInt8>) -> Bool {
        var host = bytes
        if host.first == 0x5B {
            guard let end = host.firstIndex(of: 0x5D) else { return false }
            let address = host[(host.startIndex + 1)..<end]
            guard !address.isEmpty, address.count <= 45, address.contains(0x3A),
                address.allSatisfy({ $0.hexadecimalValue != nil || $0 == 0x3A || $0 == 0x2E })
            else { return false }
            return isPort(host[(end + 1)...])
        }
        if let colon = host.firstIndex(of: 0x3A) {
            guard isPort(host[colon...]) else { return false }
            host = host[..<colon]
        }
        return !host.isEmpty && host.count <= 253
            && host.allSatisfy { $0.isLetter || $0.isDigit || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
    }

    /// Nothing, or a colon and a port.
    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let colon = bytes.first else { return true }
        let digits = bytes.dropFirst()
        guard colon == 0x3A, (1...5).contains(digits.count), digits.allSatisfy(\.isDigit) else {
            return false
        }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 65_535
    }

    private static func afterScheme(_ bytes: ArraySlice<UInt8>) -> Int? {
        for scheme in ["http://", "https://"] {
            let prefix = bytes.prefix(scheme.utf8.count)
            if prefix.lazy.map(\.lowercased).elementsEqual(scheme.utf8) { return prefix.endIndex }
        }
        return nil
    }

    private static func segments(_ path: ArraySlice<UInt8>, limit: Int) throws(Refusal) -> [String] {
        var segments: [String] = []
        var start = path.startIndex
        while start < path.endIndex {
            let next = path[(start + 1)...].firstIndex(of: 0x2F) ?? path.endIndex
            let segment = try decode(path[(start + 1)..<next], plus: 0x2B, allowing: \.isPathCharacter)
            guard segment != ".", segment != "..", segments.count < limit,
                segment.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
            else { throw .malformedTarget }
            segments.append(segment)
            start = next
        }
        return segments.count == 1 && segments[0].isEmpty ? [] : segments
    }

    private static func query(_ text: ArraySlice<UInt8>, limit: Int) throws(Refusal) -> Query {
        var pairs: [Query.Pair] = []
        for part in text.split(separator: 0x26) {
            guard pairs.count < limit else { throw .malformedTarget }
            let equals = part.firstIndex(of: 0x3D)
            let name = part[..<(equals ?? part.endIndex)]
            let value = equals.map { part[($0 + 1)...] } ?? []
            pairs.append(Query.Pair(
                name: try decode(name, plus: 0x20, allowing: \.isQueryCharacter),
                value: try decode(value, plus: 0x20, allowing: \.isQueryCharacter)))
        }
        return Query(pairs)
    }

    /// Resolves percent-escapes; refuses incomplete ones, `%00`, characters outside `allowing`, and what is
    /// not UTF-8 afterwards.
    private static func decode(
        _ bytes: ArraySlice<UInt8>, plus: UInt8, allowing isAllowed: (UInt8) -> Bool
    ) throws(Refusal) -> String {
        let isLiteral = bytes.allSatisfy { isAllowed($0) && ($0 != 0x2B || plus == 0x2B) }
        if isLiteral { return String(decoding: bytes, as: UTF8.self) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == 0x25 {
                guard bytes.endIndex - index > 2, let high = bytes[index + 1].hexadecimalValue,
                    let low = bytes[index + 2].hexadecimalValue, high | low != 0
                else { throw .malformedTarget }
                decoded.append(high << 4 | low)
                index += 3
            } else {
                guard isAllowed(byte) else { throw .malformedTarget }
                decoded.append(byte == 0x2B ? plus : byte)
                index += 1
            }
        }
        guard let text = String(validating: decoded, as: UTF8.self) else { throw .malformedTarget }
        return text
    }
}
