import Foundation
import Platform
import TestKit

/// Owns a real node: a shell starts it by its script and removes it when the test process ends, however it
/// ends, because the kernel then closes the pipe that the shell reads.
final class NodeKeeper: Sendable {
    /// What the script printed, `KEY=VALUE`.
    typealias Lines = [String: String]

    let folder: String
    private let script: String
    private let shell: ChildProcess

    private init(script: String, folder: String, shell: ChildProcess) {
        (self.script, self.folder, self.shell) = (script, folder, shell)
    }

    /// - Parameters:
    ///   - chain: which chain it is on, in its own words.
    ///   - hasExtensionBlocks: whether Litecoin's extension blocks become active, at height 432.
    ///   - more: options of the node.
    static func start(
        _ coin: Coin, on chain: String = "regtest", hasExtensionBlocks: Bool = false, _ more: String = ""
    ) async throws -> (NodeKeeper, Lines) {
        guard let script = coin.script else { throw TestKitError("no \(coin.daemon)") }
        let (keeper, said) = try await start(
            script, name: "\(coin)", options: "\(options) \(more)", hasExtensionBlocks: hasExtensionBlocks,
            chain: chain)
        return (keeper, try lines(said, from: coin))
    }

    /// Any node, by its script.
    static func start(
        _ script: String, name: String, options: String = "", hasExtensionBlocks: Bool = false, chain: String = ""
    ) async throws -> (NodeKeeper, [String]) {
        let parent = ProcessInfo.processInfo.environment["QUITTANCE_RUN"] ?? TemporaryFolder.base()
        let folder = "\(parent)/node-\(name)-\(UUID().uuidString.prefix(8).lowercased())"
        let shell = try ChildProcess(
            "/bin/sh",
            ["-c", program, "sh", script, folder, options, hasExtensionBlocks ? "1" : "0", chain])
        var said: [String] = []
        for await line in shell.lines { said.append(line) }
        return (NodeKeeper(script: script, folder: folder, shell: shell), said)
    }

    /// Ends the node; its folder stays.
    func stop() async throws {
        _ = try await Self.run(#"RUN="$2" "$1" stop"#, [script, folder])
    }

    /// Starts it again on the same ports.
    func start(
        _ coin: Coin, port: String, zmqPort: String, isReindexing: Bool
    ) async throws -> Lines {
        let options = Self.options + (isReindexing ? " -reindex" : "")
        let said = try await Self.run(
            #"RUN="$2" RPC_PORT="$3" EXTRA="$4" ZMQ_PORT="$5" "$1" start"#,
            [script, folder, port, options, zmqPort])
        return try Self.lines(said, from: coin)
    }

    /// The wallet leaves alone what falls out of the pool; and a node that ends does not wait long for
    /// connections that are kept open: older ones take half a minute otherwise, and are killed.
    private static let options = "-walletbroadcast=0 -rpcservertimeout=1"

    private static let program = """
        set -eu
        export RUN="$2" EXTRA="$3" MWEB="$4" CHAIN="$5"
        trap '"$1" clean' EXIT
        trap 'exit 1' INT TERM HUP
        "$1" start
        exec > /dev/null
        read -r _ || :
        """

    /// Runs a line of shell to its end, and gives the lines that it printed. `$1` is the first argument.
    private static func run(_ program: String, _ arguments: [String]) async throws -> [String] {
        let outcome = try await ChildProcess.run("/bin/sh", ["-c", program, "sh"] + arguments)
        return outcome.output.split(separator: "\n").map(String.init)
    }

    private static func lines(_ said: [String], from coin: Coin) throws -> Lines {
        var lines: Lines = [:]
        for line in said {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { lines[String(parts[0])] = String(parts[1]) }
        }
        guard lines[coin.prefix + "RPC_URL"] != nil else {
            throw TestKitError("\(coin.daemon): \(said.joined(separator: "\n"))")
        }
        return lines
    }
}
