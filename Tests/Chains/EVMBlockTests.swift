import Crypto
import JSON
import Platform
import Testing

@testable import Chains

@Suite("Blocks of networks of Ethereum's kind")
struct EVMBlockTests {
    // MARK: Headers

    @Test("A header of a public network hashes to its block's name, through Amsterdam")
    func headers() throws {
        for block in try EVMVectors.part("real").member("headers").elements() {
            let header = try EVMHeader(block)
            let encoded = try #require(header.encoded)
            #expect(header.hash.bytes == (try block.member("hash").hexadecimal()))
            #expect(try EVMHeader(encoded) == header)
            #expect(header.number == UInt256(quantity: try block.member("number").text())?.asUInt64)
            #expect(header.time == UInt256(quantity: try block.member("timestamp").text())?.asUInt64)
            #expect(header.parent.bytes == (try block.member("parentHash").hexadecimal()))
            #expect(header.receiptsRoot.bytes == (try block.member("receiptsRoot").hexadecimal()))
        }
    }

    /// Members of a block, and what a node may not say there.
    static let wrongMembers: [(String, JSON?)] = [
        ("hash", nil), ("hash", .string("0x" + String(repeating: "00", count: 32))), ("parentHash", nil),
        ("parentHash", "0x00"), ("miner", "0x"), ("number", "0x"), ("number", .null), ("number", 12), ("number", "12"),
        ("number", .string("0x1" + String(repeating: "0", count: 64))), ("logsBloom", "0x"), ("extraData", "0xabc"),
        ("timestamp", "-0x1"), ("nonce", "0x00"), ("baseFeePerGas", nil), ("baseFeePerGas", "x"), ("slotNumber", "0x1"),
        ("requestsHash", nil), ("requestsHash", "0x00"), ("gasUsed", "0x0"),
        ("extraData", .string("0x" + String(repeating: "00", count: EVMLimits.headerBytes))),
    ]

    @Test("A block whose header is another one is malformed", arguments: wrongMembers)
    func wrongHeaders(name: String, value: JSON?) throws {
        let block = try EVMVectors.part("block").member("block").with(name, value)
        #expect(throws: ChainFault.self) { try EVMHeader(block) }
    }

    @Test("Zeros in front of a quantity, and none for 0, change no header")
    func lenient() throws {
        let block = try EVMVectors.part("block").member("block")
        let other = try block.with("number", "0x0001").with("difficulty", "0x")
        #expect(try EVMHeader(other) == EVMHeader(block))
    }

    @Test("Bytes that are no header are refused")
    func noHeaders() throws {
        let encoded = try EVMVectors.part("block").member("header").hexadecimal()
        let items = try #require(try RLP(encoded).asList)
        #expect(try EVMHeader(encoded).number == 1)
        var flaws: [(EVMHeader.Flaw, [RLP])] = [
            (.fields, Array(items[..<14])), (.fields, items + [.number(1), .number(2), .number(3)]),
            (.fields, items + [.bytes([])]),
        ]
        for place in items.indices {
            var changed = items
            changed[place] = .list([])
            flaws.append((.fields, changed))
            changed[place] = .bytes([UInt8](repeating: 0, count: 33))
            if place != 12 { flaws.append((.fields, changed)) }
        }
        for (place, number) in [(8, EVMLimits.height), (8, .max), (11, EVMLimits.seconds), (11, .max)] {
            var changed = items
            changed[place] = .number(number)
            flaws.append((.beyond, changed))
        }
        for (flaw, items) in flaws {
            let encoded = RLP.list(items).encoded
            #expect(throws: flaw) { try EVMHeader(encoded) }
        }
        #expect(throws: EVMHeader.Flaw.fields) { try EVMHeader([]) }
        #expect(throws: EVMHeader.Flaw.fields) { try EVMHeader(encoded + [0]) }
        let long = [UInt8](repeating: 0, count: EVMLimits.headerBytes + 1)
        #expect(throws: EVMHeader.Flaw.tooLong) { try EVMHeader(long) }
    }

    @Test("A field that a network has left out is empty, and its header is its own")
    func leftOut() throws {
        let block = try EVMVectors.part("block").member("block")
        var items = try #require(try RLP(EVMVectors.part("block").member("header").hexadecimal()).asList)
        items[16] = .bytes([])
        let other = try block.with("withdrawalsRoot", nil)
            .with("hash", .string("0x" + Hex.encode(Hash256(keccakOf: RLP.list(items).encoded).bytes)))
        #expect(try EVMHeader(other).encoded == RLP.list(items).encoded)
    }

