import Crypto
import Database
package import Domain
import JSON
import Platform

/// The end of a chain of records.
package struct Head: Hashable, Sendable {
    /// Of the last record; -1 before the first.
    package let sequence: Int64
    package let hash: [UInt8]

    package static let empty = Head(sequence: -1, hash: [UInt8](repeating: 0, count: 32))
}

extension Head {
    /// Reads a stored end. Throws `Corruption` where no record can follow.
    init(_ row: Row) throws {
        let hash = try row.blob(1)
        guard hash.count == Self.empty.hash.count else { throw Corruption("the end of a chain has no hash") }
        self.init(sequence: try row.counted(0), hash: hash)
    }
}

extension Row {
    /// A number that counts up from 0 and has one after it.
    func counted(_ column: Int) throws -> Int64 {
        let number = try integer(column)
        guard (0..<Int64.max).contains(number) else { throw Corruption("\(number) is no number in a row") }
        return number
    }
}

extension Transaction {
    /// The chain of what belongs to no merchant.
    package static let instanceChain = "instance"

    /// Writes one line of the evidence log at the end of its chain, in this transaction. Gives the new end.
    ///
    /// - Parameters:
    ///   - scope: whose roots seal the chain; nil where the chain is the merchant's own, or the instance's.
    ///   - at: the real time.
    @discardableResult
    package func record(
        chain: String, of scope: String? = nil, after head: Head, at: Instant, kind: String, subject: String,
        cause: String, actor: Actor, body: [UInt8]
    ) throws -> Head {
        let record = Record(
            chain: chain, sequence: UInt64(head.sequence + 1), at: at, kind: kind, subject: subject,
            cause: cause,
            actor: actor.text, body: body, previous: head.hash)
        let stored = StoredRecord(record)
        try insert(stored)
        try awaitSeal(chain, head.sequence + 1, of: scope ?? chain, since: at)
        return Head(sequence: head.sequence + 1, hash: stored.hash)
    }

    /// Writes a record alone: whoever does so says to the sealer where the chain ends (`awaitSeal`).
    func insert(_ stored: StoredRecord) throws {
        let record = stored.record
        try connection.execute(
            """
            INSERT INTO record (chain, sequence, at, kind, subject, cause, actor, body, previous, hash)
            VALUES (\(record.chain), \(record.sequence), \(record.at.milliseconds), \(record.kind),
                \(record.subject), \(record.cause), \(record.actor), \(record.body), \(record.previous),
                \(stored.hash))
            """)
    }

    /// Where a chain ends now.
    package func end(of chain: String) throws -> Head {
        let last = try connection.first(
            "SELECT sequence, hash FROM record WHERE chain = \(chain) ORDER BY sequence DESC LIMIT 1")
        return try last.map(Head.init) ?? .empty
    }

    /// As above, where the chain's end is not at hand: for configuration, which changes rarely.
    @discardableResult
    package func record(
        chain: String, of scope: String? = nil, at: Instant, kind: String, subject: String, cause: String,
        actor: Actor, body: [UInt8]
    ) throws -> Head {
        let head = try end(of: chain)
        return try record(
            chain: chain, of: scope, after: head, at: at, kind: kind, subject: subject, cause: cause,
            actor: actor, body: body)
    }

    /// The records of a chain from `sequence` on, in order.
    package func records(chain: String, from sequence: Int64 = 0, limit: Int) throws -> [StoredRecord] {
        try connection.query(
            """
            SELECT chain, sequence, at, kind, subject, cause, actor, body, previous, hash FROM record
            WHERE chain = \(chain) AND sequence >= \(sequence) ORDER BY sequence LIMIT \(limit)
            """
        ).map(StoredRecord.init)
    }

    /// The names of all chains after `name`, in order.
    package func chains(after name: String, limit: Int) throws -> [String] {
        try connection.query(
            "SELECT chain FROM record WHERE chain > \(name) AND sequence = 0 ORDER BY chain LIMIT \(limit)"
        ).map { try $0.text(0) }
    }
}

/// A record as it is stored, with its hash.
package struct StoredRecord: Hashable, Sendable {
    package let record: Record
    package let hash: [UInt8]

    /// Seals a record with its hash.
    init(_ record: Record) {
        self.record = record
        hash = SHA256.hash(record.preimage)
    }

    init(_ row: Row) throws {
        let sequence = try row.integer(1)
        guard sequence >= 0 else { throw Corruption("a record has a negative number") }
        record = Record(
            chain: try row.text(0), sequence: UInt64(sequence), at: try row.instant(2), kind: try row.text(3),
            subject: try row.text(4), cause: try row.text(5), actor: try row.text(6), body: try row.blob(7),
            previous: try row.blob(8))
        hash = try row.blob(9)
    }

    /// What binds the words of the person whose ruling it is; nil where it is none, or cannot be read.
    package var boundReason: Commitment? {
        guard record.kind == "ruled", let body = try? JSON.parse(record.body) else { return nil }
        return (body["fact"]?["reason"]?.asString).flatMap { Hex.decode($0) }.flatMap(Commitment.init)
    }

    /// Whether the hash is the record's.
    package var isSound: Bool { SHA256.hash(record.preimage) == hash }
}
