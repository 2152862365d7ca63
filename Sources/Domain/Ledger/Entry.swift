/// One balanced ledger transaction in one method. Append-only; a correction is a new entry that names the
/// old.
package struct Entry: Hashable, Sendable, Identified {
    package static let prefix = "ent_"

    package let id: ID<Entry>
    package let kind: Kind
    package let method: Method
    /// The transfer whose money is booked.
    package let transfer: Transfer.Key
    /// Posted once, whatever is replayed.
    package let businessKey: String
    package let at: Instant
    package let postings: [Posting]
    /// The entry before this one on the same transfer that this one changes.
    package let corrects: ID<Entry>?

    /// Nil unless there are at least two postings, none of nothing, that sum to zero.
    package init?(
        id: ID<Entry>, kind: Kind, method: Method, transfer: Transfer.Key, businessKey: String, at: Instant,
        postings: [Posting], corrects: ID<Entry>?
    ) {
        guard postings.count >= 2, postings.allSatisfy({ $0.amount != 0 || $0.reference ?? 0 != 0 })
        else { return nil }
        var sum: Int128 = 0
        for posting in postings {
            let (next, overflow) = sum.addingReportingOverflow(posting.amount)
            guard !overflow else { return nil }
            sum = next
        }
        guard sum == 0 else { return nil }
        self.id = id
        self.kind = kind
        self.method = method
        self.transfer = transfer
        self.businessKey = businessKey
        self.at = at
        self.postings = postings
        self.corrects = corrects
    }

    /// What was booked.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// A transfer was confirmed.
        case received
        /// Money moved between claims: applied, kept, put aside.
        case applied
        case refundApproved = "refund_approved"
        case refundConfirmed = "refund_confirmed"
        /// The merchant spent it by itself.
        case withdrawn
        /// A confirmed transfer, spend or refund fell away.
        case reversed
    }
}

/// One leg of an entry.
package struct Posting: Hashable, Sendable {
    package let account: Account
    /// Base units; debits positive. Zero only where a rounded reference moves by itself.
    package let amount: Int128
    /// Minor units of the payment's price that the amount is worth at its locked quote; nil where it has no
    /// quote.
    package let reference: Int128?

    package init(account: Account, amount: Int128, reference: Int128?) {
        self.account = account
        self.amount = amount
        self.reference = reference
    }
}
