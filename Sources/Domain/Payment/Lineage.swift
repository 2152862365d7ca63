/// First sights, through replacements. A raised fee is not a new payment, and a trifle in time is no option
/// on a price: a transaction inherits the sight of what it replaced only where that was already all that it
/// pays, or all that is asked.
struct Lineage {
    private let transfers: [Transfer]
    private let quotes: [Quote]
    private let enough: Worth
    /// The number of what each transfer belongs to, by its place in the evidence, and the other way round;
    /// empty while nothing was replaced.
    private var groups: [Int] = []
    private var places: [[Int]] = []
    private var numbers: [Outputs: Int] = [:]
    private var inherited: [Sight?] = []

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

        /// What the transaction of `key` pays to the same quote in the same method as `transfer`.
        init(of key: Transfer.Key, like transfer: Transfer) {
            network = key.network
            transaction = key.transaction
            quote = transfer.quote
            method = transfer.method
        }

        /// The transaction alone tells almost all of them apart.
        func hash(into hasher: inout Hasher) { hasher.combine(transaction) }
    }

    init(_ evidence: Evidence, enough: Worth) {
        transfers = evidence.transfers
        quotes = evidence.quotes
        self.enough = enough
        if transfers.allSatisfy({ $0.replaces.isEmpty }) { return }
        for (place, transfer) in transfers.enumerated() {
            let outputs = Outputs(of: transfer.key, like: transfer)
            let group = numbers[outputs] ?? places.count
            if group == places.count {
                numbers[outputs] = group
                places.append([])
            }
            places[group].append(place)
            groups.append(group)
        }
        inherited = Array(repeating: nil, count: places.count)
    }

    /// When the network first showed the transfer that stands at `place` in the evidence, or what it stands
    /// for.
    mutating func sight(at place: Int) -> Sight {
        let transfer = transfers[place]
        let own = Sight(at: Self.time(of: transfer), place: place)
        return groups.isEmpty ? own : own.earliest(with: inherited(by: groups[place]))
    }

    /// The latest sight of what was replaced: all of it was needed. Nothing passes on what it does not
    /// inherit itself.
    private mutating func inherited(by group: Int) -> Sight {
        if let known = inherited[group] { return known }
        // Transactions that replace each other in a circle inherit nothing.
        inherited[group] = .never
        let candidates = replaced(by: group)
        if candidates.isEmpty { return .never }
        let older = candidates.reduce(into: Set<Int>()) { $0.formUnion(replaced(by: $1)) }
        let direct = candidates.subtracting(older).sorted()
        let before = sum(direct)
        let quote = quotes.first { $0.id == transfers[places[group][0]].quote }
        guard !direct.isEmpty, before <= sum([group]),
            before == sum([group]) || quote.map({ $0.worth(of: before) >= enough }) ?? false
        else { return .never }
        var latest = Sight(at: Instant(milliseconds: .min), place: 0)
        for place in direct.flatMap({ places[$0] }) { latest = latest.latest(with: sight(at: place)) }
        inherited[group] = latest
        return latest
    }

    /// What the transactions paid, to the same quote and in the same method, whose place one took.
    private func replaced(by group: Int) -> Set<Int> {
        var replaced: Set<Int> = []
        for transfer in places[group].lazy.map({ transfers[$0] }) {
            for key in transfer.replaces {
                if let other = numbers[Outputs(of: key, like: transfer)] { replaced.insert(other) }
            }
        }
        replaced.remove(group)
        return replaced
    }

    private func sum(_ groups: [Int]) -> UInt128 {
        groups.lazy.flatMap { places[$0] }
            .reduce(0) { $0.addingSaturating(transfers[$1].amount ?? 0) }
    }

    /// Our clock; of what fell into a gap of our watching, the block's median time if that is earlier.
    private static func time(of transfer: Transfer) -> Instant {
        guard transfer.missedByGap, let block = transfer.block else { return transfer.firstSeen }
        return min(transfer.firstSeen, block.medianTime)
    }
}
