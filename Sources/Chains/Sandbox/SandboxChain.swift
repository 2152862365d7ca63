package import Domain
internal import Platform

/// One network of the sandbox as the gateway sees it: as strange as a real one, and no more honest.
///
/// It looks for a fork in the kept headers first, as every chain must. Where they do not reach down to it, it
/// goes on along its own blocks that left the chain, as a node can; the fork is exact at any depth then. A
/// cursor that this world never had (its journal is lost) is told everything from the genesis block on.
package final class SandboxChain: Chain {
    private let place: SandboxNetwork
    private let world: SandboxWorld
    private let memory = Lock(Memory())

    /// What this process was told of the pool; nothing else depends on it.
    private struct Memory: Sendable {
        /// The cursor of the last batch. Another one asked for means that the batch was not absorbed: tell
        /// all again.
        var cursor: Cursor?
        /// Transactions in the pool that were told and have not left it since.
        var told: Set<String> = []
    }

    init(_ place: SandboxNetwork, in world: SandboxWorld) {
        self.place = place
        self.world = world
    }

    package var network: NetworkName { place.name }
    package var assets: [Asset] { place.assets }

    package func leastPayable(_ asset: Asset) -> UInt128 {
        asset.contract == nil ? SandboxLimits.leastPayable : 1
    }

    package func receivingKey(parsing text: String) throws -> ReceivingKey {
        let key = WalletKey(text)
        do throws(ChainFault) {
            _ = try SandboxAddress(of: key, at: 0)
        } catch {
            throw KeyRefusal(.invalidKey, error.detail)
        }
        return ReceivingKey(key: key, fingerprint: text, warnings: [])
    }

    package func script(ofAddress text: String) -> String? { try? SandboxAddress(parsing: text).script }

    /// Throws `unusable` when the key is not the sandbox's: see `SandboxAddress.walletKey`.
    package func destination(of key: WalletKey, at index: UInt32) throws -> DerivedDestination {
        let address = try SandboxAddress(of: key, at: index)
        return DerivedDestination(address: address.text, script: address.script, path: "sandbox/\(index)")
    }

    /// `sandbox:sbx1…?amount=0.5&asset=SUSD&label=Shop%20%237`. The scheme is the network's name.
    package func paymentURI(address: String, asset: Asset, amount: UInt128, label: String?) -> String {
        let amountText = DecimalText.text(amount, decimals: asset.decimals)
        var uri = "\(place.rawValue):\(address)?amount=\(amountText)&asset=\(asset.method.asset)"
        if let label, !label.isEmpty { uri += "&label=" + PercentEncoding.encode(label) }
        return uri
    }

    package func forget() { memory.withLock { $0 = Memory() } }

    package func hints() -> AsyncStream<Void> { world.hints(on: place) }

    /// See `Chain`. Throws `unreachable` while the network is made to fail, `wrongNetwork` when the kept
    /// genesis block is another one.
    package func advance(from cursor: Cursor?, kept: any KeptHeaders) async throws -> Batch {
        if let damage = world.damage { throw ChainFault(.malformed, damage) }
        let story = world.ledger.story(place)
        guard !story.isDown else {
            throw ChainFault(.unreachable, "The sandbox's node was made to fail.")
        }
        let from = try await start(cursor, story, kept)
        guard from.height >= story.base else {
            // The world is cut only below what was absorbed, so this is another world's cursor.
            throw ChainFault(.wrongNetwork, "The sandbox has forgotten its blocks below \(story.base).")
        }
        var batch = connect(story, after: from.height)
        batch.forkHeight = from.isFork ? from.height : nil
        let tip = story.tip.height
        batch.safe = tip - min(tip, SandboxLimits.safeDepth)
        batch.finalized = tip - min(tip, SandboxLimits.finalDepth)
        if batch.isAtTip { batch.pool = story.pooled }
        remember(&batch, askedFrom: cursor, story)
        return batch
    }

    /// The height up to which the absorbed chain and this one are the same.
    private func start(
        _ cursor: Cursor?, _ story: SandboxStory, _ kept: any KeptHeaders
    ) async throws -> (height: UInt64, isFork: Bool) {
        guard let cursor else { return (story.tip.height, false) }
        if story.block(at: cursor.height)?.id == cursor.block { return (cursor.height, false) }
        var lowest = cursor
        let floor = min(try await kept.lowest() ?? cursor.height, cursor.height)
        for height in stride(from: cursor.height, to: floor, by: -1) {
            guard let block = try await kept.block(at: height - 1) else { break }
            lowest = Cursor(height: height - 1, block: block)
            if story.block(at: lowest.height)?.id == block { return (lowest.height, true) }
        }
        guard lowest.height > 0 else {
            throw ChainFault(.wrongNetwork, "The genesis block is not that of \(place.rawValue).")
        }
        var walked = lowest.block
        while let block = story.stale[walked] {
            if story.block(at: block.height - 1)?.id == block.parent { return (block.height - 1, true) }
            walked = block.parent
        }
        return (0, true)
    }

    /// As many blocks above `height` as a batch takes, one at least if there is one.
    private func connect(_ story: SandboxStory, after height: UInt64) -> Batch {
        let known = Int(height - story.base)
        var batch = Batch(cursor: Cursor(height: height, block: story.active[known].id), isAtTip: true)
        var count = 0
        for block in story.active[(known + 1)...] {
            count += block.transactions.count
            let isFull = batch.connected.count == SandboxLimits.batchBlocks
            guard !isFull, batch.connected.isEmpty || count <= SandboxLimits.batchTransactions else {
                batch.isAtTip = false
                break
            }
            let transactions = block.transactions.enumerated().compactMap { index, txid in
                story.transactions[txid].map { ChainTransaction($0, index: UInt32(index)) }
            }
            batch.connected.append(
                ChainBlock(
                    height: block.height, block: block.id, parent: block.parent, medianTime: block.time,
                    transactions: transactions))
            batch.cursor = Cursor(height: block.height, block: block.id)
        }
        return batch
    }

    /// Adds what entered the pool, and keeps what was told.
    private func remember(_ batch: inout Batch, askedFrom cursor: Cursor?, _ story: SandboxStory) {
        let after = batch.cursor
        let mined = batch.connected.flatMap { $0.transactions.map(\.id) }
        let isAtTip = batch.isAtTip
        let entered = memory.withLock { memory -> [String] in
            if memory.cursor != cursor { memory.told = [] }
            memory.cursor = after
            // In a batch on the way a block may take what was told: if it comes back, it enters anew.
            memory.told.subtract(mined)
            guard isAtTip else { return [] }
            let entered = story.pool.filter { !memory.told.contains($0) }
            memory.told = story.pooled
            return entered
        }
        batch.entered = entered.compactMap { story.transactions[$0].map { ChainTransaction($0, index: 0) } }
    }
}

extension ChainTransaction {
    init(_ transaction: SandboxTransaction, index: UInt32) {
        let outputs = transaction.outputs.enumerated().map { number, output in
            ChainOutput(
                place: "\(transaction.id):\(number)", script: output.script, asset: output.asset,
                amountText: String(output.amount))
        }
        // Its identity is that hash already.
        self.init(
            id: transaction.id, index: index, inputs: transaction.inputs, outputs: outputs, maturity: 0
        ) { Hex.decode(transaction.id) ?? [] }
    }
}