    @Test("An opaque header is its node's word, and says so")
    func opaque() throws {
        let block = try EVMVectors.part("block").member("block")
        let (header, known) = (try EVMHeader(opaque: block.with("extDataHash", "0x01")), try EVMHeader(block))
        #expect(header.encoded == nil && header != known)
        #expect(header.hash == known.hash && header.parent == known.parent && header.number == known.number)
        #expect(header.time == known.time && header.bloom == known.bloom)
        for (name, value) in [("number", "0x20000000000000"), ("timestamp", "0x10000000000"), ("hash", "0x")] {
            #expect(throws: ChainFault.self) { try EVMHeader(opaque: block.with(name, .string(value))) }
        }
    }

    // MARK: Transactions

    @Test("Transactions of a block have their names, their bytes, and the root that its header says")
    func transactions() throws {
        let part = try EVMVectors.part("block")
        let told = try part.member("block").member("transactions").elements()
        let read = try told.map { try EVMTransaction($0, on: 1) }
        #expect(read.map(\.encoded) == (try part.member("transactions").elements().map { try $0.hexadecimal() }))
        #expect(read.map(\.kind) == [0, 0, 1, 2, 2, 2, 0, 3, 4, 2, 2, 2, 2] && !read.contains(where: \.isOpaque))
        let header = try EVMHeader(part.member("block"))
        #expect(Trie(read.compactMap(\.encoded)).root == header.transactionsRoot)
        for (one, json) in zip(read, told) {
            #expect(try EVMTransaction(try #require(one.encoded)) == one)
            #expect(one.hash.bytes == (try json.member("hash").hexadecimal()))
            #expect(one.input == (try json.member("input").hexadecimal()))
            #expect(one.value == UInt256(quantity: try json.member("value").text()))
            #expect(one.recipient?.bytes == (try json["to"]?.asString == nil ? nil : json.member("to").hexadecimal()))
            #expect(try one.encoded(as: try #require(one.encoded)) == one)
        }
    }

    @Test("A block of Geth's has the name and the root of transactions that it says")
    func geth() throws {
        for block in try EVMVectors.part("real").member("blocks").elements() {
            let chain = UInt64(try block.member("chain").count())
            let read = try block.member("transactions").elements().map { try EVMTransaction($0, on: chain) }
            #expect(read.map(\.kind) == [2, 1, 0] && read.allSatisfy { $0.value == UInt256(1) && !$0.isOpaque })
            #expect(Trie(read.compactMap(\.encoded)).root == (try EVMHeader(block).transactionsRoot))
        }
    }

    @Test("Transactions of public networks, and those that networks make themselves, have their names")
    func networks() throws {
        for json in try EVMVectors.part("real").member("transactions").elements() {
            let one = try EVMTransaction(json, on: UInt64(json.member("chain").count()))
            #expect(one.hash.bytes == (try json.member("hash").hexadecimal()) && !one.isOpaque)
            #expect(try EVMTransaction(try #require(one.encoded)) == one)
        }
        for row in try EVMVectors.rows("assembled") {
            let (json, encoded) = (try row.member("shown"), try row.member("encoded").hexadecimal())
            let one = try EVMTransaction(json, on: 1)
            #expect(one.encoded == encoded && !one.isOpaque)
            #expect(try EVMTransaction(encoded) == one)
            // What a ticket would move later, and the start of a block, move nothing to anybody now.
            let moves = one.kind != 0x69
            let to = try json["to"]?.asString == nil ? nil : json.member("to").hexadecimal()
            #expect(one.recipient?.bytes == (moves ? to : nil))
            #expect(one.value == (moves ? UInt256(quantity: try json.member("value").text()) : .zero))
        }
    }

    /// Members of a transaction of type 4, and what changes it.
    static let changes: [(String, JSON?)] = [
        ("hash", nil), ("hash", "0x"), ("hash", .string("0x" + String(repeating: "11", count: 32))), ("type", "0x2"),
        ("type", "0x80"), ("type", "0x100000000000000000000"), ("type", 4), ("to", "0x"), ("value", "0x1"),
        ("input", "0x"), ("input", nil), ("nonce", "0x0"), ("r", "0x1"), ("v", nil), ("yParity", "0x5"),
        ("accessList", "0x"),
        ("accessList", [["address": "0x00", "storageKeys": []]]), ("authorizationList", nil), ("authorizationList", []),
        ("authorizationList", [[:]]), ("chainId", "0x1"), ("chainId", nil),
    ]

    @Test("A transaction that is another one is malformed", arguments: changes)
    func wrongTransactions(name: String, value: JSON?) throws {
        var json = try EVMVectors.part("block").member("block").member("transactions").element(8)
        json = try json.with(name, value)
        // One name of a member is enough.
        if name == "v" { json = try json.with("yParity", nil) }
        #expect(throws: ChainFault.self) { try EVMTransaction(json, on: 1) }
    }

