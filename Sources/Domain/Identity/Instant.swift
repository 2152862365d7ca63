/// A moment: milliseconds since 1970-01-01T00:00:00Z. Time is passed in, never asked for, in this module.
package struct Instant: Hashable, Comparable, Sendable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Later than every moment that occurs.
    package static let distantFuture = Instant(milliseconds: .max)

    /// The moment that many seconds later; a sum beyond the range stays at its end.
    package func adding(seconds: Int64) -> Instant {
        let (product, tooFar) = seconds.multipliedReportingOverflow(by: 1_000)
        let (sum, overflow) = milliseconds.addingReportingOverflow(product)
        if tooFar || overflow { return Instant(milliseconds: seconds < 0 ? .min : .max) }
        return Instant(milliseconds: sum)
    }

    package static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }
}

extension Instant {
    /// The moment that many milliseconds later; a sum beyond the range stays at its end.
    package func adding(milliseconds more: Int64) -> Instant {
        let (sum, overflow) = milliseconds.addingReportingOverflow(more)
        return overflow ? Instant(milliseconds: more < 0 ? .min : .max) : Instant(milliseconds: sum)
    }
}
