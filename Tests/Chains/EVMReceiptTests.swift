import Crypto
import JSON
import Platform
import Testing

@testable import Chains

@Suite("Receipts of networks of Ethereum's kind")
struct EVMReceiptTests {
    @Test("Receipts of a block have their bytes, and the root that its header says")
    func receipts() throws {
        let part = try EVMVectors.part("block")
        let told = try part.member("receipts").elements()
        let read = try told.map { try EVMReceipt($0) }
        #expect(read.map(\.encoded) == (try part.member("encodedReceipts").elements().map { try $0.hexadecimal() }))
        let header = try EVMHeader(part.member("block"))
        #expect(Trie(read.map(\.encoded)).root == header.receiptsRoot)
        #expect(read.map(\.isSuccess) == (0..<13).map { $0 != 5 })
        #expect(Bloom(read.flatMap(\.logs)) == header.bloom && header.bloom.mayHold(TokenTransfer.topic.bytes))
        for (one, json) in zip(read, told) {
            #expect(try EVMReceipt(one.encoded) == one)
            #expect(try EVMReceipt(json.with("logsBloom", nil)) == one, "a bloom follows from the logs")
        }
    }

    @Test("A receipt is shown to be its block's; no byte of the proof, of it, or its place may be another one")
    func proofs() throws {
        let part = try EVMVectors.part("block")
        let read = try part.member("receipts").elements().map { try EVMReceipt($0).encoded }
        let root = try EVMHeader(part.member("block")).receiptsRoot
        let trie = Trie(read)
        for (place, encoded) in read.enumerated() {
            let proof = try #require(trie.proof(at: place))
            #expect(try Trie.value(at: place, of: root, proof: proof) == encoded)
            for (node, bytes) in proof.enumerated() where place % 6 == 0 {
                for index in bytes.indices {
                    var changed = proof
                    changed[node][index] ^= 0x01
                    #expect(throws: Trie.Flaw.self) { try Trie.value(at: place, of: root, proof: changed) }
                }
            }
            for other in read.indices where other != place {
                #expect(throws: Trie.Flaw.self) { try Trie.value(at: other, of: root, proof: proof) }
            }
            var others = read
            others[place][others[place].count - 1] ^= 1
            #expect(Trie(others).root != root)
        }
        #expect(Trie(read.dropLast()).root != root && Trie(read.reversed()).root != root)
    }

    @Test("Those of what comes from the layer below have a nonce and a version, which count from the version on")
    func fromBelow() throws {
        let told = try EVMVectors.part("block").member("receipts").element(2).with("type", "0x7e")
        let plain = try EVMReceipt(told)
        let before = try EVMReceipt(told.with("depositNonce", "0x9"))
        let after = try EVMReceipt(told.with("depositNonce", "0x9").with("depositReceiptVersion", "0x1"))
        let items = try #require(try RLP(Array(plain.encoded.dropFirst())).asList)
        #expect(before == plain && plain.encoded[0] == 0x7e && items.count == 4)
        #expect(after.encoded == [0x7e] + RLP.list(items + [.number(9), .number(1)]).encoded)
        #expect(try EVMReceipt(after.encoded) == after)
        #expect(throws: ChainFault.self) { try EVMReceipt(told.with("depositReceiptVersion", "0x1")) }
        let other = try told.with("type", "0x2").with("depositNonce", "0x9").with("depositReceiptVersion", "0x1")
        #expect(try EVMReceipt(other).encoded == [2] + RLP.list(items).encoded)
        // Only theirs have more fields, and no other number of them.
        for (kind, more) in [(2, 2), (0x7e, 1), (0x7e, 3)] as [(UInt8, Int)] {
            let wrong = [kind] + RLP.list(items + [RLP](repeating: .number(1), count: more)).encoded
            #expect(throws: EVMReceipt.Flaw.form) { try EVMReceipt(wrong) }
        }
    }

    /// Members of a receipt, and what a node may not say there.
    static let wrongMembers: [(String, JSON?)] = [
        ("status", nil), ("status", "0x2"), ("status", 1), ("cumulativeGasUsed", nil), ("logs", nil), ("logs", "0x"),
        ("cumulativeGasUsed", .string("0x1" + String(repeating: "0", count: 16))), ("logsBloom", "0x"),
        ("type", "0x80"), ("type", "0x10000000000000000"), ("logs", [[:]]),
        ("logs", [["address": "0x00", "topics": [], "data": "0x"]]),
        ("logs", [["address": .string("0x" + String(repeating: "00", count: 20)), "topics": ["0x00"], "data": "0x"]]),
        ("logs", [["address": .string("0x" + String(repeating: "00", count: 20)), "topics": [], "data": "0x0"]]),
    ]

    @Test("A receipt that is none is malformed", arguments: wrongMembers)
    func wrongReceipts(name: String, value: JSON?) throws {
        let json = try EVMVectors.part("block").member("receipts").element(2).with(name, value)
        #expect(throws: ChainFault.self) { try EVMReceipt(json) }
    }

    @Test("Bytes that are no receipt are refused")
    func noReceipts() throws {
        let encoded = try EVMVectors.part("block").member("encodedReceipts").element(2).hexadecimal()
        let items = try #require(try RLP(Array(encoded.dropFirst())).asList)
        for place in items.indices {
            var changed = items
            changed[place] = .list([.number(1)])
            let wrong = [2] + RLP.list(changed).encoded
            #expect(throws: EVMReceipt.Flaw.form) { try EVMReceipt(wrong) }
        }
        var old = items
        old[0] = .bytes([UInt8](repeating: 7, count: 32))
        #expect(throws: EVMReceipt.Flaw.form, "one from before Byzantium has a state's root and no status") {
            try EVMReceipt(RLP.list(old).encoded)
        }
        let topics = [RLP](repeating: .bytes([UInt8](repeating: 7, count: 32)), count: 5)
        old = items
        old[3] = .list([.list([.bytes([UInt8](repeating: 7, count: 20)), .list(topics), .bytes([])])])
        #expect(throws: EVMReceipt.Flaw.form, "five topics") { try EVMReceipt([2] + RLP.list(old).encoded) }
        for bytes in [[], [0], [0x80], [0xbf], [2], [2, 0xc0], [0xc0], [0] + RLP.list(items).encoded] as [[UInt8]] {
            #expect(throws: EVMReceipt.Flaw.form) { try EVMReceipt(bytes) }
        }
        #expect(throws: EVMReceipt.Flaw.tooLong) {
            try EVMReceipt([UInt8](repeating: 0, count: EVMLimits.encodedBytes + 1))
        }
    }
}
