/// The bounds of what is read from a UTXO chain.
package enum UTXOLimits {
    /// Bytes of a serialised block: Bitcoin's 4,000,000 and room for Litecoin's extension block.
    package static let blockBytes = 32 << 20

    /// Bytes of a serialised transaction, the same bound: in a block nothing else limits it.
    package static let transactionBytes = blockBytes

    /// The greatest size field that nodes accept.
    package static let compactSize: UInt64 = 0x0200_0000

    /// Transactions that memory is set aside for before a block has shown that it has them.
    package static let reservedTransactions = 8_192

    /// Characters of an account key or a descriptor.
    package static let descriptorCharacters = 512

    /// Steps of a key origin or of a path behind an extended key.
    package static let pathSteps = 16

    /// Characters of an address: those of Litecoin's extension block, which are recognised to be refused, are
    /// long.
    package static let addressCharacters = 160
}
