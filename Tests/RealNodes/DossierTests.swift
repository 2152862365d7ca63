import Crypto
import Domain
import Dossier
import Engine
import JSON
import Platform
import TestKit
import Testing

@testable import quittance

/// What a real node's blocks show of a payment, checked without the node.
@Suite("A dossier of a payment on a real node", .serialized)
struct NodeDossierTests {
    @Test(
        "On Bitcoin", .enabled(if: Coin.bitcoin.isThere, "QUITTANCE_BITCOIND names no script: see Nodes/"))
    func bitcoin() async throws { try await show(on: .bitcoin) }

    @Test(
        "On Litecoin",
        .enabled(if: Coin.litecoin.isThere, "QUITTANCE_LITECOIND names no script: see Nodes/"))
    func litecoin() async throws { try await show(on: .litecoin) }

    private func show(on coin: Coin) async throws {
        // One of its own: on the shared one others mine meanwhile.
        let till = try await Till(RealNode.start(coin))
        do {
            try await paid(till)
            try await reorged(till)
        } catch {
            await till.close()
            throw error
        }
        await till.close()
    }

    private func paid(_ till: Till) async throws {
        let order = try await till.open(price)
        let (_, id) = try await till.node.pay([(order.address, price)])
        try await till.mine(2)
        try await till.expect(order, .paid)
        try await expectShown(order, in: id, till)
    }

    private func reorged(_ till: Till) async throws {
        let order = try await till.open(price)
        let (_, id) = try await till.node.pay([(order.address, price)])
        try await till.mine(2)
        try await till.node.undo(2)
        try await till.node.mine(3, to: till.node.newAddress())
        try await till.settle()
        try await till.expect(order, .paid)
        try await expectShown(order, in: id, till)
    }

    /// Expects the transaction to be shown under a header that the node itself names.
    private func expectShown(_ order: Order, in id: String, _ till: Till) async throws {
        let bytes = try await till.gateway.dossier(of: order.id, showsPersonal: false, by: till.caller)
        let place = try #require(try await till.payment(order).evidence.transfers.first?.block)
        let height = place.height + UInt64(Till.confirmations) - 1
        let block = try #require(try await till.node.ask("getblockhash", .integer(height)).asString)
        let report = DossierCheck.report(
            on: bytes, trusting: .init(headers: [.init(height: height, block: block)]))
        #expect(report.texts(.failed).isEmpty, "\(report.lines)")
        let done = report.texts(.done)
        #expect(done.contains { $0.contains(id) && $0.contains("is in block \(place.block.text)") }, "\(report.lines)")
        #expect(done.contains { $0.contains("which you trust, stands on its own") }, "\(report.lines)")
        #expect(report.verdict == .partial, "it is play money, and nobody compared the key")
        let below = try #require(try await till.node.ask("getblockhash", .integer(place.height - 1)).asString)
        let ancestor = DossierCheck.report(
            on: bytes, trusting: .init(headers: [.init(height: place.height - 1, block: below)]))
        #expect(ancestor.texts(.open).contains { $0.contains("shows nothing of it") })
        guard OtherVerifier.isHere else { return }
        let other = try await OtherVerifier.check(bytes, ["--header", "\(block)@\(height)"])
        #expect(other.code == 4 && other.says.contains("2 of them trusted"), "\(other.says)")
    }
}
