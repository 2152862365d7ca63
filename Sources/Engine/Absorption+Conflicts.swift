import Chains
import Domain
import Storage

extension Absorption {
    /// What one transaction and those that spend the same outputs mean for each other.
    struct Conflict {
        /// It cannot stand: another one does.
        var isLost = false
        /// What pays us and stands, so that it does not.
        var winners: [KnownTransfer] = []
        /// What paid us and does not stand any more because of it.
        var losers: [KnownTransfer] = []
    }

    /// Of transactions that exclude each other one stands: that in a block before those in the pool, in the
    /// pool the one that it holds, and else the one that is told last. What loses is said to be replaced.
    ///
    /// - Parameters:
    ///   - stored: transactions that pay us, by an output that they spend.
    ///   - taken: outputs that a block of this batch has spent, and in which transaction.
    mutating func settle(
        _ transaction: ChainTransaction, _ standing: Transfer.Standing, _ stored: [String: [String]],
        _ taken: [String: String]
    ) throws -> Conflict {
        var conflict = Conflict()
        if let thief = transaction.inputs.compactMap({ taken[$0] }).first(where: { $0 != transaction.id }) {
            conflict.isLost = true
            conflict.winners = try known(thief)
            return conflict
        }
        let rivals = Set(transaction.inputs.flatMap { (stored[$0] ?? []) + (spenders[$0] ?? []) })
        for rival in rivals.subtracting([transaction.id]).sorted() {
            let known = try known(rival)
            guard let other = try self.standing(of: known) else { continue }
            if yields(transaction.id, standing, to: rival, other) {
                conflict.isLost = true
                conflict.winners += known
            } else if other != .gone(.replaced) {
                for transfer in known { try say(.gone(.replaced), of: transfer) }
                conflict.losers += known
                try work.tx.deletePoolInputs(of: network, transaction: rival)
            }
        }
        return conflict
    }

    /// Whether a transaction falls before another one that spends the same.
    private func yields(
        _ transaction: String, _ standing: Transfer.Standing, to rival: String, _ other: Transfer.Standing
    ) -> Bool {
        switch (standing, other) {
        case (.pooled, .mined): true
        case (.pooled, .pooled): batch.pool.map { $0.contains(rival) && !$0.contains(transaction) } ?? false
        case (.pooled, .gone), (.mined, _), (.gone, _): false
        }
    }

    /// What a transaction pays us, as far as the store or this batch knows.
    private func known(_ transaction: String) throws -> [KnownTransfer] {
        let stored = try work.tx.transfers(of: network, transaction: transaction)
        let isStored = Set(stored)
        return stored + (transfers[transaction] ?? []).filter { !isStored.contains($0) }
    }

    private mutating func standing(of transfers: [KnownTransfer]) throws -> Transfer.Standing? {
        for transfer in transfers {
            if let standing = try standing(of: transfer) { return standing }
        }
        return nil
    }

    /// Where a transfer stands, by what was said of it last.
    mutating func standing(of known: KnownTransfer) throws -> Transfer.Standing? {
        if let told = news[known.payment]?.sightings[known.key] { return told.claim.standing }
        return try self.known(known.payment)?.transfer(known.key)?.claim.standing
    }

    /// The outputs that these transactions spend and a block of this batch has spent already.
    func spentInBlocks(of transactions: [ChainTransaction]) -> [String: String] {
        guard !transactions.isEmpty, !batch.connected.isEmpty else { return [:] }
        let wanted = Set(transactions.flatMap(\.inputs))
        var taken: [String: String] = [:]
        for block in batch.connected {
            for transaction in block.transactions {
                for place in transaction.inputs where wanted.contains(place) { taken[place] = transaction.id }
            }
        }
        return taken
    }
}
