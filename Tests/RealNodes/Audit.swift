import Domain
import Engine
import Storage
import Testing

extension Till {
    /// What holds whatever has happened, once nothing waits for confirmations any more: books that balance and
    /// agree with the chain, and events that are told once, in order.
    func audit(_ at: SourceLocation = #_sourceLocation) async throws {
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
        for id in opened.prefix(Self.auditedPayments) { try await audit(id, at) }
    }

    private func audit(_ id: ID<Payment>, _ at: SourceLocation) async throws {
        for entry in try await gateway.entries(of: id, by: caller) {
            #expect(entry.postings.map(\.amount).reduce(0, +) == 0, sourceLocation: at)
        }
        let events = try await events(id)
        #expect(events.map(\.sequence) == Array(1...Int64(events.count)), "\(id)", sourceLocation: at)
        let records = try await gateway.timeline(of: id, after: 0, limit: 1_000, by: caller)
        #expect(!records.isEmpty, sourceLocation: at)
        let isQuarantined = try await store.read { try $0.isQuarantined(id) }
        #expect(!isQuarantined, "\(id) contradicts itself", sourceLocation: at)
    }

    /// Of a thousand payments the first tell enough.
    private static let auditedPayments = 50
}
