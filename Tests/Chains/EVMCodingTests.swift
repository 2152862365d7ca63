import Crypto
import JSON
import Platform
import Testing

@testable import Chains

@Suite("How networks of Ethereum's kind write things down")
struct EVMCodingTests {
    // MARK: Recursive length prefixes

    static let items: [(RLP, String)] = [
        (.bytes([]), "80"),
        (.bytes([0]), "00"),
        (.bytes([0x0f]), "0f"),
        (.bytes([0x80]), "8180"),
        (.bytes([0x04, 0x00]), "820400"),
        (.bytes(Array("dog".utf8)), "83646f67"),
        (.list([.bytes(Array("cat".utf8)), .bytes(Array("dog".utf8))]), "c88363617483646f67"),
        (.list([]), "c0"),
        (.list([.bytes(Array("zw".utf8)), .list([.number(4)]), .number(1)]), "c6827a77c10401"),
        (.list([.list([.list([]), .list([])]), .list([])]), "c4c2c0c0c0"),
        (.number(1_000), "8203e8"), (.number(100_000), "830186a0"),
        (.bytes((1...14).map { $0 << 4 } + [0xf2]), "8f102030405060708090a0b0c0d0e0f2"),
        (.bytes([1] + [UInt8](repeating: 0, count: 32)), "a101" + String(repeating: "00", count: 32)),
        (
            .list((1...4).map { .list([.bytes(Array("key\($0)".utf8)), .bytes(Array("val\($0)".utf8))]) }),
            "ecca846b6579318476616c31ca846b6579328476616c32ca846b6579338476616c33ca846b6579348476616c34"
        ),
        (.list([.list([]), .list([.list([])]), .list([.list([]), .list([.list([])])])]), "c7c0c1c0c3c0c1c0"),
        (.number(0), "80"),
        (.number(127), "7f"),
        (.number(1_024), "820400"),
        (.number(.max), "88ffffffffffffffff"),
        (.bytes([UInt8](repeating: 0x61, count: 55)), "b7" + String(repeating: "61", count: 55)),
        (.bytes([UInt8](repeating: 0x61, count: 56)), "b838" + String(repeating: "61", count: 56)),
        (.list([RLP](repeating: .bytes([]), count: 56)), "f838" + String(repeating: "80", count: 56)),
        (.bytes([UInt8](repeating: 0x61, count: 70_000)), "ba011170" + String(repeating: "61", count: 70_000)),
    ]

    @Test("An item has one encoding, by the rules of the Yellow Paper", arguments: items)
    func encoding(item: RLP, text: String) throws {
        #expect(Hex.encode(item.encoded) == text)
        #expect(try RLP(bytes(text)) == item)
    }

    static let flaws: [(String, RLP.Flaw)] = [
        ("", .truncated), ("81", .truncated), ("83646f", .truncated), ("c883636174", .truncated),
        ("8000", .trailing), ("c000", .trailing),
        ("8100", .notShortest), ("817f", .notShortest), ("b800", .notShortest),
        ("b837" + String(repeating: "00", count: 55), .notShortest),
        ("b90038" + String(repeating: "61", count: 56), .notShortest), ("f800", .notShortest),
        ("bfffffffffffffffff", .truncated), ("ffffffffffffffffff", .truncated), ("bf7fffffffffffffff00", .truncated),
        ("c183", .truncated), ("c2830102", .truncated), ("c5010203", .truncated), ("e201020304050607", .truncated),
        // Those that Ethereum's own tests have.
        ("ba010000aabbccddeeff", .truncated), ("b840ffeeddccbbaa99887766554433221100", .truncated),
        ("f83060", .notShortest), ("bf0f000000000000021111", .truncated), ("ff0f000000000000021111", .truncated),
        ("b9004000", .notShortest), ("f9004000", .notShortest), ("f80180", .notShortest), ("f80100", .notShortest),
        ("efdebd", .truncated), ("efb83600", .truncated), ("8001", .trailing), ("8101", .notShortest),
    ]

    @Test("Bytes that are no item, or one in a longer form, are refused", arguments: flaws)
    func refused(text: String, flaw: RLP.Flaw) throws {
        let bytes = try bytes(text)
        #expect(throws: flaw) { try RLP(bytes) }
    }

    @Test("Lists in lists end somewhere, and so does a list")
    func depth() throws {
        var item = RLP.list([])
        for _ in 1..<EVMLimits.listDepth { item = .list([item]) }
        #expect(try RLP(item.encoded) == item)
        let deeper = RLP.list([item]).encoded
        #expect(throws: RLP.Flaw.tooDeep) { try RLP(deeper) }
        let wide = RLP.list([RLP](repeating: .list([]), count: 9)).encoded
        #expect(try RLP(wide, mostItems: 10).asList?.count == 9)
        #expect(throws: RLP.Flaw.tooMany) { try RLP(wide, mostItems: 9) }
    }

    @Test("Encodings are those of another implementation")
    func others() throws {
        for row in try EVMVectors.rows("encodings") {
            let (item, encoded) = (try Self.item(row.member("item")), try row.member("encoded").hexadecimal())
            #expect(item.encoded == encoded)
            #expect(try RLP(encoded) == item)
            for end in Set([0, 1, encoded.count / 2, encoded.count - 1]) where end < encoded.count {
                #expect(throws: RLP.Flaw.self) { try RLP(Array(encoded[..<end])) }
            }
            #expect(throws: RLP.Flaw.trailing) { try RLP(encoded + [0]) }
        }
    }

    private static func item(_ json: JSON) throws -> RLP {
        try json.asArray.map { .list(try $0.map(item)) } ?? .bytes(json.hexadecimal())
    }

