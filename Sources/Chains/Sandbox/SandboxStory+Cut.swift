import Domain

extension SandboxStory {
    /// Forgets what no command and no watcher can ask for any more, so that a sandbox that runs for years
    /// stays as small as what it does now.
    ///
    /// Blocks that lie deeper than any reorg under what was absorbed go, with their transactions. What is
    /// neither on the chain nor in the pool goes at the second cut that finds it so: until then it may be
    /// sent again.
    mutating func cut(absorbed height: UInt64) {
        let top = min(height, tip.height)
        let deep = forgetBlocks(below: top - min(top, UInt64(SandboxLimits.keptBlocks)))
        let dead = Set(transactions.keys.filter { !isAlive($0) }).subtracting(deep)
        var forgotten = gone.intersection(dead)
        // What spends what is forgotten goes with it: it would seem to spend a coin from outside.
        while true {
            let orphans = dead.subtracting(forgotten).filter { txid in
                transactions[txid]?.parents.contains(where: forgotten.contains) == true
            }
            if orphans.isEmpty { break }
            forgotten.formUnion(orphans)
        }
        forget(deep.union(forgotten), dead: dead.subtracting(forgotten))
    }
}
