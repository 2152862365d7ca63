import Chains
import Crypto
import Domain
import Foundation
import Platform
import TestKit
import Testing

/// Real nodes with a login that may ask what docs/OPERATING.md lists, and nothing else; without the indexes that
/// it says are not needed.
@Suite("A login at the node that may ask only what is documented", .serialized)
struct WhitelistTests {
    /// The methods in the page's example.
    private static func documented() throws -> [String] {
        let page = Foundation.URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/OPERATING.md").standardizedFileURL
        let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
        let start = "# rpcwhitelist=quittance:"
        let line = try #require(lines.first { $0.hasPrefix(start) })
        return line.dropFirst(start.count).split(separator: ",").map(String.init)
    }

    /// The login, as share/rpcauth/rpcauth.py makes it.
    private static func options(_ methods: [String]) -> String {
        let (salt, password) = ("5a17", Array("hunter2".utf8))
        let code = Hex.encode(HMAC<SHA256>.code(password, key: Array(salt.utf8)))
        // Whoever tests the node is no part of this, as the node's own cookie is not.
        return "-rpcauth=quittance:\(salt)$\(code) -rpcwhitelist=quittance:\(methods.joined(separator: ","))"
            + " -rpcwhitelistdefault=0 -txindex=0 -blockfilterindex=0 -peerblockfilters=0 -rest=0"
    }

    @Test(
        "is all that is taken: to be paid, to see it undone and to look after the node; and no address is asked for",
        arguments: Coin.started)
    func suffices(_ coin: Coin) async throws {
        let methods = try Self.documented()
        let node = try await RealNode.start(coin, Self.options(methods))
        let login = NodeCredentials.password(user: "quittance", Secret(Array("hunter2".utf8)))
        for method in ["getblockcount", "scantxoutset", "listunspent", "sendrawtransaction", "stop"] {
            let failure = await #expect(throws: NodeFailure.self) {
                try await NodeRPC(node.url, login).call(method)
            }
            #expect(failure?.fault.kind == .unauthorized, "\(method)")
        }
        let asked = try BentNode(before: node)
        let told = ["exactly", "reorged out after it was paid, and mined again"]
        for story in Scenario.all where told.contains(story.name) {
            try await story.run(on: node, through: asked.url, as: login)
        }
        let crowd = Scenario("one of many") { till in
            try await till.settle()
            asked.forget()
            try await till.settle()
            let alone = asked.methods
            for _ in 0..<50 { _ = try await till.open(price) }
            asked.forget()
            try await till.settle()
            #expect(asked.methods == alone, "so many payments more, and not one question")
            let order = try await till.open(price)
            try await till.node.pay([(order.address, price)])
            try await till.mine(2)
            try await till.expect(order, .paid)
        }
        try await crowd.run(on: node, through: asked.url, as: login)
        let chain = UTXOChain(UTXOSettings(network: coin.network, url: asked.url, credentials: login))
        #expect(try await chain.probe().isRightNetwork)
        #expect(asked.everAsked == Set(methods), "no less is documented, and no more")
        await asked.close()
        try await node.stop()
    }
}
