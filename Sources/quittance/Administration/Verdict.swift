import JSON
import Storage

/// The outcome of a verification in words, as it goes from one process to another.
struct Verdict: Sendable {
    private let differences: [String]
    private let omitted: Int64
    private let unchecked: [String]
    /// Roots that were kept elsewhere, and are there.
    private let confirmed: [String]
    /// What was read.
    private let extent: String

    /// - Parameter sandboxDamage: why the sandbox's story cannot be told again.
    init(_ outcome: Verification, sandboxDamage: String? = nil) {
        differences = outcome.findings.map(\.description) + (sandboxDamage.map { [$0] } ?? [])
        omitted = Int64(outcome.omitted)
        unchecked = outcome.unchecked
        confirmed = outcome.confirmed
        extent =
            "\(outcome.records) records in \(outcome.chains) chains, \(outcome.roots) signed roots, "
            + "\(outcome.payments) payments, \(outcome.rows) rows"
    }

    /// Reads what `json` gives. Throws `Failure`.
    init(_ json: JSON) throws {
        guard let differences = json["differences"]?.asArray, let omitted = json["omitted"]?.asInt64,
            let unchecked = json["unchecked"]?.asArray, let extent = json["extent"]?.asString
        else { throw Failure("the running gateway gave no verdict.") }
        self.differences = differences.compactMap(\.asString)
        self.omitted = omitted
        self.unchecked = unchecked.compactMap(\.asString)
        confirmed = (json["confirmed"]?.asArray ?? []).compactMap(\.asString)
        self.extent = extent
    }

    var json: JSON {
        [
            "differences": .array(differences.map { .string($0) }), "omitted": .integer(omitted),
            "unchecked": .array(unchecked.map { .string($0) }),
            "confirmed": .array(confirmed.map { .string($0) }), "extent": .string(extent),
        ]
    }

    /// Says what was found: the result, what differs, and then what nobody can check, which is no finding.
    func tell(_ terminal: Terminal) -> Ending {
        let count = Int64(differences.count) + omitted
        terminal.say(
            count == 0
                ? "The log and the tables agree: \(extent)."
                : "\(count) \(count == 1 ? "difference" : "differences") in \(extent).")
        for difference in differences { terminal.sayLine("differs  \(difference)") }
        if omitted > 0 { terminal.say("differs  and \(omitted) more") }
        for line in confirmed { terminal.sayLine("as kept  \(line)") }
        for line in unchecked { terminal.sayLine("not checked: \(line)") }
        return count == 0 ? .good : .finding
    }
}
