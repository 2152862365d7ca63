/// A set of numbers that are mostly neighbours: `0-811,815`.
struct Numbers: Sendable, CustomStringConvertible {
    /// In order, not touching each other.
    private var ranges: [ClosedRange<Int>] = []

    init() {}

    /// Nil where it is none.
    init?(parsing text: some StringProtocol) {
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard (1...2).contains(ends.count), let first = ends.first, let last = ends.last, first <= last,
                ranges.last.map({ $0.upperBound < first }) ?? true
            else { return nil }
            ranges.append(first...last)
        }
    }

    var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }

    var count: Int { ranges.reduce(0) { $0 + $1.count } }

    /// The first number that is not in it.
    var firstAbsent: Int {
        guard let first = ranges.first, first.lowerBound == 0 else { return 0 }
        return first.upperBound + 1
    }

    mutating func insert(_ number: Int) {
        let place = ranges.firstIndex { $0.upperBound >= number } ?? ranges.count
        if place < ranges.count, ranges[place].contains(number) { return }
        ranges.insert(number...number, at: place)
        if place + 1 < ranges.count, ranges[place + 1].lowerBound == number + 1 {
            ranges[place] = number...ranges.remove(at: place + 1).upperBound
        }
        if place > 0, ranges[place - 1].upperBound == number - 1 {
            ranges[place - 1] = ranges[place - 1].lowerBound...ranges.remove(at: place).upperBound
        }
    }
}
