import CLinux
import Glibc
import Platform

/// A server made of bare sockets, one thread a connection, so that tests can answer in every wrong way.
@safe package final class RawServer: Sendable {
    /// Where it listens on 127.0.0.1.
    package let port: UInt16
    private let listener: Int32
    private let handler: @Sendable (RawConnection) -> Void
    private let state = Lock(State())
    private let (closed, closing) = AsyncStream.makeStream(of: Never.self)

    private struct State {
        var accepted = 0
        var isStopped = false
        var open: Set<Int32> = []
    }

    /// Listens on a free port of 127.0.0.1; `handler` runs on the connection's own thread and may block.
    package init(_ handler: @escaping @Sendable (RawConnection) -> Void) throws {
        self.handler = handler
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(listener, address, length) == 0 && listen(listener, 1_024) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isListening else { throw Failure.listen(linux_errno()) }
        port = UInt16(bigEndian: address.sin_port)
        Thread.start { [self] in acceptAll() }
    }

    /// Nothing can be listened on, for the system's reason.
    package enum Failure: Error { case listen(Int32) }

    /// How many connections have come in.
    package var accepted: Int { state.withLock { $0.accepted } }

    /// Ends the listener and every open connection. Descriptors are only touched under the lock: one that was
    /// closed a moment ago may be another test's by now.
    package func stop() {
        state.withLock { state in
            state.isStopped = true
            _ = shutdown(listener, Int32(SHUT_RDWR))
            for descriptor in state.open { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Returns when nothing listens on the port any more.
    package func waitUntilClosed() async { for await _ in closed {} }

    private func acceptAll() {
        while true {
            let descriptor = accept(listener, nil, nil)
            let isStopped = state.withLock { state in
                guard descriptor >= 0 else { return state.isStopped }
                state.accepted += 1
                state.open.insert(descriptor)
                if state.isStopped { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
                return false
            }
            if isStopped { break }
            guard descriptor >= 0 else { continue }
            Thread.start { [self] in
                handler(RawConnection(descriptor: descriptor))
                state.withLock { state in
                    _ = state.open.remove(descriptor)
                    _ = CLinux.close(descriptor)
                }
            }
        }
        state.withLock { _ in _ = CLinux.close(listener) }
        closing.finish()
    }
}

/// The server's end of one connection. All calls block.
package struct RawConnection: Sendable {
    let descriptor: Int32

    /// The next request, head and body (by `Content-Length`); nil when the peer has gone.
    package func readRequest() -> String? {
        var bytes: [UInt8] = []
        var wanted = Int.max
        while bytes.count < wanted {
            guard let piece = readSome() else { return nil }
            bytes += piece
            let text = String(decoding: bytes, as: UTF8.self)
            guard wanted == .max, let end = text.range(of: "\r\n\r\n") else { continue }
            wanted = text.utf8.distance(from: text.startIndex, to: end)
            for line in text.split(separator: "\r\n") where line.lowercased().hasPrefix("content-length:") {
                wanted += Int(line.dropFirst(15).filter(\.isNumber)) ?? 0
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func readSome() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    /// False when the peer has gone.
    @discardableResult
    package func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// The same of bytes.
    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// A whole answer with a length.
    package func answer(_ status: String = "200 OK", fields: String = "", body: String = "") {
        write("HTTP/1.1 \(status)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Blocks until the peer closes.
    package func waitForClose() { while readSome() != nil {} }

    /// Makes the close that follows a reset.
    package func armReset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Blocks the thread without looking at the peer.
    package func pause(milliseconds: Int) { usleep(UInt32(milliseconds) * 1_000) }
}

extension String {
    /// The end of the first occurrence, found without Foundation.
    fileprivate func range(of pattern: String) -> String.Index? {
        let bytes = Array(utf8)
        let wanted = Array(pattern.utf8)
        guard bytes.count >= wanted.count else { return nil }
        for start in 0...(bytes.count - wanted.count) where bytes[start..<start + wanted.count].elementsEqual(wanted) {
            return utf8.index(utf8.startIndex, offsetBy: start + wanted.count)
        }
        return nil
    }
}
