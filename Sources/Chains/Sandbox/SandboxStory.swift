import Domain

/// A transaction of the sandbox. Its identity covers all that it is, and a number that never comes twice.
struct SandboxTransaction: Hashable, Sendable {
    let id: String
    let inputs: [String]
    let outputs: [SandboxCommand.Output]
    /// Grows with each replacement, as real pools demand.
    let fee: UInt64

    init(
        on network: SandboxNetwork, serial: UInt64, inputs: [String], outputs: [SandboxCommand.Output],
        fee: UInt64
    ) {
        var fields = [network.rawValue, String(serial), String(fee), String(inputs.count)] + inputs
        for output in outputs { fields += [output.script, output.asset.text, String(output.amount)] }
        id = SandboxDigest.text("transaction", fields)
        self.inputs = inputs
        self.outputs = outputs
        self.fee = fee
    }

    /// A transaction as it was kept.
    init(id: String, inputs: [String], outputs: [SandboxCommand.Output], fee: UInt64) {
        self.id = id
        self.inputs = inputs
        self.outputs = outputs
        self.fee = fee
    }

    /// The transactions whose outputs it spends. A coin from outside names none that exists.
    var parents: [String] { inputs.map { String($0.prefix { $0 != ":" }) } }
}

/// A block of the sandbox. Its identity covers its parent, its time and its transactions.
struct SandboxBlock: Hashable, Sendable {
    let id: BlockID
    let height: UInt64
    let parent: BlockID
    let time: Instant
    let transactions: [String]

    init(
        on network: SandboxNetwork, serial: UInt64, height: UInt64, parent: BlockID, time: Instant,
        transactions: [String]
    ) {
        let head = [network.rawValue, String(serial), String(height), parent.text, String(time.milliseconds)]
        id = BlockID(SandboxDigest.text("block", head + transactions))
        self.height = height
        self.parent = parent
        self.time = time
        self.transactions = transactions
    }

    /// A block as it was kept.
    init(id: BlockID, height: UInt64, parent: BlockID, time: Instant, transactions: [String]) {
        self.id = id
        self.height = height
        self.parent = parent
        self.time = time
        self.transactions = transactions
    }

    /// The first block of a network: the same in every world.
    init(genesisOf network: SandboxNetwork) {
        let time = Instant(milliseconds: 1_735_689_600_000)
        let none = BlockID(String(repeating: "0", count: 64))
        self.init(on: network, serial: 0, height: 0, parent: none, time: time, transactions: [])
    }
}

/// One network of the sandbox: its chain, its pool, and all that ever was in either.
struct SandboxStory: Hashable, Sendable {
    let network: SandboxNetwork
    /// The chain's blocks, lowest first: from the genesis block on, or from where the story was cut.
    private(set) var active: [SandboxBlock]
    /// Blocks that left the chain. They never come back, but the way from them to the chain can be asked for.
    private(set) var stale: [BlockID: SandboxBlock] = [:]
    /// Transactions that wait, parents before their children.
    private(set) var pool: [String] = []
    private(set) var pooled: Set<String> = []
    /// The height of every transaction on the chain.
    private(set) var heights: [String: UInt64] = [:]
    private(set) var transactions: [String: SandboxTransaction] = [:]
    /// What spends a place, on the chain or in the pool.
    private(set) var spenders: [String: String] = [:]
    /// The last transaction to a script that is on the chain or in the pool, or was.
    private(set) var latest: [String: String] = [:]
    /// What was neither on the chain nor in the pool when the story was last cut.
    private(set) var gone: Set<String> = []
    private(set) var serial: UInt64 = 0
    var isDown = false

    init(_ network: SandboxNetwork) {
        self.network = network
        active = [SandboxBlock(genesisOf: network)]
    }

    /// The chain always has one block at least.
    var tip: SandboxBlock { active[active.count - 1] }

    /// The height of the lowest block that is known.
    var base: UInt64 { active[0].height }

    /// The block of the chain at a height; nil above the tip, and below where the story was cut.
    func block(at height: UInt64) -> SandboxBlock? {
        height >= base && height <= tip.height ? active[Int(height - base)] : nil
    }

    func latest(to script: String) -> SandboxSight? {
        guard let txid = latest[script] else { return nil }
        if let height = heights[txid] { return SandboxSight(txid: txid, standing: .mined(height: height)) }
        return SandboxSight(txid: txid, standing: pooled.contains(txid) ? .pooled : .gone)
    }

    func isAlive(_ txid: String) -> Bool { pooled.contains(txid) || heights[txid] != nil }

    /// Whether an input can be spent: it comes from outside, or its transaction is alive, and nothing spends
    /// it yet.
    func isFree(_ input: String) -> Bool {
        let parent = String(input.prefix { $0 != ":" })
        return spenders[input] == nil && (transactions[parent] == nil || isAlive(parent))
    }

    mutating func nextSerial() -> UInt64 {
        serial += 1
        return serial
    }

    /// A coin from outside, never seen before.
    mutating func freshCoin() -> String {
        SandboxDigest.text("coin", [network.rawValue, String(nextSerial())]) + ":0"
    }

    mutating func make(
        inputs: [String], outputs: [SandboxCommand.Output], fee: UInt64
    ) -> SandboxTransaction {
        let transaction = SandboxTransaction(
            on: network, serial: nextSerial(), inputs: inputs, outputs: outputs, fee: fee)
        transactions[transaction.id] = transaction
        return transaction
    }

