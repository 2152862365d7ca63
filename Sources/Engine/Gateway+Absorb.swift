package import Chains
package import Domain
import JSON
import Platform
package import Storage

extension Gateway {
    /// Takes in one batch of a network's story: every touched payment, its confirmations, and the cursor.
    ///
    /// *Atomicity*: the batch is one transaction; crash anywhere, ask again from the same cursor, same
    /// result. *On failure*: nothing of it. *Replay*: a batch that was asked for before the last one was
    /// absorbed, by this process or another, is refused with `isStale`.
    ///
    /// - Parameters:
    ///   - row: what was stored of the network when the batch was asked for.
    ///   - askedAt: when that was.
    package func absorb(
        _ batch: Batch, of network: NetworkName, after row: SourceRow?, askedAt: Instant
    ) async throws -> Absorbed {
        guard let entry = networks[network] else { return Absorbed() }
        let now = now(isTest: entry.isTest)
        return try await write { work in
            var absorption = Absorption(self, batch, network, now: now, askedAt: askedAt, work)
            return try absorption.run(after: row)
        }
    }

    /// Goes on looking at payments that the absorbed height may change, a bounded number in each transaction.
    func lookOn(_ network: NetworkName) async throws {
        guard let entry = networks[network] else { return }
        let now = now(isTest: entry.isTest)
        var before: [ID<Payment>] = []
        while !Task.isCancelled {
            let looked = try await write { work -> [ID<Payment>] in
                guard let row = try work.tx.source(of: network), row.isHealthy, let tip = row.height else {
                    return []
                }
                let due = try work.tx.dueLooks(network: network, at: tip, limit: EngineLimits.looks)
                for id in due { try self.look(at: id, now: now, actor: .network(network), work) }
                return due
            }
            // The same ones again would mean that a look does not move them: leave them to the next block.
            if looked.count < EngineLimits.looks || looked == before { return }
            before = looked
        }
    }

    /// Remembers that a network cannot be heard, so that nothing becomes confirmed and nothing expires
    /// blindly.
    package func markUnhealthy(_ network: NetworkName, fault: String) async throws {
        guard let entry = networks[network] else { return }
        let now = now(isTest: entry.isTest)
        try await write { work in
            let known = try work.tx.source(of: network)
            if let known, !known.isHealthy, known.fault == fault { return }
            let unheard = SourceRow(
                sequence: 0, height: nil, block: nil, safe: nil, finalized: nil, isHealthy: false,
                fault: fault, scannedUntil: Instant(milliseconds: 0), seenAt: now)
            var row = known ?? unheard
            row.sequence += 1
            row.isHealthy = false
            row.fault = fault
            try work.tx.save(row, of: network)
            try self.recordHealth(network, row, at: now, work)
        }
    }

    func recordHealth(_ network: NetworkName, _ row: SourceRow, at now: Instant, _ work: Work) throws {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("healthy", row.isHealthy)
            writer.member("fault", row.fault)
            writer.member("height", row.height)
        }
        try work.tx.record(
            chain: Storage.Transaction.instanceChain, at: now, kind: "source_health", subject: network.text,
            cause: "watch", actor: .network(network), body: writer.bytes)
    }
}

/// What a batch came to.
package struct Absorbed: Sendable {
    /// Payments that something was said of.
    package var payments = 0
    /// The batch did not continue what was absorbed: another process was faster, or the cursor moved.
    package var isStale = false
    /// Payments wait for this height already, more than one transaction takes: look again at once.
    package var hasMoreLooks = false
}

/// The work of one batch in one transaction.
struct Absorption {
    let gateway: Gateway
    let batch: Batch
    let network: NetworkName
    let now: Instant
    let askedAt: Instant
    let work: Work
    var news: [ID<Payment>: News] = [:]
    /// In the order in which payments were first spoken of.
    var order: [ID<Payment>] = []
    var sequence: UInt64 = 0
    var isCatchingUp = false
    /// Transactions that this batch has in blocks.
    var mined: Set<String> = []
    /// What paid us in this batch: it can be spent in the same one.
    var arrived: [String: ID<Payment>] = [:]

    struct News {
        var sightings: [Transfer.Key: Sighting] = [:]
        var spends: [Transfer.Key: Transfer.Spend] = [:]
    }

    init(
        _ gateway: Gateway, _ batch: Batch, _ network: NetworkName, now: Instant, askedAt: Instant,
        _ work: Work
    ) {
        self.gateway = gateway
        self.batch = batch
        self.network = network
        self.now = now
        self.askedAt = askedAt
        self.work = work
    }

