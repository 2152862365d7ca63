import HTTP
import JSON
import Platform
import TestKit

/// Stands before a real node, hands on what it is asked, and bends what comes back: the answers are a real
/// node's, and wrong in one place.
final class BentNode: Sendable {
    /// What is written in place of the node's answer.
    struct Answer: Sendable {
        var status: String
        var body: [UInt8]
        /// What is announced; nil for what is there.
        var length: String?
        var ending = Ending.kept
    }

    /// How an answer ends.
    enum Ending: Sendable {
        /// The connection waits for the next question.
        case kept
        case closed
        case reset
        /// The last byte is said again for as long as anybody listens; nothing is announced.
        case never
    }

    /// Changes the answer to requests in which `method` is called.
    struct Bend: Sendable {
        let method: String
        let change: @Sendable (inout Answer) -> Void
    }

    let url: HTTP.URL
    private let server: RawServer
    private let bend: Lock<Bend?>
    private let asked: Lock<(now: [String: Int], ever: Set<String>)>

    init(before node: RealNode) throws {
        let bend = Lock<Bend?>(nil)
        let port = Int(node.url.port)
        let asked = Lock<(now: [String: Int], ever: Set<String>)>(([:], []))
        (self.bend, self.asked) = (bend, asked)
        server = try RawServer { connection in
            while let request = connection.readRequest() {
                let methods = Self.methods(request)
                asked.withLock { asked in
                    for method in methods { asked.now[method, default: 0] += 1 }
                    asked.ever.formUnion(methods)
                }
                guard var answer = try? Self.ask(port, request) else { return }
                if let bend = bend.withLock({ $0 }), methods.contains(bend.method) {
                    bend.change(&answer)
                }
                guard Self.write(answer, to: connection) else { return }
            }
        }
        url = try HTTP.URL(parsing: "http://127.0.0.1:\(server.port)")
    }

    /// From now on; nil for the node as it is.
    func bend(_ bend: Bend?) { self.bend.withLock { $0 = bend } }

    /// How often each method was called since the last `forget`.
    var methods: [String: Int] { asked.withLock { $0.now } }

    /// What was ever called.
    var everAsked: Set<String> { asked.withLock { $0.ever } }

    func forget() { asked.withLock { $0.now = [:] } }

    func close() async {
        server.stop()
        await server.waitUntilClosed()
    }

    private static func methods(_ request: String) -> [String] {
        guard let body = parts(request)?.body, let document = try? JSON.parse(Array(body.utf8)) else { return [] }
        return (document.asArray ?? [document]).compactMap { $0["method"]?.asString }
    }

    /// Asks the real node the same, on a connection of its own. Blocks.
    private static func ask(_ port: Int, _ request: String) throws -> Answer {
        guard let (head, body) = parts(request) else { throw TestKitError("no request") }
        let kept = head.split(separator: "\r\n").filter { !$0.lowercased().hasPrefix("connection:") }
        let text = (kept + ["Connection: close"]).joined(separator: "\r\n") + "\r\n\r\n" + body
        guard let answer = parts(try RawSocket.converse(port, Array(text.utf8))),
            let status = answer.head.split(separator: "\r\n").first?.split(separator: " ", maxSplits: 1).last
        else { throw TestKitError("no answer") }
        return Answer(status: String(status), body: Array(answer.body.utf8))
    }

    private static func parts(_ message: String) -> (head: Substring, body: Substring)? {
        guard let end = message.firstRange(of: "\r\n\r\n") else { return nil }
        return (message[..<end.lowerBound], message[end.upperBound...])
    }

    /// False when the connection is at its end.
    private static func write(_ answer: Answer, to connection: RawConnection) -> Bool {
        var head = "HTTP/1.1 \(answer.status)\r\nContent-Type: application/json\r\n"
        switch answer.ending {
        case .kept, .closed, .reset: head += "Content-Length: \(answer.length ?? String(answer.body.count))\r\n"
        case .never: head += "Connection: close\r\n"
        }
        guard connection.write(head + "\r\n"), connection.write(answer.body) else { return false }
        switch answer.ending {
        case .kept: return true
        case .closed: return false
        case .reset:
            connection.armReset()
            return false
        case .never:
            let more = [UInt8](repeating: answer.body.last ?? 0x20, count: 1 << 20)
            while connection.write(more) {}
            return false
        }
    }
}

extension BentNode.Answer {
    /// The body as text.
    var text: String {
        get { String(decoding: body, as: UTF8.self) }
        set { body = Array(newValue.utf8) }
    }

    /// The bytes of the hexadecimal text that a single call answers with.
    var block: [UInt8] {
        get { place.flatMap { Hex.decode(utf8: body[$0]) } ?? [] }
        set { digits = Hex.encode(newValue) }
    }

    /// That text.
    var digits: String {
        get { place.map { String(decoding: body[$0], as: UTF8.self) } ?? "" }
        set {
            if let place { body.replaceSubrange(place, with: Array(newValue.utf8)) }
        }
    }

    private var place: Range<Int>? {
        let quotes = body.indices.filter { body[$0] == UInt8(ascii: "\"") }
        // "result":"…"
        guard quotes.count > 3 else { return nil }
        guard let name = quotes.indices.first(where: { $0 + 3 < quotes.count && isResult(quotes[$0]) })
        else { return nil }
        return quotes[name + 2] + 1..<quotes[name + 3]
    }

    private func isResult(_ start: Int) -> Bool { body[start...].starts(with: Array(#""result":""#.utf8)) }
}
