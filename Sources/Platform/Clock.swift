import CLinux

/// Where time comes from. Real in production, virtual in the simulator and in tests of loops.
package protocol Clock: Sendable {
    /// Wall-clock time in milliseconds since 1970-01-01T00:00:00Z. May step in either direction.
    var now: Int64 { get }

    /// Milliseconds on a clock that never steps back; only differences mean something.
    var uptime: Int64 { get }

    /// Suspends for at least `milliseconds`. Throws `CancellationError` when the task is cancelled.
    func sleep(milliseconds: Int64) async throws
}

/// What the processor has done for the thread that asks, in nanoseconds. Whatever else the machine does
/// meanwhile is not in it; only differences mean something.
package func threadTime() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// The machine's own clocks.
package struct SystemClock: Clock {
    package init() {}

    package var now: Int64 { Self.read(CLOCK_REALTIME) }
    package var uptime: Int64 { Self.read(CLOCK_MONOTONIC) }

    package func sleep(milliseconds: Int64) async throws {
        try await Task.sleep(for: .milliseconds(milliseconds))
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
