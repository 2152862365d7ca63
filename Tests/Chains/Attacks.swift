import Crypto
import Platform
import TestKit
import Testing

@testable import Chains

/// Bytes that hash as they should and are not what they seem.
@Suite("Attacks by blocks and branches")
struct AttackTests {
    @Test(
        "Each does no harm, and harms whoever believes the one thing that he should not",
        arguments: Attack.onBlocks)
    func attack(_ attack: Attack) async throws { try await attack.attempt() }
}

/// How somebody reads what a node or a file shows.
private struct Reading: Sendable {
    /// How many transactions a block has; nil where it is none.
    var count: @Sendable (SampleBlock) -> Int? = {
        (try? Block(parsing: $0.bytes, on: .bitcoin))?.transactions.count
    }

    /// Whether a transaction is shown to be in a block.
    var isShown: @Sendable (_ raw: [UInt8], _ branch: [UInt8], _ place: UInt32, _ header: [UInt8]) -> Bool = {
        (try? ProvenTransaction(raw: $0, branch: $1, place: $2, header: $3, on: .bitcoin)) != nil
    }
}

extension Attack {
    static let onBlocks: [Attack] = [
        // CVE-2012-2459: the last node of an odd level is hashed with itself, so a copy of it changes no root.
        Attack(
            "A15 a block with its last transaction twice, under the same root", product: Reading(),
            twin: "the root tells all",
            Reading(count: { block in
                let ids = block.transactions.map(\.id.bytes)
                return SampleBlock.root(ids) == Array(block.bytes[36..<68]) ? ids.count : nil
            })
        ) { reading in
            var block = SampleBlock.random(count: 5, seed: 7)
            let root = SampleBlock.root(block.transactions.map(\.id.bytes))
            block.transactions += block.transactions.suffix(1)
            try #require(SampleBlock.root(block.transactions.map(\.id.bytes)) == root)
            return reading.count(block) == nil ? nil : "a payment is seen twice"
        },
        // CVE-2017-12842: an inner node of the tree is 64 bytes long, and so may a transaction be.
        Attack(
            "A15 an inner node of the tree that reads as a transaction", product: Reading(),
            twin: "what hashes to the root is in the block",
            Reading(isShown: { raw, branch, _, header in branch.isEmpty && sha256d(raw) == Array(header[36..<68]) })
        ) { reading in
            let node: [UInt8] =
                [2, 0, 0, 0, 1] + [UInt8](repeating: 5, count: 32) + [0, 0, 0, 0, 0, 255, 255, 255, 255]
                + [1, 9, 0, 0, 0, 0, 0, 0, 0, 4, 0x51, 0x51, 0x51, 0x51, 0, 0, 0, 0]
            var header = [UInt8](repeating: 0, count: BlockHeader.size)
            header.replaceSubrange(36..<68, with: sha256d(node))
            return reading.isShown(node, [], 0, header) ? "a payment is shown that never was" : nil
        },
    ]
}
