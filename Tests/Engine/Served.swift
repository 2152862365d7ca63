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
    static func canServe() async -> Bool {
        guard let program = Program(data: "/nowhere", variables: [:]) else { return false }
        let ended = try? await ChildProcess.run(program.path, ["serve", "--help"], errors: .nothing)
        return ended?.output.contains("--listen") == true
    }

    /// Runs a command to its end. Throws when that is not a good one; gives what it said.
    func run(_ arguments: String...) async throws -> String {
        let folder = try TemporaryFolder()
        let errors = folder.file("errors")
        let ended = try await ChildProcess.run(
            path, arguments + ["--data", data], environment: variables, isWhole: true, errors: .file(errors))
        guard ended.code == 0 else {
            let words = try String(contentsOfFile: errors, encoding: .utf8)
            throw TestKitError("\(arguments): \(ended.code) \(ended.output) \(words)")
        }
        return ended.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Starts to serve on a free port.
    func spawn() throws -> ChildProcess {
        try ChildProcess(
            path, ["serve", "--listen", "127.0.0.1:0", "--data", data], environment: variables, isWhole: true,
            errors: .output)
    }

    /// Starts to serve on a free port, and waits until it says where.
    func serve() async throws -> Served {
        let process = try spawn()
        var said = ""
        for await line in process.lines {
            said += line + "\n"
            if let start = line.range(of: " listens on "),
                let url = line[start.upperBound...].split(whereSeparator: \.isWhitespace).first
            {
                return Served(process: process, url: String(url))
            }
        }
        throw TestKitError("it did not start: \(said)")
    }
}

/// A gateway that runs.
struct Served {
    let process: ChildProcess
    let url: String

    /// Ends it without a word.
    func kill() async {
        process.kill()
        _ = await process.ended()
    }

    /// Asks it to end.
    func stop() async {
        process.terminate()
        _ = await process.ended()
    }
}
