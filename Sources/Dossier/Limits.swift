/// The bounds of this module: a dossier comes from strangers.
package enum DossierLimits {
    /// Bytes of a file that is read.
    package static let fileBytes = 32 << 20
    /// Records of one payment that a dossier holds; one with more is refused rather than cut.
    package static let records = 10_000
    /// Bytes of their bodies in all.
    package static let recordBytes = 6 << 20
    /// Bytes of transactions in all, counted ones first; the rest is left out, which is said.
    package static let transactionBytes = 2 << 20
    /// Headers on one network. Each of Litecoin's takes some 0.3 ms to check.
    package static let headers = 4_096
    /// Transactions and runs of headers on one network, and networks.
    static let transactions = 1_000
    static let runs = 1_000
    static let networks = 64
    /// Hashes on the way from a leaf to its root.
    static let path = 64
    static let successions = 1_000
    /// Roots that lead from the one that holds the records to one by the present key: half a day of a
    /// merchant who is never still.
    package static let roots = 1_000
    static let notes = 1_000
    /// Nesting of the JSON.
    static let depth = 12
}
