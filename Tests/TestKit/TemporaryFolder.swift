import Foundation

/// A fresh folder for one test, in memory when the machine has room for that; removed with the value.
package final class TemporaryFolder: Sendable {
    package let path: String

    /// Throws when the folder cannot be made.
    package init() throws {
        path = Self.base() + "/quittance-test-" + UUID().uuidString.lowercased()
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("left behind: \(path): \(error)")
        }
    }

    /// The path of `name` inside the folder.
    package func file(_ name: String) -> String { path + "/" + name }

    /// The folder of the whole run where a script has made one, so that it goes away with the run however this
    /// process ends; else `/dev/shm` when that has room, else `/tmp`.
    package static func base() -> String {
        if let run = ProcessInfo.processInfo.environment["QUITTANCE_RUN"] { return run }
        do {
            let figures = try FileManager.default.attributesOfFileSystem(forPath: "/dev/shm")
            let free = (figures[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
            return free > 1 << 30 ? "/dev/shm" : "/tmp"
        } catch {
            return "/tmp"
        }
    }
}
