package import Crypto

/// The Merkle tree over the ids of a block's transactions, with all its levels: they are worked out to check
/// the block, and kept, so that the branch of any transaction is a matter of looking it up.
package struct TransactionTree: Hashable, Sendable {
    /// The ids, then each level above them, the root last.
    private let nodes: [Hash256]
    /// How many ids there are.
    package let count: Int

    /// Refuses a tree in which two neighbours are equal, because it stands for two different lists
    /// (CVE-2012-2459); and an empty one.
    init(_ ids: [Hash256]) throws(ParseError) {
        guard !ids.isEmpty else { throw .coinbase }
        var nodes = ids
        nodes.reserveCapacity(2 * ids.count + Self.mostLevels)
        var start = 0
        var width = ids.count
        while width > 1 {
            for index in stride(from: start, to: start + width, by: 2) {
                let left = nodes[index]
                let hasRight = index + 1 < start + width
                let right = hasRight ? nodes[index + 1] : left
                if hasRight, left == right { throw .duplicateTransactions }
                nodes.append(Hash256(sha256dOf: left, right))
            }
            start += width
            width = (width + 1) / 2
        }
        self.nodes = nodes
        count = ids.count
    }

    /// What the header of the block names.
    package var root: Hash256 { nodes[nodes.count - 1] }

    /// What the id at `index` is hashed with on the way to the root, from below: at the end of a level with
    /// an odd number, with itself.
    package func branch(of index: Int) -> [Hash256] {
        precondition((0..<count).contains(index), "the tree has no such leaf")
        var branch: [Hash256] = []
        var (start, width, place) = (0, count, index)
        while width > 1 {
            branch.append(nodes[start + min(place ^ 1, width - 1)])
            start += width
            width = (width + 1) / 2
            place /= 2
        }
        return branch
    }

    /// More than a block of any size has.
    package static let mostLevels = 32
}
