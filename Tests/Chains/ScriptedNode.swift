import Crypto
import Domain
import HTTP
import JSON
import Platform

@testable import Chains

/// A server that answers calls as a node would, or as none should.
struct ScriptedNode: Sendable {
    var network = UTXONetwork.bitcoin
    /// The text of `result` by method, or by method and first parameter. One that begins with `!` is the
    /// error instead.
    var results: [String: String] = [
        "getblockchaininfo": Self.standing(),
        "getblockhash": #""\#(UTXONetwork.bitcoin.genesis.displayText)""#,
        "getblockhash 478559": #""\#(Self.landmark)""#,
        "getmempoolinfo": #"{"loaded":true}"#, "getrawmempool": "[]",
        "getbestblockhash": #""\#(Self.tip)""#, "getnetworkinfo": #"{"subversion":"/Test:1/","connections":8}"#,
    ]
    /// Before `results`: a method and its first parameter; nil for no answer of its own.
    var told: (@Sendable (String, JSON) -> String?)?
    /// Instead of any answer to a call.
    var whole: (@Sendable (Request) -> Response)?

    static let tip = String(repeating: "5a", count: 32)
    /// Bitcoin's first block behind the split of Bitcoin Cash, and that chain's own.
    static let landmark = "00000000000000000019f112ec0a9982926f1258cdcc558dd7c3b7e5dc7fa148"
    static let other = "000000000000000000651ef99cb9fcbe0dadde1d424bd9f15ff20136191a5eec"

    static func standing(
        chain: String = "main", blocks: UInt64 = 900_000, headers: UInt64 = 900_000, isInitial: Bool = false
    ) -> String {
        #"{"chain":"\#(chain)","blocks":\#(blocks),"headers":\#(headers),"bestblockhash":"\#(tip)","#
            + #""chainwork":"\#(tip)","initialblockdownload":\#(isInitial),"pruned":false,"warnings":["old"]}"#
    }

    func answer(_ request: Request) -> Response {
        if let whole { return whole(request) }
        guard let document = try? JSON.parse(request.body) else { return .text(Status(400), "") }
        if let calls = document.asArray {
            return .json(Array("[\(calls.map(answer).joined(separator: ","))]".utf8))
        }
        let text = answer(document)
        return .json(text.contains(#""result":null"#) ? Status(500) : .ok, Array(text.utf8))
    }

    private func answer(_ call: JSON) -> String {
        let method = call["method"]?.asString ?? ""
        let parameter = call["params"]?.asArray?.first ?? .null
        let result =
            told?(method, parameter) ?? results["\(method) \(parameter.encodedText)"] ?? results[method]
            ?? #"!{"code":-32601,"message":"Method not found"}"#
        let id = call["id"]?.encodedText ?? "null"
        guard result.hasPrefix("!") else { return #"{"result":\#(result),"error":null,"id":\#(id)}"# }
        return #"{"result":null,"error":\#(result.dropFirst()),"id":\#(id)}"#
    }

    /// Runs `body` with a chain that asks this node.
    func serve<Result: Sendable>(
        _ credentials: NodeCredentials = .password(user: "shop", Secret(Array("hunter2".utf8))),
        _ body: (UTXOChain) async throws -> Result
    ) async throws -> Result {
        var configuration = Server.Configuration()
        configuration.port = 0
        configuration.loops = 1
        configuration.limits.sweep = 10
        let node = self
        let server = try Server(configuration: configuration) { node.answer($0) }
        let serving = Task { await server.run() }
        let url = try HTTP.URL(parsing: "http://127.0.0.1:\(server.port)")
        let chain = UTXOChain(UTXOSettings(network: network, url: url, credentials: credentials))
        let outcome: Swift.Result<Result, any Error>
        do { outcome = .success(try await body(chain)) } catch { outcome = .failure(error) }
        serving.cancel()
        await serving.value
        return try outcome.get()
    }
}

/// Nothing was absorbed below the cursor.
struct NoHeaders: KeptHeaders {
    func block(at height: UInt64) async throws -> BlockID? { nil }
    func lowest() async throws -> UInt64? { nil }
}
