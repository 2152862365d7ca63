import CLinux
import Platform

/// Bytes to a server of this machine and back, exactly as they are.
package enum RawSocket {
    /// Sends `text` to a port of the loopback interface and gives what comes until the other side ends. A
    /// receive waits at most a minute: only a broken server takes that long.
    package static func exchange(port: Int, _ text: String) async throws -> String {
        try await exchange(port: port, bytes: Array(text.utf8))
    }

    /// The same with bytes that need be no text.
    package static func exchange(port: Int, bytes: [UInt8]) async throws -> String {
        try await Worker(threads: 1).run { try converse(port, bytes) }
    }

    /// The same, on this thread.
    package static func converse(_ port: Int, _ bytes: [UInt8]) throws -> String {
        let connection = try RawClientConnection(port: port)
        try connection.send(bytes)
        return try connection.receive()
    }
}

/// A connection to a port of this machine, with bytes sent and received as a test says. It blocks: not for the threads
/// of async code.
package final class RawClientConnection: Sendable {
    private let descriptor: Int32

    /// Throws `TestKitError` where nobody listens.
    package init(port: Int) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw TestKitError("no socket") }
        self.descriptor = descriptor
        // Only a broken server takes that long.
        var timeout = timeval(tv_sec: 60, tv_usec: 0)
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(port).bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw TestKitError("nobody listens on \(port)") }
    }

    deinit { close(descriptor) }

    /// Throws `TestKitError` where not all of them are taken.
    package func send(_ bytes: [UInt8]) throws {
        let sent = unsafe bytes.withUnsafeBytes {
            unsafe CLinux.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard sent == bytes.count else { throw TestKitError("only \(sent) bytes were taken") }
    }

    /// What comes until it ends with `end`, or until the other side does.
    package func receive(until end: String? = nil) throws -> String {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 { answer += buffer[..<count] }
            let text = String(decoding: answer, as: UTF8.self)
            if count <= 0 || end.map({ text.hasSuffix($0) }) ?? false { return text }
        }
    }
}
