internal import CLinux

/// Why a conversation over a local socket has failed.
package enum LocalSocketError: Error, Hashable, Sendable {
    /// The other end closed before a message was whole.
    case ended
    /// The other end took too long.
    case tooSlow
    /// A message is longer than allowed.
    case tooLarge
    /// What the system said: the call and its error number.
    case system(call: String, number: Int32)
}

/// A conversation with another process of this machine over a Unix socket: messages of bytes, each with its
/// length before it (four bytes, the highest first).
///
/// The calls block up to the time they are given, so they belong to a thread of one's own or a `Worker`.
package final class LocalConnection: Sendable {
    private let descriptor: Int32
    /// The user that the other process runs as, as the kernel says (`SO_PEERCRED`).
    package let peerUser: UInt32

    /// Takes over a connected, non-blocking descriptor. Nil when the kernel does not say who is there.
    init?(_ descriptor: Int32) {
        var peer = linux_peer()
        guard unsafe linux_get_peer(descriptor, &peer) == 0 else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
        peerUser = peer.user
    }

    deinit { close(descriptor) }

    /// The user that this process runs as.
    package static var ownUser: UInt32 { geteuid() }

    /// Connects to the socket `name` in a folder, whose path may have any length. Throws `FileError`, with
    /// `hasNoListener` when nobody listens there any more.
    package static func connect(folder: String, name: String) throws(FileError) -> LocalConnection {
        let place = try LocalPlace.open(folder: folder, name: name)
        let descriptor = linux_local_socket(0)
        guard descriptor >= 0 else { throw .last("make", "a socket") }
        guard unsafe place.name({ unsafe CLinux.connect(descriptor, $0, $1) }) == 0 else {
            let error = FileError.last("connect to", folder + "/" + name)
            close(descriptor)
            throw error
        }
        guard let connection = LocalConnection(descriptor) else {
            throw .last("look at", folder + "/" + name)
        }
        return connection
    }

    /// The next message. Throws `LocalSocketError`.
    package func receive(maxBytes: Int, withinMilliseconds wait: Int64) throws(LocalSocketError) -> [UInt8] {
        let deadline = SystemClock().uptime + wait
        let head = try receive(exactly: 4, by: deadline)
        let length = head.reduce(0) { $0 << 8 | Int($1) }
        guard length <= maxBytes else { throw .tooLarge }
        return try receive(exactly: length, by: deadline)
    }

    /// Sends a message. Throws `LocalSocketError`.
    package func send(_ message: [UInt8], withinMilliseconds wait: Int64) throws(LocalSocketError) {
        guard let length = UInt32(exactly: message.count) else { throw .tooLarge }
        let deadline = SystemClock().uptime + wait
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + message
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let place = unsafe buffer.baseAddress.map { unsafe $0 + sent }
                return unsafe CLinux.send(descriptor, place, buffer.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count > 0 { sent += count } else { try waitFor(POLLOUT, "send", by: deadline) }
        }
    }

    private func receive(exactly length: Int, by deadline: Int64) throws(LocalSocketError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < length {
            var chunk = [UInt8](repeating: 0, count: min(length - bytes.count, Limits.fileChunkBytes))
            let count = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
            }
            if count > 0 {
                bytes.append(contentsOf: chunk[..<count])
            } else if count == 0 {
                throw .ended
            } else {
                try waitFor(POLLIN, "receive", by: deadline)
            }
        }
        return bytes
    }

    /// After a call that failed: waits until it is worth another try. Throws its reason when that is no
    /// wait.
    private func waitFor(_ event: Int32, _ call: String, by deadline: Int64) throws(LocalSocketError) {
        let number = linux_errno()
        switch number {
        case EINTR: return
        case EAGAIN: break
        case ECONNRESET, EPIPE: throw .ended
        default: throw .system(call: call, number: number)
        }
        let left = deadline - SystemClock().uptime
        guard left > 0 else { throw .tooSlow }
        var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        _ = unsafe poll(&entry, 1, Int32(clamping: left))
    }
}

extension FileError {
    /// Whether a socket is there and nobody listens at it: its process has ended.
    package var hasNoListener: Bool { operation == "connect to" && number == ECONNREFUSED }
}

/// A socket's place in a folder. A socket's name may have 107 bytes, a path more: so the folder is named by a
/// descriptor of ours.
struct LocalPlace: ~Copyable {
    private let folder: File
    private let path: [UInt8]

    private init(_ folder: consuming File, _ path: [UInt8]) {
        self.folder = folder
        self.path = path
    }

    /// Opens the folder. Throws `FileError`.
    static func open(folder: String, name: String) throws(FileError) -> LocalPlace {
        let file = try File.open(folder, O_RDONLY | O_DIRECTORY)
        let path = Array("/proc/self/fd/\(file.descriptor)/\(name)".utf8)
        guard path.count < maxBytes, !path.contains(0) else {
            throw FileError(operation: "name", path: name, number: ENAMETOOLONG)
        }
        return LocalPlace(file, path)
    }

    private static var maxBytes: Int { MemoryLayout.size(ofValue: sockaddr_un().sun_path) }

    /// Calls `body` with the address.
    func name(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
