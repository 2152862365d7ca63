import Chains
import Database
@testable import Domain
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

/// What a customer can do to the one writer with a transaction that has thousands of outputs.
@Suite("A flood of outputs to one address", .timeLimit(.minutes(15)))
struct FloodTests {
    private let network = SandboxNetwork.sandbox.name
    private static let outputs = 3_000

    /// Absorbs what one transaction does, in the pool or in a block, and counts the work of it.
    private func absorb(
        _ house: House, entered: [ChainTransaction] = [], mined: [ChainTransaction] = [],
        pool: [ChainTransaction] = []
    ) async throws -> Absorbed {
        let row = try await house.store.read { [network] in try $0.source(of: network) }
        let cursor = try #require(row?.cursor)
        var batch = Batch(cursor: cursor, isAtTip: true)
        if !mined.isEmpty {
            let block = ChainBlock(
                height: cursor.height + 1, block: BlockID("made \(cursor.height + 1)"), parent: cursor.block,
                medianTime: Instant(milliseconds: house.clock.now), transactions: mined)
            batch.connected = [block]
            batch.cursor = Cursor(height: block.height, block: block.block)
        }
        batch.entered = entered
        batch.pool = Set(pool.map(\.id))
        house.clock.advance(by: 1_000)
        return try await house.gateway.absorb(
            batch, of: network, after: row, askedAt: house.gateway.now(isTest: true))
    }

    private func flood(_ name: String, to quote: Quote, outputs: Int, inputs: [String]) -> ChainTransaction {
        ChainTransaction(
            id: name, index: 0, inputs: inputs,
            outputs: (0..<outputs).map {
                ChainOutput(
                    place: "\(name):\($0)", script: quote.destination.script, asset: quote.method.asset,
                    amountText: "546")
            }, maturity: 0, observation: { [] })
    }

