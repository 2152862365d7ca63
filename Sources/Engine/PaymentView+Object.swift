package import Domain
package import JSON
import Platform
import Storage

extension PaymentView {
    /// The payment object.
    package var object: [UInt8] {
        var writer = JSONWriter(reservingBytes: 2_048)
        writer.object { write(&$0) }
        return writer.bytes
    }

    /// Writes the members of the payment object; with no more transfers than `shown`, if that is given.
    package func write(_ writer: inout JSONWriter, shown: [Transfer]? = nil) {
        let terms = payment.terms
        writer.member("id", payment.id.text)
        writer.member("object", "payment")
        writer.member("merchant_id", terms.merchant.text)
        writer.member("merchant_order_id", terms.orderID)
        writer.member("state", payment.state.rawValue)
        writer.member("fulfillable", assessment.isFulfillable && payment.state.isSettled)
        writer.member("payable", assessment.isPayable)
        writer.member("by_ruling", assessment.isByRuling)
        writer.member("version", payment.version)
        writer.member("epoch", payment.epoch)
        writer.member("test", terms.isTest)
        writer.member(
            "amount",
            DecimalText.text(
                terms.price.minor, decimals: terms.price.currency.exponent,
                atLeast: terms.price.currency.exponent))
        writer.member("currency", terms.price.currency.code)
        writeMoney(&writer)
        writer.member("confirmations", confirmations?.have ?? 0)
        writer.member("confirmations_required", confirmationsRequired)
        writer.member("created_at", Timestamp.text(terms.openedAt.milliseconds))
        writer.member("expires_at", Timestamp.text(expiresAt.milliseconds))
        writer.member("checkout_url", checkoutURL)
        writer.array("methods") { writer in
            for method in terms.methods { writer.object { write(method, &$0) } }
        }
        let asked = Set(payment.openExceptions.map(\.kind))
        writer.array("exceptions", Exception.Kind.allCases.filter(asked.contains).map(\.rawValue))
        writer.member("next_action", nextAction)
        writer.member("set_aside_at", setAsideSince.map { Timestamp.text($0.milliseconds) })
        writeQuote(&writer)
        writer.object("policy", writePolicy)
        writer.member("risk", terms.risk.rawValue)
        writeFulfilment(&writer)
        writePersonal(&writer)
        writer.array("transfers") { writer in
            for transfer in shown ?? payment.evidence.transfers { writer.object { write(transfer, &$0) } }
        }
    }

    /// A way to pay, and what makes a transfer of the whole price in it confirmed.
    private func write(_ method: Domain.Method, _ writer: inout JSONWriter) {
        let terms = payment.terms
        let requirement = terms.policy.requirement(
            for: method, risk: terms.risk, value: Worth(terms.price))
        writer.member("asset", method.asset.text)
        writer.member("network", method.network.text)
        writer.member("requirement", requirement.text)
    }

    /// What was agreed for this payment. The whole frozen policy is the same for thousands of payments, and
    /// is asked for by itself.
    private func writePolicy(_ writer: inout JSONWriter) {
        let (price, policy) = (payment.terms.price, payment.terms.policy)
        writer.member("valuation", policy.valuation.text)
        writer.member("under_tolerance", exactText(policy.underTolerance.waived(on: price)))
        writer.member("over_tolerance", exactText(policy.overTolerance.waived(on: price)))
        writer.member("grace_seconds", policy.graceSeconds)
        writer.member("confirm_by_seconds", policy.confirmBySeconds)
        writer.member("late_within_seconds", policy.late.withinSeconds)
        writer.member("holds_overpaid", policy.holdsOverpaid)
        writer.member("needs_release", policy.reviewAboveMinor.map { price.minor > $0 } ?? false)
    }

