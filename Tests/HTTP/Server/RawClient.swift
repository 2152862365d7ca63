import CLinux
import Glibc
import Platform

@testable import HTTP

/// A client that sends exactly the bytes it is told to, on a blocking socket and a thread of its own.
struct RawClient {
    /// One answer as it came.
    struct Answer: Equatable {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// What a conversation brought.
    struct Outcome {
        var bytes: [UInt8] = []
        /// Whether the server ended it, and whether it did so by a reset.
        var isClosed = false
        var isReset = false

        var answers: [Answer] { RawClient.parse(bytes) }
        var statuses: [Int] { answers.map(\.status) }
    }

    let descriptor: Int32

    /// Connects to the loopback interface. A receive waits at most a minute: only a broken server takes that long.
    init(port: Int, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw ServerError.system(call: "socket", error: linux_errno()) }
        var timeout = timeval(tv_sec: 60, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        if var size = receiveBuffer {
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(port).bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let error = linux_errno()
            _ = CLinux.close(descriptor)
            throw ServerError.system(call: "connect", error: error)
        }
    }

    func close() { _ = CLinux.close(descriptor) }

    func endSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Makes closing send a reset instead of an end.
    func closeWithReset() {
        var linger = CLinux.linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<CLinux.linger>.size))
        close()
    }

    /// Sends all of it, as long as the server takes it.
    @discardableResult
    func send(_ bytes: some Sequence<UInt8>) -> Bool {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe CLinux.send(
                    descriptor, buffer.baseAddress.map { unsafe $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// What comes next; empty at the end, nil after a reset or the time limit.
    func receiveOnce(atMost count: Int = 65_536) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        let received = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        return received >= 0 ? Array(buffer[..<received]) : nil
    }

    /// Receives until `isEnough` or until the server ends the connection.
    func receive(until isEnough: ([UInt8]) -> Bool = { _ in false }) -> Outcome {
        var outcome = Outcome()
        while !isEnough(outcome.bytes) {
            guard let bytes = receiveOnce() else {
                outcome.isReset = linux_errno() == ECONNRESET
                outcome.isClosed = outcome.isReset
                return outcome
            }
            if bytes.isEmpty {
                outcome.isClosed = true
                return outcome
            }
            outcome.bytes += bytes
        }
        return outcome
    }

    /// Receives until `count` final answers are complete.
    func receive(answers count: Int) -> Outcome {
        receive { bytes in RawClient.parse(bytes).count { $0.status >= 200 } >= count }
    }

    /// Runs blocking work away from the threads that run Swift's tasks.
    static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.start { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    /// The complete answers in `bytes`.
    static func parse(_ bytes: [UInt8], isHead: Bool = false) -> [Answer] {
        var answers: [Answer] = []
        var rest = bytes[...]
        while let end = rest.indexOfBlankLine {
            let lines = String(decoding: rest[..<end], as: UTF8.self).split(separator: "\r\n")
            guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3))
            else { return answers + [Answer(status: -1, headers: [:], body: Array(rest))] }
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                guard let colon = line.firstIndex(of: ":") else { continue }
                headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].dropFirst())
            }
            let length = isHead ? 0 : headers["content-length"].flatMap { Int($0) } ?? 0
            guard rest.endIndex - (end + 4) >= length else { return answers }
            answers.append(Answer(status: status, headers: headers, body: Array(rest[(end + 4)...].prefix(length))))
            rest = rest[(end + 4)...].dropFirst(length)
        }
        return answers
    }
}

extension ArraySlice<UInt8> {
    /// Where CR LF CR LF begins.
    fileprivate var indexOfBlankLine: Int? {
        guard count >= 4 else { return nil }
        return (startIndex...(endIndex - 4)).first { self[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10]) }
    }
}
