import Database
import TestKit
import Testing

@testable import Storage

@Suite("Paid but not fulfilled")
struct FulfilmentTests {
    @Test("It is read off an index of its own, however many payments there are")
    func plan() async throws {
        try await withStore(.sqlite) { store in
            let plan = try await store.database.read { db in
                try db.query(
                    """
                    EXPLAIN QUERY PLAN SELECT p.body, p.id FROM payment p
                    WHERE p.merchant = 'm' AND p.is_test = 1 AND p.is_fulfillable = 1
                        AND p.id NOT IN (SELECT payment FROM quarantine) AND p.is_fulfilled = 0
                        AND p.id < 'p' ORDER BY p.id DESC LIMIT 8
                    """
                ).map { try $0.text(3) }
            }
            #expect(plan.contains { $0.contains("payment_to_fulfil") }, "\(plan)")
            #expect(!plan.contains { $0.contains("ORDER BY") })
        }
    }
}