    @Test("is replaced, and each payment was read but a few times; its money still counts")
    func replaced() async throws {
        let house = try await House()
        let id = try await house.open()
        let quote = try await house.quote(of: id)
        let first = flood("a", to: quote, outputs: Self.outputs, inputs: ["coin:0"])
        let second = flood("b", to: quote, outputs: Self.outputs, inputs: ["coin:0"])
        let away = ChainTransaction(
            id: "c", index: 0, inputs: ["coin:0"],
            outputs: [ChainOutput(place: "c:0", script: "elsewhere", asset: quote.method.asset, amountText: "1")],
            maturity: 0, observation: { [] })
        for (transaction, isReplaced) in [(first, false), (second, true), (away, true)] {
            let absorbed = try await absorb(house, entered: [transaction], pool: [transaction])
            #expect(absorbed.reads <= 2, "\(transaction.id)")
            let transfers = try await house.payment(id).evidence.transfers
            #expect(transfers.count <= Room.Kind.small.limitOutsideBlocks)
            if isReplaced { #expect(transfers.contains { $0.claim.standing == .gone(.replaced) }) }
            #expect(transfers.allSatisfy { $0.replaces.count <= EngineLimits.replaced })
        }
        #expect(try await house.payment(id).evidence.transfers.allSatisfy { !$0.isLive })
        #expect(try await house.payment(id).openExceptions.isEmpty)
        // What arrives in a block is money, whatever the pool held before.
        let paid = ChainTransaction(
            id: "d", index: 0, inputs: ["coin:9"],
            outputs: [
                ChainOutput(
                    place: "d:0", script: quote.destination.script, asset: quote.method.asset,
                    amountText: String(quote.amountDue))
            ], maturity: 0, observation: { [] })
        _ = try await absorb(house, mined: [paid])
        #expect(try await house.payment(id).state == .paid)
        try await house.audit()
        await house.close()
    }

    @Test("of which twenty are replaced by twenty: one of them stands for all, and the first sight stays")
    func raisedFee() async throws {
        let house = try await House()
        let id = try await house.open()
        let quote = try await house.quote(of: id)
        let first = flood("a", to: quote, outputs: 20, inputs: ["coin:0"])
        let second = flood("b", to: quote, outputs: 20, inputs: ["coin:0"])
        _ = try await absorb(house, entered: [first], pool: [first])
        let seen = try #require(try await house.payment(id).evidence.transfers.first?.firstSeen)
        _ = try await absorb(house, entered: [second], pool: [second])
        let payment = try await house.payment(id)
        let judge = Judge(terms: payment.terms, evidence: payment.evidence)
        let live = payment.evidence.transfers.filter(\.isLive)
        #expect(live.count == 20)
        #expect(live.allSatisfy { $0.replaces.count == 1 && judge.firstSight(of: $0) == seen })
        await house.close()
    }

    @Test("is mined behind an exact payment: a person is asked a few times, and the events stay small")
    func duplicates() async throws {
        let house = try await House()
        let id = try await house.open()
        try await house.take([.play(.exact, mined: 1)], for: id)
        let quote = try await house.quote(of: id)
        let before = try await house.payment(id)
        #expect(before.state == .paid)
        // As little as is relayed, and as much as somebody could be owed.
        for (name, amount, most) in [("a", "546", 1), ("b", "250000", Payment.mostQuestions)] {
            let outputs = flood(name, to: quote, outputs: 90, inputs: ["\(name):in"]).outputs.map {
                ChainOutput(place: $0.place, script: $0.script, asset: $0.asset, amountText: amount)
            }
            let transaction = ChainTransaction(
                id: name, index: 0, inputs: ["\(name):in"], outputs: outputs, maturity: 0, observation: { [] })
            let open = try await house.payment(id).openExceptions.count
            let told = try await house.summary(of: id).events.count
            _ = try await absorb(house, mined: [transaction])
            let payment = try await house.payment(id)
            #expect(payment.evidence.transfers.count > 90)
            #expect(payment.openExceptions.count - open <= most, "\(name)")
            #expect(try await house.summary(of: id).events.count - told <= most, "\(name)")
        }
        let caller = house.caller
        let bytes = try await house.store.read { tx in
            try tx.events(
                of: caller.merchant, after: 0, isTest: true, type: nil, subject: id.text, limit: 1_000
            ).items.map(\.body.utf8.count)
        }
        #expect(bytes.allSatisfy { $0 < 20_000 }, "\(bytes.max() ?? 0)")
        let many = try #require(try await house.payment(id).openExceptions.first { $0.subject.transfer == nil })
        #expect(many.kind == .duplicate && many.actions == [.dismiss] && (many.amount ?? 0) > 90 * 546)
        try await house.audit()
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    @Test("is mined again and again while the payment is aside: as much is kept as one payment takes")
    func aside() async throws {
        let house = try await House()
        let id = try await house.open()
        let quote = try await house.quote(of: id)
        let now = house.gateway.world.now
        try await house.store.write { try $0.quarantine(id, at: now, reason: "test") }
        for name in ["a", "b", "c"] {
            _ = try await absorb(house, mined: [flood(name, to: quote, outputs: 200, inputs: ["\(name):in"])])
        }
        let kept = try await house.store.read { [network] in try $0.keptPlaces(of: id, on: network) }
        #expect(kept.count == Room.Kind.money.limit)
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    @Test("is mined: as many as one payment takes are booked, the largest first, and a person is told once")
    func mined() async throws {
        let house = try await House()
        let id = try await house.open()
        let quote = try await house.quote(of: id)
        var flood = flood("a", to: quote, outputs: Self.outputs, inputs: ["coin:0"])
        flood = ChainTransaction(
            id: flood.id, index: 0, inputs: flood.inputs,
            outputs: flood.outputs + [
                ChainOutput(
                    place: "a:\(Self.outputs)", script: quote.destination.script, asset: quote.method.asset,
                    amountText: String(quote.amountDue))
            ], maturity: 0, observation: { [] })
        let absorbed = try await absorb(house, mined: [flood])
        #expect(absorbed.reads <= 2)
        for _ in 0..<2 {
            let payment = try await house.payment(id)
            #expect(payment.evidence.transfers.count == 1 + Room.Kind.small.limit)
            #expect(payment.state.isSettled)
            #expect(payment.openExceptions.count { $0.kind == .tooManyTransfers } == 1)
            #expect(payment.exceptions.count { $0.kind == .tooManyTransfers } == 1)
            let more = self.flood("more", to: quote, outputs: 10, inputs: ["coin:1"])
            _ = try await absorb(house, mined: [more])
        }
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    /// What is sent so often that a payment has no room left for it, before money comes.
    enum Worthless: CaseIterable {
        /// A token that anybody makes, of an amount that nobody has.
        case unlisted
        /// A coin of the least size.
        case small
        /// The same in a transaction that waits for its block.
        case waiting
    }

    @Test(
        "of what is worth nothing hides no money, before it or in one transaction with it",
        arguments: Worthless.allCases, [false, true])
    func worthless(_ kind: Worthless, together: Bool) async throws {
        let house = try await House()
        let id = try await house.open()
        let quote = try await house.quote(of: id)
        let worthless = (0..<400).map { number in
            ChainOutput(
                place: "spam:\(number)", script: quote.destination.script,
                asset: kind == .unlisted ? nil : quote.method.asset,
                amountText: kind == .unlisted ? String(UInt128(1) << 99) : "1")
        }
        let money = ChainOutput(
            place: "spam:400", script: quote.destination.script, asset: quote.method.asset,
            amountText: String(quote.amountDue))
        func transaction(_ id: String, _ outputs: [ChainOutput]) -> ChainTransaction {
            ChainTransaction(
                id: id, index: 0, inputs: ["\(id):in"], outputs: outputs, maturity: 0, observation: { [] })
        }
        if !together {
            let spam = transaction("spam", worthless)
            _ = try await absorb(
                house, entered: kind == .waiting ? [spam] : [], mined: kind == .waiting ? [] : [spam],
                pool: kind == .waiting ? [spam] : [])
        }
        let paying = transaction(together ? "spam" : "money", (together ? worthless : []) + [money])
        _ = try await absorb(house, mined: [paying])
        let payment = try await house.payment(id)
        #expect(payment.evidence.transfer(Transfer.Key(network: network, place: money.place)) != nil)
        #expect(payment.state.isSettled)
        let spam = payment.evidence.transfers.count - 1
        #expect(spam > 0 && spam <= (kind == .unlisted ? Room.Kind.unlisted : .small).limit)
        #expect(payment.openExceptions.count <= Payment.mostQuestions + 2)
        try await house.audit()
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    /// The bytes of a payment's row, and of the last event that was told of it.
    private func bytes(of id: ID<Payment>, _ house: House) async throws -> (row: Int64, event: Int64) {
        try await house.store.database.read { db in
            let row = try db.first("SELECT length(body) FROM payment WHERE id = \(id.text)")
            let event = try db.first(
                "SELECT length(body) FROM event WHERE subject = \(id.text) ORDER BY position DESC LIMIT 1")
            return (try row?.integer(0) ?? 0, try event?.integer(0) ?? 0)
        }
    }

    @Test("A story that goes round in circles grows neither the payment's row nor what is told of it")
    func circles() async throws {
        let house = try await House()
        let id = try await house.open()
        try await house.take([.play(.over(percent: 50))], for: id)
        var first: (row: Int64, event: Int64) = (0, 0)
        for round in 1...40 {
            try await house.take([.play(.confirm(blocks: 1)), .play(.takeBack)], for: id)
            if round == 5 { first = try await bytes(of: id, house) }
            if round == 20 { try await house.take([.rule(.reversed, .dismiss)], for: id) }
        }
        let payment = try await house.payment(id)
        #expect(payment.epoch == 40)
        #expect(payment.openExceptions.map(\.kind) == [.reversed])
        #expect(payment.exceptions.count <= 3)
        let last = try await bytes(of: id, house)
        // A ruling, one more exception, and a digit here and there.
        #expect(last.row - first.row < 1_000 && last.event - first.event < 100, "\(first) \(last)")
        // What the payment's row does not hold any more has a row of its own.
        let settled = try await house.gateway.exceptions(
            of: house.caller, isOpen: false, kind: .overpaid, PageRequest(limit: 100))
        #expect(settled.items.count == 40)
        let oldest = try #require(settled.items.last?.exception)
        #expect(payment.exception(oldest.id) == nil && oldest.amount != nil && !oldest.isOpen)
        #expect(try await house.gateway.exception(oldest.id, of: house.caller).exception == oldest)
        #expect(Set(settled.items.map(\.exception.id)).count == 40)
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }
}
