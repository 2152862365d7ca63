/// Waits that double from `first` to `cap`, each shortened by up to half at random, so that many who failed
/// together do not come back together.
package struct Backoff: Sendable {
    /// The longest first wait, in milliseconds.
    package let firstMilliseconds: Int64
    /// The longest wait of all, in milliseconds.
    package let capMilliseconds: Int64
    /// How many waits there have been since the start or the last `reset()`.
    package private(set) var attempts = 0

    package init(firstMilliseconds: Int64, capMilliseconds: Int64) {
        precondition(0 < firstMilliseconds && firstMilliseconds <= capMilliseconds, "waits grow from above 0")
        self.firstMilliseconds = firstMilliseconds
        self.capMilliseconds = capMilliseconds
    }

    /// The next wait in milliseconds.
    package mutating func next(_ entropy: any Entropy) -> Int64 {
        attempts += 1
        return Self.wait(
            attempt: attempts, firstMilliseconds: firstMilliseconds, capMilliseconds: capMilliseconds,
            entropy)
    }

    /// Starts again from the first wait.
    package mutating func reset() { attempts = 0 }

    /// The wait after the failed attempt of that number (from 1 on), for callers that keep the number
    /// elsewhere.
    package static func wait(
        attempt: Int, firstMilliseconds: Int64, capMilliseconds: Int64, _ entropy: any Entropy
    ) -> Int64 {
        var whole = firstMilliseconds
        for _ in 1..<max(1, min(attempt, 64)) where whole < capMilliseconds {
            let (doubled, overflowed) = whole.multipliedReportingOverflow(by: 2)
            whole = overflowed ? capMilliseconds : min(doubled, capMilliseconds)
        }
        let fixed = whole - whole / 2
        return fixed + Int64(entropy.number(below: UInt64(whole / 2 + 1)))
    }
}
