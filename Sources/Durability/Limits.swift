/// What bounds a run.
enum Limits {
    /// How often loops are asked again before they count as never resting.
    static let rounds = 64
    /// How often the clock goes on for webhooks that are still owed.
    static let waits = 48
    /// By how much then, in milliseconds: longer than a lease, and than the first pauses between tries.
    static let waitMilliseconds: Int64 = 6 * 60_000
    /// From a crash to the next start.
    static let restartMilliseconds: Int64 = 61_000
    /// Findings that are kept.
    static let findings = 100
    /// Records, rows and the like of one small store that are read at once.
    static let page = 10_000
    /// One recovery in so many is followed to the scenario's end although its like was already.
    static let finishedAnyway = 64
}
