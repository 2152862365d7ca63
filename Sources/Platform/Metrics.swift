/// The figures of a process, told in the Prometheus text format (version 0.0.4).
///
/// One registry is made at the start and handed on as a value; asking twice for the same name gives the same
/// metric. Values are not kept over a restart.
package final class Metrics: Sendable {
    private let families: Lock<[Family]> = Lock([])

    package init() {}

    /// A figure that only grows. By custom its name ends in `_total`.
    package func counter(_ name: String, help: String, labels: [String] = []) -> Counter {
        Counter(family: family(name, help, .counter, labels))
    }

    /// A figure that goes up and down.
    package func gauge(_ name: String, help: String, labels: [String] = []) -> Gauge {
        Gauge(family: family(name, help, .gauge, labels))
    }

    /// How values spread over `buckets`, whose upper bounds grow. By custom the name ends in its unit, as
    /// `_seconds`.
    package func histogram(
        _ name: String, help: String, labels: [String] = [], buckets: [Double] = Histogram.seconds
    ) -> Histogram {
        let grow = zip(buckets, buckets.dropFirst()).allSatisfy { $0 < $1 }
        precondition(grow, "the buckets of \(name) must grow")
        return Histogram(family: family(name, help, .histogram(buckets), labels))
    }

    /// All metrics in the order of their registration, as the body of an answer.
    package func exposition() -> String {
        families.withLock { $0 }.map { $0.exposition() }.joined()
    }

    private func family(_ name: String, _ help: String, _ kind: Family.Kind, _ labels: [String]) -> Family {
        precondition(isName(name), "\(name) is no metric name")
        precondition(labels.allSatisfy { isName($0) && !$0.contains(":") }, "\(name) has a bad label")
        return families.withLock { families in
            if let known = families.first(where: { $0.name == name }) {
                precondition(known.kind == kind && known.labels == labels, "\(name) has two shapes")
                return known
            }
            let family = Family(name: name, help: help, kind: kind, labels: labels)
            families.append(family)
            return family
        }
    }

    private func isName(_ name: String) -> Bool {
        let isLetter = { (byte: UInt8) in
            (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":")
        }
        guard let first = name.utf8.first, isLetter(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) }
    }
}

/// A figure that only grows.
package struct Counter: Sendable {
    fileprivate let family: Family

    /// Adds to the figure of those label values, which are given in the order of the names.
    package func add(_ amount: UInt64 = 1, _ labels: String...) {
        family.change(labels) { $0.sum += Double(amount) }
    }
}

/// A figure that goes up and down.
package struct Gauge: Sendable {
    fileprivate let family: Family

    /// Puts the series of these labels to a value.
    package func set(_ value: Double, _ labels: String...) { family.change(labels) { $0.sum = value } }
    /// Puts the series of these labels to a value.
    package func set(_ value: Int, _ labels: String...) { family.change(labels) { $0.sum = Double(value) } }
    /// Moves the series of these labels by an amount.
    package func add(_ amount: Double, _ labels: String...) { family.change(labels) { $0.sum += amount } }
}

/// How values spread.
package struct Histogram: Sendable {
    fileprivate let family: Family

    /// Bounds in seconds, from what a cached answer takes to what a node may take.
    package static let seconds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]

    /// Counts one value.
    package func observe(_ value: Double, _ labels: String...) { count(value, labels) }

    /// Counts a duration that is given in milliseconds.
    package func observe(milliseconds: Int64, _ labels: String...) {
        count(Double(milliseconds) / 1_000, labels)
    }

    private func count(_ value: Double, _ labels: [String]) {
        let bucket = family.buckets.firstIndex { value <= $0 }
        family.change(labels) { series in
            series.sum += value
            series.count += 1
            if let bucket { series.buckets[bucket] += 1 }
        }
    }
}

/// One metric with a series for each set of label values.
private final class Family: Sendable {
    enum Kind: Equatable {
        case counter, gauge
        case histogram([Double])
    }

    struct Series {
        var sum = 0.0
        var count: UInt64 = 0
        /// How many values fell into each bucket, not yet added up.
        var buckets: [UInt64]
    }

    let name: String
    let kind: Kind
    let labels: [String]
    private let help: String
    private let series: Lock<[[String]: Series]>

    init(name: String, help: String, kind: Kind, labels: [String]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
        // A metric without labels is there from the start, as zero: absence and zero mean different things.
        series = Lock(labels.isEmpty ? [[]: Series(buckets: Self.buckets(kind).map { _ in 0 })] : [:])
    }

    var buckets: [Double] { Self.buckets(kind) }

    private static func buckets(_ kind: Kind) -> [Double] {
        if case .histogram(let buckets) = kind { buckets } else { [] }
    }

    /// Changes the series of those label values. Beyond the limit all new ones share a series named `other`:
    /// label values may come from outside, and memory must not follow them.
    func change(_ values: [String], _ body: (inout Series) -> Void) {
        precondition(values.count == labels.count, "\(name) has \(labels.count) labels")
        let empty = Series(buckets: buckets.map { _ in 0 })
        series.withLock { series in
            let isOver = series.count >= Limits.series && series[values] == nil
            body(&series[isOver ? labels.map { _ in "other" } : values, default: empty])
        }
    }

    func exposition() -> String {
        var text = "# HELP \(name) \(escape(help))\n# TYPE \(name) \(typeName)\n"
        let ordered = series.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (values, series) in ordered {
            guard case .histogram(let bounds) = kind else {
                text += "\(name)\(list(values)) \(number(series.sum))\n"
                continue
            }
            var total: UInt64 = 0
            for (bound, count) in zip(bounds, series.buckets) {
                total += count
                text += "\(name)_bucket\(list(values, bound: number(bound))) \(total)\n"
            }
            text += "\(name)_bucket\(list(values, bound: "+Inf")) \(series.count)\n"
            text += "\(name)_sum\(list(values)) \(number(series.sum))\n"
            text += "\(name)_count\(list(values)) \(series.count)\n"
        }
        return text
    }

    private var typeName: String {
        switch kind {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }

    private func list(_ values: [String], bound: String? = nil) -> String {
        var pairs = zip(labels, values).map { name, value in
            let escaped = escape(value).replacing("\"", with: "\\\"")
            return "\(name)=\"\(escaped)\""
        }
        if let bound { pairs.append("le=\"\(bound)\"") }
        return pairs.isEmpty ? "" : "{" + pairs.joined(separator: ",") + "}"
    }

    private func escape(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    private func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map(String.init) ?? value.description
    }
}
