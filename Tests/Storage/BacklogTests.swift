import Database
import Domain
import TestKit
import Testing

@testable import Storage

@Suite("What waits for people is counted over all merchants")
struct BacklogTests {
    private static let numbers: SQL = """
        WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1200)
        """

    private static func backlog(_ store: Store) async throws -> Backlog { try await store.read { try $0.backlog() } }

    @Test("What is dead or old of one mode is told whatever the other one has", arguments: DatabaseEngine.allCases)
    func modes(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            let test = Sample.endpoint(50)
            let live = StoredEndpoint(
                id: Sample.id(51), merchant: test.merchant, url: test.url, events: ["*"], description: "",
                isTest: false, secret: [1, 2, 3], state: .active, createdAt: Sample.at(0))
            let (own, other) = (Sample.merchant.text, StoredRate.owner(Sample.merchant, isTest: true))
            try await store.write { tx in
                for endpoint in [test, live] { try tx.save(endpoint) }
                try tx.connection.execute(
                    """
                    INSERT INTO delivery (id, event, position, endpoint, merchant, subject, sequence, state, attempts,
                        tries, due_at, lease_until, fence, created_at)
                    \(Self.numbers) SELECT 'dlv_' || n, 'evt_' || n, n,
                        CASE WHEN n > 3 THEN \(test.id.text) ELSE \(live.id.text) END, 'mer_1', 'pay_1', n, 'dead', 1,
                        1, n, NULL, 1, n FROM c
                    """)
                try tx.connection.execute(
                    """
                    INSERT INTO rate (merchant, asset, currency, source, rate, at, is_test)
                    \(Self.numbers) SELECT CASE WHEN n > 1 THEN \(other) ELSE \(own) END, 'A' || n, 'EUR', 'merchant',
                        '1', n, CASE WHEN n > 1 THEN 1 ELSE 0 END FROM c
                    """)
            }
            let backlog = try await Self.backlog(store)
            #expect(backlog.deadDeliveries == [false: 3, true: Limits.countedBacklog])
            #expect(backlog.newestRates.mapValues(\.milliseconds) == [false: 1, true: 1_200])
        }
    }

    @Test("by kind and mode, up to a bound, without what is settled or deleted", arguments: DatabaseEngine.allCases)
    func counts(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            let none = try await Self.backlog(store)
            #expect(none.openExceptions.count == 2 * Exception.Kind.allCases.count)
            #expect(none.openExceptions.values.allSatisfy { $0 == 0 } && none.newestRates.isEmpty)
            #expect(none.deadDeliveries == [true: 0, false: 0])
            let (live, test) = (Sample.merchant.text, StoredRate.owner(Sample.merchant, isTest: true))
            try await store.write { tx in
                let (first, second) = (Sample.endpoint(50), Sample.endpoint(51))
                for endpoint in [first, second] { try tx.save(endpoint) }
                for (merchant, at) in [("", 9_000), (live, 1_000), (live, 3_000), (test, 7_000), (test, 5_000)] {
                    try tx.connection.execute(
                        """
                        INSERT INTO rate (merchant, asset, currency, source, rate, at, is_test)
                        VALUES (\(merchant), \("A\(at)"), 'EUR', 'merchant', '1', \(at), \(merchant == test))
                        """)
                }
                try tx.connection.execute(
                    """
                    INSERT INTO exception (id, payment, merchant, is_test, kind, opened_at, is_open, body)
                    \(Self.numbers) SELECT 'exc_' || n, 'pay_' || n, 'mer_' || (n % 7),
                        CASE WHEN n > 3 THEN 1 ELSE 0 END, CASE WHEN n = 1 THEN 'late' ELSE 'dust' END, n,
                        CASE WHEN n = 3 THEN 0 ELSE 1 END, '{}' FROM c
                    """)
                let (known, gone) = (first.id.text, Sample.endpoint(52).id.text)
                try tx.connection.execute(
                    """
                    INSERT INTO delivery (id, event, position, endpoint, merchant, subject, sequence, state, attempts,
                        tries, due_at, lease_until, fence, created_at)
                    \(Self.numbers) SELECT 'dlv_' || n, 'evt_' || n, n,
                        CASE WHEN n = 1 THEN \(gone) ELSE \(known) END, 'mer_1', 'pay_1', n,
                        CASE WHEN n < 5 THEN 'dead' ELSE 'delivered' END, 1, 1, n, NULL, 1, n FROM c
                    """)
            }
            let some = try await Self.backlog(store)
            func open(_ kind: Exception.Kind, _ isTest: Bool) -> Int? {
                some.openExceptions[Backlog.Question(kind: kind, isTest: isTest)]
            }
            #expect(open(.late, false) == 1 && open(.dust, false) == 1 && open(.late, true) == 0)
            #expect(open(.dust, true) == Limits.countedBacklog, "of 1,197")
            #expect(some.deadDeliveries.values.sorted() == [0, 3])
            #expect(some.newestRates.mapValues(\.milliseconds) == [true: 7_000, false: 3_000])
        }
    }
}
