import Crypto
import Database
import Domain
import Platform
import TestKit
import Testing

@testable import Storage

@Suite("Decisions are committed whole")
struct CommitTests {
    @Test(
        "Every table is in the schema's list, and the other way round", arguments: DatabaseEngine.allCases)
    func tables(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            let sql: SQL =
                switch engine {
                case .sqlite: "SELECT name FROM sqlite_master WHERE type = 'table'"
                case .postgres:
                    "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()"
                }
            let names = try await store.database.read { try $0.query(sql).map { try $0.text(0) } }
            let own = Set(
                names.filter { !$0.hasPrefix("sqlite_") && $0 != "schema_migration" && $0 != "migration" })
            #expect(own == Set(Schema.tables.keys))
        }
    }

    @Test("An opening writes one row of each kind", arguments: DatabaseEngine.allCases)
    func opening(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            let payment = try await store.open(1)
            let counts: [(SQL, Int64)] = [
                ("payment", 1), ("personal", 1), ("destination", 1), ("record", 2), ("event", 2),
                ("transfer", 0),
                ("entry", 0), ("exception", 0), ("wake", 1),
            ]
            for (table, count) in counts { #expect(try await store.count(table) == count, "\(table)") }
            let stored = try await store.read { try $0.payment(payment.id) }
            #expect(stored == payment)
            let body = try await store.database.read { try $0.first("SELECT body FROM payment")?.text(0) }
            #expect(body.map { Array($0.utf8) } == payment.storedBytes)
        }
    }

    @Test(
        "A payment that is paid has its entries, and its records are chained",
        arguments: DatabaseEngine.allCases)
    func paid(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            let id = try await store.open(1).id
            try await store.tell(id, .sighted([Sample.sighting(1, .pooled)], spends: [:]))
            let mined = Sample.sighting(1, Sample.block(100), units: 1_500_000, sequence: 3)
            let decision = try await store.tell(id, .sighted([mined], spends: [:]))
            #expect(decision.payment.state == .overpaid)
            let (records, entries, balances, payment) = try await store.read { tx in
                (
                    try tx.records(chain: id.text, limit: 100), try tx.entries(of: id),
                    try tx.balances(of: Sample.merchant), try tx.payment(id)
                )
            }
            #expect(payment == decision.payment)
            #expect(entries == decision.entries)
            #expect(balances.reduce(Int128(0)) { $0 + $1.amount } == 0)
            #expect(balances.count == 3)
            #expect(try await store.count("exception WHERE is_open = 1") == 1)
            #expect(try await store.count("transfer WHERE standing = 'mined' AND height = 100") == 1)
            var previous = Head.empty.hash
            for (number, record) in records.enumerated() {
                #expect(record.isSound && record.record.sequence == UInt64(number))
                #expect(record.record.previous == previous)
                previous = record.hash
            }
            let head = try await store.read { try $0.head(of: id) }
            #expect(head == Head(sequence: Int64(records.count) - 1, hash: previous))
        }
    }

    @Test("A decision on a payment that has moved on cannot commit", arguments: DatabaseEngine.allCases)
    func stale(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            let payment = try await store.open(1)
            let head = try await store.read { try $0.head(of: payment.id) }
            let fact = Fact(
                at: Sample.at(20), actor: .clock, sources: [:],
                news: .sighted([Sample.sighting(1, .pooled)], spends: [:]))
            let decision = try payment.reduce(fact)
            let prepared = try PreparedCommit(
                [decision], personal: nil, after: head, salt: nil, Sample.context)
            guard let prepared else { throw TestKitError("nothing to commit") }
            try await store.write { try $0.write(prepared) }
            await #expect(throws: DatabaseError.self) { try await store.write { try $0.write(prepared) } }
            #expect(try await store.count("record") == 3)
            #expect(try await store.count("event") == 3)
        }
    }

    @Test("What fails half-way leaves nothing behind", arguments: DatabaseEngine.allCases)
    func halfWay(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            try await store.open(1)
            let before = try await store.count("record")
            // The second payment has the first one's script: the last row of it is refused.
            let opened = Payment.open(Sample.id(2), Sample.terms(), actor: .clock)
            let quote = Sample.quote(2, script: "script 1")
            let quoted = try opened.payment.reduce(
                Fact(at: Sample.at(0), actor: .customer, sources: [:], news: .quoted(quote)))
            let error = await #expect(throws: DatabaseError.self) {
                try await store.write {
                    try $0.commit([opened, quoted], personal: Sample.personal(2), Sample.context)
                }
            }
            #expect(error?.isUniqueViolation == true)
            #expect(try await store.count("record") == before)
            #expect(try await store.count("payment") == 1)
            #expect(try await store.count("personal") == 1)
        }
    }

    @Test(
        "A fact that changes nothing but the clock writes nothing but the next look",
        arguments: DatabaseEngine.allCases)
    func silent(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            let id = try await store.open(1).id
            let before = try await store.read { try $0.payment(id) }
            let decision = try await store.tell(id, .looked)
            #expect(decision.isSilent)
            #expect(try await store.read { try $0.payment(id) } == before)
            #expect(try await store.count("record") == 2)
        }
    }

    @Test(
        "A claim never goes below zero: the entry that would do it is refused",
        arguments: DatabaseEngine.allCases)
    func claims(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            let payment = try await store.open(1)
            let entry = sample(
                Entry(
                    id: ID(part: 1, of: payment.id), kind: .reversed, method: Sample.method,
                    transfer: Transfer.Key(network: Sample.network, place: "a"), businessKey: "k",
                    at: Sample.at(1),
                    postings: [
                        Posting(account: .payments, amount: 5, reference: nil),
                        Posting(account: .wallet(Sample.wallet), amount: -5, reference: nil),
                    ], corrects: nil))
            await #expect(throws: Corruption.self) {
                try await store.write { try $0.insert(entry, of: payment) }
            }
            #expect(try await store.count("posting") == 0)
        }
    }

    @Test("An entry is posted once", arguments: DatabaseEngine.allCases)
    func businessKeys(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            let payment = try await store.open(1)
            func entry(_ number: Int) -> Entry {
                sample(
                    Entry(
                        id: ID(part: number, of: payment.id), kind: .received, method: Sample.method,
                        transfer: Transfer.Key(network: Sample.network, place: "a"), businessKey: "same",
                        at: Sample.at(1),
                        postings: [
                            Posting(account: .wallet(Sample.wallet), amount: 5, reference: nil),
                            Posting(account: .unapplied, amount: -5, reference: nil),
                        ], corrects: nil))
            }
            let (first, second) = (entry(1), entry(2))
            try await store.write { try $0.insert(first, of: payment) }
            await #expect(throws: DatabaseError.self) {
                try await store.write { try $0.insert(second, of: payment) }
            }
            let balances = try await store.read { try $0.balances(of: Sample.merchant) }
            #expect(balances.map(\.amount).sorted() == [-5, 5])
        }
    }
}
