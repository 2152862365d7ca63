import Chains
import Crypto
import Platform
import TestKit

/// Makes up a chain: blocks with real transactions, real Merkle roots and real work, as regtest asks for it.
/// A serializer of its own, so that no parser is tested against itself.
final class Mint {
    let network: UTXONetwork
    /// The active chain, from the first block made up on.
    private(set) var blocks: [Block] = []
    private(set) var height: UInt64 = 100
    private var chance: UInt8 = 0

    init(_ network: UTXONetwork) { self.network = network }

    /// What the next block stands on.
    var tip: [UInt8] { blocks.last?.hash.bytes ?? network.genesis.bytes }

    /// A block with these transactions behind its coinbase.
    @discardableResult
    func mine(_ transactions: [[UInt8]] = []) throws -> Block {
        chance &+= 1
        let all = [coinbase()] + transactions
        let ids = try all.map { raw in
            guard let id = try TransactionTable(transaction: raw, on: network).transactions.first?.id else {
                throw TestKitError("a transaction has an id")
            }
            return id.bytes
        }
        let head = [0, 0, 0, 0x20] + tip + Self.root(ids) + Self.little(1_700_000_000 + UInt32(height) * 600)
        let bytes = try Self.working(head, network) + [UInt8(all.count)] + all.flatMap { $0 }
        let block = try Block(parsing: bytes, on: network)
        blocks.append(block)
        height += 1
        return block
    }

    /// The last blocks leave the chain.
    func undo(_ count: Int) {
        blocks.removeLast(count)
        height -= UInt64(count)
    }

    private func coinbase() -> [UInt8] {
        let script: [UInt8] = [5] + Self.little(UInt32(height)) + [chance]
        return [1, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 32) + [255, 255, 255, 255]
            + [UInt8(script.count)] + script + [255, 255, 255, 255, 1]
            + Self.output(5_000_000_000, [0x51, 0x20] + [UInt8](repeating: chance, count: 32)) + [0, 0, 0, 0]
    }

    /// Tries numbers until the header is a block of its network's easiest kind.
    static func working(_ head: [UInt8], _ network: UTXONetwork) throws -> [UInt8] {
        let easiest = head + little(network.easiestBits)
        for nonce in UInt32(0)..<100_000 {
            let header = easiest + little(nonce)
            if try BlockHeader(header).hasProofOfWork(on: network) { return header }
        }
        throw TestKitError("regtest is easy")
    }

    static func root(_ ids: [[UInt8]]) -> [UInt8] {
        guard ids.count > 1 else { return ids.first ?? [] }
        let even = ids.count.isMultiple(of: 2) ? ids : ids + ids.suffix(1)
        return root(stride(from: 0, to: even.count, by: 2).map { sha256d(even[$0] + even[$0 + 1]) })
    }

    static func little(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }

    static func output(_ amount: UInt64, _ script: [UInt8]) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: amount >> (8 * $0)) } + [UInt8(script.count)] + script
    }

    /// A transaction with one input, and a witness if there is one.
    static func transaction(
        spending coin: UInt8, to outputs: [(amount: UInt64, script: [UInt8])], witness: [UInt8] = [7, 7]
    ) -> [UInt8] {
        let core =
            [1] + [UInt8](repeating: coin, count: 32) + [1, 0, 0, 0, 0, 253, 255, 255, 255]
            + [UInt8(outputs.count)] + outputs.flatMap { output($0.amount, $0.script) }
        let flags: [UInt8] = witness.isEmpty ? [] : [0, 1]
        let more: [UInt8] = witness.isEmpty ? [] : [1, UInt8(witness.count)] + witness
        return [2, 0, 0, 0] + flags + core + more + [0, 0, 0, 0]
    }
}
