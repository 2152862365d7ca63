import Chains
import Domain
import Engine
import HTTP
import Platform
import Storage
import TestKit
import Testing

/// Nodes of their own, which lose what they had while the gateway follows them.
@Suite("A node that is not where it was", .serialized)
struct LosingTests {
    @Test("All its blocks are gone, and come back one by one: nothing is taken back", arguments: Coin.started)
    func emptied(_ coin: Coin) async throws {
        try await losing(coin) { till, order in
            let node = till.node
            let blocks = try await node.rawBlocks()
            try await node.stop()
            try await node.start(without: .blocks)
            for (number, block) in blocks.enumerated() {
                if number.isMultiple(of: 16) || number + 3 > blocks.count {
                    try await till.expectBehind(order)
                }
                try await node.submit(block)
            }
            try await till.expectRecovered(order)
        }
    }

    @Test("It reads its blocks anew: nothing is taken back", arguments: Coin.started)
    func reindexed(_ coin: Coin) async throws {
        try await losing(coin) { till, order in
            try await till.node.mine(300)
            try await till.settle()
            try await till.node.stop()
            try await till.wait(seconds: 60)
            try await till.node.start(without: .index)
            try await till.expectWhileWaking(order, .paid)
            try await till.expectRecovered(order)
        }
    }

    @Test("It was put back from an older copy: nothing is taken back until it has heard of more work",
        arguments: Coin.started)
    func restored(_ coin: Coin) async throws {
        try await losing(coin) { till, order in
            let node = till.node
            let blocks = try await node.rawBlocks()
            try await node.stop()
            try await node.start(without: .blocks)
            for block in blocks.dropLast(3) { try await node.submit(block) }
            try await till.expectBehind(order)
            try await node.mineEmpty(2)
            try await till.expectBehind(order)
            // Another branch, and longer: now the old one is left.
            try await node.mineEmpty(2)
            try await till.settle()
            try await till.expect(order, .awaitingPayment, [.reversed])
        }
    }

    @Test(
        "Another network's node answers in its place: nothing of it is heard",
        .enabled(if: Coin.started.count == 2, "this takes both nodes"), arguments: Coin.started)
    func foreign(_ coin: Coin) async throws {
        try await losing(coin) { till, order in
            // Not the one that is shared: the scenarios stop that.
            let other = try await RealNode.start(coin == .bitcoin ? .litecoin : .bitcoin)
            let before = try await till.source
            try await till.restart(hearing: other)
            try await till.settle()
            let source = try await till.source
            #expect(source?.isHealthy == false)
            #expect(source?.fault?.hasPrefix("wrong_network") == true, "\(source?.fault ?? "")")
            #expect(source?.height == before?.height && source?.block == before?.block)
            try await till.expect(order, .paid)
            try await till.restart()
            try await till.expectRecovered(order)
        }
    }

    /// Tells a story that begins with a payment that was paid in the second last block.
    private func losing(_ coin: Coin, _ tell: @escaping @Sendable (Till, Order) async throws -> Void)
        async throws
    {
        let story = Scenario("") { till in
            let order = try await till.open(price)
            try await till.node.pay([(order.address, price)])
            try await till.mine(2)
            try await till.expect(order, .paid)
            try await tell(till, order)
        }
        try await story.run(on: RealNode.start(coin))
    }
}

extension Till {
    /// Expects the node to be taken for one that is behind, and all that was heard to stand.
    func expectBehind(_ order: Order, _ at: SourceLocation = #_sourceLocation) async throws {
        try await settle()
        let source = try await source
        #expect(source?.isHealthy == false, sourceLocation: at)
        #expect(source?.fault?.hasPrefix("syncing") == true, "\(source?.fault ?? "")", sourceLocation: at)
        try await expect(order, .paid, [], at)
    }

    /// Expects all to be as if nothing had happened.
    func expectRecovered(_ order: Order, _ at: SourceLocation = #_sourceLocation) async throws {
        try await settle()
        #expect(try await source?.isHealthy == true, sourceLocation: at)
        try await expect(order, .paid, [], at)
        #expect(try await payment(order).epoch == 1, sourceLocation: at)
        try await expectStory(order, ["created", "awaiting_payment", "paid"], at)
    }
}

extension Coin {
    /// Those whose nodes can be started.
    static let started = allCases.filter(\.isThere)
}
