/// One event to one endpoint, with its tries. Standard Webhooks 1.0. A pure value: time and chance are passed
/// in.
package struct Delivery: Hashable, Sendable, Identified {
    package static let prefix = "dlv_"

    package var state: State
    /// Tries so far.
    package var attempts: Int

    package init(state: State, attempts: Int) {
        self.state = state
        self.attempts = attempts
    }

    /// How it stands.
    package enum State: Hashable, Sendable {
        /// Not before this moment.
        case waiting(until: Instant)
        /// Behind an earlier one of its payment that is not yet through.
        case queued
        case delivered(at: Instant)
        /// Every try of the schedule failed; visible, and can be replayed.
        case dead(at: Instant)
        /// The endpoint was switched off meanwhile; kept for a replay.
        case held
    }

    /// What one try came to.
    package enum Outcome: Hashable, Sendable {
        /// The receiver answered with this status, and perhaps asked for so many seconds of patience.
        case answered(status: Int, retryAfterSeconds: Int64?)
        /// No answer: refused, timed out, broken off.
        case failed
    }

    /// What the answer means beyond this delivery.
    package enum Consequence: Hashable, Sendable {
        case none
        /// 410: the receiver wants nothing any more.
        case disableEndpoint
    }

    /// Seconds before each try after the one before: 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24
    /// h.
    package static let scheduleSeconds: [Int64] = [
        0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600,
    ]
    /// A wait is longer by up to this part of a hundred, so that receivers are not met by a wave.
    static let jitterPercent: Int64 = 10
    /// A receiver can ask for this much patience at the most.
    static let longestRetryAfterSeconds: Int64 = 24 * 3600
    /// No delivery waits longer for its next try.
    package static let longestWaitSeconds = max(
        longestRetryAfterSeconds, (scheduleSeconds.max() ?? 0) * (100 + jitterPercent) / 100)
    /// Tries of a payment's first waiting event after which later ones may overtake it.
    package static let triesBeforeOvertaking = 3

    /// Whether this try succeeded: 2xx only; redirects are failures.
    package static func isSuccess(_ outcome: Outcome) -> Bool {
        if case .answered(let status, _) = outcome { (200...299).contains(status) } else { false }
    }

    /// Folds in the outcome of one try. `chance` is any number; it spreads the waits.
    package func reduce(_ outcome: Outcome, at time: Instant, chance: UInt64) -> (Delivery, Consequence) {
        var next = self
        next.attempts += 1
        if Self.isSuccess(outcome) {
            next.state = .delivered(at: time)
            return (next, .none)
        }
        if case .answered(410, _) = outcome {
            next.state = .dead(at: time)
            return (next, .disableEndpoint)
        }
        guard next.attempts < Self.scheduleSeconds.count else {
            next.state = .dead(at: time)
            return (next, .none)
        }
        let wait = Self.scheduleSeconds[next.attempts] * 1_000
        let jitter = Int64(chance % UInt64(wait * Self.jitterPercent / 100 + 1))
        var until = time.adding(milliseconds: wait + jitter)
        if case .answered(_, let seconds?) = outcome, seconds > 0 {
            until = max(until, time.adding(seconds: min(seconds, Self.longestRetryAfterSeconds)))
        }
        next.state = .waiting(until: until)
        return (next, .none)
    }
}
