internal import CLinux

/// What the process was given by whoever started it, and how it talks back.
package enum Environment {
    /// The environment variables. A name that occurs twice has its first value.
    package static var variables: [String: String] {
        var variables: [String: String] = [:]
        guard let bytes = try? Files.read("/proc/self/environ", maxBytes: Limits.environmentBytes) else {
            return [:]
        }
        for entry in bytes.split(separator: 0) {
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: entry[..<equals], as: UTF8.self)
            if variables[name] == nil {
                variables[name] = String(decoding: entry[(equals + 1)...], as: UTF8.self)
            }
        }
        return variables
    }

    /// The path of the running program's file; nil when the system does not say.
    package static var program: String? {
        var path = [CChar](repeating: 0, count: Limits.pathBytes)
        let count = unsafe readlink("/proc/self/exe", &path, path.count)
        return count > 0
            ? String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    /// The number of this process.
    package static var processID: Int32 { getpid() }

    /// Whether a person sees what goes to standard error.
    package static var hasTerminal: Bool { isatty(2) == 1 }

    /// Writes a line to standard output at once, whatever it is connected to.
    package static func print(_ line: String) { _ = writeAll(Array((line + "\n").utf8), to: 1) }

    /// Writes a line to standard error, behind what was logged.
    package static func complain(_ line: String) {
        _ = LogWriter.standardError.flush(milliseconds: Limits.logFlushMilliseconds)
        _ = writeAll(Array((line + "\n").utf8), to: 2)
    }

    /// Ends the process.
    package static func exit(_ code: Int32) -> Never { CLinux.exit(code) }

    /// Returns when standard input has ended: whoever started the process is gone.
    package static func untilInputEnds() async {
        await withCheckedContinuation { continuation in
            Thread.start {
                var byte: UInt8 = 0
                while true {
                    let count = unsafe read(0, &byte, 1)
                    if count == 0 || (count < 0 && linux_errno() != EINTR) { break }
                }
                continuation.resume()
            }
        }
    }
}

extension Files {
    /// The permission bits of a file. Throws `FileError`.
    package static func permissions(of path: String) throws(FileError) -> UInt32 {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw .last("look at", path) }
        return UInt32(status.st_mode) & 0o777
    }

    /// Bytes that an ordinary user may still write on the disk of a folder. Throws `FileError`.
    package static func freeBytes(in folder: String) throws(FileError) -> UInt64 {
        var status = statvfs()
        guard unsafe statvfs(folder, &status) == 0 else { throw .last("look at", folder) }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    /// The names of what is in a folder, in no order. Throws `FileError`.
    package static func names(in path: String) throws(FileError) -> [String] {
        guard let folder = unsafe opendir(path) else { throw .last("open", path) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        unsafe closedir(folder)
        return names
    }

    /// Removes a folder with all that is in it; one that is not there is no error. Throws `FileError`.
    package static func removeFolder(_ path: String) throws(FileError) {
        let names: [String]
        do throws(FileError) {
            names = try Self.names(in: path)
        } catch {
            if error.isNotFound { return }
            throw error
        }
        for name in names.map({ path + "/" + $0 }) {
            if isFolder(name) { try removeFolder(name) } else { try remove(name) }
        }
        guard unsafe rmdir(path) == 0 else { throw .last("remove", path) }
    }
}
