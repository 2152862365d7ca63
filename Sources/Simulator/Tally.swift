/// What happened in one world or in many: how often each thing came, by name.
package struct Tally: Sendable {
    package private(set) var counts: [String: Int] = [:]
    /// What went wrong on purpose, apart from all else.
    package private(set) var faultCounts: [String: Int] = [:]

    package init() {}

    package subscript(name: String) -> Int { counts[name] ?? faultCounts[name] ?? 0 }

    mutating func add(_ name: String, _ number: Int = 1) { counts[name, default: 0] += number }

    mutating func add(fault name: String, _ number: Int = 1) { faultCounts[name, default: 0] += number }

    mutating func add(_ other: Tally) {
        counts.merge(other.counts, uniquingKeysWith: +)
        faultCounts.merge(other.faultCounts, uniquingKeysWith: +)
    }

    /// Payments that were opened.
    package var payments: Int { self["payments"] }
    package var faults: Int { faultCounts.values.reduce(0, +) }
    /// Those that are no failed try to deliver: of these each event can have many.
    package var otherFaults: Int { faults - self["failed deliveries"] }
    /// States that payments were in, and ways from one to the next that they went.
    package var states: Int { counts.keys.count { $0.hasPrefix("seen ") } }
    package var edges: Int { counts.keys.count { $0.contains(" → ") } }

    /// What a campaign of some length must have met: one in which it never happened shows nothing about it.
    package static let sometimes = [
        "reorgs", "reorgs deeper than 6", "reorgs deeper than 100", "reorgs deeper than 300", "replacements",
        "evictions", "coinbases", "coinbases that matured", "parents of others", "parents replaced",
        "node unreachable", "damaged answers", "lies of the node", "stalls", "other branches",
        "node restarts",
        "notices lost", "notices doubled", "miners' clocks", "broken off", "restarts", "power losses",
        "starts that failed", "processes ended", "processes paused", "turns taken",
        "words of an overtaken process refused",
        "clock steps", "creations repeated", "failed deliveries", "batch payouts",
        "wrong amounts", "amounts just missed", "wrong networks", "dust", "late payments",
        "split or repeated payments", "methods chosen", "spends", "refused commands", "rulings", "cancelled",
        "fulfilments claimed", "fulfilments reported", "accepted by the policy", "endpoints revived",
        "rates changed", "rules changed", "secrets rotated",
        "ended expired", "ended paid", "ended overpaid", "ended underpaid", "ended late_paid", "ended failed",
        "epochs beyond the first",
    ] + knownStates + knownEdges

    /// What of `names` never happened.
    package func missing(of names: [String]) -> [String] { names.filter { self[$0] == 0 } }
}