    private func writeMoney(_ writer: inout JSONWriter) {
        func text(_ units: UInt128?) -> String? {
            quote.flatMap { quote in units.map { DecimalText.text($0, decimals: quote.asset.decimals) } }
        }
        writer.member("asset", quote?.method.asset.text)
        writer.member("network", quote?.method.network.text)
        writer.member("address", setAsideSince == nil ? quote?.destination.address : nil)
        writer.member("payment_uri", paymentURI)
        writer.member("amount_due", text(amounts?.due))
        writer.member("amount_received", text(amounts?.received))
        writer.member("amount_confirmed", text(amounts?.confirmed))
        writer.member("amount_remaining", text(amounts?.remaining))
        writer.member("amount_waived", exactText(assessment.waived))
    }

    /// Worth in the price's currency: exact, for neither base units nor shares are whole minor units.
    private func exactText(_ worth: Worth) -> String {
        let exponent = payment.terms.price.currency.exponent
        return DecimalText.text(worth.picos, decimals: exponent + Worth.decimals, atLeast: exponent)
    }

    private func writeQuote(_ writer: inout JSONWriter) {
        guard let quote else { return writer.null("quote") }
        writer.object("quote") { writer in
            writer.member("id", quote.id.text)
            writer.member("rate", quote.rate.text)
            writer.array("sources") { writer in
                for source in quote.sources {
                    writer.object { writer in
                        writer.member("name", source.name)
                        writer.member("rate", source.rate.text)
                        writer.member("at", Timestamp.text(source.at.milliseconds))
                    }
                }
            }
            writer.member("locked_at", Timestamp.text(quote.lockedAt.milliseconds))
            writer.member("expires_at", Timestamp.text(quote.endsAt.milliseconds))
            writer.member("derivation_path", quote.destination.path)
            writer.member("wallet_id", quote.destination.wallet.text)
            writer.member("top_up", quote.isTopUp)
        }
    }

    private func writeFulfilment(_ writer: inout JSONWriter) {
        guard let fulfilment = payment.fulfilment else { return writer.null("fulfilment") }
        writer.object("fulfilment") { writer in
            writer.member("action_id", fulfilment.action)
            writer.member("claimed_at", fulfilment.claimedAt.map { Timestamp.text($0.milliseconds) })
            writer.member("completed_at", fulfilment.reportedAt.map { Timestamp.text($0.milliseconds) })
        }
    }

    /// The personal fields as they were sent; null once they are erased.
    private func writePersonal(_ writer: inout JSONWriter) {
        writer.member("customer_id", personal?.customer)
        let body = personal.flatMap { try? JSON.parse($0.body) }
        for name in ["description", "success_url", "cancel_url"] { writer.member(name, body?[name] ?? .null) }
        writer.member("metadata", body?["metadata"] ?? .object(JSONObject()))
    }

    /// Writes one transfer.
    package func write(_ transfer: Transfer, _ writer: inout JSONWriter) {
        let share = assessment.shares[transfer.key]
        writer.member("id", transfer.id.text)
        writer.member("object", "transfer")
        writer.member("asset", transfer.method?.asset.text)
        writer.member("network", transfer.key.network.text)
        writer.member("transaction", transfer.transactionID)
        writer.member("place", transfer.key.place)
        writer.member("amount", amountText(of: transfer))
        writer.member("standing", transfer.standingText)
        writer.member("role", share?.role.rawValue)
        writer.member("confirmed", share?.isConfirmed ?? false)
        writer.member("block_height", transfer.block?.height)
        writer.member("block_hash", transfer.block?.block.text)
        writer.member("first_seen_at", Timestamp.text(transfer.firstSeen.milliseconds))
        writer.member("spent_by", payment.evidence.minedSpend(of: transfer.key)?.transaction)
    }

    /// Whole units where the asset's decimals are known, base units as the network says them otherwise.
    private func amountText(of transfer: Transfer) -> String {
        guard let amount = transfer.amount, let decimals = transfer.method.flatMap(decimals(of:)) else {
            return transfer.amountText
        }
        return DecimalText.text(amount, decimals: decimals)
    }
}

extension Transfer {
    /// The transaction's own name in its network.
    package var transactionID: String { key.place.split(separator: ":").first.map(String.init) ?? key.place }
}
