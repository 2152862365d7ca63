import CLinux

/// One blocking connection to a local server, as thin as a client can be: the server is what is measured.
@safe final class Wire {
    private let socket: Int32
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    struct Broken: Error {}

    init(port: Int) throws {
        socket = CLinux.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(clamping: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failure = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(socket, $0, size)
            }
        }
        guard failure == 0 else {
            close(socket)
            throw Broken()
        }
        var one: Int32 = 1
        unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    }

    deinit { close(socket) }

    /// Sends a request and reads its answer to the end. Gives the status, and the body where it is wanted.
    func exchange(_ request: [UInt8], keepsBody: Bool = false) throws -> (status: Int, body: [UInt8]) {
        var sent = 0
        while sent < request.count {
            let count = unsafe request.withUnsafeBytes {
                unsafe write(socket, $0.baseAddress?.advanced(by: sent), $0.count - sent)
            }
            guard count > 0 else { throw Broken() }
            sent += count
        }
        var have = 0
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe read(socket, $0.baseAddress?.advanced(by: have), $0.count - have)
            }
            guard count > 0 else { throw Broken() }
            have += count
            guard let head = Self.headEnd(buffer.span, have) else { continue }
            let length = Self.contentLength(buffer.span, head)
            guard have >= head + length else { continue }
            let status = buffer[9..<12].reduce(0) { $0 * 10 + Int($1 &- 48) }
            return (status, keepsBody ? Array(buffer[head..<head + length]) : [])
        }
    }

    private static func headEnd(_ bytes: Span<UInt8>, _ count: Int) -> Int? {
        var index = 3
        while index < count {
            if bytes[index] == 10, bytes[index - 1] == 13, bytes[index - 2] == 10 { return index + 1 }
            index += 1
        }
        return nil
    }

    private static let name = Array("content-length:".utf8)

    private static func contentLength(_ bytes: Span<UInt8>, _ head: Int) -> Int {
        var start = 0
        for index in 0..<head where bytes[index] == 10 {
            let line = start
            start = index + 1
            guard index - line > name.count else { continue }
            var matches = true
            for offset in 0..<name.count where bytes[line + offset] | 0x20 != name[offset] | 0x20 {
                matches = false
                break
            }
            guard matches else { continue }
            var length = 0
            for place in (line + name.count)..<index where (48...57).contains(bytes[place]) {
                length = length * 10 + Int(bytes[place] - 48)
            }
            return length
        }
        return 0
    }
}
