import Domain
import Engine

extension CustomerView {
    /// A transfer that counts, or may; or that was accepted although it does not.
    package struct Arrival: Equatable, Sendable {
        package let amount: String
        /// The network's name for people, where it is another than was asked for.
        package let elsewhere: String?
        package let transaction: String
        package let standing: Standing
        /// It never counts by itself: a person took it.
        package let wasAccepted: Bool

        /// `0.5 BTC`, and where if not where it was asked for.
        package var amountAndPlace: String {
            elsewhere.map { "\(amount) on the \($0) network" } ?? amount
        }

        /// How far it is.
        package enum Standing: Equatable, Sendable {
            case pooled
            case mined(height: UInt64)
            case confirmed(height: UInt64?)
        }
    }
}

extension PaymentView {
    /// What the customer is shown of what came.
    var arrivals: [CustomerView.Arrival] {
        transfersShown.map { transfer in
            let standing: CustomerView.Arrival.Standing =
                if assessment.shares[transfer.key]?.isConfirmed ?? false {
                    .confirmed(height: transfer.block?.height)
                } else if let block = transfer.block {
                    .mined(height: block.height)
                } else {
                    .pooled
                }
            let asked = payment.evidence.quote(transfer.quote)?.method.network
            return CustomerView.Arrival(
                amount: amount(of: transfer),
                elsewhere: transfer.key.network == asked ? nil : NetworkLabel.text(transfer.key.network),
                transaction: transfer.transactionID, standing: standing,
                wasAccepted: wasAccepted(transfer.key))
        }
    }

    /// In whole units; in words where nobody knows what a unit is.
    func amount(of transfer: Transfer) -> String {
        guard let amount = transfer.amount, let method = transfer.method,
            let decimals = decimals(of: method)
        else { return "an unknown asset" }
        return AmountText.text(amount, of: method.asset, decimals: decimals)
    }

    /// What counts, or may, or was accepted although it does not.
    var transfersShown: [Transfer] {
        payment.evidence.transfers.filter { transfer in
            guard transfer.isLive, let share = assessment.shares[transfer.key] else { return false }
            return !share.role.isMismatch || wasAccepted(transfer.key)
        }
    }

    /// What is too much of what came, and all of what came on top, of each asset; nil for nothing.
    var excess: String? {
        var units: [Domain.Method: UInt128] = [:]
        for transfer in payment.evidence.transfers {
            guard let share = assessment.shares[transfer.key], let method = transfer.method else { continue }
            let much = share.role == .duplicate ? transfer.amount ?? 0 : share.excess
            if much > 0 { units[method] = (units[method] ?? 0).addingSaturating(much) }
        }
        let sums = units.sorted { $0.key.description < $1.key.description }.compactMap { method, units in
            decimals(of: method).map { AmountText.text(units, of: method.asset, decimals: $0) }
        }
        return sums.isEmpty ? nil : sums.joined(separator: " and ")
    }

    /// What became of a payment that was complete once: in the evidence as it stands now.
    var undone: CustomerView.Undone? {
        guard payment.epoch > 0 else { return nil }
        switch payment.state {
        case .paid, .overpaid, .latePaid, .failed, .refunded: return nil
        case .created, .awaitingPayment, .detected, .confirming, .underpaid, .expired: break
        }
        if assessment.missing == .zero, assessment.received > .zero { return .waitsAgain }
        // What the same customer's next transaction took the place of has not been lost by that.
        let succeeded = payment.evidence.transfers.filter(\.isLive).reduce(into: Set<Transfer.Key>()) {
            $0.formUnion($1.replaces)
        }
        let lost = payment.evidence.transfers.filter { !$0.isLive && !succeeded.contains($0.key) }
        if lost.contains(where: { $0.claim.standing == .gone(.replaced) }) { return .replaced }
        return lost.isEmpty ? .lessened : .gone
    }

    /// When the last of what made it complete was first heard of; nil before anything was.
    var paidAt: Instant? {
        payment.evidence.transfers.filter { transfer in
            switch assessment.shares[transfer.key]?.role {
            case .counted, .late: true
            case .duplicate, .wrongNetwork, .wrongAsset, .dust, nil: wasAccepted(transfer.key)
            }
        }.map(\.firstSeen).max()
    }

    /// A transfer that never counts by itself is what the payment was accepted for.
    func wasAccepted(_ transfer: Transfer.Key) -> Bool {
        payment.evidence.rulings.contains { $0.basis?.transfer == transfer }
    }
}
