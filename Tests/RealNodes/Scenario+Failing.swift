import Chains
import Domain
import Storage
import Testing

extension Scenario {
    /// The node is not what it should be.
    static let failing = [
        Scenario("while the node is down for a while") { till in
            let order = try await till.open(price, expiresInSeconds: 60)
            try await till.node.pay([(order.address, price)])
            try await till.settle()
            try await till.expect(order, .detected)
            try await till.node.stop()
            try await till.wait(seconds: 7_200)
            let fault = try await till.source?.fault
            #expect(fault?.hasPrefix("unreachable") == true)
            try await till.expect(order, .detected, [.sourceStale])
            try await till.node.start()
            // The node reads its pool back while it answers: until it has, nothing has left it.
            try await till.expectWhileWaking(order, .detected)
            try await till.mine(2)
            try await till.expect(order, .paid)
        },
        Scenario("and another order waits while the node is down") { till in
            let order = try await till.open(price, expiresInSeconds: 60)
            try await till.node.stop()
            try await till.wait(seconds: 600)
            try await till.expect(order, .awaitingPayment)
            try await till.node.start()
            try await till.settle()
            try await till.wait(seconds: 60)
            try await till.expect(order, .expired)
        },
    ]
}
