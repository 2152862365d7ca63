import Domain

/// What commands do. Each checks everything first and changes nothing when it throws.
extension SandboxStory {
    mutating func pay(
        _ outputs: [SandboxCommand.Output], isMined: Bool, _ outcome: inout SandboxOutcome
    ) throws(ChainFault) {
        guard SandboxLimits.outputs.contains(outputs.count) else {
            throw ChainFault(.unusable, "A transaction has 1 to \(SandboxLimits.outputs.upperBound) outputs.")
        }
        let known = Set(network.assets.map(\.method.asset))
        for output in outputs {
            _ = try SandboxAddress(script: output.script)
            guard known.contains(output.asset) else {
                throw ChainFault(.unusable, "\(network.rawValue) does not carry \(output.asset).")
            }
            guard SandboxLimits.amount.contains(output.amount) else {
                throw ChainFault(.unusable, "An amount is at least 1 base unit and below 2^100 of them.")
            }
        }
        try requireRoomInPool()
        if isMined { try requireRoom(forBlocks: 1) }
        let transaction = make(inputs: [freshCoin()], outputs: outputs, fee: 1)
        enterPool(transaction)
        outcome.transactions.append(transaction.id)
        if isMined { try mine(1, &outcome) }
    }

    mutating func replace(
        _ txid: String, by replacement: SandboxCommand.Replacement, _ outcome: inout SandboxOutcome
    ) throws(ChainFault) {
        let old = try waiting(txid)
        var outputs = old.outputs
        if case .lessAmount(let percent) = replacement {
            guard (0...99).contains(percent) else {
                throw ChainFault(.unusable, "A replacement pays 0 to 99 percent of the amount.")
            }
            outputs = outputs.map { output in
                output.with(amount: max(1, output.amount.scaled(by: UInt128(percent), over: 100)))
            }
        }
        outcome.gone = leavePool([txid])
        if replacement == .elsewhere { outputs = sentElsewhere(outputs) }
        let transaction = make(inputs: old.inputs, outputs: outputs, fee: old.fee + 1)
        enterPool(transaction)
        outcome.transactions.append(transaction.id)
    }

    mutating func evict(_ txid: String, _ outcome: inout SandboxOutcome) throws(ChainFault) {
        _ = try waiting(txid)
        outcome.gone = leavePool([txid])
    }

    mutating func rebroadcast(_ txid: String, _ outcome: inout SandboxOutcome) throws(ChainFault) {
        let transaction = try known(txid)
        guard !isAlive(txid) else {
            throw ChainFault(.unusable, "This transaction is in the pool or on the chain already.")
        }
        guard transaction.inputs.allSatisfy(isFree) else {
            throw ChainFault(.unusable, "What this transaction spends is spent by another one, or is gone.")
        }
        try requireRoomInPool()
        enterPool(transaction)
        outcome.transactions.append(txid)
    }

    mutating func mine(_ blocks: Int64, _ outcome: inout SandboxOutcome) throws(ChainFault) {
        try mine(pool, blocks, &outcome)
    }

    mutating func confirm(
        _ scripts: [String], _ blocks: Int64, _ outcome: inout SandboxOutcome
    ) throws(ChainFault) {
        guard SandboxLimits.confirmedScripts.contains(scripts.count) else {
            throw ChainFault(
                .unusable, "One command confirms 1 to \(SandboxLimits.confirmedScripts.upperBound) scripts.")
        }
        try mine(waiting(for: Set(scripts)), blocks, &outcome)
    }

    private mutating func mine(
        _ txids: [String], _ blocks: Int64, _ outcome: inout SandboxOutcome
    ) throws(ChainFault) {
        guard SandboxLimits.minedBlocks.contains(blocks) else {
            throw ChainFault(
                .unusable, "One command mines 1 to \(SandboxLimits.minedBlocks.upperBound) blocks.")
        }
        try requireRoom(forBlocks: Int(blocks))
        var rest = txids[...]
        for _ in 0..<blocks {
            let next = Array(rest.prefix(SandboxLimits.blockTransactions))
            rest = rest.dropFirst(next.count)
            outcome.blocks.append(connect(next, at: outcome.now))
        }
    }

    mutating func spend(_ place: String, _ outcome: inout SandboxOutcome) throws(ChainFault) {
        let parts = place.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int(parts[1]), String(number) == parts[1] else {
            throw ChainFault(.unusable, "An output is named \"txid:number\".")
        }
        let txid = String(parts[0])
        let source = try known(txid)
        guard source.outputs.indices.contains(number), isAlive(txid), spenders[place] == nil else {
            throw ChainFault(.unusable, "There is no such output to spend, or it is spent.")
        }
        try requireRoomInPool()
        let outputs = sentElsewhere([source.outputs[number]])
        let transaction = make(inputs: [place], outputs: outputs, fee: 1)
        enterPool(transaction)
        outcome.transactions.append(transaction.id)
    }

    /// The same amounts to an address that nobody watches.
    mutating func sentElsewhere(_ outputs: [SandboxCommand.Output]) -> [SandboxCommand.Output] {
        let script = SandboxAddress(elsewhere: nextSerial(), on: network).script
        return outputs.map { SandboxCommand.Output(script: script, asset: $0.asset, amount: $0.amount) }
    }

    func known(_ txid: String) throws(ChainFault) -> SandboxTransaction {
        guard let transaction = transactions[txid] else {
            throw ChainFault(.unusable, "There is no such transaction on \(network.rawValue).")
        }
        return transaction
    }

    private func waiting(_ txid: String) throws(ChainFault) -> SandboxTransaction {
        let transaction = try known(txid)
        guard pooled.contains(txid) else {
            throw ChainFault(.unusable, "This transaction does not wait in the pool any more.")
        }
        return transaction
    }

    private func requireRoomInPool() throws(ChainFault) {
        guard pool.count < SandboxLimits.poolTransactions else {
            throw ChainFault(.unusable, "The pool is full: mine a block first.")
        }
    }

    func requireRoom(forBlocks count: Int) throws(ChainFault) {
        guard active.count + count <= SandboxLimits.chainBlocks else {
            throw ChainFault(.unusable, "The chain is as long as the sandbox lets it grow.")
        }
    }
}

extension SandboxCommand.Output {
    fileprivate func with(amount: UInt128) -> Self { Self(script: script, asset: asset, amount: amount) }
}
