import Chains
package import Domain
package import JSON
import Platform
package import Storage

/// A payment as merchants see it: the body of answers and of events.
package struct PaymentView: Sendable {
    package let payment: Payment
    package let assessment: Assessment
    package let personal: Personal?
    /// The payment link for the current quote, where the payment may still be paid.
    package let paymentURI: String?
    package let checkoutURL: String?
    /// The heights of the networks' tips as they stand now, for the count of confirmations. Nothing else of a
    /// network is shown.
    package let tips: [NetworkName: UInt64]
    /// Of what came in other ways than were quoted: how many decimals its units have.
    let otherDecimals: [Domain.Method: UInt8]
    /// Since when it is set aside: nothing changes it until a person has looked.
    package private(set) var setAsideSince: Instant?

    package var quote: Quote? { payment.evidence.currentQuote }

    /// The same without anything to pay or to fulfil.
    func aside(since: Instant) -> PaymentView {
        var assessment = assessment
        assessment.isPayable = false
        assessment.isFulfillable = false
        return PaymentView(
            payment: payment, assessment: assessment, personal: personal, paymentURI: nil,
            checkoutURL: checkoutURL, tips: tips, otherDecimals: otherDecimals, setAsideSince: since)
    }

    /// How many decimals the units of a method have; nil where nobody here knows the asset.
    package func decimals(of method: Domain.Method) -> UInt8? {
        payment.evidence.quotes.first { $0.method == method }?.asset.decimals ?? otherDecimals[method]
    }

    /// What is due, came and is missing, in base units of the current quote's asset; nil without one.
    package var amounts: Assessment.Amounts? { assessment.amounts }

    /// The fewest confirmations of a transfer towards the price, and how many it needs; nil without one.
    package var confirmations: (have: UInt64, need: UInt64?)? {
        let value = max(Worth(payment.terms.price), assessment.received)
        let counts = payment.evidence.transfers.compactMap { transfer -> (UInt64, UInt64?)? in
            guard let share = assessment.shares[transfer.key], share.role == .counted || share.role == .late,
                let method = transfer.method
            else {
                return nil
            }
            let need: UInt64? =
                switch payment.terms.policy.requirement(for: method, risk: payment.terms.risk, value: value) {
                case .count(let count): UInt64(max(count, transfer.maturity))
                case .safe, .finalized, .settled: nil
                }
            guard let place = transfer.block, let tip = tips[transfer.key.network], place.height <= tip
            else {
                return (0, need)
            }
            return (tip - place.height + 1, need)
        }
        return counts.min { $0.0 < $1.0 }.map { (have: $0.0, need: $0.1) }
    }

    /// How many confirmations a transfer for this payment needs; nil where the network says it by another
    /// measure.
    package var confirmationsRequired: UInt64? {
        if let confirmations { return confirmations.need }
        guard let quote else { return nil }
        let value = Worth(payment.terms.price)
        switch payment.terms.policy.requirement(for: quote.method, risk: payment.terms.risk, value: value) {
        case .count(let count): return UInt64(count)
        case .safe, .finalized, .settled: return nil
        }
    }

    /// What the merchant should do now, in one word.
    package var nextAction: String {
        if setAsideSince != nil { return "wait_for_operator" }
        return switch payment.state {
        case .created: "choose_method"
        case .awaitingPayment: "wait_for_customer"
        case .detected, .confirming: "wait_for_confirmations"
        case .paid, .overpaid:
            if payment.fulfilment?.reportedAt != nil {
                payment.openExceptions.isEmpty ? "none" : "settle_exceptions"
            } else if assessment.isFulfillable {
                "fulfil"
            } else {
                "settle_exceptions"
            }
        case .underpaid: assessment.isPayable ? "wait_for_customer" : "settle_exceptions"
        case .latePaid: "settle_exceptions"
        case .expired, .failed: payment.openExceptions.isEmpty ? "none" : "settle_exceptions"
        case .refunded: payment.openExceptions.isEmpty ? "none" : "settle_exceptions"
        }
    }

    /// Until when this stays true if nothing happens; nil for always.
    var staysTrueUntil: Instant? { assessment.isPayable ? quote?.endsAt : nil }

    /// When the customer may no longer pay.
    package var expiresAt: Instant { quote?.endsAt ?? payment.terms.expiresAt }
}

extension Payment {
    /// The networks whose tips are shown: those that have what was received in a block.
    var networksShown: Set<NetworkName> {
        Set(evidence.transfers.filter { $0.block != nil }.map(\.key.network))
    }
}

extension Gateway {
    /// The view of a payment as it stands at a time, which is now unless it is said.
    ///
    /// The assessment knows the time of the last fact only. What ends with the clock alone, before anybody
    /// has looked, is said here: nobody may pay a quote that has ended.
    package func view(
        _ payment: Payment, personal: Personal?, sources: [NetworkName: Source]? = nil,
        at time: Instant? = nil
    ) -> PaymentView {
        var assessment = payment.assessment
        if let quote = payment.evidence.currentQuote, assessment.isPayable,
            time ?? now(isTest: payment.terms.isTest) > quote.endsAt
        {
            assessment.isPayable = false
        }
        var uri: String?
        if let quote = payment.evidence.currentQuote, let amounts = assessment.amounts, assessment.isPayable {
            uri = networks[quote.method.network]?.chain.paymentURI(
                address: quote.destination.address, asset: quote.asset, amount: amounts.remaining,
                label: payment.terms.orderID)
        }
        let checkout = personal.map {
            "\(settings.baseURL)/checkout/\(CheckoutToken(payment.id, salt: $0.salt).text)"
        }
        return PaymentView(
            payment: payment, assessment: assessment, personal: personal, paymentURI: uri,
            checkoutURL: checkout,
            tips: (sources ?? payment.evidence.sources).mapValues(\.tip),
            otherDecimals: otherDecimals(in: payment))
    }

