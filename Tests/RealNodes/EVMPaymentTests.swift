import Chains
import Domain
import JSON
import Platform
import TestKit
import Testing

/// Payments in a coin, in a token of six decimals and in one of eighteen, against a real EVM.
@Suite(
    "Payments on a network of Ethereum's kind", .timeLimit(.minutes(10)),
    .enabled(if: EVMNode.script != nil, "QUITTANCE_EVM names no script: see Nodes/"))
struct EVMPaymentTests {
    /// What is paid with.
    enum Money: CaseIterable {
        case coin, sixDecimals, eighteenDecimals
    }

    /// A node with both tokens on it, and one that looks like the first of them.
    private struct World {
        let node: EVMNode
        let network: EVMNetwork
        let tokens: [EVMAddress]
        let fake: EVMAddress

        static func made(name: String = "devnet", chainID: UInt64 = 31_337) async throws -> World {
            let node = try await EVMNode(chainID: chainID)
            let network = sample(NetworkName(parsing: name))
            let six = try await node.token("USDC", decimals: 6, supply: 1 << 60)
            let eighteen = try await node.token("DAI", decimals: 18, supply: 1 << 63)
            let fake = try await node.token("USDC", decimals: 6, supply: 1 << 60)
            func asset(_ code: String, _ decimals: UInt8, _ contract: String?) -> Asset {
                Asset(
                    method: Domain.Method(asset: sample(AssetCode(parsing: code)), network: network),
                    decimals: decimals, payableDecimals: min(decimals, 6), contract: contract, version: 1)
            }
            return World(
                node: node,
                network: EVMNetwork(
                    name: network, chainID: chainID, isTest: true, coin: asset("ETH", 18, nil),
                    tokens: [asset("USDC", 6, six.text), asset("DAI", 18, eighteen.text)], blockSeconds: nil,
                    finalitySeconds: 3_600),
                tokens: [six, eighteen], fake: fake)
        }

        var settings: EVMSettings {
            EVMSettings(network: network, providers: [EVMProvider(name: "one", url: node.url)])
        }

        func asset(_ money: Money) -> Asset {
            switch money {
            case .coin: network.coin
            case .sixDecimals: network.tokens[0]
            case .eighteenDecimals: network.tokens[1]
            }
        }

        /// What an order costs: a little more than one whole of the smaller token.
        func price(_ money: Money) -> UInt128 { money == .sixDecimals ? 1_250_000 : 1_250_000_000_000_000_000 }

        @discardableResult
        func pay(_ money: Money, _ units: UInt128, to address: String) async throws -> String {
            switch money {
            case .coin: try await node.pay(address, wei: units)
            case .sixDecimals: try await node.transfer(tokens[0], to: address, UInt64(units))
            case .eighteenDecimals: try await node.transfer(tokens[1], to: address, UInt64(units))
            }
        }
    }

    @Test("Exact, too little and then the rest, too much, and twice", arguments: Money.allCases)
    func amounts(_ money: Money) async throws {
        let world = try await World.made()
        let till = try await EVMTill([world.settings])
        let (asset, price) = (world.asset(money), world.price(money))
        let (exact, split, over, twice) = (
            try await till.open(asset, price), try await till.open(asset, price),
            try await till.open(asset, price), try await till.open(asset, price)
        )
        #expect(exact.address.hasPrefix("0x") && Set([exact, split, over, twice].map(\.address)).count == 4)
        for (order, units) in [(exact, price), (split, price / 2), (over, price * 2), (twice, price)] {
            try await world.pay(money, units, to: order.address)
        }
        try await till.hear()
        #expect(try await till.status(exact.id) == Status(.awaitingPayment))
        try await world.node.mine()
        try await till.hear()
        for (order, state) in [(exact, .confirming), (split, .detected), (over, .confirming)]
            as [((id: ID<Payment>, address: String), Domain.State)] {
            #expect(try await till.payment(order.id).state == state)
        }
        try await world.pay(money, price / 2, to: split.address)
        try await world.pay(money, price, to: twice.address)
        try await world.node.mine()
        try await till.hear()
        try await world.node.mine()
        try await till.hear()
        #expect(try await till.status(exact.id) == Status(.paid))
        #expect(try await till.status(split.id) == Status(.paid))
        #expect(try await till.status(over.id) == Status(.overpaid, [.overpaid]))
        #expect(try await till.status(twice.id) == Status(.paid, [.duplicate]))
        #expect(try await till.findings().isEmpty)
        await till.close()
        try await world.node.stop()
    }