    /// Puts a transaction whose inputs are free behind the others in the pool.
    mutating func enterPool(_ transaction: SandboxTransaction) {
        claim(transaction)
        pool.append(transaction.id)
        pooled.insert(transaction.id)
    }

    private mutating func claim(_ transaction: SandboxTransaction) {
        for input in transaction.inputs { spenders[input] = transaction.id }
        for output in transaction.outputs { latest[output.script] = transaction.id }
    }

    private mutating func release(_ txid: String) {
        guard let transaction = transactions[txid] else { return }
        for input in transaction.inputs where spenders[input] == txid { spenders[input] = nil }
    }

    /// Takes transactions out of the pool with all that spend their outputs. Returns what left, parents
    /// first.
    mutating func leavePool(_ roots: Set<String>) -> [String] {
        var leaving = roots
        for txid in pool where !leaving.contains(txid) {
            let parents = transactions[txid]?.parents ?? []
            if parents.contains(where: leaving.contains) { leaving.insert(txid) }
        }
        let gone = pool.filter(leaving.contains)
        pool.removeAll(where: leaving.contains)
        pooled.subtract(gone)
        for txid in gone { release(txid) }
        return gone
    }

    /// Mines one block of transactions in this order; they leave the pool if they are in it.
    mutating func connect(_ txids: [String], at time: Instant) -> BlockID {
        let top = tip
        let block = SandboxBlock(
            on: network, serial: nextSerial(), height: top.height + 1, parent: top.id,
            time: max(time, top.time), transactions: txids)
        active.append(block)
        for txid in txids {
            heights[txid] = block.height
            if let transaction = transactions[txid] { claim(transaction) }
        }
        if !pool.isEmpty, !txids.isEmpty {
            pooled.subtract(txids)
            pool.removeAll { !pooled.contains($0) }
        }
        return block.id
    }

    /// Takes the top blocks off the chain; their transactions are nowhere then. Returns those in their order.
    mutating func disconnect(_ depth: Int) -> [String] {
        let leaving = active.suffix(depth)
        active.removeLast(leaving.count)
        var freed: [String] = []
        for block in leaving {
            stale[block.id] = block
            freed += block.transactions
        }
        for txid in freed {
            heights[txid] = nil
            release(txid)
        }
        return freed
    }

    /// Puts transactions in front of the pool: they are older than all that wait.
    mutating func returnToPool(_ txids: [String]) {
        for txid in txids { if let transaction = transactions[txid] { claim(transaction) } }
        pool = txids + pool
        pooled.formUnion(txids)
    }

    /// What paid one of these scripts in blocks from `height` on, oldest first.
    func mined(to scripts: Set<String>, from height: UInt64) -> [String] {
        active.suffix(Int(tip.height - min(tip.height, height)) + 1).flatMap(\.transactions).filter { txid in
            transactions[txid]?.outputs.contains { scripts.contains($0.script) } == true
        }
    }

    /// What waits to pay one of these scripts, with what it spends that waits as well, parents first.
    func waiting(for scripts: Set<String>) -> [String] {
        var wanted = Set(
            pool.filter { transactions[$0]?.outputs.contains { scripts.contains($0.script) } == true })
        // Parents stand before their children, so that one way back finds them all.
        for txid in pool.reversed() where wanted.contains(txid) {
            wanted.formUnion(transactions[txid]?.parents.filter(pooled.contains) ?? [])
        }
        return pool.filter(wanted.contains)
    }

    // MARK: Keeping

    /// A story as it was kept.
    init(
        _ network: SandboxNetwork, active: [SandboxBlock], stale: [SandboxBlock], pool: [String],
        transactions: [SandboxTransaction], spenders: [String: String], latest: [String: String],
        gone: [String], serial: UInt64, isDown: Bool
    ) {
        self.network = network
        self.active = active
        self.stale = Dictionary(stale.map { ($0.id, $0) }) { first, _ in first }
        self.pool = pool
        pooled = Set(pool)
        for block in active { for txid in block.transactions { heights[txid] = block.height } }
        self.transactions = Dictionary(transactions.map { ($0.id, $0) }) { first, _ in first }
        self.spenders = spenders
        self.latest = latest
        self.gone = Set(gone)
        self.serial = serial
        self.isDown = isDown
    }

    /// Forgets the blocks below a height. Returns the transactions that were in those of the chain.
    mutating func forgetBlocks(below height: UInt64) -> Set<String> {
        guard height > base else { return [] }
        let leaving = active.prefix(Int(height - base))
        active.removeFirst(leaving.count)
        stale = stale.filter { $0.value.height >= height }
        return Set(leaving.flatMap(\.transactions))
    }

    /// Forgets transactions; `dead` are those that stay and are nowhere now.
    mutating func forget(_ txids: Set<String>, dead: Set<String>) {
        gone = dead
        guard !txids.isEmpty else { return }
        for txid in txids {
            transactions[txid] = nil
            heights[txid] = nil
        }
        latest = latest.filter { !txids.contains($0.value) }
        // What is dead must not spend again what was spent by what is forgotten.
        let inputs = Set(dead.flatMap { transactions[$0]?.inputs ?? [] })
        spenders = spenders.filter { !txids.contains($0.value) || inputs.contains($0.key) }
    }
}
