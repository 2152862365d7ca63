/// The bounds of what is read from a UTXO chain. Times in milliseconds.
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

    /// Characters of a text that is searched for keys that can spend, beyond what an account may have.
    static let searchedCharacters = 4_096

    /// Steps of a key origin or of a path behind an extended key.
    package static let pathSteps = 16

    /// Characters of an address: those of Litecoin's extension block, which are recognised to be refused, are
    /// long.
    package static let addressCharacters = 160

    /// Account keys kept in memory, parsed.
    static let parsedKeys = 1_024

    // MARK: What is asked of a node

    /// The highest block that is believed: some tens of thousands of years away.
    static let height = UInt64(UInt32.max)

    /// Bytes of an answer: a block in hexadecimal and the envelope around it.
    static let answerBytes = 2 * blockBytes + 4_096

    /// Bytes of an answer to what is small: where the node stands, the names of some blocks.
    static let smallAnswerBytes = 4 << 20

    /// Requests under way to one node. bitcoind serves four at a time unless told otherwise.
    static let requests = 4

    static let answerTimeout: Int64 = 20_000
    /// For what can be large: a block, the pool.
    static let largeAnswerTimeout: Int64 = 60_000

    /// Calls in one request.
    static let callsPerRequest = 50

    /// Bytes of a cookie file.
    static let cookieBytes = 1_024

    /// Unicode scalars of a node's own words that are passed on, and how many such texts.
    static let wordScalars = 200
    static let warnings = 16

    // MARK: Batches

    /// Blocks of one batch, and the bytes after which no further one is added.
    static let batchBlocks: UInt64 = 20
    static let batchBytes = 16 << 20

    /// Transactions of the pool that one batch tells, of about `batchBytes` at most; the rest comes later.
    static let batchPool = 5_000

    /// How often a story is begun anew that the node's chain changed under, before the node is given up.
    static let attempts = 4

    /// Blocks up to which headers may be ahead of blocks: a node that is further behind is catching up.
    static let headerLead: UInt64 = 3

    /// Steps that are walked back along a branch that the node has left, beyond the kept headers.
    static let branchSteps = 20_000

    /// Headers whose times make the median time of the newest of them (BIP 113).
    static let medianHeaders = 11
}