    mutating func run(after row: SourceRow?) throws -> Absorbed {
        let known = try work.tx.source(of: network)
        guard known?.sequence == row?.sequence, continues(known) else { return Absorbed(isStale: true) }
        sequence = (known?.sequence ?? 0) + 1
        let gap = gateway.settings.gapSeconds
        isCatchingUp = !batch.isAtTip || known.map { $0.scannedUntil.adding(seconds: gap) < askedAt } ?? false
        try disconnect()
        for block in batch.connected { try connect(block) }
        try hearPool()
        let row = try save(known)
        try tell(row.source)
        let looks = try look(row.source)
        return Absorbed(payments: order.count, isStale: false, hasMoreLooks: looks)
    }

    /// Whether the batch begins where the last one ended.
    private func continues(_ known: SourceRow?) -> Bool {
        guard let height = known?.height, let block = known?.block else { return true }
        if let fork = batch.forkHeight { return fork <= height }
        guard let first = batch.connected.first else { return batch.cursor.block == block }
        return first.parent == block
    }

    /// Everything above the fork has left the chain. What the pool holds again waits there, the rest is gone;
    /// what the new blocks hold is heard right after.
    private mutating func disconnect() throws {
        guard let fork = batch.forkHeight else { return }
        for known in try work.tx.minedTransfers(of: network, above: fork) {
            let standing: Transfer.Standing =
                batch.pool?.contains(known.transaction) ?? false ? .pooled : .gone(.orphaned)
            try say(standing, of: known)
        }
        for known in try work.tx.spentTransfers(of: network, above: fork) {
            guard let payment = try gateway.legible(known.payment, work),
                let spend = payment.evidence.spends[known.key]
            else { continue }
            hear(Transfer.Spend(transaction: spend.transaction, claim: claim(.gone(.orphaned))), of: known)
        }
        try work.tx.deleteHeaders(of: network, above: fork)
    }

    private mutating func connect(_ block: ChainBlock) throws {
        try match(block.transactions) { transaction in
            .mined(
                BlockPlace(
                    height: block.height, block: block.block, index: transaction.index,
                    medianTime: block.medianTime))
        }
        mined.formUnion(block.transactions.map(\.id))
        for transaction in Set(block.transactions.map(\.id)).intersection(try pooledTransactions()) {
            try work.tx.deletePoolInputs(of: network, transaction: transaction)
        }
        try work.tx.insert(
            HeaderRow(
                height: block.height, block: block.block, parent: block.parent, medianTime: block.medianTime),
            of: network)
    }

    private func pooledTransactions() throws -> Set<String> {
        Set(try work.tx.pooledTransfers(of: network).map(\.transaction))
    }

    /// What entered the pool, and what the pool does not hold any more.
    private mutating func hearPool() throws {
        try match(batch.entered.filter { !mined.contains($0.id) }) { _ in .pooled }
        guard let pool = batch.pool else { return }
        for known in try work.tx.pooledTransfers(of: network)
        where !pool.contains(known.transaction) && !mined.contains(known.transaction) {
            guard news[known.payment]?.sightings[known.key] == nil else { continue }
            try say(.gone(.evicted), of: known)
            try work.tx.deletePoolInputs(of: network, transaction: known.transaction)
        }
    }

    /// Finds the outputs that pay us, the spends of what we received, and the transactions that exclude ones
    /// we know.
    private mutating func match(
        _ transactions: [ChainTransaction], _ standing: (ChainTransaction) -> Transfer.Standing
    ) throws {
        guard !transactions.isEmpty else { return }
        let owners = try work.tx.attributions(of: transactions.flatMap { $0.outputs.map(\.script) })
        let inputs = transactions.flatMap(\.inputs)
        let spent = try work.tx.transfers(of: network, at: inputs)
        let rivals = try work.tx.hasPoolInputs ? work.tx.poolSpenders(of: network, places: inputs) : [:]
        for transaction in transactions {
            let claim = claim(standing(transaction))
            let replaced = try replaced(by: transaction, rivals)
            try hear(transaction, claim, owners, replaced)
            for place in transaction.inputs {
                guard let payment = spent[place] ?? arrived[place] else { continue }
                let key = Transfer.Key(network: network, place: place)
                let known = KnownTransfer(key: key, transaction: transaction.id, payment: payment)
                hear(Transfer.Spend(transaction: transaction.id, claim: claim), of: known)
            }
        }
    }

