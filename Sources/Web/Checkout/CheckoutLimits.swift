/// The bounds of the customer's pages.
enum CheckoutLimits {
    /// Bytes and fields of a form.
    static let formBytes = 4_096
    static let formPairs = 16
    /// Payments whose pages are followed at a time; pages beyond them ask by themselves.
    static let livePayments = 10_000
    /// How often a page that counts confirmations is looked at: a block that changes no state tells nobody.
    static let countingMilliseconds: Int64 = 2_000
    /// After how many of these the other open pages are looked at, where another process may have committed,
    /// which tells nobody here.
    static let countsPerSweep = 5
    /// And where none can: pages that show what things cost now, which the clock changes too, and the rest,
    /// on which time alone changes next to nothing.
    static let countsPerPrices = 15
    static let countsPerRest = 150
    /// Pages that are looked at before the next that a commit has named.
    static let pagesSweptTogether = 64
    /// How far a page's countdown may be off before it is told.
    static let countdownMilliseconds: Int64 = 1_500
    /// What may be asked for with one link, by whoever has it: commands, and streams of events, in a minute.
    static let commands: Int64 = 60
    static let streams: Int64 = 60
    static let windowSeconds: Int64 = 60
    /// Blocks that one press in the sandbox mines.
    static let minedBlocks: ClosedRange<Int64> = 0...6
}
