import Chains
import Database
import Domain
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("A network's own word on what will stay is waited for")
struct FinalityTests {
    /// A house whose merchant asks for `requirement`, and whose networks finalise nothing above `finality`.
    private func house(
        _ engine: DatabaseEngine, asking requirement: Policy.Requirement, finality: Lock<UInt64?> = Lock(nil)
    ) async throws -> House {
        let house = try await House(engine, telling: { chain in
            RetoldChain(chain) { batch, _ in
                var batch = batch
                if let highest = finality.withLock({ $0 }) {
                    batch.finalized = min(batch.finalized ?? highest, highest)
                }
                return batch
            }
        })
        var policy = Policy.standard
        policy.confirmations = [
            Policy.ConfirmationRule(tiers: [Policy.Tier(upToMinor: nil, requirement: requirement)])
        ]
        _ = try await house.gateway.setPolicy(
            policy, by: house.caller, cause: "test", Answering(key: nil) { _ in Reply(status: 200, body: []) })
        return house
    }

    @Test("A block counts from its own depth on, and not one block before", arguments: DatabaseEngine.allCases, [
        (.safe, SandboxLimits.safeDepth), (.finalized, SandboxLimits.finalDepth), (.settled, 0),
    ] as [(Policy.Requirement, UInt64)])
    func depths(_ engine: DatabaseEngine, _ row: (requirement: Policy.Requirement, depth: UInt64)) async throws {
        let house = try await house(engine, asking: row.requirement)
        let id = try await house.open()
        try await house.take([.play(.exact)], for: id)
        #expect(try await house.payment(id).state == .detected)
        for depth in 0...row.depth {
            try await house.take([.command(.mine(.sandbox, blocks: 1))], for: id, crashes: depth == 1)
            #expect(try await house.payment(id).state == (depth < row.depth ? .confirming : .paid))
        }
        await house.close()
    }

    @Test("Finality that stalls confirms nothing however deep; when it goes on, what came in time is paid")
    func stalls() async throws {
        let finality = Lock<UInt64?>(0)
        let house = try await house(.sqlite, asking: .finalized, finality: finality)
        let id = try await house.open()
        try await house.take(
            [.play(.exact, mined: 1), .command(.mine(.sandbox, blocks: 40)), .wait(seconds: 3 * 86_400)], for: id)
        try await house.take([.command(.mine(.sandbox, blocks: 40))], for: id)
        let waiting = try await house.payment(id)
        #expect(waiting.state == .confirming && waiting.openExceptions.isEmpty)
        #expect(try await house.store.read { try $0.source(of: SandboxNetwork.sandbox.name)?.isHealthy } == true)
        finality.withLock { $0 = nil }
        try await house.take([.command(.mine(.sandbox, blocks: 1))], for: id)
        let paid = try await house.payment(id)
        #expect(paid.state == .paid && paid.openExceptions.isEmpty && paid.epoch == 1)
        await house.close()
    }

    @Test("What is heard in doubt is shown and confirms nothing; without it the same depth is enough")
    func doubts() async throws {
        let doubt = Lock<String?>("finality: no block for an hour")
        let house = try await House(telling: { chain in
            RetoldChain(chain) { batch, _ in
                var batch = batch
                batch.doubt = doubt.withLock { $0 }
                return batch
            }
        })
        let id = try await house.open()
        func source() async throws -> SourceRow? {
            try await house.store.read { try $0.source(of: SandboxNetwork.sandbox.name) }
        }
        try await house.take([.play(.exact, mined: 1), .command(.mine(.sandbox, blocks: 10))], for: id)
        #expect(try await house.payment(id).state == .confirming)
        #expect(try await source()?.fault == "finality: no block for an hour")
        // Nobody knows what is missing: nothing is called expired.
        let open = try await house.payment(try await house.open(order: "open"))
        try await house.take([.wait(seconds: 3 * 86_400)], for: id)
        #expect(try await house.payment(open.id).state == .awaitingPayment)
        doubt.withLock { $0 = nil }
        try await house.take([.command(.mine(.sandbox, blocks: 1))], for: id)
        #expect(try await house.payment(id).state == .paid)
        #expect(try await source()?.isHealthy == true)
        #expect(try await house.payment(open.id).state == .expired)
        let verdict = try await house.store.verify()
        #expect(verdict.isClean, "\(verdict.findings)")
        await house.close()
    }

    @Test("A head that is old closes no window that it has not reached")
    func oldHead() async throws {
        let head = Lock<Instant?>(nil)
        let house = try await House(telling: { chain in
            RetoldChain(chain) { batch, _ in
                var batch = batch
                batch.seenUntil = head.withLock { $0 }
                return batch
            }
        })
        let id = try await house.open()
        let quote = try await house.quote(of: id)
        head.withLock { $0 = quote.endsAt }
        try await house.take([.wait(seconds: 86_400)], for: id)
        #expect(try await house.payment(id).state == .awaitingPayment)
        head.withLock { $0 = nil }
        try await house.take([.wait(seconds: 1)], for: id)
        #expect(try await house.payment(id).state == .expired)
        await house.close()
    }

    @Test("Where the source is down as well, nothing expires, people are told after the bound, and no more then")
    func silent() async throws {
        let house = try await house(.sqlite, asking: .finalized)
        let (sent, open) = (try await house.open(order: "sent"), try await house.open(order: "open"))
        try await house.take([.play(.exact, mined: 1)], for: sent)
        let policy = try await house.payment(sent).terms.policy
        _ = try await house.gateway.command(.fail(.sandbox))
        let states: [State] = [.confirming, .awaitingPayment]
        for (seconds, asked) in [
            (policy.quoteSeconds + policy.graceSeconds + policy.staleSeconds, []), (1, [.sourceStale]),
        ] as [(Int64, [Exception.Kind])] {
            try await house.take([.wait(seconds: seconds)], for: sent)
            for (id, state) in zip([sent, open], states) {
                let payment = try await house.payment(id)
                #expect(payment.state == state && payment.openExceptions.map(\.kind) == asked)
            }
        }
        try await house.take(
            [.command(.recover(.sandbox)), .command(.mine(.sandbox, blocks: Int64(SandboxLimits.finalDepth)))],
            for: sent)
        for (id, state) in zip([sent, open], [.paid, .expired] as [State]) {
            let payment = try await house.payment(id)
            #expect(payment.state == state && payment.openExceptions.isEmpty)
        }
        await house.close()
    }
}
