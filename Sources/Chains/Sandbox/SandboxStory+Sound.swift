import Domain

extension SandboxStory {
    /// What no story that was lived through can be, and what all who read it rely on; nil when it is sound.
    ///
    /// A text that parses may still be damaged: one digit of a height is enough to point beside the chain.
    var unsoundness: String? {
        for (lower, upper) in zip(active, active.dropFirst()) {
            guard upper.height == lower.height + 1, upper.parent == lower.id else {
                return "Block \(upper.height) does not stand on the one before it."
            }
        }
        var heights: [BlockID: UInt64] = [:]
        for block in active + stale.values {
            if heights.updateValue(block.height, forKey: block.id) != nil { return "A block is there twice." }
        }
        // Its parent is lower, so a way down along stale blocks comes to an end.
        for block in stale.values {
            guard block.height > 0, heights[block.parent].map({ $0 == block.height - 1 }) ?? true else {
                return "A block that left the chain does not stand on its parent."
            }
        }
        for txid in active.flatMap(\.transactions) + pool where transactions[txid] == nil {
            return "A transaction on the chain or in the pool is not told."
        }
        return nil
    }
}
