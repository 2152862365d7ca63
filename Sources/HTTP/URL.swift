/// The address of a resource on a web server, for webhooks and nodes: `http` or `https`, host, port, path,
/// query.
///
/// Stricter than RFC 3986 on purpose, so that every part of the program and libcurl read the same host from
/// the same text: no user information, no fragment, no spelling of an IPv4 address but the plain dotted one.
/// Names of other scripts must come in their ASCII form (`xn--…`).
package struct URL: Sendable, Hashable {
    /// The two schemes there are.
    package enum Scheme: String, Sendable {
        case http, https

        package var defaultPort: UInt16 { self == .http ? 80 : 443 }
    }

    /// Whom to connect to, by name or by address.
    package enum Host: Sendable, Hashable {
        /// A DNS name in lower case, without a final dot.
        case name(String)
        case address(IPAddress)
    }

    /// Why text is not such a URL, in the order in which it is checked.
    package enum Flaw: String, Error, Sendable {
        case tooLong, forbiddenCharacter, scheme, userInformation, fragment, host, port, percentEncoding
    }

    package let scheme: Scheme
    package let host: Host
    /// The port to connect to, the scheme's own if the text has none.
    package let port: UInt16
    /// Begins with a slash; percent-encoding as written.
    package let path: String
    /// What follows the question mark; nil without one.
    package let query: String?

    /// Reads a URL; text of more than `ClientLimits.urlBytes` bytes is refused.
    package init(parsing text: some StringProtocol) throws(Flaw) {
        let bytes = Array(text.utf8)
        guard bytes.count <= ClientLimits.urlBytes else { throw .tooLong }
        guard bytes.allSatisfy(Self.isAllowed) else { throw .forbiddenCharacter }
        let (scheme, start) = try Self.scheme(of: bytes)
        let rest = bytes[start...]
        if rest.contains(UInt8(ascii: "#")) { throw .fragment }
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let (host, port) = try Self.authority(rest[..<end])
        let target = rest[end...]
        try Self.checkPercentEncoding(target)
        let mark = target.firstIndex(of: UInt8(ascii: "?"))
        let path = String(decoding: target[..<(mark ?? target.endIndex)], as: UTF8.self)

        self.scheme = scheme
        self.host = host
        self.port = port ?? scheme.defaultPort
        self.path = path.isEmpty ? "/" : path
        self.query = mark.map { String(decoding: target[($0 + 1)...], as: UTF8.self) }
    }

    private init(scheme: Scheme, host: Host, port: UInt16, path: String, query: String?) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.query = query
    }

    /// The same server with another path and query, which must be such that the whole is a URL.
    package func with(target: String) throws(Flaw) -> URL {
        guard target.utf8.first == UInt8(ascii: "/") else { throw .forbiddenCharacter }
        return try URL(parsing: origin + target)
    }

    /// Scheme, host and port, the port left out when it is the scheme's own: what the `Host` field and a
    /// connection depend on.
    package var origin: String {
        port == scheme.defaultPort ? "\(scheme.rawValue)://\(host)" : "\(scheme.rawValue)://\(host):\(port)"
    }
}

extension URL: CustomStringConvertible {
    /// One text for one URL: scheme and host in lower case, default port left out, path never empty.
    package var description: String { origin + path + (query.map { "?" + $0 } ?? "") }
}

extension URL.Host: CustomStringConvertible {
    /// As it stands in a URL, IPv6 in brackets.
    package var description: String {
        switch self {
        case .name(let name): name
        case .address(.v4(let value)): IPAddress.v4(value).description
        case .address(.v6(let value)): "[\(IPAddress.v6(value))]"
        }
    }
}

extension URL {
    /// Printable ASCII but for those that RFC 3986 has in no URL; browsers read the backslash as a slash.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x00...0x20, 0x7F...0xFF: false
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"): false
        case UInt8(ascii: "^"), UInt8(ascii: "`"): false
        case UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"): false
        default: true
        }
    }

    private static func scheme(of bytes: [UInt8]) throws(Flaw) -> (Scheme, end: Int) {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let scheme = Scheme(rawValue: String(decoding: bytes[..<colon], as: UTF8.self).lowercased()),
            bytes[colon...].starts(with: "://".utf8)
        else { throw .scheme }
        return (scheme, colon + 3)
    }

    private static func authority(_ bytes: ArraySlice<UInt8>) throws(Flaw) -> (Host, port: UInt16?) {
        if bytes.contains(UInt8(ascii: "@")) { throw .userInformation }
        let hostEnd: Int
        if bytes.first == UInt8(ascii: "[") {
            guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")) else { throw .host }
            hostEnd = bracket + 1
        } else {
            hostEnd = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        }
        let host = try host(bytes[..<hostEnd])
        guard hostEnd < bytes.endIndex else { return (host, nil) }
        guard bytes[hostEnd] == UInt8(ascii: ":") else { throw .host }
        return (host, try port(bytes[(hostEnd + 1)...]))
    }

    private static func port(_ digits: ArraySlice<UInt8>) throws(Flaw) -> UInt16 {
        guard (1...5).contains(digits.count), digits.first != 0x30,
            digits.allSatisfy(\.isDigit),
            let port = UInt16(String(decoding: digits, as: UTF8.self))
        else { throw .port }
        return port
    }

    private static func host(_ bytes: ArraySlice<UInt8>) throws(Flaw) -> Host {
        if bytes.first == UInt8(ascii: "[") {
            let text = String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self)
            guard case .v6(let value)? = IPAddress(text) else { throw .host }
            return .address(.v6(value))
        }
        if let value = IPAddress.parseV4(bytes) { return .address(.v4(value)) }
        guard isName(bytes) else { throw .host }
        return .name(String(decoding: bytes, as: UTF8.self).lowercased())
    }

    /// Letters, digits, hyphens and underscores (which some hosts on private networks have) in labels of up
    /// to 63.
    ///
    /// A last label that is a number, also one in hexadecimal, is refused: resolvers take `2130706433`,
    /// `0x7f000001`, `0177.0.0.1` and `127.1` for addresses, and no top-level domain is a number.
    private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard (1...253).contains(bytes.count) else { return false }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels {
            guard (1...63).contains(label.count), label.first != 0x2D, label.last != 0x2D else {
                return false
            }
            for byte in label {
                guard byte.isLetter || byte.isDigit || byte == 0x2D || byte == 0x5F else { return false }
            }
        }
        guard let last = labels.last else { return false }
        if last.allSatisfy(\.isDigit) { return false }
        let isPrefixed = last.first == 0x30 && last.dropFirst().first?.lowercased == 0x78
        return !(isPrefixed && last.dropFirst(2).allSatisfy { $0.hexadecimalValue != nil })
    }

    private static func checkPercentEncoding(_ bytes: ArraySlice<UInt8>) throws(Flaw) {
        for index in bytes.indices where bytes[index] == UInt8(ascii: "%") {
            let digits = bytes[(index + 1)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy({ $0.hexadecimalValue != nil }) else {
                throw .percentEncoding
            }
        }
    }
}