    @Test("Members that nodes leave out or write otherwise change no transaction")
    func otherForms() throws {
        let told = try EVMVectors.part("block").member("block").member("transactions").elements()
        for json in told {
            let one = try EVMTransaction(json, on: 31_337)
            var other = try json.with("data", json["input"]).with("input", nil)
            other = try other.with("value", .string("0x00" + json.member("value").text().dropFirst(2)))
            if one.kind > 0 { other = try other.with("yParity", nil).with("chainId", nil) }
            if one.kind == 0 { other = try other.with("type", nil) }
            #expect(try EVMTransaction(other, on: 31_337) == one)
        }
    }

    @Test("A type that nobody here knows is opaque, with its bytes too")
    func opaqueTransactions() throws {
        let bytes: [UInt8] = [0x7f] + RLP.list([.number(5)]).encoded
        let name = Hash256(keccakOf: bytes)
        let json: JSON = [
            "hash": .string("0x" + Hex.encode(name.bytes)), "type": "0x7f", "value": "0x5",
            "to": .string("0x" + String(repeating: "ab", count: 20)),
        ]
        let one = try EVMTransaction(json, on: 137)
        #expect(one.isOpaque && one.encoded == nil && one.hash == name && one.kind == 0x7f && one.input == [])
        #expect(one.value == UInt256(5) && one.recipient?.bytes == [UInt8](repeating: 0xab, count: 20))
        let whole = try one.encoded(as: bytes)
        #expect(whole.isOpaque && whole.encoded == bytes && whole.recipient == one.recipient)
        #expect(throws: ChainFault.self) { try one.encoded(as: bytes + [0]) }
        #expect(throws: ChainFault.self) { try one.encoded(as: []) }
        let other = try EVMTransaction(json.with("type", "0x50"), on: 137)
        #expect(other.isOpaque)
        #expect(throws: ChainFault.self, "bytes of another type") { try other.encoded(as: bytes) }
        #expect(throws: EVMTransaction.Flaw.kind) { try EVMTransaction(bytes) }
    }

    @Test("Who calls a transaction another type, and its payment a larger one, is not believed against its bytes")
    func disguised() throws {
        let part = try EVMVectors.part("block")
        for (place, told) in try part.member("block").member("transactions").elements().enumerated() {
            let real = try EVMTransaction(told, on: 1)
            let bytes = try part.member("transactions").element(place).hexadecimal()
            let disguised = try EVMTransaction(told.with("type", "0x50").with("value", "0xffff"), on: 1)
            #expect(disguised.isOpaque && disguised.hash == real.hash && disguised.value == UInt256(0xffff))
            #expect(try disguised.encoded(as: bytes) == real)
        }
    }

    @Test("What nobody has signed is opaque; what somebody has signed has its name")
    func unsigned() throws {
        let told = try EVMVectors.part("block").member("block").member("transactions").element(0)
        let forged = try told.with("value", "0x1")
        #expect(throws: ChainFault.self) { try EVMTransaction(forged, on: 1) }
        let unsigned = try forged.with("v", "0x0").with("r", "0x0").with("s", "0x0")
        let one = try EVMTransaction(unsigned, on: 1)
        #expect(one.isOpaque && one.encoded == nil && one.value == UInt256(1))
        let typed = try unsigned.with("type", "0x2")
        #expect(throws: ChainFault.self) { try EVMTransaction(typed, on: 1) }
    }

    @Test("Bytes that are no transaction are refused")
    func noTransactions() throws {
        for encoded in try EVMVectors.part("block").member("transactions").elements().map({ try $0.hexadecimal() }) {
            let isTyped = encoded[0] < 0x80
            let items = try #require(try RLP(isTyped ? Array(encoded.dropFirst()) : encoded).asList)
            let kind = Array(encoded.prefix(isTyped ? 1 : 0))
            for place in items.indices {
                var changed = items
                // No field of any type is either a list of bytes or a number of 33.
                changed[place] = .list([.bytes([1])])
                let wrong = kind + RLP.list(changed).encoded
                #expect(throws: EVMTransaction.Flaw.form) { try EVMTransaction(wrong) }
            }
            let (fewer, more) = (RLP.list(items.dropLast()).encoded, RLP.list(items + [.bytes([])]).encoded)
            #expect(throws: EVMTransaction.Flaw.form) { try EVMTransaction(kind + fewer) }
            #expect(throws: EVMTransaction.Flaw.form) { try EVMTransaction(kind + more) }
            #expect(throws: EVMTransaction.Flaw.form) { try EVMTransaction(encoded + [0]) }
        }
        for bytes in [[], [0], [0x80], [0xbf], [1], [2, 0xc0]] as [[UInt8]] {
            #expect(throws: EVMTransaction.Flaw.form) { try EVMTransaction(bytes) }
        }
        #expect(throws: EVMTransaction.Flaw.kind) { try EVMTransaction([5, 0xc0]) }
        #expect(throws: EVMTransaction.Flaw.tooLong) {
            try EVMTransaction([UInt8](repeating: 0, count: EVMLimits.encodedBytes + 1))
        }
    }
}
