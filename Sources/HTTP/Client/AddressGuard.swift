/// Decides which addresses a request to somebody else's URL may reach: public unicast only.
///
/// Whoever may register a webhook could otherwise make the gateway talk to its own machine, to the network
/// behind it or to a cloud's metadata service. The guard judges addresses, never names: a name may resolve to
/// something else a moment later, so it is asked about the address that a socket is about to use.
package struct AddressGuard: Sendable {
    /// Whether 127.0.0.0/8 and ::1 may be reached: for development only.
    package let allowsLoopback: Bool

    package init(allowsLoopback: Bool) {
        self.allowsLoopback = allowsLoopback
    }

    /// The special-purpose range because of which `address` must not be contacted; nil when it may be.
    ///
    /// Forms of IPv6 that carry an IPv4 address (mapped, compatible, translated, 6to4, Teredo) are refused as
    /// a whole: no honest server publishes one, and what they reach depends on the network in between.
    package func refusal(of address: IPAddress) -> AddressRange? {
        guard let range = AddressRange.special.first(where: { $0.contains(address) }) else { return nil }
        return allowsLoopback && range.isLoopback ? nil : range
    }

    /// As `refusal(of:)` for a URL whose host is an address; names are judged when they are resolved.
    package func refusal(of url: URL) -> AddressRange? {
        switch url.host {
        case .address(let address): refusal(of: address)
        case .name: nil
        }
    }
}

/// A block of addresses with a purpose of its own.
package struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    /// The purpose, in the words of the registry where it has an entry.
    package let purpose: String
    /// The lowest address of the block.
    package let prefix: IPAddress
    /// How many leading bits of `prefix` an address must share.
    package let bits: Int
    let isLoopback: Bool

    /// Whether the address lies in it.
    package func contains(_ address: IPAddress) -> Bool { address.isWithin(prefix, bits: bits) }

    /// Such as `10.0.0.0/8 (private use)`.
    package var description: String { "\(prefix)/\(bits) (\(purpose))" }
}

extension AddressRange {
    /// Every block of the IANA special-purpose registries (RFC 6890 and its updates), multicast and reserved
    /// space, and all of IPv6 outside 2000::/3, the only part in which public unicast addresses are given out
    /// (RFC 4291).
    ///
    /// Loopback is its own entry and stands before the blocks that enclose it.
    package static let special: [AddressRange] = [
        v4(127, 0, 0, 0, 8, "loopback", isLoopback: true),
        v4(0, 0, 0, 0, 8, "this network"),
        v4(10, 0, 0, 0, 8, "private use"),
        v4(100, 64, 0, 0, 10, "shared address space, carrier-grade NAT"),
        v4(169, 254, 0, 0, 16, "link-local"),
        v4(172, 16, 0, 0, 12, "private use"),
        v4(192, 0, 0, 0, 24, "IETF protocol assignments"),
        v4(192, 0, 2, 0, 24, "documentation"),
        v4(192, 31, 196, 0, 24, "AS112"),
        v4(192, 52, 193, 0, 24, "automatic multicast tunnelling"),
        v4(192, 88, 99, 0, 24, "6to4 relay anycast"),
        v4(192, 168, 0, 0, 16, "private use"),
        v4(192, 175, 48, 0, 24, "AS112"),
        v4(198, 18, 0, 0, 15, "benchmarking"),
        v4(198, 51, 100, 0, 24, "documentation"),
        v4(203, 0, 113, 0, 24, "documentation"),
        v4(224, 0, 0, 0, 4, "multicast"),
        v4(255, 255, 255, 255, 32, "limited broadcast"),
        v4(240, 0, 0, 0, 4, "reserved"),

        v6(0, 0, 0, 0, 0, 0, 0, 1, bits: 128, "loopback", isLoopback: true),
        v6(bits: 128, "unspecified"),
        v6(bits: 96, "IPv4-compatible"),
        v6(0, 0, 0, 0, 0, 0xFFFF, bits: 96, "IPv4-mapped"),
        v6(0, 0, 0, 0, 0xFFFF, bits: 96, "IPv4-translated"),
        v6(0x64, 0xFF9B, bits: 96, "NAT64"),
        v6(0x64, 0xFF9B, 1, bits: 48, "local-use NAT64"),
        v6(0x100, bits: 64, "discard-only"),
        v6(0x100, 0, 0, 1, bits: 64, "dummy prefix"),
        v6(0x2001, bits: 32, "Teredo"),
        v6(0x2001, 2, bits: 48, "benchmarking"),
        v6(0x2001, 0x10, bits: 28, "ORCHID"),
        v6(0x2001, 0x20, bits: 28, "ORCHIDv2"),
        v6(0x2001, 0x30, bits: 28, "drone remote identification"),
        v6(0x2001, bits: 23, "IETF protocol assignments"),
        v6(0x2001, 0xDB8, bits: 32, "documentation"),
        v6(0x2002, bits: 16, "6to4"),
        v6(0x2620, 0x4F, 0x8000, bits: 48, "AS112"),
        v6(0x3FFE, bits: 16, "6bone, returned"),
        v6(0x3FFF, bits: 20, "documentation"),
        v6(0x5F00, bits: 16, "segment routing"),
        v6(0xFC00, bits: 7, "unique local"),
        v6(0xFE80, bits: 10, "link-local"),
        v6(0xFEC0, bits: 10, "site-local"),
        v6(0xFF00, bits: 8, "multicast"),
        v6(bits: 3, "not public unicast"),
        v6(0x4000, bits: 2, "not public unicast"),
        v6(0x8000, bits: 1, "not public unicast"),
    ]

    private static func v4(
        _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, _ bits: Int, _ purpose: String,
        isLoopback: Bool = false
    ) -> AddressRange {
        AddressRange(
            purpose: purpose, prefix: .v4(a << 24 | b << 16 | c << 8 | d), bits: bits, isLoopback: isLoopback)
    }

    /// Groups not given are zero.
    private static func v6(
        _ groups: UInt128..., bits: Int, _ purpose: String, isLoopback: Bool = false
    ) -> AddressRange {
        let value = groups.enumerated().reduce(UInt128(0)) {
            $0 | $1.element << UInt128(112 - 16 * $1.offset)
        }
        return AddressRange(purpose: purpose, prefix: .v6(value), bits: bits, isLoopback: isLoopback)
    }
}
