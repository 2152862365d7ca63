internal import CLinux

/// One file descriptor, closed when this ends.
struct File: ~Copyable {
    let descriptor: Int32
    private let path: String

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(FileError) -> File {
        // A NUL would cut the path where C reads it.
        guard !path.utf8.contains(0) else { throw FileError(operation: "open", path: path, number: EINVAL) }
        let descriptor = unsafe linux_open(path, flags | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .last("open", path) }
        return File(descriptor: descriptor, path: path)
    }

    /// Fills `bytes` from `start` on and returns how many came; zero at the end of the file.
    func read(into bytes: inout [UInt8], from start: Int) throws(FileError) -> Int {
        while true {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                let place = unsafe buffer.baseAddress.map { unsafe $0 + start }
                return unsafe CLinux.read(descriptor, place, buffer.count - start)
            }
            if got >= 0 { return got }
            guard linux_errno() == EINTR else { throw .last("read", path) }
        }
    }

    func write(_ bytes: [UInt8]) throws(FileError) {
        guard writeAll(bytes, to: descriptor) else { throw .last("write", path) }
    }

    /// The file's number in its file system.
    func number() throws(FileError) -> UInt64 {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .last("examine", path) }
        return UInt64(status.st_ino)
    }

    func sync() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw .last("sync", path) }
    }
}

extension FileError {
    /// The error that the last call of this thread left.
    static func last(_ operation: String, _ path: String) -> FileError {
        FileError(operation: operation, path: path, number: linux_errno())
    }
}

/// Writes everything, in as many calls as it takes; false leaves the reason in `errno`.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
        let count = unsafe bytes.withUnsafeBytes { buffer in
            let place = unsafe buffer.baseAddress.map { unsafe $0 + written }
            return unsafe CLinux.write(descriptor, place, buffer.count - written)
        }
        if count > 0 { written += count } else if count == 0 || linux_errno() != EINTR { return false }
    }
    return true
}
