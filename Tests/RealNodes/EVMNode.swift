import Foundation
import HTTP
import JSON
import Platform
import TestKit

@testable import Chains

/// A running EVM behind a JSON-RPC server, with the account that has all of its coins. One for each test.
final class EVMNode: Sendable {
    let url: HTTP.URL
    private let keeper: NodeKeeper
    private let provider: EVMProvider
    private static let contracts = Lock<[String: String]>([:])

    /// The script that starts one, as `Scripts/test` found it; nil when it has none.
    static var script: String? {
        let path = ProcessInfo.processInfo.environment["QUITTANCE_EVM"]
        return path.flatMap { FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil }
    }

    init(chainID: UInt64 = 31_337) async throws {
        guard let script = Self.script else { throw TestKitError("no EVM") }
        let (keeper, said) = try await NodeKeeper.start(
            script, name: "evm", options: "--chain-id \(chainID)")
        self.keeper = keeper
        guard let line = said.first(where: { $0.hasPrefix("EVM_RPC_URL=") }) else {
            throw TestKitError("evm: \(said.joined(separator: "\n"))")
        }
        url = try HTTP.URL(parsing: String(line.dropFirst("EVM_RPC_URL=".count)))
        provider = EVMProvider(name: "test", url: url)
        // A block comes when the test wants one.
        _ = try await ask("evm_setAutomine", false)
    }

    func stop() async throws { try await keeper.stop() }

    @discardableResult
    func ask(_ method: String, _ parameter: JSON) async throws -> JSON {
        do throws(NodeFailure) { return try await provider.call(method, parameter) } catch { throw error.fault }
    }

    func mine(_ blocks: Int = 1) async throws { try await ask("evm_mine", .integer(blocks)) }

    /// Pays coins. Gives the transaction.
    func pay(_ address: String, wei: UInt128) async throws -> String {
        try await send(["to": .string(address), "wei": .string("0x" + String(wei, radix: 16))])
    }

    /// Calls a contract, or makes one.
    func send(_ call: JSONObject) async throws -> String {
        guard let hash = try await ask("test_send", .object(call)).asString else { throw TestKitError("not sent") }
        return hash
    }

    /// Calls a token's `transfer`.
    @discardableResult
    func transfer(_ token: EVMAddress, to address: String, _ units: UInt64) async throws -> String {
        let call = TokenCall(to: try EVMAddress(parsing: address), value: UInt256(units))
        return try await send(["to": .string(token.text), "data": .string("0x" + Hex.encode(call.input))])
    }

    /// Makes a token whose whole supply is the node's own account's.
    func token(_ symbol: String, decimals: UInt8, supply: UInt64) async throws -> EVMAddress {
        let code = try await Self.code("Token.vy")
        let arguments =
            Self.word(0x80) + Self.word(0xc0) + Self.word(UInt64(decimals)) + Self.word(supply)
            + Self.text(symbol) + Self.text(symbol)
        let hash = try await send(["data": .string(code + Hex.encode(arguments))])
        try await mine()
        let receipt = try await ask("eth_getTransactionReceipt", .string(hash))
        return try EVMAddress(parsing: receipt["contractAddress"]?.asString ?? "")
    }

    /// A contract of the folder of nodes, compiled once.
    private static func code(_ file: String) async throws -> String {
        if let known = contracts.withLock({ $0[file] }) { return known }
        guard let script else { throw TestKitError("no EVM") }
        let folder = script.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let outcome = try await ChildProcess.run(script, ["compile", "\(folder)/\(file)"])
        guard let code = try JSON.parse(Array(outcome.output.utf8))["bytecode"]?.asString else {
            throw TestKitError("\(file) is not compiled")
        }
        contracts.withLock { $0[file] = code }
        return code
    }

    private static func word(_ number: UInt64) -> [UInt8] { UInt256(number).word }

    /// A text of up to 32 bytes, with its length before it.
    private static func text(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return word(UInt64(bytes.count)) + bytes + [UInt8](repeating: 0, count: 32 - bytes.count)
    }
}

/// Hands questions on to a real node, and bends what comes back.
final class BentProvider: Sender {
    /// What becomes of the result of one call; nil for the same.
    typealias Bend = @Sendable (_ method: String, _ parameters: [JSON], _ result: JSON) -> JSON?

    private let client = Client(.trusted)
    private let bend = Lock<Bend?>(nil)
    private let counts = Lock<[String: Int]>([:])

    func set(_ bend: Bend?) { self.bend.withLock { $0 = bend } }

    /// How often each method was called.
    var calls: [String: Int] { counts.withLock { $0 } }

    func close() { client.close() }

    func send(_ request: ClientRequest) async throws(ClientError) -> ClientResponse {
        let answer = try await client.send(request)
        guard let asked = try? JSON.parse(request.body), let told = try? JSON.parse(answer.body) else { return answer }
        let calls = asked.asArray ?? [asked]
        counts.withLock { counts in
            for call in calls { counts[call["method"]?.asString ?? "", default: 0] += 1 }
        }
        guard let bend = bend.withLock({ $0 }) else { return answer }
        let results = zip(calls, told.asArray ?? [told]).map { call, envelope -> JSON in
            guard var object = envelope.asObject, let result = object["result"],
                let bent = bend(call["method"]?.asString ?? "", call["params"]?.asArray ?? [], result)
            else { return envelope }
            object["result"] = bent
            return .object(object)
        }
        let body: JSON = told.asArray == nil ? results[0] : .array(results)
        return ClientResponse(
            status: answer.status, headers: answer.headers, body: body.encoded(), isTruncated: false)
    }
}

/// A name that a test writes down, and that is one.
func sample<Value>(_ value: Value?) -> Value {
    guard let value else { preconditionFailure("a test's own name is well formed") }
    return value
}
