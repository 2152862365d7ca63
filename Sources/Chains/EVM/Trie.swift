package import Crypto

/// Ethereum's hexary Merkle-Patricia trie (Yellow Paper, appendix D) over a list: each value under the RLP of
/// its place. A header commits to the transactions and to the receipts of its block so.
package struct Trie: Sendable {
    /// Of an empty list that of the encoding of no bytes.
    package let root: Hash256
    private let top: Node?
    private let count: Int

    /// - Parameter values: none of them empty, for an empty one is none.
    package init(_ values: [[UInt8]]) {
        var leaves = values.enumerated().map { Leaf(digits: Self.digits(of: $0.offset), value: $0.element) }
        leaves.sort { $0.digits.lexicographicallyPrecedes($1.digits) }
        top = leaves.isEmpty ? nil : Self.node(leaves[...], 0)
        count = values.count
        root = Hash256(keccakOf: top?.encoded ?? RLP.bytes([]).encoded)
    }

    private struct Leaf {
        let digits: [UInt8]
        let value: [UInt8]
    }

    private struct Node: Sendable {
        let encoded: [UInt8]
        /// What stands for it in its parent: itself where it is short, else its hash.
        let link: RLP
        /// Digits that the ways to all its children share.
        let shared: Int
        /// None of a leaf, one behind shared digits, else sixteen.
        let children: [Node?]

        init(_ item: RLP, shared: Int = 0, children: [Node?] = []) {
            encoded = item.encoded
            link = encoded.count < 32 ? item : .bytes(Hash256(keccakOf: encoded).bytes)
            (self.shared, self.children) = (shared, children)
        }
    }

    /// The half bytes of a place's key. No key begins with another one.
    private static func digits(of place: Int) -> [UInt8] {
        RLP.number(UInt64(place)).encoded.flatMap { [$0 >> 4, $0 & 15] }
    }

    /// The node that holds `leaves`, one at least, all of which have the same first `depth` digits.
    private static func node(_ leaves: ArraySlice<Leaf>, _ depth: Int) -> Node {
        let (first, last) = (leaves[leaves.startIndex], leaves[leaves.endIndex - 1])
        if leaves.count == 1 {
            return Node(.list([.bytes(path(first.digits[depth...], isLeaf: true)), .bytes(first.value)]))
        }
        // They are in order: what the first and the last one share all of them share.
        let shared = zip(first.digits[depth...], last.digits[depth...]).prefix { $0 == $1 }.count
        guard shared == 0 else {
            let below = node(leaves, depth + shared)
            let digits = first.digits[depth..<depth + shared]
            return Node(
                .list([.bytes(path(digits, isLeaf: false)), below.link]), shared: shared, children: [below])
        }
        var items = [RLP](repeating: .bytes([]), count: 17)
        var children = [Node?](repeating: nil, count: 16)
        var rest = leaves
        while let next = rest.first {
            let digit = next.digits[depth]
            let group = rest.prefix { $0.digits[depth] == digit }
            let below = node(group, depth + 1)
            (items[Int(digit)], children[Int(digit)]) = (below.link, below)
            rest = rest[group.endIndex...]
        }
        return Node(.list(items), children: children)
    }

    /// Digits two to a byte, with their number's parity and the kind of the node in front.
    private static func path(_ digits: ArraySlice<UInt8>, isLeaf: Bool) -> [UInt8] {
        let kind: UInt8 = isLeaf ? 2 : 0
        let halves = (digits.count.isMultiple(of: 2) ? [kind, 0] : [kind + 1]) + digits
        return stride(from: 0, to: halves.count, by: 2).map { halves[$0] << 4 | halves[$0 + 1] }
    }
}

// MARK: Proofs

extension Trie {
    /// Why nodes do not show what stands at a place.
    package enum Flaw: Error, Hashable, Sendable {
        /// More, or longer, than any list needs.
        case tooLong
        /// A node is not the one that its parent, or the root, names.
        case hash
        /// A node is none: no list of two or of seventeen, or a path that is not written as it must be.
        case node
        /// The way ends before the value, or nodes are left over.
        case way
    }

    /// The nodes from the root down to the value at `place`, encoded, without those that stand in others; nil
    /// where the list has no such place.
    package func proof(at place: Int) -> [[UInt8]]? {
        guard (0..<count).contains(place), var node = top else { return nil }
        var digits = Self.digits(of: place)[...]
        var nodes = [node.encoded]
        while let children = node.children.isEmpty ? nil : node.children {
            digits = digits.dropFirst(node.shared)
            let digit = children.count == 1 ? 0 : Int(digits.popFirst() ?? 0)
            guard let below = children[digit] else { return nil }
            node = below
            if node.encoded.count >= 32 { nodes.append(node.encoded) }
        }
        return nodes
    }

    /// What stands at `place` of the list with that root, shown by `proof`. Never traps.
    package static func value(
        at place: Int, of root: Hash256, proof: [[UInt8]]
    ) throws(Flaw) -> [UInt8] {
        guard place >= 0, proof.count <= EVMLimits.proofNodes,
            proof.allSatisfy({ $0.count <= EVMLimits.proofNodeBytes })
        else { throw .tooLong }
        var digits = Self.digits(of: place)[...]
        var nodes = proof[...]
        var next = RLP.bytes(root.bytes)
        while true {
            let items = try items(of: next, &nodes)
            if items.count == 17 {
                // No key begins with another one: a way that ends here leads to nothing.
                guard let digit = digits.popFirst() else { throw .way }
                next = items[Int(digit)]
            } else {
                let (path, isLeaf) = try Self.path(items[0])
                guard digits.starts(with: path) else { throw .way }
                digits = digits.dropFirst(path.count)
                next = items[1]
                if isLeaf { break }
            }
        }
        guard let value = next.asBytes, !value.isEmpty, digits.isEmpty, nodes.isEmpty else { throw .way }
        return value
    }

    /// The items of the node that `link` leads to: two or seventeen.
    private static func items(of link: RLP, _ nodes: inout ArraySlice<[UInt8]>) throws(Flaw) -> [RLP] {
        var node = link
        if let hash = link.asBytes {
            guard hash.count == 32, let encoded = nodes.popFirst() else { throw .way }
            guard Hash256(keccakOf: encoded).bytes == hash else { throw .hash }
            do throws(RLP.Flaw) {
                node = try RLP(encoded, mostItems: EVMLimits.nodeItems)
            } catch {
                throw .node
            }
        }
        guard let items = node.asList, items.count == 2 || items.count == 17 else { throw .node }
        return items
    }

    /// Reads what `path(_:isLeaf:)` writes.
    private static func path(_ item: RLP) throws(Flaw) -> (digits: ArraySlice<UInt8>, isLeaf: Bool) {
        guard let bytes = item.asBytes, let first = bytes.first, first >> 4 < 4 else { throw .node }
        let halves = bytes.flatMap { [$0 >> 4, $0 & 15] }
        let isOdd = first & 0x10 != 0
        guard isOdd || halves[1] == 0 else { throw .node }
        let digits = halves.dropFirst(isOdd ? 1 : 2)
        let isLeaf = first & 0x20 != 0
        // One that is no leaf and passes over nothing could lead to itself for ever.
        guard isLeaf || !digits.isEmpty else { throw .node }
        return (digits, isLeaf)
    }
}
