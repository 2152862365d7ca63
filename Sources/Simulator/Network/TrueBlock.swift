import Chains
import Crypto

/// A block of a simulated network.
struct TrueBlock: Sendable {
    let height: UInt64
    let hash: Hash256
    let parent: Hash256
    /// Unix seconds, the miner's.
    let time: UInt32
    /// The 80 bytes.
    let header: [UInt8]
    /// The coinbase first.
    let transactions: [TrueTransaction]

    /// Mines it: searches a nonce whose hash is below the easiest target of `network`, two tries on average.
    init(
        on network: UTXONetwork, height: UInt64, parent: Hash256, time: UInt32,
        transactions: [TrueTransaction]
    ) {
        self.height = height
        self.parent = parent
        self.time = time
        self.transactions = transactions
        var writer = WireWriter()
        writer.little(UInt32(0x2000_0000))
        writer.bytes += parent.bytes
        writer.bytes += Self.merkleRoot(transactions.map(\.id)).bytes
        writer.little(time)
        writer.little(network.easiestBits)
        let stem = writer.bytes
        var nonce: UInt32 = 0
        while true {
            var attempt = WireWriter(bytes: stem)
            attempt.little(nonce)
            if let header = try? BlockHeader(attempt.bytes), header.hasProofOfWork(on: network) {
                self.header = attempt.bytes
                hash = header.hash
                return
            }
            nonce &+= 1
        }
    }

    /// Its bytes as a node gives them.
    var bytes: [UInt8] {
        var writer = WireWriter(bytes: header)
        writer.size(transactions.count)
        for transaction in transactions { writer.bytes += transaction.bytes }
        return writer.bytes
    }

    private static func merkleRoot(_ ids: [Hash256]) -> Hash256 {
        var level = ids
        while level.count > 1 {
            if level.count % 2 == 1 { level.append(level[level.count - 1]) }
            level = stride(from: 0, to: level.count, by: 2).map { index in
                Hash256(sha256dOf: (level[index].bytes + level[index + 1].bytes).span)
            }
        }
        return level[0]
    }
}
