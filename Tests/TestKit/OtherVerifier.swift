import Foundation
import Platform

/// The verifier of dossiers that shares no code with the gateway: `Tests/Dossier/verify.py`.
package enum OtherVerifier {
    private static let python = "/usr/bin/python3"
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Dossier/verify.py").path

    /// Whether this machine has what it takes.
    package static var isHere: Bool { FileManager.default.isExecutableFile(atPath: python) }

    /// Checks a file. Gives its exit code (1 wrong, 4 not all of it checked) and what it says.
    package static func check(_ bytes: [UInt8], _ words: [String] = []) async throws -> (code: Int32, says: String) {
        let folder = try TemporaryFolder()
        try Files.write(bytes, to: folder.file("dossier.json"))
        let outcome = try await ChildProcess.run(python, [script, folder.file("dossier.json")] + words)
        return (outcome.code, outcome.output)
    }
}
