import Domain
import JSON
import Testing

extension Scenario {
    /// Blocks that were heard leave the chain.
    static let undoing = [
        Scenario("reorged out after it was paid, and mined again") { till in
            let order = try await till.open(price)
            try await till.node.pay([(order.address, price)])
            try await till.mine(2)
            try await till.expect(order, .paid)
            try await till.node.undo(2)
            try await till.node.mineEmpty(3)
            try await till.settle()
            try await till.expect(order, .detected, [.reversed])
            try await till.mine(2)
            try await till.expect(order, .paid, [.reversed])
            #expect(try await till.payment(order).epoch == 2)
        },
        Scenario("reorged out before it was paid") { till in
            let order = try await till.open(price)
            try await till.node.pay([(order.address, price)])
            try await till.mine()
            try await till.expect(order, .confirming)
            try await till.node.undo(1)
            try await till.node.mineEmpty(2)
            try await till.settle()
            try await till.expect(order, .detected)
            try await till.mine(2)
            try await till.expect(order, .paid)
            #expect(try await till.payment(order).epoch == 1)
        },
        Scenario("reorged out before it was paid, and double-spent") { till in
            let order = try await till.open(price)
            let (coin, _) = try await till.node.pay([(order.address, price)])
            try await till.mine()
            try await till.node.undo(1)
            try await till.node.send(
                till.node.sign([coin], [(till.node.newAddress(), price)], fee: 100_000))
            try await till.node.mine(2)
            try await till.settle()
            try await till.expect(order, .awaitingPayment)
        },
        Scenario("reorged out after it was paid, and double-spent") { till in
            let order = try await till.open(price)
            let (coin, _) = try await till.node.pay([(order.address, price)])
            try await till.mine(2)
            try await till.expect(order, .paid)
            try await till.node.undo(2)
            try await till.node.send(
                till.node.sign([coin], [(till.node.newAddress(), price)], fee: 100_000))
            try await till.node.mine(3)
            try await till.settle()
            try await till.expect(order, .awaitingPayment, [.reversed])
            #expect(try await till.payment(order).epoch == 1)
        },
        Scenario(
            "reorged out while the gateway is down, below the headers that it kept", keptHeaders: 4
        ) { till in
            let order = try await till.open(price)
            let (coin, _) = try await till.node.pay([(order.address, price)])
            try await till.mine(12)
            try await till.expect(order, .paid)
            try await till.node.undo(12)
            try await till.node.send(
                till.node.sign([coin], [(till.node.newAddress(), price)], fee: 100_000))
            try await till.node.mine(14)
            try await till.restart()
            try await till.settle()
            try await till.expect(order, .awaitingPayment, [.reversed])
        },
        Scenario("reorged out after it was paid, and mined with a higher fee, long after the end") { till in
            let order = try await till.open(price, expiresInSeconds: 60)
            let (coin, _) = try await till.node.pay([(order.address, price)])
            try await till.mine(2)
            try await till.expect(order, .paid)
            try await till.wait(seconds: 3_600)
            try await till.node.undo(2)
            let second = try await till.node.send(
                till.node.sign([coin], [(order.address, price)], fee: 100_000))
            try await till.node.mine(3, to: till.node.newAddress())
            try await till.settle()
            try await till.expect(order, .paid)
            let payment = try await till.payment(order)
            #expect(payment.epoch == 1)
            let live = payment.evidence.transfers.filter(\.isLive)
            #expect(live.map(\.replaces.count) == [1] && live[0].key.place.hasPrefix(second))
        },
        Scenario("fifty blocks give way to more, and the first of the new ones has it again") { till in
            let paid = try await till.paidBelow(blocks: 50)
            try await till.node.undo(50)
            try await till.node.send(paid.raw)
            // To another miner: the same block again would be the one that was made invalid.
            try await till.node.mine(1, to: till.node.newAddress())
            try await till.node.mineEmpty(55)
            try await till.expectMoved(paid, by: 0)
        },
        Scenario("fifty blocks give way to more, and a later one of the new ones has it again") { till in
            let paid = try await till.paidBelow(blocks: 50)
            try await till.node.undo(50)
            try await till.node.mineEmpty(30)
            try await till.node.send(paid.raw)
            try await till.node.mine(1)
            try await till.node.mineEmpty(25)
            try await till.expectMoved(paid, by: 30)
        },
        Scenario("fifty blocks give way to more, and none of the new ones has it") { till in
            let paid = try await till.paidBelow(blocks: 50)
            try await till.node.undo(50)
            try await till.node.mineEmpty(55)
            try await till.node.send(paid.raw)
            try await till.settle()
            try await till.expect(paid.order, .detected, [.reversed])
            try await till.mine(2)
            try await till.expect(paid.order, .paid, [.reversed])
            #expect(try await till.payment(paid.order).epoch == 2)
        },
        Scenario("a hundred and fifty blocks give way, more than the headers that it kept", keptHeaders: 100)
        { till in
            let paid = try await till.paidBelow(blocks: 150)
            try await till.node.undo(150)
            try await till.node.mineEmpty(110)
            try await till.node.send(paid.raw)
            try await till.node.mine(1)
            try await till.node.mineEmpty(45)
            try await till.expectMoved(paid, by: 110)
        },
        Scenario("in the same block on another branch") { till in
            let order = try await till.open(price)
            try await till.node.pay([(order.address, price)])
            try await till.mine(2)
            try await till.node.undo(2)
            try await till.node.mine(3, to: till.node.newAddress())
            try await till.settle()
            try await till.expect(order, .paid)
            let payment = try await till.payment(order)
            #expect(payment.epoch == 1 && payment.evidence.transfers.count == 1)
        },
    ]
}

/// A payment that was paid deep in the chain.
struct Paid: Sendable {
    let order: Order
    /// The transaction: a node forgets those of many blocks that it undoes.
    let raw: String
    let height: UInt64
}

extension Till {
    /// A payment that was paid in the first of the last so many blocks.
    func paidBelow(blocks: Int) async throws -> Paid {
        let order = try await open(price)
        let (_, id) = try await node.pay([(order.address, price)])
        let raw = try await node.ask("getrawtransaction", .string(id)).asString ?? ""
        try await mine(1)
        let height = try await node.height()
        try await node.mineEmpty(blocks - 1)
        try await settle()
        try await expect(order, .paid)
        return Paid(order: order, raw: raw, height: height)
    }

    /// Expects a paid payment so many blocks higher in a new branch: nothing was taken back in between.
    func expectMoved(_ paid: Paid, by blocks: UInt64, _ at: SourceLocation = #_sourceLocation) async throws {
        try await settle()
        try await expect(paid.order, .paid, [], at)
        let payment = try await payment(paid.order)
        #expect(payment.epoch == 1, sourceLocation: at)
        let place = payment.evidence.transfers.first?.block
        #expect(place?.height == paid.height + blocks, sourceLocation: at)
        let block = try await node.ask("getblockhash", .integer(paid.height + blocks)).asString
        #expect(place?.block.text == block, sourceLocation: at)
        #expect(payment.evidence.transfers.count == 1, sourceLocation: at)
        try await expectStory(paid.order, ["created", "awaiting_payment", "confirming", "paid"], at)
    }
}
