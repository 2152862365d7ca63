internal import CLinux
internal import JSON

/// Writes lines to a file descriptor from a thread of its own. Where nobody reads them fast enough, or at
/// all, lines are lost and counted, and nobody waits.
package final class LogWriter: Sendable {
    /// File descriptor 2. What is queued is written before the process ends, if somebody reads it.
    package static let standardError: LogWriter = {
        atexit { _ = LogWriter.standardError.flush(milliseconds: Limits.logFlushMilliseconds) }
        return LogWriter(descriptor: 2)
    }()

    private struct State {
        /// Of lines that are not written yet.
        var bytes = 0
        /// Lost since the log itself was last told of it, and since somebody last asked.
        var untold: UInt64 = 0
        var unasked: UInt64 = 0
    }

    private let queue: BlockingQueue<[UInt8]>
    private let state = Lock(State())
    private let limit: Int

    /// - Parameter bytes: how many may wait.
    init(descriptor: Int32, bytes limit: Int = Limits.logBytes) {
        self.limit = limit
        let queue = BlockingQueue<[UInt8]>(limit: Limits.logLines)
        self.queue = queue
        let state = self.state
        Thread.start {
            while let line = queue.pop() {
                // A line that cannot be written is lost: there is nobody to tell, and payments go on.
                _ = writeAll(line, to: descriptor)
                let untold = state.withLock { state in
                    state.bytes -= line.count
                    let untold = state.untold
                    state.untold = 0
                    return untold
                }
                if untold > 0 { _ = writeAll(Self.tell(untold), to: descriptor) }
            }
        }
    }

    deinit { queue.close() }

    /// Queues a line, with its line feed. Never waits.
    package func write(_ line: [UInt8]) {
        state.withLock { state in
            // Pushed under the lock, so that the thread cannot take the line before it is counted.
            if state.bytes + line.count <= limit, queue.push(line) == .queued {
                state.bytes += line.count
            } else {
                state.untold += 1
                state.unasked += 1
            }
        }
    }

    /// How many lines were lost since this was last asked.
    package func takeLost() -> UInt64 {
        state.withLock { state in
            let lost = state.unasked
            state.unasked = 0
            return lost
        }
    }

    /// Waits until everything is written; false when that takes longer. Blocks its thread.
    package func flush(milliseconds: Int64) -> Bool {
        let clock = SystemClock()
        let end = clock.uptime + milliseconds
        while state.withLock({ $0.bytes }) > 0 {
            if clock.uptime >= end { return false }
            usleep(1_000)
        }
        return true
    }

    private static func tell(_ count: UInt64) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("time", Timestamp.text(SystemClock().now))
            writer.member("level", Log.Level.warning.rawValue)
            writer.member("message", "lines of this log were lost, because nobody read them fast enough")
            writer.member("lost", Int64(clamping: count))
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}
