internal import CLinux

/// The socket calls of the server, with their errors named.
enum Socket {
    /// Opens as many listening sockets on one port as there are loops; the kernel spreads connections over
    /// them.
    ///
    /// - Parameter port: 0 for a free one.
    /// - Returns: the descriptors, which the caller closes, and the port.
    static func listen(address text: String, port: Int, count: Int) throws(ServerError) -> ([Int32], Int) {
        guard let address = IPAddress(text) else { throw .malformedAddress(text) }
        guard var port = UInt16(exactly: port) else { throw .malformedPort(port) }
        var descriptors: [Int32] = []
        do throws(ServerError) {
            for index in 0..<count {
                // The first binds alone, so that a second server on the port is refused rather than let in
                // beside us, and shares from then on.
                let descriptor = try bound(address, text, port, sharing: index > 0)
                descriptors.append(descriptor)
                port = try localPort(descriptor)
                if count > 1, index == 0 { try set(descriptor, SOL_SOCKET, SO_REUSEPORT) }
            }
            for descriptor in descriptors {
                guard CLinux.listen(descriptor, Limits.acceptQueue) == 0 else {
                    throw failure("listen", text, port)
                }
            }
        } catch {
            for descriptor in descriptors { _ = close(descriptor) }
            throw error
        }
        return (descriptors, Int(port))
    }

    /// The next waiting connection: non-blocking, closed on exec, small writes not delayed.
    static func accept(_ listener: Int32) -> (descriptor: Int32, address: IPAddress)? {
        var six = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let (descriptor, address) = unsafe withUnsafeMutablePointer(to: &six) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                let descriptor = unsafe linux_accept(listener, generic, &length)
                return (descriptor, unsafe IPAddress(generic)?.unmapped)
            }
        }
        guard descriptor >= 0, let address else { return nil }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
        return (descriptor, address)
    }

    /// Lets this process open `wanted` descriptors, as far as its hard limit goes.
    static func allowDescriptors(_ wanted: Int) {
        var limit = rlimit()
        guard unsafe linux_get_descriptor_limit(&limit) == 0, limit.rlim_cur < rlim_t(wanted) else { return }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(wanted))
        unsafe linux_set_descriptor_limit(&limit)
    }

    private static func bound(
        _ address: IPAddress, _ text: String, _ port: UInt16, sharing: Bool
    ) throws(ServerError) -> Int32 {
        let family = switch address {
        case .v4: AF_INET
        case .v6: AF_INET6
        }
        let descriptor = socket(family, linux_listener_type(), 0)
        guard descriptor >= 0 else { throw failure("socket", text, port) }
        do throws(ServerError) {
            try set(descriptor, SOL_SOCKET, SO_REUSEADDR)
            if sharing { try set(descriptor, SOL_SOCKET, SO_REUSEPORT) }
            guard bind(descriptor, address, port) == 0 else { throw failure("bind", text, port) }
        } catch {
            _ = close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func bind(_ descriptor: Int32, _ address: IPAddress, _ port: UInt16) -> Int32 {
        switch address {
        case .v4(let number):
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = number.bigEndian
            return unsafe withUnsafePointer(to: &name) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe CLinux.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .v6(let number):
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = port.bigEndian
            unsafe withUnsafeMutableBytes(of: &name.sin6_addr) { target in
                unsafe withUnsafeBytes(of: number.bigEndian) { unsafe target.copyMemory(from: $0) }
            }
            return unsafe withUnsafePointer(to: &name) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe CLinux.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
    }

    private static func localPort(_ descriptor: Int32) throws(ServerError) -> UInt16 {
        var name = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        guard result == 0 else { throw .system(call: "getsockname", error: linux_errno()) }
        // The port lies at the same place in both families.
        return UInt16(bigEndian: name.sin6_port)
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32) throws(ServerError) {
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe setsockopt(descriptor, level, option, &on, size) == 0 else {
            throw .system(call: "setsockopt", error: linux_errno())
        }
    }

    private static func failure(_ call: String, _ address: String, _ port: UInt16) -> ServerError {
        switch linux_errno() {
        case EADDRINUSE: .addressInUse(address: address, port: Int(port))
        case EADDRNOTAVAIL: .addressNotAvailable(address: address)
        case EACCES: .notPermitted(port: Int(port))
        case let error: .system(call: call, error: error)
        }
    }
}
