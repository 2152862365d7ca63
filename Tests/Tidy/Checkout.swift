import Foundation

/// The files of this checkout, read once for all tests of the suite.
struct Checkout {
    /// A text file: its path below the root and its bytes.
    struct File {
        let path: String
        let bytes: [UInt8]
    }

    let root: URL
    let rootEntries: [String]
    let files: [File]
    let folders: Set<String>
    let swift: [SwiftSource]

    /// This checkout, found from the path that the compiler saw.
    static let this = Result { try Checkout(root: URL(filePath: #filePath).appending(path: "../../..").standardized) }

    init(root: URL) throws {
        self.root = root
        rootEntries = try FileManager.default.contentsOfDirectory(atPath: root.path)
            .filter { !House.foreignRootEntries.contains($0) && !$0.contains(".sqlite") }
            .sorted()
        var walk = Walk(root: root)
        for entry in rootEntries { try walk.visit(entry) }
        files = walk.files
        folders = walk.folders
        swift = files.filter { $0.path.hasSuffix(".swift") }.map { SwiftSource(path: $0.path, bytes: $0.bytes) }
    }

    /// One that was made up, for tests of the rules.
    init(swift: [SwiftSource]) {
        (root, rootEntries, files, folders) = (URL(filePath: "/"), [], [], [])
        self.swift = swift
    }

    /// The text of a file that must be there.
    func text(_ path: String) throws -> String { try String(contentsOf: root.appending(path: path), encoding: .utf8) }

    /// The names directly below a folder.
    func names(in folder: String) -> [String] {
        let prefix = folder + "/"
        let names = folders.union(files.map(\.path)).filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
        return names.filter { !$0.contains("/") }.map(String.init).sorted()
    }
}

private struct Walk {
    static let texts: Set<String> = [
        "swift", "h", "modulemap", "md", "sh", "py", "json", "sql", "html", "css", "js", "svg", "conf", "txt", "",
    ]
    /// Larger files are recorded data, not something that a person wrote.
    static let maximumBytes = 1 << 20

    let root: URL
    var files: [Checkout.File] = []
    var folders: Set<String> = []

    mutating func visit(_ path: String) throws {
        let url = root.appending(path: path)
        let values = try url.resourceValues(forKeys: [.isDirectoryKey, .isSymbolicLinkKey, .fileSizeKey])
        guard values.isSymbolicLink != true, url.lastPathComponent != "__pycache__" else { return }
        if values.isDirectory == true {
            folders.insert(path)
            for name in try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() {
                try visit(path + "/" + name)
            }
        } else if Self.texts.contains(url.pathExtension), (values.fileSize ?? 0) <= Self.maximumBytes {
            files.append(Checkout.File(path: path, bytes: [UInt8](try Data(contentsOf: url))))
        }
    }
}
