internal import CLinux

/// Another program, started by this one, with none of our descriptors but those that it is given, and no
/// signal blocked or ignored.
///
/// Its standard input ends when this process does, however it ends, so that it can end too.
package final class ChildProcess: Sendable {
    /// What it reads.
    package enum Input: Sendable {
        /// What `send` gives it, and the end of it when this process ends.
        case ours
        /// Nothing.
        case nothing
        case file(String)
    }

    /// Where its standard error goes.
    package enum Errors: Sendable {
        /// To our own.
        case ours
        /// Among its lines.
        case output
        case nothing
        /// To a file, made anew.
        case file(String)
    }

    /// How it was, once it has ended.
    package struct Outcome: Sendable {
        /// Its exit code; 128 and the signal when one ended it.
        package let code: Int32
        /// What it printed.
        package let output: String
    }

    /// What it printed, a line at a time, without line ends. To be read by one reader; the latest are kept.
    package let lines: AsyncStream<String>
    /// Its number. It is nobody else's until `ended()` has returned.
    package let id: Int32
    private let state: Lock<State>

    private struct State {
        var code: Int32?
        /// The writing end of its standard input; -1 when it is closed.
        var input: Int32
        var waiters: [CheckedContinuation<Int32, Never>] = []
    }

    /// Starts `program`, a path or a name in `PATH`, with `arguments` after its name.
    ///
    /// - Parameters:
    ///   - environment: variables added to ours, or with `isWhole` instead of ours.
    ///   - keeping: how many lines wait to be read.
    /// - Throws: `FileError` when the system does not start it.
    package init(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:],
        isWhole: Bool = false, input: Input = .ours, errors: Errors = .ours, keeping: Int = 1_000
    ) throws(FileError) {
        let output = try Self.pipe()
        defer { close(output.write) }
        let given: (read: Int32, write: Int32)
        do throws(FileError) {
            given = try Self.open(input)
        } catch {
            close(output.read)
            throw error
        }
        defer { close(given.read) }
        let variables = isWhole ? environment : Environment.variables.merging(environment) { $1 }
        let result = Self.spawn(
            program, [program] + arguments, variables.map { "\($0.key)=\($0.value)" },
            Descriptors(input: given.read, output: output.write, errors: errors))
        guard result.failure == 0 else {
            if given.write >= 0 { close(given.write) }
            close(output.read)
            throw FileError(operation: "start", path: program, number: result.failure)
        }
        id = result.id
        state = Lock(State(input: given.write))
        let (stream, continuation) = AsyncStream.makeStream(
            of: String.self, bufferingPolicy: .bufferingNewest(keeping))
        lines = stream
        Thread.start { Self.read(output.read, into: continuation) }
        Thread.start { [self] in collect() }
    }

    /// Runs a program to its end. Throws `FileError` when it does not start.
    package static func run(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:],
        isWhole: Bool = false, input: Input = .nothing, errors: Errors = .ours
    ) async throws(FileError) -> Outcome {
        let child = try ChildProcess(
            program, arguments, environment: environment, isWhole: isWhole, input: input, errors: errors,
            keeping: Limits.childOutputLines)
        var lines: [String] = []
        for await line in child.lines { lines.append(line) }
        return Outcome(code: await child.ended(), output: lines.joined(separator: "\n"))
    }

    /// Writes a line to its standard input. Gives whether it went out. Blocks while the child reads nothing.
    @discardableResult
    package func send(_ line: String) -> Bool {
        state.withLock { $0.input >= 0 && writeAll(Array((line + "\n").utf8), to: $0.input) }
    }

    /// Ends its standard input.
    package func endInput() {
        state.withLock { state in
            if state.input >= 0 { close(state.input) }
            state.input = -1
        }
    }

    /// Whether it has not ended yet.
    package var isRunning: Bool { state.withLock { $0.code == nil } }

    /// Asks it to end (`SIGTERM`); a child that has ended already is left in peace.
    package func terminate() { signal(SIGTERM) }

    /// Asks it to end as Ctrl-C does (`SIGINT`).
    package func interrupt() { signal(SIGINT) }

    /// Ends it at once (`SIGKILL`).
    package func kill() { signal(SIGKILL) }

    private func signal(_ number: Int32) { state.withLock { if $0.code == nil { CLinux.kill(id, number) } } }

    /// Waits for its end. Gives its exit code; 128 and the signal when one ended it.
    package func ended() async -> Int32 {
        await withCheckedContinuation { continuation in
            let code = state.withLock { state in
                if state.code == nil { state.waiters.append(continuation) }
                return state.code
            }
            if let code { continuation.resume(returning: code) }
        }
    }

    /// On a thread of its own: waits for the end. The number is given back under the lock, so that no signal
    /// goes to another process that has it meanwhile.
    private func collect() {
        var report = unsafe siginfo_t()
        while unsafe waitid(P_PID, id_t(id), &report, WEXITED | WNOWAIT) < 0, linux_errno() == EINTR {}
        let (code, waiters) = state.withLock { state in
            var status: Int32 = 0
            while unsafe waitpid(id, &status, 0) < 0, linux_errno() == EINTR {}
            let code = linux_exit_code(status)
            state.code = code
            return (code, state.waiters)
        }
        endInput()
        for waiter in waiters { waiter.resume(returning: code) }
    }

    /// On a thread of its own: hands out lines until the output ends.
    private static func read(_ descriptor: Int32, into continuation: AsyncStream<String>.Continuation) {
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: Limits.childChunkBytes)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe CLinux.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, linux_errno() == EINTR { continue }
            guard count > 0 else { break }
            for byte in chunk[..<count] {
                if byte == UInt8(ascii: "\n") {
                    continuation.yield(String(decoding: line, as: UTF8.self))
                    line.removeAll(keepingCapacity: true)
                } else if line.count < Limits.childLineBytes {
                    line.append(byte)
                }
            }
        }
        if !line.isEmpty { continuation.yield(String(decoding: line, as: UTF8.self)) }
        continuation.finish()
        close(descriptor)
    }
}

