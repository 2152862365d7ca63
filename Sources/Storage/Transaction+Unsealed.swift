import Crypto
import Database
package import Domain

/// What a look at the unsealed ends of a scope's chains came to.
package struct Sealable: Sendable {
    /// Of a tree, in its order.
    package let leaves: [Leaf]
    /// The last chain that was looked at; nil when there is none behind it.
    package let edge: String?
    /// Nothing but tries to deliver, and none of them has waited for long: they go along with the next root.
    package let isPatient: Bool
}

/// What no root holds yet.
package struct Unsealed: Hashable, Sendable {
    /// Ends of chains, as far as they are counted.
    package let chains: Int
    /// Since when the one has waited that waits the longest, among as many; those of tries to deliver are
    /// patient, and are not meant. Nil when there is none.
    package let since: Instant?
}

extension Transaction {
    /// Notes that a chain has a new end, for the sealer.
    ///
    /// - Parameters:
    ///   - scope: whose roots hold it.
    ///   - since: the real time.
    func awaitSeal(_ chain: String, _ sequence: Int64, of scope: String, since: Instant) throws {
        try connection.execute(
            """
            INSERT INTO unsealed (scope, chain, sequence, since)
            VALUES (\(scope), \(chain), \(sequence), \(since.milliseconds))
            ON CONFLICT (scope, chain) DO UPDATE SET sequence = excluded.sequence
            """)
    }

    /// The next merchant after `scope` that has ends of chains which no root holds; nil when there is none.
    /// By the merchants, so that a damaged row hides no scope behind it.
    package func unsealedScope(after scope: String) throws -> String? {
        try connection.first(
            """
            SELECT m.id FROM merchant m WHERE m.id > \(scope)
                AND EXISTS (SELECT 1 FROM unsealed u WHERE u.scope = m.id)
            ORDER BY m.id LIMIT 1
            """)?.text(0)
    }

    /// How much waits for a root, over all scopes. Goes over a bounded number of rows.
    package func unsealed() throws -> Unsealed {
        let row = try connection.first(
            """
            SELECT count(*), min(CASE WHEN substr(chain, 1, 4) <> \(Endpoint.prefix) THEN since END)
            FROM (SELECT chain, since FROM unsealed LIMIT \(Limits.walkedRows)) AS waiting
            """)
        guard let row else { return Unsealed(chains: 0, since: nil) }
        let since = try legible(row, of: "unsealed") { try $0.instantOrNil(1) }
        return Unsealed(chains: Int(try row.integer(0)), since: since ?? nil)
    }

    /// The unsealed ends of a scope's chains behind `chain`, `limit` of them at the most, and no more records
    /// than a bound beside those of one chain.
    ///
    /// A root vouches for what it holds. So each chain is read from the end that was sealed before: only what
    /// follows from there, unchanged, is held by the next root. What does not is left out and told of once,
    /// and so is a row that cannot be read: `verify` finds both.
    ///
    /// - Parameter now: the real time.
    package func sealable(of scope: String, behind chain: String, limit: Int, now: Instant) throws -> Sealable
    {
        let rows = try connection.query(
            """
            SELECT chain, sequence, since FROM unsealed WHERE scope = \(scope) AND chain > \(chain)
            ORDER BY chain LIMIT \(limit)
            """)
        var leaves: [Leaf] = []
        var edge: String?
        var records: Int64 = 0
        var isPatient = chain.isEmpty && rows.count < limit
        for row in rows {
            let chain = try legible(row, of: "unsealed") { try $0.text(0) }
            edge = chain ?? edge
            guard let chain else { continue }
            let leaf = try legible(row, of: "unsealed") { row in
                let since = try row.instant(2)
                let isNew = since <= now && now < since.adding(seconds: Limits.patientSeconds)
                if !chain.hasPrefix(Endpoint.prefix) || !isNew { isPatient = false }
                return try end(of: chain, at: try row.counted(1), &records)
            }
            if let leaf { leaves.append(leaf) }
            if records >= Limits.sealedRecords {
                return Sealable(
                    leaves: leaves.sorted(by: Leaf.stands), edge: edge, isPatient: false)
            }
        }
        return Sealable(
            leaves: leaves.sorted(by: Leaf.stands), edge: rows.count < limit ? nil : edge,
            isPatient: isPatient)
    }

    /// The end of a chain as a leaf, where it follows from the end that was sealed before. Throws
    /// `Corruption` where it does not.
    private func end(of chain: String, at sequence: Int64, _ records: inout Int64) throws -> Leaf {
        let row = try connection.first(
            "SELECT sequence, hash FROM leaf WHERE chain = \(chain) ORDER BY sequence DESC LIMIT 1")
        let sealed = try row.map(Head.init)
        guard sequence > sealed?.sequence ?? -1 else {
            throw Corruption("\(sequence) of \(chain) is sealed already")
        }
        let hash: [UInt8]
        if let scope = Root.scope(behind: chain) {
            hash = try root(at: sequence, of: scope)
            if let sealed, try root(at: sealed.sequence, of: scope) != sealed.hash {
                throw Corruption("root \(sealed.sequence) of \(scope) is not the one that was sealed")
            }
        } else {
            hash = try walk(chain, after: sealed, to: sequence)
            records += sequence - (sealed?.sequence ?? -1)
        }
        return Leaf(chain: chain, sequence: UInt64(sequence), hash: hash)
    }

    private func root(at number: Int64, of scope: String) throws -> [UInt8] {
        guard let root = try root(UInt64(number), of: scope), root.isSound, root.isSigned else {
            throw Corruption("root \(number) of \(scope) is missing or not sound")
        }
        return root.hash
    }

    /// Reads a chain from a sealed end on. Gives the hash of its record `end`, which is its last.
    private func walk(_ chain: String, after sealed: Head?, to end: Int64) throws -> [UInt8] {
        var head = Head.empty
        if let sealed {
            guard let record = try records(chain: chain, from: sealed.sequence, limit: 1).first,
                record.hash == sealed.hash, record.isSound
            else { throw Corruption("record \(sealed.sequence) of \(chain) is not the one that was sealed") }
            head = sealed
        }
        while true {
            let page = try records(chain: chain, from: head.sequence + 1, limit: Limits.verifiedRecords)
            for stored in page {
                guard stored.record.sequence == UInt64(head.sequence + 1), stored.isSound,
                    stored.record.previous == head.hash
                else {
                    throw Corruption("record \(stored.record.sequence) of \(chain) does not follow")
                }
                head = Head(sequence: head.sequence + 1, hash: stored.hash)
            }
            if page.count < Limits.verifiedRecords { break }
        }
        guard head.sequence == end else {
            throw Corruption("\(chain) ends with record \(head.sequence), not \(end)")
        }
        return head.hash
    }
}
