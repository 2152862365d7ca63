import Domain
import Testing

/// What is told of a payment: the columns of the table. What is new comes as the transfer `b`.
enum News: String, CaseIterable {
    case look, end, unseen, silent, well, deep, fall
    case quote, choose
    case part, pool, full, over, late
    case orphaned, usurped, evicted, emptied, replaced
    case elsewhere, stranger, dust
    case spend, unspend
    case cancel, accept, reject, topUp, keep, release, dismiss, acceptLate
    case approve, back, confirm, drop, revoke
    case claim, report

    func tell(to story: inout Story) throws {
        story.clock += 1
        switch self {
        case .look, .end, .unseen, .silent, .well, .deep, .fall: try look(&story)
        case .quote: try story.tell(.quoted(Sample.quote(2, from: story.clock)))
        case .choose: try story.tell(.chosen(Sample.quote().id))
        case .part: try story.mine("b", 400_000, at: 99)
        case .pool: try story.pool("b", 1_000_000)
        case .full: try story.mine("b", 1_000_000, at: 99)
        case .over: try story.mine("b", 1_500_000, at: 99)
        case .late:
            story.clock = 5_000
            try story.mine("b", 1_000_000, at: 99)
        case .orphaned: try lose(&story, .orphaned)
        case .usurped: try lose(&story, .replaced)
        case .evicted: try lose(&story, .evicted)
        case .emptied: try lose(&story, .failed)
        case .replaced: try replace(&story)
        case .elsewhere: try story.mine("b", 1_000_000, at: 99, on: Sample.elsewhere)
        case .stranger: try story.mine("b", 1_000_000, at: 99, method: .some(nil))
        case .dust: try story.mine("b", 5_000, at: 99)
        case .spend: try spend(&story, [Self.block])
        case .unspend: try spend(&story, [Self.block, .pooled])
        case .cancel, .accept, .reject, .topUp, .keep, .release, .dismiss, .acceptLate: try rule(&story)
        case .approve, .back, .confirm, .drop, .revoke: try refund(&story)
        case .claim: try story.tell(.fulfilmentClaimed(action: "ship-1"))
        case .report: try story.tell(.fulfilmentReported(action: "ship-1"))
        }
    }

    /// Time, and what a network's source says of itself.
    private func look(_ story: inout Story) throws {
        switch self {
        case .end: story.clock = 200_000
        case .unseen: (story.clock, story.isHealthy) = (200_000, false)
        case .deep: story.tip += 5
        case .fall: story.tip -= 5
        case .silent, .well: (story.tip, story.isHealthy) = (story.tip + 5, false)
        default: break
        }
        try story.tell(.looked)
        guard self == .well else { return }
        story.isHealthy = true
        try story.tell(.looked)
    }

    /// Nothing that came is there any more.
    private func lose(_ story: inout Story, _ why: Transfer.Gone) throws {
        let keys = story.payment.evidence.transfers.map(\.key)
        for key in keys { try story.lose(key.place, .gone(why), on: key.network) }
        if keys.isEmpty { try story.tell(.sighted([], spends: [:])) }
    }

    /// Another transaction pays as much in its place, and is in no block.
    private func replace(_ story: inout Story) throws {
        let old = story.payment.evidence.transfers.first { $0.isLive && $0.key == Sample.key("a") }
        guard let old else { return try lose(&story, .replaced) }
        try story.pool("b", old.amount ?? 0, replaces: [old.key.place])
    }

    private static let block = Transfer.Standing.mined(
        BlockPlace(height: 99, block: BlockID("block-99"), index: 1, medianTime: Sample.at(2)))

    /// The merchant moves what it received.
    private func spend(_ story: inout Story, _ words: [Transfer.Standing]) throws {
        let keys = story.payment.evidence.transfers.map(\.key).filter { $0.network == Sample.bitcoin }
        for word in words {
            for key in keys { try story.spend(key.place, word) }
            if keys.isEmpty { try story.tell(.sighted([], spends: [:])) }
        }
    }

