package import Crypto
import Database
package import Domain

/// A root as it is stored, with its hash and the instance's signature.
package struct StoredRoot: Hashable, Sendable {
    package let root: Root
    package let hash: [UInt8]
    package let signature: [UInt8]

    /// Signs the root after `last` (nil for the first of its scope) over these leaves, which are in the order
    /// of a tree.
    ///
    /// - Parameter floor: that of the last restore; see `Root.first(above:)`.
    package init(
        of scope: String, after last: StoredRoot?, floor: Int, at now: Instant, over leaves: [Leaf],
        signedBy key: Ed25519.KeyPair
    ) {
        root = Root(
            scope: scope, number: Self.number(after: last, floor: floor), at: max(now, last?.root.at ?? now),
            leaves: UInt64(leaves.count), tree: MerkleTree(leaves.map(\.preimage)).head.bytes,
            previous: last?.hash ?? Self.nothing, key: key.publicKey.bytes)
        hash = SHA256.hash(root.preimage)
        signature = key.sign(Root.message(hash))
    }

    static func number(after last: StoredRoot?, floor: Int) -> UInt64 {
        max(last.map { $0.root.number + 1 } ?? 0, Root.first(above: floor))
    }

    /// What stands for the hash of the root before the first.
    package static let nothing = [UInt8](repeating: 0, count: SHA256.digestSize)

    static let columns: SQL = "scope, number, at, leaves, tree, previous, key, hash, signature"

    /// Reads `columns`.
    init(_ row: Row) throws {
        root = Root(
            scope: try row.text(0), number: UInt64(try row.counted(1)), at: try row.instant(2),
            leaves: UInt64(try row.counted(3)), tree: try row.blob(4), previous: try row.blob(5),
            key: try row.blob(6))
        hash = try row.blob(7)
        signature = try row.blob(8)
    }

    /// Whether the hash is the root's.
    package var isSound: Bool { SHA256.hash(root.preimage) == hash }

    /// Whether the owner of the key that the root names has signed it.
    package var isSigned: Bool {
        Ed25519.PublicKey(root.key)?.isValid(signature, of: Root.message(hash)) ?? false
    }
}

/// A root by its number and hash, as somebody may have kept it elsewhere.
package struct RootName: Hashable, Sendable {
    package let scope: String
    package let number: UInt64
    package let hash: [UInt8]

    package init(scope: String, number: UInt64, hash: [UInt8]) {
        self.scope = scope
        self.number = number
        self.hash = hash
    }
}

extension StoredRoot {
    package var name: RootName { RootName(scope: root.scope, number: root.number, hash: hash) }
}

extension Transaction {
    /// The last root of a scope; nil before the first.
    package func lastRoot(of scope: String) throws -> StoredRoot? {
        try connection.first(
            """
            SELECT \(StoredRoot.columns) FROM root WHERE scope = \(scope) ORDER BY number DESC LIMIT 1
            """
        ).map(StoredRoot.init)
    }

    /// The last root of a scope as events name it; nil before the first, and where its row cannot be read.
    package func lastRootName(of scope: String) throws -> RootName? {
        if let known = roots.known[scope] { return known }
        let row = try connection.first(
            "SELECT number, hash FROM root WHERE scope = \(scope) ORDER BY number DESC LIMIT 1")
        let name = try row.flatMap { row in
            try legible(row, of: "root") { row in
                RootName(scope: scope, number: UInt64(try row.counted(0)), hash: try row.blob(1))
            }
        }
        roots.known.updateValue(name, forKey: scope)
        return name
    }

    /// A scope's roots, the latest first, below a number.
    package func roots(of scope: String, below number: Int64?, limit: Int) throws -> Page<StoredRoot> {
        let rows = try connection.query(
            """
            SELECT \(StoredRoot.columns) FROM root WHERE scope = \(scope) AND number < \(number ?? .max)
            ORDER BY number DESC LIMIT \(limit + 1)
            """)
        return Page(try rows.map(StoredRoot.init), limit: limit)
    }

