package import HTTP
internal import Crypto
internal import JSON
internal import Platform

/// One of those who tell of an EVM network: a node of our own, or somebody's service.
///
/// It has a name, and only that is ever shown: its address may hold a key.
package final class EVMProvider: Sendable {
    package let name: String
    private let url: URL
    private let sender: any Sender

    /// - Parameters:
    ///   - name: what its operator calls it.
    ///   - sender: what takes the questions to it; nil for connections of its own.
    package init(name: String, url: URL, through sender: (any Sender)? = nil) {
        (self.name, self.url) = (name, url)
        self.sender = sender ?? Self.client()
    }

    private static func client() -> Client {
        var limits = ClientLimits()
        limits.transfersPerOrigin = EVMLimits.requests
        limits.transfers = EVMLimits.requests
        return Client(.trusted, limits: limits)
    }

    /// Ends all connections.
    package func close() { sender.close() }

    /// The result of one call; `null` is one too.
    func call(_ method: String, _ parameters: JSON...) async throws(NodeFailure) -> JSON {
        let body = JSONRPC.body(JSONRPC.Call(method, parameters), id: 0, .second)
        return try await send(body).result(id: 0, upTo: EVMLimits.answerBytes)
    }

    /// The results of several calls in one request, in the order of the calls; some may fail alone. At most
    /// `EVMLimits.callsPerRequest`.
    func batch(_ calls: [JSONRPC.Call]) async throws(NodeFailure) -> [Result<JSON, NodeFailure>] {
        precondition(calls.count <= EVMLimits.callsPerRequest, "a request has a bounded number of calls")
        guard !calls.isEmpty else { return [] }
        return try await send(JSONRPC.body(calls, .second))
            .results(count: calls.count, upTo: EVMLimits.answerBytes)
    }

    private func send(_ body: [UInt8]) async throws(NodeFailure) -> JSONRPC.Answer {
        var request = ClientRequest(.post, url, body: body)
        request.headers.add("Content-Type", "application/json")
        request.timeout = EVMLimits.answerTimeout
        request.bodyLimit = .refusing(above: EVMLimits.answerBytes)
        let response: ClientResponse
        do throws(ClientError) {
            response = try await sender.send(request)
        } catch {
            throw .fault(fault(error))
        }
        switch response.status.code {
        case 200, 400, 404, 500: return JSONRPC.Answer(status: response.status, body: response.body)
        case 401, 403: throw .fault(ChainFault(.unauthorized, "\(name) refuses our credentials."))
        case 429: throw .fault(ChainFault(.unreachable, "\(name) is asked too often for what we have there."))
        default:
            throw .fault(
                ChainFault(.unreachable, "\(name) answered with HTTP \(response.status.code)."))
        }
    }

    /// Without the words of the library, which may hold the address.
    private func fault(_ error: ClientError) -> ChainFault {
        switch error.kind {
        case .protocolViolation, .bodyTooLarge:
            ChainFault(.malformed, "The answer of \(name) cannot be read: \(error.kind)")
        default: ChainFault(.unreachable, "\(name) cannot be asked: \(error.kind)")
        }
    }
}

extension EVMProvider {
    /// A block as a provider names it.
    struct Mark: Hashable, Sendable {
        let number: UInt64
        let hash: Hash256
        /// Seconds since 1970.
        let time: UInt64

        /// Reads it out of a block.
        init(_ block: JSON) throws(ChainFault) {
            (number, hash, time) = (
                try block.number("number"), try block.hash("hash"), try block.number("timestamp")
            )
            guard number <= EVMLimits.height, time <= EVMLimits.seconds else {
                throw .malformed("a height or a time beyond all others")
            }
        }
    }

    /// Where it stands.
    struct Standing: Sendable {
        let chainID: UInt64
        let head: Mark
        /// Nil where it names none.
        let safe: Mark?
        let finalized: Mark?
    }

