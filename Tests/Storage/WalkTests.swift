import Database
import Domain
import TestKit
import Testing

@testable import Storage

@Suite("A list that no index is narrowed for is read in parts")
struct WalkTests {
    /// Seven payments, of which the second and the fifth are called off.
    private func filled(_ store: Store) async throws -> [ID<Payment>] {
        var ids: [ID<Payment>] = []
        for number in 1...7 { ids.append(try await store.open(number).id) }
        for number in [1, 4] { try await store.tell(ids[number], .ruled(.cancel, reason: nil)) }
        return ids
    }

    @Test(
        "of so many rows at the most, none twice and none missed, forwards and back",
        arguments: DatabaseEngine.allCases)
    func payments(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            let ids = try await filled(store)
            var all = PaymentFilter()
            (all.isTest, all.createdFrom) = (true, Sample.at(0))
            var none = all
            none.createdFrom = Sample.at(1)
            var fulfilled = PaymentFilter()
            (fulfilled.isTest, fulfilled.isFulfilled) = (true, true)
            var failed = all
            failed.state = .failed
            var question = PaymentFilter()
            (question.isTest, question.hasOpenException) = (true, false)
            let rows: [(filter: PaymentFilter, limit: Int, walk: Int, counts: [Int], found: [Int])] = [
                (all, 20, 3, [3, 3, 1], [6, 5, 4, 3, 2, 1, 0]), (all, 2, 3, [2, 2, 2, 1], [6, 5, 4, 3, 2, 1, 0]),
                (all, 7, 7, [7, 0], [6, 5, 4, 3, 2, 1, 0]), (all, 7, 8, [7], [6, 5, 4, 3, 2, 1, 0]),
                (none, 20, 3, [0, 0, 0], []), (none, 20, 8, [0], []), (fulfilled, 1, 4, [0, 0], []),
                (failed, 20, 1, [1, 1, 0], [4, 1]), (failed, 1, 9, [1, 1], [4, 1]),
                (question, 3, 5, [3, 3, 1], [6, 5, 4, 3, 2, 1, 0]),
            ]
            for (filter, limit, walk, counts, found) in rows {
                for isBack in [false, true] {
                    var parts: [[ID<Payment>]] = []
                    var place: String?
                    repeat {
                        let page = PageRequest(
                            limit: limit, after: isBack ? nil : place, before: isBack ? place ?? "" : nil)
                        let part = try await store.read {
                            try $0.payments(of: Sample.merchant, filter, page, walking: walk)
                        }
                        parts.append(part.items.map(\.id))
                        place = part.hasMore ? part.edge : nil
                        #expect(!part.hasMore || place != nil)
                    } while place != nil
                    #expect(parts.map(\.count) == counts, "\(filter) \(limit) \(walk)")
                    let told = isBack ? parts.reversed().flatMap { $0 } : parts.flatMap { $0 }
                    #expect(told == found.map { ids[$0] })
                }
            }
        }
    }

    @Test(
        "Events of one type: whoever keeps the place that was looked at last misses none",
        arguments: DatabaseEngine.allCases)
    func events(_ engine: DatabaseEngine) async throws {
        try await withStore(engine) { store in
            _ = try await filled(store)
            let every = try await store.read {
                try $0.events(of: Sample.merchant, after: 0, isTest: true, type: nil, subject: nil, limit: 100)
            }.items
            for (type, limit, walk) in [
                ("payment.failed", 20, 3), ("payment.failed", 1, 100), ("payment.awaiting_payment", 2, 5),
                ("payment.paid", 20, 4), ("payment.created", 100, every.count), ("payment.created", 3, 1),
            ] {
                var (place, found): (Int64, [String]) = (0, [])
                var hasMore = true
                while hasMore {
                    let part = try await store.read { [place] in
                        try $0.events(
                            of: Sample.merchant, after: place, isTest: true, type: type, subject: nil, limit: limit,
                            walking: walk)
                    }
                    #expect(part.items.count <= min(limit, walk))
                    found += part.items.map(\.id.text)
                    let edge = part.edge
                    let next = edge.flatMap { edge in every.first { $0.id.text == edge }?.position }
                    hasMore = part.hasMore
                    #expect(next.map { $0 > place } ?? !hasMore)
                    place = next ?? place
                }
                #expect(found == every.filter { $0.type == type }.map(\.id.text), "\(type) \(limit) \(walk)")
                #expect(place == every.last?.position, "what was looked at need not be looked at again")
            }
        }
    }
}
