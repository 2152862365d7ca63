internal import CLinux
package import Platform

/// Small files on the same disk as the database, under the same faults: each call below is as many
/// operations as the system does.
extension SimulatedDisk: FileCalls {
    package func size(of path: String) throws(FileError) -> Int64 {
        Int64(try file(path, "examine").bytes.count)
    }

    package func number(of path: String) throws(FileError) -> UInt64 { try file(path, "examine").number }

    package func read(_ path: String, maxBytes: Int) throws(FileError) -> [UInt8] {
        let bytes = try file(path, "read").bytes
        guard bytes.count <= maxBytes else { throw FileError(operation: "read", path: path, number: EFBIG) }
        return bytes
    }

    package func make(
        _ path: String, mode: UInt32, _ bytes: (_ number: UInt64) -> [UInt8]
    ) throws(FileError) {
        if exists(path) { throw FileError(taken: path) }
        try done(perform(.write([], at: 0, to: path)), "make", path)
        let bytes = bytes(try number(of: path))
        try done(perform(.write(bytes, at: 0, to: path)), "write", path)
        try done(perform(.synchronise(path)), "sync", path)
    }

    package func move(_ path: String, to target: String) throws(FileError) {
        _ = try file(path, "rename")
        try done(perform(.move(path, to: target)), "rename", path)
    }

    package func remove(_ path: String) throws(FileError) {
        try done(delete(path, isDurable: false), "remove", path)
    }

    package func synchronise(folder: String) throws(FileError) {
        try done(perform(.synchroniseNames), "sync", folder)
    }

    private func file(_ path: String, _ operation: String) throws(FileError) -> DiskState.File {
        let found = contents.withLock { contents in contents.isDead ? nil : contents.state.files[path] }
        guard let found else { throw FileError(operation: operation, path: path, number: ENOENT) }
        return found
    }

    private func done(_ outcome: DiskOutcome, _ operation: String, _ path: String) throws(FileError) {
        switch outcome {
        case .done: return
        case .failed: throw FileError(operation: operation, path: path, number: EIO)
        case .noRoom: throw FileError(operation: operation, path: path, number: ENOSPC)
        }
    }
}
