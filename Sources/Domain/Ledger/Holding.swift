/// How the money of one transfer stands in the books. What the evidence calls for, less what is posted, is the next
/// entry: so a replay posts nothing, and every entry balances because every holding does.
package struct Holding: Hashable, Sendable {
    /// Debit side.
    package var wallet: Int128 = 0
    package var withdrawn: Int128 = 0
    package var reorgLoss: Int128 = 0
    /// Credit side, kept positive here.
    package var payments: Int128 = 0
    package var excess: Int128 = 0
    package var unapplied: Int128 = 0
    package var refundsPending: Int128 = 0

    package init() {}

    /// Where a claim on the money stands.
    package enum Place: String, Hashable, Sendable, CaseIterable { case payments, excess, unapplied }

    var isEmpty: Bool { self == Holding() }

    /// The legs that lead from `old` to here, with their reference value.
    func postings(from old: Holding, wallet id: ID<Wallet>, reference: (Int128) -> Int128?) -> [Posting] {
        let legs: [(Account, Int128)] = [
            (.wallet(id), wallet - old.wallet),
            (.withdrawn, withdrawn - old.withdrawn),
            (.reorgLoss, reorgLoss - old.reorgLoss),
            (.payments, old.payments - payments),
            (.excess, old.excess - excess),
            (.unapplied, old.unapplied - unapplied),
            (.refundsPending, old.refundsPending - refundsPending),
        ]
        return legs.filter { $0.1 != 0 }.map { Posting(account: $0.0, amount: $0.1, reference: reference($0.1)) }
    }

    /// What the change from `old` to here means.
    func kind(from old: Holding) -> Entry.Kind {
        if wallet > old.wallet, withdrawn >= old.withdrawn { return .received }
        if withdrawn > old.withdrawn { return .withdrawn }
        if refundsPending > old.refundsPending { return .refundApproved }
        if refundsPending < old.refundsPending, wallet < old.wallet { return .refundConfirmed }
        if wallet != old.wallet || withdrawn < old.withdrawn { return .reversed }
        return .applied
    }
}

/// The holding of a transfer that is posted, and the entry that posted it last.
package struct Posted: Hashable, Sendable {
    package var holding: Holding
    package var entry: ID<Entry>
    /// How many entries this transfer has.
    package var count: Int

    package init(holding: Holding, entry: ID<Entry>, count: Int) {
        self.holding = holding
        self.entry = entry
        self.count = count
    }
}
