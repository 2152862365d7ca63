/// What one merchant order has to be paid: frozen terms, the evidence so far, and what was announced of it.
package struct Payment: Hashable, Sendable, Identified {
    package static let prefix = "pay_"

    /// The version of the rules. It grows with each change that makes another outcome of the same facts, so
    /// that nobody takes records that were made by others for forged ones.
    package static let rules = 1

    package let id: ID<Payment>
    package let terms: Terms
    package var evidence: Evidence
    package var fulfilment: Fulfilment?

    // What was announced. It stays until the next announcement, whatever the evidence does.
    package var state = State.created
    /// The number of the last transition: 1 … n, with a step after a restore (`Fact.floor`).
    package var version = 0
    /// How often it was announced paid after not being so.
    package var epoch = 0
    /// Those that the rules still need: of each subject the last one, and all that a ruling settled. What the
    /// evidence settled leaves as soon as its subject is asked about anew; its row stays.
    package var exceptions: [Exception] = []

    // What is posted and how far the numbering is.
    package var posted: [Transfer.Key: Posted] = [:]
    package var entryCount = 0
    package var eventCount = 0
    package var exceptionCount = 0

    package init(id: ID<Payment>, terms: Terms, evidence: Evidence) {
        self.id = id
        self.terms = terms
        self.evidence = evidence
    }

    package var assessment: Assessment {
        assess(
            terms, evidence, settledExcess: settledExcess,
            isDoubted: exceptions.contains { $0.isOpen && $0.kind == .evidenceLost })
    }

    /// The most excess that people have ruled on, by the transfer that it came with.
    private var settledExcess: [Transfer.Key: UInt128] {
        if evidence.rulings.isEmpty { return [:] }
        return evidence.rulings.reduce(into: [:]) { settled, ruling in
            guard let exception = ruling.verdict.exception.flatMap(exception), exception.kind == .overpaid,
                let key = exception.subject.transfer, let amount = exception.amount
            else { return }
            settled[key] = max(settled[key] ?? 0, amount)
        }
    }

    /// Blocks, its own among them, that a transfer in a block needs to count for good; nil where something
    /// else than blocks decides.
    package func blocksAsked(of transfer: Transfer) -> UInt64? {
        Judge(terms: terms, evidence: evidence).blocksAsked(of: transfer)
    }

    package var openExceptions: [Exception] { exceptions.filter(\.isOpen) }
    /// The exception of that identity, as far as it is kept; open ones always are.
    package func exception(_ id: ID<Exception>) -> Exception? { exceptions.first { $0.id == id } }
}

/// The merchant's claim before it delivers, and its report after.
package struct Fulfilment: Hashable, Sendable, Identified {
    package static let prefix = "ful_"

    /// The merchant's own name for the action: the same one gets the same answer.
    package let action: String
    package let claimedAt: Instant?
    package let reportedAt: Instant?

    package init(action: String, claimedAt: Instant?, reportedAt: Instant?) {
        self.action = action
        self.claimedAt = claimedAt
        self.reportedAt = reportedAt
    }
}

/// One thing that happened, with the time and the sources' word that go with it.
package struct Fact: Hashable, Sendable {
    package let at: Instant
    package let actor: Actor
    /// The sources of the networks that this payment concerns, as they stand with this fact.
    package let sources: [NetworkName: Source]
    package let news: News
    /// What follows is numbered above this: 0, until the store goes back to a backup. Then numbers that
    /// somebody may have been told begin higher, so that none of them comes again with another meaning.
    package var floor: Int

    package init(at: Instant, actor: Actor, sources: [NetworkName: Source], news: News, floor: Int = 0) {
        self.at = at
        self.actor = actor
        self.sources = sources
        self.news = news
        self.floor = floor
    }

    /// The highest floor: the number of a part has at most nine digits.
    package static let highestFloor = 900_000_000

    /// What happened.
    package enum News: Hashable, Sendable {
        /// A method was chosen, or chosen again: price locked, destination issued.
        case quoted(Quote)
        /// A method was chosen whose quote is still open: that one is shown again.
        case chosen(ID<Quote>)
        /// A network said something of transfers to this payment's destinations.
        case sighted([Sighting], spends: [Transfer.Key: Transfer.Spend])
        /// Time passed, or a network's tip or health changed.
        case looked
        case ruled(Ruling.Verdict, reason: Commitment?)
        case refunded(RefundClaim)
        case fulfilmentClaimed(action: String)
        case fulfilmentReported(action: String)

        /// The word for it in the log.
        package var kind: String {
            switch self {
            case .quoted: "quoted"
            case .chosen: "chosen"
            case .sighted: "sighted"
            case .looked: "looked"
            case .ruled: "ruled"
            case .refunded: "refunded"
            case .fulfilmentClaimed: "fulfilment_claimed"
            case .fulfilmentReported: "fulfilment_reported"
            }
        }
    }
}

/// Why a fact is not folded in.
package enum Objection: Error, Hashable, Sendable {
    /// The caller or the rules say no.
    case refusal(Refusal)
    /// The payment's data breaks an invariant: it is set aside with an alarm, and the rest goes on.
    case corruption(String)
}

/// Everything that follows from one fact. Committed in one database transaction, or nothing of it is.
package struct Decision: Hashable, Sendable {
    package let payment: Payment
    package let assessment: Assessment
    /// Nil when the fact opened the payment.
    package let fact: Fact?
    package let transition: Transition?
    package let entries: [Entry]
    package let events: [Announcement]
    /// Opened, changed or resolved by this fact.
    package let exceptions: [Exception]
    /// Nothing but clock and tips moved: there is nothing to record, only when to look again.
    package let isSilent: Bool
}

/// One announced change of state.
package struct Transition: Hashable, Sendable {
    /// 1 … n per payment, with a step after a restore.
    package let version: Int
    /// Nil for the first.
    package let from: State?
    package let to: State
    package let kind: Kind
    package let epoch: Int
    package let at: Instant
    package let actor: Actor
    /// What the tolerance waived with it; zero unless the payment is settled now.
    package let waived: Worth
    /// Why a settled announcement is taken back; nil for every other kind.
    package let reversal: Reversal?

    package init(
        version: Int, from: State?, to: State, kind: Kind, epoch: Int, at: Instant, actor: Actor,
        waived: Worth = .zero, reversal: Reversal? = nil
    ) {
        self.version = version
        self.from = from
        self.to = to
        self.kind = kind
        self.epoch = epoch
        self.at = at
        self.actor = actor
        self.waived = waived
        self.reversal = reversal
    }

    /// What the change means to those who were told of the state before.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case opened
        case moved
        /// Between paid and overpaid, within one epoch.
        case updated
        /// A settled announcement is taken back.
        case reversed
    }
}

/// What the merchant is told; its bytes are made when it is committed.
package struct Announcement: Hashable, Sendable {
    package let id: ID<Event>
    /// Dense per payment, from 1, with a step after a restore.
    package let sequence: Int
    package let type: String
    package let exception: ID<Exception>?
}
