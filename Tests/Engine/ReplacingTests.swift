import Chains
@testable import Domain
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

/// Transactions that spend the same output, told by batches made by hand, in every order.
@Suite("A replacement is one, in whatever order it is heard of")
struct ReplacingTests {
    /// Transactions of the story: both `old` and `new` pay the payment, `other` pays somebody else. All spend
    /// one output.
    enum Name: String, Sendable { case old, new, other }

    /// One batch.
    struct Told: Sendable {
        var mined: [Name] = []
        var entered: [Name] = []
        /// Nil: the pool is not known.
        var pool: Set<Name>? = []
        /// Undoes all blocks of this story first.
        var isFork = false
    }

    /// What is told, and which of the two is to live in the end.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let told: [Told]
        let lives: Name?
        /// Whether the new one is as timely as the old one was.
        var inherits = true
    }

    static let rows = [
        Row(testDescription: "in the pool, then in the pool",
            told: [Told(entered: [.old], pool: [.old]), Told(entered: [.new], pool: [.new])], lives: .new),
        Row(testDescription: "in the pool, then in a block",
            told: [Told(entered: [.old], pool: [.old]), Told(mined: [.new])], lives: .new),
        Row(testDescription: "both in the pool of one batch, which holds the new one",
            told: [Told(entered: [.old, .new], pool: [.new])], lives: .new),
        Row(testDescription: "both in the pool of one batch, the other way round",
            told: [Told(entered: [.new, .old], pool: [.new])], lives: .new),
        Row(testDescription: "both in one batch while the pool is not known",
            told: [Told(entered: [.old, .new], pool: nil), Told(pool: [.new])], lives: .new),
        Row(testDescription: "in a block, with the old one in the pool of the same batch",
            told: [Told(mined: [.new], entered: [.old], pool: nil), Told()], lives: .new),
        Row(testDescription: "in a block, with the old one in the pool of a later batch",
            told: [Told(mined: [.new]), Told(entered: [.old], pool: nil), Told()], lives: .new),
        Row(testDescription: "in the pool, and then a late word of the old one",
            told: [Told(entered: [.new], pool: [.new]), Told(entered: [.old], pool: [.new])], lives: .new),
        Row(testDescription: "evicted before the new one is heard of",
            told: [Told(entered: [.old], pool: [.old]), Told(), Told(entered: [.new], pool: [.new])],
            lives: .new),
        Row(testDescription: "evicted before the new one is mined",
            told: [Told(entered: [.old], pool: [.old]), Told(), Told(mined: [.new])], lives: .new),
        Row(testDescription: "mined, and the new one is mined in another branch",
            told: [Told(entered: [.old], pool: [.old]), Told(mined: [.old]), Told(mined: [.new], isFork: true)],
            lives: .new),
        Row(testDescription: "mined unseen, and the new one waits after a reorg",
            told: [Told(mined: [.old]), Told(mined: [], entered: [.new], pool: [.new], isFork: true)],
            lives: .new),
        Row(testDescription: "mined, orphaned, and the new one comes later",
            told: [
                Told(mined: [.old]), Told(isFork: true), Told(entered: [.new], pool: [.new]),
                Told(mined: [.new]),
            ], lives: .new),
        Row(testDescription: "mined, orphaned while the pool is not known, and the new one is mined",
            told: [Told(mined: [.old]), Told(pool: nil, isFork: true), Told(mined: [.new])], lives: .new),
        Row(testDescription: "by one to somebody else, in a block",
            told: [Told(entered: [.old], pool: [.old]), Told(mined: [.other])], lives: nil),
        Row(testDescription: "by one to somebody else, in a block of the same batch",
            told: [Told(mined: [.other], entered: [.old], pool: nil), Told(pool: nil)], lives: nil),
        Row(testDescription: "by one to somebody else in another branch",
            told: [Told(mined: [.old]), Told(mined: [.other], isFork: true)], lives: nil),
        Row(testDescription: "by one to somebody else, and that by the new one",
            told: [
                Told(entered: [.old], pool: [.old]), Told(entered: [.other], pool: [.other]),
                Told(entered: [.new], pool: [.new]),
            ], lives: .new, inherits: false),
        Row(testDescription: "by one to somebody else, and that by the new one in a block",
            told: [
                Told(entered: [.old], pool: [.old]), Told(entered: [.other], pool: nil), Told(mined: [.new]),
            ], lives: .new, inherits: false),
        Row(testDescription: "evicted, then one to somebody else, and that is replaced by the new one",
            told: [
                Told(entered: [.old], pool: [.old]), Told(), Told(entered: [.other], pool: [.other]),
                Told(mined: [.new]),
            ], lives: .new, inherits: false),
        Row(testDescription: "by one to somebody else in a block, and the new one is in another branch",
            told: [
                Told(entered: [.old], pool: [.old]), Told(mined: [.other]), Told(mined: [.new], isFork: true),
            ], lives: .new, inherits: false),
        Row(testDescription: "mined, then one to somebody else in a second branch, then the new one in a third",
            told: [
                Told(mined: [.old]), Told(mined: [.other], isFork: true), Told(mined: [.new], isFork: true),
            ], lives: .new, inherits: false),
        Row(testDescription: "mined, orphaned by one to somebody else in the pool, then the new one",
            told: [
                Told(mined: [.old]), Told(entered: [.other], pool: [.other], isFork: true),
                Told(entered: [.new], pool: [.new]),
            ], lives: .new, inherits: false),
        Row(testDescription: "by one to somebody else in a block of a batch that has the new one's branch too",
            told: [
                Told(entered: [.old], pool: [.old]), Told(mined: [.other], entered: [.old], pool: nil),
                Told(mined: [.new], isFork: true),
            ], lives: .new, inherits: false),
    ]

    @Test("It lives alone, and is as timely as the first one was, unless another one stood between", arguments: rows)
    func replaced(_ row: Row) async throws {
        let house = try await House()
        let id = try await house.open()
        let story = try await Story(house, id)
        var first: Instant?
        for told in row.told {
            try await story.tell(told)
            let transfers = try await house.payment(id).evidence.transfers
            if first == nil { first = transfers.first?.firstSeen }
            #expect(transfers.filter(\.isLive).count <= 1, "never two of them at once")
        }
        let payment = try await house.payment(id)
        let live = payment.evidence.transfers.filter(\.isLive)
        #expect(live.map { $0.key.place } == [row.lives].compactMap { $0.map { "\($0.rawValue):0" } })
        if let winner = live.first, let loser = payment.evidence.transfers.first(where: { !$0.isLive }) {
            #expect(loser.claim.standing == .gone(.replaced))
            #expect(winner.replaces == (row.inherits ? [loser.key] : []))
            let judge = Judge(terms: payment.terms, evidence: payment.evidence)
            #expect(judge.firstSight(of: winner) == (row.inherits ? first : winner.firstSeen))
            #expect(row.inherits || winner.firstSeen != first)
        }
        try await house.audit()
        await house.close()
    }

    @Test("Of a transaction that was replaced nothing is said again when the new one is mined")
    func silence() async throws {
        let house = try await House()
        let id = try await house.open()
        let story = try await Story(house, id)
        try await story.tell(Told(entered: [.old], pool: [.old]))
        try await story.tell(Told(entered: [.new], pool: [.new]))
        let before = try await house.payment(id).evidence.transfer(story.key(.old))?.claim.sequence
        try await story.tell(Told(mined: [.new]))
        let after = try await house.payment(id).evidence.transfer(story.key(.old))?.claim.sequence
        #expect(before == after)
        await house.close()
    }

    @Test("What a reorg frees waits until a pool is known that does not hold it; what a block made is gone with it")
    func unknown() async throws {
        for (maturity, standing) in [(UInt32(0), Transfer.Standing.pooled), (100, .gone(.orphaned))] {
            let house = try await House()
            let id = try await house.open()
            let story = try await Story(house, id, maturity: maturity)
            try await story.tell(Told(mined: [.old]))
            #expect(try await house.summary(of: id).state != .awaitingPayment)
            try await story.tell(Told(pool: nil, isFork: true))
            #expect(try await house.payment(id).evidence.transfer(story.key(.old))?.claim.standing == standing)
            let isWaiting = standing == .pooled
            #expect(try await house.summary(of: id).state == (isWaiting ? .detected : .awaitingPayment))
            try await story.tell(Told())
            #expect(
                try await house.payment(id).evidence.transfer(story.key(.old))?.claim.standing
                    == .gone(isWaiting ? .evicted : .orphaned))
            #expect(try await house.summary(of: id).state == .awaitingPayment)
            try await house.audit()
            await house.close()
        }
    }

    @Test("What a buried transaction spent is forgotten with its header")
    func forgotten() async throws {
        let house = try await House { $0.keptHeaders = 3 }
        let id = try await house.open()
        let story = try await Story(house, id)
        try await story.tell(Told(mined: [.old]))
        for _ in 0..<3 { try await story.tell(Told(mined: [])) }
        #expect(try await house.store.read { try $0.hasPoolInputs })
        for _ in 0..<2 { try await story.tell(Told(mined: [])) }
        #expect(try await house.store.read { try !$0.hasPoolInputs })
        await house.close()
    }
}

