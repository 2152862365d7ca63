/// The bounds of a simulation.
enum Limits {
    /// Payments of one campaign.
    static let payments: ClosedRange<Int64> = 1...100_000_000
    /// Worlds that are simulated at a time.
    static let lanes: ClosedRange<Int64> = 1...64
    /// Turns after which a look that was to be held has come to its end without.
    static let stepsToAHold = 400
    /// Payments of one world. Together they have the faults of that world; a new one begins after them.
    static let worldPayments = 100
    /// Payments from which on a campaign has to have met everything that it could meet.
    static let demandingPayments = 20_000
    /// Blocks that a chain has before the first payment; no reorganisation goes below them.
    static let firstBlocks = 20
    /// Blocks, its own among them, after which what a block makes can be spent.
    static let maturity: UInt64 = 100
    /// The deepest reorganisation.
    static let reorgDepth = 500
    /// Blocks that are mined in any case when all is mended: more than anybody waits for.
    static let lastBlocks = 12
    /// Rounds of the liveness phase: what is not done after them is stuck.
    static let settlingRounds = 400
    /// What happens in one story for the rules alone, its beginning and its end left out.
    static let storyActs = 8...40
    /// Transactions of such a story.
    static let storyTransactions = 14
    /// Stories from which on a campaign has to have met everything that it could meet.
    static let demandingStories = 10_000
    /// Stories that are told before they are told again against the clock.
    static let storiesInBatch = 128
    /// The last acts that are shown of a failure.
    static let tracedActs = 600
    /// Bytes of a trace that are hashed at a time.
    static let traceBytes = 16_384
}
