/// How the money of one transfer stands in the books. What the evidence calls for, less what is posted, is
/// the next entry: so a replay posts nothing, and every entry balances because every holding does.
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

    /// The balances by account, debits positive, debit side first.
    private func balances(_ id: ID<Wallet>) -> [(account: Account, amount: Int128)] {
        [
            (.wallet(id), wallet), (.withdrawn, withdrawn), (.reorgLoss, reorgLoss), (.payments, -payments),
            (.excess, -excess), (.unapplied, -unapplied), (.refundsPending, -refundsPending),
        ]
    }

    /// The legs that lead from `old` to here, with their reference value.
    ///
    /// References are differences of rounded running sums, so that they too sum to zero over each entry, and
    /// a balance's reference does not depend on the steps that led to it. What is rounded off may move
    /// between legs: then one of no units carries it.
    func postings(from old: Holding, wallet id: ID<Wallet>, reference: (Int128) -> Int128?) -> [Posting] {
        func rise(from start: Int128, by amount: Int128) -> Int128? {
            reference(start + amount).flatMap { end in reference(start).map { end - $0 } }
        }
        var run: Int128 = 0
        var oldRun: Int128 = 0
        var postings: [Posting] = []
        for (leg, oldLeg) in zip(balances(id), old.balances(id)) {
            let value = rise(from: run, by: leg.amount)
            let oldValue = rise(from: oldRun, by: oldLeg.amount)
            run += leg.amount
            oldRun += oldLeg.amount
            let change = value.flatMap { value in oldValue.map { value - $0 } }
            guard leg.amount != oldLeg.amount || change ?? 0 != 0 else { continue }
            postings.append(
                Posting(account: leg.account, amount: leg.amount - oldLeg.amount, reference: change))
        }
        return postings
    }

    /// What the change from `old` to here means.
    func kind(from old: Holding) -> Entry.Kind {
        let change = (wallet + withdrawn) - (old.wallet + old.withdrawn)
        if change > 0 { return refundsPending > old.refundsPending ? .reversed : .received }
        if change < 0 { return refundsPending < old.refundsPending ? .refundConfirmed : .reversed }
        if withdrawn > old.withdrawn { return .withdrawn }
        if refundsPending > old.refundsPending { return .refundApproved }
        if withdrawn < old.withdrawn || refundsPending < old.refundsPending { return .reversed }
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
