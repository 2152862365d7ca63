import Domain
import Engine
import JSON
import Storage
import Testing

extension Scenario {
    /// Amounts and moments.
    static let paying = [
        Scenario("exactly") { till in
            let order = try await till.open(price)
            try await till.node.pay([(order.address, price)])
            try await till.settle()
            try await till.expect(order, .detected)
            try await till.mine()
            try await till.expect(order, .confirming)
            try await till.mine()
            try await till.expect(order, .paid)
            try await till.expectStory(
                order, ["created", "awaiting_payment", "detected", "confirming", "paid"])
        },
        Scenario("in two parts") { till in
            let order = try await till.open(price)
            try await till.node.pay([(order.address, price / 2)])
            try await till.settle()
            try await till.node.pay([(order.address, price - price / 2)])
            try await till.settle()
            try await till.expect(order, .detected)
            try await till.mine(2)
            try await till.expect(order, .paid)
        },
        Scenario("too little, then the rest") { till in
            let order = try await till.open(price)
            try await till.node.pay([(order.address, price - 10_000)])
            try await till.mine(2)
            try await till.expect(order, .underpaid)
            try await till.node.pay([(order.address, 10_000)])
            try await till.settle()
            try await till.mine(2)
            try await till.expect(order, .paid)
        },
        Scenario("too little, and no more") { till in
            let order = try await till.open(price)
            try await till.node.pay([(order.address, price - 10_000)])
            try await till.mine(2)
            try await till.wait(seconds: 3_600)
            try await till.expect(order, .underpaid, [.underpaid])
        },
        Scenario("mined while the gateway is down") { till in
            let order = try await till.open(price)
            try await till.node.pay([(order.address, price)])
            try await till.node.mine(3)
            try await till.restart()
            try await till.settle()
            try await till.expect(order, .paid)
        },
        Scenario("too much") { till in
            let order = try await till.open(price)
            try await till.node.pay([(order.address, price + 7_000)])
            try await till.mine(2)
            try await till.expect(order, .overpaid, [.overpaid])
        },
        Scenario("twice") { till in
            let order = try await till.open(price)
            try await till.node.pay([(order.address, price)])
            try await till.mine(2)
            try await till.expect(order, .paid)
            try await till.node.pay([(order.address, price)])
            try await till.mine(2)
            try await till.expect(order, .paid, [.duplicate])
        },
        Scenario("after expiry") { till in
            let order = try await till.open(price, expiresInSeconds: 60)
            try await till.wait(seconds: 3_600)
            try await till.expect(order, .expired)
            try await till.node.pay([(order.address, price)])
            try await till.mine(2)
            try await till.expect(order, .latePaid, [.late])
        },
        Scenario("two payments by one transaction") { till in
            let (one, other) = (try await till.open(price), try await till.open(2 * price))
            try await till.node.pay([(one.address, price), (other.address, 2 * price)])
            try await till.mine(2)
            try await till.expect(one, .paid)
            try await till.expect(other, .paid)
        },
        Scenario("a thousand payments in one block") { till in
            var orders: [Order] = []
            for _ in 0..<1_000 { orders.append(try await till.open(price)) }
            for start in stride(from: 0, to: orders.count, by: 250) {
                let chunk = orders[start..<min(start + 250, orders.count)]
                try await till.node.pay(chunk.map { ($0.address, price) }, fee: 2_000_000)
            }
            try await till.settle()
            try await till.expect(orders[999], .detected)
            try await till.mine(2)
            let paid = try await till.statuses(orders).filter { $0 == Status(.paid) }
            #expect(paid.count == 1_000)
            var blocks: Set<String> = []
            for order in orders {
                for transfer in try await till.payment(order).evidence.transfers {
                    blocks.insert(transfer.block?.block.text ?? "none")
                }
            }
            #expect(blocks.count == 1 && !blocks.contains("none"))
        },
        Scenario("with coins fresh from a miner") { till in
            let order = try await till.open(price)
            try await till.node.mine(to: order.address)
            try await till.mine(98)
            try await till.expect(order, .confirming)
            try await till.mine(1)
            try await till.expect(order, .overpaid, [.overpaid])
        },
        Scenario("and the merchant spends it") { till in
            let order = try await till.open(price)
            let (_, id) = try await till.node.pay([(order.address, price)])
            try await till.mine(2)
            try await till.expect(order, .paid)
            try await till.spend(id, order)
            try await till.mine(2)
            try await till.expect(order, .paid)
            let kinds = try await till.gateway.entries(of: order.id, by: till.caller).map(\.kind)
            #expect(kinds.last == .withdrawn)
        },
    ]
}

extension Till {
    func statuses(_ orders: [Order]) async throws -> [Status] {
        var statuses: [Status] = []
        for order in orders { statuses.append(try await status(order)) }
        return statuses
    }

    /// The merchant spends what a transaction paid to an order, with the key that the gateway never had.
    func spend(_ transaction: String, _ order: Order) async throws {
        let branch = descriptor.split(separator: "/")[1]
        let bare = "wpkh(\(Self.privateKey)/\(branch)/*)"
        let checksum =
            try await node.ask("getdescriptorinfo", .string(bare))["checksum"]?.asString ?? ""
        try await node.importForMerchant("\(bare)#\(checksum)")
        let outputs =
            try await node.ask("getrawtransaction", .string(transaction), true)["vout"]?.asArray ?? []
        let index = outputs.firstIndex { output in
            let script = output["scriptPubKey"]
            return script?["address"]?.asString == order.address
                || script?["addresses"]?[0]?.asString == order.address
        }
        let raw = try await node.ask(
            "createrawtransaction",
            [.object(["txid": .string(transaction), "vout": .integer(index ?? 0)])],
            [.object([node.newAddress(): "0.0003"])])
        let signed = try await node.askMerchant("signrawtransactionwithwallet", raw)
        #expect(signed["complete"]?.asBool == true)
        try await node.send(signed["hex"]?.asString ?? "")
    }
}

extension RealNode {
    func importForMerchant(_ descriptor: String) async throws {
        let request: JSON = ["desc": .string(descriptor), "range": 20, "timestamp": "now"]
        let answer = try await askMerchant(
            coin == .bitcoin ? "importdescriptors" : "importmulti", [request])
        let isThere = answer[0]?["error"]?["message"]?.asString?.contains("already") ?? false
        #expect(answer[0]?["success"]?.asBool == true || isThere, "\(answer.encodedText)")
    }
}
