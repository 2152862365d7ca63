import Durability
import Platform

/// How far a soak is. Kept in a file after each batch: one line for each, and one for each finding.
struct Progress: Sendable {
    private var done: [Int: [Int]] = [:]
    private var next = 0
    private(set) var findings: [String] = []
    /// Batches of this run, apart from those before it.
    private var fresh = 0

    private static let mostBytes = 64 << 20

    /// What the file says; nothing where there is none. Throws `FileError`.
    init(reading path: String) throws {
        guard Files.exists(path) else { return }
        let text = String(decoding: try Files.read(path, maxBytes: Self.mostBytes), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let numbers = line.split(separator: " ").compactMap { Int($0) }
            if numbers.count == 5 { done[numbers[0]] = Array(numbers.dropFirst()) }
            if line.hasPrefix("! ") { findings.append(String(line.dropFirst(2))) }
        }
    }

    /// A batch that nobody has done or does; nil when all are taken.
    mutating func take(of batches: Int) -> Int? {
        while next < batches, done[next] != nil { next += 1 }
        guard next < batches else { return nil }
        defer { next += 1 }
        return next
    }

    mutating func add(_ batch: Int, _ tally: Tally) {
        done[batch] = [tally.images, tally.starts, tally.killedStarts, tally.finished]
        findings += tally.findings
        fresh += 1
    }

    func write(to path: String) throws {
        let lines = done.sorted { $0.key < $1.key }.map { batch, figures in
            ([batch] + figures).map(String.init).joined(separator: " ")
        }
        let text = (lines + findings.map { "! \($0)" }).joined(separator: "\n") + "\n"
        try Files.write(Array(text.utf8), to: path)
    }

    /// How far it is, in words.
    func line(of batches: Int, milliseconds: Int64) -> String {
        let sums = done.values.reduce(into: [0, 0, 0, 0]) { sums, figures in
            for (place, figure) in figures.enumerated() { sums[place] += figure }
        }
        let rate = Int64(fresh * Options.imagesPerBatch) * 1_000 / max(1, milliseconds)
        return "\(done.count) of \(batches) batches: \(sums[0]) images, \(sums[1]) starts, \(sums[2]) of "
            + "them killed, \(sums[3]) gone on with to the end, \(findings.count) findings; \(rate) images/s"
    }
}