extension ChildProcess {
    /// What the child gets as 0, 1 and 2.
    private struct Descriptors {
        let input: Int32
        let output: Int32
        let errors: Errors
    }

    private static func pipe() throws(FileError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe CLinux.pipe(&ends) == 0 else { throw .last("make", "a pipe") }
        for end in ends { linux_close_on_exec(end) }
        return (ends[0], ends[1])
    }

    private static func open(_ input: Input) throws(FileError) -> (read: Int32, write: Int32) {
        let path: String
        switch input {
        case .ours: return try pipe()
        case .nothing: path = "/dev/null"
        case .file(let name): path = name
        }
        let descriptor = unsafe linux_open(path, O_RDONLY | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw .last("open", path) }
        return (descriptor, -1)
    }

    private static func spawn(
        _ program: String, _ arguments: [String], _ environment: [String], _ descriptors: Descriptors
    ) -> (id: pid_t, failure: Int32) {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, descriptors.input, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, descriptors.output, 1)
        switch descriptors.errors {
        case .ours: break
        case .output: unsafe posix_spawn_file_actions_adddup2(&actions, descriptors.output, 2)
        case .nothing: unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        case .file(let path):
            let flags = O_WRONLY | O_CREAT | O_TRUNC
            unsafe posix_spawn_file_actions_addopen(&actions, 2, path, flags, 0o600)
        }
        // Not every descriptor of every library is closed on exec.
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)

        // Threads of Swift's pool block signals, and we ignore broken pipes: neither is the child's choice.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t(), all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        var variables = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer { unsafe release(words + variables) }
        var id: pid_t = 0
        let failure = unsafe posix_spawnp(&id, program, &actions, &attributes, &words, &variables)
        return (id, failure)
    }

    private static func release(_ texts: [UnsafeMutablePointer<CChar>?]) {
        for index in unsafe texts.indices { unsafe free(texts[index]) }
    }
}
