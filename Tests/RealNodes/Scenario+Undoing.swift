import Domain
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
            let payment = try await till.payment(order)
            #expect(payment.state == .paid)
            #expect(payment.epoch == 2)
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
        Scenario("in the same block on another branch") { till in
            let order = try await till.open(price)
            try await till.node.pay([(order.address, price)])
            try await till.mine(2)
            try await till.node.undo(2)
            try await till.node.mine(3, to: till.node.newAddress())
            try await till.settle()
            let payment = try await till.payment(order)
            #expect(payment.state == .paid)
            #expect(payment.evidence.transfers.count == 1)
        },
    ]
}
