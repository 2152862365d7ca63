import Chains
import Crypto

/// What really is on a network: every block that was ever mined, the branch that counts, and the pool. The
/// gateway never sees it; it sees what nodes say of it.
struct TrueChain: Sendable {
    let network: UTXONetwork
    /// Of all branches.
    private(set) var blocks: [Hash256: TrueBlock] = [:]
    /// The branch that counts: the block hash at each height, genesis first.
    private(set) var active: [Hash256]
    /// What waits, in the order in which it came.
    private(set) var pool: [TrueTransaction] = []
    /// Which pool transaction spends a place.
    private var poolSpends: [TrueTransaction.Place: Hash256] = [:]
    /// The height at which a transaction stands in the branch that counts.
    private(set) var mined: [Hash256: UInt64] = [:]
    private var tag: UInt64 = 0

    /// A chain with so many empty blocks, so that median times and kept headers have something to stand on.
    init(_ network: UTXONetwork, blocks count: Int, time: UInt32) {
        self.network = network
        active = [network.genesis]
        for index in 0..<count { mine([], time: time + UInt32(index)) }
    }

    var height: UInt64 { UInt64(active.count - 1) }
    var best: Hash256 { active[active.count - 1] }

    func block(at height: UInt64) -> TrueBlock? {
        height < UInt64(active.count) ? blocks[active[Int(height)]] : nil
    }

    func isActive(_ block: TrueBlock) -> Bool {
        block.height < UInt64(active.count) && active[Int(block.height)] == block.hash
    }

    /// The median of the times of the block at a height and the ten before it, in milliseconds (BIP 113).
    func median(at height: UInt64) -> Int64 {
        let first = height - min(height, 10)
        let times = (first...height).compactMap { block(at: $0)?.time }.sorted()
        return times.isEmpty ? 0 : Int64(times[times.count / 2]) * 1_000
    }

    /// The transaction of the branch that spends a place.
    func spender(of place: TrueTransaction.Place) -> Hash256? { branchSpends[place] }

    func isPooled(_ id: Hash256) -> Bool { pool.contains { $0.id == id } }

    /// Puts a transaction into the pool. What it conflicts with leaves it (BIP 125), unless that is mined:
    /// then nothing happens. Whether it is in the pool now.
    @discardableResult mutating func submit(_ transaction: TrueTransaction) -> Bool {
        guard mined[transaction.id] == nil, !isPooled(transaction.id) else { return false }
        guard !transaction.inputs.contains(where: { isSpentInBranch($0) }) else { return false }
        guard hasParents(transaction) else { return false }
        born.insert(transaction.id)
        for input in transaction.inputs {
            if let rival = poolSpends[input] { evict(rival) }
        }
        pool.append(transaction)
        for input in transaction.inputs { poolSpends[input] = transaction.id }
        return true
    }

    /// Throws a transaction out of the pool, and what spends it.
    mutating func evict(_ id: Hash256) {
        guard let index = pool.firstIndex(where: { $0.id == id }) else { return }
        let gone = pool.remove(at: index)
        for input in gone.inputs where poolSpends[input] == id { poolSpends[input] = nil }
        for place in gone.outputs.indices.map(gone.place) {
            if let child = poolSpends[place] { evict(child) }
        }
    }

    /// Mines a block on the tip with these transactions of the pool or from elsewhere. Those that conflict
    /// with the branch are left out.
    ///
    /// - Parameter reward: what the block makes, where that goes to somebody.
    mutating func mine(
        _ transactions: [TrueTransaction], time: UInt32, coinbase reward: TrueTransaction.Output? = nil
    ) {
        var taken: [TrueTransaction] = []
        var spent: Set<TrueTransaction.Place> = []
        for transaction in transactions {
            guard mined[transaction.id] == nil, !taken.contains(where: { $0.id == transaction.id }),
                !transaction.inputs.contains(where: { spent.contains($0) || isSpentInBranch($0) }),
                transaction.inputs.allSatisfy({ input in
                    !born.contains(input.transaction) || mined[input.transaction] != nil
                        || taken.contains { $0.id == input.transaction }
                })
            else { continue }
            taken.append(transaction)
            born.insert(transaction.id)
            spent.formUnion(transaction.inputs)
        }
        tag += 1
        let coinbase = TrueTransaction(
            inputs: [], outputs: [reward ?? .init(value: 5_000_000_000, script: [0x51])],
            height: height + 1, tag: tag)
        if reward != nil { born.insert(coinbase.id) }
        let floor = (block(at: height)?.time ?? 0) + 1
        let block = TrueBlock(
            on: network, height: height + 1, parent: best, time: max(time, floor),
            transactions: [coinbase] + taken)
        blocks[block.hash] = block
        connect(block)
    }

