import Platform
import Simulator

extension Progress {
    /// How far it is, on a line.
    func line(of goals: [Work: Int]) -> String {
        let words = Work.allCases.compactMap { work -> String? in
            guard let goal = goals[work], goal > 0 else { return nil }
            let count = parts[work]?.counts[work.unit] ?? 0
            return "\(Self.grouped(count)) of \(Self.grouped(goal)) \(work)"
        }
        return "\(Self.time(milliseconds)) \(words.joined(separator: ", ")); findings: \(findings.count)"
    }

    /// All that it has come to.
    func report() -> [String] {
        var lines = ["seed \(seed), built from \(builds.joined(separator: ", ")), \(Self.time(milliseconds))"]
        for work in Work.allCases {
            guard let part = parts[work] else { continue }
            lines.append(work == .payments ? Self.simulated(part) : Self.endured(part, work))
        }
        if let part = parts[.payments] { lines += Self.details(part) }
        lines += findings.map { "! \($0)" }
        lines.append(findings.isEmpty ? "nothing was found" : "findings: \(findings.count)")
        return lines
    }

    private static func endured(_ part: Part, _ work: Work) -> String {
        let others = part.counts.filter { $0.key != work.unit }.sorted { $0.key < $1.key }
            .map { "\($0.key) \(grouped($0.value))" }
        return "\(grouped(part.counts[work.unit] ?? 0)) \(work): \(others.joined(separator: ", ")); "
            + speed(part, work)
    }

    private static func simulated(_ part: Part) -> String {
        let payments = part.counts["payments"] ?? 0
        let faults = part.counts.filter { $0.key.hasPrefix(Work.fault) }.reduce(0) { $0 + $1.value }
        let states = part.counts.keys.count { $0.hasPrefix("seen ") }
        let edges = part.counts.keys.count { $0.contains(" → ") }
        return "\(grouped(payments)) payments in \(grouped(part.counts["worlds"] ?? 0)) worlds: "
            + "\(grouped(faults)) faults (\(faults / max(payments, 1)) for each), "
            + "\(grouped(part.counts["acts"] ?? 0)) acts, \(states) states, \(edges) edges between them; "
            + speed(part, .payments)
    }

    /// How often each thing was met, and what never was.
    private static func details(_ part: Part) -> [String] {
        var lines = part.counts.sorted { $0.key < $1.key }.map { "  \($0.key): \(grouped($0.value))" }
        let missing = Simulator.Tally.sometimes.filter { name in
            part.counts[name] == nil && part.counts[Work.fault + name] == nil
        }
        if !missing.isEmpty { lines.append("  never met: \(missing.joined(separator: ", "))") }
        return lines
    }

    private static func speed(_ part: Part, _ work: Work) -> String {
        let rate = Int64(part.counts[work.unit] ?? 0) * 1_000 / max(part.milliseconds, 1)
        return "\(rate) a second and thread, \(time(part.milliseconds)) of threads"
    }

    private static func time(_ milliseconds: Int64) -> String {
        let seconds = milliseconds / 1_000
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(seconds / 3_600):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }

    /// `1234567` as `1,234,567`.
    private static func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        return String(
            digits.enumerated().flatMap { place, digit in
                place > 0 && (digits.count - place).isMultiple(of: 3) ? [",", digit] : [digit]
            })
    }
}
