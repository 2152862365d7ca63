import Chains
import Domain
import HTTP
import Platform
import TestKit
import Testing

/// The gateway against a real bitcoind.
@Suite(
    "Bitcoin, on a real node", .serialized,
    .enabled(if: Coin.bitcoin.isThere, "QUITTANCE_BITCOIND names no script: see Nodes/"))
struct BitcoinNodeTests {
    @Test("A payment is made", arguments: Scenario.all)
    func payment(_ scenario: Scenario) async throws { try await scenario.run(on: .bitcoin) }

    @Test(
        "A payment is made, and kept in PostgreSQL",
        .enabled(if: TestPostgres.isInstalled, "PostgreSQL is not installed"), arguments: Scenario.all)
    func onPostgres(_ scenario: Scenario) async throws {
        try await scenario.run(on: .bitcoin, onPostgres: true)
    }

    @Test("Each kind of account receives", arguments: ["pkh(KEY)", "sh(wpkh(KEY))", "tr(KEY)"])
    func accounts(_ account: String) async throws {
        try await Scenario.receiving(at: account).run(on: .bitcoin)
    }

    @Test("A block wakes whoever listens", .timeLimit(.minutes(15)))
    func hints() async throws {
        let node = try await RealNode.of(.bitcoin)
        let chain = UTXOChain(
            UTXOSettings(
                network: .bitcoinRegtest, url: node.url, credentials: node.credentials, zmqEndpoint: node.zmq))
        let hints = chain.hints()
        // What a publisher says before a subscriber has arrived is lost: it is said until it is heard.
        let isHeard = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in hints { return true }
                return false
            }
            group.addTask {
                while !Task.isCancelled {
                    try await node.mine()
                    try await SystemClock().sleep(milliseconds: 50)
                }
                return false
            }
            let first = try await group.next()
            group.cancelAll()
            return first ?? false
        }
        #expect(isHeard)
    }

    @Test("A node on another network is told apart")
    func wrongNetwork() async throws {
        try await tellsApart(.bitcoin, from: [.litecoinRegtest, .bitcoin])
    }
}

/// The gateway against a real litecoind.
@Suite(
    "Litecoin, on a real node", .serialized,
    .enabled(if: Coin.litecoin.isThere, "QUITTANCE_LITECOIND names no script: see Nodes/"))
struct LitecoinNodeTests {
    @Test("A payment is made", arguments: Scenario.all)
    func payment(_ scenario: Scenario) async throws { try await scenario.run(on: .litecoin) }

    @Test(
        "A payment is made, and kept in PostgreSQL",
        .enabled(if: TestPostgres.isInstalled, "PostgreSQL is not installed"), arguments: Scenario.all)
    func onPostgres(_ scenario: Scenario) async throws {
        try await scenario.run(on: .litecoin, onPostgres: true)
    }

    @Test("Each kind of account receives", arguments: ["pkh(KEY)", "sh(wpkh(KEY))"])
    func accounts(_ account: String) async throws {
        try await Scenario.receiving(at: account).run(on: .litecoin)
    }

    @Test("A node on another network is told apart")
    func wrongNetwork() async throws {
        try await tellsApart(.litecoin, from: [.bitcoinRegtest, .litecoin])
    }
}

/// Hears a node as if it were of other networks.
private func tellsApart(_ coin: Coin, from others: [UTXONetwork]) async throws {
    let node = try await RealNode.of(coin)
    for other in others {
        let chain = UTXOChain(
            UTXOSettings(network: other, url: node.url, credentials: node.credentials))
        let fault = await #expect(throws: ChainFault.self) {
            try await chain.advance(from: nil, kept: NoHeaders())
        }
        #expect(fault?.kind == .wrongNetwork)
        #expect(try await chain.probe().isRightNetwork == false)
    }
    let report = try await UTXOChain(
        UTXOSettings(network: coin.network, url: node.url, credentials: node.credentials)
    ).probe()
    #expect(report.isRightNetwork)
    #expect(report.chain == "regtest")
}

/// Nothing was absorbed yet.
private struct NoHeaders: KeptHeaders {
    func block(at height: UInt64) async throws -> BlockID? { nil }
    func lowest() async throws -> UInt64? { nil }
}
