import Foundation
import JSON
import Platform
import TestKit
import Testing

@testable import quittance

/// A real node on regtest with a customer's wallet, that ends with this process.
struct CoinNode {
    /// A coin whose node the tests may start.
    enum Coin: String, CaseIterable, Sendable {
        case bitcoin, litecoin

        var code: String { self == .bitcoin ? "BTC" : "LTC" }
        var network: String { rawValue + "-regtest" }

        /// The script that starts its node, as `Scripts/test` found it.
        fileprivate var script: String? {
            ProcessInfo.processInfo.environment["QUITTANCE_\(rawValue.uppercased())D"]
        }

        /// Those whose nodes can be started.
        static let started = allCases.filter { $0.script != nil }
    }

    /// How to reach it: variables of the program.
    let variables: [String: String]
    private let shell: ChildProcess
    private let words: [String]

    /// - Parameter isHeard: the program is told of its messages, if it has any; else it asks in turn.
    init(_ coin: Coin, _ folder: String, isHeard: Bool = true) async throws {
        let keeper = """
            export RUN="$2" EXTRA=-rpcservertimeout=1
            trap '"$1" clean' EXIT
            trap 'exit 1' INT TERM HUP
            "$1" start
            exec > /dev/null
            read -r _ || :
            """
        shell = try ChildProcess("/bin/sh", ["-c", keeper, "sh", try #require(coin.script), folder])
        let family = "QUITTANCE_\(coin.rawValue.uppercased())_"
        var variables = [family + "NETWORK": coin.network]
        for await line in shell.lines where line.hasPrefix(coin.code + "_") {
            let parts = line.dropFirst(coin.code.count + 1).split(separator: "=", maxSplits: 1)
            if parts.count == 2 { variables[family + parts[0]] = String(parts[1]) }
        }
        words = [
            try #require(variables[family + "CLI"]), "-datadir=\(try #require(variables[family + "DATADIR"]))",
        ]
        let known = Set(NodeSettings.variables).subtracting(isHeard ? [] : [family + "ZMQ"])
        self.variables = variables.filter { known.contains($0.key) }
        _ = try await ask("createwallet", "customer")
        try await mine(101)
    }

    func mine(_ blocks: Int) async throws {
        let address = try await ask("-rpcwallet=customer", "getnewaddress")
        _ = try await ask("generatetoaddress", String(blocks), address)
    }

    /// The customer pays.
    func pay(_ amount: String, to address: String) async throws {
        _ = try await ask("-rpcwallet=customer", "sendtoaddress", address, amount)
    }

    private func ask(_ question: String...) async throws -> String {
        let said = try await ChildProcess.run(words[0], [words[1]] + question, errors: .output)
        guard said.code == 0 else { throw TestKitError("\(question): \(said.output)") }
        return said.output.trimmingCharacters(in: .newlines)
    }

    func end() async {
        shell.endInput()
        _ = await shell.ended()
    }
}

extension CoinNode {
    /// The public master key of BIP 32's first test vector, as test networks write it.
    private static let key =
        "tpubD6NzVbkrYhZ4XgiXtGrdW5XDAPFCL9h7we1vwNCpn8tGbBcgfVYjXyhWo4E1xkh56hjod1RhGjxbaTLV3X4FyWuejifB9jus"
        + "Q46QzG87VKp"

    /// Opens a payment of 10 EUR that is to be made to an address of its own.
    static func open(_ order: String, in coin: Coin, _ client: APIClient) async throws -> Asked {
        let made = try await client.post(
            "/v1/payments",
            [
                "merchant_order_id": .string(order), "amount": "10.00", "currency": "EUR",
                "asset": .string(coin.code), "network": .string(coin.network),
            ])
        return Asked(
            id: try #require(made["id"]?.asString), due: try #require(made["amount_due"]?.asString),
            address: try #require(made["address"]?.asString))
    }

    /// Registers a wallet that receives the coin.
    static func register(_ coin: Coin, _ client: APIClient) async throws {
        try await client.post(
            "/v1/wallets",
            ["network": .string(coin.network), "key": .string("wpkh(\(key)/0/*)"), "name": "Till"])
    }

    /// A payment that waits to be made.
    struct Asked {
        let id: String
        let due: String
        let address: String
    }
}
