import Crypto
import Database
import Domain
@testable import Engine
import Platform
@testable import Storage
import TestKit
import Testing

@Suite("No byte of the log is changed unseen", .timeLimit(.minutes(15)))
struct ByteTests {
    /// The tables of the log with what names a row of each.
    private static let tables = [
        (name: "record", keys: ["chain", "sequence"]), (name: "root", keys: ["scope", "number"]),
        (name: "leaf", keys: ["scope", "root", "place"]),
    ]

    /// One value of one row.
    fileprivate struct Place: CustomStringConvertible {
        let table: String
        let condition: SQL
        let column: String
        let value: Value
        var description: String { "\(table).\(column) of \(value)" }
    }

    /// A store with a merchant and a payment, whose chains are sealed to their ends, by two roots each.
    private func store(_ engine: Engine) async throws -> FilledStore {
        let store = try await FilledStore(engine)
        try await store.settle()
        _ = try await store.gateway.seal()
        _ = try await store.open("one")
        #expect(try await store.gateway.seal() == 2)
        #expect(try await store.verify().isClean)
        return store
    }

    /// Every value of every row of the log.
    private static func places(_ db: any Connection) throws -> [Place] {
        try tables.flatMap { table in
            let columns = try db.columns(of: table.name)
            return try db.query("SELECT * FROM \(raw: table.name)").flatMap { row in
                let named = Array(zip(columns, row.values))
                var condition: SQL = "1 = 1"
                for (column, value) in named where table.keys.contains(column) {
                    switch value {
                    case .text(let text): condition += " AND \(raw: column) = \(text)"
                    case .integer(let number): condition += " AND \(raw: column) = \(number)"
                    case .blob, .null: break
                    }
                }
                return named.map { Place(table: table.name, condition: condition, column: $0.0, value: $0.1) }
            }
        }
    }

    private struct Undone: Error {}

    /// Makes each change by itself, and gives those that were not found.
    private func make(
        in store: FilledStore, _ changes: @escaping @Sendable (any Connection) throws -> [SQL]
    ) async throws -> (unseen: [String], count: Int) {
        let key = store.gateway.keys.signing.publicKey
        let result = Lock<(unseen: [String], count: Int)>(([], 0))
        do {
            try await store.gateway.store.write { tx in
                for change in try changes(tx.connection) {
                    do {
                        try tx.attempt {
                            guard try tx.connection.execute(change) > 0 else { return }
                            var verifier = Verifier(tx, signedBy: key)
                            try verifier.run { _, _ in }
                            let isSeen = !verifier.report.isClean
                            result.withLock { result in
                                result.count += 1
                                if !isSeen { result.unseen.append("\(change)") }
                            }
                            throw Undone()
                        }
                    } catch where error is Undone || Store.isAboutRows(error) || Store.isTaken(error) {
                        // Undone again, or a row that the schema itself refuses.
                        continue
                    }
                }
                throw Undone()
            }
        } catch is Undone {}
        return result.withLock { $0 }
    }

    @Test("Each byte of each value, flipped", arguments: Engine.allCases)
    func flips(engine: Engine) async throws {
        let store = try await store(engine)
        let step = engine == .sqlite ? 1 : 16
        let (unseen, count) = try await make(in: store) { db in
            try Self.places(db).flatMap { place in
                stride(from: 0, to: place.value.size, by: step).compactMap { at -> SQL? in
                    place.update { bytes in bytes[at] ^= 1 } number: { $0 ^ 1 << Int64(8 * at) }
                }
            }
        }
        #expect(unseen.isEmpty, "\(unseen.count) of \(count): \(unseen.prefix(5))")
        #expect(count > (engine == .sqlite ? 3_000 : 150))
        await store.close()
    }

