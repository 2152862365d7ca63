/// First sights, through replacements. A raised fee is not a new payment, and a trifle in time is no option
/// on a price: a transaction inherits the sight of what it replaced only where that was already all that it
/// pays, or all that is asked.
struct Lineage {
    private let evidence: Evidence
    private let enough: Worth
    private var places: [Transfer.Key: Int] = [:]
    private var outputs: [Outputs: [Int]] = [:]
    private var sights: [Outputs: Instant] = [:]

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
    }

    init(_ evidence: Evidence, enough: Worth) {
        self.evidence = evidence
        self.enough = enough
        if evidence.transfers.allSatisfy(\.replaces.isEmpty) { return }
        for (index, transfer) in evidence.transfers.enumerated() {
            places[transfer.key] = index
            outputs[Outputs(transfer), default: []].append(index)
        }
    }

    /// When the network first showed it, or what it stands for.
    mutating func firstSight(of transfer: Transfer) -> Instant {
        guard !transfer.replaces.isEmpty else { return Self.sight(of: transfer) }
        let group = Outputs(transfer)
        if let known = sights[group] { return min(Self.sight(of: transfer), known) }
        sights[group] = .distantFuture
        let inherited = inheritedSight(of: transfer, group)
        sights[group] = inherited
        return min(Self.sight(of: transfer), inherited)
    }

    /// The latest sight of what was replaced: all of it was needed. Nothing passes on what it does not
    /// inherit itself.
    private mutating func inheritedSight(of transfer: Transfer, _ group: Outputs) -> Instant {
        let candidates = transfer.replaces.compactMap { places[$0].map { evidence.transfers[$0] } }
            .filter { $0.quote == transfer.quote && $0.method == transfer.method && Outputs($0) != group }
        let older = candidates.reduce(into: Set<Transfer.Key>()) { $0.formUnion($1.replaces) }
        let replaced = candidates.filter { !older.contains($0.key) }
        let before = sum(replaced)
        let after = sum((outputs[group] ?? []).map { evidence.transfers[$0] })
        guard !replaced.isEmpty, before <= after,
            before == after || evidence.quote(transfer.quote).map({ $0.worth(of: before) >= enough }) ?? false
        else { return .distantFuture }
        var latest = Instant(milliseconds: .min)
        for known in replaced { latest = max(latest, firstSight(of: known)) }
        return latest
    }

    private func sum(_ transfers: [Transfer]) -> UInt128 {
        transfers.reduce(0) { $0.addingSaturating($1.amount ?? 0) }
    }

    /// Our clock; of what fell into a gap of our watching, the block's median time if that is earlier.
    private static func sight(of transfer: Transfer) -> Instant {
        guard transfer.missedByGap, let place = transfer.block else { return transfer.firstSeen }
        return min(transfer.firstSeen, place.medianTime)
    }
}
