import Foundation
import JSON
import TestKit

/// Answers as they were looked at and found right, in `Tests/Web/Golden`. With `QUITTANCE_GOLDEN=write` a run
/// writes them anew, to be looked at as a difference.
enum GoldenJSON {
    private static let folder = "\(#filePath)".replacing("/Kit/GoldenJSON.swift", with: "/Golden")

    /// The document of that name; nil when there is none yet. Writes it first where that is asked for.
    static func document(_ name: String, now document: JSON) throws -> String? {
        let path = "\(folder)/\(name).json"
        if ProcessInfo.processInfo.environment["QUITTANCE_GOLDEN"] == "write" {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try (document.pretty() + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        }
        guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
