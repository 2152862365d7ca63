/// What a payment is announced to be. See docs/DOMAIN.md, section 2.
package enum State: String, Hashable, Sendable, CaseIterable {
    case created
    case awaitingPayment = "awaiting_payment"
    case detected
    case confirming
    case paid
    case overpaid
    case underpaid
    case latePaid = "late_paid"
    case expired
    case failed
    case refunded

    /// Amount and confirmation policy are met: the announcement is taken back only loudly.
    package var isSettled: Bool {
        switch self {
        case .paid, .overpaid: true
        case .created, .awaitingPayment, .detected, .confirming, .underpaid, .latePaid, .expired, .failed,
            .refunded:
            false
        }
    }

    /// Who has to act next.
    package var owner: Owner {
        switch self {
        case .created, .paid, .refunded: .merchant
        case .awaitingPayment, .detected, .confirming, .expired, .failed: .gateway
        case .overpaid, .underpaid, .latePaid: .support
        }
    }

    /// The states that later evidence may lead to from this one; the rules never announce any other.
    package var successors: Set<State> { Self.successors[self] ?? [] }

    private static let successors = Dictionary(uniqueKeysWithValues: allCases.map { ($0, $0.next) })

    private var next: Set<State> {
        let supported: Set<State> = [.detected, .confirming, .paid, .overpaid, .underpaid, .latePaid]
        switch self {
        case .created: return supported.union([.awaitingPayment, .expired, .failed])
        case .awaitingPayment: return supported.union([.expired, .failed, .refunded])
        case .detected, .confirming, .underpaid, .latePaid, .expired, .paid, .overpaid:
            return supported.union([.awaitingPayment, .expired, .failed, .refunded]).subtracting([self])
        case .failed: return [.refunded]
        case .refunded: return []
        }
    }

    /// Whose turn it is.
    package enum Owner: String, Sendable { case merchant, gateway, support }
}
