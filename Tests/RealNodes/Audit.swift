import Crypto
import Database
import Domain
import Engine
import Storage
import Testing

extension Till {
    /// What holds whatever has happened, once nothing waits for confirmations any more: books that balance and
    /// agree with the chain, a log that explains every table, and each event told once, in order.
    func audit(_ at: SourceLocation = #_sourceLocation) async throws {
        try await auditBooks(at)
        for id in opened.prefix(Self.auditedPayments) { try await audit(id, at) }
        let report = try await store.verify(proofs: .ofNetworks)
        #expect(report.findings == [], sourceLocation: at)
        #expect(report.payments == opened.count, sourceLocation: at)
        try await auditWebhooks(at)
    }

    private func auditBooks(_ at: SourceLocation) async throws {
        var totals: [Account: Int128] = [:]
        for balance in try await gateway.balances(of: caller) {
            totals[balance.account, default: 0] += balance.amount
            if balance.account.isClaim {
                #expect(balance.amount <= 0, "\(balance.account)", sourceLocation: at)
            }
        }
        #expect(totals.values.reduce(0, +) == 0, "the books balance", sourceLocation: at)
        let held = totals.filter { if case .wallet = $0.key { true } else { false } }.values.reduce(
            0, +)
        let unspent = try await node.unspent(descriptor, range: max(opened.count, 20))
        #expect(
            held == Int128(unspent), "the wallet's account is what the chain holds", sourceLocation: at)
    }

    private func audit(_ id: ID<Payment>, _ at: SourceLocation) async throws {
        for entry in try await gateway.entries(of: id, by: caller) {
            #expect(entry.postings.map(\.amount).reduce(0, +) == 0, sourceLocation: at)
        }
        let events = try await events(id)
        #expect(events.map(\.sequence) == Array(1...Int64(events.count)), "\(id)", sourceLocation: at)
        let transitions = events.filter { $0.type.hasPrefix("payment.") }.count
        let payment = try await gateway.payment(id, of: caller).payment
        #expect(transitions == payment.version, "one event for each transition", sourceLocation: at)
        let records = try await gateway.timeline(of: id, after: 0, limit: 1_000, by: caller)
        #expect(!records.isEmpty, sourceLocation: at)
        let isQuarantined = try await store.read { try $0.isQuarantined(id) }
        #expect(!isQuarantined, "\(id) contradicts itself", sourceLocation: at)
    }

    /// Every event was sent and taken: with its own bytes, signed with both kinds of key, after those of its
    /// payment that came before it; and exactly once, but where a try lost its connection, as may happen on a busy
    /// machine. Then nobody knows whether it was heard, so it is made again.
    private func auditWebhooks(_ at: SourceLocation) async throws {
        let events = try await store.database.read { db in
            try db.query("SELECT id, subject, body FROM event ORDER BY subject, sequence").map { row in
                (id: try row.text(0), subject: try row.text(1), body: Array(try row.text(2).utf8))
            }
        }
        let letters = inbox.all
        let tries = try await tries()
        let lost = tries.filter { $0.status == nil }
        #expect(tries.allSatisfy { $0.status == nil || $0.status == 204 && !$0.isStale }, sourceLocation: at)
        #expect(lost.allSatisfy { Self.losses.contains($0.fault ?? "") }, "\(lost)", sourceLocation: at)
        #expect(lost.count <= 1 + tries.count / 100, "few are lost: \(lost)", sourceLocation: at)
        let taken = tries.filter { $0.status != nil }.map(\.event)
        #expect(taken.sorted() == events.map(\.id).sorted(), "each was taken by one try", sourceLocation: at)
        #expect(Set(letters.map(\.id)) == Set(events.map(\.id)), sourceLocation: at)
        let again = letters.count - events.count
        #expect((0...lost.count).contains(again), "as often as tries were lost: \(lost)", sourceLocation: at)
        let places = Dictionary(letters.enumerated().map { ($1.id, $0) }) { first, _ in first }
        #expect(
            events.filter { event in places[event.id].map { letters[$0].body } != event.body }.isEmpty,
            "the bytes are those of the event", sourceLocation: at)
        let overtaken = zip(events, events.dropFirst()).filter { before, after in
            before.subject == after.subject && places[before.id] ?? 0 > places[after.id] ?? 0
        }
        #expect(overtaken.isEmpty, "in the order of the payment", sourceLocation: at)
        for key in [
            try WebhookVerificationKey(parsing: secret),
            try WebhookVerificationKey(parsing: gateway.webhookPublicKey()),
        ] {
            #expect(letters.allSatisfy { $0.isSigned(by: key) }, sourceLocation: at)
        }
    }

    /// What a busy machine may do to a connection.
    private static let losses: Set<String> = ["connection_lost", "connect_failed", "timed_out"]

    /// One try to deliver an event; without a status where nothing was answered, and `fault` says why.
    private struct Try {
        let event: String
        let status: Int64?
        let fault: String?
        let isStale: Bool
    }

    private func tries() async throws -> [Try] {
        try await store.database.read { db in
            let rows = try db.query(
                """
                SELECT delivery.event, attempt.status, attempt.fault, attempt.is_stale
                FROM attempt JOIN delivery ON delivery.id = attempt.delivery
                """)
            return try rows.map { row in
                Try(
                    event: try row.text(0), status: try row.integerOrNil(1), fault: try row.textOrNil(2),
                    isStale: try row.bool(3))
            }
        }
    }

    /// Of a thousand payments the first tell enough.
    private static let auditedPayments = 50
}
