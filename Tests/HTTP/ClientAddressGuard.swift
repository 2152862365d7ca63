import HTTP
import Testing

@Suite struct ClientAddressGuard {
    /// A block's first and last address, and its neighbours below and above, each with whether it is refused
    /// too.
    struct Block: Sendable, CustomTestStringConvertible {
        let first: String
        let last: String
        let below: (String, isRefused: Bool)?
        let above: (String, isRefused: Bool)?

        init(_ first: String, _ last: String, below: (String, Bool)?, above: (String, Bool)?) {
            self.first = first
            self.last = last
            self.below = below.map { ($0.0, isRefused: $0.1) }
            self.above = above.map { ($0.0, isRefused: $0.1) }
        }

        var testDescription: String { "\(first) to \(last)" }
    }

    static let blocks: [Block] = [
        Block("0.0.0.0", "0.255.255.255", below: nil, above: ("1.0.0.0", false)),
        Block("10.0.0.0", "10.255.255.255", below: ("9.255.255.255", false), above: ("11.0.0.0", false)),
        Block("100.64.0.0", "100.127.255.255", below: ("100.63.255.255", false), above: ("100.128.0.0", false)),
        Block("127.0.0.0", "127.255.255.255", below: ("126.255.255.255", false), above: ("128.0.0.0", false)),
        Block("169.254.0.0", "169.254.255.255", below: ("169.253.255.255", false), above: ("169.255.0.0", false)),
        Block("172.16.0.0", "172.31.255.255", below: ("172.15.255.255", false), above: ("172.32.0.0", false)),
        Block("192.0.0.0", "192.0.0.255", below: ("191.255.255.255", false), above: ("192.0.1.0", false)),
        Block("192.0.2.0", "192.0.2.255", below: ("192.0.1.255", false), above: ("192.0.3.0", false)),
        Block("192.31.196.0", "192.31.196.255", below: ("192.31.195.255", false), above: ("192.31.197.0", false)),
        Block("192.52.193.0", "192.52.193.255", below: ("192.52.192.255", false), above: ("192.52.194.0", false)),
        Block("192.88.99.0", "192.88.99.255", below: ("192.88.98.255", false), above: ("192.88.100.0", false)),
        Block("192.168.0.0", "192.168.255.255", below: ("192.167.255.255", false), above: ("192.169.0.0", false)),
        Block("192.175.48.0", "192.175.48.255", below: ("192.175.47.255", false), above: ("192.175.49.0", false)),
        Block("198.18.0.0", "198.19.255.255", below: ("198.17.255.255", false), above: ("198.20.0.0", false)),
        Block("198.51.100.0", "198.51.100.255", below: ("198.51.99.255", false), above: ("198.51.101.0", false)),
        Block("203.0.113.0", "203.0.113.255", below: ("203.0.112.255", false), above: ("203.0.114.0", false)),
        Block("224.0.0.0", "239.255.255.255", below: ("223.255.255.255", false), above: ("240.0.0.0", true)),
        Block("240.0.0.0", "255.255.255.255", below: ("239.255.255.255", true), above: nil),

        Block("::", "::", below: nil, above: ("::1", true)),
        Block("::0.0.0.2", "::255.255.255.255", below: ("::1", true), above: ("::1:0:0", true)),
        Block("::ffff:0.0.0.0", "::ffff:255.255.255.255", below: nil, above: nil),
        Block("::ffff:0:0:0", "::ffff:0:ffff:ffff", below: nil, above: nil),
        Block("64:ff9b::", "64:ff9b::ffff:ffff", below: nil, above: nil),
        Block("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", below: nil, above: nil),
        Block("100::", "100::ffff:ffff:ffff:ffff", below: nil, above: ("100:0:0:1::", true)),
        Block("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
              below: ("2000:ffff::", false), above: ("2001:200::", false)),
        Block("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", below: nil, above: nil),
        Block("2001:10::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", below: nil, above: nil),
        Block("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
              below: ("2001:db7:ffff::", false), above: ("2001:db9::", false)),
        Block("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
              below: ("2001:ffff::", false), above: ("2003::", false)),
        Block("2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff",
              below: ("2620:4f:7fff::", false), above: ("2620:4f:8001::", false)),
        Block("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
              below: ("3ffd:ffff::", false), above: ("3fff:1000::", false)),
        Block("4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
              below: ("3fff:ffff::", false), above: ("5f00::", true)),
        Block("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", below: nil, above: ("5f01::", true)),
        Block("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", below: ("fbff::", true), above: ("fe00::", true)),
        Block("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", below: nil, above: ("fec0::", true)),
        Block("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", below: nil, above: nil),
        Block("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", below: nil, above: nil),
        Block("8000::", "ffff::", below: ("7fff:ffff::", true), above: nil),
        Block("::2", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", below: nil, above: ("2000::", false)),
    ]

    private let strict = AddressGuard(allowsLoopback: false)
    private let lenient = AddressGuard(allowsLoopback: true)

    @Test(arguments: blocks) func `a block is refused from its first address to its last and no further`(
        _ block: Block
    ) throws {
        for text in [block.first, block.last] {
            #expect(strict.refusal(of: try #require(IPAddress(text))) != nil, "\(text)")
        }
        for (text, isRefused) in [block.below, block.above].compactMap({ $0 }) {
            #expect((strict.refusal(of: try #require(IPAddress(text))) != nil) == isRefused, "\(text)")
        }
    }

    @Test(arguments: AddressRange.special) func `every range of the table holds its own first address`(
        _ range: AddressRange
    ) {
        #expect(range.contains(range.prefix))
        #expect(strict.refusal(of: range.prefix) != nil)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.255.254", true), ("::1", true), ("0.0.0.0", false), ("::", false),
        ("::ffff:127.0.0.1", false), ("::127.0.0.1", false), ("64:ff9b::7f00:1", false), ("2002:7f00:1::", false),
        ("169.254.169.254", false), ("fe80::1", false), ("10.0.0.1", false),
    ]) func `development lets loopback through and nothing else`(_ text: String, _ isAllowed: Bool) throws {
        let address = try #require(IPAddress(text))
        #expect(strict.refusal(of: address) != nil)
        #expect((lenient.refusal(of: address) == nil) == isAllowed)
    }

    @Test(arguments: ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1", "240e::1"])
    func `public addresses pass`(_ text: String) throws {
        #expect(strict.refusal(of: try #require(IPAddress(text))) == nil)
    }

    @Test func `a refusal says which range it is`() throws {
        let address = try #require(IPAddress("10.1.2.3"))
        let range = try #require(strict.refusal(of: address))
        #expect(range.description == "10.0.0.0/8 (private use)")
        let url = try URL(parsing: "http://[fd00::1]/")
        #expect(strict.refusal(of: url)?.purpose == "unique local")
        #expect(strict.refusal(of: try URL(parsing: "http://example.invalid/")) == nil)
    }
}
