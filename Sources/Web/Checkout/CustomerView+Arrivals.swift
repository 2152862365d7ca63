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

    /// A transfer that never counts by itself is what the payment was accepted for.
    func wasAccepted(_ transfer: Transfer.Key) -> Bool {
        payment.evidence.rulings.contains { $0.basis?.transfer == transfer }
    }
}
