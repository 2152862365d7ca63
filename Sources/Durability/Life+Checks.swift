import Database
import Domain
import Engine
import Platform
import Storage

extension Life {
    /// What is not as it must be, after whatever has happened: what the outside was told is there, the log
    /// explains every table, the books balance, and nothing was given out twice.
    func flaws() async throws -> [String] {
        let outside = witness.outside
        var flaws = outside.contradictions
        if store.isExclusive { flaws += try await store.database.read { try $0.engineDamage() } }
        let verdict = try await gateway.verify(against: outside.root.map { [$0] } ?? [])
        flaws += verdict.findings.map { "verify: \($0)" }
        if let merchant = outside.merchant {
            flaws += try await promises(outside, merchant)
            flaws += try await books(merchant)
        }
        for (name, text) in outside.keys {
            let isGood = try await gateway.caller(presenting: text) != nil
            if isGood, outside.revoked.contains(name) { flaws.append("key \(name) is still good") }
            if !isGood, !outside.unwanted.contains(name) { flaws.append("key \(name) is unknown") }
        }
        return flaws
    }

    private func promises(_ outside: Outside, _ merchant: ID<Merchant>) async throws -> [String] {
        let (payments, endpoints, events) = try await store.read { tx in
            (
                try tx.payments(of: merchant, PaymentFilter(), PageRequest(limit: Limits.page)).items,
                try tx.endpoints(of: merchant),
                try tx.events(
                    of: merchant, after: 0, isTest: true, type: nil, subject: nil, limit: Limits.page
                ).items
            )
        }
        var flaws: [String] = []
        let byID = Dictionary(payments.map { ($0.id, $0) }) { first, _ in first }
        for (order, told) in outside.payments {
            guard let payment = byID[told.id] else {
                flaws.append("payment \(order) is gone")
                continue
            }
            flaws += Self.flaws(payment, told, order)
        }
        let orders = payments.map(\.terms.orderID)
        if Set(orders).count < orders.count { flaws.append("an order has two payments") }
        let places = payments.flatMap { $0.evidence.quotes.map(\.destination.address) }
        if Set(places).count < places.count { flaws.append("an address was given twice") }
        for (name, id) in outside.endpoints where !endpoints.contains(where: { $0.id == id }) {
            flaws.append("endpoint \(name) is gone")
        }
        let bodies = Dictionary(events.map { ($0.id.text, $0.body) }) { first, _ in first }
        for hook in outside.hooks where bodies[hook.id].map({ Array($0.utf8) }) != hook.body {
            flaws.append("webhook \(hook.id) was sent, and its event is not so")
        }
        return flaws
    }

    private static func flaws(_ payment: Payment, _ told: Outside.Told, _ order: String) -> [String] {
        var flaws: [String] = []
        if payment.terms.orderID != order { flaws.append("payment \(order) is of another order") }
        if !payment.evidence.quotes.contains(where: { $0.destination.address == told.address }) {
            flaws.append("payment \(order) has lost its address")
        }
        if payment.version < told.version {
            flaws.append("payment \(order) was version \(told.version), and is \(payment.version)")
        } else if payment.version == told.version, payment.state != told.state, told.version > 0 {
            flaws.append("payment \(order) was \(told.state), and is \(payment.state)")
        }
        if told.isClaimed, payment.fulfilment?.claimedAt == nil {
            flaws.append("payment \(order) has lost its claim")
        }
        if told.isReported, payment.fulfilment?.reportedAt == nil {
            flaws.append("payment \(order) has lost its report")
        }
        return flaws
    }

    private func books(_ merchant: ID<Merchant>) async throws -> [String] {
        let balances = try await store.read { try $0.balances(of: merchant) }
        var sums: [Domain.Method: Int128] = [:]
        for balance in balances { sums[balance.method, default: 0] += balance.amount }
        return sums.filter { $0.value != 0 }.map { "the books of \($0.key) come to \($0.value)" }
    }
}
