import Foundation
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

/// A real bitcoind on regtest that ends with this process.
struct BitcoinNode {
    /// How to reach it: variables of the program.
    let variables: [String: String]
    private let shell: ChildProcess

    /// The script that starts it, as `Scripts/test` found it.
    static let script = ProcessInfo.processInfo.environment["QUITTANCE_BITCOIND"]

    init(_ folder: String) async throws {
        let keeper = """
            export RUN="$2" EXTRA=-rpcservertimeout=1
            trap '"$1" clean' EXIT
            trap 'exit 1' INT TERM HUP
            "$1" start
            exec > /dev/null
            read -r _ || :
            """
        shell = try ChildProcess("/bin/sh", ["-c", keeper, "sh", try #require(Self.script), folder])
        var variables = ["QUITTANCE_BITCOIN_NETWORK": "bitcoin-regtest"]
        for await line in shell.lines where line.hasPrefix("BTC_") {
            let parts = line.dropFirst(4).split(separator: "=", maxSplits: 1)
            if parts.count == 2 { variables["QUITTANCE_BITCOIN_\(parts[0])"] = String(parts[1]) }
        }
        let known = Set(NodeSettings.variables)
        self.variables = variables.filter { known.contains($0.key) }
    }

    func end() async {
        shell.endInput()
        _ = await shell.ended()
    }
}
