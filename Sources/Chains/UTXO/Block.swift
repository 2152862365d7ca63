package import Crypto

/// A whole block, checked against its own header: the transactions are the ones that the miner committed to.
package struct Block: Sendable {
    /// The 80 bytes at its beginning.
    package let header: BlockHeader

    /// Its transactions, the coinbase first.
    package let contents: TransactionTable

    /// What leads from each transaction to the header.
    package let tree: TransactionTree

    /// Its name.
    package var hash: Hash256 { header.hash }

    /// In their order; an index here is a transaction's place in the block.
    package var transactions: [Transaction] { contents.transactions }

    /// Parses all bytes of a block, as `getblock` with verbosity 0 gives it, and recomputes its Merkle root.
    ///
    /// Not checked here: the proof of work (`BlockHeader.hasProofOfWork`), signatures and everything else
    /// that the node, which is trusted, has already judged. Throws for whatever is not exactly one block;
    /// never traps.
    package init(parsing bytes: [UInt8], on network: UTXONetwork) throws(ParseError) {
        guard bytes.count <= UTXOLimits.blockBytes else { throw .tooLong }
        var parser = TransactionParser(bytes: bytes, network: network)
        header = try BlockHeader(&parser.reader)
        let count = try parser.reader.count(ofAtLeast: 10)
        let expected = min(count, UTXOLimits.reservedTransactions)
        parser.transactions.reserveCapacity(expected)
        parser.inputs.reserveCapacity(2 * expected)
        parser.outputs.reserveCapacity(3 * expected)
        for _ in 0..<count { try parser.transaction() }
        let hogEx = parser.transactions.firstIndex { $0.isHogEx }
        if let hogEx {
            guard hogEx == count - 1, count >= 2 else { throw .hogEx }
            try parser.reader.skipOptionalExtensionBlock()
        }
        try parser.finish()
        contents = TransactionTable(parser)
        let coinbases = contents.transactions.count { $0.isCoinbase }
        guard coinbases == 1, contents.transactions.first?.isCoinbase == true else { throw .coinbase }
        tree = try TransactionTree(contents.transactions.map(\.id))
        guard tree.root == header.merkleRoot else { throw .merkleRoot }
    }
}
