import CLinux
import Platform

/// The gateway as a process of its own, so that its memory and its processor time are its own.
@safe final class Child: @unchecked Sendable {  // used by one task at a time
    private let pipe: UnsafeMutablePointer<FILE>
    let process: Int32
    /// The gateway's port, and that of a bare server that only says hello.
    let port: Int
    let helloPort: Int

    struct Unstartable: Error {}

    /// Starts `bench serve` on a folder; returns when it answers.
    init(folder: String) throws {
        let command = "exec '\(Machine.program)' serve '\(folder)' 2> '\(folder)/log'"
        guard let pipe = unsafe popen(command, "r") else { throw Unstartable() }
        var line = [CChar](repeating: 0, count: 256)
        unsafe fgets(&line, 256, pipe)
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard numbers.count == 3 else {
            unsafe pclose(pipe)
            throw Unstartable()
        }
        unsafe self.pipe = pipe
        process = Int32(clamping: numbers[0])
        port = numbers[1]
        helloPort = numbers[2]
    }

    /// Ends it and waits for its end.
    func stop() {
        kill(process, SIGTERM)
        unsafe pclose(pipe)
    }

    var residentMiB: Double { Machine.residentMiB(of: process) ?? 0 }
    var processorMicroseconds: Double { Machine.processorMicroseconds(of: process) }
}
