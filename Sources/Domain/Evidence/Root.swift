/// A Merkle root over the ends of chains as they stood at one moment, bound to all roots before it. The
/// instance signs its hash. Whoever keeps one elsewhere can tell when a chain was cut or written anew.
///
/// The hash is SHA-256 over `preimage`; this module has no hash function, the store computes it. See
/// docs/DOMAIN.md, 9.
package struct Root: Hashable, Sendable {
    /// Whose chains: a merchant's identity, or `instance`.
    package let scope: String
    /// From 0 in its scope, each one above the one before; after a restore from `first(above:)` on.
    package let number: UInt64
    /// When it was made, never before the one before it.
    package let at: Instant
    /// How many leaves the tree has; at least one.
    package let leaves: UInt64
    /// The head of the tree (RFC 6962, 2.1), 32 bytes.
    package let tree: [UInt8]
    /// The hash of the root before; 32 zeros for the first.
    package let previous: [UInt8]
    /// The public key (Ed25519, 32 bytes) that signs it.
    package let key: [UInt8]

    package init(
        scope: String, number: UInt64, at: Instant, leaves: UInt64, tree: [UInt8], previous: [UInt8],
        key: [UInt8]
    ) {
        self.scope = scope
        self.number = number
        self.at = at
        self.leaves = leaves
        self.tree = tree
        self.previous = previous
        self.key = key
    }

    /// The number of the first root after a restore, by the floor that its record tells: what was made after
    /// the backup, and perhaps told to merchants, has numbers below it, and none of them is given twice.
    package static func first(above floor: Int) -> UInt64 { UInt64(max(floor, 0)) * 1_000 }

    /// The scope of what belongs to no merchant.
    package static let instance = "instance"

    /// The name under which the instance's roots hold the roots of another scope, as if these were records of
    /// a chain: so nobody's story is put back alone.
    package static func chain(of scope: String) -> String { rootsPrefix + scope }

    /// The scope whose roots a chain of that name stands for; nil where it is a chain of records.
    package static func scope(behind chain: String) -> String? {
        chain.hasPrefix(rootsPrefix) ? String(chain.dropFirst(rootsPrefix.count)) : nil
    }

    private static let rootsPrefix = "roots/"

    /// The bytes that are hashed.
    package var preimage: [UInt8] {
        var preimage = Preimage("quittance/root/1")
        preimage.put(scope)
        preimage.put(number)
        preimage.put(at.milliseconds)
        preimage.put(leaves)
        preimage.put(tree)
        preimage.put(previous)
        preimage.put(key)
        return preimage.bytes
    }

    /// What is signed of a root whose hash is `hash`.
    package static func message(_ hash: [UInt8]) -> [UInt8] {
        Array("quittance/root-signature/1\n".utf8) + hash
    }
}

/// The end of one chain as a root holds it. Its bytes are a leaf of the tree, in the order of the chains'
/// names.
package struct Leaf: Hashable, Sendable {
    package let chain: String
    /// Of the chain's last record at that moment.
    package let sequence: UInt64
    /// That record's hash, 32 bytes.
    package let hash: [UInt8]

    package init(chain: String, sequence: UInt64, hash: [UInt8]) {
        self.chain = chain
        self.sequence = sequence
        self.hash = hash
    }

    /// What the tree hashes of it.
    package var preimage: [UInt8] {
        var preimage = Preimage("quittance/leaf/1", reserving: 128)
        preimage.put(chain)
        preimage.put(sequence)
        preimage.put(hash)
        return preimage.bytes
    }

    /// The order of the leaves in a tree: by the bytes of the chains' names, each name once.
    package static func stands(_ left: Leaf, before right: Leaf) -> Bool {
        left.chain.utf8.lexicographicallyPrecedes(right.chain.utf8)
    }
}