    @Test("What fails, what looks like the asset, and another asset count for nothing, and people are told")
    func mismatches() async throws {
        let world = try await World.made()
        let till = try await EVMTill([world.settings])
        let (failing, fake, other) = (
            try await till.open(world.asset(.sixDecimals), 1_000_000),
            try await till.open(world.asset(.sixDecimals), 1_000_000),
            try await till.open(world.asset(.sixDecimals), 1_000_000)
        )
        // More than there is.
        try await world.node.transfer(world.tokens[0], to: failing.address, 1 << 61)
        try await world.node.transfer(world.fake, to: fake.address, 1_000_000)
        try await world.pay(.eighteenDecimals, 1_000_000_000_000_000_000, to: other.address)
        try await world.node.mine(3)
        try await till.hear()
        #expect(try await till.status(failing.id) == Status(.awaitingPayment))
        #expect(try await till.payment(failing.id).evidence.transfers.map(\.claim.standing) == [.gone(.failed)])
        #expect(try await till.status(fake.id) == Status(.awaitingPayment, [.wrongAsset]))
        #expect(try await till.payment(fake.id).evidence.transfers.map(\.method) == [nil])
        #expect(try await till.status(other.id) == Status(.awaitingPayment, [.wrongAsset]))
        #expect(try await till.findings().isEmpty)
        await till.close()
        try await world.node.stop()
    }

    @Test("The right token on the wrong network is seen, and never counted")
    func wrongNetwork() async throws {
        let (right, wrong) = (try await World.made(), try await World.made(name: "othernet", chainID: 31_338))
        let till = try await EVMTill([right.settings, wrong.settings])
        let order = try await till.open(right.asset(.sixDecimals), 1_000_000)
        try await wrong.pay(.sixDecimals, 1_000_000, to: order.address)
        try await wrong.node.mine(3)
        try await till.hear()
        #expect(try await till.status(order.id) == Status(.awaitingPayment, [.wrongNetwork]))
        try await right.pay(.sixDecimals, 1_000_000, to: order.address)
        try await right.node.mine(3)
        try await till.hear()
        #expect(try await till.status(order.id) == Status(.paid, [.wrongNetwork]))
        #expect(try await till.findings().isEmpty)
        await till.close()
        try await right.node.stop()
        try await wrong.node.stop()
    }

    @Test(
        "What a reorg takes away is taken back loudly, and what it mines again stays paid for",
        arguments: Money.allCases)
    func reorganised(_ money: Money) async throws {
        let world = try await World.made()
        let till = try await EVMTill([world.settings])
        let (asset, price) = (world.asset(money), world.price(money))
        let (kept, lost) = (try await till.open(asset, price), try await till.open(asset, price))
        try await world.pay(money, price, to: kept.address)
        let dropped = try await world.pay(money, price, to: lost.address)
        try await world.node.mine(2)
        try await till.hear()
        #expect(try await till.status(lost.id) == Status(.paid))
        try await world.node.ask("test_reorg", .object(["depth": 2, "drop": .array([.string(dropped)])]))
        try await till.hear()
        #expect(try await till.payment(lost.id).state == .awaitingPayment)
        #expect(try await till.payment(lost.id).openExceptions.map(\.kind) == [.reversed])
        #expect(try await till.payment(kept.id).evidence.transfers.count == 1)
        try await world.node.mine()
        try await till.hear()
        #expect(try await till.payment(kept.id).state == .paid)
        #expect(try await till.findings().isEmpty)
        await till.close()
        try await world.node.stop()
    }

    @Test("A policy waits for what the network calls safe or finalized", arguments: [(.safe, 2), (.finalized, 4)]
        as [(Policy.Requirement, Int)])
    func finality(_ requirement: Policy.Requirement, depth: Int) async throws {
        let world = try await World.made()
        let till = try await EVMTill([world.settings], requirement: requirement)
        let order = try await till.open(world.network.coin, 1_000_000_000_000_000)
        try await world.pay(.coin, 1_000_000_000_000_000, to: order.address)
        for blocks in 0...depth {
            try await world.node.mine()
            try await till.hear()
            #expect(try await till.payment(order.id).state == (blocks < depth ? .confirming : .paid))
        }
        await till.close()
        try await world.node.stop()
    }
}