    func standing() async throws(ChainFault) -> Standing {
        let tags = ["latest", "safe", "finalized"]
        let calls =
            [JSONRPC.Call("eth_chainId")]
            + tags.map { JSONRPC.Call("eth_getBlockByNumber", .string($0), false) }
        let results: [Result<JSON, NodeFailure>]
        do throws(NodeFailure) { results = try await batch(calls) } catch { throw fault(error) }
        let chain = try value(of: results[0])
        guard let chainID = chain.asString.flatMap({ UInt256(quantity: $0)?.asUInt64 }) else {
            throw .malformed("no chain id")
        }
        return Standing(
            chainID: chainID, head: try Mark(try value(of: results[1])),
            safe: try tag(results[2]), finalized: try tag(results[3]))
    }

    /// A tag that a network does not have is refused, or there is nothing behind it.
    private func tag(_ result: Result<JSON, NodeFailure>) throws(ChainFault) -> Mark? {
        switch result {
        case .success(let block): return block.isNull ? nil : try Mark(block)
        case .failure(.refused(let code, _)) where EVMLimits.unknownTag.contains(code): return nil
        case .failure(let failure): throw fault(failure)
        }
    }

    /// The block of its chain at a height; nil above its head.
    func mark(at height: UInt64) async throws(ChainFault) -> Mark? {
        let block: JSON
        do throws(NodeFailure) {
            block = try await call("eth_getBlockByNumber", Self.quantity(height), false)
        } catch {
            throw fault(error)
        }
        guard !block.isNull else { return nil }
        let mark = try Mark(block)
        guard mark.number == height else { throw .malformed("a block of another height") }
        return mark
    }

    /// The blocks of its chain from a height on, with their transactions; fewer when it ends before. At most
    /// `EVMLimits.callsPerRequest`.
    func blocks(from height: UInt64, count: Int) async throws(ChainFault) -> [JSON] {
        let calls = (0..<count).map {
            JSONRPC.Call("eth_getBlockByNumber", Self.quantity(height + UInt64($0)), true)
        }
        var blocks: [JSON] = []
        for block in try await values(of: calls) {
            if block.isNull { break }
            blocks.append(block)
        }
        return blocks
    }

    /// The receipts of those blocks, each block's whole. At most `EVMLimits.callsPerRequest`.
    func receipts(of blocks: [Hash256]) async throws(ChainFault) -> [[JSON]] {
        let calls = blocks.map { JSONRPC.Call("eth_getBlockReceipts", .string($0.dataText)) }
        var receipts: [[JSON]] = []
        for value in try await values(of: calls) {
            guard let list = value.asArray, list.count <= EVMLimits.listed else {
                throw .malformed("no receipts of a block that it has shown")
            }
            receipts.append(list)
        }
        return receipts
    }

    /// The bytes of a transaction of a type that we cannot put together.
    func raw(at index: Int, of block: Hash256) async throws(ChainFault) -> [UInt8] {
        let value = try await values(of: [
            JSONRPC.Call(
                "eth_getRawTransactionByBlockHashAndIndex", .string(block.dataText),
                Self.quantity(UInt64(index)))
        ])
        guard let bytes = value.first?.asData else { throw .malformed("no bytes of a transaction") }
        return bytes
    }

    private func values(of calls: [JSONRPC.Call]) async throws(ChainFault) -> [JSON] {
        let results: [Result<JSON, NodeFailure>]
        do throws(NodeFailure) { results = try await batch(calls) } catch { throw fault(error) }
        var values: [JSON] = []
        for result in results { values.append(try value(of: result)) }
        return values
    }

    private func value(of result: Result<JSON, NodeFailure>) throws(ChainFault) -> JSON {
        switch result {
        case .success(let value): return value
        case .failure(let failure): throw fault(failure)
        }
    }

    /// Without a service's own words, which may hold the name of an account or a key.
    private func fault(_ failure: NodeFailure) -> ChainFault {
        switch failure {
        case .fault(let fault): return fault
        case .refused(let code, _):
            return ChainFault(failure.fault.kind, "\(name) refuses what it is asked (error \(code)).")
        }
    }

    private static func quantity(_ number: UInt64) -> JSON { .string("0x" + String(number, radix: 16)) }
}

extension Hash256 {
    /// As Ethereum's JSON-RPC writes it.
    var dataText: String { "0x" + Hex.encode(bytes) }
}
