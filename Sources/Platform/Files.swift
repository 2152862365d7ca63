internal import CLinux

/// What the system said about a file.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, such as `open` or `rename`.
    package let operation: String
    package let path: String
    /// The error number of the system.
    package let number: Int32

    package init(operation: String, path: String, number: Int32) {
        (self.operation, self.path, self.number) = (operation, path, number)
    }

    package var description: String {
        let reason = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
        return "\(operation) \(path): \(reason)"
    }

    package var isNotFound: Bool { number == ENOENT }
    /// Whether this user may not do it.
    package var isForbidden: Bool { number == EACCES || number == EPERM }
}

/// Whole small files: configuration, keys, exports. These calls block; keep them to the start or to a
/// `Worker`.
package enum Files {
    /// All bytes of a file. Throws `FileError`, with `EFBIG` when there are more than `maxBytes`.
    package static func read(_ path: String, maxBytes: Int) throws(FileError) -> [UInt8] {
        let file = try File.open(path, O_RDONLY)
        var bytes: [UInt8] = []
        while true {
            let before = bytes.count
            let wanted = min(Limits.fileChunkBytes, maxBytes + 1 - before)
            bytes.append(contentsOf: repeatElement(0, count: wanted))
            let got = try file.read(into: &bytes, from: before)
            bytes.removeLast(bytes.count - before - got)
            if got == 0 { return bytes }
            if bytes.count > maxBytes { throw FileError(operation: "read", path: path, number: EFBIG) }
        }
    }

    /// Replaces a file by `bytes`, or makes it.
    ///
    /// *Atomicity:* a reader, and the machine after a crash, sees the old file or the new one whole: a
    /// neighbour is written, synced and renamed over it. *On failure:* the old file stands.
    package static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o600) throws(FileError) {
        try write(to: path, mode: mode) { _ in bytes }
    }

    /// As above, with bytes that may hold the file's own number (its inode): a copy of the file has another
    /// one, and so can be told from it.
    package static func write(
        to path: String, mode: UInt32 = 0o600, _ bytes: (_ number: UInt64) -> [UInt8]
    ) throws(FileError) {
        try SystemFiles().replace(path, mode: mode, bytes)
    }

    /// Makes a file under a name that has none; its bytes are durable, its name is with its folder.
    static func makeNew(
        _ path: String, mode: UInt32, _ bytes: (_ number: UInt64) -> [UInt8]
    ) throws(FileError) {
        let file = try File.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        try file.write(bytes(try file.number()))
        try file.sync()
    }

    /// Makes an empty file that only its owner may read, unless there is one.
    package static func make(_ path: String, mode: UInt32 = 0o600) throws(FileError) {
        _ = try File.open(path, O_WRONLY | O_CREAT, mode: mode)
    }

    /// Makes a folder that only its owner may enter, and those above it. A folder that is there stays as it
    /// is.
    package static func makeFolder(_ path: String, mode: UInt32 = 0o700) throws(FileError) {
        var missing: [String] = []
        var place = path
        while unsafe mkdir(place, mode) != 0 {
            let number = linux_errno()
            if number == EEXIST {
                guard isFolder(place)
                else { throw FileError(operation: "make folder", path: place, number: ENOTDIR) }
                break
            }
            guard number == ENOENT, missing.count < Limits.folderDepth, folder(of: place) != place
            else { throw FileError(operation: "make folder", path: place, number: number) }
            missing.append(place)
            place = folder(of: place)
        }
        for place in missing.reversed() where unsafe mkdir(place, mode) != 0 {
            guard linux_errno() == EEXIST, isFolder(place) else { throw .last("make folder", place) }
        }
    }

    /// Whether something is there under that name.
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Whether a folder is there under that name.
    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & UInt32(S_IFMT) == UInt32(S_IFDIR)
    }

    /// The number of a file in its file system (its inode). Throws `FileError` when there is none.
    package static func number(of path: String) throws(FileError) -> UInt64 {
        try File.open(path, O_RDONLY).number()
    }

    /// Removes a file; one that is not there is no error.
    package static func remove(_ path: String) throws(FileError) {
        guard unsafe unlink(path) == 0 || linux_errno() == ENOENT else { throw .last("remove", path) }
    }

    static func folder(of path: String) -> String {
        var parts = path.split(separator: "/", omittingEmptySubsequences: true)
        if !parts.isEmpty { parts.removeLast() }
        let rest = parts.joined(separator: "/")
        return path.hasPrefix("/") ? "/" + rest : rest.isEmpty ? "." : rest
    }
}
