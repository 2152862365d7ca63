internal import CLinux
internal import JSON

/// Writes lines to a file descriptor from a thread of its own, some milliseconds after they came. Where
/// nobody reads them fast enough, or at all, lines are lost and counted, and nobody waits.
package final class LogWriter: Sendable {
    /// File descriptor 2. What is queued is written before the process ends, if somebody reads it.
    package static let standardError: LogWriter = {
        atexit { _ = LogWriter.standardError.flush(milliseconds: Limits.logFlushMilliseconds) }
        return LogWriter(descriptor: 2)
    }()

    private struct State {
        /// Lines that the thread has not taken yet.
        var waiting: [UInt8] = []
        /// Of lines that the thread has taken and not written yet.
        var bytesUnderWay = 0
        /// Whether the thread looks by itself whether lines came.
        var isAwake = false
        /// Lost since the log itself was last told of it, and since somebody last asked.
        var untold: UInt64 = 0
        var unasked: UInt64 = 0

        var bytes: Int { waiting.count + bytesUnderWay }

        mutating func take() -> (lines: [UInt8], lost: UInt64) {
            let taken = (waiting, untold)
            (waiting, untold) = ([], 0)
            bytesUnderWay = taken.0.count
            isAwake = !taken.0.isEmpty || taken.1 > 0
            return taken
        }
    }

    private let bell = BlockingQueue<Void>(limit: 1)
    private let state = Lock(State())
    private let limit: Int

    /// - Parameter bytes: how many may wait.
    init(descriptor: Int32, bytes limit: Int = Limits.logBytes) {
        self.limit = limit
        let (bell, state) = (self.bell, self.state)
        Thread.start {
            while bell.pop() != nil {
                while true {
                    let (lines, lost) = state.withLock { $0.take() }
                    if lines.isEmpty && lost == 0 { break }
                    // What cannot be written is lost: there is nobody to tell, and payments go on.
                    _ = writeAll(lines, to: descriptor)
                    if lost > 0 { _ = writeAll(Self.tell(lost), to: descriptor) }
                    state.withLock { $0.bytesUnderWay = 0 }
                    // To be woken for each line costs its writer more than to write it.
                    usleep(Limits.logPauseMicroseconds)
                }
            }
        }
    }

    deinit { bell.close() }

    /// Queues a line, with its line feed. Never waits.
    package func write(_ line: [UInt8]) {
        let wakes = state.withLock { state in
            if state.bytes + line.count <= limit {
                state.waiting += line
            } else {
                state.untold += 1
                state.unasked += 1
            }
            let wakes = !state.isAwake
            state.isAwake = true
            return wakes
        }
        if wakes { _ = bell.push(()) }
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
