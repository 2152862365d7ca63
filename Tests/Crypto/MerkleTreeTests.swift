import Crypto
import Platform
import Testing

/// The inputs of the published vectors of Certificate Transparency, in their order.
private let inputs = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
]

@Suite("The Merkle tree of RFC 6962")
struct MerkleTreeTests {
    @Test(
        "heads are the published ones",
        arguments: [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
            (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
            (6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
            (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ])
    func heads(count: Int, head: String) throws {
        let tree = MerkleTree(try inputs.prefix(count).map(bytes))
        #expect(tree.count == count)
        #expect(Hex.encode(tree.head.bytes) == head)
    }

    @Test(
        "proofs are the published ones",
        arguments: [
            (0, 1, []),
            (
                0, 8,
                [
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ]
            ),
            (
                5, 8,
                [
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ]
            ),
            (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
            (
                1, 5,
                [
                    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                ]
            ),
        ] as [(Int, Int, [String])])
    func proofs(place: Int, count: Int, path: [String]) throws {
        let tree = MerkleTree(try inputs.prefix(count).map(bytes))
        #expect(tree.path(of: place).map { Hex.encode($0.bytes) } == path)
    }

    @Test("each leaf of each size from 1 to 100 is proved, and nothing else is", arguments: 1...100)
    func allSizes(count: Int) {
        let leaves = (0..<count).map { [UInt8(truncatingIfNeeded: $0), UInt8(0xaa)] }
        let tree = MerkleTree(leaves)
        #expect(tree.head == Self.head(leaves[...]), "the levels come to the recursive definition")
        for (place, leaf) in leaves.enumerated() {
            let path = tree.path(of: place)
            func head(_ leaf: [UInt8], _ place: Int, _ count: Int, _ path: [Hash256]) -> Hash256? {
                MerkleTree.head(of: leaf, at: UInt64(place), of: UInt64(count), path: path)
            }
            #expect(head(leaf, place, count, path) == tree.head)
            #expect(head(leaf + [0], place, count, path) != tree.head)
            #expect(head(leaf, (place + 1) % count, count, path) != tree.head || count == 1)
            #expect(head(leaf, place, count, path + [.zero]) == nil)
            if !path.isEmpty {
                #expect(head(leaf, place, count, Array(path.dropLast())) == nil)
                #expect(head(leaf, place, count, path.reversed()) != tree.head || path.count == 1)
            }
            #expect(head(leaf, count, count, path) == nil)
        }
    }

    @Test("a leaf is no inner node: the two are hashed apart")
    func apart() {
        let tree = MerkleTree([[1], [2]])
        let forged = tree.path(of: 1) + tree.path(of: 0)
        #expect(MerkleTree([forged.flatMap(\.bytes)]).head != tree.head)
    }

    /// RFC 6962, 2.1, word by word.
    private static func head(_ leaves: ArraySlice<[UInt8]>) -> Hash256 {
        guard leaves.count > 1, let first = leaves.indices.first else {
            let input = leaves.first.map { [0] + $0 } ?? []
            return Hash256(sha256Of: input.span)
        }
        var split = 1
        while split * 2 < leaves.count { split *= 2 }
        let (left, right) = (head(leaves[..<(first + split)]), head(leaves[(first + split)...]))
        let input = [1] + left.bytes + right.bytes
        return Hash256(sha256Of: input.span)
    }
}
