internal import CLinux

/// The signals of the process as a stream: a handler may do nothing but write a byte to a pipe, and a thread
/// of our own reads it and tells whoever listens.
package enum Signals {
    /// Lets writes to a closed connection fail with `EPIPE` instead of ending the process.
    package static func ignoreBrokenPipes() { linux_ignore_broken_pipes() }

    /// `SIGTERM` and `SIGINT`, which ask the process to end.
    package static let termination: [Int32] = [SIGTERM, SIGINT]

    /// Each arrival of one of `signals` from now on. They no longer have their default effect, even after the
    /// stream has ended.
    package static func stream(of signals: [Int32]) -> AsyncStream<Int32> {
        let hub = Hub.shared
        return AsyncStream(bufferingPolicy: .bufferingOldest(Limits.pendingSignals)) { continuation in
            let id = hub.add(Set(signals), continuation)
            continuation.onTermination = { _ in hub.remove(id) }
            for number in signals { signal(number, signalArrived) }
        }
    }

    private final class Hub: Sendable {
        private struct Listener {
            let signals: Set<Int32>
            let continuation: AsyncStream<Int32>.Continuation
        }

        private struct State {
            var nextID = 0
            var listeners: [Int: Listener] = [:]
        }

        static let shared = Hub()
        private let state = Lock(State())

        private init() {
            var ends: [Int32] = [-1, -1]
            let failure = unsafe pipe(&ends)
            precondition(failure == 0, "no file descriptors are left for signals")
            for end in ends { linux_close_on_exec(end) }
            linux_no_waiting(ends[1])
            unsafe signalPipe = ends[1]
            let readEnd = ends[0]
            Thread.start { [self] in read(from: readEnd) }
        }

        func add(_ signals: Set<Int32>, _ continuation: AsyncStream<Int32>.Continuation) -> Int {
            state.withLock { state in
                state.nextID += 1
                state.listeners[state.nextID] = Listener(signals: signals, continuation: continuation)
                return state.nextID
            }
        }

        func remove(_ id: Int) { state.withLock { state in state.listeners[id] = nil } }

        private func read(from end: Int32) {
            var number: UInt8 = 0
            while true {
                let count = unsafe CLinux.read(end, &number, 1)
                if count == 1 { tell(Int32(number)) } else if linux_errno() != EINTR { return }
            }
        }

        private func tell(_ number: Int32) {
            let listeners = state.withLock { state in Array(state.listeners.values) }
            for listener in listeners where listener.signals.contains(number) {
                listener.continuation.yield(number)
            }
        }
    }
}

/// The end of the pipe that the handler writes to; set once, before the first handler is.
nonisolated(unsafe) private var signalPipe: Int32 = -1

/// Runs in the middle of whatever the thread was doing: only async-signal-safe calls, and `errno` left as it
/// was.
private func signalArrived(_ number: Int32) {
    linux_write_signal(unsafe signalPipe, number)
}
