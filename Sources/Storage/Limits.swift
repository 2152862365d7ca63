/// The bounds of this module.
enum Limits {
    /// Values in one list of a look-up.
    static let lookups = 256
    /// Differences that a verification lists; more are only counted.
    static let findings = 1_000
    /// Chains, and records of one chain, that a verification reads at a time.
    static let verifiedChains = 500
    static let verifiedRecords = 100
    /// Damaged rows that are told of, each once; further ones are passed over in silence.
    static let notedDamage = 1_000
    /// How long a delivery whose row cannot be read is not looked at again.
    static let damagedLeaseSeconds: Int64 = 24 * 3600
    /// How often one lease goes on behind deliveries that cannot be read.
    static let damagedSteps = 8
    /// Texts whose values are remembered, of one kind.
    static let decodedTexts = 256
    /// Rows that one question goes over where no index has what it is narrowed to.
    static let walkedRows = 10_000
    /// Rows of each kind that are counted of what waits for people.
    static let countedBacklog = 1_000
    /// Damaged identities that are passed over to find the highest one.
    static let passedIdentities = 16
    /// Numbers that a command of the sandbox can have.
    static let sandboxCommands: ClosedRange<Int64> = 0...(1 << 53)
    /// Records that the chains of one root are read by, beside those of its last chain.
    static let sealedRecords: Int64 = 4_096
    /// How long tries to deliver wait for a root that is made for something else.
    static let patientSeconds: Int64 = 24 * 3600
    /// By how much the clocks of machines on one store differ where nothing is wrong, in milliseconds.
    static let clockDifference: Int64 = 1_000
    /// Characters of a value that a finding shows.
    static let shownCharacters = 80
}
