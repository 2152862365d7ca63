import Crypto
import Database
import Domain
import JSON
import Platform

/// What the signed roots are checked by.
struct RootStory {
    /// The instance's key, as whoever asks has it; nil where nobody said.
    var trusted: Ed25519.PublicKey?
    /// Roots that were kept elsewhere.
    var kept: [RootName] = []
    /// The one that the file beside the store names.
    var own: RootName?
    /// The instance's keys that followed each other.
    var successions: [KeySuccession] = []
    /// The floors of restores, from which numbers go on.
    var floors: Set<UInt64> = []
    /// The one that an event named last, and that is there.
    fileprivate var named: RootName?
    /// The key of the first root, where nothing else tells which one counts.
    fileprivate var first: [UInt8]?

    /// Whether a key is, or was, the instance's. Where nobody knows one, each may be.
    func knows(_ key: [UInt8]) -> Bool {
        let known = successions.flatMap { [$0.old.bytes, $0.new.bytes] } + [trusted?.bytes].compactMap(\.self)
        return known.isEmpty || known.contains(key)
    }

    /// The key that a root has to be signed with; nil where any will do, for it is the first.
    fileprivate func key(of root: Root) -> [UInt8]? {
        let passed = successions.filter { succession in
            root.number > succession.roots.first { $0.scope == root.scope }?.number ?? 0
                || !succession.roots.contains { $0.scope == root.scope }
        }
        if let last = passed.last { return last.new.bytes }
        return successions.first?.old.bytes ?? trusted?.bytes ?? first
    }
}

extension Verifier {
    /// Compares the signed roots with each other, with the records that they hold, and with what is noted as
    /// not held by any.
    mutating func checkRoots() throws {
        if let trusted = story.trusted, let last = story.successions.last, last.new != trusted {
            report.add("chain \(Self.instance)", "its last instance key is not the one in force")
        }
        var scope = ""
        while let next = try tx.rootScope(after: scope) {
            scope = next
            try checkRoots(of: next)
        }
        try checkLeaves()
        try checkUnsealed()
        try compareKept()
    }

    private mutating func checkRoots(of scope: String) throws {
        var last: StoredRoot?
        while true {
            let page = try tx.roots(
                of: scope, from: last.map { $0.root.number + 1 } ?? 0, limit: Limits.verifiedRecords)
            for stored in page {
                explained["root", default: 0] += 1
                report.roots += 1
                check(stored, after: last)
                try compareLeaves(of: stored)
                last = stored
            }
            if page.count < Limits.verifiedRecords { break }
        }
        guard scope != Root.instance, let last else { return }
        try mustBeHeld(Root.chain(of: scope), upTo: Int64(clamping: last.root.number))
    }

    /// One root by itself, and as the one after `last`.
    private mutating func check(_ stored: StoredRoot, after last: StoredRoot?) {
        let root = stored.root
        let place = "root \(root.number) of \(root.scope)"
        let number = last.map { $0.root.number + 1 } ?? 0
        if root.number != number, !story.floors.contains(root.number) {
            report.add(place, "root \(number) before it is missing")
        } else if root.previous != last?.hash ?? StoredRoot.nothing {
            report.add(place, "it does not follow from the root before it")
        }
        if !stored.isSound { report.add(place, "its hash is not that of its content") }
        if let last, root.at < last.root.at { report.add(place, "it is older than the root before it") }
        if let key = story.key(of: root), key != root.key {
            report.add(place, "it is signed with a key that was not the instance's then")
        } else if !stored.isSigned {
            report.add(place, "its signature is not that of its key")
        }
        if story.first == nil { story.first = root.key }
    }

