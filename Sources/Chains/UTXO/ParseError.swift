/// Why bytes are not a block, a header or a transaction. Positions count from the first byte given.
package enum ParseError: Error, Equatable {
    /// The bytes end before the field that begins here.
    case truncated(at: Int)
    /// Bytes are left over from here on.
    case trailing(at: Int)
    /// More bytes than `UTXOLimits` allows.
    case tooLong
    /// A size field here that is not in its shortest form, or too large to be true.
    case size(at: Int)
    /// An amount here that is more than there can ever be.
    case amount(at: Int)
    /// A transaction here without inputs or without outputs.
    case emptyTransaction(at: Int)
    /// A transaction here with flags that this network does not know.
    case flags(UInt8, at: Int)
    /// A transaction here that announces witnesses and has none.
    case superfluousWitness(at: Int)
    /// A field of the extension block here with a value that it cannot have.
    case extensionBlock(at: Int)
    /// The first transaction is not a coinbase, or another one is, or there is none at all.
    case coinbase
    /// The integrating transaction of Litecoin's extension block is not the last one.
    case hogEx
    /// The transactions are not those that the header commits to.
    case merkleRoot
    /// Two equal halves in the Merkle tree: a block altered to look invalid (CVE-2012-2459).
    case duplicateTransactions
}
