import Platform
import TestKit
import Testing

@testable import quittance

/// One process of the gateway, and what it says first.
struct Part {
    let process: ChildProcess
    let said: String

    /// Starts it and waits until it serves.
    init(_ roles: String, data: String, _ variables: [String: String]) async throws {
        process = try Self.spawn(roles, data: data, variables)
        for await line in process.lines where line.hasPrefix("Quittance ") {
            said = line
            return
        }
        throw TestKitError("\(roles) did not start")
    }

    /// Starts it.
    static func spawn(_ roles: String, data: String, _ variables: [String: String]) throws -> ChildProcess {
        let program = try #require(Environment.program)
        let path = "/" + program.split(separator: "/").dropLast().joined(separator: "/") + "/quittance"
        return try ChildProcess(
            path, ["serve", "--listen", "127.0.0.1:0", "--roles", roles, "--data", data],
            environment: variables, errors: .output)
    }

    var url: String { String(said.split(separator: " ").last ?? "") }

    func kill() async {
        process.kill()
        _ = await process.ended()
    }

    func stop() async -> Int32 {
        process.terminate()
        return await process.ended()
    }
}
