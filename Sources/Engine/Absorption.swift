import Chains
import Domain
import Storage

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
    /// The header of the block that is being connected; empty where it has none.
    var header: [UInt8] = []
    /// Transactions that this batch has in blocks.
    var mined: Set<String> = []
    /// What paid us in this batch: it can be spent in the same one.
    var arrived: [String: ID<Payment>] = [:]
    /// The same by transaction: the store has none of it yet.
    var transfers: [String: [KnownTransfer]] = [:]
    /// The transactions that pay us in this batch, by an output that they spend.
    var spenders: [String: [String]] = [:]
    /// The payments that were read; nil for one that is set aside.
    var read: [ID<Payment>: Known?] = [:]
    /// The outputs that are kept of payments that are set aside, of those that were spoken of.
    var kept: [ID<Payment>: Set<String>] = [:]
    /// What each payment has room for after what was heard in this batch.
    var rooms: [ID<Payment>: Room] = [:]

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
        guard known?.sequence == row?.sequence, try continues(known) else {
            return Absorbed(isStale: true)
        }
        sequence = try (known?.sequence ?? gateway.lastSequence(of: network, work)) + 1
        let gap = gateway.settings.gapSeconds
        isCatchingUp = !batch.isAtTip || known.map { $0.scannedUntil.adding(seconds: gap) < askedAt } ?? false
        try disconnect()
        for block in batch.connected { try connect(block) }
        try hearPool()
        let row = try save(known)
        try tell(row.source)
        let looks = try look(row.source)
        return Absorbed(
            payments: order.count, reads: read.count, isStale: false, hasMoreLooks: looks)
    }

    /// Whether the batch begins where the last one ended, or at a block that was absorbed before it. A fork
    /// that is deeper than the kept headers begins where nobody knows.
    private func continues(_ known: SourceRow?) throws -> Bool {
        guard let height = known?.height, let block = known?.block else { return true }
        var parent: BlockID? = block
        if let fork = batch.forkHeight {
            guard fork <= height else { return false }
            parent = try work.tx.block(of: network, at: fork)
        }
        guard let parent else { return true }
        return (batch.connected.first?.parent ?? batch.cursor.block) == parent
    }

    /// Everything above the fork has left the chain. What the pool holds again waits there, the rest is gone;
    /// what the new blocks hold is heard right after.
    private mutating func disconnect() throws {
        guard let fork = batch.forkHeight else { return }
        for known in try work.tx.minedTransfers(of: network, above: fork) {
            try say(try mayWait(known) ? .pooled : .gone(.orphaned), of: known)
        }
        for known in try work.tx.spentTransfers(of: network, above: fork) {
            guard let spend = try self.known(known.payment)?.payment.evidence.spends[known.key] else {
                continue
            }
            hear(Transfer.Spend(transaction: spend.transaction, claim: claim(.gone(.orphaned))), of: known)
        }
        try work.tx.deleteHeaders(of: network, above: fork)
    }

    /// Whether what left its block can be in the pool. Where the pool is not known nobody can say that it is
    /// gone: the next one that is known tells. But what a block makes itself, which matures, is never there.
    private mutating func mayWait(_ left: KnownTransfer) throws -> Bool {
        if let pool = batch.pool { return pool.contains(left.transaction) }
        return try known(left.payment)?.transfer(left.key)?.maturity == 0
    }

    private mutating func connect(_ block: ChainBlock) throws {
        header = block.header
        try match(block.transactions) { transaction in
            if transaction.hasFailed { return .gone(.failed) }
            return .mined(
                BlockPlace(
                    height: block.height, block: block.block, index: transaction.index,
                    medianTime: block.medianTime))
        }
        mined.formUnion(block.transactions.map(\.id))
        try work.tx.insert(
            HeaderRow(
                height: block.height, block: block.block, parent: block.parent,
                medianTime: block.medianTime, raw: block.header),
            of: network)
    }

    /// What entered the pool, and what the pool does not hold any more.
    private mutating func hearPool() throws {
        let entered = batch.entered.filter { !mined.contains($0.id) }
        try match(entered, taken: spentInBlocks(of: entered)) { _ in .pooled }
        guard let pool = batch.pool else { return }
        for known in try work.tx.pooledTransfers(of: network)
        where !pool.contains(known.transaction) && !mined.contains(known.transaction) {
            guard news[known.payment]?.sightings[known.key] == nil else { continue }
            try say(.gone(.evicted), of: known)
        }
    }

    /// Finds the outputs that pay us, the spends of what we received, and the transactions that exclude ones
    /// we know.
    ///
    /// - Parameter taken: outputs that a block of this batch has spent, and in which transaction.
    private mutating func match(
        _ transactions: [ChainTransaction], taken: [String: String] = [:],
        _ standing: (ChainTransaction) -> Transfer.Standing
    ) throws {
        guard !transactions.isEmpty else { return }
        let owners = try work.tx.attributions(of: transactions.flatMap { $0.outputs.map(\.script) })
        let inputs = transactions.flatMap(\.inputs)
        let spent = try work.tx.keptTransfers(of: network, at: inputs)
            .merging(work.tx.transfers(of: network, at: inputs)) { $1 }
        let rivals = try work.tx.hasPoolInputs ? work.tx.poolSpenders(of: network, places: inputs) : [:]
        for transaction in transactions {
            let conflict = try settle(transaction, standing(transaction), rivals, taken)
            let claim = claim(conflict.isLost ? .gone(.replaced) : standing(transaction))
            try hear(transaction, claim, owners, conflict)
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
        _ conflict: Conflict
    ) throws {
        var ours: [KnownTransfer] = []
        let paying = try payments(by: transaction, claim.standing, owners)
        let observation = paying.isEmpty ? nil : Commitment(transaction.observation())
        if !paying.isEmpty { try keepProof(of: transaction, claim) }
        for (output, owner) in paying {
            let key = Transfer.Key(network: network, place: output.place)
            // A second sight is no first one, also where the clock was put back between the two.
            let first = try known(owner.payment)?.transfer(key)
            let sighting = Sighting(
                key: key, quote: owner.quote,
                method: method(of: output),
                amountText: output.amountText,
                claim: claim, seenAt: first?.firstSeen ?? now,
                fellIntoGap: first?.missedByGap ?? isCatchingUp,
                replaces: Self.replaced(conflict.losers.filter { $0.payment == owner.payment }.map(\.key)),
                maturity: transaction.maturity, observation: observation)
            mention(owner.payment)
            news[owner.payment]?.sightings[key] = sighting
            arrived[output.place] = owner.payment
            ours.append(KnownTransfer(key: key, transaction: transaction.id, payment: owner.payment))
        }
        guard !ours.isEmpty else { return }
        transfers[transaction.id] = ours
        for winner in conflict.winners {
            let lost = Set(ours.filter { $0.payment == winner.payment }.map(\.key))
            if !lost.isEmpty, let standing = try standing(of: winner) {
                try say(standing, of: winner, replacing: lost)
            }
        }
        guard !conflict.isLost else { return }
        for place in transaction.inputs { spenders[place, default: []].append(transaction.id) }
        try work.tx.insertPoolInputs(of: network, transaction: transaction.id, places: transaction.inputs)
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
    mutating func say(
        _ standing: Transfer.Standing, of known: KnownTransfer, replacing keys: Set<Transfer.Key> = []
    ) throws {
        let before: Sighting
        if let told = news[known.payment]?.sightings[known.key] {
            before = told
        } else if let transfer = try self.known(known.payment)?.transfer(known.key) {
            before = Sighting(again: transfer, claim: transfer.claim)
        } else {
            return
        }
        let sighting = Sighting(
            key: before.key, quote: before.quote, method: before.method, amountText: before.amountText,
            claim: claim(standing), seenAt: before.seenAt, fellIntoGap: before.fellIntoGap,
            replaces: Self.replaced(Array(keys), after: before.replaces), maturity: before.maturity,
            observation: before.observation)
        mention(known.payment)
        news[known.payment]?.sightings[known.key] = sighting
    }

    /// One output for each transaction that was replaced: it stands for all that the transaction paid. Those
    /// that are known stay, and so many are remembered in all.
    private static func replaced(
        _ keys: [Transfer.Key], after known: Set<Transfer.Key> = []
    ) -> Set<Transfer.Key> {
        var replaced = known
        var transactions = Set(known.map(\.transaction))
        for key in keys.sorted() where replaced.count < EngineLimits.replaced {
            if transactions.insert(key.transaction).inserted { replaced.insert(key) }
        }
        return replaced
    }

    private func save(_ known: SourceRow?) throws -> SourceRow {
        let isSeenWhole = batch.isAtTip && batch.pool != nil
        // What a clock that was ahead said of the past is not believed for ever.
        let before = min(known?.scannedUntil ?? Instant(milliseconds: 0), now)
        let row = SourceRow(
            sequence: sequence, height: batch.cursor.height, block: batch.cursor.block, safe: batch.safe,
            finalized: batch.finalized, isHealthy: batch.fault == nil, fault: batch.fault,
            scannedUntil: isSeenWhole ? batch.seen(whenAskedAt: askedAt) : before, seenAt: now)
        if try batch.connected.isEmpty && work.tx.lowestHeader(of: network) == nil {
            try work.tx.insert(
                HeaderRow(
                    height: batch.cursor.height, block: batch.cursor.block, parent: BlockID(""),
                    medianTime: now),
                of: network)
        }
        try forget(known)
        if known?.source.tip != row.source.tip { work.footprint.move(network) }
        try work.tx.save(row, of: network)
        if known?.isHealthy != row.isHealthy || batch.doubt != nil && known?.faultKind != row.faultKind {
            try gateway.recordHealth(network, row, at: now, work)
        }
        return row
    }

    /// Folds what was heard into each payment.
    private mutating func tell(_ source: Source) throws {
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
    private mutating func look(_ source: Source) throws -> Bool {
        guard source.isHealthy else { return false }
        let due = try gateway.dueLooks(network, source, work)
        for id in due {
            if news[id] != nil { continue }
            let fact = Fact(
                at: now, actor: .network(network), sources: try sources(of: id, source), news: .looked)
            try gateway.apply(fact, to: id, cause: "block \(batch.cursor.block.text)", work)
        }
        return due.count == EngineLimits.looks
    }

    private mutating func sources(of id: ID<Payment>, _ source: Source) throws -> [NetworkName: Source] {
        guard let payment = try known(id)?.payment else { return [network: source] }
        var sources = try gateway.sources(of: payment, in: work.tx)
        sources[network] = source
        return sources
    }
}
