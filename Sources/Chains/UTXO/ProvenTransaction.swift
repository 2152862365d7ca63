import Crypto
import Platform

/// A transaction that a header's Merkle root is shown to cover, by nothing but the bytes.
///
/// What this shows: whoever made the block put exactly this transaction at exactly this place. What it does
/// not: whether the header is one of the chain with the most work (`BlockHeader.hasProofOfWork` and the
/// headers around it say what that would have cost).
package struct ProvenTransaction: Sendable {
    /// The only one in it.
    package let table: TransactionTable
    package let header: BlockHeader

    private var transaction: Transaction { table.transactions[0] }

    /// Why bytes show nothing.
    package enum Flaw: Error, Hashable, Sendable {
        case header
        case transaction
        /// 64 bytes are what two hashes are: it could be an inner node of the tree (CVE-2017-12842).
        case sixtyFourBytes
        /// No whole number of hashes, or more than any block has.
        case branch
        /// The branch is too short for the place, which would have two names.
        case place
        /// It stands to the right of itself: the copy that fills an odd level, which is no transaction
        /// (CVE-2012-2459).
        case copy
        /// An inner node of the branch is itself a transaction of 64 bytes, under which anything can be hung.
        case hollow
        /// The branch leads to another root than the header's.
        case root

        /// In words.
        package var text: String {
            switch self {
            case .header: "its header is not one"
            case .transaction: "its bytes are no transaction"
            case .sixtyFourBytes: "a transaction of 64 bytes may be an inner node of the tree"
            case .branch: "its branch is none"
            case .place: "its place does not fit its branch"
            case .copy: "it is the copy that fills an odd level of the tree, not a transaction"
            case .hollow: "an inner node of its branch is a transaction itself"
            case .root: "its branch does not lead to the header's Merkle root"
            }
        }
    }

    /// Checks that `branch` (32 bytes a level, from below) leads from the transaction at `place` of its block
    /// to the Merkle root of `header` (80 bytes). Never traps.
    package init(
        raw: [UInt8], branch: [UInt8], place: UInt32, header: [UInt8], on network: UTXONetwork
    ) throws(Flaw) {
        do throws(ParseError) { self.header = try BlockHeader(header) } catch { throw .header }
        do throws(ParseError) {
            table = try TransactionTable(transaction: raw, on: network)
        } catch {
            throw .transaction
        }
        guard table.transactions[0].baseSize != Self.nodeBytes else { throw .sixtyFourBytes }
        let levels = branch.count / 32
        guard branch.count == 32 * levels, levels < TransactionTree.mostLevels else { throw .branch }
        guard place >> UInt32(levels) == 0 else { throw .place }
        var node = table.transactions[0].id
        for level in 0..<levels {
            guard let other = Hash256(branch[32 * level..<32 * (level + 1)]) else { throw .branch }
            let isRight = place >> UInt32(level) & 1 == 1
            guard !isRight || other != node else { throw .copy }
            let pair = isRight ? (other, node) : (node, other)
            guard !Self.isHollow(pair.0, pair.1, network) else { throw .hollow }
            node = Hash256(sha256dOf: pair.0, pair.1)
        }
        guard node == self.header.merkleRoot else { throw .root }
    }

    private static let nodeBytes = 64

    /// Whether an inner node is the bytes of a transaction as well: then it may be a leaf, and what is shown
    /// below it was never in the block. A leaf is hashed without witness and extension part, so one with
    /// flags is none: its base would be shorter.
    static func isHollow(_ left: Hash256, _ right: Hash256, _ network: UTXONetwork) -> Bool {
        do throws(ParseError) {
            let table = try TransactionTable(transaction: left.bytes + right.bytes, on: network)
            return table.transactions[0].baseSize == nodeBytes
        } catch {
            return false
        }
    }

    /// The transaction's name.
    package var id: String { transaction.id.displayText }

    /// Blocks on top below which its network lets no output of it be spent.
    package func maturity(on network: UTXONetwork) -> UInt32 { UInt32(transaction.maturity(on: network)) }

    /// An output's script in hexadecimal and its amount; nil where there is none.
    package func output(_ index: UInt32) -> (script: String, amount: UInt64)? {
        guard index < UInt32(clamping: table.outputs.count) else { return nil }
        let output = table.outputs[Int(index)]
        return (Hex.encode(table.script(of: output)), output.value)
    }
}

extension Transaction {
    /// Blocks below which its network lets no output of it be spent; 0 for most.
    func maturity(on network: UTXONetwork) -> Int {
        isCoinbase ? network.coinbaseMaturity : isHogEx ? network.pegOutMaturity : 0
    }
}
