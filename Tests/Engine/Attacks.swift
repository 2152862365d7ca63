import Chains
import Crypto
import Database
import Domain
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

/// What is tried on a gateway with its store: deep reorgs, scripts that look like ours, lost answers, lost databases.
@Suite("Attacks on the gateway")
struct AttackTests {
    @Test(
        "Each does no harm, and harms whoever believes the one thing that he should not",
        arguments: Attack.onHearing + Attack.onReorgs + Attack.onStore)
    func attack(_ attack: Attack) async throws { try await attack.attempt() }
}

/// How what a network says comes to somebody's ears.
private struct Ear: Sendable {
    var hears: @Sendable (Batch, _ after: Cursor?) throws -> Batch = { batch, _ in batch }
}

extension Attack {
    /// What the network says.
    static let onHearing: [Attack] = [
        Attack(
            "A16 paid while the gateway is down", product: Ear(), twin: "the last block is news enough",
            Ear { batch, _ in
                var batch = batch
                for index in batch.connected.indices.dropLast() {
                    batch.connected[index] = batch.connected[index].with([])
                }
                return batch
            }
        ) { ear in
            let house = try await House(telling: { RetoldChain($0, ear.hears) })
            let id = try await house.open()
            try await house.take([.unheard([.play(.exact), .command(.mine(.sandbox, blocks: 3))])], for: id)
            let state = try await house.payment(id).state
            await house.close()
            return state == .paid ? nil : "whoever paid is not sold to"
        },
        Attack(
            "A12 paid to scripts with our script in them", product: Ear(), twin: "what contains our script is ours",
            Ear { batch, after in
                // What a matcher by substring would take for ours.
                let connected = batch.connected.map { block in
                    block.with(block.transactions.map { transaction in
                        transaction.paying { script in
                            script.hasPrefix("51") ? String(script.dropFirst(2)) : script
                        }
                    })
                }
                var batch = batch
                batch.connected = connected
                return batch
            }
        ) { ear in
            let house = try await House()
            let id = try await house.open()
            let quote = try await house.quote(of: id)
            let script = quote.destination.script
            let decoys = ["51" + script, script + "51ae", script + script, String(script.dropLast())]
            try await house.absorb(ear) { block in
                block.with([
                    ChainTransaction(
                        id: "decoy", index: 0, inputs: ["coin:0"],
                        outputs: decoys.enumerated().map { place, script in
                            ChainOutput(
                                place: "decoy:\(place)", script: script, asset: quote.method.asset,
                                amountText: String(quote.amountDue))
                        }, maturity: 0, observation: { [] })
                ])
            }
            let known = try await house.payment(id).evidence.transfers
            await house.close()
            return known.isEmpty ? nil : "money is counted that we cannot spend"
        },
        Attack(
            "A13 the parent is replaced, and its child is paid to us without a block", product: Ear(),
            twin: "a pool says what leaves it",
            Ear { batch, _ in
                var batch = batch
                batch.pool = nil
                return batch
            }
        ) { ear in
            let house = try await House()
            var trusting = Policy.standard
            trusting.confirmations = [
                Policy.ConfirmationRule(tiers: [Policy.Tier(upToMinor: nil, requirement: .count(0))])
            ]
            _ = try await house.gateway.setPolicy(
                trusting, by: house.caller, cause: "test", Answering(key: nil) { _ in Reply(status: 200, body: []) })
            let id = try await house.open()
            let quote = try await house.quote(of: id)
            func transaction(_ id: String, spends coin: String, to script: String) -> ChainTransaction {
                let output = ChainOutput(
                    place: id + ":0", script: script, asset: quote.method.asset, amountText: String(quote.amountDue))
                return ChainTransaction(
                    id: id, index: 0, inputs: [coin], outputs: [output], maturity: 0, observation: { [] })
            }
            try await house.absorb(ear, entered: [
                transaction("parent", spends: "coin:0", to: "elsewhere"),
                transaction("child", spends: "parent:0", to: quote.destination.script),
            ])
            try #require(try await house.payment(id).assessment.isFulfillable)
            try await house.absorb(ear, entered: [transaction("other", spends: "coin:0", to: "elsewhere")])
            let isFulfillable = try await house.payment(id).assessment.isFulfillable
            await house.close()
            return isFulfillable ? "goods are given for nothing" : nil
        },
    ]

