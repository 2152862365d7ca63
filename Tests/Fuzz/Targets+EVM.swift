import Crypto
import JSON
import Platform

@testable import Chains

extension FuzzTarget {
    /// What nodes of Ethereum's kind say, and what files hold of it.
    static let evm: [FuzzTarget] = [rlp, trie, evmHeader, evmReceipt, evmTransaction, evmAddress, token]

    private static func hex(_ text: String) -> [UInt8] { Hex.decode(text) ?? [] }
    private static func words(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// An item that is taken has no other encoding.
    private static let rlp = FuzzTarget(
        "rlp", most: 2_048,
        seeds: [
            [0x80], [0], [0x81, 0x80], [0xc0], hex("c7c0c1c0c3c0c1c0"), hex("c88363617483646f67"),
            [0xb8, 56] + [UInt8](repeating: 7, count: 56), [0xf8, 56] + [UInt8](repeating: 0x80, count: 56),
            [0xb9, 1, 0] + [UInt8](repeating: 7, count: 256), hex("bfffffffffffffffff"),
        ]
    ) { input throws(Flaw) in
        guard let item = try? RLP(input) else { return false }
        try expect(item.encoded == input, "another encoding")
        try expect((try? RLP(input, mostItems: input.count)) == item, "more items than bytes")
        if let number = item.asUInt256 { try expect(.bytes(number.bytes) == item, "another number") }
        return true
    }

    /// What is shown to be in a list is in it, whatever has been done to the proof; and nodes that anybody made up
    /// show nothing that their root does not have.
    private static let trie = FuzzTarget(
        "trie", most: 2_048,
        seeds: [
            [1, 0, 0, 0, 1], [3, 2, 0, 1] + [UInt8](repeating: 9, count: 40), [15, 14, 40, 7] + words("a list"),
            [0xf8, 128, 5, 0x80] + [UInt8](repeating: 1, count: 64), [0xf8, 127, 0, 3],
            [255, 0] + RLP.list([.list([.bytes([0x20, 0x80]), .bytes([1])])]).encoded,
            [255, 0] + RLP.list([.list([.bytes([0x18]), .list([.bytes([0x30]), .bytes([1])])])]).encoded,
        ]
    ) { input throws(Flaw) in
        guard input.count >= 4 else { return false }
        guard input[0] < 255 else { return try madeUp(place: Int(input[1]), Array(input[2...])) }
        // A few values as a rule, for each is hashed; of some lists so many that their places have two bytes.
        let (count, place) = (input[0] < 0xf8 ? Int(input[0] & 15) : 130, Int(input[1]))
        let rest = input[4...]
        // Values of many lengths, so that some nodes stand in others.
        let values = (0..<count).map { number in
            Array(rest.dropFirst(number % 7).prefix(1 + number % 50)) + [UInt8(truncatingIfNeeded: number) | 1]
        }
        let trie = Trie(values)
        guard var proof = trie.proof(at: place) else {
            try expect(place >= count, "no proof of a value")
            return false
        }
        try expect((try? Trie.value(at: place, of: trie.root, proof: proof)) == values[place], "another value")
        let node = Int(input[2]) % proof.count
        proof[node][Int(input[3]) % proof[node].count] ^= 1 << (input[2] & 7)
        try expect((try? Trie.value(at: place, of: trie.root, proof: proof)) == nil, "shown by another proof")
        return true
    }

    /// Nodes out of an input, the first of which is the root; a parent cannot name a child's hash by chance, so only
    /// those that stand in others lead on.
    private static func madeUp(place: Int, _ encoded: [UInt8]) throws(Flaw) -> Bool {
        guard let nodes = (try? RLP(encoded))?.asList?.map(\.encoded), let first = nodes.first else { return false }
        let root = Hash256(keccakOf: first)
        guard let value = try? Trie.value(at: place, of: root, proof: nodes) else { return false }
        try expect(!value.isEmpty && nodes.count == 1, "a value from nowhere")
        return true
    }

    private static let zeros = String(repeating: "00", count: 32)

    private static let blockSeed: String = {
        let hashes = ["parentHash", "sha3Uncles", "stateRoot", "transactionsRoot", "receiptsRoot", "mixHash"]
        let numbers = ["difficulty", "gasLimit", "gasUsed", "timestamp"]
        return "{" + hashes.map { "\"\($0)\":\"0x\(zeros)\"," }.joined()
            + numbers.map { "\"\($0)\":\"0x1\"," }.joined()
            + #""miner":"0x"# + zeros.prefix(40) + #"","extraData":"0x","nonce":"0x0000000000000000","number":"0x1","#
            + #""baseFeePerGas":"0x7","logsBloom":"0x"# + String(repeating: zeros, count: 8)
            + #"","hash":"0x"# + zeros + "\"}"
    }()

    /// A header that is taken is the one of its bytes, which are those of its name.
    private static let evmHeader = FuzzTarget(
        "evmheader", most: 2_500,
        words: [
            #""baseFeePerGas":"0x1","#, #""withdrawalsRoot":"0x"#, #""slotNumber":"0x1","#, #""blobGasUsed":"0x0","#,
        ],
        seeds: [
            [0x80] + words(blockSeed), [0x81] + words(blockSeed),
            [0] + RLP.list(
                [RLP](repeating: .bytes([UInt8](repeating: 1, count: 32)), count: 2)
                    + [.bytes([UInt8](repeating: 2, count: 20))]
                    + [RLP](repeating: .bytes([UInt8](repeating: 3, count: 32)), count: 3)
                    + [.bytes([UInt8](repeating: 4, count: 256))] + [RLP](repeating: .number(1_000), count: 5)
                    + [.bytes([]), .bytes([UInt8](repeating: 5, count: 32)), .bytes([UInt8](repeating: 6, count: 8))]
                    + [.number(7)]
            ).encoded,
        ]
    ) { input throws(Flaw) in
        let (choice, raw) = input.choice
        guard choice >= 0x80 else {
            guard let header = try? EVMHeader(raw) else { return false }
            try expect(header.encoded == raw && header.hash == Hash256(keccakOf: raw), "other bytes")
            try expect((try? RLP(raw))?.encoded == raw, "another encoding")
            return true
        }
        guard let block = try? JSON.parse(raw) else { return false }
        if choice & 1 == 1 { return (try? EVMHeader(opaque: block)) != nil }
        // A fuzzer finds no hash, so the block gets the one that its fields have.
        guard let header = try? EVMHeader(try named(block)) else { return false }
        try expect(header.encoded.flatMap { try? EVMHeader($0) } == header, "another header by its bytes")
        return true
    }

    private static func named(_ block: JSON) throws -> JSON {
        guard var object = block.asObject else { return block }
        let encoded = try RLP.list(EVMHeader.items(of: block)).encoded
        object["hash"] = .string("0x" + Hex.encode(Hash256(keccakOf: encoded).bytes))
        return .object(object)
    }

    /// A receipt that is taken is the one of its bytes.
    private static let evmReceipt = FuzzTarget(
        "evmreceipt", most: 4_096,
        words: [#""depositNonce":"0x1","#, #""depositReceiptVersion":"0x1","#, #""type":"0x7e","#, #""topics":["#],
        seeds: [
            [0x80] + words(
                #"{"status":"0x1","cumulativeGasUsed":"0x5208","type":"0x2","logs":[{"address":"0x"# + zeros.prefix(40)
                    + #"","topics":["0x"# + zeros + #""],"data":"0x00"}]}"#),
            [0x80] + words(
                #"{"status":"0x0","cumulativeGasUsed":"0x0","type":"0x7e","depositNonce":"0x1","#
                    + #""depositReceiptVersion":"0x1","logs":[]}"#),
            [0, 2] + RLP.list([
                .number(1), .number(21_000), .bytes([UInt8](repeating: 0, count: 256)),
                .list([
                    .list([
                        .bytes([UInt8](repeating: 1, count: 20)),
                        .list([RLP](repeating: .bytes([UInt8](repeating: 2, count: 32)), count: 3)),
                        .bytes([UInt8](repeating: 3, count: 32)),
                    ])
                ]),
            ]).encoded,
            [0] + RLP.list([.number(0), .number(1), .bytes([UInt8](repeating: 0, count: 256)), .list([])]).encoded,
        ]
    ) { input throws(Flaw) in
        let (choice, raw) = input.choice
        guard choice >= 0x80 else {
            guard let receipt = try? EVMReceipt(raw) else { return false }
            try expect(receipt.encoded == raw && receipt.logs.count < raw.count, "other bytes")
            return true
        }
        guard let json = try? JSON.parse(raw), let receipt = try? EVMReceipt(json) else { return false }
        try expect((try? EVMReceipt(receipt.encoded)) == receipt, "another receipt by its bytes")
        return true
    }

    /// A transaction that is taken has the bytes of its name, or says that it is opaque.
    private static let evmTransaction = FuzzTarget(
        "evmtransaction", most: 2_048,
        words: [
            #""accessList":[{"address":"0x"#, #""storageKeys":[]}]"#, #""authorizationList":["#, #""isSystemTx":true,"#,
            #""type":"0x3""#, #""type":"0x4""#, #""type":"0x68""#,
        ],
        seeds: transactionSeeds
    ) { input throws(Flaw) in
        let (choice, raw) = input.choice
        guard choice >= 0x80 else {
            guard let one = try? EVMTransaction(raw) else { return false }
            try expect(one.encoded == raw && one.hash == Hash256(keccakOf: raw) && !one.isOpaque, "other bytes")
            try expect(one.input.count <= raw.count, "more input than bytes")
            return true
        }
        guard let json = try? JSON.parse(raw), let one = try? EVMTransaction(json, on: 1) else { return false }
        try expect(one.isOpaque == (one.encoded == nil), "bytes of what cannot be read")
        if let encoded = one.encoded { try expect((try? EVMTransaction(encoded)) == one, "another one by its bytes") }
        return true
    }

    private static let transactionSeeds: [[UInt8]] = {
        let to = RLP.bytes([UInt8](repeating: 1, count: 20))
        let (nothing, hash) = (RLP.bytes([]), RLP.bytes([UInt8](repeating: 9, count: 32)))
        let priced = [RLP](repeating: .number(1), count: 5) + [to, .number(5), nothing]
        let access = RLP.list([.list([to, .list([hash])])])
        let signature = [RLP](repeating: .number(1), count: 3)
        let permission = RLP.list([.number(1), to, .number(0), .number(1), .number(2), .number(3)])
        let told = #"{"hash":"0x\#(zeros)","type":"0x7f","to":null,"value":"0x1","input":"0x"}"#
        // One of Ethereum's, of 2018: its name is that of its bytes.
        let cited = #"{"hash":"0x88df016429689c079f3b2f6ad39fa052532c56795b733da78a91ebe6a713944b","gas":"0xc350","#
            + #""to":"0xf02c1c8e6114b1dbe8937a39260b5b0a374432bb","gasPrice":"0x4a817c800","input":"0x68656c6c6f21","#
            + #""nonce":"0x15","value":"0xf3dbb76162000","v":"0x25","#
            + #""r":"0x1b5e176d927f8e9ab405058b2d2457392da3e20f328b16ddabcebc33eaac5fea","#
            + #""s":"0x4ba69724e8f69de52f0125ad8b3c5c2cef33019bac3249e2c0a2192766d1721c"}"#
        return [
            [0x80] + words(told), [0x80] + words(cited),
            [0] + RLP.list([RLP](repeating: .number(1), count: 3) + [to, .number(5), nothing] + signature).encoded,
            [0, 2] + RLP.list(priced + [access] + signature).encoded,
            [0, 3] + RLP.list(priced + [access, .number(1), .list([hash])] + signature).encoded,
            [0, 4] + RLP.list(priced + [access, .list([permission])] + signature).encoded,
            [0, 0x64] + RLP.list([.number(1), hash, to, to, .number(5)]).encoded,
            [0, 0x7e] + RLP.list([hash, to, to, .number(1), .number(1), .number(9), .number(1), nothing]).encoded,
        ]
    }()

    /// An address that is taken has one text with a checksum, whose digits are those of the input.
    private static let evmAddress = FuzzTarget(
        "evmaddress", most: 64, words: ["0x"],
        seeds: bytes([
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
            "0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0x0000000000000000000000000000000000000001",
        ])
    ) { input throws(Flaw) in
        let text = input.text
        guard let address = try? EVMAddress(parsing: text) else { return false }
        try expect(address.text.lowercased() == text.lowercased(), "\(text) became \(address.text)")
        try expect((try? EVMAddress(parsing: address.text)) == address, "\(address.text) is another one")
        try expect(EVMAddress(address.bytes) == address && address.script.utf8.count == 44, "other bytes")
        return true
    }

    /// A call that is taken has no other encoding; a symbol can be shown.
    private static let token = FuzzTarget(
        "token", most: 300,
        seeds: [
            [0] + (someone.map { TokenQuestion.balance($0).input } ?? []),
            [0] + (someone.map { TokenCall(to: $0, value: UInt256(5)).input } ?? []),
            [0] + (someone.map { TokenCall(from: $0, to: $0, value: UInt256(5)).input } ?? []),
            [0] + words("USDC") + [UInt8](repeating: 0, count: 28), [0] + UInt256(18).word,
            [0] + UInt256(32).word + UInt256(4).word + words("USDC") + [UInt8](repeating: 0, count: 28),
        ]
    ) { input throws(Flaw) in
        let (_, raw) = input.choice
        let (call, symbol) = (TokenCall(input: raw), TokenQuestion.symbol(raw))
        try expect(call == nil || call?.input == raw, "another call")
        try expect(symbol == nil || (1...32).contains(symbol?.utf8.count ?? 0), "a symbol of no length")
        if let number = TokenQuestion.number(raw) { try expect(number.word == raw, "another number") }
        return call != nil || symbol != nil || TokenQuestion.decimals(raw) != nil
    }

    /// Nobody's: for seeds.
    private static let someone = EVMAddress([UInt8](repeating: 0xab, count: 20))
}
