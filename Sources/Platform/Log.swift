internal import CLinux
internal import JSON

/// Structured lines about what the process does: one JSON object a line.
///
///     {"time":"2026-01-31T23:59:59.042Z","level":"info","message":"block 840000 came","height":840000}
package struct Log: Sendable {
    /// How much a line matters; the raw value is its name in the output.
    package enum Level: String, Sendable, CaseIterable, Comparable {
        /// For whoever looks for a fault; off by default.
        case debug
        /// What a healthy process tells.
        case info
        /// Something failed and is tried again.
        case warning
        /// Something failed that a person has to look at.
        case error

        package static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .debug: 0
            case .info: 1
            case .warning: 2
            case .error: 3
            }
        }
    }

    /// Where finished lines go, each with its line feed.
    package typealias Sink = @Sendable ([UInt8]) -> Void

    private let minimum: Level
    private let clock: any Clock
    private let sink: Sink
    private var context: [LogField] = []

    package init(
        minimum: Level = .info, clock: any Clock = SystemClock(), sink: @escaping Sink = Log.standardError
    ) {
        self.minimum = minimum
        self.clock = clock
        self.sink = sink
    }

    /// A log that says nothing.
    package static let silent = Log(minimum: .error) { _ in }

    /// Writes a line to file descriptor 2 in one piece, by and by: nobody waits for whoever reads it.
    package static func standardError(_ line: [UInt8]) { LogWriter.standardError.write(line) }

    /// The same log with a field more in each line.
    package func with(_ name: StaticString, _ value: some LogValue) -> Log {
        var log = self
        log.context.append(LogField(name, value))
        return log
    }

    /// What only helps to find a fault.
    package func debug(_ message: @autoclosure () -> LogMessage) { write(.debug, message) }
    /// What happens as it should.
    package func info(_ message: @autoclosure () -> LogMessage) { write(.info, message) }
    /// What somebody should look at, and work goes on.
    package func warning(_ message: @autoclosure () -> LogMessage) { write(.warning, message) }
    /// What somebody has to look at.
    package func error(_ message: @autoclosure () -> LogMessage) { write(.error, message) }

    private func write(_ level: Level, _ message: () -> LogMessage) {
        guard level >= minimum else { return }
        let message = message()
        var writer = JSONWriter(reservingBytes: 512)
        writer.object { writer in
            writer.member("time", Timestamp.text(clock.now))
            writer.member("level", level.rawValue)
            writer.member("message", message.text)
            // A name that is taken gives way: a line has no key twice, and the nearer value wins.
            // There are few: to look through them is faster than a set.
            var names = ["time", "level", "message"]
            for field in (message.fields + context.reversed()).prefix(Limits.loggedFields)
            where !names.contains(field.name) {
                names.append(field.name)
                writer.member(field.name, field.value)
            }
        }
        writer.endLine()
        sink(writer.bytes)
    }
}