    /// Deeper than anybody thought: Litecoin's thirteen blocks, Monero's eighteen, and more.
    static let onReorgs: [Attack] = ([7, 13, 18, 100, 500] as [Int64]).map { depth in
        Attack(
            "A3 the goods are gone, and then \(depth) blocks are", product: Ear(), twin: "six blocks are for ever",
            Ear { batch, after in
                if let after, let fork = batch.forkHeight, after.height - fork > 6 {
                    throw ChainFault(.malformed, "a fork that deep cannot be")
                }
                return batch
            }
        ) { ear in
            let house = try await House(telling: { RetoldChain($0, ear.hears) })
            let id = try await house.open()
            try await house.take(
                [.play(.exact, mined: depth), .claim("ship"), .reorg(depth: depth, fate: .doubleSpent)], for: id)
            let payment = try await house.payment(id)
            let told = try await house.summary(of: id).events.count { $0 == "payment.reversed" }
            let isAsked = payment.openExceptions.contains { $0.kind == .reversed && $0.isSevere }
            if isAsked { try await house.audit() }
            await house.close()
            return told == 1 && isAsked && !payment.state.isSettled ? nil : "it stays paid, and nobody is told"
        }
    }

    /// What becomes of requests, prices and addresses.
    static let onStore: [Attack] = [
        Attack(
            "F69 somebody writes a wallet into the database, with its record",
            product: Signing { Ed25519.KeyPair(seed: Secret($0.entropy.bytes(32))) },
            twin: "what stands in the log was put there by the gateway", Signing { $0.gateway.keys.signing }
        ) { signing in
            let house = try await House()
            let own = try await house.quote(of: try await house.open(order: "before")).destination.wallet
            house.clock.advance(by: 1_000)
            let thief = SandboxAddress.walletKey([UInt8](repeating: 5, count: 32)).text
            let id: ID<Wallet> = house.gateway.world.id()
            let wallet = StoredWallet(
                id: id, merchant: house.caller.merchant, network: SandboxNetwork.sandbox.name, name: "Sandbox",
                key: thief, fingerprint: thief, createdAt: id.time)
            guard let pair = signing.pair(house) else { throw TestKitError("no key") }
            let (now, actor) = (house.gateway.world.now, house.caller.actor)
            try await house.store.write {
                try $0.register(wallet, at: now, cause: "test", by: actor, signedBy: pair)
            }
            let key = house.gateway.keys.signing.publicKey
            let isFound = try await !house.store.verify(signedBy: key).isClean
            let harm: String?
            do {
                let next = try await house.quote(of: try await house.open(order: "after")).destination.wallet
                harm = next == own ? nil : "customers pay a thief"
            } catch is Corruption {
                harm = isFound ? nil : "nobody is told why nothing is sold"
            }
            await house.close()
            return harm
        },
        Attack(
            "F67 the database goes back to its backup", product: Keeping { try await $0.gateway.keepIndices(in: $1) },
            twin: "the database knows best", Keeping(keep: { (_: House, _: String) in })
        ) { keeping in
            let folder = try TemporaryFolder()
            let house = try await House()
            guard case .sqlite(let database, _) = house.place.location else { throw TestKitError("no file") }
            try await keeping.keep(house, folder.file("indices"))
            var issued = [try await house.quote(of: try await house.open()).destination.address]
            await house.close()
            let backup = try Files.read(database, maxBytes: 1 << 26)
            try await house.reopen()
            try await keeping.keep(house, folder.file("indices"))
            issued.append(try await house.quote(of: try await house.open()).destination.address)
            await house.close()
            for end in ["", "-wal", "-shm"] { try Files.remove(database + end) }
            try Files.write(backup, to: database)
            try await house.reopen()
            try await keeping.keep(house, folder.file("indices"))
            issued.append(try await house.quote(of: try await house.open()).destination.address)
            await house.close()
            return Set(issued).count == issued.count ? nil : "two customers are given one address"
        },
        Attack("G74 the answer was lost, and it is asked again", product: "key", twin: "who asks twice wants two",
            String?.none) { key in
            let house = try await House()
            var made: [String] = []
            for _ in 0..<2 {
                var new = NewPayment(orderID: "order-1", amount: "25", currency: "EUR")
                new.methods = [try method("SBX")]
                let reply = try await house.gateway.open(
                    new, by: house.caller, cause: "test", house.answering(key))
                made.append(String(decoding: reply.body, as: UTF8.self))
            }
            await house.close()
            return Set(made).count == 1 ? nil : "a customer is asked for twice the money"
        },
        Attack(
            "E61 nobody has pushed a rate since yesterday", product: Int64?.none, twin: "a rate is a rate",
            365 * 86_400
        ) { maxAge in
            let house = try await House { if let maxAge { $0.rateMaxAgeSeconds = maxAge } }
            _ = try await house.gateway.push(
                asset: try code("SBX"), currency: "EUR", rate: "200", by: house.caller, cause: "test",
                Answering(key: nil) { _ in Reply(status: 200, body: []) })
            house.clock.advance(by: 86_400_000)
            let harm: String?
            do {
                _ = try await house.open()
                harm = "it is sold at yesterday's price"
            } catch is Refusal {
                harm = nil
            }
            await house.close()
            return harm
        },
        Attack(
            "G76 it is shipped before the money is there, which then goes elsewhere",
            product: Shipping(ships: { house, id in
                do {
                    try await house.take([.claim("ship")], for: id)
                    return true
                } catch is Refusal {
                    return false
                }
            }),
            twin: "what is on its way will come",
            Shipping(ships: { try await $0.summary(of: $1).events.contains("payment.detected") })
        ) { shipping in
            let house = try await House()
            let id = try await house.open()
            try await house.take([.play(.exact)], for: id)
            let isShipped = try await shipping.ships(house, id)
            try await house.take([.play(.replace(.elsewhere)), .command(.mine(.sandbox, blocks: 6))], for: id)
            let isPaid = try await house.payment(id).state.isSettled
            await house.close()
            return isShipped && !isPaid ? "the goods are gone, and so is the money" : nil
        },
    ]
}

