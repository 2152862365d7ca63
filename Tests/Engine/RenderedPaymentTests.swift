import Chains
import Domain
import JSON
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("A payment object is never served after a write has changed it")
struct RenderedPaymentTests {
    private let start = Instant(milliseconds: 0)

    private func caller(merchant: ID<Merchant>, isTest: Bool = true) -> Caller {
        Caller(
            merchant: merchant, key: ID(at: Instant(milliseconds: 0), chance: [UInt8](repeating: 0, count: 10)),
            isTest: isTest, scopes: ["admin"])
    }

    private func object(_ rendered: RenderedPayments, _ id: ID<Payment>, _ caller: Caller) -> [UInt8]? {
        guard case .object(let bytes) = rendered.look(id, for: caller, at: start) else { return nil }
        return bytes
    }

    private func ticket(
        _ rendered: RenderedPayments, _ id: ID<Payment>, _ caller: Caller
    ) throws -> RenderedPayments.Ticket {
        guard case .unknown(let ticket) = rendered.look(id, for: caller, at: start) else {
            throw TestKitError("it is known already")
        }
        return ticket
    }

    /// What happens between the moment before a payment is read and the one after it is kept.
    enum Meanwhile: String, CaseIterable {
        case nothing, otherPaymentChanges, otherTipMoves
        case changeBegins, changeEnds, changeBeganBefore, changeBeganAndEnds, changesOverlap
        case tipBegins, tipEnds, tipBeganBefore, tipBeganAndEnds
        case changeAfter, tipAfter

        var mayServe: Bool {
            switch self {
            case .nothing, .otherTipMoves: true
            // Two payments of one part of the cache may share a fate; that costs a reading, never the truth.
            case .otherPaymentChanges: true
            default: false
            }
        }
    }

    @Test("What was read before a change is not served after it", arguments: Meanwhile.allCases)
    func interleavings(_ meanwhile: Meanwhile) async throws {
        let house = try await House()
        let payment = try await house.payment(try await house.open())
        let (id, network) = (payment.id, SandboxNetwork.sandbox.name)
        let rendered = RenderedPayments()
        switch meanwhile {
        case .changeBeganBefore, .changeBeganAndEnds: rendered.begin(id)
        case .changesOverlap:
            rendered.begin(id)
            rendered.begin(id)
        case .tipBeganBefore, .tipBeganAndEnds: rendered.begin(network)
        default: break
        }
        let ticket = try ticket(rendered, id, house.caller)
        switch meanwhile {
        case .changeBegins: rendered.begin(id)
        case .changeEnds:
            rendered.begin(id)
            rendered.end(id)
        case .changeBeganAndEnds, .changesOverlap: rendered.end(id)
        case .tipBegins: rendered.begin(network)
        case .tipEnds:
            rendered.begin(network)
            rendered.end(network)
        case .tipBeganAndEnds: rendered.end(network)
        case .otherTipMoves:
            rendered.begin(SandboxNetwork.alternative.name)
            rendered.end(SandboxNetwork.alternative.name)
        default: break
        }
        rendered.keep([1], of: payment, showing: [network], until: nil, ticket)
        switch meanwhile {
        case .changeAfter: rendered.begin(id)
        case .tipAfter: rendered.begin(network)
        case .otherPaymentChanges: rendered.begin(try await house.open(order: "other"))
        default: break
        }
        #expect((object(rendered, id, house.caller) != nil) == meanwhile.mayServe)
        await house.close()
    }

    @Test("An object is for its merchant's eyes, and for keys of its kind")
    func eyes() async throws {
        let house = try await House()
        let payment = try await house.payment(try await house.open())
        let rendered = RenderedPayments()
        rendered.keep(
            [1], of: payment, showing: [], until: nil, try ticket(rendered, payment.id, house.caller))
        let merchant = house.caller.merchant
        let stranger: ID<Merchant> = house.gateway.world.id()
        #expect(object(rendered, payment.id, caller(merchant: merchant)) == [1])
        #expect(object(rendered, payment.id, caller(merchant: merchant, isTest: false)) == nil)
        #expect(object(rendered, payment.id, caller(merchant: stranger)) == nil)
        await house.close()
    }

