/// A block of addresses, `10.0.0.0/8`, or one address.
struct AddressBlock: Sendable, Hashable {
    private let first: IPAddress
    /// Leading bits that count.
    private let bits: Int

    /// nil when `text` is not an address with an optional prefix length. Bits beyond the prefix do not
    /// matter.
    init?(parsing text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let head = parts.first, let address = IPAddress(head), parts.count <= 2 else { return nil }
        let width = switch address {
        case .v4: 32
        case .v6: 128
        }
        first = address
        guard parts.count == 2 else {
            bits = width
            return
        }
        guard parts[1].utf8.allSatisfy(\.isDigit), let length = Int(parts[1]), length <= width else {
            return nil
        }
        bits = length
    }

    func contains(_ address: IPAddress) -> Bool { address.isWithin(first, bits: bits) }
}

extension IPAddress {
    /// IPv4-mapped IPv6 (`::ffff:192.0.2.1`, RFC 4291, 2.5.5.2) as IPv4: one peer has one address.
    var unmapped: IPAddress {
        guard case .v6(let value) = self, value >> 32 == 0xFFFF else { return self }
        return .v4(UInt32(truncatingIfNeeded: value))
    }
}