    /// A person, or the policy, settles the first question that is open.
    private func rule(_ story: inout Story) throws {
        let id = story.payment.openExceptions.first?.id ?? ID(part: 1, of: story.payment.id)
        let quote = Sample.quote(3, from: story.clock, due: 400_000, covers: Sample.price(4_000), isTopUp: true)
        let rate = RateSource(name: "feed", rate: Rate(mantissa: 10_000, scale: 0), at: Sample.at(0))
        let verdict: Ruling.Verdict? =
            switch self {
            case .cancel: .cancel
            case .accept: .accept(nil)
            case .reject: .reject(nil)
            case .topUp: .grantTopUp(id, quote)
            case .keep: .keep(id)
            case .release: .release(id)
            case .dismiss: .dismiss(id)
            case .acceptLate: .acceptLate(id, Sample.btc.method, rate)
            default: nil
            }
        try story.tell(.ruled(try #require(verdict), reason: nil))
    }

    /// All that is there goes back, or does not.
    private func refund(_ story: inout Story) throws {
        let parts = Self.parts(of: story)
        let stages: [RefundClaim.Stage] =
            switch self {
            case .approve: [.approved]
            case .back: [.approved, .confirmed]
            case .confirm: [.confirmed]
            case .drop: [.dropped]
            case .revoke: [.approved, .dropped]
            default: []
            }
        for (step, stage) in stages.enumerated() {
            try story.refund(stage, step: step + 1, isFull: true, id: Sample.otherRefund, parts)
        }
    }

    private static func parts(of story: Story) -> [(String, Holding.Place, UInt128)] {
        story.payment.evidence.transfers.filter(\.isLive).flatMap { transfer in
            let holding = story.payment.posted[transfer.key]?.holding ?? Holding()
            let held: [(Holding.Place, Int128)] = [
                (.payments, holding.payments), (.excess, holding.excess), (.unapplied, holding.unapplied),
            ]
            let parts = held.filter { $0.1 > 0 }.map { (transfer.key.place, $0.0, UInt128($0.1)) }
            return parts.isEmpty ? [(transfer.key.place, .unapplied, transfer.amount ?? 0)] : parts
        }
    }
}

/// Every word that facts are made of. A new case does not build here, and a word that no column says fails.
enum FactWord: Hashable, CaseIterable {
    case quoted, chosen, sighted, looked, ruled, refunded, fulfilmentClaimed, fulfilmentReported
    case cancel, accept, reject, grantTopUp, keep, release, dismiss, acceptLate
    case pooled, mined, replaced, evicted, orphaned, failed, spent
    case approved, confirmed, dropped
    case healthy, unhealthy

    static func words(of fact: Fact) -> [FactWord] {
        fact.sources.values.map { $0.isHealthy ? .healthy : .unhealthy } + words(of: fact.news)
    }

    private static func words(of news: Fact.News) -> [FactWord] {
        switch news {
        case .quoted: [.quoted]
        case .chosen: [.chosen]
        case .sighted(let sightings, let spends):
            [.sighted] + sightings.map { word(of: $0.claim.standing) } + spends.map { _ in .spent }
        case .looked: [.looked]
        case .ruled(let verdict, _): [.ruled, word(of: verdict)]
        case .refunded(let refund): [.refunded, word(of: refund.stage)]
        case .fulfilmentClaimed: [.fulfilmentClaimed]
        case .fulfilmentReported: [.fulfilmentReported]
        }
    }

    private static func word(of standing: Transfer.Standing) -> FactWord {
        switch standing {
        case .pooled: .pooled
        case .mined: .mined
        case .gone(.replaced): .replaced
        case .gone(.evicted): .evicted
        case .gone(.orphaned): .orphaned
        case .gone(.failed): .failed
        }
    }

    private static func word(of verdict: Ruling.Verdict) -> FactWord {
        switch verdict {
        case .cancel: .cancel
        case .accept: .accept
        case .reject: .reject
        case .grantTopUp: .grantTopUp
        case .keep: .keep
        case .release: .release
        case .dismiss: .dismiss
        case .acceptLate: .acceptLate
        }
    }

    private static func word(of stage: RefundClaim.Stage) -> FactWord {
        switch stage {
        case .approved: .approved
        case .confirmed: .confirmed
        case .dropped: .dropped
        }
    }
}
