import Crypto
import Domain
import JSON
import Platform
import Testing

@testable import Chains

/// What a node of regtest says of its chain, which may change at any question.
private struct ToldChain: Sendable {
    /// Its blocks above the first, by height from 1 on.
    var blocks: [SampleBlock] { didSet { known += blocks } }
    /// All that it ever had: nodes know the branch that they left.
    private(set) var known: [SampleBlock]
    /// What it says its best block is.
    var best: Hash256
    /// How often it was asked where it stands.
    var looks = 0

    init(_ blocks: [SampleBlock]) {
        (self.blocks, known) = (blocks, blocks)
        best = blocks.last?.hash ?? UTXONetwork.bitcoinRegtest.genesis
    }

    /// The first block's header: that of the main network but for its time, its target and its number.
    static var firstHeader: String {
        String(bitcoinGenesisBlock.prefix(136)) + "dae5494dffff7f2002000000"
    }

    /// So many blocks that follow each other above the first; `branch` tells them from others.
    static func grown(_ count: Int, branch: UInt8) throws -> [SampleBlock] {
        var blocks: [SampleBlock] = []
        let script = [0, 20] + [UInt8](repeating: branch, count: 20)
        for height in 1...count {
            var block = SampleBlock(transactions: [.coinbase(height: UInt32(height), script: script)])
            block.previous = (blocks.last?.hash ?? UTXONetwork.bitcoinRegtest.genesis).bytes
            blocks.append(try block.mined())
        }
        return blocks
    }
}

@Suite("Blocks that a node tells")
struct UTXOAdvanceTests {
    private static let first = Cursor(height: 0, block: BlockID(UTXONetwork.bitcoinRegtest.genesis))

    /// Runs `body` with a chain whose node tells `chain`; `before` is called at each question, before the answer.
    private func hearing(
        _ chain: Lock<ToldChain>, before: @escaping @Sendable (String, inout ToldChain) -> Void = { _, _ in },
        _ body: (UTXOChain) async throws -> Void
    ) async throws {
        var node = ScriptedNode()
        node.network = .bitcoinRegtest
        node.results["getbestblockhash"] = nil
        node.told = { method, first in
            chain.withLock { told in
                before(method, &told)
                switch method {
                case "getblockchaininfo":
                    told.looks += 1
                    return #"{"chain":"regtest","blocks":\#(told.blocks.count),"headers":\#(told.blocks.count),"#
                        + #""bestblockhash":"\#(told.best.displayText)","chainwork":"\#(ScriptedNode.tip)","#
                        + #""initialblockdownload":false}"#
                case "getbestblockhash": return #""\#(told.best.displayText)""#
                case "getblockhash":
                    let height = Int(first.asUInt64 ?? .max)
                    guard height <= told.blocks.count else {
                        return #"!{"code":-8,"message":"Block height out of range"}"#
                    }
                    let hash = height == 0 ? UTXONetwork.bitcoinRegtest.genesis : told.blocks[height - 1].hash
                    return #""\#(hash.displayText)""#
                case "getblockheader": return #""\#(ToldChain.firstHeader)""#
                case "getblock":
                    let block = told.known.first { $0.hash.displayText == first.asString }
                    return block.map { #""\#(Hex.encode($0.bytes))""# }
                default: return nil
                }
            }
        }
        try await node.serve { try await body($0) }
    }

    @Test("are absorbed as one chain")
    func chain() async throws {
        let blocks = try ToldChain.grown(6, branch: 1)
        try await hearing(Lock(ToldChain(blocks))) { chain in
            let batch = try await chain.advance(from: Self.first, kept: NoHeaders())
            #expect(batch.connected.map(\.block) == blocks.map { BlockID($0.hash) })
            #expect(batch.connected.map(\.height) == [1, 2, 3, 4, 5, 6] && batch.forkHeight == nil)
        }
    }

    @Test("are never absorbed where one does not follow the one before", arguments: [1, 2, 4, 5, 6])
    func broken(_ height: Int) async throws {
        let blocks = try ToldChain.grown(6, branch: 1)
        let told = Lock(ToldChain(blocks))
        try await hearing(told) { chain in
            // Whole in itself, with its work: only what it says to follow is another block.
            var stranger = blocks[height - 1]
            stranger.previous = [UInt8](repeating: 9, count: 32)
            let wrong = try stranger.mined()
            told.withLock { told in
                told.blocks[height - 1] = wrong
                if height == blocks.count { told.best = wrong.hash }
            }
            let fault = await #expect(throws: ChainFault.self) {
                try await chain.advance(from: Self.first, kept: NoHeaders())
            }
            #expect(fault?.kind == .malformed && told.withLock { $0.looks } == 1, "\(fault?.detail ?? "")")
            // Nothing of it is remembered: the node's right word is taken.
            told.withLock { $0 = ToldChain(blocks) }
            let batch = try await chain.advance(from: Self.first, kept: NoHeaders())
            #expect(batch.connected.map(\.block) == blocks.map { BlockID($0.hash) })
        }
    }

    @Test("are not asked for by a height that the last one heard does not have", arguments: [1, 3])
    func contradiction(_ height: Int) async throws {
        let blocks = try ToldChain.grown(3, branch: 1)
        var contradicting = ToldChain(Array(blocks.prefix(height)))
        contradicting.best = blocks[1].hash
        try await hearing(Lock(contradicting)) { chain in
            let heard = Cursor(height: 2, block: BlockID(blocks[1].hash))
            let fault = await #expect(throws: ChainFault.self) {
                try await chain.advance(from: heard, kept: NoHeaders())
            }
            #expect(fault?.kind == .malformed, "\(fault?.detail ?? "")")
        }
    }

    @Test("are asked for again where the tip changed while they were told")
    func moved() async throws {
        let (old, new) = (try ToldChain.grown(3, branch: 1), try ToldChain.grown(4, branch: 2))
        let told = Lock(ToldChain(old))
        let asked = Lock(0)
        try await hearing(told) { method, told in
            // Of the third block it tells that of another branch already.
            guard method == "getblockhash", told.looks == 1 else { return }
            let count = asked.withLock { count in
                count += 1
                return count
            }
            // The first block of all is asked for once, to know the network; and the last one heard.
            if count == 5 { (told.blocks, told.best) = (new, new[3].hash) }
        } _: { chain in
            let batch = try await chain.advance(from: Self.first, kept: NoHeaders())
            #expect(told.withLock { $0.looks } == 2)
            #expect(batch.connected.map(\.block) == new.map { BlockID($0.hash) })
            #expect(batch.cursor.height == 4 && batch.isAtTip && batch.pool == [])
        }
    }

    @Test("by a node whose tip changes at each look are left for later, and none is absorbed")
    func restless() async throws {
        let branches = [try ToldChain.grown(2, branch: 1), try ToldChain.grown(2, branch: 2)]
        let told = Lock(ToldChain(branches[0]))
        try await hearing(told) { method, told in
            // Between the names of the blocks and the blocks it goes over to the other branch, and knows both.
            guard method == "getbestblockhash" else { return }
            let next = branches[told.looks % 2]
            told.best = next[1].hash
        } _: { chain in
            told.withLock { $0.blocks[1] = branches[1][1] }
            let fault = await #expect(throws: ChainFault.self) {
                try await chain.advance(from: Self.first, kept: NoHeaders())
            }
            #expect(fault?.kind == .unreachable && told.withLock { $0.looks } == UTXOLimits.attempts)
        }
    }
}
