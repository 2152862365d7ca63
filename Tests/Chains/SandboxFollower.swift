import Domain
import Testing

@testable import Chains

/// The headers that a follower keeps.
struct FollowedHeaders: KeptHeaders {
    var blocks: [UInt64: BlockID] = [:]

    func block(at height: UInt64) async throws -> BlockID? { blocks[height] }
    func lowest() async throws -> UInt64? { blocks.keys.min() }
}

/// Believes every batch, and nothing but batches: what a gateway that follows a network ends up with.
struct SandboxFollower {
    var cursor: Cursor?
    var headers = FollowedHeaders()
    /// How many headers it keeps.
    var keeps: Int
    /// The chain since the follower began, by height.
    private(set) var chain: [UInt64: ChainBlock] = [:]
    private(set) var pool: Set<String> = []
    private(set) var known: [String: ChainTransaction] = [:]

    init(keeps: Int) { self.keeps = keeps }

    /// Takes a batch in, and expects of it what `Chain` promises.
    mutating func absorb(_ batch: Batch) {
        var top = cursor
        if let fork = batch.forkHeight {
            for (height, block) in chain where height > fork {
                pool.subtract(block.transactions.map(\.id))
                chain[height] = nil
            }
            headers.blocks = headers.blocks.filter { $0.key <= fork }
            top = headers.blocks[fork].map { Cursor(height: fork, block: $0) }
        }
        #expect(batch.connected.count <= SandboxLimits.batchBlocks)
        for block in batch.connected {
            if let top {
                #expect(block.height == top.height + 1)
                #expect(block.parent == top.block)
            }
            for transaction in block.transactions { known[transaction.id] = transaction }
            pool.subtract(block.transactions.map(\.id))
            chain[block.height] = block
            headers.blocks[block.height] = block.block
            top = Cursor(height: block.height, block: block.block)
        }
        #expect(top == nil || top == batch.cursor)
        #expect(batch.pool == nil || batch.isAtTip)
        headers.blocks[batch.cursor.height] = batch.cursor.block
        for transaction in batch.entered {
            #expect(transaction.index == 0)
            known[transaction.id] = transaction
            pool.insert(transaction.id)
        }
        if let told = batch.pool { pool.formIntersection(told) }
        cursor = batch.cursor
        while headers.blocks.count > keeps, let lowest = headers.blocks.keys.min() {
            headers.blocks[lowest] = nil
        }
    }

    /// Asks until it is at the tip.
    mutating func follow(_ chain: SandboxChain) async throws {
        while true {
            let batch = try await chain.advance(from: cursor, kept: headers)
            absorb(batch)
            if batch.isAtTip { return }
        }
    }

    /// Expects to know exactly what the world knows.
    func expectToMatch(_ story: SandboxStory, _ comment: Comment) {
        #expect(cursor == Cursor(height: story.tip.height, block: story.tip.id), comment)
        for (height, block) in chain {
            #expect(block.block == story.block(at: height)?.id, comment)
            #expect(block.transactions.map(\.id) == story.block(at: height)?.transactions, comment)
            #expect(block.medianTime == story.block(at: height)?.time, comment)
        }
        if let lowest = chain.keys.min() {
            #expect(UInt64(chain.count) == story.tip.height - lowest + 1, comment)
        }
        #expect(pool == story.pooled, comment)
        for txid in pool {
            #expect(known[txid]?.inputs == story.transactions[txid]?.inputs, comment)
        }
    }
}

/// Chance that is the same for the same seed (SplitMix64).
struct SandboxDice: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// Whether an event of one in `many` happens.
    mutating func oneIn(_ many: Int) -> Bool { Int.random(in: 0..<many, using: &self) == 0 }
}
