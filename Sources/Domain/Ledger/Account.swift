/// An account of one merchant in one method. Debits are positive. See docs/DOMAIN.md, section 5.
package enum Account: Hashable, Sendable, CustomStringConvertible {
    case wallet(ID<Wallet>)
    case feesNetwork
    case reorgLoss
    case withdrawn
    case payments
    case excess
    case unapplied
    case escrow
    case refundsPending
    case settled
    case feesService
    case rounding

    /// `wallet:wal_…`, `fees:network`, `payments`.
    package var description: String {
        switch self {
        case .wallet(let id): "wallet:\(id)"
        case .feesNetwork: "fees:network"
        case .reorgLoss: "reorg_loss"
        case .withdrawn: "withdrawn"
        case .payments: "payments"
        case .excess: "excess"
        case .unapplied: "unapplied"
        case .escrow: "escrow"
        case .refundsPending: "refunds_pending"
        case .settled: "settled"
        case .feesService: "fees:service"
        case .rounding: "rounding"
        }
    }

    /// Reads what `description` printed.
    package init?(parsing text: String) {
        if text.hasPrefix("wallet:") {
            guard let id = ID<Wallet>(parsing: text.dropFirst(7)) else { return nil }
            self = .wallet(id)
            return
        }
        let plain: [Account] = [
            .feesNetwork, .reorgLoss, .withdrawn, .payments, .excess, .unapplied, .escrow, .refundsPending,
            .settled,
            .feesService, .rounding,
        ]
        guard let account = plain.first(where: { $0.description == text }) else { return nil }
        self = account
    }

    /// Somebody's claim: its credit balance never goes below zero.
    package var isClaim: Bool {
        switch self {
        case .payments, .excess, .unapplied, .escrow, .refundsPending, .settled: true
        case .wallet, .feesNetwork, .reorgLoss, .withdrawn, .feesService, .rounding: false
        }
    }
}
