import Database
import Domain
import TestKit
import Testing

@testable import Storage

@Suite("Questions to the store")
struct QuestionTests {
    @Test("The count of a key's indices grows, in whatever order they are taken", arguments: DatabaseEngine.allCases)
    func indices(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            await withDiscardingTaskGroup { group in
                for index in UInt32(0)..<200 {
                    group.addTask { try? await store.write { try $0.take(index: index, of: "key") } }
                }
            }
            #expect(try await store.read { try $0.issuedIndices(of: "key") } == 200)
            try await store.write { try $0.take(index: 500, of: "key") }
            try await store.write { try $0.take(index: 300, of: "key") }
            #expect(try await store.read { try $0.issuedIndices(of: "key") } == 501)
            #expect(try await store.read { try $0.issuedIndices(of: "another") } == 0)
        }
    }

    @Test("Ten thousand scripts are looked up, and ours are found", arguments: DatabaseEngine.allCases)
    func attributions(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            for number in 1...5 { try await store.open(number) }
            let scripts = (0..<10_000).map { "script \($0)" }
            let found = try await store.read { try $0.attributions(of: scripts) }
            #expect(Set(found.keys) == Set((1...5).map { "script \($0)" }))
            let owner = Attribution(payment: Sample.id(3), quote: Sample.id(3), network: Sample.network)
            #expect(found["script 3"] == owner)
            #expect(try await store.read { try $0.attributions(of: []) }.isEmpty)
            for length in [1, 255, 256, 257, 512] {
                let part = Array(scripts.prefix(length))
                #expect(try await store.read { try $0.attributions(of: part) }.count == min(length - 1, 5))
            }
        }
    }

    @Test(
        "Pages hold all that was there, each once, while more is added", arguments: DatabaseEngine.allCases)
    func pages(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            for number in 1...23 { try await store.open(number, order: "order-\(number % 2)") }
            var seen: [ID<Payment>] = []
            var after: String?
            repeat {
                let request = PageRequest(limit: 5, after: after)
                let page = try await store.read {
                    try $0.payments(of: Sample.merchant, PaymentFilter(), request)
                }
                seen += page.items.map(\.id)
                after = page.hasMore ? page.items.last?.id.text : nil
                try await store.open(100 + seen.count)
            } while after != nil
            #expect(seen == (1...23).reversed().map { Sample.id($0) })
            let nearest = PageRequest(limit: 3, before: seen[10].text)
            let before = try await store.read {
                try $0.payments(of: Sample.merchant, PaymentFilter(), nearest)
            }
            #expect(before.items.map(\.id) == Array(seen[7...9]))
            #expect(before.hasMore)
        }
    }

    @Test("Payments are found by what they are", arguments: DatabaseEngine.allCases)
    func filters(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            for number in 1...4 { try await store.open(number, order: "order-\(number)") }
            try await store.tell(
                Sample.id(3),
                .sighted([Sample.sighting(3, Sample.block(90), units: 2_000_000)], spends: [:]))
            func found(_ change: (inout PaymentFilter) -> Void) async throws -> [ID<Payment>] {
                var filter = PaymentFilter()
                change(&filter)
                let wanted = filter
                return try await store.read {
                    try $0.payments(of: Sample.merchant, wanted, PageRequest(limit: 10)).items.map(\.id)
                }
            }
            let third: [ID<Payment>] = [Sample.id(3)]
            #expect(try await found { $0.state = .overpaid } == third)
            #expect(try await found { $0.orderID = "order-3" } == third)
            #expect(try await found { $0.customer = "customer-3" } == third)
            #expect(try await found { $0.script = "script 3" } == third)
            #expect(try await found { $0.transaction = "tx3" } == third)
            #expect(try await found { $0.exception = .overpaid } == third)
            #expect(try await found { $0.hasOpenException = true } == third)
            #expect(try await found { $0.hasOpenException = false }.count == 3)
            #expect(try await found { $0.isTest = false }.isEmpty)
            #expect(try await found { $0.createdFrom = Sample.at(1) }.isEmpty)
            #expect(try await found { $0.createdBefore = Sample.at(0) }.isEmpty)
            let stranger: ID<Merchant> = Sample.id(99)
            let theirs = try await store.read {
                try $0.payments(of: stranger, PaymentFilter(), PageRequest(limit: 10))
            }
            #expect(theirs.items.isEmpty)
            #expect(try await store.read { try $0.payment(Sample.id(1), of: stranger) } == nil)
        }
    }

    @Test("A kept answer is given again until it is forgotten", arguments: DatabaseEngine.allCases)
    func answers(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            let answer = StoredAnswer(fingerprint: "f", status: 201, headers: "A: b", body: [0, 255])
            let other: ID<Merchant> = Sample.id(9)
            try await store.write {
                try $0.keep(
                    answer, merchant: Sample.merchant, operation: "o", key: "k", until: Sample.at(10))
            }
            func kept(_ merchant: ID<Merchant>, _ operation: String) async throws -> StoredAnswer? {
                try await store.read { try $0.answer(merchant: merchant, operation: operation, key: "k") }
            }
            #expect(try await kept(Sample.merchant, "o") == answer)
            #expect(try await kept(other, "o") == nil)
            #expect(try await kept(Sample.merchant, "p") == nil)
            #expect(try await store.read { try !$0.hasAnswers(before: Sample.at(9)) })
            #expect(try await store.read { try $0.hasAnswers(before: Sample.at(10)) })
            #expect(try await store.write { try $0.deleteAnswers(before: Sample.at(10), limit: 5) } == 1)
            #expect(try await store.count("idempotency") == 0)
            #expect(try await kept(Sample.merchant, "o") == nil)
        }
    }

    @Test("Payments are looked at when the clock or a height says so", arguments: DatabaseEngine.allCases)
    func looks(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            let payment = try await store.open(1)
            let next = try await store.read { try $0.nextLook(isTest: true) }
            #expect(next == payment.assessment.nextLook)
            guard let next else { return }
            #expect(try await store.read { try $0.nextLook(isTest: false) } == nil)
            let early = next.adding(milliseconds: -1)
            #expect(try await store.read { try $0.dueLooks(isTest: true, by: early, limit: 5) }.isEmpty)
            #expect(
                try await store.read { try $0.dueLooks(isTest: true, by: next, limit: 5) } == [payment.id])
            try await store.tell(
                payment.id, .sighted([Sample.sighting(1, Sample.block(105))], spends: [:]), tip: 104)
            func due(_ height: UInt64) async throws -> [ID<Payment>] {
                try await store.read { try $0.dueLooks(at: Source.Mark(Sample.network, .tip), height, limit: 5) }
            }
            #expect(try await due(104).isEmpty)
            #expect(try await due(105) == [payment.id])
            try await store.write { try $0.quarantine(payment.id, at: Sample.at(1), reason: "r") }
            #expect(try await due(.max).isEmpty)
            #expect(try await store.read { try $0.nextLook(isTest: true) } == nil)
        }
    }

    @Test("Headers are one chain, cut off at both ends", arguments: DatabaseEngine.allCases)
    func headers(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            try await store.write { tx in
                for height in UInt64(5)...15 {
                    let row = HeaderRow(
                        height: height, block: BlockID("b\(height)"), parent: BlockID("b\(height - 1)"),
                        medianTime: Sample.at(1))
                    try tx.insert(row, of: Sample.network)
                    try tx.insert(row, of: Sample.other)
                }
                try tx.deleteHeaders(of: Sample.network, above: 12)
                try tx.deleteHeaders(of: Sample.network, below: 8)
            }
            let kept = try await store.read { tx in
                try (UInt64(0)...20).filter { try tx.block(of: Sample.network, at: $0) != nil }
            }
            #expect(kept == Array(8...12))
            #expect(try await store.read { try $0.lowestHeader(of: Sample.network) } == 8)
            #expect(try await store.read { try $0.lowestHeader(of: Sample.other) } == 5)
            #expect(try await store.read { try $0.block(of: Sample.network, at: 9) } == BlockID("b9"))
        }
    }

    @Test("Transfers are known by where they stand", arguments: DatabaseEngine.allCases)
    func transfers(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            for number in 1...3 { try await store.open(number) }
            try await store.tell(Sample.id(1), .sighted([Sample.sighting(1, .pooled)], spends: [:]))
            try await store.tell(
                Sample.id(2), .sighted([Sample.sighting(2, Sample.block(90))], spends: [:]))
            let spent = Transfer.Key(network: Sample.network, place: "tx2:0")
            let spend = Transfer.Spend(
                transaction: "spender", claim: .init(sequence: 4, standing: Sample.block(95)))
            try await store.tell(Sample.id(2), .sighted([], spends: [spent: spend]))
            try await store.read { (tx: Storage.Transaction) throws -> Void in
                #expect(try tx.pooledTransfers(of: Sample.network).map(\.transaction) == ["tx1"])
                #expect(try tx.minedTransfers(of: Sample.network, above: 89).map(\.transaction) == ["tx2"])
                #expect(try tx.minedTransfers(of: Sample.network, above: 90).isEmpty)
                #expect(
                    try tx.spentTransfers(of: Sample.network, above: 94).map(\.payment) == [Sample.id(2)])
                #expect(try tx.pooledTransfers(of: Sample.other).isEmpty)
                #expect(
                    try tx.transfers(of: Sample.network, at: ["tx1:0", "tx9:0"]) == ["tx1:0": Sample.id(1)])
            }
        }
    }

    @Test("What the pool spends is known until it is forgotten", arguments: DatabaseEngine.allCases)
    func poolInputs(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            try await store.write { (tx: Storage.Transaction) throws -> Void in
                let isEmpty = try !tx.hasPoolInputs
                #expect(isEmpty)
                for _ in 0..<2 {
                    try tx.insertPoolInputs(of: Sample.network, transaction: "a", places: ["x:0", "y:0"])
                }
                try tx.insertPoolInputs(of: Sample.network, transaction: "b", places: ["x:0"])
                let spenders = try tx.poolSpenders(of: Sample.network, places: ["x:0", "y:0", "z:0"])
                #expect(spenders.mapValues { $0.sorted() } == ["x:0": ["a", "b"], "y:0": ["a"]])
                try tx.deletePoolInputs(of: Sample.network, transaction: "a")
                #expect(try tx.poolSpenders(of: Sample.network, places: ["x:0", "y:0"]) == ["x:0": ["b"]])
            }
        }
    }
}
