import Foundation
import TestKit

/// Owns a real node: a shell starts it by its script and removes it when the test process ends, however it
/// ends, because the kernel then closes the pipe that the shell reads.
final class NodeKeeper: Sendable {
    /// What the script printed, `KEY=VALUE`.
    typealias Lines = [String: String]

    let folder: String
    private let script: String
    private let shell: Process
    private let lifeline: Pipe

    private init(script: String, folder: String, shell: Process, lifeline: Pipe) {
        (self.script, self.folder, self.shell, self.lifeline) = (script, folder, shell, lifeline)
    }

    /// - Parameter hasExtensionBlocks: whether Litecoin's extension blocks become active, at height 432.
    static func start(
        _ coin: Coin, hasExtensionBlocks: Bool = false
    ) async throws -> (NodeKeeper, Lines) {
        guard let script = coin.script else { throw TestKitError("no \(coin.daemon)") }
        let parent = ProcessInfo.processInfo.environment["QUITTANCE_RUN"] ?? TemporaryFolder.base()
        let folder = "\(parent)/node-\(coin)-\(UUID().uuidString.prefix(8).lowercased())"
        let lifeline = Pipe()
        let (shell, output) = try launch(
            [script, folder, options, hasExtensionBlocks ? "1" : "0"], Self.program, input: lifeline)
        let lines = try lines(await text(of: output), from: coin)
        return (NodeKeeper(script: script, folder: folder, shell: shell, lifeline: lifeline), lines)
    }

    /// Ends the node; its folder stays.
    func stop() async throws {
        let (_, output) = try Self.launch([script, folder], #"RUN="$2" "$1" stop"#, input: nil)
        _ = await Self.text(of: output)
    }

    /// Starts it again on the same ports.
    func start(
        _ coin: Coin, port: String, zmqPort: String, isReindexing: Bool
    ) async throws -> Lines {
        let options = Self.options + (isReindexing ? " -reindex" : "")
        let (_, output) = try Self.launch(
            [script, folder, port, options, zmqPort],
            #"RUN="$2" RPC_PORT="$3" EXTRA="$4" ZMQ_PORT="$5" "$1" start"#,
            input: nil)
        return try Self.lines(await Self.text(of: output), from: coin)
    }

    /// The wallet leaves alone what falls out of the pool; and a node that ends does not wait long for
    /// connections that are kept open: older ones take half a minute otherwise, and are killed.
    private static let options = "-walletbroadcast=0 -rpcservertimeout=1"

    private static let program = """
        set -eu
        export RUN="$2" EXTRA="$3" MWEB="$4"
        trap '"$1" clean' EXIT
        trap 'exit 1' INT TERM HUP
        "$1" start
        exec > /dev/null
        read -r _ || :
        """

    private static func launch(
        _ arguments: [String], _ program: String, input: Pipe?
    ) throws -> (Process, FileHandle) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // `$1` is the script inside the trap too: `sh -c program sh script folder …`.
        process.arguments = ["-c", program, "sh"] + arguments
        let output = Pipe()
        process.standardInput = input ?? FileHandle.nullDevice
        process.standardOutput = output
        try process.run()
        return (process, output.fileHandleForReading)
    }

    /// All that a process writes. Blocks, so not on the pool.
    private static func text(of handle: FileHandle) async -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    returning: String(decoding: handle.readDataToEndOfFile(), as: UTF8.self))
            }
        }
    }

    private static func lines(_ text: String, from coin: Coin) throws -> Lines {
        var lines: Lines = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { lines[String(parts[0])] = String(parts[1]) }
        }
        guard lines[coin.prefix + "RPC_URL"] != nil else {
            throw TestKitError("\(coin.daemon): \(text)")
        }
        return lines
    }
}