/// With which key somebody signs what he writes.
private struct Signing: Sendable {
    let pair: @Sendable (House) -> Ed25519.KeyPair?

    init(_ pair: @escaping @Sendable (House) -> Ed25519.KeyPair?) { self.pair = pair }
}

/// How a shop decides whether to ship.
private struct Shipping: Sendable {
    let ships: @Sendable (House, ID<Payment>) async throws -> Bool
}

/// How somebody keeps in mind which addresses were issued.
private struct Keeping: Sendable {
    let keep: @Sendable (House, String) async throws -> Void
}

extension House {
    /// Absorbs one block, as `ear` hears it; or one look at the pool, which holds nothing else.
    fileprivate func absorb(
        _ ear: Ear, entered: [ChainTransaction] = [], _ fill: ((ChainBlock) -> ChainBlock)? = nil
    ) async throws {
        clock.advance(by: 1_000)
        let network = SandboxNetwork.sandbox.name
        guard let row = try await store.read({ try $0.source(of: network) }), let cursor = row.cursor else {
            throw TestKitError("no cursor")
        }
        var batch = Batch(cursor: cursor, isAtTip: true)
        if let fill {
            let block = ChainBlock(
                height: cursor.height + 1, block: BlockID("block \(cursor.height + 1)"), parent: cursor.block,
                medianTime: Instant(milliseconds: clock.now), transactions: [])
            batch.connected = [fill(block)]
            batch.cursor = Cursor(height: block.height, block: block.block)
        }
        batch.entered = entered
        batch.pool = Set(entered.map(\.id))
        let absorbed = try await gateway.absorb(
            try ear.hears(batch, cursor), of: network, after: row, askedAt: gateway.now(isTest: true))
        #expect(!absorbed.isStale)
    }
}

extension ChainBlock {
    /// The same block with other transactions.
    fileprivate func with(_ transactions: [ChainTransaction]) -> ChainBlock {
        ChainBlock(
            height: height, block: block, parent: parent, medianTime: medianTime, header: header,
            transactions: transactions)
    }
}

extension ChainTransaction {
    /// The same transaction with other scripts.
    fileprivate func paying(_ change: (String) -> String) -> ChainTransaction {
        ChainTransaction(
            id: id, index: index, inputs: inputs,
            outputs: outputs.map {
                ChainOutput(place: $0.place, script: change($0.script), asset: $0.asset, amountText: $0.amountText)
            }, maturity: maturity, observation: observation, inclusion: inclusion)
    }
}
