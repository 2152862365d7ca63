/// The bounds of this module.
enum Limits {
    /// Values in one list of a look-up.
    static let lookups = 256
    /// Differences that a verification lists; more are only counted.
    static let findings = 1_000
    /// Chains, and records of one chain, that a verification reads at a time.
    static let verifiedChains = 500
    static let verifiedRecords = 100
    /// Characters of a value that a finding shows.
    static let shownCharacters = 80
}
