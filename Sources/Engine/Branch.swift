import Chains
import Domain
import Storage

/// The new branch of a fork that does not fit into one batch, put together until its end is heard: only then
/// is it known what the fork took away, and what the branch holds again.
///
/// Of each block it keeps its header and what concerns payments, so that its size is that of the headers.
struct Branch {
    /// What is to be absorbed, as one batch.
    private(set) var batch: Batch
    private let network: NetworkName
    private let store: Store
    /// Outputs in this branch that pay us: it can spend them as well.
    private var arrived: Set<String> = []

    /// - Parameter batch: the first one, which says where the fork is.
    init(_ batch: Batch, of network: NetworkName, in store: Store) async throws {
        self.batch = batch
        self.network = network
        self.store = store
        self.batch.connected = []
        self.batch.entered = []
        try await take(batch)
    }

    /// Whether as many blocks are held as may be: a longer branch is heard in parts.
    var isFull: Bool { batch.connected.count >= EngineLimits.branchBlocks }

    /// The headers as they would be if the branch were absorbed: its own fork is looked for in them.
    var headers: BranchHeaders {
        var blocks = Dictionary(batch.connected.map { ($0.height, $0.block) }) { first, _ in first }
        let fork = batch.forkHeight ?? batch.cursor.height
        blocks[fork] = batch.connected.first?.parent ?? batch.cursor.block
        return BranchHeaders(
            stored: StoredHeaders(store: store, network: network), fork: fork, blocks: blocks)
    }

    /// Goes on with the next batch, which may itself turn into another branch.
    mutating func append(_ next: Batch) async throws {
        if let fork = next.forkHeight {
            batch.forkHeight = min(fork, batch.forkHeight ?? fork)
            batch.connected.removeAll { $0.height > fork }
        }
        try await take(next)
    }

    private mutating func take(_ next: Batch) async throws {
        for block in next.connected {
            batch.connected.append(
                ChainBlock(
                    height: block.height, block: block.block, parent: block.parent,
                    medianTime: block.medianTime, header: block.header,
                    transactions: try await ours(block.transactions)))
        }
        batch.entered += try await ours(next.entered)
        if let pool = next.pool { batch.entered.removeAll { !pool.contains($0.id) } }
        batch.pool = next.pool
        batch.cursor = next.cursor
        batch.safe = next.safe
        batch.finalized = next.finalized
        batch.isAtTip = next.isAtTip
        batch.doubt = next.doubt
        batch.seenUntil = next.seenUntil
        batch.isPoolTold = next.isPoolTold
    }

    /// The transactions that pay us, spend what we received, or exclude one that paid us.
    private mutating func ours(_ transactions: [ChainTransaction]) async throws -> [ChainTransaction] {
        guard !transactions.isEmpty else { return [] }
        let network = network
        let known = try await store.read { tx in
            let inputs = transactions.flatMap(\.inputs)
            return (
                scripts: Set(
                    try tx.attributions(of: transactions.flatMap { $0.outputs.map(\.script) }).keys),
                places: Set(try tx.transfers(of: network, at: inputs).keys)
                    .union(try tx.poolSpenders(of: network, places: inputs).keys)
                    .union(try tx.keptTransfers(of: network, at: inputs).keys)
            )
        }
        var ours: [ChainTransaction] = []
        for transaction in transactions {
            let paying = transaction.outputs.filter { known.scripts.contains($0.script) }
            arrived.formUnion(paying.map(\.place))
            let isOurs =
                !paying.isEmpty
                || transaction.inputs.contains { known.places.contains($0) || arrived.contains($0) }
            if isOurs { ours.append(Self.detached(transaction)) }
        }
        return ours
    }

    /// The same without the block that it was read from.
    private static func detached(_ transaction: ChainTransaction) -> ChainTransaction {
        let observation = transaction.observation()
        var inclusion: (@Sendable () -> Inclusion)?
        if let shown = transaction.inclusion?() { inclusion = { shown } }
        return ChainTransaction(
            id: transaction.id, index: transaction.index, inputs: transaction.inputs,
            outputs: transaction.outputs, maturity: transaction.maturity, hasFailed: transaction.hasFailed,
            observation: { observation }, inclusion: inclusion)
    }
}

/// The stored headers up to a fork, and those of a branch above it.
struct BranchHeaders: KeptHeaders {
    let stored: StoredHeaders
    let fork: UInt64
    let blocks: [UInt64: BlockID]

    func block(at height: UInt64) async throws -> BlockID? {
        if let block = blocks[height] { return block }
        return height < fork ? try await stored.block(at: height) : nil
    }

    func lowest() async throws -> UInt64? { min(try await stored.lowest() ?? fork, fork) }
}
