import Crypto
import Database
import Domain
import Engine
import JSON
import Platform
import Storage

/// What a scenario came to, without identities and times, so that two courses of it can be compared.
struct Ending: Hashable, Sendable, CustomStringConvertible {
    /// By what they are about: a payment's order, an endpoint, an account.
    var lines: [String: String] = [:]

    var description: String {
        lines.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "; ")
    }

    /// What this has otherwise than `other`.
    func difference(from other: Ending) -> String? {
        let names = Set(lines.keys).union(other.lines.keys).sorted()
        let differing = names.filter { lines[$0] != other.lines[$0] }
        guard !differing.isEmpty else { return nil }
        return differing.map { "\($0): \(lines[$0] ?? "nothing"), not \(other.lines[$0] ?? "nothing")" }
            .joined(separator: "; ")
    }
}

extension Life {
    func ending() async throws -> Ending {
        var ending = Ending()
        let outside = witness.outside
        guard let merchant = outside.merchant else { return ending }
        var orders: [String: String] = [:]
        let payments = try await store.read { tx in
            try tx.payments(of: merchant, PaymentFilter(), PageRequest(limit: Limits.page)).items
        }
        for payment in payments {
            orders[payment.id.text] = payment.terms.orderID
            ending.lines["payment \(payment.terms.orderID)"] = Self.line(payment)
        }
        let balances = try await store.read { try $0.balances(of: merchant) }
        for balance in balances where balance.amount != 0 {
            let account = balance.account.description.split(separator: ":")[0]
            ending.lines["account \(account) in \(balance.method)"] = "\(balance.amount)"
        }
        let keys = try await gateway.keys(of: merchant)
        ending.lines["keys"] = Set(keys.map { "\($0.name) \($0.revokedAt == nil)" }).sorted()
            .joined(separator: ", ")
        ending.lines["endpoints"] = try await gateway.endpoints(of: caller)
            .map { "\($0.url) \($0.state.rawValue)" }.sorted().joined(separator: ", ")
        for hook in outside.hooks {
            let json = try JSON.parse(hook.body)
            let subject = json["data"]?["payment"]?["id"]?.asString.flatMap { orders[$0] } ?? "itself"
            ending.lines["webhooks to \(hook.endpoint) about \(subject)", default: ""]
                += " \(json["type"]?.asString ?? "?")"
        }
        return ending
    }

    private static func line(_ payment: Payment) -> String {
        let standings = payment.evidence.transfers.map(\.standingText).sorted()
        let open = payment.openExceptions.map(\.kind.rawValue).sorted()
        let fulfilment = payment.fulfilment.map { "\($0.claimedAt != nil) \($0.reportedAt != nil)" } ?? "none"
        return "\(payment.state) v\(payment.version) e\(payment.epoch) transfers \(standings) open \(open) "
            + "exceptions \(payment.exceptions.count) events \(payment.eventCount) fulfilment \(fulfilment)"
    }

    /// How much is still owed to endpoints.
    func owed() async throws -> Int {
        try await store.database.read { db in
            try db.query("SELECT 1 FROM delivery WHERE state IN ('waiting', 'queued')").count
        }
    }
}

extension Store {
    /// A number for all rows of all tables, whatever their order. Good within one process.
    func digest() async throws -> Int {
        try await database.read { db in
            var sum = 0
            for table in Schema.tables.keys {
                for row in try db.query(SQL(raw: "SELECT * FROM \(table)")) {
                    var hasher = Hasher()
                    hasher.combine(table)
                    hasher.combine(row)
                    sum &+= hasher.finalize()
                }
            }
            return sum
        }
    }
}
