package import Domain

/// One thing that happens in the sandbox. The world is nothing but all of them in order, so they are what is
/// kept.
package struct SandboxCommand: Hashable, Sendable {
    /// Real time in milliseconds since 1970 when it was given; part of the command, so that a replay is
    /// exact.
    package let at: Int64
    package let action: Action

    package init(at: Int64, _ action: Action) {
        self.at = at
        self.action = action
    }

    /// What happens, and on which network.
    package enum Action: Hashable, Sendable {
        /// One transaction with these outputs enters the pool; then, if asked for, a block is mined.
        case pay(SandboxNetwork, [Output], isMined: Bool)
        /// A transaction in the pool makes way for one that spends the same coins.
        case replace(SandboxNetwork, txid: String, by: Replacement)
        /// A transaction leaves the pool, and with it all that spend its outputs.
        case evict(SandboxNetwork, txid: String)
        /// A transaction that left the story is sent again.
        case rebroadcast(SandboxNetwork, txid: String)
        /// Blocks are mined; the pool goes into the first ones.
        case mine(SandboxNetwork, blocks: Int64)
        /// Blocks are mined; the first one takes what waits to pay one of these scripts, and what that
        /// spends. All else in the pool goes on waiting.
        case confirm(SandboxNetwork, scripts: [String], blocks: Int64)
        /// The top `depth` blocks give way to `depth` + 1 others.
        case reorg(SandboxNetwork, Reorg)
        /// The owner of an output sends it away: `txid:vout`.
        case spend(SandboxNetwork, place: String)
        /// The sandbox's clock goes forward, on both networks.
        case clock(advanceSeconds: Int64)
        /// The network's node stops to answer.
        case fail(SandboxNetwork)
        /// It answers again.
        case recover(SandboxNetwork)
    }

    /// What a transaction pays to one script.
    package struct Output: Hashable, Sendable {
        package let script: String
        package let asset: AssetCode
        /// Base units.
        package let amount: UInt128

        package init(script: String, asset: AssetCode, amount: UInt128) {
            self.script = script
            self.asset = asset
            self.amount = amount
        }
    }

    /// What comes in the place of a transaction that waits.
    package enum Replacement: Hashable, Sendable {
        /// The same outputs for a higher fee.
        case feeBump
        /// Back to the payer: nothing for whom it paid.
        case elsewhere
        /// The same destinations, each with that percent of its amount, rounded down, at least one base unit.
        case lessAmount(percent: Int64)
    }

    /// How deep a reorg goes, and what becomes of what it takes off the chain.
    package struct Reorg: Hashable, Sendable {
        /// Blocks that leave the chain. The genesis block never does.
        package let depth: Int64
        /// What becomes of the transactions in them.
        package let fate: Fate
        /// What becomes of some of them instead.
        package let except: [String: Fate]

        package init(depth: Int64, fate: Fate, except: [String: Fate] = [:]) {
            self.depth = depth
            self.fate = fate
            self.except = except
        }
    }

    /// What becomes of a transaction whose block leaves the chain. One that spends what is gone is gone as
    /// well; one that spends what went back to the pool is at best in the pool.
    package enum Fate: String, Hashable, Sendable, CaseIterable {
        /// It stands in the new branch.
        case mined
        /// It waits in the pool again.
        case pooled
        /// It is gone.
        case dropped
        /// The new branch holds another one that spends the same coins and pays elsewhere.
        case doubleSpent = "double_spent"
    }
}

/// What a command has made.
package struct SandboxOutcome: Hashable, Sendable {
    /// Transactions that are new, or came back by `rebroadcast`.
    package var transactions: [String] = []
    /// Blocks that are new, oldest first.
    package var blocks: [BlockID] = []
    /// Transactions that left the pool and the chain.
    package var gone: [String] = []
    /// The sandbox's time at the command.
    package var now: Instant
}
