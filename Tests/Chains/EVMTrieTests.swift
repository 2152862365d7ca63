import Crypto
import JSON
import Platform
import Testing

@testable import Chains

@Suite("Tries of Ethereum's kind")
struct EVMTrieTests {
    private static func values(_ count: Int) -> [[UInt8]] {
        (0..<count).map { [UInt8](repeating: UInt8($0 & 255), count: 1 + $0 * $0 % 70) }
    }

    @Test("A list's root and proofs are those of another implementation, and each value is shown to be in it")
    func others() throws {
        for row in try EVMVectors.rows("tries") {
            let (count, root) = (try row.member("count").count(), try row.member("root").hexadecimal())
            let values = Self.values(count)
            let trie = Trie(values)
            #expect(trie.root.bytes == root, "\(count) values")
            // All places of short lists, some of long ones.
            for (place, value) in values.enumerated() where place % max(1, count / 20) == 0 {
                let proof = try #require(trie.proof(at: place))
                #expect(try Trie.value(at: place, of: trie.root, proof: proof) == value)
            }
            for kept in try row.member("proofs").elements() {
                let nodes = try kept.element(1).elements().map { try $0.hexadecimal() }
                #expect(trie.proof(at: try kept.element(0).count()) == nodes)
            }
            #expect(trie.proof(at: count) == nil && trie.proof(at: -1) == nil && trie.proof(at: .max) == nil)
        }
    }

    @Test("A proof shows no other place, and no byte of it may be another one", arguments: [1, 2, 20, 200])
    func proofs(count: Int) throws {
        let trie = Trie(Self.values(count))
        let place = count * 2 / 3
        let proof = try #require(trie.proof(at: place))
        let value = try Trie.value(at: place, of: trie.root, proof: proof)
        for other in (0...count) where other != place {
            let shown = try? Trie.value(at: other, of: trie.root, proof: proof)
            // A short value may stand in the same node as another one.
            #expect(shown == nil || shown == Self.values(count)[other])
        }
        for (node, bytes) in proof.enumerated() {
            for index in bytes.indices {
                var changed = proof
                changed[node][index] ^= 1 << UInt8(index & 7)
                #expect(throws: Trie.Flaw.self) { try Trie.value(at: place, of: trie.root, proof: changed) }
            }
        }
        let longer = proof + [[0x80]]
        #expect(throws: Trie.Flaw.self) { try Trie.value(at: place, of: trie.root, proof: longer) }
        let shorter = Array(proof.dropLast())
        #expect(throws: Trie.Flaw.self) { try Trie.value(at: place, of: trie.root, proof: shorter) }
        let elsewhere = Hash256(keccakOf: value)
        #expect(throws: Trie.Flaw.self) { try Trie.value(at: place, of: elsewhere, proof: proof) }
        #expect(throws: Trie.Flaw.self) { try Trie.value(at: -1, of: trie.root, proof: proof) }
        #expect(throws: Trie.Flaw.self) { try Trie.value(at: .max, of: trie.root, proof: proof) }
    }

    /// Nodes that are none, or lead nowhere, each as the root itself. The key of place 0 is 80.
    static let wrongNodes: [(RLP, Trie.Flaw)] = [
        (.bytes([1]), .node), (.list([]), .node), (.list([.bytes([0x20])]), .node),
        (.list([RLP](repeating: .bytes([]), count: 16)), .node),
        (.list([RLP](repeating: .bytes([]), count: 17)), .way),
        // A path of no bytes, of a kind that is none, with something where nothing stands.
        (.list([.bytes([]), .bytes([1])]), .node), (.list([.bytes([0x40, 0x80]), .bytes([1])]), .node),
        (.list([.bytes([0x21, 0x80]), .bytes([1])]), .node), (.list([.list([]), .bytes([1])]), .node),
        // Another way, one that is too short, one that passes over nothing, and no value at its end.
        (.list([.bytes([0x20, 0x81]), .bytes([1])]), .way), (.list([.bytes([0x38]), .bytes([1])]), .way),
        (.list([.bytes([0x00]), .bytes([1])]), .node), (.list([.bytes([0x20, 0x80]), .bytes([])]), .way),
        (.list([.bytes([0x20, 0x80]), .list([])]), .way), (.list([.bytes([0x00, 0x80]), .bytes([1])]), .way),
        (.list([.bytes([0x18]), .list([.bytes([0x00]), .list([])])]), .node),
    ]

    @Test("A node that is none shows nothing", arguments: wrongNodes)
    func noNodes(item: RLP, flaw: Trie.Flaw) throws {
        let encoded = item.encoded
        #expect(throws: flaw) { try Trie.value(at: 0, of: Hash256(keccakOf: encoded), proof: [encoded]) }
    }

    @Test("A proof has no more nodes, and no longer ones, than a list needs")
    func limits() throws {
        let leaf = RLP.list([.bytes([0x20, 0x80]), .bytes([1])]).encoded
        let root = Hash256(keccakOf: leaf)
        #expect(try Trie.value(at: 0, of: root, proof: [leaf]) == [1])
        let many = [[UInt8]](repeating: leaf, count: EVMLimits.proofNodes + 1)
        #expect(throws: Trie.Flaw.tooLong) { try Trie.value(at: 0, of: root, proof: many) }
        let long = [[UInt8](repeating: 0, count: EVMLimits.proofNodeBytes + 1)]
        #expect(throws: Trie.Flaw.tooLong) { try Trie.value(at: 0, of: root, proof: long) }
        let wide = RLP.list([RLP](repeating: .list([]), count: EVMLimits.nodeItems)).encoded
        #expect(throws: Trie.Flaw.node) { try Trie.value(at: 0, of: Hash256(keccakOf: wide), proof: [wide]) }
    }
}
