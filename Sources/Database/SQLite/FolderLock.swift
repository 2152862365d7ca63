import CLinux
import CSQLite

/// An exclusive lock on a file, held until `release` or the end of the process, however that ends.
final class FolderLock {
    private var descriptor: Int32

    /// Throws `DatabaseError.locked` when another process, or another opening in this one, holds it.
    init(_ path: String) throws(DatabaseError) {
        descriptor = unsafe csqlite_open_lock(path)
        guard descriptor >= 0 else { throw .ioFailed("\(path): errno \(linux_errno())") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = linux_errno()
            release()
            throw code == EWOULDBLOCK
                ? .locked("\(path) is held: the database is open elsewhere")
                : .ioFailed("\(path): errno \(code)")
        }
    }

    deinit { release() }

    func release() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
    }
}
