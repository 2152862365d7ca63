/// The bounds of what is read from nodes of Ethereum's kind, and from files that people hand in.
package enum EVMLimits {
    /// Lists in lists. A receipt has four: itself, its logs, one, its topics.
    static let listDepth = 16
    /// Items of one encoding. A receipt of the dearest block that there is has some 160,000 logs, of eight
    /// each.
    static let items = 2_000_000
    /// Items of one node of a trie: seventeen, each of which may be a node itself that is shorter than its
    /// hash.
    static let nodeItems = 17 * 32 + 1
    /// Nodes on the way from a trie's root to a value. A key of three bytes, the place of a transaction in
    /// its block, has six digits, and a leaf.
    static let proofNodes = 16
    /// Bytes of one node of a trie: a receipt is in its leaf. A transaction of the most gas that Ethereum
    /// allows one (2²⁴) logs 2 MiB; other networks allow more.
    static let proofNodeBytes = 16 << 20
    /// Bytes of a transaction or of a receipt.
    static let encodedBytes = proofNodeBytes
    /// Bytes of a header. Ethereum's have some 700; networks of voting blockmakers list those in it.
    static let headerBytes = 64 << 10
    /// No block is as high: a number below it has room in every language's integers.
    static let height: UInt64 = 1 << 53
    /// No block is as late, in seconds since 1970: a time below it has room in nanoseconds of 128 bits, and
    /// in microseconds of 64.
    static let seconds: UInt64 = 1 << 40
    /// Logs of one transaction: each costs 375 gas.
    static let logs = 200_000
    /// Entries of a list in a transaction, each of which costs gas.
    static let listed = 100_000
    /// Bytes of a token's symbol.
    static let symbolBytes = 32
    /// Bytes of an answer with a symbol: where the text is, how long it is, and the text.
    static let symbolAnswerBytes = 1_024

    // MARK: What is asked of providers

    /// Bytes of an answer: the largest blocks with all of their logs, in hexadecimal.
    static let answerBytes = 64 << 20
    static let answerTimeout: Int64 = 30_000
    /// Requests under way to one provider.
    static let requests = 4
    /// Calls in one request: what most services take at once.
    static let callsPerRequest = 50
    /// Codes of errors that say that a network has no such tag: no such method or parameter, no such block.
    static let unknownTag: Set<Int64> = [-32_601, -32_602, -39_001]

    // MARK: Batches

    /// Blocks of one batch.
    static let batchBlocks: UInt64 = 50
    /// How often a story is begun anew that the chain changed under, before it is given up.
    static let attempts = 4
    /// Blocks below the highest head at which providers that have parted may meet.
    static let partedBlocks: UInt64 = 8
    /// Account keys kept in memory, parsed.
    static let parsedKeys = 1_024
    /// Blocks that do not come, and seconds, until a network is said to stand still.
    static let silentBlocks: UInt64 = 30
    static let leastSilence: UInt64 = 60
}
