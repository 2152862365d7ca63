import Domain

extension Verifier {
    /// What the times of records say of the clock.
    struct StepsBack {
        private var count = 0
        private var widest = (place: "", milliseconds: Int64(0))

        mutating func note(_ place: String, from time: Instant, to next: Instant) {
            let (step, overflow) = time.milliseconds.subtractingReportingOverflow(next.milliseconds)
            guard overflow || step > Limits.clockDifference, next < time else { return }
            count += 1
            if overflow || step > widest.milliseconds { widest = (place, overflow ? .max : step) }
        }

        /// Nil where time went on.
        var description: String? {
            count == 0
                ? nil
                : "when it was, in \(count) records that are older than the one before them, the furthest by "
                    + "\(widest.milliseconds / 1_000) s (\(widest.place)): a clock was set back, or "
                    + "somebody chose their times"
        }
    }
}