    private func otherDecimals(in payment: Payment) -> [Domain.Method: UInt8] {
        var known: [Domain.Method: UInt8] = [:]
        for case let method? in payment.evidence.transfers.map(\.method)
        where known[method] == nil && !payment.evidence.quotes.contains(where: { $0.method == method }) {
            known[method] = decimals(of: method)
        }
        return known
    }

    /// The bytes of an event: made once, stored, signed and sent as they are.
    ///
    /// - Parameter root: the merchant's last one; who keeps the event keeps a witness of all that it holds.
    func eventBody(
        _ event: Announcement, _ decision: Decision, _ personal: Personal?, root: RootName?
    ) -> [UInt8] {
        let payment = decision.payment
        let at = decision.fact?.at ?? payment.terms.openedAt
        let view = view(payment, personal: personal, at: at)
        var writer = JSONWriter(reservingBytes: 2048)
        writer.object { writer in
            writer.member("id", event.id.text)
            writer.member("type", event.type)
            writer.member("timestamp", Timestamp.text(at.milliseconds))
            writer.member("merchant_id", payment.terms.merchant.text)
            writer.member("sequence", event.sequence)
            writer.root(root)
            writer.object("data") { writer in
                writer.object("payment") { view.write(&$0, shown: told(of: event, payment)) }
                if let reversal = decision.transition?.reversal, event.exception == nil {
                    writer.object("reversal") { writer in
                        writer.member("reason", reversal.reason.rawValue)
                        writer.array(
                            "transfers",
                            reversal.transfers.compactMap { payment.evidence.transfer($0)?.id.text })
                    }
                }
                if let id = event.exception, let exception = payment.exception(id) {
                    writer.object("exception") {
                        self.view(exception, of: payment).writeTold(&$0)
                    }
                }
            }
        }
        return writer.bytes
    }
}

extension Gateway {
    /// The view of an exception: its amount in whole units, as the network that it came on has them.
    func view(_ exception: Exception, of payment: Payment) -> ExceptionView {
        let quoted = payment.evidence.quotes.first { $0.method == exception.method }?.asset.decimals
        return ExceptionView(
            payment: payment, exception: exception,
            decimals: quoted ?? exception.method.flatMap { self.decimals(of: $0) })
    }

    /// The transfers that an event lists: as many as a receiver can be expected to take in one message, and
    /// the one in question among them. Each event of a payment lists them anew.
    private func told(of event: Announcement, _ payment: Payment) -> [Transfer] {
        let transfers = payment.evidence.transfers
        guard transfers.count > EngineLimits.toldTransfers else { return transfers }
        let asked = event.exception.flatMap(payment.exception)?.subject.transfer
        let first = transfers.prefix(EngineLimits.toldTransfers)
        guard let asked, !first.contains(where: { $0.key == asked }),
            let transfer = payment.evidence.transfer(asked)
        else { return Array(first) }
        return first.dropLast() + [transfer]
    }
}

/// An exception as merchants and support see it.
package struct ExceptionView: Sendable {
    package let payment: Payment
    package let exception: Exception
    /// Why a person ruled so; nil where nobody did, and once it is erased.
    package var reason: String?
    /// Nil where nobody here knows the asset: the amount is in base units then.
    private let decimals: UInt8?

    init(payment: Payment, exception: Exception, decimals: UInt8?) {
        self.payment = payment
        self.exception = exception
        self.decimals = decimals
    }

    /// Writes the members of the exception object.
    package func write(_ writer: inout JSONWriter) {
        writeTold(&writer)
        writer.member("reason", reason)
    }

    /// The same without what a person wrote: events are sent away and kept as they were, and erasing does
    /// not reach them.
    func writeTold(_ writer: inout JSONWriter) {
        writer.member("id", exception.id.text)
        writer.member("object", "exception")
        writer.member("kind", exception.kind.rawValue)
        writer.member("open", exception.isOpen)
        writer.member("severe", exception.isSevere)
        writer.member("payment_id", payment.id.text)
        writer.member("merchant_order_id", payment.terms.orderID)
        let transfer = exception.subject.transfer.flatMap(payment.evidence.transfer)
        writer.member("transfer_id", transfer?.id.text)
        writer.member("asset", exception.method?.asset.text)
        writer.member("network", exception.method?.network.text)
        writer.member("amount", exception.amount.map { DecimalText.text($0, decimals: decimals ?? 0) })
        writer.member("opened_at", Timestamp.text(exception.openedAt.milliseconds))
        switch exception.resolution {
        case .evidence(let at):
            writer.member("resolved_at", Timestamp.text(at.milliseconds))
            writer.member("resolved_by", "evidence")
            writer.null("action")
        case .ruling(let number):
            let ruling = payment.evidence.rulings.first { $0.number == number }
            writer.member("resolved_at", ruling.map { Timestamp.text($0.at.milliseconds) })
            writer.member("resolved_by", ruling?.actor.text)
            writer.member("action", ruling?.verdict.action.rawValue)
        case nil:
            for name in ["resolved_at", "resolved_by", "action"] { writer.null(name) }
        }
        writer.array("actions", payment.actions(on: exception).map(\.rawValue))
    }
}
