import CLinux

/// An IPv4 or IPv6 address as a number, the first byte of the wire form being the most significant.
package enum IPAddress: Hashable, Sendable {
    case v4(UInt32)
    case v6(UInt128)

    /// The address of text in its one strict spelling: four decimal numbers without leading zeros, or IPv6
    /// text of RFC 4291, section 2.2, without brackets or zone. Nil for anything else.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        if let value = Self.parseV4(bytes[...]) {
            self = .v4(value)
        } else if let value = Self.parseV6(bytes) {
            self = .v6(value)
        } else {
            return nil
        }
    }

    /// The address in a socket address; nil when its family is neither IPv4 nor IPv6.
    init?(_ socketAddress: UnsafePointer<sockaddr>) {
        switch Int32(unsafe socketAddress.pointee.sa_family) {
        case AF_INET:
            let value = unsafe UnsafeRawPointer(socketAddress).loadUnaligned(as: sockaddr_in.self)
            self = .v4(UInt32(bigEndian: value.sin_addr.s_addr))
        case AF_INET6:
            let value = unsafe UnsafeRawPointer(socketAddress).loadUnaligned(as: sockaddr_in6.self)
            let raw = unsafe withUnsafeBytes(of: value.sin6_addr) {
                unsafe $0.loadUnaligned(as: UInt128.self)
            }
            self = .v6(UInt128(bigEndian: raw))
        default:
            return nil
        }
    }

    /// Whether the leading bits of the address are those of `prefix`; addresses of the other family never
    /// are.
    package func isWithin(_ prefix: IPAddress, bits: Int) -> Bool {
        switch (self, prefix) {
        case (.v4(let value), .v4(let start)): bits == 0 || (value ^ start) >> UInt32(32 - bits) == 0
        case (.v6(let value), .v6(let start)): bits == 0 || (value ^ start) >> UInt128(128 - bits) == 0
        case (.v4, .v6), (.v6, .v4): false
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or IPv6 text as RFC 5952 has it (lower case, longest run of zeros shortened).
    package var description: String {
        switch self {
        case .v4(let value):
            return "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
        case .v6(let value):
            let groups = (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(112 - 16 * $0)) }
            let zeros = Self.longestZeros(in: groups)
            let text = groups.map { String($0, radix: 16) }
            guard zeros.count > 1 else { return text.joined(separator: ":") }
            return text[..<zeros.lowerBound].joined(separator: ":") + "::"
                + text[zeros.upperBound...].joined(separator: ":")
        }
    }

    private static func longestZeros(in groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for index in 0...groups.count where index == groups.count || groups[index] != 0 {
            if index - start > best.count { best = start..<index }
            start = index + 1
        }
        return best
    }
}

extension IPAddress {
    static func parseV4(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy(\.isDigit) else { return nil }
            guard part.count == 1 || part.first != 0x30 else { return nil }
            let number = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - 0x30) }
            guard number <= 255 else { return nil }
            value = value << 8 | number
        }
        return value
    }

    private static func parseV6(_ text: [UInt8]) -> UInt128? {
        guard text.count <= 45 else { return nil }
        var gap: Range<Int>?
        for index in text.indices.dropLast() where text[index] == 0x3A && text[index + 1] == 0x3A {
            guard gap == nil else { return nil }
            gap = index..<index + 2
        }
        guard let gap else {
            guard let groups = groups(text[...]), groups.count == 8 else { return nil }
            return number(groups)
        }
        guard let head = groups(text[..<gap.lowerBound], isLast: false),
            let tail = groups(text[gap.upperBound...]), head.count + tail.count < 8
        else { return nil }
        return number(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    /// The 16-bit groups of colon-separated text; a dotted IPv4 address may end the last part of an address.
    private static func groups(_ text: ArraySlice<UInt8>, isLast: Bool = true) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if isLast, index == parts.count - 1, let v4 = parseV4(part) {
                groups += [UInt16(v4 >> 16), UInt16(truncatingIfNeeded: v4)]
            } else {
                guard (1...4).contains(part.count) else { return nil }
                guard part.allSatisfy({ $0.hexadecimalValue != nil }) else { return nil }
                guard let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16) else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func number(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(UInt128(0)) { $0 << 16 | UInt128($1) }
    }
}
