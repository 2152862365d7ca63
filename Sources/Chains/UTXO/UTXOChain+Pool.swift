internal import Crypto
internal import Domain
internal import Platform

extension UTXOChain {
    /// Adds what entered the pool, and the pool as it stands at the tip.
    ///
    /// A node changes its tip and its pool together. So the tip that is asked for *after* the pool tells
    /// whether the pool is that of the batch's last block: if a block came in between, a transaction may be
    /// missing from the pool because it was mined, and nothing is said of what left. Nor is anything while a
    /// node that was started has not read its pool back yet.
    ///
    /// A large pool is told in parts, out of one listing. What was told is remembered when the batch is done:
    /// a call that fails on the way has handed nothing out, and the next one goes on where this one began.
    func hearPool(_ batch: inout Batch, askedFrom cursor: Cursor?, _ standing: UTXONode.Standing)
        async throws
    {
        let mined = Set(batch.connected.flatMap { $0.transactions.map(\.id) })
        var pool = memory.withLock { $0.cursor == cursor ? $0.pool : Pool() }
        // What a block took is told anew when it comes back.
        pool.told.subtract(mined)
        if !mined.isEmpty { pool.waiting.removeAll { mined.contains($0) } }
        if batch.isAtTip { try await tellPool(&batch, &pool, standing) }
        let (after, told) = (batch.cursor, pool)
        memory.withLock { memory in
            memory.cursor = after
            memory.pool = told
        }
    }

    private func tellPool(
        _ batch: inout Batch, _ pool: inout Pool, _ standing: UTXONode.Standing
    ) async throws {
        var listed: Set<String>?
        let isListed = pool.waiting.isEmpty
        if isListed {
            let isLoaded = try await node.hasLoadedPool()
            let ids = try await node.pool()
            let isSettled = try await node.best() == standing.best
            let all = Set(ids)
            pool.told.formIntersection(all)
            pool.waiting = ids.filter { !pool.told.contains($0) }[...]
            listed = isLoaded && isSettled ? all : nil
        }
        var (count, bytes) = (0, 0)
        while count < UTXOLimits.batchPool, bytes < UTXOLimits.batchBytes, !pool.waiting.isEmpty {
            let part = pool.waiting.prefix(min(UTXOLimits.callsPerRequest, UTXOLimits.batchPool - count))
            pool.waiting = pool.waiting.dropFirst(part.count)
            count += part.count
            for (id, table) in try await node.poolTransactions(part) {
                pool.told.insert(id)
                bytes += table.bytes.count
                guard !table.outputs.isEmpty else { continue }
                batch.entered += table.chainTransactions(on: place)
            }
        }
        // Of a pool that takes more than this batch the end is not known: it is listed once more.
        batch.isPoolTold = isListed && pool.waiting.isEmpty
        batch.pool = batch.isPoolTold ? listed : nil
    }
}

extension TransactionTable {
    /// The transactions as the gateway takes them: of the outputs those that could be a destination's, which
    /// have scripts of a form that account keys give and pay something.
    ///
    /// - Parameter tree: of the block whose transactions these are; nil in the pool.
    package func chainTransactions(
        on network: UTXONetwork, in tree: TransactionTree? = nil
    ) -> [ChainTransaction] {
        let asset = network.coin.method.asset
        return transactions.enumerated().map { index, transaction in
            let id = transaction.id.displayText
            let inputs =
                transaction.isCoinbase
                ? [] : self.inputs[transaction.inputs].map { "\($0.transaction.displayText):\($0.index)" }
            let outputs = self.outputs[transaction.outputs].compactMap { output -> ChainOutput? in
                guard Self.scriptLengths.contains(output.script.count), output.value > 0 else { return nil }
                return ChainOutput(
                    place: "\(id):\(output.index)", script: Hex.encode(script(of: output)), asset: asset,
                    amountText: String(output.value))
            }
            return ChainTransaction(
                id: id, index: UInt32(clamping: index), inputs: inputs, outputs: outputs,
                maturity: UInt32(transaction.maturity(on: network)),
                observation: { SHA256.hash(Array(bytes[transaction.place])) },
                inclusion: inclusion(of: transaction, at: index, in: tree))
        }
    }

    private func inclusion(
        of transaction: Transaction, at index: Int, in tree: TransactionTree?
    ) -> (@Sendable () -> Inclusion)? {
        guard let tree else { return nil }
        return { Inclusion(raw: Array(bytes[transaction.place]), branch: tree.branch(of: index)) }
    }

    /// P2WPKH, P2SH, P2PKH and P2TR: what destinations are made of.
    private static let scriptLengths: Set<Int> = [22, 23, 25, 34]
}
