import Chains
import Crypto
import Domain

/// What one network says in a story for the rules alone: blocks that nobody mined, and what waits for one.
struct SpokenChain: Sendable {
    struct Block: Sendable {
        let hash: Hash256
        /// The median of the times of this block and the ten before it, in milliseconds.
        let median: Int64
        let transactions: [TrueTransaction]
    }

    let method: Domain.Method
    /// Above the block that everything begins with.
    private(set) var blocks: [Block] = []
    /// What waits, in the order in which it came.
    private(set) var pool: [TrueTransaction] = []
    /// The network's last word: its number, whether it can be believed, and how far it has seen.
    var sequence: UInt64 = 0
    var isHealthy = true
    var scannedUntil: Int64 = 0

    init(_ method: Domain.Method) { self.method = method }

    private static let base: UInt64 = 100

    var tip: UInt64 { Self.base + UInt64(blocks.count) }

    var source: Source {
        Source(
            sequence: sequence, tip: tip, safe: nil, finalized: nil, isHealthy: isHealthy,
            scannedUntil: Instant(milliseconds: scannedUntil))
    }

    /// Adds a block with these transactions, as far as nothing in the chain spends the same.
    mutating func mine(_ transactions: [TrueTransaction], hash: Hash256, time: Int64) {
        var taken: [TrueTransaction] = []
        for transaction in transactions where !taken.contains(where: transaction.excludes) {
            let isOut = blocks.contains { block in
                block.transactions.contains { $0.id == transaction.id || $0.excludes(transaction) }
            }
            if !isOut { taken.append(transaction) }
        }
        pool.removeAll { waiting in
            taken.contains { $0.id == waiting.id || $0.excludes(waiting) }
        }
        let median = max(time, blocks.last?.median ?? 0)
        blocks.append(Block(hash: hash, median: median, transactions: taken))
    }

    /// Lets a transaction wait; what it excludes waits no more. False: something in a block excludes it.
    mutating func submit(_ transaction: TrueTransaction) -> Bool {
        let isOut = blocks.contains { block in
            block.transactions.contains { $0.id == transaction.id || $0.excludes(transaction) }
        }
        if isOut { return false }
        pool.removeAll { $0.excludes(transaction) || $0.id == transaction.id }
        pool.append(transaction)
        return true
    }

    mutating func evict(_ id: Hash256) { pool.removeAll { $0.id == id } }

    /// Takes so many blocks off the top, and gives what was in them.
    mutating func unwind(_ depth: Int) -> [TrueTransaction] {
        let left = blocks.suffix(depth)
        blocks.removeLast(left.count)
        return left.flatMap(\.transactions)
    }

    func standing(of id: Hash256) -> Oracle.Standing {
        for (place, block) in blocks.enumerated() {
            guard let index = block.transactions.firstIndex(where: { $0.id == id }) else { continue }
            return .mined(
                Oracle.Place(
                    height: Self.base + UInt64(place) + 1, block: block.hash, index: index,
                    median: block.median))
        }
        return pool.contains { $0.id == id } ? .pooled : .gone
    }

    /// All that the network says of these transactions.
    func told(of transactions: [TrueTransaction]) -> Oracle.Told {
        var told = Oracle.Told()
        for transaction in transactions { told.standings[transaction.id] = standing(of: transaction.id) }
        told.spent = Set(blocks.flatMap(\.transactions).flatMap(\.inputs))
        return told
    }
}

extension TrueTransaction {
    /// Whether both spend the same, so that only one of them can stand.
    func excludes(_ other: TrueTransaction) -> Bool {
        id != other.id && inputs.contains(where: other.inputs.contains)
    }
}

extension Oracle.Standing {
    /// The same in the words of the rules; `reason` for what is gone.
    func said(gone reason: Transfer.Gone) -> Transfer.Standing {
        switch self {
        case .pooled: .pooled
        case .gone: .gone(reason)
        case .mined(let place):
            .mined(
                BlockPlace(
                    height: place.height, block: BlockID(place.block.displayText),
                    index: UInt32(clamping: place.index),
                    medianTime: Instant(milliseconds: place.median)))
        }
    }
}