    @Test("What is kept has a bound, and what is asked for stays")
    func bound() async throws {
        let house = try await House()
        let first = try await house.payment(try await house.open())
        let size = 64
        let rendered = RenderedPayments(bytes: EngineLimits.renderedShards * size * 8)
        var ids: [ID<Payment>] = []
        for _ in 0..<2_000 {
            let id: ID<Payment> = house.gateway.world.id()
            let other = Payment.open(id, first.terms, actor: .clock).payment
            for payment in [other, first] {
                if case .unknown(let ticket) = rendered.look(payment.id, for: house.caller, at: start) {
                    rendered.keep(
                        [UInt8](repeating: 1, count: size), of: payment, showing: [], until: nil, ticket)
                }
            }
            #expect(object(rendered, first.id, house.caller) != nil)
            ids.append(id)
        }
        let kept = ids.filter { object(rendered, $0, house.caller) != nil }.count
        #expect(kept <= EngineLimits.renderedShards * 9)
        await house.close()
    }

    @Test("Readers that hammer while payments are written never see what a returned write has changed")
    func hammer() async throws {
        let house = try await House()
        let (gateway, caller) = (house.gateway, house.caller)
        var ids: [ID<Payment>] = []
        for number in 0..<8 {
            var new = NewPayment(orderID: "order-\(number)", amount: "25", currency: "EUR")
            new.methods = [try method("SBX"), try method("SUSD")]
            ids.append(try await house.open(new))
        }
        let targets = ids
        let methods = [try method("SBX"), try method("SUSD")]
        /// The quotes of each payment whose writes have returned, in order.
        let told = Lock<[ID<Payment>: [String]]>([:])
        let isOver = Lock(false)
        let clock = house.clock
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { @concurrent in
                defer { isOver.withLock { $0 = true } }
                for round in 0..<Payment.mostQuotes {
                    // While a quote holds it would be given again.
                    clock.step(by: 1_000_000)
                    for id in targets {
                        let reply = try await gateway.choose(
                            methods[round % 2], for: id, by: caller.actor, of: caller, cause: "test",
                            Answering(key: nil) { view in
                                Reply(status: 200, body: Array((view.quote?.id.text ?? "").utf8))
                            })
                        let quote = String(decoding: reply.body, as: UTF8.self)
                        told.withLock { $0[id, default: []].append(quote) }
                        await Task.yield()
                    }
                }
            }
            for start in 0..<4 {
                group.addTask { @concurrent in
                    var number = start
                    while !isOver.withLock({ $0 }) {
                        let id = targets[number % targets.count]
                        number += 1
                        let before = told.withLock { $0[id] ?? [] }
                        let object = try JSON.parse(try await gateway.paymentObject(id, of: caller))
                        let seen = object["quote"]?["id"]?.asString
                        let isStale = before.dropLast().contains { $0 == seen } || seen == nil && !before.isEmpty
                        #expect(!isStale, "a quote that a later one had replaced")
                        if isStale { return }
                        // An answer that is known suspends nobody, and the pool is small.
                        await Task.yield()
                    }
                }
            }
            try await group.waitForAll()
        }
        for id in targets {
            let object = try JSON.parse(try await gateway.paymentObject(id, of: caller))
            let last = told.withLock { $0[id]?.last }
            #expect(object["quote"]?["id"]?.asString == last)
            #expect(self.object(try #require(gateway.rendered), id, caller) != nil, "it is kept now")
        }
        await house.close()
    }

    @Test("A block is seen at once by those who show it, and costs the others nothing")
    func tips() async throws {
        let house = try await House()
        let (paid, waiting) = (try await house.open("90000"), try await house.open(order: "order-2"))
        let rendered = try #require(house.gateway.rendered)
        for blocks: Int64 in 1...5 {
            if blocks == 1 {
                try await house.take([.play(.exact, mined: 1)], for: paid)
            } else {
                try await house.take([.command(.mine(.sandbox, blocks: 1))], for: paid)
            }
            #expect((object(rendered, waiting, house.caller) != nil) == (blocks > 1))
            for id in [paid, waiting] {
                let object = try JSON.parse(try await house.gateway.paymentObject(id, of: house.caller))
                #expect(object["confirmations"]?.asInt64 == (id == paid ? blocks : 0))
                #expect(self.object(rendered, id, house.caller) != nil)
            }
        }
        await house.close()
    }

    @Test("A quote that has ended is not payable, also while nobody has looked at the payment")
    func quoteEnds() async throws {
        let house = try await House()
        let id = try await house.open()
        let end = try #require(try await house.payment(id).evidence.currentQuote).endsAt
        let left = (end.milliseconds - house.gateway.now(isTest: true).milliseconds) / 1_000
        func isPayable() async throws -> Bool {
            let object = try JSON.parse(try await house.gateway.paymentObject(id, of: house.caller))
            let view = try await house.gateway.payment(id, of: house.caller)
            let list = ListRequest(limit: 1)
            let listed = try await house.gateway.payments(of: house.caller, PaymentQuery(), list).items
            let isPayable = object["payable"] == true
            #expect(view.assessment.isPayable == isPayable)
            #expect((object["payment_uri"] != .null) == isPayable)
            #expect(listed.map(\.assessment.isPayable) == [isPayable])
            #expect(object["state"] == "awaiting_payment", "nobody has looked")
            return isPayable
        }
        // The network is not heard, and no clock is followed: all that moves is time.
        #expect(try await isPayable())
        _ = try await house.gateway.command(.clock(advanceSeconds: left))
        #expect(try await isPayable(), "to the last moment")
        _ = try await house.gateway.command(.clock(advanceSeconds: 1))
        #expect(try await !isPayable())
        await house.close()
    }

    @Test("A payment that is set aside shows nobody where to pay, from that moment on")
    func aside() async throws {
        let house = try await House()
        let id = try await house.open()
        let before = try JSON.parse(try await house.gateway.paymentObject(id, of: house.caller))
        #expect(before["payable"] == true)
        // A payment that contradicts itself: its transfers lie on a quote that it never had.
        let other = try await house.payment(try await house.open(order: "order-2"))
        let quote = try #require(other.evidence.currentQuote)
        let sighting = Sighting(
            key: Transfer.Key(network: quote.method.network, place: "aa:0"), quote: quote.id,
            method: quote.method, amountText: "1", claim: Transfer.Claim(sequence: 9, standing: .pooled),
            seenAt: house.gateway.world.now)
        let fact = Fact(
            at: house.gateway.world.now, actor: .network(quote.method.network), sources: [:],
            news: .sighted([sighting], spends: [:]))
        let gateway = house.gateway
        try await gateway.write { work in _ = try gateway.apply(fact, to: id, cause: "test", work) }
        #expect(try await house.store.read { try $0.isQuarantined(id) })
        let after = try JSON.parse(try await house.gateway.paymentObject(id, of: house.caller))
        #expect(after["payable"] == false)
        #expect(after["payment_uri"] == .null)
        #expect(after["address"] == .null)
        await house.close()
    }

    @Test("Where other processes write to the store, nothing is kept")
    func shared() async throws {
        let house = try await House(.postgres)
        #expect(house.gateway.rendered == nil)
        let id = try await house.open()
        let object = try JSON.parse(try await house.gateway.paymentObject(id, of: house.caller))
        #expect(object["id"]?.asString == id.text)
        await house.close()
    }
}
