import Chains
import Crypto
import JSON
import Platform

/// A node of Bitcoin's kind over a `TrueChain`: answers JSON-RPC as bitcoind does, as far as the gateway
/// asks.
///
/// What it knows is a copy of the chain: it learns of changes when the simulation says so, so it can stall,
/// be on another branch for a while, or come back from a backup.
struct SimulatedNode: Sendable {
    /// What it believes.
    var chain: TrueChain
    /// Whether it has read its pool back since it was started.
    var hasLoadedPool = true
    /// What of its pool it does not show.
    var hidden: Set<Hash256> = []

    init(_ chain: TrueChain) { self.chain = chain }

    /// The pool as it shows it.
    var pool: [TrueTransaction] {
        hidden.isEmpty ? chain.pool : chain.pool.filter { !hidden.contains($0.id) }
    }

    /// The answer to the body of a request: one call, or a list of calls.
    func answer(_ body: [UInt8]) -> [UInt8] {
        guard let request = try? JSON.parse(body) else {
            return Self.envelope(.refusal(-32_700, "Parse error"), id: nil)
        }
        guard let calls = request.asArray else { return answer(request) }
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for (index, call) in calls.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += answer(call)
        }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }

    private func answer(_ call: JSON) -> [UInt8] {
        let parameters = call["params"]?.asArray ?? []
        return Self.envelope(
            result(of: call["method"]?.asString ?? "", parameters), id: call["id"]?.asUInt64)
    }

    /// What a call comes to.
    private enum Outcome {
        case value(JSON)
        /// Hexadecimal text.
        case bytes([UInt8])
        case refusal(Int64, String)
    }

    private func result(of method: String, _ parameters: [JSON]) -> Outcome {
        let height = chain.height
        switch method {
        case "getblockchaininfo":
            return .value([
                "chain": "regtest", "blocks": .integer(height), "headers": .integer(height),
                "bestblockhash": .string(chain.best.displayText), "initialblockdownload": false,
                "chainwork": Self.work(height), "pruned": false, "warnings": "",
            ])
        case "getnetworkinfo": return .value(["subversion": "/Simulated:1.0.0/", "connections": 8])
        case "getbestblockhash": return .value(.string(chain.best.displayText))
        case "getblockhash":
            guard let wanted = parameters.first?.asUInt64, wanted <= height else {
                return .refusal(-8, "Block height out of range")
            }
            return .value(.string(chain.active[Int(wanted)].displayText))
        case "getblock", "getblockheader": return block(method, parameters)
        case "getmempoolinfo": return .value(["loaded": .bool(hasLoadedPool)])
        case "getrawmempool": return .value(.array(pool.map { .string($0.id.displayText) }))
        case "getrawtransaction":
            guard let id = parameters.first?.asString.flatMap({ Hash256(displayText: $0) }),
                let transaction = pool.first(where: { $0.id == id })
            else { return .refusal(-5, "No such mempool transaction") }
            return .bytes(transaction.bytes)
        default: return .refusal(-32_601, "Method not found")
        }
    }

    private func block(_ method: String, _ parameters: [JSON]) -> Outcome {
        guard let hash = parameters.first?.asString.flatMap({ Hash256(displayText: $0) }),
            let block = chain.blocks[hash]
        else { return .refusal(-5, "Block not found") }
        if method == "getblock" { return .bytes(block.bytes) }
        guard parameters.count > 1, parameters[1].asBool == true else { return .bytes(block.header) }
        let isActive = chain.isActive(block)
        return .value([
            "height": .integer(block.height), "chainwork": Self.work(block.height),
            "confirmations": isActive ? .integer(chain.height - block.height + 1) : .number(JSONNumber(-1)),
            "previousblockhash": .string(block.parent.displayText),
        ])
    }

    /// Every block has the same work here, two hashes.
    private static func work(_ height: UInt64) -> JSON {
        let digits = String((height + 1) * 2, radix: 16)
        return .string(String(repeating: "0", count: 64 - digits.count) + digits)
    }

    private static func envelope(_ outcome: Outcome, id: UInt64?) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            switch outcome {
            case .value(let value): writer.member("result", value)
            case .bytes(let bytes): writer.member("result", Hex.encode(bytes))
            case .refusal(let code, let message):
                writer.member("result", JSON.null)
                writer.object("error") { writer in
                    writer.member("code", code)
                    writer.member("message", message)
                }
            }
            if case .refusal = outcome {} else { writer.member("error", JSON.null) }
            writer.member("id", id)
        }
        return writer.bytes
    }
}
