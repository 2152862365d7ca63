/// Something that a person or a rule must settle: one row in the queue.
package struct Exception: Hashable, Sendable, Identified {
    package static let prefix = "exc_"

    package let id: ID<Exception>
    package let subject: Subject
    package let openedAt: Instant
    /// Base units and what they are; nil where no amount is in question.
    package var amount: UInt128?
    package var method: Method?
    package var isSevere: Bool
    package var resolution: Resolution?

    package init(
        id: ID<Exception>, subject: Subject, openedAt: Instant, amount: UInt128?, method: Method?,
        isSevere: Bool,
        resolution: Resolution?
    ) {
        self.id = id
        self.subject = subject
        self.openedAt = openedAt
        self.amount = amount
        self.method = method
        self.isSevere = isSevere
        self.resolution = resolution
    }

    package var kind: Kind { subject.kind }
    package var isOpen: Bool { resolution == nil }

    /// What may ever be done about it. Where it is about many transfers at once it can only be dismissed:
    /// money is kept or accepted one transfer at a time.
    package var actions: [Action] {
        subject.isAboutMany ? kind.actions.filter { $0 == .dismiss } : kind.actions
    }

    /// What it is about: of each subject one exception is open at the most. Once a ruling has settled it, the
    /// same subject opens again only for more money, after a top-up that was granted but not paid, or when
    /// evidence falls away again.
    package struct Subject: Hashable, Sendable {
        package let kind: Kind
        /// The transfer in question, where there is one.
        package let transfer: Transfer.Key?

        package init(_ kind: Kind, transfer: Transfer.Key? = nil) {
            self.kind = kind
            self.transfer = transfer
        }

        /// About all those transfers together that have no question of their own.
        var isAboutMany: Bool {
            switch kind {
            case .duplicate, .wrongNetwork, .wrongAsset, .afterEnd: transfer == nil
            case .underpaid, .overpaid, .late, .dust, .reversed, .evidenceLost, .review, .sourceStale,
                .unclaimedFulfilment, .tooManyTransfers: false
            }
        }
    }

    /// What is in question.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case underpaid
        case overpaid
        case late
        case duplicate
        case wrongNetwork = "wrong_network"
        case wrongAsset = "wrong_asset"
        case dust
        /// Money for a payment that had ended: cancelled, rejected or refunded.
        case afterEnd = "after_end"
        case reversed
        /// Accepted by a ruling, but the evidence under it fell away.
        case evidenceLost = "evidence_lost"
        /// The price is above what the merchant lets pass without a look.
        case review
        case sourceStale = "source_stale"
        /// The merchant reported a fulfilment that it had not claimed.
        case unclaimedFulfilment = "unclaimed_fulfilment"
        /// It has as many transfers as one payment takes: what comes after them is not followed.
        case tooManyTransfers = "too_many_transfers"

        /// What may ever be done about it; the safest first. `Payment.actions` says what may be done now.
        package var actions: [Action] {
            switch self {
            case .underpaid: [.grantTopUp, .accept, .reject]
            case .late: [.accept, .reject]
            case .overpaid, .duplicate: [.keep, .dismiss]
            case .wrongNetwork, .wrongAsset: [.accept, .keep, .dismiss]
            case .dust, .afterEnd: [.keep, .dismiss]
            case .reversed, .evidenceLost, .unclaimedFulfilment, .sourceStale, .tooManyTransfers: [.dismiss]
            case .review: [.release, .reject]
            }
        }
    }

    /// What a ruling does.
    package enum Action: String, Hashable, Sendable, CaseIterable {
        /// The payment counts as paid, for good, marked as ruled.
        case accept
        /// The payment is failed, for good.
        case reject
        /// The customer may pay what is missing, until a time.
        case grantTopUp = "grant_top_up"
        /// The money in question is kept as excess.
        case keep
        /// The payment may be fulfilled although it is large or overpaid.
        case release
        /// Settled outside: nothing changes but the queue.
        case dismiss
    }

    /// What ended it.
    package enum Resolution: Hashable, Sendable {
        /// The evidence changed, and the question is gone.
        case evidence(at: Instant)
        case ruling(Int)
    }
}

/// A decision on a payment by a person, or by the frozen policy.
package struct Ruling: Hashable, Sendable {
    /// 1 … n per payment.
    package let number: Int
    package let verdict: Verdict
    package let actor: Actor
    /// Binds what the person wrote; the text lives beside the log.
    package let reason: Commitment?
    package let at: Instant
    /// How many transfers had been heard of: what is heard of later came after it, whatever the clocks say.
    package let known: Int
    /// What was there when the payment was accepted; nil for every other verdict.
    package let basis: Basis?

    package init(
        number: Int, verdict: Verdict, actor: Actor, reason: Commitment?, at: Instant, known: Int,
        basis: Basis?
    ) {
        self.number = number
        self.verdict = verdict
        self.actor = actor
        self.reason = reason
        self.at = at
        self.known = known
        self.basis = basis
    }

    /// The money that an acceptance relies on.
    package struct Basis: Hashable, Sendable {
        package let live: Worth
        package let confirmed: Worth
        /// The mismatch that was accepted.
        package let transfer: Transfer.Key?

        package init(live: Worth, confirmed: Worth, transfer: Transfer.Key?) {
            self.live = live
            self.confirmed = confirmed
            self.transfer = transfer
        }
    }

    /// What was decided.
    package enum Verdict: Hashable, Sendable {
        /// The merchant called the payment off while nothing was live.
        case cancel
        case accept(ID<Exception>?)
        case reject(ID<Exception>?)
        case grantTopUp(ID<Exception>, Quote)
        case keep(ID<Exception>)
        case release(ID<Exception>)
        case dismiss(ID<Exception>)
        /// A late payment in this method met the policy's late rule at this rate.
        case acceptLate(ID<Exception>, Method, RateSource)

        package var exception: ID<Exception>? {
            switch self {
            case .cancel: nil
            case .accept(let id), .reject(let id): id
            case .grantTopUp(let id, _), .keep(let id), .release(let id), .dismiss(let id),
                .acceptLate(let id, _, _): id
            }
        }
    }
}

extension Ruling.Verdict {
    /// Cancelled or rejected: nothing is applied any more.
    var refuses: Bool {
        switch self {
        case .cancel, .reject: true
        case .accept, .acceptLate, .grantTopUp, .keep, .release, .dismiss: false
        }
    }

    /// What had come by then is taken as the price.
    var accepts: Bool {
        switch self {
        case .accept, .acceptLate: true
        case .cancel, .reject, .grantTopUp, .keep, .release, .dismiss: false
        }
    }
}

/// Who caused something.
package enum Actor: Hashable, Sendable {
    /// The merchant's server, by its key.
    case key(ID<APIKey>)
    /// The customer on the checkout page.
    case customer
    /// The frozen policy.
    case policy
    /// What a network said.
    case network(NetworkName)
    /// The clock.
    case clock
    /// The operator at the machine.
    case operatorAtMachine
}
