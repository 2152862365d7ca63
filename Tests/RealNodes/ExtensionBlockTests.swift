import Domain
import JSON
import Testing

/// Litecoin's extension blocks (MWEB), active on a node of their own.
@Suite(
    "Litecoin with its extension blocks", .serialized,
    .enabled(if: Coin.litecoin.isThere, "QUITTANCE_LITECOIND names no script: see Nodes/"))
struct ExtensionBlockTests {
    @Test("Beside and out of the extension block payments are heard, and matured, across a reorg")
    func pegOut() async throws {
        let story = Scenario("") { till in
            let node = till.node
            // The first block with an extension needs somebody who enters it.
            try await node.mine(431 - Int(try await node.height()))
            let hidden = try await node.askMerchant("getnewaddress", "", "mweb")
            _ = try await node.askCustomer("sendtoaddress", hidden, 5)
            try await node.mine(2)
            let (beside, out) = (try await till.open(price), try await till.open(price))
            try await node.pay([(beside.address, price)])
            _ = try await node.askMerchant("sendtoaddress", .string(out.address), "0.0005")
            try await till.settle()
            try await till.expect(beside, .detected)
            try await till.expect(out, .awaitingPayment)
            try await till.mine(2)
            try await till.expect(beside, .paid)
            try await till.expect(out, .confirming)
            try await till.mine(3)
            try await till.expect(out, .confirming)
            try await till.mine()
            try await till.expect(out, .paid)
            // Another branch, of which another transaction lets it out.
            try await node.undo(6)
            try await node.mine(8, to: node.newAddress())
            try await till.settle()
            for order in [beside, out] {
                let payment = try await till.payment(order)
                #expect(payment.state == .paid && payment.epoch == 1)
                #expect(payment.evidence.transfers.filter(\.isLive).count == 1)
            }
        }
        try await story.run(on: RealNode.start(.litecoin, hasExtensionBlocks: true))
    }
}
