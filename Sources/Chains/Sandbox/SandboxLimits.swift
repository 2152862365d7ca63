import Domain

/// The bounds of the sandbox network. What goes beyond them is refused.
package enum SandboxLimits {
    /// Outputs of one transaction.
    package static let outputs = 1...100

    /// Blocks that one command mines, and that one reorg takes back.
    package static let minedBlocks: ClosedRange<Int64> = 1...1_000

    /// Scripts whose transactions one command confirms: as many as a payment can have.
    package static let confirmedScripts = 1...100

    /// Blocks of one network that are kept.
    package static let chainBlocks = 1_000_000

    /// Blocks under the tip that stay when the story is cut: no reorg goes deeper.
    package static let keptBlocks = minedBlocks.upperBound

    /// Commands after which the story is cut and kept as it stands instead of as what led to it.
    package static let journalCommands: Int64 = 2_000

    /// Blocks of one network beyond which the story is cut sooner, and after how many commands then.
    package static let longChain = 6_000
    package static let longChainCommands: Int64 = 50

    /// Bytes of a world as it is kept. A larger one stays in its commands.
    package static let worldBytes = 33_554_432

    /// Numbers of commands, heights and fees in a world that was kept: with room above them.
    static let numbers: ClosedRange<Int64> = 0...(1 << 53)

    /// Transactions of one block; the rest of the pool waits for the next one.
    package static let blockTransactions = 4_000

    /// Transactions that wait in one pool.
    package static let poolTransactions = 50_000

    /// Blocks of one batch.
    package static let batchBlocks = 50

    /// Transactions in the blocks of one batch, beyond its first block.
    package static let batchTransactions = 10_000

    /// Seconds that one command sets the clock forward: ten years.
    package static let clockSeconds: ClosedRange<Int64> = 1...315_360_000

    /// Confirmations under the tip at which a block counts as safe.
    package static let safeDepth: UInt64 = 2

    /// Confirmations under the tip at which a block counts as final.
    package static let finalDepth: UInt64 = 6

    /// Base units of one output: what counts of a transfer.
    package static let amount: ClosedRange<UInt128> = 1...(Transfer.amountLimit - 1)

    /// Base units of the coin below which a payment cannot be made, as on Bitcoin.
    package static let leastPayable: UInt128 = 546

    /// Bytes of one command's text.
    package static let commandBytes = 65_536

    /// Transactions that one reorg treats apart from the rest.
    package static let reorgExceptions = 0...100

    /// Percent of the amount due that an underpayment pays.
    package static let underPercent: ClosedRange<Int64> = 1...99

    /// Percent of the amount due that an overpayment pays on top.
    package static let overPercent: ClosedRange<Int64> = 1...1_000

    /// Transactions that a payment is split into.
    package static let splitParts: ClosedRange<Int64> = 2...20

    /// Hints that wait for a listener: one says it all.
    static let waitingHints = 1
}
