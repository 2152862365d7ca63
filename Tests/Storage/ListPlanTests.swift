import Database
import Domain
import Platform
import TestKit
import Testing

@testable import Storage

/// A connection that asks for the plan of each question before it answers it.
private struct PlannedConnection: Connection {
    let base: any Connection
    let plans: Lock<[String]>

    var dialect: Dialect { base.dialect }

    func execute(_ sql: SQL) throws(DatabaseError) -> Int { try base.execute(sql) }

    func query(_ sql: SQL) throws(DatabaseError) -> [Row] {
        for row in try base.query("EXPLAIN QUERY PLAN " + sql) {
            let step = try row.text(3)
            plans.withLock { $0.append(step) }
        }
        return try base.query(sql)
    }

    func first(_ sql: SQL) throws(DatabaseError) -> Row? { try query(sql).first }

    func forEach(_ sql: SQL, _ body: (Row) throws -> Void) throws { try base.forEach(sql, body) }

    func attempt<T>(_ body: () throws -> T) throws -> T { try base.attempt(body) }
}

/// A question of a merchant's, and the index with the columns that must answer it.
struct ListQuestion: CustomTestStringConvertible {
    let testDescription: String
    let index: String
    let ask: @Sendable (Transaction) throws -> Void

    init(_ name: String, _ index: String, _ ask: @escaping @Sendable (Transaction) throws -> Void) {
        (testDescription, self.index, self.ask) = (name, index, ask)
    }

    static func payments(
        _ name: String, _ index: String, _ change: @escaping @Sendable (inout PaymentFilter) -> Void
    ) -> ListQuestion {
        ListQuestion("payments \(name)", index) { tx in
            var filter = PaymentFilter()
            filter.isTest = true
            change(&filter)
            _ = try tx.payments(of: Sample.merchant, filter, PageRequest(limit: 20))
        }
    }
}

@Suite("A list goes over no row of the other mode")
struct ListPlanTests {
    static let questions: [ListQuestion] = [
        .payments("all", "payment_by_merchant (merchant=? AND is_test=?)") { _ in },
        .payments("in a state", "payment_by_state (merchant=? AND is_test=? AND state=?)") { $0.state = .paid },
        .payments("of an order", "payment_by_order (merchant=? AND is_test=? AND order_id=?)") {
            $0.orderID = "order-1"
        },
        .payments("with a question", "payment_by_question (merchant=? AND is_test=?)") {
            $0.hasOpenException = true
        },
        .payments("to fulfil", "payment_to_fulfil (merchant=? AND is_test=?)") {
            ($0.isFulfillable, $0.isFulfilled) = (true, false)
        },
        ListQuestion("events", "event_by_merchant (merchant=? AND is_test=? AND position>?)") {
            _ = try $0.events(
                of: Sample.merchant, after: 0, isTest: true, type: nil, subject: nil, limit: 20)
        },
        .payments("made since", "payment_by_merchant (merchant=? AND is_test=?") { $0.createdFrom = Sample.at(0) },
        .payments("made since, in a state", "payment_by_state (merchant=? AND is_test=? AND state=?") {
            ($0.createdFrom, $0.state) = (Sample.at(0), .paid)
        },
        ListQuestion("events of a type", "event_by_merchant (merchant=? AND is_test=? AND position>?") {
            _ = try $0.events(
                of: Sample.merchant, after: 0, isTest: true, type: "payment.paid", subject: nil, limit: 20)
        },
        ListQuestion("entries", "entry_by_merchant (merchant=? AND is_test=?)") {
            _ = try $0.entries(of: Sample.merchant, method: nil, isTest: true, PageRequest(limit: 20))
        },
        ListQuestion("entries of a method", "entry_by_method (merchant=? AND is_test=? AND method=?)") {
            _ = try $0.entries(
                of: Sample.merchant, method: Sample.method, isTest: true, PageRequest(limit: 20))
        },
        ListQuestion("transfers", "transfer_by_merchant (merchant=? AND is_test=?)") {
            _ = try $0.transfers(
                of: Sample.merchant, transaction: nil, isTest: true, PageRequest(limit: 20))
        },
        ListQuestion("exceptions", "exception_by_merchant (merchant=? AND is_test=?)") {
            _ = try $0.exceptions(
                of: Sample.merchant, isOpen: nil, kind: nil, isTest: true, PageRequest(limit: 20))
        },
        ListQuestion("open exceptions", "exception_in_question (merchant=? AND is_test=?)") {
            _ = try $0.exceptions(
                of: Sample.merchant, isOpen: true, kind: nil, isTest: true, PageRequest(limit: 20))
        },
        ListQuestion("what waits, by kind", "exception_waiting (kind=? AND is_test=?)") { _ = try $0.backlog() },
        ListQuestion("what was given up", "delivery_by_due (state=? AND endpoint=?)") { _ = try $0.backlog() },
        ListQuestion("the newest rates", "rate USING INDEX rate_by_time (is_test=?)") { _ = try $0.backlog() },
        ListQuestion("a replay", "event_by_merchant (merchant=? AND is_test=? AND position>? AND position<?)") {
            _ = try $0.replay(
                to: Sample.endpoint(50), from: 1, through: 100, onlyFailed: false, at: Sample.at(0), limit: 10)
        },
        ListQuestion("a replay of what failed", "delivery_by_failure (endpoint=? AND position>? AND position<?)") {
            _ = try $0.replay(
                to: Sample.endpoint(50), from: 1, through: 100, onlyFailed: true, at: Sample.at(0), limit: 10)
        },
    ]

    @Test("and sorts nothing: an index has all that it is narrowed to", arguments: questions)
    func plan(_ question: ListQuestion) async throws {
        try await withStore(.sqlite) { store in
            let plans = Lock<[String]>([])
            try await store.database.write { connection in
                let planned = PlannedConnection(base: connection, plans: plans)
                try question.ask(Transaction(planned, Damage(log: { _ in })))
            }
            let plan = plans.withLock { $0 }
            #expect(plan.contains { $0.contains(question.index) }, "\(plan)")
            #expect(!plan.contains { $0.contains("ORDER BY") }, "\(plan)")
        }
    }

    @Test("Keys and wallets that were given up cost nothing when one more is made")
    func givenUp() async throws {
        try await withStore(.sqlite) { store in
            let plans = Lock<[String]>([])
            try await store.database.write { db in
                let planned = PlannedConnection(base: db, plans: plans)
                let tx = Transaction(planned, Damage(log: { _ in }))
                _ = try tx.walletsInUse(of: Sample.merchant)
                for count: SQL in [
                    """
                    SELECT count(*) FROM api_key WHERE merchant = 'm' AND is_test = 1 AND revoked_at IS NULL
                    """,
                    "SELECT 1 FROM api_key WHERE merchant = 'm' AND created_at > 1 LIMIT 1 OFFSET 999",
                    "SELECT 1 FROM wallet WHERE merchant = 'm' AND created_at > 1 LIMIT 1 OFFSET 499",
                ] { _ = try planned.query(count) }
            }
            let plan = plans.withLock { $0 }
            for index in ["wallet_in_use", "api_key_in_use", "api_key_by_time", "wallet_by_time"] {
                #expect(plan.contains { $0.contains(index) }, "\(plan)")
            }
        }
    }
}
