import Chains
import Crypto
import Database
import Domain
import Engine
import Platform
import Storage

extension Bench {
    /// Blocks of 4,000 transactions, of which a few pay us, against all issued addresses.
    func measureScan(_ place: String) async throws {
        let bed = try await Bed.open(place)
        let network = Bed.network.name
        let scripts = try await bed.gateway.store.database.read { connection in
            try connection.query("SELECT script FROM destination ORDER BY payment DESC LIMIT 50")
                .map { try $0.text(0) }
        }
        let count = try await bed.gateway.store.database.read { connection in
            try connection.first("SELECT count(*) FROM destination")?.integer(0) ?? 0
        }
        Printer.title("blocks of 4,000 transactions against \(count) issued addresses")
        var maker = BlockMaker(paying: scripts.compactMap { Hex.decode($0) })
        var before = Bed.heard
        try await absorb(Batch(cursor: before, isAtTip: true), bed, network)
        var parses: [Double] = [], turns: [Double] = [], takes: [Double] = [], matches: [Double] = []
        for _ in 0..<7 {
            let bytes = try maker.next(transactions: 4_000, hits: 5)
            let parsed = try await Machine.milliseconds { try Block(parsing: bytes, on: Bed.network) }
            let turned = await Machine.milliseconds {
                parsed.value.contents.chainTransactions(on: Bed.network, in: parsed.value.tree)
            }
            let block = ChainBlock(
                height: before.height + 1, block: BlockID(parsed.value.hash.displayText),
                parent: before.block, medianTime: bed.gateway.world.now,
                header: parsed.value.header.bytes, transactions: turned.value)
            before = Cursor(height: block.height, block: block.block)
            var batch = Batch(cursor: before, isAtTip: true)
            batch.connected = [block]
            let whole = batch
            let absorbed = try await Machine.milliseconds { try await absorb(whole, bed, network) }
            let outputs = block.transactions.flatMap { $0.outputs.map(\.script) }
            let matched = try await Machine.milliseconds {
                try await bed.gateway.store.read { try $0.attributions(of: outputs).count }
            }
            parses.append(parsed.spent)
            turns.append(turned.spent)
            takes.append(absorbed.spent)
            matches.append(matched.spent)
        }
        try await bed.close()
        func report(_ name: String, _ spent: [Double]) {
            let first = Printer.fixed(spent.first ?? 0)
            Printer.line(name, "\(Printer.fixed(middle(spent))) ms", "first \(first) ms")
        }
        report("parse and check", parses)
        report("turn into outputs and inputs", turns)
        report("absorb: match, decide, commit", takes)
        report("  of which looking scripts up, alone", matches)
        let whole = middle(parses) + middle(turns) + middle(takes)
        Printer.line(
            "together, medians", "\(Printer.fixed(whole)) ms",
            "(aim 150, \(whole <= 150 ? "met" : "MISSED"))")
    }

    private func middle(_ numbers: [Double]) -> Double {
        numbers.isEmpty ? 0 : numbers.sorted()[numbers.count / 2]
    }

    private func absorb(_ batch: Batch, _ bed: Bed, _ network: NetworkName) async throws {
        let row = try await bed.gateway.store.read { try $0.source(of: network) }
        let absorbed = try await bed.gateway.absorb(
            batch, of: network, after: row, askedAt: bed.gateway.world.now)
        guard !absorbed.isStale else { throw Bed.Unusable() }
    }
}

/// Makes blocks as they look on the wire: two inputs with witnesses and three outputs a transaction.
struct BlockMaker {
    private let ours: [[UInt8]]
    private var paid = 0
    private(set) var previous: Hash256
    private let entropy = SystemEntropy()

    init(paying scripts: [[UInt8]]) {
        ours = scripts
        previous = Hash256(sha256dOf: entropy.bytes(32).span)
    }

    /// The next block; `hits` of its transactions pay one of our scripts each.
    mutating func next(transactions count: Int, hits: Int) throws -> [UInt8] {
        var parts: [[UInt8]] = []
        var ids: [Hash256] = []
        for index in 0..<count {
            let isHit = hits > 0 && index % (count / hits) == 1 && paid < ours.count
            let core = body(isCoinbase: index == 0, paying: isHit ? ours[paid] : nil)
            if isHit { paid += 1 }
            ids.append(Hash256(sha256dOf: (Self.version + core + Self.lockTime).span))
            let witness = index == 0 ? [] : self.witness() + self.witness()
            let flags: [UInt8] = index == 0 ? [] : [0, 1]
            parts.append(Self.version + flags + core + witness + Self.lockTime)
        }
        let header =
            [0, 0, 0, 0x20] + previous.bytes + Self.root(ids).bytes + entropy.bytes(4)
            + [0xff, 0xff, 0x7f, 0x20] + entropy.bytes(4)
        previous = Hash256(sha256dOf: header.span)
        var bytes = header + [0xfd, UInt8(count & 255), UInt8(count >> 8)]
        for part in parts { bytes += part }
        return bytes
    }

    private static let version: [UInt8] = [2, 0, 0, 0]
    private static let lockTime: [UInt8] = [0, 0, 0, 0]

    private func body(isCoinbase: Bool, paying script: [UInt8]?) -> [UInt8] {
        var bytes: [UInt8] = []
        if isCoinbase {
            bytes += [1] + [UInt8](repeating: 0, count: 32) + [255, 255, 255, 255, 4] + entropy.bytes(4)
            bytes += [255, 255, 255, 255]
        } else {
            bytes += [2]
            for index: UInt8 in 0..<2 { bytes += entropy.bytes(32) + [index, 0, 0, 0, 0, 255, 255, 255, 255] }
        }
        bytes += [3]
        for index in 0..<3 {
            let chosen = index == 1 ? script ?? [0, 20] + entropy.bytes(20) : [0, 20] + entropy.bytes(20)
            // 50,000 satoshis: what 25 euros are at the rate of the bench.
            bytes += [0x50, 0xc3, 0, 0, 0, 0, 0, 0, UInt8(chosen.count)] + chosen
        }
        return bytes
    }

    /// A signature and a key, as P2WPKH spends have.
    private func witness() -> [UInt8] { [2, 72] + entropy.bytes(72) + [33] + entropy.bytes(33) }

    private static func root(_ ids: [Hash256]) -> Hash256 {
        var level = ids
        while level.count > 1 {
            level = stride(from: 0, to: level.count, by: 2).map { index in
                Hash256(sha256dOf: level[index], level[min(index + 1, level.count - 1)])
            }
        }
        return level[0]
    }
}