/// Absorbs batches that a test makes up, on the sandbox's network.
private final class Story {
    private let house: House
    private let network = SandboxNetwork.sandbox.name
    private let script: String
    private let asset: AssetCode
    private let amount: String
    private let base: Cursor
    private let maturity: UInt32
    private var branch = 0

    init(_ house: House, _ id: ID<Payment>, maturity: UInt32 = 0) async throws {
        self.house = house
        self.maturity = maturity
        let quote = try await house.quote(of: id)
        script = quote.destination.script
        asset = quote.method.asset
        amount = String(quote.amountDue)
        guard let row = try await house.store.read({ [network] in try $0.source(of: network) }),
            let cursor = row.cursor
        else { throw TestKitError("no cursor") }
        base = cursor
    }

    func key(_ name: ReplacingTests.Name) -> Transfer.Key {
        Transfer.Key(network: network, place: "\(name.rawValue):0")
    }

    func tell(_ told: ReplacingTests.Told) async throws {
        house.clock.advance(by: 1_000)
        let row = try await house.store.read { [network] in try $0.source(of: network) }
        guard let cursor = row?.cursor else { throw TestKitError("no cursor") }
        var batch = Batch(cursor: told.isFork ? base : cursor, isAtTip: true)
        if told.isFork {
            batch.forkHeight = base.height
            branch += 1
        }
        // A block for what is mined, and after a fork more than there were.
        let blocks = told.isFork ? Int(cursor.height - base.height) + 1 : 1
        for number in 0..<blocks where told.isFork || !told.mined.isEmpty || told.entered.isEmpty {
            let name = BlockID("block \(branch).\(batch.cursor.height + 1)")
            let block = ChainBlock(
                height: batch.cursor.height + 1, block: name, parent: batch.cursor.block,
                medianTime: Instant(milliseconds: house.clock.now),
                transactions: number == 0 ? told.mined.map(transaction) : [])
            batch.connected.append(block)
            batch.cursor = Cursor(height: block.height, block: name)
        }
        batch.entered = told.entered.map(transaction)
        batch.pool = told.pool.map { Set($0.map(\.rawValue)) }
        let absorbed = try await house.gateway.absorb(
            batch, of: network, after: row, askedAt: house.gateway.now(isTest: true))
        #expect(!absorbed.isStale)
    }

    private func transaction(_ name: ReplacingTests.Name) -> ChainTransaction {
        let output = ChainOutput(
            place: "\(name.rawValue):0", script: name == .other ? "elsewhere" : script, asset: asset,
            amountText: amount)
        return ChainTransaction(
            id: name.rawValue, index: 0, inputs: ["coin:0"], outputs: [output], maturity: maturity
        ) { [UInt8](repeating: UInt8(name.rawValue.utf8.count), count: 32) }
    }
}
