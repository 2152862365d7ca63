import Crypto
import Domain
import HTTP
import JSON
import Platform
import TestKit
import Testing

@testable import Chains

/// The chain against a real EVM.
@Suite(
    "A network of Ethereum's kind, on a real EVM", .timeLimit(.minutes(10)),
    .enabled(if: EVMNode.script != nil, "QUITTANCE_EVM names no script: see Nodes/"))
struct EVMChainTests {
    /// The headers that were absorbed.
    private final class Kept: KeptHeaders {
        private let blocks = Lock<[UInt64: BlockID]>([:])

        func absorb(_ batch: Batch) {
            blocks.withLock { blocks in
                if let fork = batch.forkHeight { blocks = blocks.filter { $0.key <= fork } }
                for block in batch.connected { blocks[block.height] = block.block }
                blocks[batch.cursor.height] = batch.cursor.block
            }
        }

        func block(at height: UInt64) async throws -> BlockID? { blocks.withLock { $0[height] } }
        func lowest() async throws -> UInt64? { blocks.withLock { $0.keys.min() } }
    }

    /// A listener, and what it has heard.
    private struct Listener {
        let chain: EVMChain
        let kept = Kept()
        var cursor: Cursor?

        init(_ providers: [EVMProvider], tokens: [Asset] = [], quorum: Int? = nil) {
            chain = EVMChain(
                EVMSettings(network: EVMChainTests.network(tokens), providers: providers, quorum: quorum))
        }

        /// All that is new, as one batch after the other.
        mutating func hear() async throws -> [Batch] {
            var batches: [Batch] = []
            repeat {
                let batch = try await chain.advance(from: cursor, kept: kept)
                kept.absorb(batch)
                cursor = batch.cursor
                batches.append(batch)
            } while batches.last.map { $0.hasMore } ?? false
            return batches
        }
    }

    private static func network(_ tokens: [Asset]) -> EVMNetwork {
        let name = sample(NetworkName(parsing: "devnet"))
        return EVMNetwork(
            name: name, chainID: 31_337, isTest: true,
            coin: Asset(
                method: Domain.Method(asset: sample(AssetCode(parsing: "ETH")), network: name), decimals: 18,
                payableDecimals: 9, contract: nil, version: 1),
            tokens: tokens, blockSeconds: nil, finalitySeconds: 3_600)
    }

    private static func token(_ code: String, _ decimals: UInt8, _ contract: EVMAddress) -> Asset {
        let name = sample(NetworkName(parsing: "devnet"))
        return Asset(
            method: Domain.Method(asset: sample(AssetCode(parsing: code)), network: name), decimals: decimals,
            payableDecimals: min(6, decimals), contract: contract.text, version: 1)
    }

    private static let customer = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    private static let shop = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

    /// What moved, in a line each: the asset or a question mark, units, and whether it failed.
    private func movements(_ batches: [Batch]) -> [String] {
        batches.flatMap(\.connected).flatMap(\.transactions).flatMap { transaction in
            transaction.outputs.filter { $0.script == "evm:" + Self.shop.dropFirst(2).lowercased() }.map {
                "\($0.asset?.text ?? "?") \($0.amountText)" + (transaction.hasFailed ? " failed" : "")
            }
        }
    }