    private mutating func hear(
        _ transaction: ChainTransaction, _ claim: Transfer.Claim, _ owners: [String: Attribution],
        _ replaced: [KnownTransfer]
    ) throws {
        var isOurs = false
        for output in transaction.outputs {
            guard let owner = owners[output.script] else { continue }
            isOurs = true
            let key = Transfer.Key(network: network, place: output.place)
            let sighting = Sighting(
                key: key, quote: owner.quote,
                method: output.asset.map { Domain.Method(asset: $0, network: network) },
                amountText: output.amountText,
                claim: claim, seenAt: now, fellIntoGap: isCatchingUp,
                replaces: Set(replaced.filter { $0.payment == owner.payment }.map(\.key)),
                maturity: transaction.maturity, observation: Commitment(transaction.observation()))
            mention(owner.payment)
            news[owner.payment]?.sightings[key] = sighting
            arrived[output.place] = owner.payment
        }
        if isOurs, claim.standing == .pooled {
            try work.tx.insertPoolInputs(of: network, transaction: transaction.id, places: transaction.inputs)
        }
    }

    /// What we knew in the pool and what this transaction makes impossible.
    private mutating func replaced(
        by transaction: ChainTransaction, _ rivals: [String: [String]]
    ) throws -> [KnownTransfer] {
        let losers = Set(transaction.inputs.flatMap { rivals[$0] ?? [] }).subtracting([transaction.id])
        var transfers: [KnownTransfer] = []
        for loser in losers.sorted() {
            for known in try work.tx.transfers(of: network, transaction: loser) {
                try say(.gone(.replaced), of: known)
                transfers.append(known)
            }
            try work.tx.deletePoolInputs(of: network, transaction: loser)
        }
        return transfers
    }

    private func claim(_ standing: Transfer.Standing) -> Transfer.Claim {
        Transfer.Claim(sequence: sequence, standing: standing)
    }

    private mutating func mention(_ payment: ID<Payment>) {
        guard news[payment] == nil else { return }
        news[payment] = News()
        order.append(payment)
    }

    private mutating func hear(_ spend: Transfer.Spend, of known: KnownTransfer) {
        mention(known.payment)
        news[known.payment]?.spends[known.key] = spend
    }

    /// Says something new of a transfer that is known already.
    private mutating func say(_ standing: Transfer.Standing, of known: KnownTransfer) throws {
        guard let payment = try gateway.legible(known.payment, work),
            let transfer = payment.evidence.transfer(known.key)
        else { return }
        let sighting = Sighting(again: transfer, claim: claim(standing))
        mention(known.payment)
        news[known.payment]?.sightings[known.key] = sighting
    }

    private func save(_ known: SourceRow?) throws -> SourceRow {
        let isSeenWhole = batch.isAtTip && batch.pool != nil
        let row = SourceRow(
            sequence: sequence, height: batch.cursor.height, block: batch.cursor.block, safe: batch.safe,
            finalized: batch.finalized, isHealthy: batch.isAtTip, fault: batch.isAtTip ? nil : "catching up",
            scannedUntil: isSeenWhole ? askedAt : known?.scannedUntil ?? Instant(milliseconds: 0), seenAt: now
        )
        if try batch.connected.isEmpty && work.tx.lowestHeader(of: network) == nil {
            try work.tx.insert(
                HeaderRow(
                    height: batch.cursor.height, block: batch.cursor.block, parent: BlockID(""),
                    medianTime: now),
                of: network)
        }
        let kept = gateway.settings.keptHeaders
        if batch.cursor.height > kept {
            try work.tx.deleteHeaders(of: network, below: batch.cursor.height - kept)
        }
        if known?.source.tip != row.source.tip { work.footprint.move(network) }
        try work.tx.save(row, of: network)
        if known?.isHealthy != row.isHealthy { try gateway.recordHealth(network, row, at: now, work) }
        return row
    }

    /// Folds what was heard into each payment.
    private func tell(_ source: Source) throws {
        for id in order {
            guard let heard = news[id] else { continue }
            let sightings = heard.sightings.values.sorted { $0.key < $1.key }
            let fact = Fact(
                at: now, actor: .network(network), sources: try sources(of: id, source),
                news: .sighted(sightings, spends: heard.spends))
            try gateway.apply(fact, to: id, cause: "block \(batch.cursor.block.text)", work)
        }
    }

    /// Looks at the payments that this height, or the source's return to health, may change.
    private func look(_ source: Source) throws -> Bool {
        guard source.isHealthy else { return false }
        let due = try work.tx.dueLooks(network: network, at: source.tip, limit: EngineLimits.looks)
        for id in due {
            if news[id] != nil { continue }
            let fact = Fact(
                at: now, actor: .network(network), sources: try sources(of: id, source), news: .looked)
            try gateway.apply(fact, to: id, cause: "block \(batch.cursor.block.text)", work)
        }
        return due.count == EngineLimits.looks
    }

    private func sources(of id: ID<Payment>, _ source: Source) throws -> [NetworkName: Source] {
        guard let payment = try gateway.legible(id, work) else { return [network: source] }
        var sources = try gateway.sources(of: payment, in: work.tx)
        sources[network] = source
        return sources
    }
}
