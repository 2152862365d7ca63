/// A fault put into the gateway's surroundings on purpose, to see that the checks find it.
package enum Plant: String, Sendable, CaseIterable {
    /// The database's disk says that something is synchronised and does not do it: `synchronous=OFF`.
    case nothingSynchronised
    /// The same for the file of indices alone.
    case indicesNotSynchronised
    /// Whoever asks is answered before it is committed.
    case answeredBeforeCommit
    /// A webhook's outcome is stored before it is sent.
    case sentAfterOutcome
    /// The process begins without the file of indices.
    case indicesForgotten
}
