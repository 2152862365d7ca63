import Crypto
import Domain
import HTTP
import JSON
import Platform

@testable import Chains

/// A server that answers calls as a node would, or as none should.
struct ScriptedNode: Sendable {
    var network = UTXONetwork.bitcoin
    /// The text of `result` by method; a text that begins with `!` is the error instead.
    var results: [String: String] = [
        "getblockchaininfo": Self.standing(),
        "getblockhash": #""\#(UTXONetwork.bitcoin.genesis.displayText)""#,
        "getmempoolinfo": #"{"loaded":true}"#, "getrawmempool": "[]",
        "getbestblockhash": #""\#(Self.tip)""#, "getnetworkinfo": #"{"subversion":"/Test:1/","connections":8}"#,
    ]
    /// Before `results`: a method and its first parameter; nil for no answer of its own.
    var told: (@Sendable (String, JSON) -> String?)?
    /// Instead of any answer to a call.
    var whole: (@Sendable (Request) -> Response)?

    static let tip = String(repeating: "5a", count: 32)

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
        let result =
            told?(method, call["params"]?.asArray?.first ?? .null) ?? results[method]
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
