package import Crypto
import Database
import Domain

/// What `Store.verify` found: every table derived again from the evidence log, and compared row by row.
package struct Verification: Sendable {
    /// One difference between the log and a table, or inside the log.
    package struct Finding: Hashable, Sendable, CustomStringConvertible {
        /// The row or the record: `transfer sandbox/…:0`, `record 3 of pay_…`.
        package let place: String
        package let problem: String

        package var description: String { "\(place): \(problem)" }
    }

    /// The first ones, in the order of the chains.
    package internal(set) var findings: [Finding] = []
    /// How many more there were.
    package internal(set) var omitted = 0
    /// What was read.
    package internal(set) var chains = 0
    package internal(set) var records = 0
    package internal(set) var payments = 0
    package internal(set) var rows: Int64 = 0
    package internal(set) var roots = 0
    /// Roots that were kept elsewhere, and that are there.
    package internal(set) var confirmed: [String] = []
    /// What could not be checked, and why. Never empty: no check of one machine against itself sees
    /// everything.
    package internal(set) var unchecked: [String] = []

    /// Whether the log and every table agree.
    package var isClean: Bool { findings.isEmpty }

    mutating func add(_ place: String, _ problem: String) {
        guard findings.count < Limits.findings else { return omitted += 1 }
        findings.append(Finding(place: place, problem: problem))
    }
}

extension Store {
    /// Derives every table again from the evidence log, on one snapshot, and lists each difference.
    ///
    /// Holds one chain at a time. Throws only what the database throws.
    ///
    /// - Parameters:
    ///   - key: the instance's, from outside of the database; nil where nobody has it.
    ///   - proofs: how the networks' proofs are checked; without it they are compared with the log by their
    ///     hash alone.
    ///   - kept: roots that were kept elsewhere: the store must have each of them.
    ///   - own: the one that the file beside the store names.
    ///   - progress: is told of chains done and of all, on the thread that reads.
    package func verify(
        signedBy key: Ed25519.PublicKey? = nil, proofs: ProofCheck? = nil, against kept: [RootName] = [],
        beside own: RootName? = nil,
        progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) async throws -> Verification {
        try await read { tx in
            // It reads all there is: as long as that takes.
            if tx.connection.dialect == .postgres {
                try tx.connection.execute("SET LOCAL statement_timeout = 0")
            }
            var verifier = Verifier(tx, proofs, signedBy: key, against: kept)
            verifier.story.own = own
            try verifier.run(progress)
            return verifier.report
        }
    }
}

/// One run over one snapshot.
struct Verifier {
    let tx: Transaction
    var report = Verification()
    /// Rows of each table that the log explains.
    var explained: [String: Int64] = [:]
    /// What the entries of the log come to.
    var balances: [BalanceKey: Int128] = [:]
    /// Destinations issued, by wallet.
    var issued: [String: Issued] = [:]
    /// Events outside every payment's order that the log tells of.
    var notices: Set<String> = []
    /// Exceptions that the log tells of, and their payments need no more.
    var pastExceptions: Set<String> = []
    /// How far the counts of keys were moved on beside what was issued.
    var advanced: [String: Int64] = [:]
    /// Endpoints as the merchants' chains tell them.
    var endpoints: [String: EndpointStory] = [:]
    /// The table of rates as the log tells it.
    var rates: [RateKey: RateSource] = [:]
    /// What was erased of payments, in order.
    var erasures: [String: [Erasure]] = [:]
    /// What binds the texts of releases; nil where the instance's chain is broken.
    var releaseNotes: [InstanceStory.NoteKey: String]?
    /// All of the store is looked at, and not one payment alone.
    var isWhole = false
    /// What the signed roots are checked by.
    var story = RootStory()
    /// Payments whose chain could not be folded to its end.
    var unfolded = 0
    /// Records that are older than the one before them.
    var steps = StepsBack()
    /// Transactions that were too long to be kept.
    var longTransactions = 0
    let proofs: ProofCheck?
    static let instance = Transaction.instanceChain

    /// One row of `balance`.
    struct BalanceKey: Hashable {
        let merchant: String
        let method: String
        let account: String
    }

    /// What was issued of one wallet, or of one key.
    struct Issued {
        var count: Int64 = 0
        var highest: Int64 = -1
        /// Every destination says its index.
        var isNumbered = true

        static func + (left: Self, right: Self) -> Self {
            Issued(
                count: left.count + right.count, highest: max(left.highest, right.highest),
                isNumbered: left.isNumbered && right.isNumbered)
        }
    }

    init(
        _ tx: Transaction, _ proofs: ProofCheck? = nil, signedBy key: Ed25519.PublicKey? = nil,
        against kept: [RootName] = []
    ) {
        self.tx = tx
        self.proofs = proofs
        story.trusted = key
        story.kept = kept
    }

