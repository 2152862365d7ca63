import Database
import Domain
import TestKit
import Testing

@testable import Storage

@Suite("However much there is, what is looked up is looked up on an index")
struct PlanTests {
    /// What a watcher asks for every block and every look at the pool.
    static let questions: [(name: String, index: String, ask: @Sendable (Storage.Transaction) throws -> Void)] = [
        ("an API key", "api_key", { _ = try $0.key(ID(number: 7)) }),
        ("one script", "destination", { _ = try $0.attributions(of: ["script 7"]) }),
        ("as many scripts as go at once", "destination", { tx in
            _ = try tx.attributions(of: (0..<Limits.lookups).map { "script \($0)" })
        }),
        ("all scripts of a block", "destination", { tx in
            _ = try tx.attributions(of: (0..<4_000).map { "script \($0)" })
        }),
        ("the outputs that a block spends", "transfer", { tx in
            _ = try tx.transfers(of: Sample.network, at: (0..<4_000).map { "tx\($0):0" })
        }),
        ("the rivals of what the pool spends", "pool_input", { tx in
            _ = try tx.poolSpenders(of: Sample.network, places: (0..<4_000).map { "tx\($0):0" })
        }),
        ("the proofs of a transaction", "proof", { tx in
            _ = try tx.proofs(of: Sample.network, transaction: "tx7")
        }),
        ("the headers on top of a block", "header", { tx in
            _ = try tx.headers(of: Sample.network, from: 7, to: 12)
        }),
        ("what a transaction paid", "transfer_by_transaction", { tx in
            _ = try tx.transfers(of: Sample.network, transaction: "tx7")
        }),
        ("what no block holds", "transfer_by_standing", { _ = try $0.pooledTransfers(of: Sample.network) }),
        ("what a reorg takes back", "transfer_by_standing", { tx in
            _ = try tx.minedTransfers(of: Sample.network, above: 19_990)
        }),
        ("what was spent in blocks that are gone", "transfer_by_spend", { tx in
            _ = try tx.spentTransfers(of: Sample.network, above: 19_990)
        }),
    ]

    @Test("Scripts and transfers", arguments: DatabaseEngine.allCases)
    func lookups(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            try await Self.fill(store)
            for (name, index, ask) in Self.questions {
                let plans = try await store.database.read { db in
                    // PostgreSQL reads twenty thousand rows sooner than it looks up 256; of millions it would not.
                    if engine == .postgres { try db.execute("SET LOCAL enable_seqscan = off") }
                    let explaining = Explaining(db)
                    try ask(Transaction(explaining))
                    return explaining.plans
                }
                #expect(!plans.isEmpty)
                for line in plans {
                    let words = line.uppercased()
                    #expect(!words.hasPrefix("SCAN") && !words.contains("SEQ SCAN"), "\(name): \(line)")
                }
                #expect(plans.contains { $0.contains(index) }, "\(name): \(Set(plans))")
            }
        }
    }

    /// Twenty thousand of each, and for PostgreSQL, which gathers them by itself, figures about them.
    private static func fill(_ store: Store) async throws {
        let numbers: SQL = "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000)"
        let network = Sample.network.text
        let (payment, quote): (ID<Payment>, ID<Quote>) = (Sample.id(1), Sample.id(2))
        let (owner, quoted) = (payment.text, quote.text)
        let bytes: [UInt8] = [7]
        try await store.database.write { db in
            try db.execute(
                """
                INSERT INTO destination (script, id, payment, quote, merchant, network)
                \(numbers) SELECT 'script ' || n, 'dst_' || n, \(owner), \(quoted), 'mer_1', \(network) FROM c
                """)
            try db.execute(
                """
                INSERT INTO transfer (network, place, transaction_id, id, payment, merchant, is_test, standing, height,
                    script, spend_height)
                \(numbers) SELECT \(network), 'tx' || n || ':0', 'tx' || n, 'tra_' || n, \(owner), 'mer_1', 1,
                    CASE WHEN n > 19900 THEN 'pooled' ELSE 'mined' END, n, 'script ' || n, n FROM c
                """)
            try db.execute(
                """
                INSERT INTO pool_input (network, place, transaction_id)
                \(numbers) SELECT \(network), 'tx' || n || ':0', 'tx' || n FROM c
                """)
            try db.execute(
                """
                INSERT INTO proof (network, transaction_id, block, height, place, header, branch, size, raw)
                \(numbers) SELECT \(network), 'tx' || n, 'block ' || n, n, 0, \(bytes), \(bytes), 1, \(bytes)
                    FROM c
                """)
            try db.execute(
                """
                INSERT INTO header (network, height, block, parent, median_time, raw)
                \(numbers) SELECT \(network), n, 'block ' || n, 'block', n, \(bytes) FROM c
                """)
            guard db.dialect == .postgres else { return }
            let tables = ["destination", "transfer", "pool_input", "proof", "header"]
            for table in tables { try db.execute("ANALYZE \(raw: table)") }
        }
    }
}
