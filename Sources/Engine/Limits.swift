/// The bounds of this module.
package enum EngineLimits {
    // What a merchant may have in use, of each kind of key: test and live do not take each other's room.
    package static let keys = 200
    package static let wallets = 100
    // What it may make in a day, also of what it gives up at once: the rows stay for ever.
    package static let keysADay = 1_000
    package static let walletsADay = 500
    /// Wallets that are known to be registered as they stand, and are not asked for in the log again.
    static let rememberedWallets = 10_000
    /// Addresses that one step skips.
    package static let skippedIndices: Int64 = 1_000_000
    /// Addresses that the index file covers ahead: so many are skipped at the most after a crash.
    static let coveredIndices: ClosedRange<Int64> = 8...256
    /// Requests that wait for the index file at a time.
    static let waitingForIndices = 10_000
    /// Keys of the index file, of wallets that were given up too, and the bytes that it is read up to: a key
    /// takes some 100 at the most.
    static let indexFileKeys = 2_000_000
    static let indexFileBytes = 256 << 20
    /// Indices of one key that were handed out in vain and wait to be handed out again.
    static let returnedIndices = 10_000
    package static let endpoints = 20
    /// What a customer needs to pay, at the least.
    static let leastPaySeconds: Int64 = 60
    /// Looks that one transaction takes.
    static let looks = 200
    /// Payments that nothing wakes, and that one transaction makes due.
    static let sleepers = 1_000
    /// Kept answers that one transaction forgets.
    static let forgottenAnswers = 1_000
    /// Transfers whose place one transfer can have taken.
    static let replaced = 16
    /// Transfers that an event lists.
    package static let toldTransfers = 20
    /// Seconds by which the time of a pushed rate may be ahead of the clock.
    static let rateLeadSeconds: Int64 = 60
    /// Whoever watches a network and says nothing for so long has gone: another process takes over.
    package static let watchMilliseconds: Int64 = 15_000
    /// Blocks after which nothing takes the place of a transaction any more.
    static let buriedBlocks: UInt64 = 100_000
    /// Bytes of a transaction that are kept to prove it: what nodes pass on has less.
    static let provenBytes = 400_000
    /// Records of a dossier that are read at a time.
    static let dossierPage = 500
    /// Dossiers that wait for the one that is made, in all and of one merchant.
    static let waitingDossiers = 64
    static let waitingDossiersOfOne = 8
    /// Blocks of a fork's new branch that are put together before it is absorbed: two months of Bitcoin's.
    static let branchBlocks = 10_000
    /// Deliveries under way: to one endpoint that answers quickly, to those of one merchant, to all endpoints
    /// that have not shown yet that they do, and in all.
    static let deliveriesPerEndpoint = 8
    static let deliveriesPerMerchant = 32
    static let unprovenDeliveries = 128
    static let deliveries = 256
    /// An answer that takes longer is a slow one.
    static let quickAnswerMilliseconds: Int64 = 5_000
    /// Endpoints of which it is remembered how they answer.
    static let rememberedWindows = 4_096
    /// Bytes of a receiver's answer that are kept.
    static let excerptBytes = 512
    package static let deliveryTimeoutMilliseconds: Int64 = 15_000
    /// A lease outlives the time-out of its try.
    static let leaseSeconds: Int64 = 60
    /// How often commands of the sandbox are tried where other processes are faster, and how many commands
    /// wait for the one that is tried.
    static let sandboxTries = 50
    static let waitingPlayers = 256
    /// Commands of the sandbox that are read at a time.
    static let journalLines = 1_000
    /// How often a process looks for what others did in the sandbox.
    static let sandboxMilliseconds: Int64 = 500
    /// Events that one replay goes over, in one transaction for which all others wait.
    package static let replayed = 1_000
    /// Deliveries, and tries, of a deleted endpoint that one transaction forgets.
    static let forgottenDeliveries = 250
    /// Ends of chains that one root holds: each is two rows of the transaction that all others wait for.
    package static let rootLeaves = 512
    /// What has waited longer for a root is behind, however short the rounds are.
    static let leastSealPatienceSeconds: Int64 = 600
    /// The file that names the last root is read up to this.
    static let rootFileBytes = 4_096
    /// Payments that one transaction erases the personal parts of.
    static let erasedAtOnce = 50
    /// Kept answers that one look at them takes.
    static let sealedAnswers = 500
    /// Keys whose callers are remembered between requests.
    static let knownCallers = 1_024
    /// Payments that are set aside and listed at a time.
    package static let quarantined = 1_000
    /// Payment objects that are kept as they went out: bytes in all, and parts that are locked one by one.
    static let renderedBytes = 16 << 20
    static let renderedShards = 16
    static let rotationOverlapSeconds: Int64 = 24 * 3600
    /// Secrets that sign beside a new one.
    static let earlierSecrets = 2
}
