import Domain
import Engine
import HTTP
import JSON
import TestKit
import Testing

@testable import Chains

/// Litecoin's extension blocks (MWEB), active on a node of their own.
@Suite(
    "Litecoin with its extension blocks", .serialized,
    .enabled(if: Coin.litecoin.isThere, "QUITTANCE_LITECOIND names no script: see Nodes/"))
struct ExtensionBlockTests {
    @Test("Beside and out of the extension block payments are heard, and matured, across a reorg")
    func pegOut() async throws {
        let story = Scenario("") { till in
            let node = till.node
            try await node.beginExtension(coins: 3)
            // Two of them leave the extension block by one transaction, which is the block's own.
            let (beside, out, other) = (
                try await till.open(price), try await till.open(price), try await till.open(2 * price)
            )
            try await node.pay([(beside.address, price)])
            let hidden = [
                try await node.sendHidden(to: out.address, price),
                try await node.sendHidden(to: other.address, 2 * price),
            ]
            try await till.settle()
            try await till.expect(beside, .detected)
            for order in [out, other] { try await till.expect(order, .awaitingPayment) }
            try await till.mine(2)
            try await node.expectExtension(depth: 2)
            try await till.expect(beside, .paid)
            try await till.mine(3)
            for order in [out, other] { try await till.expect(order, .confirming) }
            let hogEx = try await till.transaction(of: out)
            #expect(try await till.transaction(of: other) == hogEx)
            await #expect(throws: NodeFailure.self, "not even its network takes it yet") {
                try await till.spend(hogEx, out)
            }
            try await till.mine()
            for order in [out, other] { try await till.expect(order, .paid) }

            // Another branch lets them out by another transaction: somebody leaves together with them.
            try await node.undo(6)
            for raw in hidden { try await node.sendAgain(raw) }
            _ = try await node.sendHidden(to: node.newAddress(), price)
            try await node.mine(8)
            try await till.settle()
            for order in [beside, out, other] {
                try await till.expect(order, .paid)
                let payment = try await till.payment(order)
                #expect(payment.epoch == 1)
                #expect(payment.evidence.transfers.filter(\.isLive).count == 1)
            }
            let again = try await till.transaction(of: out)
            #expect(again != hogEx)
            #expect(try await till.transaction(of: other) == again)
            try await till.expectStory(out, ["created", "awaiting_payment", "confirming", "paid"])

            // What has matured can be spent, and that is heard as well.
            try await till.spend(again, out)
            try await till.mine(2)
            let kinds = try await till.gateway.entries(of: out.id, by: till.caller).map(\.kind)
            #expect(kinds.last == .withdrawn)
            try await till.expect(out, .paid)
        }
        try await story.run(on: RealNode.start(.litecoin, hasExtensionBlocks: true))
    }
}

extension Till {
    /// The transaction that pays an order now.
    fileprivate func transaction(of order: Order) async throws -> String {
        let live = try await payment(order).evidence.transfers.filter(\.isLive)
        #expect(live.count == 1)
        return live.first.map { String($0.key.transaction) } ?? ""
    }
}

extension RealNode {
    /// Mines up to the first block with an extension. The node makes it only when somebody enters the
    /// extension in it: so many coins do, and are the merchant's there.
    fileprivate func beginExtension(coins: Int) async throws {
        try await mine(431 - Int(try await height()))
        for _ in 0..<coins {
            guard let hidden = try await askMerchant("getnewaddress", "", "mweb").asString else {
                throw TestKitError("no address in the extension block")
            }
            let id = try await askCustomer("sendtoaddress", .string(hidden), "5")
            try await send(raw(of: id, from: askCustomer("gettransaction", id)))
        }
        try await mine()
        try await expectExtension(depth: 1)
        try await mine()
    }

    /// Pays an address out of the extension block; gives the raw transaction.
    fileprivate func sendHidden(to address: String, _ amount: UInt64) async throws -> String {
        let id = try await askMerchant(
            "sendtoaddress", .string(address), .string(DecimalText.text(UInt128(amount), decimals: 8)))
        let raw = try raw(of: id, from: await askMerchant("gettransaction", id))
        try await send(raw)
        return raw
    }

    /// Wallets of these nodes send nothing by themselves.
    private func raw(of id: JSON, from answer: JSON) throws -> String {
        guard let raw = answer["hex"]?.asString else { throw TestKitError("no bytes of \(id.encodedText)") }
        return raw
    }

    /// Sends a transaction, unless it waits already.
    fileprivate func sendAgain(_ raw: String) async throws {
        do { try await send(raw) } catch NodeFailure.refused(_, let message) {
            guard message.contains("already") else { throw TestKitError(message) }
        }
    }

    /// Expects an extension in one of the last blocks: the last one is at depth 1.
    fileprivate func expectExtension(depth: UInt64, _ at: SourceLocation = #_sourceLocation) async throws {
        let hash = try await ask("getblockhash", .integer(try await height() + 1 - depth))
        let block = try await ask("getblock", hash, 2)
        #expect(block["mweb"]?["num_kernels"]?.asUInt64 ?? 0 > 0, sourceLocation: at)
    }
}
