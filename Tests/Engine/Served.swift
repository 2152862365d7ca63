import Foundation
import Platform
import TestKit

/// The built program beside the tests, run as an operator runs it.
struct Program: Sendable {
    let path: String
    let data: String
    /// `QUITTANCE_…`.
    let variables: [String: String]

    /// Nil when the program was not built.
    init?(data: String, variables: [String: String]) {
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        else { return nil }
        path = URL(fileURLWithPath: own).deletingLastPathComponent().path + "/quittance"
        guard FileManager.default.isExecutableFile(atPath: path) else { return nil }
        self.data = data
        self.variables = variables
    }

    /// Whether the program beside the tests is a whole one.
    static let canServe: Bool = {
        guard let program = Program(data: "/nowhere", variables: [:]) else { return false }
        let (process, output, _) = program.process([])
        process.arguments = ["serve", "--help"]
        do {
            try process.run()
        } catch {
            return false
        }
        return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            .contains("--listen")
    }()

    private func process(_ arguments: [String]) -> (process: Process, output: Pipe, errors: Pipe) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments + ["--data", data]
        process.environment = variables
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        return (process, output, errors)
    }

    /// Runs a command to its end. Throws when that is not a good one; gives what it said.
    func run(_ arguments: String...) async throws -> String {
        let (process, output, errors) = process(arguments)
        try process.run()
        let (said, complained) = await Self.apart {
            (
                output.fileHandleForReading.readDataToEndOfFile(),
                errors.fileHandleForReading.readDataToEndOfFile()
            )
        }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TestKitError("\(arguments): \(String(decoding: said + complained, as: UTF8.self))")
        }
        return String(decoding: said, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Starts to serve on a free port, and waits until it says where.
    func serve() async throws -> Served {
        let (process, _, errors) = process(["serve", "--listen", "127.0.0.1:0"])
        try process.run()
        let reader = errors.fileHandleForReading
        let said = await Self.apart { () -> String in
            var text = ""
            while !text.contains("\n") || !text.contains(" listens on ") {
                let more = reader.availableData
                if more.isEmpty { break }
                text += String(decoding: more, as: UTF8.self)
            }
            return text
        }
        // What it says later is read and thrown away, so that it never waits for us.
        Foundation.Thread.detachNewThread {
            while !reader.availableData.isEmpty {}
        }
        guard let start = said.range(of: " listens on "),
            let url = said[start.upperBound...].split(whereSeparator: \.isWhitespace).first
        else { throw TestKitError("it did not start: \(said)") }
        return Served(process: process, url: String(url))
    }

    /// Runs what blocks on a thread of its own.
    static func apart<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
        await withCheckedContinuation { continuation in
            Foundation.Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
}

/// A gateway that runs.
struct Served {
    let process: Process
    let url: String

    /// Ends it without a word.
    func kill() async {
        _ = Foundation.kill(process.processIdentifier, SIGKILL)
        await ended()
    }

    /// Asks it to end.
    func stop() async {
        process.terminate()
        await ended()
    }

    private func ended() async {
        let id = ProcessBox(process)
        await Program.apart { id.process.waitUntilExit() }
    }
}

private struct ProcessBox: @unchecked Sendable {  // only waited for, and by one thread
    let process: Process
    init(_ process: Process) { self.process = process }
}