    /// A root's leaves make its tree, and each of them is the record that is there now.
    private mutating func compareLeaves(of stored: StoredRoot) throws {
        let root = stored.root
        let place = "root \(root.number) of \(root.scope)"
        let rows = try tx.connection.query(
            """
            SELECT l.place, l.chain, l.sequence, l.hash, r.hash, p.merchant FROM leaf l
            LEFT JOIN record r ON r.chain = l.chain AND r.sequence = l.sequence
            LEFT JOIN payment p ON p.id = l.chain
            WHERE l.scope = \(root.scope) AND l.root = \(root.number) ORDER BY l.place
            """)
        explained["leaf", default: 0] += Int64(rows.count)
        var leaves: [Leaf] = []
        for row in rows {
            let leaf = Leaf(
                chain: try row.text(1), sequence: UInt64(try row.counted(2)), hash: try row.blob(3))
            if try row.integer(0) != Int64(leaves.count) {
                report.add(place, "its leaves do not stand at 0 to \(rows.count - 1)")
            }
            if let last = leaves.last, !Leaf.stands(last, before: leaf) {
                report.add(place, "its leaves are not in their order")
            }
            leaves.append(leaf)
            let there =
                try Root.scope(behind: leaf.chain).map { try tx.root(leaf.sequence, of: $0)?.hash }
                ?? row.blobOrNil(4)
            compare(leaf, there, place)
            try checkScope(root.scope, of: leaf.chain, merchant: row.textOrNil(5), place)
        }
        if UInt64(rows.count) != root.leaves {
            report.add(place, "it has \(rows.count) leaves, it says \(root.leaves)")
        } else if MerkleTree(leaves.map(\.preimage)).head.bytes != root.tree {
            report.add(place, "its leaves are not those of its tree")
        }
    }

    private mutating func compare(_ leaf: Leaf, _ there: [UInt8]?, _ root: String) {
        let place =
            Root.scope(behind: leaf.chain).map { "root \(leaf.sequence) of \($0)" }
            ?? "record \(leaf.sequence) of \(leaf.chain)"
        guard let there else { return report.add(place, "it is missing, and \(root) holds it") }
        if there != leaf.hash { report.add(place, "it is not the one that \(root) holds") }
    }

    /// Whose roots hold a chain is who it belongs to.
    ///
    /// - Parameter merchant: the merchant of the payment of that name; nil for all else.
    private mutating func checkScope(
        _ scope: String, of chain: String, merchant: String?, _ place: String
    ) throws {
        let owner: String? =
            if chain == Self.instance || Root.scope(behind: chain) != nil {
                Root.instance
            } else if chain.hasPrefix(Merchant.prefix) {
                chain
            } else if chain.hasPrefix(Endpoint.prefix) {
                endpoints[chain]?.merchant
            } else {
                merchant
            }
        if let owner, owner != scope { report.add(place, "\(chain) belongs to \(owner)") }
    }

    /// Leaves of no root, and chains whose sealed ends do not rise from root to root.
    private mutating func checkLeaves() throws {
        if try count("SELECT count(*) FROM leaf") != explained["leaf"] ?? 0 {
            for row in try tx.connection.query(
                """
                SELECT l.scope, l.root, l.place FROM leaf l WHERE NOT EXISTS (
                    SELECT 1 FROM root r WHERE r.scope = l.scope AND r.number = l.root)
                ORDER BY l.scope, l.root, l.place LIMIT \(Limits.findings)
                """)
            {
                let root = "root \(try row.integer(1)) of \(try row.text(0))"
                report.add("leaf \(try row.integer(2)) of \(root)", "there is no such root")
            }
        }
        for row in try tx.connection.query(
            """
            SELECT chain, root FROM (
                SELECT chain, root, lag(root) OVER (PARTITION BY chain ORDER BY sequence) AS earlier FROM leaf
            ) AS held WHERE earlier >= root ORDER BY chain LIMIT \(Limits.findings)
            """)
        {
            let root = try row.integer(1)
            report.add("chain \(try row.text(0))", "root \(root) holds less of it than one before")
        }
    }

