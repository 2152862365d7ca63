internal import CLinux

/// Files that are too large to be read whole: copied, moved, and made durable in their place. These calls
/// block too.
extension Files {
    /// Makes an empty file that only its owner may read. Throws `FileError`, with `isTaken` when the name has
    /// a file.
    package static func makeNew(_ path: String, mode: UInt32 = 0o600) throws(FileError) {
        _ = try File.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
    }

    /// Copies a file to a name that has none, for its owner alone. Durable with `synchronise`.
    package static func copy(_ path: String, to target: String, mode: UInt32 = 0o600) throws(FileError) {
        let source = try File.open(path, O_RDONLY)
        let copy = try File.open(target, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        var bytes = [UInt8](repeating: 0, count: Limits.copyChunkBytes)
        while true {
            let got = try source.read(into: &bytes, from: 0)
            if got == 0 { return }
            try copy.write(got == bytes.count ? bytes : Array(bytes[..<got]))
        }
    }

    /// Gives a file another name in the same file system; a file that had it is gone. Durable when the folder
    /// is synchronised.
    package static func move(_ path: String, to target: String) throws(FileError) {
        guard unsafe rename(path, target) == 0 else { throw .last("rename", path) }
    }

    /// Makes the content of a file, or the names in a folder, durable.
    package static func synchronise(_ path: String) throws(FileError) {
        try File.open(path, O_RDONLY).sync()
    }

    /// The folder that a path lies in.
    package static func parent(of path: String) -> String { folder(of: path) }

    /// The same path from the root on, with no link on the way to its folder; as it is where that is not
    /// there.
    package static func absolute(_ path: String) -> String {
        guard let real = unsafe realpath(folder(of: path), nil) else { return path }
        defer { unsafe free(real) }
        let place = unsafe String(cString: real)
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        return place == "/" ? "/" + name : place + "/" + name
    }

    /// How many bytes a file has.
    package static func size(of path: String) throws(FileError) -> Int64 {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw .last("examine", path) }
        return Int64(status.st_size)
    }
}

extension FileError {
    /// Whether something is there already under that name.
    package var isTaken: Bool { number == EEXIST }

    /// Says that a name that was to be new has a file.
    package init(taken path: String) { self.init(operation: "make", path: path, number: EEXIST) }

    /// Says that what is to be written is more than whoever reads the file takes.
    package init(tooLarge path: String) { self.init(operation: "write", path: path, number: EFBIG) }
}
