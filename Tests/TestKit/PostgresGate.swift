import CLinux
import Platform

/// A socket before a PostgreSQL server of one's own, which counts what is asked, and at some of it ends the server,
/// a backend or the connection. What has been asked by then, and what was answered, is certain: no chance in it.
package final class PostgresGate: Sendable {
    /// What happens at a request.
    package enum Fault: Hashable, Sendable, CaseIterable {
        /// The server is stopped as with `pg_ctl stop -m immediate`, and starts again.
        case stop
        /// The backend of the connection is killed; the server ends all others too, and recovers.
        case kill
        /// The connection is cut. The server goes on.
        case cut
    }

    /// Whether it happens before the server hears of the request, or once it has answered and nobody heard it.
    package enum Moment: Hashable, Sendable, CaseIterable {
        case before, after
    }

    private struct State: Sendable {
        var requests = 0
        var plan: [Int: (fault: Fault, moment: Moment)] = [:]
        var happened = 0
        var problem: String?
    }

    private let server: TestPostgres
    private let folder: TemporaryFolder
    private let listener: Int32
    private let state = Lock(State())

    /// Throws `TestKitError` when no socket can be made.
    package init(before server: TestPostgres) throws {
        self.server = server
        folder = try TemporaryFolder()
        listener = linux_local_socket(1)
        guard listener >= 0, unsafe Self.named(folder.path, { unsafe bind(listener, $0, $1) }) == 0,
            listen(listener, 64) == 0
        else { throw TestKitError("no socket for the gate") }
        Thread.start { [weak self, listener] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self else { return }
                Thread.start { self.serve(client) }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// A connection URI of the server behind the gate.
    package var uri: String { "postgresql://tester@/postgres?host=" + folder.path.replacing("/", with: "%2F") }

    /// How much was asked so far. The greeting of a connection does not count.
    package var requests: Int { state.withLock { $0.requests } }

    /// How many of the planned faults have happened.
    package var happened: Int { state.withLock { $0.happened } }

    /// What has gone wrong with the gate itself.
    package var problem: String? { state.withLock { $0.problem } }

    /// Has a fault happen at the request of that number, counted from now on.
    package func plan(_ fault: Fault, _ moment: Moment, at request: Int) {
        state.withLock { $0.plan[$0.requests + request] = (fault, moment) }
    }

    /// Forgets what was planned and did not happen.
    package func forgive() { state.withLock { $0.plan = [:] } }

    // MARK: One connection

    private func serve(_ client: Int32) {
        defer { close(client) }
        guard let (backend, number) = greet(client) else { return }
        defer { close(backend) }
        while true {
            var both = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: backend, events: Int16(POLLIN), revents: 0),
            ]
            guard unsafe poll(&both, 2, -1) > 0 || linux_errno() == EINTR else { return }
            if both[1].revents != 0 {
                guard let bytes = Self.receive(backend), Self.send(bytes, to: client) else { return }
            } else if both[0].revents != 0 {
                guard let bytes = Self.receive(client), pass(bytes, to: backend, of: number) else { return }
            }
        }
    }

    /// Gives the server a request, and does what is planned for it. False where the connection has ended.
    private func pass(_ bytes: [UInt8], to backend: Int32, of number: Int32) -> Bool {
        let planned = state.withLock { state in
            defer { state.requests += 1 }
            return state.plan.removeValue(forKey: state.requests)
        }
        guard let planned else { return Self.send(bytes, to: backend) }
        if planned.moment == .after {
            // Once the server has begun to answer, what was asked is done.
            guard Self.send(bytes, to: backend), Self.receive(backend) != nil else { return false }
        }
        state.withLock { $0.happened += 1 }
        switch planned.fault {
        case .cut: return false
        case .stop: if !server.stop() { note("the server was not there") }
        case .kill: if number <= 1 || CLinux.kill(number, SIGKILL) != 0 { note("the backend was not there") }
        }
        // To the end of the connection, so that whoever comes next meets the server after it.
        while Self.receive(backend) != nil {}
        return false
    }

    private func note(_ problem: String) { state.withLock { $0.problem = problem } }

    /// Takes a client to the server as soon as that is ready. Gives the connection, and the backend's number.
    private func greet(_ client: Int32) -> (Int32, Int32)? {
        guard let greeting = Self.receive(client) else { return nil }
        // Three minutes: a busy machine takes its time to recover.
        for _ in 0..<9_000 {
            let backend = linux_local_socket(1)
            if unsafe Self.named(server.place, { unsafe connect(backend, $0, $1) }) == 0,
                Self.send(greeting, to: backend), let (answer, number) = Self.welcome(backend)
            {
                if Self.send(answer, to: client) { return (backend, number) }
                close(backend)
                return nil
            }
            close(backend)
            usleep(20_000)
        }
        note("the server did not come back")
        return nil
    }

    /// All that the server says up to `ReadyForQuery`; nil where it is not ready for anybody yet.
    private static func welcome(_ backend: Int32) -> (answer: [UInt8], number: Int32)? {
        var answer: [UInt8] = []
        var number: Int32 = 0
        var place = 0
        while true {
            while answer.count >= place + 5 {
                let length = Int(word(answer, at: place + 1))
                guard answer.count > place + length else { break }
                switch answer[place] {
                case UInt8(ascii: "E"): return nil
                case UInt8(ascii: "K"): number = word(answer, at: place + 5)
                case UInt8(ascii: "Z"): return (answer, number)
                default: break
                }
                place += 1 + length
            }
            guard let more = receive(backend) else { return nil }
            answer += more
        }
    }

    private static func word(_ bytes: [UInt8], at place: Int) -> Int32 {
        Int32(bitPattern: bytes[place..<place + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }

    // MARK: The sockets

    private static func receive(_ descriptor: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 { return Array(buffer[..<count]) }
            guard count < 0, linux_errno() == EINTR else { return nil }
        }
    }

    private static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let place = unsafe buffer.baseAddress.map { unsafe $0 + sent }
                return unsafe CLinux.send(descriptor, place, buffer.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count > 0 { sent += count } else if linux_errno() != EINTR { return false }
        }
        return true
    }

    /// The name of a server's socket in a folder. A folder of tests is short enough for it.
    private static func named(
        _ folder: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array((folder + "/.s.PGSQL.5432").utf8)
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return -1 }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