    @Test("Coins and tokens are seen, and what is worth nothing is told from them")
    func payments() async throws {
        let node = try await EVMNode()
        let (six, eighteen) = (
            try await node.token("USDC", decimals: 6, supply: 1_000_000_000),
            try await node.token("DAI", decimals: 18, supply: 5_000_000_000_000_000_000)
        )
        let fake = try await node.token("USDC", decimals: 6, supply: 1_000_000_000)
        var listener = Listener(
            [EVMProvider(name: "one", url: node.url)],
            tokens: [Self.token("USDC", 6, six), Self.token("DAI", 18, eighteen)])
        let first = try await listener.hear()
        #expect(first.count == 1 && first[0].connected.isEmpty && first[0].isAtTip && first[0].doubt == nil)
        let coins = try await node.pay(Self.shop, wei: 1_500_000_000_000_000_000)
        _ = try await node.transfer(six, to: Self.shop, 25_000_000)
        _ = try await node.transfer(eighteen, to: Self.shop, 3_000_000_000_000_000_000)
        _ = try await node.transfer(fake, to: Self.shop, 25_000_000)
        // Nothing of a token, more than there is, and to somebody else.
        _ = try await node.transfer(six, to: Self.shop, 0)
        _ = try await node.transfer(six, to: Self.shop, 2_000_000_000)
        _ = try await node.transfer(six, to: Self.customer, 7)
        try await node.mine()
        let heard = try await listener.hear()
        #expect(
            movements(heard).sorted() == [
                "? 25000000", "DAI 3000000000000000000", "ETH 1500000000000000000", "USDC 2000000000 failed",
                "USDC 25000000",
            ])
        let block = try #require(heard.first?.connected.first)
        #expect(heard.count == 1 && block.parent == first[0].cursor.block)
        let paying = try #require(block.transactions.first { $0.id == coins })
        #expect(paying.outputs.map(\.place) == ["\(coins):coin:\(Self.shop.dropFirst(2).lowercased()):0"])
        #expect(Hash256(keccakOf: block.header).dataText == block.block.text)
        // Nothing new is no news, and a place is the same when it is heard again.
        let again = try await listener.hear()
        #expect(again.count == 1 && again[0].connected.isEmpty && again[0].cursor == heard.last?.cursor)
        try await node.stop()
    }

    @Test("A branch takes the place of another one: what is mined again keeps its name, what is dropped is not there")
    func reorganised() async throws {
        let node = try await EVMNode()
        let token = try await node.token("USDC", decimals: 6, supply: 1_000_000_000)
        var listener = Listener(
            [EVMProvider(name: "one", url: node.url)], tokens: [Self.token("USDC", 6, token)])
        _ = try await listener.hear()
        try await node.mine(5)
        _ = try await listener.hear()
        let fork = try #require(listener.cursor)
        let kept = try await node.transfer(token, to: Self.shop, 11)
        try await node.mine()
        let dropped = try await node.pay(Self.shop, wei: 12)
        try await node.mine()
        let before = try await listener.hear()
        #expect(movements(before) == ["USDC 11", "ETH 12"])
        try await node.ask("test_reorg", .object(["depth": 2, "drop": .array([.string(dropped)])]))
        let after = try await listener.hear()
        #expect(after.first?.forkHeight == fork.height)
        #expect(movements(after) == ["USDC 11"])
        func places(_ batches: [Batch]) -> Set<String> {
            Set(batches.flatMap(\.connected).flatMap(\.transactions).flatMap { $0.outputs.map(\.place) })
        }
        #expect(places(after) == places(before).filter { $0.hasPrefix(kept) })
        #expect(after.first?.connected.first?.parent == fork.block)
        // Deeper than one step back, and nothing of it kept above.
        try await node.ask("test_reorg", .object(["depth": 6, "drop": true]))
        let deep = try await listener.hear()
        #expect(movements(deep).isEmpty && deep.first?.forkHeight != nil)
        #expect(try #require(deep.first?.forkHeight) < fork.height)
        try await node.stop()
    }

    @Test("What is safe and what stays is what the network says, up to what was heard")
    func marks() async throws {
        let node = try await EVMNode()
        var listener = Listener([EVMProvider(name: "one", url: node.url)])
        _ = try await listener.hear()
        try await node.mine(Int(EVMLimits.batchBlocks) + 10)
        let batches = try await listener.hear()
        #expect(batches.count == 2)
        let head = EVMLimits.batchBlocks + 10
        #expect(batches.map(\.isAtTip) == [false, true])
        #expect(batches[0].finalized == EVMLimits.batchBlocks && batches[0].safe == EVMLimits.batchBlocks)
        #expect(batches[1].finalized == head - 4 && batches[1].safe == head - 2)
        #expect(batches.allSatisfy { $0.pool == [] })
        try await node.stop()
    }

    // MARK: Several providers

    /// What is wrong with one of them.
    enum Trouble: CaseIterable {
        case gone, otherChain, otherBlock, lagging, hidingLogs, hidingTransactions
    }

    private static func bend(_ trouble: Trouble, _ old: JSON) -> BentProvider.Bend? {
        { method, parameters, result in
            switch (trouble, method) {
            case (.otherChain, "eth_chainId"): return "0x1"
            case (.lagging, "eth_getBlockByNumber") where parameters.first == .string("latest"): return old
            case (.otherBlock, "eth_getBlockByNumber"):
                guard var block = result.asObject else { return nil }
                block["hash"] = .string("0x" + String(repeating: "ab", count: 32))
                return .object(block)
            case (.hidingLogs, "eth_getBlockReceipts"):
                return .array(
                    (result.asArray ?? []).map { receipt in
                        guard var object = receipt.asObject else { return receipt }
                        object["logs"] = []
                        return .object(object)
                    })
            case (.hidingTransactions, "eth_getBlockByNumber"):
                guard var block = result.asObject, parameters.last == true else { return nil }
                block["transactions"] = []
                return .object(block)
            default: return nil
            }
        }
    }

    @Test("Of three who tell of it one may be gone, lag, or lie: all is heard, once", arguments: Trouble.allCases)
    func three(_ trouble: Trouble) async throws {
        let node = try await EVMNode()
        let token = try await node.token("USDC", decimals: 6, supply: 1_000_000_000)
        let old = try await node.ask("eth_getBlockByNumber", "latest")
        let bent = BentProvider()
        let url = trouble == .gone ? try HTTP.URL(parsing: "http://127.0.0.1:1/key") : node.url
        var listener = Listener(
            [
                EVMProvider(name: "bent", url: url, through: bent), EVMProvider(name: "one", url: node.url),
                EVMProvider(name: "two", url: node.url),
            ], tokens: [Self.token("USDC", 6, token)])
        _ = try await listener.hear()
        bent.set(Self.bend(trouble, old))
        for round in 1...4 as ClosedRange<UInt64> {
            _ = try await node.transfer(token, to: Self.shop, round)
            try await node.mine()
            // Who was caught is left for the next one.
            var heard: [Batch]?
            for _ in 0..<3 where heard == nil { heard = try? await listener.hear() }
            #expect(movements(heard ?? []) == ["USDC \(round)"])
            #expect(heard?.last?.isAtTip == true)
        }
        try await node.stop()
    }

    @Test("Who is alone and lies is not believed, and named without its address", arguments: Trouble.allCases)
    func alone(_ trouble: Trouble) async throws {
        let node = try await EVMNode()
        let token = try await node.token("USDC", decimals: 6, supply: 1_000_000_000)
        let bent = BentProvider()
        let url = trouble == .gone ? try HTTP.URL(parsing: "http://127.0.0.1:1/secret") : node.url
        var listener = Listener([EVMProvider(name: "bent", url: url, through: bent)])
        if trouble != .gone {
            _ = try await listener.hear()
            try await node.mine()
            _ = try await listener.hear()
        }
        let cursor = listener.cursor
        _ = try await node.transfer(token, to: Self.shop, 1)
        try await node.mine()
        let old = try await node.ask("eth_getBlockByNumber", "0x1")
        bent.set(Self.bend(trouble, old))
        if trouble == .lagging {
            // Behind what was heard already: no news, and nothing is taken back.
            let batches = try await listener.hear()
            #expect(batches.count == 1 && batches[0].forkHeight == nil && batches[0].cursor == cursor)
        } else {
            do {
                _ = try await listener.hear()
                Issue.record("it is believed")
            } catch let fault as ChainFault {
                #expect(fault.detail.contains("bent") || trouble == .otherBlock)
                #expect(!fault.detail.contains("127.0.0.1") && !fault.detail.contains("secret"))
                #expect(trouble != .otherChain || fault.kind == .wrongNetwork)
            }
            #expect(listener.cursor == cursor)
        }
        bent.set(nil)
        if trouble != .gone { #expect(try await movements(listener.hear()) == ["? 1"]) }
        try await node.stop()
    }

    @Test("Two who name different blocks agree on none, and then on what lies below")
    func parted() async throws {
        let (left, right) = (try await EVMNode(), try await EVMNode())
        let chain = EVMChain(
            EVMSettings(
                network: Self.network([]),
                providers: [
                    EVMProvider(name: "left", url: left.url), EVMProvider(name: "right", url: right.url),
                ]))
        // Both were made from nothing at another time: they have no block in common.
        let fault = await #expect(throws: ChainFault.self) { _ = try await chain.advance(from: nil, kept: Kept()) }
        #expect(fault?.kind == .syncing && fault?.detail.contains("left, right") == true)
        try await left.stop()
        try await right.stop()
    }

    @Test("Finality that stands still, and a head that does, are doubts: all is heard, nothing is confirmed")
    func doubts() async throws {
        let node = try await EVMNode()
        let clock = ManualClock(now: SystemClock().now)
        func chain(blockSeconds: UInt64?, finalitySeconds: UInt64?) -> EVMChain {
            let plain = Self.network([])
            return EVMChain(
                EVMSettings(
                    network: EVMNetwork(
                        name: plain.name, chainID: plain.chainID, isTest: true, coin: plain.coin, tokens: [],
                        blockSeconds: blockSeconds, finalitySeconds: finalitySeconds),
                    providers: [EVMProvider(name: "one", url: node.url)], clock: clock))
        }
        try await node.mine(8)
        let stalled = try await chain(blockSeconds: nil, finalitySeconds: 2).advance(from: nil, kept: Kept())
        #expect(stalled.doubt?.hasPrefix("finality:") == true && stalled.isAtTip)
        let silent = chain(blockSeconds: 12, finalitySeconds: nil)
        let fresh = try await silent.advance(from: nil, kept: Kept())
        #expect(fresh.doubt == nil && fresh.seenUntil != nil && fresh.finalized != nil)
        clock.advance(by: 3_600_000)
        let old = try await silent.advance(from: nil, kept: Kept())
        #expect(old.doubt?.hasPrefix("head:") == true && old.seenUntil == fresh.seenUntil)
        #expect(!silent.canMeet(.finalized) && !silent.canMeet(.count(0)) && silent.canMeet(.count(1)))
        try await node.stop()
    }
}
