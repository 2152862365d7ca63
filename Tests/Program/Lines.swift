import Foundation
import Platform
import Testing

@testable import quittance

/// What a command said.
final class Lines: Sendable {
    private let said = Lock<(out: [String], err: [String])>(([], []))

    var output: String { said.withLock { $0.out.joined(separator: "\n") } }
    var errors: [String] { said.withLock { $0.err } }

    /// A terminal on a machine with room, or with as much as is said.
    func terminal(_ variables: [String: String] = [:], freeBytes: UInt64 = 1 << 40) -> Terminal {
        Terminal(
            variables: variables, freeBytes: { _ in freeBytes },
            out: { text in self.said.withLock { $0.out.append(text) } },
            err: { text in self.said.withLock { $0.err.append(text) } })
    }
}

/// Files that hold what is expected, beside the tests.
enum Golden {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden")

    static func compare(_ text: String, with name: String) throws {
        let file = folder.appendingPathComponent(name)
        if ProcessInfo.processInfo.environment["QUITTANCE_GOLDEN"] == "write" {
            try Data(text.utf8).write(to: file)
        }
        let expected = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        #expect(text == expected, "\(name) differs; if it should, write it anew")
    }
}
