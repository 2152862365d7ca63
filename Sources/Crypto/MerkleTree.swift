/// The Merkle hash tree of RFC 6962, section 2.1, with SHA-256: leaves and inner nodes are hashed apart, and
/// a tree whose leaves are no power of two is split at the largest one below.
package struct MerkleTree: Sendable {
    /// The hashes of each level, leaves first, the head last. A node without a neighbour stands unchanged in
    /// the level above: so the head is the one of the recursive definition.
    private let levels: [[Hash256]]

    /// A tree over these inputs, in their order.
    package init(_ inputs: some Sequence<[UInt8]>) {
        var level = inputs.map(Self.leafHash)
        var levels = [level]
        while level.count > 1 {
            level = stride(from: 0, to: level.count, by: 2).map { place in
                place + 1 < level.count ? Self.nodeHash(level[place], level[place + 1]) : level[place]
            }
            levels.append(level)
        }
        self.levels = levels
    }

    /// How many leaves.
    package var count: Int { levels[0].count }

    /// The head; of no leaves the hash of nothing.
    package var head: Hash256 { levels[levels.count - 1].first ?? Hash256(sha256Of: [UInt8]().span) }

    /// The proof that the leaf at `place` is in the tree (RFC 6962, 2.1.1): the neighbours on the way up.
    /// Empty for a tree of one leaf.
    package func path(of place: Int) -> [Hash256] {
        precondition((0..<count).contains(place), "a tree has no such leaf")
        var path: [Hash256] = []
        var place = place
        for level in levels.dropLast() {
            let neighbour = place ^ 1
            if neighbour < level.count { path.append(level[neighbour]) }
            place /= 2
        }
        return path
    }

    /// The head that a leaf's proof leads to; nil for a place or a length of the path that no tree of
    /// `count` leaves has. Nothing of it is trusted.
    package static func head(
        of input: [UInt8], at place: UInt64, of count: UInt64, path: [Hash256]
    ) -> Hash256? {
        guard place < count else { return nil }
        var hash = leafHash(input)
        var (place, last) = (place, count - 1)
        var rest = path[...]
        while last > 0 {
            // The last of an odd level has no neighbour.
            if place % 2 == 1 || place < last {
                guard let neighbour = rest.popFirst() else { return nil }
                hash = place % 2 == 1 ? nodeHash(neighbour, hash) : nodeHash(hash, neighbour)
            }
            place /= 2
            last /= 2
        }
        return rest.isEmpty ? hash : nil
    }

    private static func leafHash(_ input: [UInt8]) -> Hash256 {
        Hash256(sha256Of: ([0x00] + input).span)
    }

    private static func nodeHash(_ left: Hash256, _ right: Hash256) -> Hash256 {
        Hash256(sha256Of: ([0x01] + left.bytes + right.bytes).span)
    }
}