    @Test("Hashes are those of another implementation, at each side of a block's end")
    func hashes() throws {
        for row in try EVMVectors.rows("hashes") {
            let count = try row.element(0).count()
            let message = (0..<count).map { UInt8(truncatingIfNeeded: 31 * $0 + count) }
            #expect(Hex.encode(Keccak256.hash(message)) == (try row.element(1).text()), "\(count) bytes")
        }
    }

    // MARK: Addresses

    /// Those that EIP-55 lists.
    static let checksummed = [
        "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ]

    @Test("An address carries the checksum of EIP-55", arguments: checksummed)
    func addresses(text: String) throws {
        let address = try EVMAddress(parsing: text)
        #expect(address.text == text)
        #expect(try EVMAddress(parsing: text.lowercased()) == address)
        #expect(try EVMAddress(parsing: "0x" + text.dropFirst(2).uppercased()) == address)
        #expect(address.hexadecimal == text.dropFirst(2).lowercased())
        #expect(address.script == "evm:" + text.dropFirst(2).lowercased())
        #expect(EVMAddress(address.bytes) == address && address.bytes.count == 20)
        #expect(EVMAddress(address.bytes.dropLast()) == nil && EVMAddress(address.bytes + [0]) == nil)
    }

    static let wrongAddresses: [(String, EVMAddress.Flaw)] = [
        ("", .form), ("0x", .form), ("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", .form),
        ("0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", .form), ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", .form),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedd", .form), ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg", .form),
        ("0x\u{301}5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA", .form),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Be\u{ff21}", .form),
        (" 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", .form),
        ("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", .checksum),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", .checksum),
        ("0xFB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", .checksum),
    ]

    @Test("An address that was mistyped is refused", arguments: wrongAddresses)
    func wrong(text: String, flaw: EVMAddress.Flaw) {
        #expect(throws: flaw) { try EVMAddress(parsing: text) }
    }

    @Test("The address of a key is the end of its point's hash")
    func keys() throws {
        // The generator: the key 1.
        let point = try bytes(
            "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
                + "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8")
        let key = try Secp256k1.PublicKey([4] + point)
        #expect(key.uncompressed == [4] + point)
        #expect(EVMAddress(key).text == "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf")
    }

    // MARK: Numbers

    static let numbers: [(String, String)] = [
        ("0x0", "0"), ("0x1", "1"), ("0x8ac7230489e7ffff", "9999999999999999999"),
        ("0x8ac7230489e80000", "10000000000000000000"), ("0x10000000000000000", "18446744073709551616"),
        ("0xffffffffffffffffffffffffffffffff", "340282366920938463463374607431768211455"),
        ("0x100000000000000000000000000000000", "340282366920938463463374607431768211456"),
        ("0x4b3b4ca85a86c47a098a224000000000", "100000000000000000000000000000000000000"),
        (
            "0x100000000000000000000000000000000000000000000000007",
            "1606938044258990275541962092341162602522202993782792835301383"
        ),
        (
            "0x161bcca7119915b50764b4abe86529797775a5f1719510000000000000000000",
            "10000000000000000000000000000000000000000000000000000000000000000000000000000"
        ),
        (
            "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "115792089237316195423570985008687907853269984665640564039457584007913129639935"
        ),
    ]

    @Test("A quantity is the same number in decimal digits", arguments: numbers)
    func quantities(quantity: String, decimal: String) throws {
        let number = try #require(UInt256(quantity: quantity))
        #expect(number.text == decimal)
        #expect(UInt256(number.bytes) == number && UInt256(number.word) == number && number.word.count == 32)
        #expect(UInt256(quantity: "0x" + Hex.encode(number.word)) == number, "zeros in front are no other number")
        #expect(number.asUInt128 == UInt128(decimal) && number.asUInt64 == UInt64(decimal))
    }

    @Test(
        "What is no quantity is refused",
        arguments: ["", "0", "0x", "0X1", "1", "0xg", "0x-1", "0x 1", "0x1 ", "0x1" + String(repeating: "0", count: 64)]
    )
    func noQuantity(text: String) { #expect(UInt256(quantity: text) == nil) }

    @Test("Numbers are in order, and those of 33 bytes are none")
    func order() throws {
        let texts = Self.numbers.map(\.1).sorted { ($0.count, $0) < ($1.count, $1) }
        let numbers = try Self.numbers.map { try #require(UInt256(quantity: $0.0)) }.sorted()
        #expect(numbers.map(\.text) == texts)
        #expect(UInt256([UInt8](repeating: 0, count: 33)) == nil && UInt256([UInt8]()) == .zero)
    }

    // MARK: Blooms

    @Test("A bloom holds what was logged, by another implementation too")
    func blooms() throws {
        let topic = try bytes("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
        let contract = [UInt8](repeating: 0x11, count: 20)
        var bloom = Bloom()
        #expect(!bloom.mayHold(topic) && !bloom.mayHold(contract))
        bloom.insert(topic)
        bloom.insert(contract)
        #expect(bloom.mayHold(topic) && bloom.mayHold(contract) && !bloom.mayHold([UInt8](repeating: 0x12, count: 20)))
        #expect(bloom.bytes == (try EVMVectors.part("tokens").member("bloom").hexadecimal()))
        #expect(Bloom(bloom.bytes) == bloom && Bloom(bloom.bytes.dropLast()) == nil)
        let log = EVMLog(
            contract: try #require(EVMAddress(contract)), topics: [try #require(Hash256(topic))], data: [1])
        #expect(Bloom([log]) == bloom && Bloom([]) == Bloom())
    }
}
