import Domain

extension SandboxStory {
    /// Replaces the top of the chain by a branch that is one block longer, and settles what was in it.
    mutating func reorg(_ reorg: SandboxCommand.Reorg, _ outcome: inout SandboxOutcome) throws(ChainFault) {
        let highest = Int64(active.count - 1)
        let deepest = min(highest, SandboxLimits.minedBlocks.upperBound)
        guard reorg.depth >= 1, reorg.depth <= deepest else {
            throw ChainFault(.unusable, "A reorg takes at least 1 block and at most \(deepest) here.")
        }
        guard SandboxLimits.reorgExceptions.contains(reorg.except.count) else {
            throw ChainFault(
                .unusable,
                "A reorg treats at most \(SandboxLimits.reorgExceptions.upperBound) transactions apart.")
        }
        let lowest = tip.height - UInt64(reorg.depth) + 1
        for txid in reorg.except.keys.sorted() {
            _ = try known(txid)
            guard let height = heights[txid], height >= lowest else {
                throw ChainFault(.unusable, "A transaction named apart is not in the blocks that leave.")
            }
        }
        try requireRoom(forBlocks: 1)
        let freed = disconnect(Int(reorg.depth))
        let fates = settle(freed, reorg, &outcome)
        returnToPool(fates.pooled)
        outcome.gone += leavePool(withParentsIn: fates.gone)
        var rest = fates.mined[...]
        for _ in 0...reorg.depth {
            let next = Array(rest.prefix(SandboxLimits.blockTransactions))
            rest = rest.dropFirst(next.count)
            outcome.blocks.append(connect(next, at: outcome.now))
        }
    }

    /// Where the transactions of the blocks that left go, parents before children as they come.
    private mutating func settle(
        _ freed: [String], _ reorg: SandboxCommand.Reorg, _ outcome: inout SandboxOutcome
    ) -> (mined: [String], pooled: [String], gone: Set<String>) {
        var (mined, pooled): ([String], [String]) = ([], [])
        var (waiting, gone): (Set<String>, Set<String>) = ([], [])
        for txid in freed {
            guard let transaction = transactions[txid] else { continue }
            let parents = transaction.parents
            let mayBeMined = !parents.contains(where: waiting.contains)
            func place(_ id: String, inBlock: Bool) {
                if inBlock {
                    mined.append(id)
                } else {
                    pooled.append(id)
                    waiting.insert(id)
                }
            }
            let fate = parents.contains(where: gone.contains) ? .dropped : reorg.except[txid] ?? reorg.fate
            switch fate {
            case .mined: place(txid, inBlock: mayBeMined)
            case .pooled: place(txid, inBlock: false)
            case .dropped: gone.insert(txid)
            case .doubleSpent:
                gone.insert(txid)
                let outputs = sentElsewhere(transaction.outputs)
                let rival = make(inputs: transaction.inputs, outputs: outputs, fee: transaction.fee + 1)
                outcome.transactions.append(rival.id)
                place(rival.id, inBlock: mayBeMined)
            }
        }
        outcome.gone += freed.filter(gone.contains)
        return (mined, pooled, gone)
    }

    /// Takes what spends outputs of transactions that are gone out of the pool, down to the last descendant.
    private mutating func leavePool(withParentsIn gone: Set<String>) -> [String] {
        guard !gone.isEmpty else { return [] }
        let orphans = pool.filter { transactions[$0]?.parents.contains(where: gone.contains) == true }
        return leavePool(Set(orphans))
    }
}
