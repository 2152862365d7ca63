internal import CLinux

/// The claim on a folder by one process: a lock on a file in it, which the system frees when the process
/// ends, however it ends (`flock(2)`). The file itself stays.
package final class FileLock: Sendable {
    let file: File

    /// Takes the lock at once or not at all. Throws `FileError`, with `isHeld` when someone else has it.
    package init(folder: String, name: String = "lock") throws(FileError) {
        let path = folder + "/" + name
        file = try File.open(path, O_RDWR | O_CREAT, mode: 0o600)
        var result: Int32
        repeat {
            result = flock(file.descriptor, LOCK_EX | LOCK_NB)
        } while result != 0 && linux_errno() == EINTR
        guard result == 0 else { throw .last("lock", path) }
    }

    /// Unlocked, and not only closed: a child that has just been forked has the file open too until it runs
    /// its program.
    deinit { flock(file.descriptor, LOCK_UN) }
}

extension FileError {
    /// Whether another process holds the lock.
    package var isHeld: Bool { operation == "lock" && number == EWOULDBLOCK }
}
