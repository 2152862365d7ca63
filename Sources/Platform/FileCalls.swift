/// The calls with which small files are read, and replaced whole: the system's, or those of a simulated disk.
/// They block.
package protocol FileCalls: Sendable {
    /// Whether something is there under that name.
    func exists(_ path: String) -> Bool

    /// How many bytes a file has.
    func size(of path: String) throws(FileError) -> Int64

    /// All bytes of a file. Throws `FileError`, with `EFBIG` when there are more than `maxBytes`.
    func read(_ path: String, maxBytes: Int) throws(FileError) -> [UInt8]

    /// The number of a file in its file system (its inode).
    func number(of path: String) throws(FileError) -> UInt64

    /// Makes a file under a name that has none, with bytes that may hold its own number. The bytes are
    /// durable then; the name is not.
    func make(
        _ path: String, mode: UInt32, _ bytes: (_ number: UInt64) -> [UInt8]
    ) throws(FileError)

    /// Gives a file another name; a file that had it is gone. Durable when the folder is synchronised.
    func move(_ path: String, to target: String) throws(FileError)

    /// Removes a file; one that is not there is no error.
    func remove(_ path: String) throws(FileError)

    /// Makes the names in a folder durable.
    func synchronise(folder: String) throws(FileError)
}

extension FileCalls {
    /// Replaces a file, or makes it, with bytes that may hold the file's own number: a copy of the file has
    /// another one, and so can be told from it.
    ///
    /// *Atomicity:* a reader, and the machine after a crash, sees the old file or the new one whole: a
    /// neighbour is written, synced and renamed over it. *On failure:* the old file stands.
    package func replace(
        _ path: String, mode: UInt32 = 0o600, _ bytes: (_ number: UInt64) -> [UInt8]
    ) throws(FileError) {
        let neighbour = path + "." + Hex.encode(SystemEntropy().bytes(8)) + ".new"
        do throws(FileError) {
            try make(neighbour, mode: mode, bytes)
            try move(neighbour, to: path)
        } catch {
            try remove(neighbour)
            throw error
        }
        // The name is durable only when its folder is.
        try synchronise(folder: Files.folder(of: path))
    }
}

/// Those of the system.
package struct SystemFiles: FileCalls {
    package init() {}

    package func exists(_ path: String) -> Bool { Files.exists(path) }
    package func size(of path: String) throws(FileError) -> Int64 { try Files.size(of: path) }
    package func number(of path: String) throws(FileError) -> UInt64 { try Files.number(of: path) }
    package func remove(_ path: String) throws(FileError) { try Files.remove(path) }
    package func synchronise(folder: String) throws(FileError) { try Files.synchronise(folder) }

    package func read(_ path: String, maxBytes: Int) throws(FileError) -> [UInt8] {
        try Files.read(path, maxBytes: maxBytes)
    }

    package func move(_ path: String, to target: String) throws(FileError) {
        try Files.move(path, to: target)
    }

    package func make(
        _ path: String, mode: UInt32, _ bytes: (_ number: UInt64) -> [UInt8]
    ) throws(FileError) {
        try Files.makeNew(path, mode: mode, bytes)
    }
}