    /// The last root of each scope, in the order of the scopes.
    package func lastRoots() throws -> [RootName] {
        var names: [RootName] = []
        var last = ""
        while let scope = try rootScope(after: last) {
            last = scope
            if let root = try lastRoot(of: scope) { names.append(root.name) }
        }
        return names
    }

    /// The next scope after `scope` that has roots.
    func rootScope(after scope: String) throws -> String? {
        try connection.first("SELECT scope FROM root WHERE scope > \(scope) ORDER BY scope LIMIT 1")?.text(0)
    }

    /// One root; nil where there is none.
    package func root(_ number: UInt64, of scope: String) throws -> StoredRoot? {
        guard let number = Int64(exactly: number) else { return nil }
        return try connection.first(
            "SELECT \(StoredRoot.columns) FROM root WHERE scope = \(scope) AND number = \(number)"
        ).map(StoredRoot.init)
    }

    /// Roots of a scope from number `first` on, in order.
    package func roots(of scope: String, from first: UInt64, limit: Int) throws -> [StoredRoot] {
        try connection.query(
            """
            SELECT \(StoredRoot.columns) FROM root
            WHERE scope = \(scope) AND number >= \(Int64(clamping: first)) ORDER BY number LIMIT \(limit)
            """
        ).map(StoredRoot.init)
    }

    /// The leaves of a root in their order, as they were stored.
    package func leaves(of root: UInt64, in scope: String) throws -> [Leaf] {
        try connection.query(
            """
            SELECT chain, sequence, hash FROM leaf WHERE scope = \(scope) AND root = \(root) ORDER BY place
            """
        ).map { Leaf(chain: try $0.text(0), sequence: UInt64(try $0.counted(1)), hash: try $0.blob(2)) }
    }

    /// The last root that holds an end of a chain, and at which place of its tree; nil while none does.
    package func seal(of chain: String) throws -> (root: StoredRoot, place: Int)? {
        let row = try connection.first(
            """
            SELECT scope, root, place FROM leaf WHERE chain = \(chain) ORDER BY sequence DESC LIMIT 1
            """)
        guard let row else { return nil }
        guard let root = try root(UInt64(row.counted(1)), of: row.text(0)) else {
            throw Corruption("\(chain) is a leaf of a root that is not there")
        }
        return (root, Int(try row.counted(2)))
    }

    /// Stores a root that was made on a snapshot, and takes its leaves from what waits; a chain that has gone
    /// on since goes on waiting. A merchant's root waits itself, for one of the instance. Gives false, and
    /// stores nothing, where it is not the next one of its scope any more: another process has made that.
    ///
    /// *Atomicity*: with the transaction. *Replay*: safe.
    package func insert(_ stored: StoredRoot, _ leaves: [Leaf], floor: Int) throws -> Bool {
        let root = stored.root
        let last = try lastRoot(of: root.scope)
        guard root.previous == last?.hash ?? StoredRoot.nothing,
            root.number == StoredRoot.number(after: last, floor: floor)
        else { return false }
        try connection.execute(
            """
            INSERT INTO root (\(StoredRoot.columns))
            VALUES (\(root.scope), \(root.number), \(root.at.milliseconds), \(root.leaves), \(root.tree),
                \(root.previous), \(root.key), \(stored.hash), \(stored.signature))
            """)
        roots.known.updateValue(stored.name, forKey: root.scope)
        for (place, leaf) in leaves.enumerated() {
            try connection.execute(
                """
                INSERT INTO leaf (scope, root, place, chain, sequence, hash)
                VALUES (\(root.scope), \(root.number), \(place), \(leaf.chain), \(leaf.sequence),
                    \(leaf.hash))
                """)
            try connection.execute(
                """
                DELETE FROM unsealed WHERE scope = \(root.scope) AND chain = \(leaf.chain)
                    AND sequence <= \(leaf.sequence)
                """)
        }
        if root.scope != Root.instance, let number = Int64(exactly: root.number) {
            try awaitSeal(Root.chain(of: root.scope), number, of: Root.instance, since: root.at)
        }
        return true
    }
}
