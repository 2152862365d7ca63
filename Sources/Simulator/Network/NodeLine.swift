import Chains
import HTTP
import Platform

/// The line to one simulated node: what gets through, and in which shape.
final class NodeLine: Sender {
    /// What goes wrong while the line is in this state. Chosen for a whole look at the node, so that the
    /// order in which calls go out changes nothing.
    enum Trouble: Hashable, Sendable {
        case none
        case unreachable
        /// Calls of this method fail.
        case failing(String)
        /// The answer to this method is cut off after so many thousandths.
        case cut(String, permille: Int)
        /// One byte of the answer to this method is another one.
        case flipped(String, permille: Int)
        /// It is starting, and says so.
        case warmingUp
        /// It does not take our password.
        case unauthorized
        /// Its work queue is full (HTTP 503).
        case busy
    }

    private struct State: Sendable {
        var node: SimulatedNode
        var trouble = Trouble.none
        var calls = 0
        var hold = Hold.none
        var namesOther = false
    }

    /// Whether the next call of a method waits, so that who asked stands still in the middle of a look.
    private enum Hold {
        case none
        case next(String)
        case held(CheckedContinuation<Void, Never>)
    }

    private let state: Lock<State>

    init(_ node: SimulatedNode) { state = Lock(State(node: node)) }

    /// How often the node was asked.
    var calls: Int { state.withLock { $0.calls } }

    func set(_ trouble: Trouble) { state.withLock { $0.trouble = trouble } }

    /// Whether the node's last word on its best block was made to name another one. It is asked for after the
    /// pool: then what is not in the pool may have been mined, and is not gone.
    var hasNamedAnotherBlock: Bool { state.withLock { $0.namesOther } }

    func update(_ body: (inout SimulatedNode) -> Void) {
        state.withLock { state in body(&state.node) }
    }

    var node: SimulatedNode { state.withLock { $0.node } }

    /// Lets the next call of `method` wait for `release`.
    func hold(_ method: String) { state.withLock { $0.hold = .next(method) } }

    /// The node as who asks has found it, for a look that goes on while the world does; nil for all others.
    @TaskLocal static var remembered: SimulatedNode?

    /// Whether a call waits.
    var isHolding: Bool {
        state.withLock { if case .held = $0.hold { true } else { false } }
    }

    /// Lets what waits go on, and nothing wait any more.
    func release() {
        let held = state.withLock { state in
            defer { state.hold = .none }
            return state.hold
        }
        if case .held(let continuation) = held { continuation.resume() }
    }

    private func waitIfHeld(_ method: String) async {
        await withCheckedContinuation { continuation in
            let waits = state.withLock { state in
                guard case .next(method) = state.hold else { return false }
                state.hold = .held(continuation)
                return true
            }
            if !waits { continuation.resume() }
        }
    }

    func close() {}

    func send(_ request: ClientRequest) async throws(ClientError) -> ClientResponse {
        let method = Self.method(request.body)
        let (node, trouble) = state.withLock { state in
            state.calls += 1
            if method == "getbestblockhash" { state.namesOther = false }
            return (Self.remembered ?? state.node, state.trouble)
        }
        await waitIfHeld(method)
        switch trouble {
        case .unreachable: throw ClientError(.connectFailed, mayHaveReachedPeer: false)
        case .failing(method): throw ClientError(.connectionLost, mayHaveReachedPeer: true)
        case .warmingUp:
            let words = #"{"result":null,"error":{"code":-28,"message":"Loading block index…"},"id":0}"#
            return Self.response(500, Array(words.utf8))
        case .unauthorized: return Self.response(401, [])
        case .busy: return Self.response(503, Array("Work queue depth exceeded".utf8))
        case .cut(method, let permille):
            let whole = node.answer(request.body)
            return Self.response(200, Array(whole.prefix(whole.count * permille / 1_000)))
        case .flipped(method, let permille):
            var whole = node.answer(request.body)
            let place = min(whole.count * permille / 1_000, whole.count - 1)
            whole[place] ^= 1
            if method == "getbestblockhash" {
                let best = node.chain.best.displayText
                let isSame = String(decoding: whole, as: UTF8.self).contains(best)
                state.withLock { $0.namesOther = !isSame }
            }
            return Self.response(200, whole)
        case .none, .failing, .cut, .flipped: return Self.response(200, node.answer(request.body))
        }
    }

    /// The method of the first call in a body.
    private static func method(_ body: [UInt8]) -> String {
        let mark = Array(#""method":""#.utf8)
        let head = body.prefix(120)
        guard let start = head.indices.first(where: { head[$0...].starts(with: mark) }) else { return "" }
        let name = body[(start + mark.count)...].prefix { $0 != UInt8(ascii: "\"") }
        return String(decoding: name, as: UTF8.self)
    }

    private static func response(_ code: Int, _ body: [UInt8]) -> ClientResponse {
        ClientResponse(status: Status(code), headers: [:], body: body, isTruncated: false)
    }
}
