import Chains
import Crypto
import Domain
import Storage

extension Oracle {
    /// Where an output stands, by what the gateway was shown.
    enum Standing: Hashable, Sendable {
        case pooled
        case mined(Place)
        case gone
    }

    /// A place in a chain.
    struct Place: Hashable, Sendable {
        let height: UInt64
        let block: Hash256
        /// Of the transaction in the block.
        let index: Int
        /// The median of the times of this block and the ten before it, in milliseconds.
        let median: Int64
    }

    /// Takes in what the gateway has just taken in from `node`: how far that was, its own row says. Gives the
    /// payments of which something changed.
    ///
    /// Throws when the row is on no block that the node has shown.
    mutating func hear(
        _ network: Int, _ node: SimulatedNode, _ row: SourceRow, askedAt: Int64, now: Int64
    ) throws -> Set<Int> {
        let before = views[network]
        guard row.sequence != before.sequence else { return [] }
        guard let height = row.height, let block = row.block else { return [] }
        nextLook()
        views[network].sequence = row.sequence
        views[network].isHealthy = row.isHealthy
        views[network].scannedUntil = row.scannedUntil.milliseconds
        let isBefore = height == before.height && block.text == hash(before.chain, height)
        if isBefore, !row.isHealthy { return [] }
        guard hash(node.chain, height) == block.text else {
            throw Simulation.Failure(problem: "\(networks[network]) is at a block that no node has shown it")
        }
        guard row.sequence > before.sequence else {
            throw Simulation.Failure(problem: "\(networks[network]) speaks with an earlier word")
        }
        let old = standings(network)
        let fork = fork(before, node.chain)
        views[network].chain = node.chain
        views[network].height = height
        // Without a fork it came in parts of so many blocks; all but the last of them were news of the past.
        let isFork = fork < before.height
        var parts: [[TrueTransaction]] = [[]]
        if fork < height {
            for place in (fork + 1)...height {
                if !isFork, place > fork + 1, (place - fork - 1) % Self.blocksInPart == 0 { parts.append([]) }
                parts[parts.count - 1] += node.chain.block(at: place)?.transactions ?? []
            }
        }
        // What left its block waits, until a pool that is known tells otherwise.
        if isFork { views[network].pool.formUnion(left(before, above: fork)) }
        for transaction in parts.joined() { views[network].pool.remove(transaction.id) }
        if row.isHealthy { hearPool(network, node, &parts[parts.count - 1]) }
        forgetExcluded(network)
        var touched: Set<Int> = []
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            let isFromGap = !isLast || !row.isHealthy || before.scannedUntil + gap < askedAt
            touched.formUnion(learn(part, on: network, now: now, isFromGap: isFromGap))
        }
        for (place, standing) in standings(network) where old[place] != standing {
            touched.insert(place.payment)
        }
        return touched
    }

    /// Blocks that the gateway takes in at a time.
    private static let blocksInPart: UInt64 = 20

    private mutating func hearPool(_ network: Int, _ node: SimulatedNode, _ shown: inout [TrueTransaction]) {
        let listed = node.pool
        if node.hasLoadedPool {
            views[network].pool = Set(listed.map(\.id))
        } else {
            // What is not there may still come; what excludes something that is there has taken its place.
            let taken = Set(listed.flatMap(\.inputs))
            let lost = cases.flatMap(\.known).filter { known in
                known.network == network && !listed.contains { $0.id == known.transaction.id }
                    && known.transaction.inputs.contains(where: taken.contains)
            }
            for known in lost { views[network].pool.remove(known.transaction.id) }
            views[network].pool.formUnion(listed.map(\.id))
        }
        shown += listed
    }

    /// The transactions of what was taken in above a height. What a block makes itself waits nowhere.
    private func left(_ before: View, above fork: UInt64) -> [Hash256] {
        guard fork < before.height else { return [] }
        return ((fork + 1)...before.height)
            .compactMap { before.chain.block(at: $0) }.flatMap { $0.transactions.dropFirst().map(\.id) }
    }

    /// What a block that was taken in excludes waits no more, also when that block leaves again: until it is
    /// shown once more.
    private mutating func forgetExcluded(_ network: Int) {
        let view = views[network]
        for known in cases.lazy.flatMap(\.known) where known.network == network {
            guard view.pool.contains(known.transaction.id) else { continue }
            if known.transaction.inputs.contains(where: { isSpent($0, in: view) }) {
                views[network].pool.remove(known.transaction.id)
            }
        }
    }

    /// The highest block of what was taken in that a chain still has.
    private func fork(_ before: View, _ chain: TrueChain) -> UInt64 {
        var height = min(before.height, chain.height)
        while height > 0, hash(before.chain, height) != hash(chain, height) { height -= 1 }
        return height
    }

    private func hash(_ chain: TrueChain, _ height: UInt64) -> String? {
        height <= chain.height ? chain.active[Int(height)].displayText : nil
    }

    private mutating func learn(
        _ shown: [TrueTransaction], on network: Int, now: Int64, isFromGap: Bool
    ) -> Set<Int> {
        var fresh: [Int: [Known]] = [:]
        for transaction in shown {
            for (index, output) in transaction.outputs.enumerated() where output.value > 0 {
                guard let owner = owners[output.script] else { continue }
                let key = Transfer.Key(
                    network: networks[network], place: "\(transaction.id.displayText):\(index)")
                guard !cases[owner.payment].known.contains(where: { $0.key == key }),
                    !(fresh[owner.payment] ?? []).contains(where: { $0.key == key })
                else { continue }
                fresh[owner.payment, default: []].append(
                    Known(
                        key: key, network: network, transaction: transaction, index: index,
                        offer: owner.offer, units: UInt128(output.value), sight: now, look: looks,
                        isFromGap: isFromGap, confirmedIn: .none))
            }
        }
        for (payment, known) in fresh { cases[payment].known += known.sorted { $0.key < $1.key } }
        return Set(fresh.keys)
    }

    /// One output of one payment.
    struct OutputPlace: Hashable {
        let payment: Int
        let output: Int
    }

    private func standings(_ network: Int) -> [OutputPlace: Standing] {
        var standings: [OutputPlace: Standing] = [:]
        for (payment, one) in cases.enumerated() {
            for (output, known) in one.known.enumerated() where known.network == network {
                standings[OutputPlace(payment: payment, output: output)] = standing(known)
            }
        }
        return standings
    }

    /// Where it stands now.
    func standing(_ known: Known) -> Standing {
        let view = views[known.network]
        let id = known.transaction.id
        if let told = view.told { return told.standings[id] ?? .gone }
        if let height = view.chain.mined[id], height <= view.height,
            let block = view.chain.block(at: height)
        {
            let index = block.transactions.firstIndex { $0.id == id } ?? 0
            return .mined(
                Place(height: height, block: block.hash, index: index, median: view.chain.median(at: height)))
        }
        guard view.pool.contains(id) else { return .gone }
        // What a block that was taken in excludes waits for nothing any more.
        return known.transaction.inputs.contains { isSpent($0, in: view) } ? .gone : .pooled
    }

    private func isSpent(_ place: TrueTransaction.Place, in view: View) -> Bool {
        if let told = view.told { return told.spent.contains(place) }
        return view.chain.spender(of: place).flatMap { view.chain.mined[$0] }.map { $0 <= view.height }
            ?? false
    }

    /// Whether a block that was taken in spends it.
    func isSpent(_ known: Known) -> Bool {
        isSpent(known.place, in: views[known.network])
    }
}
