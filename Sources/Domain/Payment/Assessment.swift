/// What the evidence says: the status of a payment, and all that follows from it. A pure value.
package struct Assessment: Hashable, Sendable {
    package var state = State.created
    /// A ruling decided it, for ever.
    package var isByRuling = false
    package var isFulfillable = false
    /// The customer may still be shown where to pay.
    package var isPayable = false
    /// Confirmed and timely, or accepted (C), live and timely (L), live whenever it came (A).
    package var confirmed = Worth.zero
    package var live = Worth.zero
    package var received = Worth.zero
    /// What is missing to the price; zero once enough is live.
    package var missing = Worth.zero
    /// What the tolerance waived on a settled payment.
    package var waived = Worth.zero
    /// What of the money that an accepting ruling relied on is not there any more.
    package var lost = Worth.zero
    /// As people are shown it; nil while nothing is quoted.
    package var amounts: Amounts?
    package var shares: [Transfer.Key: Share] = [:]
    package var questions: [Exception.Subject: Question] = [:]
    /// When the clock alone may change this; nil for never.
    package var nextLook: Instant?
    /// The height of each network at which this may change.
    package var nextHeights: [Source.Mark: UInt64] = [:]
    /// The moment of each network beyond which it has to have been seen before this can change.
    package var nextScans: [NetworkName: Instant] = [:]

    package init() {}

    /// The whole price and what came of it, in base units of the current quote at its rate. What came to that
    /// quote alone is as it came. While something is missing, what came and what is missing make what is due.
    package struct Amounts: Hashable, Sendable {
        package let due: UInt128
        /// Live, whenever it came.
        package let received: UInt128
        package let confirmed: UInt128
        /// What still has to come; never a unit too little.
        package let remaining: UInt128

        package init(due: UInt128, received: UInt128, confirmed: UInt128, remaining: UInt128) {
            self.due = due
            self.received = received
            self.confirmed = confirmed
            self.remaining = remaining
        }
    }

    /// What one live transfer counts for.
    package struct Share: Hashable, Sendable {
        package var role: Role
        package var isConfirmed: Bool
        /// What of it is too much, in base units; only on the transfer that crosses the price beyond the
        /// tolerance.
        package var excess: UInt128 = 0
    }

    /// What a live transfer is to its payment.
    package enum Role: String, Hashable, Sendable, CaseIterable {
        /// Towards the price, in time.
        case counted
        /// Towards the price, but too late.
        case late
        /// The price was reached without it.
        case duplicate
        case wrongNetwork = "wrong_network"
        case wrongAsset = "wrong_asset"
        case dust

        /// Never counted, whatever it is worth.
        package var isMismatch: Bool {
            switch self {
            case .counted, .late, .duplicate: false
            case .wrongNetwork, .wrongAsset, .dust: true
            }
        }
    }

    /// An exception that the evidence calls for.
    package struct Question: Hashable, Sendable {
        package var amount: UInt128?
        package var method: Method?
        package var isSevere = false
    }
}

/// Judges the evidence by the terms. No clock, no input or output, no chance: see docs/DOMAIN.md, section 3.
///
/// `settledExcess` holds how much excess people have ruled on, by the transfer that it came with. `isDoubted`
/// says that money under a ruling fell away and nobody has looked at it yet. Both concern only whether the
/// payment may be fulfilled.
package func assess(
    _ terms: Terms, _ evidence: Evidence, settledExcess: [Transfer.Key: UInt128] = [:],
    isDoubted: Bool = false
) -> Assessment {
    var judge = Judge(terms: terms, evidence: evidence)
    judge.settledExcess = settledExcess
    judge.isDoubted = isDoubted
    return judge.judge()
}
