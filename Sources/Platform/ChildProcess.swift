internal import CLinux

/// Another program, started by this one. Its standard error is ours; its standard output comes line by
/// line; its standard input ends when this process does, however it ends, so that it can end too.
package final class ChildProcess: Sendable {
    /// What it printed, a line at a time, without line ends. To be read by one reader.
    package let lines: AsyncStream<String>
    private let id: pid_t
    private let lifeline: Int32
    private let end = Lock(End())

    private struct End {
        var code: Int32?
        var waiters: [CheckedContinuation<Int32, Never>] = []
    }

    /// Starts `program`, a path, with `arguments` after its name and `environment` added to ours.
    ///
    /// Throws `FileError` when the system does not start it.
    package init(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:]
    ) throws(FileError) {
        let input = try Self.pipe(), output = try Self.pipe()
        defer {
            close(input.read)
            close(output.write)
        }
        let merged = Environment.variables.merging(environment) { $1 }
        let result = Self.spawn(
            program, [program] + arguments, merged.map { "\($0.key)=\($0.value)" }, input.read, output.write
        )
        guard result.failure == 0 else {
            close(input.write)
            close(output.read)
            throw FileError(operation: "start", path: program, number: result.failure)
        }
        id = result.id
        lifeline = input.write
        let (stream, continuation) = AsyncStream.makeStream(
            of: String.self, bufferingPolicy: .bufferingNewest(Limits.childLines))
        lines = stream
        Thread.start { [self] in follow(output.read, continuation) }
    }

    /// Asks it to end (`SIGTERM`); a child that has ended already is left in peace.
    package func terminate() { end.withLock { if $0.code == nil { kill(id, SIGTERM) } } }

    /// Waits for its end. Gives its exit code; 128 and the signal when one ended it.
    package func ended() async -> Int32 {
        await withCheckedContinuation { continuation in
            let code = end.withLock { end in
                if end.code == nil { end.waiters.append(continuation) }
                return end.code
            }
            if let code { continuation.resume(returning: code) }
        }
    }

    /// On a thread of its own: hands out lines until the output ends, then collects the child.
    private func follow(_ descriptor: Int32, _ continuation: AsyncStream<String>.Continuation) {
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe CLinux.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, linux_errno() == EINTR { continue }
            guard count > 0 else { break }
            for byte in chunk[..<count] {
                if byte == UInt8(ascii: "\n") {
                    continuation.yield(String(decoding: line, as: UTF8.self))
                    line = []
                } else if line.count < Limits.childLineBytes {
                    line.append(byte)
                }
            }
        }
        if !line.isEmpty { continuation.yield(String(decoding: line, as: UTF8.self)) }
        continuation.finish()
        close(descriptor)
        var status: Int32 = 0
        while unsafe waitpid(id, &status, 0) < 0, linux_errno() == EINTR {}
        let code = linux_exit_code(status)
        let waiters = end.withLock { end in
            end.code = code
            return end.waiters
        }
        close(lifeline)
        for waiter in waiters { waiter.resume(returning: code) }
    }

    private static func pipe() throws(FileError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe CLinux.pipe(&ends) == 0 else { throw .last("make", "a pipe") }
        for end in ends { linux_close_on_exec(end) }
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ program: String, _ arguments: [String], _ environment: [String], _ input: Int32, _ output: Int32
    ) -> (id: pid_t, failure: Int32) {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        var variables = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer { unsafe release(words + variables) }
        var id: pid_t = 0
        let failure = unsafe posix_spawnp(&id, program, &actions, nil, &words, &variables)
        return (id, failure)
    }

    private static func release(_ texts: [UnsafeMutablePointer<CChar>?]) {
        for index in unsafe texts.indices { unsafe free(texts[index]) }
    }
}