    mutating func run(_ progress: (_ done: Int, _ of: Int) -> Void) throws {
        isWhole = true
        // Also when it was cut off whole.
        try reading("chain \(Self.instance)") { try $0.checkInstance() }
        try reading("record", unfolds: true) { try $0.checkChains(progress) }
        try reading("note") { try $0.compareReleaseNotes() }
        try reading("rows that belong to nothing") { try $0.checkStrays() }
        try reading("rows that no payment has") { try $0.checkTotals() }
        try reading("proof") { try $0.checkStrayProofs() }
        try reading("event") { try $0.checkNotices() }
        try reading("delivery") { try $0.checkDeliveries() }
        try reading("root") { try $0.checkRoots() }
        try reading("rate") { try $0.checkRates() }
        try reading("wake") { try $0.checkWakes() }
        try reading("balance") { try $0.checkBalances() }
        try reading("key_index") { try $0.checkIndices() }
        try reading("numbers in a row") { try $0.checkSequences() }
        sayWhatWasNotChecked()
    }

    private mutating func checkChains(_ progress: (_ done: Int, _ of: Int) -> Void) throws {
        let total = Int(try count("SELECT count(*) FROM record WHERE sequence = 0"))
        var last = ""
        while true {
            let page = try tx.chains(after: last, limit: Limits.verifiedChains)
            guard let end = page.last else { return }
            for chain in page {
                if chain != Self.instance {
                    try reading("chain \(chain)", unfolds: chain.hasPrefix(Payment.prefix)) {
                        try $0.check(chain)
                    }
                }
                report.chains += 1
            }
            progress(report.chains, total)
            last = end
        }
    }

    /// Runs one part. Where a row of it cannot be read at all, that is a finding, and the other parts go on.
    ///
    /// - Parameter unfolds: what follows from payments is not known without it.
    private mutating func reading(
        _ place: String, unfolds: Bool = false, _ part: (inout Verifier) throws -> Void
    ) throws {
        let before = unfolded
        do {
            try part(&self)
        } catch where error is Corruption || Store.isAboutRows(error) {
            report.add(place, "a row of it cannot be read, so not all of it was compared: \(error)")
            if unfolds { unfolded = before + 1 }
        }
    }

    private mutating func check(_ chain: String) throws {
        if chain.hasPrefix(Payment.prefix) {
            try check(payment: chain)
        } else if chain.hasPrefix(Merchant.prefix) {
            try check(merchant: chain)
        } else if !chain.hasPrefix(Endpoint.prefix) {
            report.add("chain \(chain)", "belongs to nothing")
            _ = try walk(chain) { _, _ in nil }
        }
    }

    /// Reads a chain from its first record on: dense numbers, each bound to the one before by its hash.
    ///
    /// `body` says what is wrong with a record, or nil. Gives the chain's end; nil when it is broken, which
    /// is reported.
    mutating func walk(
        _ chain: String, _ body: (inout Verifier, StoredRecord) throws -> String?
    ) throws -> Head? {
        var head = Head.empty
        var time: Instant?
        while true {
            let page = try tx.records(chain: chain, from: head.sequence + 1, limit: Limits.verifiedRecords)
            for stored in page {
                report.records += 1
                let place = "record \(stored.record.sequence) of \(chain)"
                if stored.record.sequence != UInt64(head.sequence + 1) {
                    report.add(place, "record \(head.sequence + 1) before it is missing")
                    return nil
                }
                if stored.record.previous != head.hash {
                    report.add(place, "it does not follow from the record before it")
                    return nil
                }
                if !stored.isSound {
                    report.add(place, "its hash is not that of its content")
                    return nil
                }
                if let problem = try body(&self, stored) {
                    report.add(place, problem)
                    return nil
                }
                if let time { steps.note(place, from: time, to: stored.record.at) }
                time = stored.record.at
                head = Head(sequence: Int64(stored.record.sequence), hash: stored.hash)
            }
            if page.count < Limits.verifiedRecords { return head }
        }
    }

    private mutating func sayWhatWasNotChecked() {
        report.rows = explained.values.reduce(0, +)
        let waiting = explained["unsealed"] ?? 0
        report.unchecked = [
            "whether somebody who can write to the database changed or cut off, with all that follows from "
                + "it, what no root holds yet: the ends of \(waiting) of \(report.chains) chains",
            "the order of events of different payments, and the sandbox's own story",
            "what only says how far the work is (cursors, headers, when a look is due, leases, the order of "
                + "what waits, kept answers, settings)",
        ]
        if !erasures.isEmpty {
            report.unchecked.append(
                "what stood in the personal parts, notes and events of \(erasures.count) payments before it "
                    + "was erased")
        }
        if story.kept.isEmpty {
            report.unchecked.append(
                "whether the last roots were cut off with all that they hold: no root that was kept "
                    + "elsewhere was compared (--root)")
        }
        if story.trusted == nil, report.roots > 0 {
            report.unchecked.append("whose key signed the roots: the instance key was not compared")
        }
        if proofs == nil {
            report.unchecked.append(
                "whether the networks' proofs prove what they are kept for, and are all there")
        }
        if let words = steps.description { report.unchecked.append(words) }
        if longTransactions > 0 {
            report.unchecked.append("\(longTransactions) transactions that were too long to be kept")
        }
        if unfolded > 0 {
            report.unchecked.append(
                "the rows and balances that follow from \(unfolded) payments whose records are damaged")
        }
    }

    func count(_ sql: SQL) throws -> Int64 { try tx.connection.first(sql)?.integer(0) ?? 0 }
}
