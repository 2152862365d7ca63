internal import CLinux

/// A Unix socket in a folder, at which other processes of this machine find this one.
package final class LocalListener: Sendable {
    /// Who comes, in order. What is not taken soon enough is closed.
    package let connections: AsyncStream<LocalConnection>
    private let folder: String
    private let name: String
    private let descriptor: Lock<Int32>
    private let continuation: AsyncStream<LocalConnection>.Continuation

    /// Makes the socket `name`, which only its owner may use.
    ///
    /// *Atomicity*: nobody sees it before it listens, nor with other permissions: it gets its name last, in
    /// place of one that is there. Throws `FileError`.
    package init(folder: String, name: String) throws(FileError) {
        let fresh = name + "." + Hex.encode(SystemEntropy().bytes(4))
        let place = try LocalPlace.open(folder: folder, name: fresh)
        let descriptor = linux_local_socket(1)
        guard descriptor >= 0 else { throw .last("make", "a socket") }
        let path = folder + "/" + fresh
        do throws(FileError) {
            guard unsafe place.name({ unsafe bind(descriptor, $0, $1) }) == 0,
                unsafe chmod(path, 0o600) == 0,
                listen(descriptor, Int32(Limits.localBacklog)) == 0,
                unsafe rename(path, folder + "/" + name) == 0
            else { throw .last("make the socket", folder + "/" + name) }
        } catch {
            close(descriptor)
            unsafe unlink(path)
            throw error
        }
        self.folder = folder
        self.name = name
        self.descriptor = Lock(descriptor)
        (connections, continuation) = AsyncStream.makeStream(
            of: LocalConnection.self, bufferingPolicy: .bufferingOldest(Limits.localBacklog))
        Thread.start { [self] in accept(descriptor) }
    }

    /// Takes nobody any more, removes the socket, and ends `connections`.
    package func stop() {
        descriptor.withLock { descriptor in
            guard descriptor >= 0 else { return }
            unsafe unlink(folder + "/" + name)
            // Wakes the thread that waits in accept(2); it closes.
            shutdown(descriptor, Int32(SHUT_RDWR))
        }
    }

    /// On a thread of its own, until `stop()`.
    private func accept(_ listener: Int32) {
        while true {
            let taken = linux_accept(listener, nil, nil)
            if taken >= 0 {
                if let connection = LocalConnection(taken) { continuation.yield(connection) }
                continue
            }
            switch linux_errno() {
            case EINTR, ECONNABORTED, EAGAIN: continue
            case EMFILE, ENFILE, ENOMEM, ENOBUFS: usleep(Limits.localPauseMicroseconds)
            default:
                descriptor.withLock { descriptor in
                    close(listener)
                    descriptor = -1
                }
                continuation.finish()
                return
            }
        }
    }
}