    /// Mines all that waits.
    mutating func mineAll(time: UInt32) { mine(pool, time: time) }

    private mutating func connect(_ block: TrueBlock) {
        active.append(block.hash)
        for transaction in block.transactions {
            mined[transaction.id] = block.height
            evictOnly(transaction.id)
            for input in transaction.inputs {
                branchSpends[input] = transaction.id
                if let rival = poolSpends[input] { evict(rival) }
            }
        }
    }

    /// Takes the tip off the branch and gives back its transactions, the coinbase left out.
    private mutating func disconnectTip() -> [TrueTransaction] {
        guard let block = block(at: height) else { return [] }
        active.removeLast()
        for transaction in block.transactions {
            mined[transaction.id] = nil
            for input in transaction.inputs { branchSpends[input] = nil }
        }
        return Array(block.transactions.dropFirst())
    }

    private mutating func evictOnly(_ id: Hash256) {
        guard let index = pool.firstIndex(where: { $0.id == id }) else { return }
        let gone = pool.remove(at: index)
        for input in gone.inputs where poolSpends[input] == id { poolSpends[input] = nil }
    }

    // MARK: What spends what

    /// Every transaction that there ever was. Coins of others are invented, and always there.
    private var born: Set<Hash256> = []

    /// Whether what it spends is there: in the branch or in the pool.
    private func hasParents(_ transaction: TrueTransaction) -> Bool {
        transaction.inputs.allSatisfy { input in
            !born.contains(input.transaction) || mined[input.transaction] != nil
                || isPooled(input.transaction)
        }
    }

    /// Throws out of the pool what spends something that is not there any more.
    private mutating func prunePool() {
        while let orphan = pool.first(where: { !hasParents($0) }) { evict(orphan.id) }
    }

    private var branchSpends: [TrueTransaction.Place: Hash256] = [:]

    private func isSpentInBranch(_ place: TrueTransaction.Place) -> Bool { branchSpends[place] != nil }

    // MARK: Reorganisation

    /// What becomes of a transaction whose block leaves the branch.
    enum Fate: CaseIterable, Sendable {
        /// In the new branch at the same height, as far as that reaches.
        case kept
        /// In the new branch, in its last block.
        case later
        /// Back in the pool.
        case pooled
        /// Nobody has it any more.
        case dropped
        /// The new branch spends its coins elsewhere.
        case doubleSpent
    }

    /// Replaces the last `depth` blocks by `depth + more` others (`more` at least 1: a branch that counts has
    /// more work). `fate` is asked for each transaction that was in them, in their order.
    mutating func reorganise(
        depth: Int, more: Int = 1, time: UInt32, fate: (TrueTransaction) -> Fate
    ) {
        let depth = min(depth, active.count - 1)
        guard depth > 0 else { return }
        var left: [(height: UInt64, transactions: [TrueTransaction])] = []
        for _ in 0..<depth {
            let at = height
            left.append((at, disconnectTip()))
        }
        left.reverse()
        var kept: [UInt64: [TrueTransaction]] = [:]
        var later: [TrueTransaction] = []
        var pooled: [TrueTransaction] = []
        for (at, transactions) in left {
            for transaction in transactions {
                switch fate(transaction) {
                case .kept: kept[at, default: []].append(transaction)
                case .later: later.append(transaction)
                case .pooled: pooled.append(transaction)
                case .dropped: break
                case .doubleSpent:
                    tag += 1
                    let elsewhere = TrueTransaction.Output(
                        value: 1_000 + tag, script: [0x51, 0x01, UInt8(truncatingIfNeeded: tag)])
                    kept[at, default: []].append(
                        TrueTransaction(inputs: transaction.inputs, outputs: [elsewhere]))
                }
            }
        }
        let end = height + UInt64(depth + max(more, 1))
        while height < end {
            let isLast = height + 1 == end
            mine((kept[height + 1] ?? []) + (isLast ? later : []), time: time)
        }
        for transaction in pooled { submit(transaction) }
        prunePool()
    }
}
