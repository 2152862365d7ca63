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
    /// How often people ask again where nothing works, and how many more payments they want after a restore.
    static let insisting = 12
    /// How often people ask again where a server does not answer, and how long they wait, in milliseconds.
    static let patience = 1_000
    static let patienceMilliseconds: Int64 = 20
    /// After so many failures people start the process again.
    static let processFailures = 4
    /// Longer than a process waits for a word of the one that followed the networks before it.
    static let silenceMilliseconds: Int64 = 16_000
    /// Findings that are kept.
    static let findings = 100
    /// Records, rows and the like of one small store that are read at once.
    static let page = 10_000
    /// One first start in so many is killed only when it has nothing left to do.
    static let wholeStarts = 15
    /// One recovery in so many is followed to the scenario's end although its like was already.
    static let finishedAnyway = 64
}
