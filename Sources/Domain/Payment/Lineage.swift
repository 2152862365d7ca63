/// First sights, through replacements. A raised fee is not a new payment, and a trifle in time is no option
/// on a price: a transaction inherits the sight of what it replaced only where that was already all that it
/// pays, or all that is asked.
struct Lineage {
    private let evidence: Evidence
    private let enough: Worth
    /// Where the outputs stand in the evidence; empty while nothing was replaced.
    private var outputs: [Outputs: [Int]] = [:]
    private var inherited: [Outputs: Sight] = [:]

    /// When the network first showed a transfer, and how many others had been heard of before it.
    struct Sight {
        var at: Instant
        /// Of two sights the one with the lower place was there first, whatever the clock has done between.
        var place: Int

        static let never = Sight(at: .distantFuture, place: .max)

        func earliest(with other: Sight) -> Sight {
            Sight(at: min(at, other.at), place: min(place, other.place))
        }

        func latest(with other: Sight) -> Sight {
            Sight(at: max(at, other.at), place: max(place, other.place))
        }
    }

    /// What one transaction pays to one quote in one method.
    private struct Outputs: Hashable {
        let network: NetworkName
        let transaction: Substring
        let quote: ID<Quote>
        let method: Method?

        init(_ transfer: Transfer) {
            network = transfer.key.network
            transaction = transfer.key.transaction
            quote = transfer.quote
            method = transfer.method
        }

        /// What another transaction pays to the same quote in the same method.
        init(of key: Transfer.Key, like other: Outputs) {
            network = key.network
            transaction = key.transaction
            quote = other.quote
            method = other.method
        }
    }

    init(_ evidence: Evidence, enough: Worth) {
        self.evidence = evidence
        self.enough = enough
        if evidence.transfers.allSatisfy({ $0.replaces.isEmpty }) { return }
        for (place, transfer) in evidence.transfers.enumerated() {
            outputs[Outputs(transfer), default: []].append(place)
        }
    }

    /// When the network first showed the transfer that stands at `place` in the evidence, or what it stands
    /// for.
    mutating func sight(at place: Int) -> Sight {
        let transfer = evidence.transfers[place]
        let own = Sight(at: Self.time(of: transfer), place: place)
        return outputs.isEmpty ? own : own.earliest(with: inherited(by: Outputs(transfer)))
    }

    /// The latest sight of what was replaced: all of it was needed. Nothing passes on what it does not
    /// inherit itself.
    private mutating func inherited(by group: Outputs) -> Sight {
        if let known = inherited[group] { return known }
        // Transactions that replace each other in a circle inherit nothing.
        inherited[group] = .never
        let candidates = replaced(by: group)
        let older = candidates.reduce(into: Set<Outputs>()) { $0.formUnion(replaced(by: $1)) }
        let direct = candidates.subtracting(older)
        let before = sum(direct)
        guard !direct.isEmpty, before <= sum([group]),
            before == sum([group])
                || evidence.quote(group.quote).map({ $0.worth(of: before) >= enough }) ?? false
        else { return .never }
        var latest = Sight(at: Instant(milliseconds: .min), place: 0)
        for place in direct.flatMap({ outputs[$0] ?? [] }) { latest = latest.latest(with: sight(at: place)) }
        inherited[group] = latest
        return latest
    }

    /// What the transactions paid, to the same quote and in the same method, whose place one took.
    private func replaced(by group: Outputs) -> Set<Outputs> {
        var replaced: Set<Outputs> = []
        for place in outputs[group] ?? [] {
            for key in evidence.transfers[place].replaces { replaced.insert(Outputs(of: key, like: group)) }
        }
        return replaced.filter { outputs[$0] != nil && $0 != group }
    }

    private func sum(_ groups: Set<Outputs>) -> UInt128 {
        groups.lazy.flatMap { outputs[$0] ?? [] }
            .reduce(0) { $0.addingSaturating(evidence.transfers[$1].amount ?? 0) }
    }

    /// Our clock; of what fell into a gap of our watching, the block's median time if that is earlier.
    private static func time(of transfer: Transfer) -> Instant {
        guard transfer.missedByGap, let block = transfer.block else { return transfer.firstSeen }
        return min(transfer.firstSeen, block.medianTime)
    }
}
