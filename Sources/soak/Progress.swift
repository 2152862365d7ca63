import Platform

/// How far a soak is, and what it has come to: what its file says.
struct Progress: Sendable {
    /// What became of one work.
    struct Part: Sendable {
        var done = Numbers()
        var counts: [String: Int] = [:]
        /// What its batches took, added up over all threads.
        var milliseconds: Int64 = 0
    }

    var seed: UInt64
    var parts: [Work: Part] = [:]
    var findings: [String] = []
    /// What the programs were built from that took part.
    var builds: [String] = []
    /// How long it has run, by the clock on the wall.
    var milliseconds: Int64 = 0
    /// Batches that are taken.
    private var taken: [Work: Numbers] = [:]
    /// What batches of this run took so far, so that no work is left behind.
    private var spent: [Work: Int64] = [:]

    private static let mostBytes = 64 << 20
    private static let title = "soak 1"

    init(seed: UInt64) { self.seed = seed }

    /// A file is not one of these.
    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    /// What the file says; nil where there is none. Throws `FileError` and `Unreadable`.
    static func read(_ path: String) throws -> Progress? {
        guard Files.exists(path) else { return nil }
        let text = String(decoding: try Files.read(path, maxBytes: mostBytes), as: UTF8.self)
        let lines = text.split(separator: "\n")
        guard lines.first == title[...] else { throw Unreadable(description: "\(path) is of no soak") }
        var progress = Progress(seed: 0)
        for line in lines.dropFirst() where !progress.take(line) {
            throw Unreadable(description: "\(path) has a line that says nothing: \(line)")
        }
        progress.taken = progress.parts.mapValues(\.done)
        progress.spent = progress.parts.mapValues(\.milliseconds)
        return progress
    }

    private mutating func take(_ line: Substring) -> Bool {
        let words = line.split(separator: " ", maxSplits: 1)
        guard words.count == 2 else { return false }
        switch words[0] {
        case "seed": return UInt64(words[1]).map { seed = $0 } != nil
        case "build": builds.append(String(words[1]))
        case "milliseconds": return Int64(words[1]).map { milliseconds = $0 } != nil
        case "finding": findings.append(String(words[1]))
        default:
            guard let work = Work(rawValue: String(words[0])) else { return false }
            return parts[work, default: Part()].take(words[1])
        }
        return true
    }

    func write(to path: String) throws {
        var lines = [Self.title, "seed \(seed)", "milliseconds \(milliseconds)"]
        lines += builds.map { "build \($0)" }
        for work in Work.allCases {
            guard let part = parts[work] else { continue }
            lines += part.lines.map { "\(work) \($0)" }
        }
        lines += findings.map { "finding " + $0.replacing("\n", with: " ") }
        try Files.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: path)
    }

    // MARK: Batches

    /// A batch that nobody has done or does, of the work that has had the least time; nil when all are taken.
    mutating func take(of goals: [Work: Int]) -> (work: Work, batch: Int)? {
        let left = Work.allCases.filter { work in
            taken[work, default: Numbers()].firstAbsent < work.batches(for: goals[work] ?? 0)
        }
        guard let work = left.min(by: { spent[$0, default: 0] < spent[$1, default: 0] }) else { return nil }
        let batch = taken[work, default: Numbers()].firstAbsent
        taken[work, default: Numbers()].insert(batch)
        // About what it will take, so that threads that ask together do not all do the same.
        spent[work, default: 0] += 1
        return (work, batch)
    }

    mutating func add(_ yield: Work.Yield, of work: Work, _ batch: Int, milliseconds: Int64) {
        parts[work, default: Part()].done.insert(batch)
        parts[work, default: Part()].counts.merge(yield.counts, uniquingKeysWith: +)
        parts[work, default: Part()].milliseconds += milliseconds
        spent[work, default: 0] += milliseconds
        findings += yield.findings.map { "\(work), \($0)" }
    }
}

extension Progress.Part {
    fileprivate var lines: [String] {
        ["batches \(done)", "took \(milliseconds)"]
            + counts.sorted { $0.key < $1.key }.map { "count \($0.value) \($0.key)" }
    }

    fileprivate mutating func take(_ line: Substring) -> Bool {
        let words = line.split(separator: " ", maxSplits: 2)
        switch (words.first, words.count) {
        case ("batches", 2): return Numbers(parsing: words[1]).map { done = $0 } != nil
        case ("took", 2): return Int64(words[1]).map { milliseconds = $0 } != nil
        case ("count", 3): return Int(words[1]).map { counts[String(words[2])] = $0 } != nil
        default: return false
        }
    }
}
