import Crypto
import Domain
import JSON
@testable import Storage
import Testing

@testable import Engine

/// What a payment came to, without identities, so that two runs can be compared.
struct Summary: Hashable, CustomStringConvertible {
    var state: State
    var version: Int
    var epoch: Int
    var open: [String]
    var events: [String]
    var standings: [String]
    var balances: [String]

    var description: String {
        "\(state) v\(version) e\(epoch) open \(open) events \(events) \(standings) \(balances)"
    }
}

extension House {
    func summary(of id: ID<Payment>) async throws -> Summary {
        let payment = try await payment(id)
        let events = try await store.read { [caller] tx in
            try tx.events(
                of: caller.merchant, after: 0, isTest: true, type: nil, subject: id.text, limit: 1_000)
        }
        let balances = try await gateway.balances(of: caller)
        return Summary(
            state: payment.state, version: payment.version, epoch: payment.epoch,
            open: payment.openExceptions.map(\.kind.rawValue).sorted(),
            events: events.items.map(\.type),
            standings: payment.evidence.transfers.map { $0.standingText }.sorted(),
            balances: balances.filter { $0.amount != 0 }.map { balance in
                let account = balance.account.description.split(separator: ":")[0]
                return "\(balance.method) \(account) \(balance.amount)"
            }.sorted())
    }

    /// Checks what must hold of every payment of the merchant, whatever happened, and of the books.
    func audit(_ location: SourceLocation = #_sourceLocation) async throws {
        try await Self.audit(store, caller.merchant, location)
    }

    static func audit(
        _ store: Store, _ merchant: ID<Merchant>, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let (payments, balances) = try await store.read { tx in
            (
                try tx.payments(of: merchant, PaymentFilter(), PageRequest(limit: 1_000_000)).items,
                try tx.balances(of: merchant)
            )
        }
        var postings: [String: Int128] = [:]
        for payment in payments {
            try await audit(payment, store, merchant, location)
            for entry in try await store.read({ try $0.entries(of: payment.id) }) {
                #expect(
                    entry.postings.reduce(Int128(0)) { $0 + $1.amount } == 0, sourceLocation: location)
                for posting in entry.postings {
                    postings["\(entry.method) \(posting.account)", default: 0] += posting.amount
                }
            }
        }
        for balance in balances {
            #expect(
                balance.amount == postings["\(balance.method) \(balance.account)"] ?? 0,
                sourceLocation: location)
            #expect(!balance.account.isClaim || balance.amount <= 0, sourceLocation: location)
        }
        for (method, rows) in Dictionary(grouping: balances, by: \.method) {
            let sum = rows.reduce(Int128(0)) { $0 + $1.amount }
            #expect(sum == 0, "the books of \(method) sum to zero", sourceLocation: location)
        }
    }

    private static func audit(
        _ payment: Payment, _ store: Store, _ merchant: ID<Merchant>, _ location: SourceLocation
    ) async throws {
        let (records, events) = try await store.read { tx in
            (
                try tx.records(chain: payment.id.text, limit: 10_000),
                try tx.events(
                    of: merchant, after: 0, isTest: true, type: nil, subject: payment.id.text,
                    limit: 10_000
                ).items
            )
        }
        #expect(events.map(\.sequence) == Array(1...Int64(events.count)), sourceLocation: location)
        #expect(events.count == payment.eventCount, sourceLocation: location)
        var head = Head.empty
        for record in records {
            #expect(record.isSound && record.record.previous == head.hash, sourceLocation: location)
            #expect(Int64(record.record.sequence) == head.sequence + 1, sourceLocation: location)
            head = Head(sequence: head.sequence + 1, hash: record.hash)
        }
        let folded = try fold(records, payment.id)
        #expect(folded == payment, "the log gives the payment again", sourceLocation: location)
    }

    /// A payment out of its records alone.
    static func fold(_ records: [StoredRecord], _ id: ID<Payment>) throws -> Payment? {
        var payment: Payment?
        for record in records {
            let body = try JSON.parse(record.record.body)
            if let fact = body["fact"] {
                payment = try payment?.reduce(Fact(Fields(fact))).payment
            } else if let terms = body["terms"] {
                payment = Payment.open(id, try Terms(Fields(terms)), actor: .clock).payment
            }
        }
        return payment
    }
}
