import Database
import Domain
import TestKit
import Testing

@testable import Storage

@Suite("Deliveries in the store")
struct DeliveryTests {
    private static func endpoint(_ number: Int) -> StoredEndpoint { Sample.endpoint(number) }

    private func lease(_ store: Store, _ endpoint: Int, at seconds: Int64, limit: Int = 10) async throws
        -> [LeasedDelivery]
    {
        try await store.write {
            try $0.lease(
                for: Sample.id(endpoint), now: Sample.at(seconds), until: Sample.at(seconds + 60),
                limit: limit)
        }
    }

    /// Stores what a try came to. Gives whether it counted.
    @discardableResult
    private func settle(_ store: Store, _ leased: LeasedDelivery, _ status: Int, at seconds: Int64)
        async throws -> Bool
    {
        let (next, _) = leased.delivery.delivery.reduce(
            .answered(status: status, retryAfterSeconds: nil), at: Sample.at(seconds), chance: 0)
        let attempt = Attempt(
            number: 1, at: Sample.at(seconds), milliseconds: 5, status: status, fault: nil, excerpt: "x",
            isStale: false)
        return try await store.write { try $0.settle(leased.delivery, next: next, attempt: attempt) }
    }

    @Test(
        "The events of one payment come in order, those of another beside them",
        arguments: DatabaseEngine.allCases)
    func order(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            try await store.write { try $0.save(Self.endpoint(50)) }
            for number in 1...2 { try await store.open(number) }
            var told: [String] = []
            for _ in 0..<2 {
                let leased = try await lease(store, 50, at: 0)
                #expect(Set(leased.map(\.delivery.subject)).count == leased.count)
                #expect(try await lease(store, 50, at: 0).isEmpty, "what is leased is nobody else's")
                for delivery in leased {
                    told.append("\(delivery.delivery.subject) \(delivery.delivery.sequence)")
                    #expect(try await settle(store, delivery, 200, at: 0))
                }
            }
            #expect(Set(told.prefix(2)) == Set((1...2).map { "\(Sample.id($0) as ID<Payment>) 1" }))
            #expect(Set(told.suffix(2)) == Set((1...2).map { "\(Sample.id($0) as ID<Payment>) 2" }))
            #expect(try await lease(store, 50, at: 1_000_000).isEmpty)
        }
    }

    @Test("After three failures the next event overtakes", arguments: DatabaseEngine.allCases)
    func overtaking(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            try await store.write { try $0.save(Self.endpoint(50)) }
            try await store.open(1)
            var now: Int64 = 0
            for _ in 0..<Delivery.triesBeforeOvertaking {
                let leased = try await lease(store, 50, at: now)
                #expect(leased.map(\.delivery.sequence) == [1])
                guard let first = leased.first else { return }
                try await settle(store, first, 500, at: now)
                now += Delivery.scheduleSeconds[first.delivery.delivery.attempts + 1]
            }
            let leased = try await lease(store, 50, at: now)
            #expect(leased.map(\.delivery.sequence).contains(2))
        }
    }

    @Test(
        "The outcome of a try whose lease has ended is kept, and changes nothing",
        arguments: DatabaseEngine.allCases)
    func fence(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            try await store.write { try $0.save(Self.endpoint(50)) }
            try await store.open(1)
            let slow = try await lease(store, 50, at: 0)[0]
            #expect(try await lease(store, 50, at: 59).isEmpty)
            let quick = try await lease(store, 50, at: 60)[0]
            #expect(quick.delivery.id == slow.delivery.id && quick.body == slow.body)
            #expect(try await !settle(store, slow, 200, at: 61))
            #expect(try await settle(store, quick, 500, at: 62))
            #expect(try await !settle(store, quick, 200, at: 63), "an outcome counts once")
            let (stored, attempts) = try await store.read { tx in
                (
                    try tx.delivery(slow.delivery.id, of: Sample.id(50)),
                    try tx.attempts(of: slow.delivery.id)
                )
            }
            #expect(stored?.delivery.attempts == 1 && stored?.tries == 3)
            #expect(attempts.map(\.isStale) == [true, false, true])
            #expect(attempts.map(\.number) == [1, 2, 3])
        }
    }

    @Test(
        "A lease that is given back can be taken at once, but not by a late hand",
        arguments: DatabaseEngine.allCases)
    func release(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            try await store.write { try $0.save(Self.endpoint(50)) }
            try await store.open(1)
            let first = try await lease(store, 50, at: 0)[0]
            try await store.write { try $0.release(first.delivery) }
            let second = try await lease(store, 50, at: 0)
            #expect(second.map(\.delivery.id) == [first.delivery.id])
            try await store.write { try $0.release(first.delivery) }
            #expect(try await lease(store, 50, at: 0).isEmpty)
        }
    }

    @Test("One endpoint's backlog hides no other's", arguments: DatabaseEngine.allCases)
    func backlog(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            try await store.write { try $0.save(Self.endpoint(50)) }
            for number in 1...30 { try await store.open(number) }
            try await store.write { try $0.save(Self.endpoint(51)) }
            try await store.open(31)
            let owed = try await store.read { try $0.endpointsOwed(by: Sample.at(0)) }
            #expect(owed.map { $0.endpoint } == [Sample.id(50), Sample.id(51)])
            #expect(try await lease(store, 50, at: 0, limit: 8).count == 8)
            #expect(try await lease(store, 51, at: 0, limit: 8).count == 1)
        }
    }

    @Test("An endpoint that is off keeps what it is owed", arguments: DatabaseEngine.allCases)
    func held(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            var endpoint = Self.endpoint(50)
            try await store.write { [endpoint] in try $0.save(endpoint) }
            try await store.open(1)
            let running = try await lease(store, 50, at: 0)[0]
            endpoint.state = .disabled
            try await store.write { [endpoint] in try $0.save(endpoint) }
            #expect(try await settle(store, running, 500, at: 1), "the receiver had it before the switch")
            func shown(_ state: String?) async throws -> [String] {
                try await store.read {
                    try $0.deliveries(of: Sample.id(50), state: state, PageRequest(limit: 10)).items
                }.map(\.delivery.stateText)
            }
            for state in [nil, "held"] { #expect(try await shown(state) == ["held", "held"]) }
            for state in ["waiting", "queued"] { #expect(try await shown(state).isEmpty) }
            #expect(try await store.read { try $0.endpointsOwed(by: Sample.at(100)) }.isEmpty)
            #expect(try await lease(store, 50, at: 100).isEmpty)
            endpoint.state = .active
            try await store.write { [endpoint] in try $0.save(endpoint) }
            #expect(try await shown("held").isEmpty)
            #expect(try await shown("queued") == ["queued"])
            for sequence in Int64(1)...2 {
                let leased = try await lease(store, 50, at: 100 + sequence)
                #expect(leased.map(\.delivery.sequence) == [sequence])
                for delivery in leased { try await settle(store, delivery, 200, at: 100) }
            }
        }
    }

    @Test("An endpoint that was owed much is changed, switched off and deleted in small steps")
    func steps() async throws {
        try await withStore(.sqlite) { store in
            var endpoint = Self.endpoint(50)
            try await store.write { [endpoint] in try $0.save(endpoint) }
            let id = endpoint.id.text
            try await store.database.write { db in
                _ = try db.execute(
                    """
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                    INSERT INTO delivery (id, event, position, endpoint, merchant, subject, sequence, state,
                        attempts, tries, due_at, fence, created_at)
                    SELECT 'dlv_' || i, 'evt_' || i, i, \(id), 'mer', 'pay_' || (i / 5), i,
                        CASE i % 5 WHEN 0 THEN 'waiting' WHEN 1 THEN 'dead' ELSE 'queued' END, 1, 2, 0, 0, 0
                    FROM n
                    """)
                _ = try db.execute(
                    """
                    INSERT INTO attempt (delivery, number, at, milliseconds, excerpt, is_stale)
                    SELECT d.id, n.column1, 0, 1, '', 0 FROM delivery d, (VALUES (1), (2)) n
                    """)
            }
            /// How many rows a transaction changes.
            func rows(_ body: @escaping @Sendable (Transaction) throws -> Void) async throws -> Int64 {
                try await store.write { tx in
                    func changes() throws -> Int64 {
                        try tx.connection.first("SELECT total_changes()")?.integer(0) ?? 0
                    }
                    let before = try changes()
                    try body(tx)
                    return try changes() - before
                }
            }
            for state in [StoredEndpoint.State.disabled, .active, .gone, .active] {
                endpoint.state = state
                let changed = try await rows { [endpoint] in try $0.save(endpoint) }
                #expect(changed == 1, "\(state)")
            }
            let deleted = try await rows { try $0.deleteEndpoint(Sample.id(50)) }
            #expect(deleted <= 2)
            var steps = 0
            while try await store.read({ try $0.hasDeletedEndpoints() }), steps < 1_000 {
                let forgotten = try await rows { _ = try $0.forgetDeliveries(limit: 100) }
                #expect(forgotten <= 200)
                steps += 1
                if steps == 10 { try await store.open(1) }
            }
            for (table, count) in [("delivery", 0), ("attempt", 0), ("payment", 1)] as [(SQL, Int64)] {
                #expect(try await store.count(table) == count)
            }
        }
    }

    @Test(
        "A replay owes again what was delivered, and what was never owed",
        arguments: DatabaseEngine.allCases)
    func replay(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            try await store.open(1)
            let endpoint = Self.endpoint(50)
            try await store.write { try $0.save(endpoint) }
            try await store.open(2)
            func replay(onlyFailed: Bool, _ at: Int64) async throws -> Int {
                try await store.write {
                    try $0.replay(
                        to: endpoint, from: 1, through: .max, onlyFailed: onlyFailed, at: Sample.at(at),
                        limit: 100
                    ).count
                }
            }
            #expect(try await replay(onlyFailed: true, 0) == 0)
            for _ in 0..<2 {
                for leased in try await lease(store, 50, at: 0) {
                    try await settle(store, leased, 200, at: 0)
                }
            }
            #expect(try await replay(onlyFailed: false, 10) == 4)
            var sequences: [Int64] = []
            for _ in 0..<2 {
                for leased in try await lease(store, 50, at: 10) {
                    sequences.append(leased.delivery.sequence)
                    try await settle(store, leased, 200, at: 10)
                }
            }
            #expect(sequences == [1, 1, 2, 2])
        }
    }

    @Test("A reader of events that keeps its place misses none", arguments: DatabaseEngine.allCases)
    func events(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            let writer = Task {
                for number in 1...40 { try await store.open(number) }
            }
            var position: Int64 = 0
            var seen: [Int64] = []
            while seen.count < 80 {
                let page = try await store.read { [position] tx in
                    try tx.events(
                        of: Sample.merchant, after: position, isTest: true, type: nil, subject: nil,
                        limit: 7)
                }
                seen += page.items.map(\.position)
                position = seen.last ?? 0
            }
            try await writer.value
            #expect(seen == Array(1...80))
        }
    }

    @Test("What is due first is read off an index, however much is owed")
    func backlog() async throws {
        try await withStore(.sqlite) { store in
            let plan = try await store.database.read { db in
                try db.query(
                    """
                    EXPLAIN QUERY PLAN SELECT id FROM delivery
                    WHERE endpoint = 'e' AND state = 'waiting' AND due_at <= 1 ORDER BY due_at, position LIMIT 8
                    """
                ).map { try $0.text(3) }
            }
            #expect(plan.contains { $0.contains("delivery_by_due") })
            #expect(!plan.contains { $0.contains("ORDER BY") }, "all first tries are due at the same moment")
        }
    }
}
