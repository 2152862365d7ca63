package import HTTP
package import JSON
internal import Platform

/// Speaks JSON-RPC to one node of Bitcoin's kind, over kept connections.
///
/// Answers are read strictly: the envelope, the id, and nothing after it. Neither errors nor logs ever hold
/// credentials.
package final class NodeRPC: Sendable {
    /// One call: a method and its positional parameters.
    package typealias Call = JSONRPC.Call

    private let client: any Sender
    private let url: URL
    private let credentials: NodeCredentials
    /// The last `Authorization` field: a cookie is read again when it is refused.
    private let authorization = Lock<String?>(nil)

    /// A node at `url`, whose path may name a wallet (`/wallet/…`), asked through `sender`; by default over
    /// connections of its own.
    package init(_ url: URL, _ credentials: NodeCredentials, through sender: (any Sender)? = nil) {
        client = sender ?? Self.client()
        (self.url, self.credentials) = (url, credentials)
    }

    private static func client() -> Client {
        var limits = ClientLimits()
        limits.transfersPerOrigin = UTXOLimits.requests
        limits.transfers = UTXOLimits.requests
        return Client(.trusted, limits: limits)
    }

    /// The result of one call; `null` is one too.
    package func call(
        _ method: String, _ parameters: JSON..., isLarge: Bool = false
    ) async throws(NodeFailure) -> JSON {
        let body = JSONRPC.body(Call(method, parameters), id: 0, .first)
        let answer = try await send(body, isLarge: isLarge)
        return try answer.result(id: 0, upTo: UTXOLimits.answerBytes)
    }

    /// The result of a call that answers with hexadecimal text, as bytes. The text itself is never made a
    /// `String`: a block is megabytes.
    package func bytes(_ method: String, _ parameters: JSON...) async throws(NodeFailure) -> [UInt8] {
        let body = JSONRPC.body(Call(method, parameters), id: 0, .first)
        var answer = try await send(body, isLarge: true)
        guard let place = Self.hexadecimalResult(in: answer.body) else {
            _ = try answer.result(id: 0, upTo: UTXOLimits.answerBytes)
            throw .malformed("something else than hexadecimal text")
        }
        guard let bytes = Hex.decode(utf8: answer.body[place]) else {
            throw .malformed("text that is not hexadecimal")
        }
        answer.body.removeSubrange(place)
        _ = try answer.result(id: 0, upTo: UTXOLimits.answerBytes)
        return bytes
    }

    /// The results of several calls in one request, in the order of the calls; some may fail alone. At most
    /// `UTXOLimits.callsPerRequest`.
    package func batch(
        _ calls: [Call], isLarge: Bool = false
    ) async throws(NodeFailure) -> [Result<JSON, NodeFailure>] {
        precondition(calls.count <= UTXOLimits.callsPerRequest, "a request has a bounded number of calls")
        guard !calls.isEmpty else { return [] }
        let answer = try await send(JSONRPC.body(calls, .first), isLarge: isLarge)
        return try answer.results(count: calls.count, upTo: UTXOLimits.answerBytes)
    }

    /// Ends all connections.
    package func close() { client.close() }
}

extension NodeRPC {
    /// Sends a body, once more with fresh credentials when they come from a file and were refused.
    private func send(_ body: [UInt8], isLarge: Bool) async throws(NodeFailure) -> JSONRPC.Answer {
        let kept = authorization.withLock { $0 }
        if let kept, let answer = try await attempt(body, kept, isLarge: isLarge) { return answer }
        let fresh: String
        do throws(ChainFault) { fresh = try credentials.authorization() } catch { throw .fault(error) }
        authorization.withLock { $0 = fresh }
        if fresh != kept, let answer = try await attempt(body, fresh, isLarge: isLarge) { return answer }
        throw .fault(ChainFault(.unauthorized, "The node refuses our credentials."))
    }

    /// Nil when the credentials are refused.
    private func attempt(
        _ body: [UInt8], _ authorization: String, isLarge: Bool
    ) async throws(NodeFailure) -> JSONRPC.Answer? {
        var request = ClientRequest(.post, url, body: body)
        request.headers.add("Authorization", authorization)
        request.headers.add("Content-Type", "application/json")
        request.timeout = isLarge ? UTXOLimits.largeAnswerTimeout : UTXOLimits.answerTimeout
        request.bodyLimit = .refusing(
            above: isLarge ? UTXOLimits.answerBytes : UTXOLimits.smallAnswerBytes)
        let response: ClientResponse
        do throws(ClientError) {
            response = try await client.send(request)
        } catch {
            throw .fault(Self.fault(error, at: url))
        }
        switch response.status.code {
        case 200, 400, 404, 500: return JSONRPC.Answer(status: response.status, body: response.body)
        case 401: return nil
        case 403:
            throw .fault(ChainFault(.unauthorized, "The node does not serve this machine or this call."))
        default:
            throw .fault(
                ChainFault(
                    .unreachable, "The node at \(url.origin) answered with HTTP \(response.status.code)."))
        }
    }

    private static func fault(_ error: ClientError, at url: URL) -> ChainFault {
        switch error.kind {
        case .protocolViolation, .bodyTooLarge:
            ChainFault(.malformed, "The answer of \(url.origin) cannot be read: \(error.detail)")
        default:
            ChainFault(
                .unreachable, "The node at \(url.origin) cannot be asked: \(error.kind) \(error.detail)")
        }
    }

    /// Where the digits of a `result` stand that is text; it comes first in the envelope, or second.
    private static func hexadecimalResult(in body: [UInt8]) -> Range<Int>? {
        let mark = Array(#""result":""#.utf8)
        let head = body.prefix(64)
        guard let start = head.indices.first(where: { body[$0...].starts(with: mark) }) else { return nil }
        let digits = start + mark.count
        guard let end = body[digits...].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        return digits..<end
    }
}