    /// Each chain's end is held by a root, or noted as one that waits.
    private mutating func checkUnsealed() throws {
        for row in try tx.connection.query(
            """
            SELECT h.chain, h.ending FROM (
                SELECT chain, max(sequence) AS ending FROM record GROUP BY chain) h
            LEFT JOIN unsealed u ON u.chain = h.chain AND u.sequence = h.ending
            WHERE u.chain IS NULL AND NOT EXISTS (
                SELECT 1 FROM leaf l WHERE l.chain = h.chain AND l.sequence >= h.ending)
            ORDER BY h.chain LIMIT \(Limits.findings)
            """)
        {
            report.add(
                "unsealed \(try row.text(0))", "no root holds record \(try row.integer(1)), and none is to")
        }
        var scopes: [(scope: String, chain: String, merchant: String?)] = []
        try tx.connection.forEach(
            """
            SELECT u.scope, u.chain, u.sequence, p.merchant,
                (SELECT max(r.sequence) FROM record r WHERE r.chain = u.chain),
                (SELECT max(l.sequence) FROM leaf l WHERE l.chain = u.chain), u.since
            FROM unsealed u LEFT JOIN payment p ON p.id = u.chain ORDER BY u.scope, u.chain
            """
        ) { row in
            let (chain, sequence) = (try row.text(1), try row.integer(2))
            explained["unsealed", default: 0] += 1
            // When it came is not in the log; that it is a time can be told.
            _ = try row.instant(6)
            let isChain = Root.scope(behind: chain) == nil
            if isChain, try row.integerOrNil(4) != sequence {
                report.add("unsealed \(chain)", "record \(sequence) is not its last one")
            } else if try row.integerOrNil(5) ?? -1 >= sequence {
                report.add("unsealed \(chain)", "a root holds record \(sequence) already")
            }
            scopes.append((try row.text(0), chain, try row.textOrNil(3)))
            if scopes.count > Limits.verifiedChains {
                for known in scopes {
                    try checkScope(known.scope, of: known.chain, merchant: known.merchant, "unsealed")
                }
                scopes = []
            }
        }
        for known in scopes {
            try checkScope(known.scope, of: known.chain, merchant: known.merchant, "unsealed")
        }
    }

    /// The last root of a merchant is held by one of the instance, or noted as one that waits.
    private mutating func mustBeHeld(_ chain: String, upTo number: Int64) throws {
        let held = try tx.connection.first(
            "SELECT 1 FROM leaf WHERE chain = \(chain) AND sequence >= \(number) LIMIT 1")
        if held != nil { return }
        let waiting = try tx.connection.first(
            """
            SELECT 1 FROM unsealed WHERE scope = \(Root.instance) AND chain = \(chain)
                AND sequence = \(number)
            """)
        if waiting == nil {
            report.add("unsealed \(chain)", "no root of the instance holds \(number), and none is to")
        }
    }

    /// Roots that somebody kept elsewhere, and that the instance's own keys signed for when they followed
    /// each other.
    private mutating func compareKept() throws {
        for kept in story.kept + [story.own].compactMap(\.self) + story.successions.flatMap(\.roots) {
            let place = "root \(kept.number) of \(kept.scope)"
            guard let root = try tx.root(kept.number, of: kept.scope) else {
                report.add(place, try lost(kept))
                continue
            }
            if root.hash == kept.hash {
                if story.kept.contains(kept) { report.confirmed.append(place) }
            } else {
                report.add(place, "it is \(Hex.encode(root.hash)), it was \(Hex.encode(kept.hash))")
            }
        }
    }

    /// The root that an event names is there. Not asked where one payment alone is looked at.
    mutating func compareRoot(namedIn body: String, of merchant: String, _ place: String) throws {
        guard isWhole, let root = (try? JSON.parse(Array(body.utf8)))?["root"], !root.isNull else { return }
        guard let number = (root["number"]?.asNumber?.text).flatMap({ UInt64($0) }),
            let hash = (root["hash"]?.asString).flatMap({ Hex.decode($0) })
        else { return report.add(place, "what it names is no root") }
        let name = RootName(scope: merchant, number: number, hash: hash)
        if name == story.named { return }
        if try tx.root(number, of: merchant)?.hash == hash {
            story.named = name
        } else {
            report.add(place, "root \(number), which it names, is not there")
        }
    }

    /// Why a root that there was is not there.
    private func lost(_ kept: RootName) throws -> String {
        let next = try tx.roots(of: kept.scope, from: kept.number, limit: 1).first?.root.number
        if let next, story.floors.contains(next) {
            return "it is not there: a restore was recorded after it, and what came after that backup is lost"
        }
        return "it is not there: this store was put back to before it, or written anew"
    }
}
