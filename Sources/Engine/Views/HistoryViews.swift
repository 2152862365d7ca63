package import Domain
package import JSON
import Platform
package import Storage

/// One line of what happened, as a merchant sees it.
package struct RecordView: Sendable {
    private let stored: StoredRecord
    /// What the person wrote whose ruling it is; nil for all else, and once it is erased.
    private let reason: String?

    package init(_ stored: StoredRecord, reason: String?) {
        self.stored = stored
        self.reason = reason
    }

    /// Dense from 0 in its chain.
    package var sequence: UInt64 { stored.record.sequence }

    /// Writes the members of the record object.
    package func write(_ writer: inout JSONWriter) {
        let record = stored.record
        writer.member("object", "record")
        writer.member("sequence", record.sequence)
        writer.member("at", Timestamp.text(record.at.milliseconds))
        writer.member("kind", record.kind)
        writer.member("subject", record.subject.isEmpty ? nil : record.subject)
        writer.member("cause", record.cause)
        writer.member("actor", record.actor)
        writer.member("hash", Hex.encode(stored.hash))
        writer.member("previous", Hex.encode(record.previous))
        writer.member("reason", reason)
        writer.raw("body", record.body)
    }
}

/// A transfer with the payment that it belongs to.
package struct TransferView: Sendable {
    package let payment: PaymentView
    package let transfer: Transfer

    package init(payment: PaymentView, transfer: Transfer) {
        self.payment = payment
        self.transfer = transfer
    }

    package var id: ID<Transfer> { transfer.id }

    /// Writes the members of the transfer object.
    package func write(_ writer: inout JSONWriter) {
        payment.write(transfer, &writer)
        writer.member("payment_id", payment.payment.id.text)
        writer.member("merchant_order_id", payment.payment.terms.orderID)
    }
}

/// An event as it was stored, with its exact bytes.
package struct EventView: Sendable {
    private let event: StoredEvent

    package init(_ event: StoredEvent) { self.event = event }

    package var id: ID<Domain.Event> { event.id }

    /// The bytes that were signed and sent.
    package var body: [UInt8] { Array(event.body.utf8) }
}

/// One event owed to one endpoint.
package struct DeliveryView: Sendable {
    private let stored: StoredDelivery

    package init(_ stored: StoredDelivery) { self.stored = stored }

    package var id: String { stored.id }

    /// Writes the members of the delivery object.
    package func write(_ writer: inout JSONWriter) {
        writer.member("id", stored.id)
        writer.member("object", "delivery")
        writer.member("event_id", stored.event.text)
        writer.member("endpoint_id", stored.endpoint.text)
        writer.member("subject", stored.subject)
        writer.member("sequence", stored.sequence)
        writer.member("state", stored.delivery.stateText)
        writer.member("attempts", stored.tries)
        writer.member("attempts_of_schedule", stored.delivery.attempts)
        var next: Instant?
        var ended: Instant?
        switch stored.delivery.state {
        case .waiting(let until): next = until
        case .delivered(let at), .dead(let at): ended = at
        case .queued, .held: break
        }
        writer.member("next_attempt_at", next.map { Timestamp.text($0.milliseconds) })
        writer.member("ended_at", ended.map { Timestamp.text($0.milliseconds) })
        writer.member("created_at", Timestamp.text(stored.createdAt.milliseconds))
    }
}

/// One try of a delivery.
package struct AttemptView: Sendable {
    private let attempt: Attempt

    package init(_ attempt: Attempt) { self.attempt = attempt }

    /// Writes the members of the attempt object.
    package func write(_ writer: inout JSONWriter) {
        writer.member("object", "attempt")
        writer.member("number", attempt.number)
        writer.member("at", Timestamp.text(attempt.at.milliseconds))
        writer.member("milliseconds", attempt.milliseconds)
        writer.member("status", attempt.status)
        writer.member("fault", attempt.fault)
        writer.member("response_excerpt", attempt.excerpt)
        writer.member("stale", attempt.isStale)
    }
}

/// One balanced ledger transaction.
package struct EntryView: Sendable {
    private let paymentID: ID<Payment>
    /// Nil when it cannot be read: its entries are shown all the same.
    private let payment: Payment?
    private let entry: Entry
    /// Nil for an asset that is not here any more: amounts are base units then.
    private let decimals: UInt8?

    package init(_ id: ID<Payment>, _ payment: Payment?, _ entry: Entry, decimals: UInt8?) {
        paymentID = id
        self.payment = payment
        self.entry = entry
        self.decimals = decimals
    }

    package var id: ID<Entry> { entry.id }

    /// Writes the members of the entry object.
    package func write(_ writer: inout JSONWriter) {
        writer.member("id", entry.id.text)
        writer.member("object", "entry")
        writer.member("kind", entry.kind.rawValue)
        writer.member("payment_id", paymentID.text)
        writer.member("transfer_id", payment?.evidence.transfer(entry.transfer)?.id.text)
        writer.member("place", entry.transfer.place)
        writer.member("asset", entry.method.asset.text)
        writer.member("network", entry.method.network.text)
        writer.member("at", Timestamp.text(entry.at.milliseconds))
        writer.member("corrects", entry.corrects?.text)
        let price = payment?.terms.price.currency
        writer.member("reference_currency", price?.code)
        writer.array("postings") { writer in
            for posting in entry.postings {
                writer.object { writer in
                    writer.member("account", posting.account.description)
                    writer.member("amount", signedText(posting.amount, decimals: decimals))
                    let reference = price.flatMap { price in
                        posting.reference.map { signedText($0, decimals: price.exponent, isFixed: true) }
                    }
                    writer.member("reference_amount", reference)
                }
            }
        }
    }
}

/// What one account of a merchant holds.
package struct BalanceView: Sendable {
    private let method: Domain.Method
    private let account: Account
    private let amount: Int128
    private let decimals: UInt8?

    package init(method: Domain.Method, account: Account, amount: Int128, decimals: UInt8?) {
        self.method = method
        self.account = account
        self.amount = amount
        self.decimals = decimals
    }

    /// Writes the members of the balance object.
    package func write(_ writer: inout JSONWriter) {
        writer.member("object", "balance")
        writer.member("asset", method.asset.text)
        writer.member("network", method.network.text)
        writer.member("account", account.description)
        writer.member("amount", signedText(amount, decimals: decimals))
    }
}

/// An amount with its sign, debits positive; `isFixed` with all decimals, as money of states is written.
private func signedText(_ amount: Int128, decimals: UInt8?, isFixed: Bool = false) -> String {
    let text = DecimalText.text(
        amount.magnitude, decimals: decimals ?? 0, atLeast: isFixed ? decimals ?? 0 : 0)
    return amount < 0 ? "-" + text : text
}
