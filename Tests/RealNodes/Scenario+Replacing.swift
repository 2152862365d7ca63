import Domain
import Testing

extension Scenario {
    /// What was seen in the pool is not there to stay.
    static let replacing = [
        Scenario("replaced by one to somebody else") { till in
            let order = try await till.open(price)
            let (coin, _) = try await till.node.pay([(order.address, price)])
            try await till.settle()
            try await till.expect(order, .detected)
            let elsewhere = try await till.node.newAddress()
            try await till.node.send(
                till.node.sign([coin], [(elsewhere, price)], fee: 3 * RealNode.fee))
            try await till.settle()
            try await till.expect(order, .awaitingPayment)
            try await till.mine(2)
            try await till.expect(order, .awaitingPayment)
            try await till.node.pay([(order.address, price)])
            try await till.mine(2)
            try await till.expect(order, .paid)
        },
        Scenario("replaced by one with a higher fee") { till in
            let order = try await till.open(price)
            let (coin, first) = try await till.node.pay([(order.address, price)])
            try await till.settle()
            try await till.expect(order, .detected)
            let second = try await till.node.send(
                till.node.sign([coin], [(order.address, price)], fee: 3 * RealNode.fee))
            #expect(second != first)
            try await till.settle()
            try await till.expect(order, .detected)
            try await till.mine(2)
            try await till.expect(order, .paid)
            let live = try await till.payment(order).evidence.transfers.filter(\.isLive)
            #expect(live.count == 1)
        },
        Scenario("replaced by one that pays less") { till in
            let order = try await till.open(price)
            let (coin, _) = try await till.node.pay([(order.address, price)])
            try await till.settle()
            try await till.node.send(
                till.node.sign([coin], [(order.address, price - 20_000)], fee: 3 * RealNode.fee))
            try await till.mine(2)
            try await till.expect(order, .underpaid)
        },
        Scenario("evicted, and sent again") { till in
            let order = try await till.open(price)
            let coin = try await till.node.takeCoin()
            let raw = try await till.node.sign([coin], [(order.address, price)])
            try await till.node.send(raw)
            try await till.settle()
            try await till.expect(order, .detected)
            try await till.node.stop()
            try await till.node.start(without: .pool)
            #expect(try await till.node.pool().isEmpty)
            try await till.settle()
            try await till.expect(order, .awaitingPayment)
            try await till.node.send(raw)
            try await till.settle()
            try await till.expect(order, .detected)
            try await till.mine(2)
            try await till.expect(order, .paid)
        },
        Scenario("let go by the node after its time, and sent again") { till in
            let order = try await till.open(price)
            let coin = try await till.node.takeCoin()
            let raw = try await till.node.sign([coin], [(order.address, price)])
            let id = try await till.node.send(raw)
            try await till.settle()
            try await till.expect(order, .detected)
            // Two weeks are what a node keeps: it looks for what is older whenever another one comes.
            try await till.node.pass(seconds: 15 * 24 * 3_600)
            let other = try await till.node.newAddress()
            let (_, later) = try await till.node.pay([(other, price)])
            let pool = try await till.node.pool()
            #expect(!pool.contains(id) && pool.contains(later))
            try await till.settle()
            try await till.expect(order, .awaitingPayment)
            let transfers = try await till.payment(order).evidence.transfers
            #expect(transfers.map(\.claim.standing) == [.gone(.evicted)])
            try await till.node.pass(seconds: nil)
            try await till.node.send(raw)
            try await till.settle()
            try await till.expect(order, .detected)
            try await till.mine(2)
            try await till.expect(order, .paid)
            try await till.expectStory(
                order, ["created", "awaiting_payment", "detected", "awaiting_payment", "detected", "paid"])
        },
    ]
}
