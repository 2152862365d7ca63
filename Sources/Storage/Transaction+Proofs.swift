import Database
package import Domain

/// What shows that a block holds a transaction that pays us, in the network's own bytes. It stays when the
/// block leaves the chain: the records tell of that block too.
package struct ProofRow: Hashable, Sendable {
    package let transaction: String
    package let block: BlockID
    package let height: UInt64
    /// The transaction's place in the block.
    package let index: UInt32
    /// The header's 80 bytes.
    package let header: [UInt8]
    /// What leads from the transaction to the header's Merkle root, from below: 32 bytes a level.
    package let branch: [UInt8]
    /// How many bytes the transaction has.
    package let size: Int
    /// All of them, as the block has them; none of a transaction that was too long to be kept.
    package let raw: [UInt8]

    package init(
        transaction: String, block: BlockID, height: UInt64, index: UInt32, header: [UInt8], branch: [UInt8],
        size: Int, raw: [UInt8]
    ) {
        self.transaction = transaction
        self.block = block
        self.height = height
        self.index = index
        self.header = header
        self.branch = branch
        self.size = size
        self.raw = raw
    }

    init(_ row: Row) throws {
        self.init(
            transaction: try row.text(0), block: BlockID(try row.text(1)), height: try row.unsigned(2),
            index: try row.place(3), header: try row.blob(4), branch: try row.blob(5), size: try row.read(6),
            raw: try row.blob(7))
    }
}

extension Row {
    /// A place in a block.
    fileprivate func place(_ column: Int) throws -> UInt32 {
        guard let place = UInt32(exactly: try integer(column)) else { throw Corruption("a place is none") }
        return place
    }
}

extension Transaction {
    /// Keeps a proof. One that is there stays: block and transaction say all the rest.
    package func insert(_ proof: ProofRow, of network: NetworkName) throws {
        try connection.execute(
            """
            INSERT INTO proof (network, transaction_id, block, height, place, header, branch, size, raw)
            VALUES (\(network.text), \(proof.transaction), \(proof.block.text), \(proof.height),
                \(Int64(proof.index)), \(proof.header), \(proof.branch), \(proof.size), \(proof.raw))
            ON CONFLICT DO NOTHING
            """)
    }

    /// Every block that ever held the transaction, as far as it was heard: one but for reorgs.
    package func proofs(of network: NetworkName, transaction: String) throws -> [ProofRow] {
        try connection.query(
            """
            SELECT transaction_id, block, height, place, header, branch, size, raw FROM proof
            WHERE network = \(network.text) AND transaction_id = \(transaction) ORDER BY height, block
            """
        ).map(ProofRow.init)
    }

    /// The one of a block.
    package func proof(
        of network: NetworkName, transaction: String, block: BlockID
    ) throws -> ProofRow? {
        try connection.first(
            """
            SELECT transaction_id, block, height, place, header, branch, size, raw FROM proof
            WHERE network = \(network.text) AND transaction_id = \(transaction) AND block = \(block.text)
            """
        ).map(ProofRow.init)
    }
}
