/// Why an announcement that a payment is settled is taken back.
package struct Reversal: Hashable, Sendable {
    package let reason: Reason
    /// What no longer counts as it did, in the order of their keys; none after a rejection.
    package let transfers: [Transfer.Key]

    package init(reason: Reason, transfers: [Transfer.Key]) {
        self.reason = reason
        self.transfers = transfers
    }

    /// What happened to the money, or to the payment; the gravest of what happened to several transfers.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        /// A person rejected it.
        case rejected
        /// A transaction that excludes it took its place.
        case doubleSpent = "double_spent"
        /// Its block left the chain, and it is in no block, or in none that is deep enough.
        case reorganized
        /// It ran again and moved less, or nothing.
        case changed
        /// Money beside the price was promised back, and more of it than was there.
        case refunded
    }
}

extension Payment {
    /// What changed for the worse since `old`; `lost` was confirmed then and is not now.
    func reversal(since old: Payment, lost: Set<Transfer.Key>, _ assessment: Assessment) -> Reversal {
        if assessment.state == .failed { return Reversal(reason: .rejected, transfers: []) }
        var reasons: [Transfer.Key: Reversal.Reason] = [:]
        for before in old.evidence.transfers where before.confirmedIn != nil {
            guard let now = evidence.transfer(before.key) else { continue }
            if lost.contains(now.key) {
                reasons[now.key] =
                    switch now.claim.standing {
                    case .gone(.replaced): .doubleSpent
                    case .gone(.failed): .changed
                    case .gone(.evicted), .gone(.orphaned), .pooled, .mined: .reorganized
                    }
            } else if now.amount ?? 0 < before.amount ?? 0 {
                reasons[now.key] = .changed
            } else if evidence.removed(of: now.key) > old.evidence.removed(of: now.key) {
                reasons[now.key] = .refunded
            }
        }
        let gravest = Reversal.Reason.allCases.first { reasons.values.contains($0) }
        return Reversal(reason: gravest ?? .reorganized, transfers: reasons.keys.sorted())
    }

    /// What a person is asked about it: severe once the fulfilment was claimed. The amount is the transfers'
    /// own, where they are of one method.
    func question(about reversal: Reversal) -> Assessment.Question {
        let transfers = reversal.transfers.compactMap(evidence.transfer)
        let methods = Set(transfers.map(\.method))
        let isOne = methods.count == 1 && methods.first != .some(nil)
        return Assessment.Question(
            amount: isOne ? transfers.reduce(0) { $0.addingSaturating($1.amount ?? 0) } : nil,
            method: isOne ? methods.first ?? nil : nil, isSevere: fulfilment != nil)
    }
}
