import Database
import Domain
import TestKit
import Testing

@testable import Storage

@Suite("Paid but not fulfilled")
struct FulfilmentTests {
    @Test("It is found, until it is fulfilled or set aside", arguments: DatabaseEngine.allCases)
    func found(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            var ids: [ID<Payment>] = []
            for number in 1...4 { ids.append(try await store.open(number).id) }
            for (number, id) in zip(1..., ids).dropFirst() {
                let mined = Sample.sighting(number, Sample.block(100), sequence: 3)
                try await store.tell(id, .sighted([mined], spends: [:]))
            }
            try await store.tell(ids[3], .fulfilmentReported(action: "parcel"), at: 30)
            let aside = ids[2]
            try await store.write { try $0.quarantine(aside, at: Sample.at(40), reason: "r") }
            var wanted = PaymentFilter()
            func found() async throws -> [ID<Payment>] {
                let filter = wanted
                return try await store.read {
                    try $0.payments(of: Sample.merchant, filter, PageRequest(limit: 10)).items.map(\.id)
                }
            }
            wanted.isFulfillable = true
            #expect(try await found() == [ids[3], ids[1]])
            wanted.isFulfilled = false
            #expect(try await found() == [ids[1]])
            wanted.isFulfillable = false
            #expect(try await found() == [ids[2], ids[0]])
            wanted.isFulfilled = true
            #expect(try await found() == [])
        }
    }

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