    @Test("Bytes that are taken away, put in, swapped or cut off at the end", arguments: Engine.allCases)
    func lengths(engine: Engine) async throws {
        let store = try await store(engine)
        let step = engine == .sqlite ? 13 : 101
        let (unseen, count) = try await make(in: store) { db in
            try Self.places(db).flatMap { place in
                stride(from: 0, to: place.value.size, by: step).flatMap { at -> [SQL?] in
                    [
                        place.update { $0.remove(at: at) }, place.update { $0.insert($0[at], at: at) },
                        place.update { bytes in
                            guard at + 1 < bytes.count, bytes[at] != bytes[at + 1] else { return bytes = [] }
                            bytes.swapAt(at, at + 1)
                        }, place.update { $0.removeSubrange(at...) },
                    ]
                }.compactMap(\.self)
            }
        }
        #expect(unseen.isEmpty, "\(unseen.count) of \(count): \(unseen.prefix(5))")
        #expect(count > (engine == .sqlite ? 500 : 50))
        await store.close()
    }

    @Test("Each row taken away, with all behind it, or given the content of its neighbour", arguments: Engine.allCases)
    func rows(engine: Engine) async throws {
        let store = try await store(engine)
        let (unseen, count) = try await make(in: store) { db in
            let deletes = try Self.places(db).filter { $0.column == "hash" }.map { row -> SQL in
                "DELETE FROM \(raw: row.table) WHERE \(row.condition)"
            }
            let tables: [SQL] = ["DELETE FROM root", "DELETE FROM leaf", "DELETE FROM record"]
            let chains = try db.query("SELECT chain, sequence FROM record ORDER BY chain, sequence")
            let tails = try chains.map { row -> SQL in
                "DELETE FROM record WHERE chain = \(try row.text(0)) AND sequence >= \(try row.integer(1))"
            }
            let swaps = try chains.map { row -> SQL in
                let (chain, sequence) = (try row.text(0), try row.integer(1))
                return """
                    UPDATE record SET body = n.body, kind = n.kind, at = n.at
                    FROM (SELECT body, kind, at FROM record WHERE chain = \(chain) AND sequence = \(sequence + 1)) n
                    WHERE chain = \(chain) AND sequence = \(sequence)
                    """
            }
            return deletes + tails + swaps + tables
        }
        #expect(unseen.isEmpty, "\(unseen.count) of \(count): \(unseen.prefix(5))")
        #expect(count >= 30)
        await store.close()
    }
}

extension ByteTests.Place {
    /// The statement that changes the value; nil where `change` leaves it, or makes nothing of it.
    fileprivate func update(
        _ change: (inout [UInt8]) -> Void, number: ((Int64) -> Int64)? = nil
    ) -> SQL? {
        let head: SQL = "UPDATE \(raw: table) SET \(raw: column) = "
        let tail: SQL = " WHERE \(condition)"
        switch value {
        case .null: return nil
        case .integer(let old): return number.map { head + "\($0(old))" + tail }
        case .blob(let old):
            var bytes = old
            change(&bytes)
            return bytes == old ? nil : head + "\(bytes)" + tail
        case .text(let old):
            var bytes = Array(old.utf8)
            change(&bytes)
            return bytes == Array(old.utf8) ? nil : head + "\(String(decoding: bytes, as: UTF8.self))" + tail
        }
    }
}

extension Value {
    /// Bytes of a text or a blob, and of a number eight.
    fileprivate var size: Int {
        switch self {
        case .null: 0
        case .integer: 8
        case .text(let text): text.utf8.count
        case .blob(let bytes): bytes.count
        }
    }
}

extension Connection {
    /// The columns of a table in the order of `SELECT *`.
    fileprivate func columns(of table: String) throws -> [String] {
        let sql: SQL =
            dialect == .sqlite
            ? "SELECT name FROM pragma_table_info(\(table)) ORDER BY cid"
            : """
            SELECT column_name::text FROM information_schema.columns
            WHERE table_name = \(table) AND table_schema = current_schema() ORDER BY ordinal_position
            """
        return try query(sql).map { try $0.text(0) }
    }
}
