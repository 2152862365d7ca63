import Chains
import Domain
import Platform
import Storage
import TestKit
import Testing

@testable import Engine

@Suite("The sandbox in its store")
struct SandboxTests {
    private func journal(_ house: House) async throws -> Int {
        try await house.store.read { try $0.journal(after: 0, limit: 100_000).count }
    }

    @Test(
        "After thousands of commands a restart gives the same world, from a state and a short tail",
        arguments: DatabaseEngine.allCases)
    func restarts(_ engine: DatabaseEngine) async throws {
        let house = try await House(engine)
        let id = try await house.open()
        try await house.take([.play(.exact, mined: 1)], for: id)
        // Somebody else's: what thousands of transfers do to one payment is another story.
        let key = SandboxAddress.walletKey([UInt8](repeating: 3, count: 32))
        let script = try SandboxAddress(of: key, at: 0).script
        let asset = try code("SBX")
        for round in 0..<50 {
            let commands = (0..<100).map { number -> SandboxCommand in
                let amount = UInt128(round * 100 + number + 1)
                let output = SandboxCommand.Output(script: script, asset: asset, amount: amount)
                let action: SandboxCommand.Action =
                    switch number % 10 {
                    case 0: .mine(.sandbox, blocks: 1)
                    case 1: .clock(advanceSeconds: 1)
                    case 2: .mine(.alternative, blocks: 1)
                    case 3: .reorg(.sandbox, SandboxCommand.Reorg(depth: 1, fate: .dropped))
                    default: .pay(number == 4 ? .alternative : .sandbox, [output], isMined: true)
                    }
                return SandboxCommand(at: house.clock.now, action)
            }
            _ = try await house.gateway.drive(commands)
            if round % 10 == 9 {
                try await house.follow()
                let world = house.gateway.sandbox?.ledger
                #expect(try await Int64(journal(house)) < SandboxLimits.journalCommands)
                try await house.reopen()
                #expect(house.gateway.sandbox?.ledger == world)
                #expect(house.gateway.sandbox?.ledger.sequence == Int64(round * 100 + 102))
            }
        }
        let kept = try await house.store.read { try $0.keptSandboxSequence() }
        #expect(kept == 4_000)
        // It is the same world for those who follow it, too.
        try await house.follow()
        try await house.take([.command(.mine(.sandbox, blocks: 1))], for: id)
        #expect(try await house.store.verify().isClean)
        await house.close()
    }

    @Test("A world that grows by whole chains is cut long before its commands are many")
    func longChains() async throws {
        let house = try await House()
        let now = house.clock.now
        let mined = [SandboxCommand](repeating: SandboxCommand(at: now, .mine(.alternative, blocks: 1_000)), count: 7)
        let clock = SandboxCommand(at: now, .clock(advanceSeconds: 1))
        let few = SandboxLimits.longChainCommands
        _ = try await house.gateway.drive(mined + [SandboxCommand](repeating: clock, count: Int(few) - mined.count))
        #expect(house.gateway.sandbox?.ledger.isLong == true, "nobody has heard of them")
        try await house.follow()
        _ = try await house.gateway.drive([SandboxCommand](repeating: clock, count: Int(few)))
        #expect(house.gateway.sandbox?.ledger.isLong == false)
        let (kept, last) = try await house.store.read { (try $0.keptSandboxSequence(), try $0.sandboxSequence()) }
        #expect(kept == 2 * few && last == 2 * few)
        try await house.reopen()
        #expect(house.gateway.sandbox?.ledger.sequence == 2 * few)
        await house.close()
    }

    @Test("Commands at once are done once each, in one order, in memory as in the store")
    func concurrency() async throws {
        let house = try await House()
        let gateway = house.gateway
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...60 {
                group.addTask {
                    let action: SandboxCommand.Action =
                        number.isMultiple(of: 2)
                        ? .clock(advanceSeconds: 1) : .mine(.sandbox, blocks: 1)
                    _ = try await gateway.command(action)
                }
            }
            try await group.waitForAll()
        }
        let world = gateway.sandbox?.ledger
        #expect(world?.sequence == 60)
        // Each was worked out once, and none of them in the writer that live payments wait for.
        #expect(gateway.world.metrics.exposition().contains("\nquittance_sandbox_tries_total 60\n"))
        try await house.reopen()
        #expect(house.gateway.sandbox?.ledger == world)
        await house.close()
    }

    @Test("More at once than may wait are refused, do nothing, and can be sent again")
    func crowd() async throws {
        let house = try await House()
        let gateway = house.gateway
        let (inside, outside) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
        let first = Task {
            try await gateway.players.pass {
                inside.continuation.finish()
                for await _ in outside.stream {}
            }
        }
        for await _ in inside.stream {}
        let waiting = (0..<EngineLimits.waitingPlayers).map { _ in
            Task { try await gateway.command(.clock(advanceSeconds: 1)) }
        }
        while gateway.players.waiting < waiting.count { await Task.yield() }
        await #expect(throws: CommandError.sandboxBusy) { try await gateway.command(.clock(advanceSeconds: 1)) }
        outside.continuation.finish()
        try await first.value
        for task in waiting { _ = try await task.value }
        _ = try await gateway.command(.clock(advanceSeconds: 1))
        #expect(gateway.sandbox?.ledger.sequence == Int64(waiting.count) + 1)
        await house.close()
    }

    @Test("What is not stored has not happened, and what makes no sense takes all that came with it back")
    func failures() async throws {
        let house = try await House()
        _ = try await house.gateway.command(.clock(advanceSeconds: 60))
        let before = house.gateway.sandbox?.ledger
        let commands = [
            SandboxCommand(at: house.clock.now, .clock(advanceSeconds: 60)),
            SandboxCommand(at: house.clock.now, .mine(.sandbox, blocks: 0)),
        ]
        await #expect(throws: CommandError.self) { try await house.gateway.drive(commands) }
        #expect(house.gateway.sandbox?.ledger == before)
        #expect(try await journal(house) == 1)
        await house.store.close()
        await #expect(throws: (any Error).self) {
            try await house.gateway.command(.clock(advanceSeconds: 60))
        }
        #expect(house.gateway.sandbox?.ledger == before)
        try await house.reopen()
        #expect(house.gateway.sandbox?.ledger == before)
        await house.close()
    }

    @Test("A line whose commit was never heard of is found by the next command")
    func unknownOutcome() async throws {
        let house = try await House()
        _ = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        let unheard = SandboxCommand(at: house.clock.now, .clock(advanceSeconds: 600))
        try await house.store.write { try $0.appendJournal(unheard.json, sequence: 2) }
        let outcome = try await house.gateway.command(.mine(.sandbox, blocks: 1))
        #expect(outcome.now == Instant(milliseconds: house.clock.now).adding(seconds: 600))
        #expect(house.gateway.sandbox?.ledger.sequence == 3)
        try await house.store.write { try $0.appendJournal(unheard.json, sequence: 9) }
        await #expect(throws: (any Error).self, "a hole in the journal") {
            try await house.gateway.command(.mine(.sandbox, blocks: 1))
        }
        await house.close()
    }

    @Test("What another process did and this one cannot read stops the sandbox here, and no loop")
    func unreadable() async throws {
        let house = try await House(.postgres)
        let sequence = (house.gateway.sandbox?.ledger.sequence ?? 0) + 1
        try await house.store.write { try $0.appendJournal("{}", sequence: sequence) }
        _ = try await house.gateway.followSandbox()
        #expect(house.gateway.sandbox?.damage?.contains("sandbox_journal, behind command \(sequence - 1)") == true)
        _ = try await house.gateway.followSandbox()
        await #expect(throws: CommandError.self) { try await house.gateway.command(.mine(.sandbox, blocks: 1)) }
        let watched = house.gateway.networks.entries.filter { $0.isTest }.map { Watcher(house.gateway, $0) }
        for watcher in watched { await #expect(throws: ChainFault.self) { try await watcher.step() } }
        await house.close()
    }

    @Test("Two processes on one PostgreSQL share one sandbox: blocks, payments and clock")
    func shared() async throws {
        let house = try await House(.postgres)
        let other = try await Store.open(house.place.location)
        let first = house.gateway
        let second = try House.gateway(
            other, house.clock, SeededEntropy(seed: 2), house.settings, try await Gateway.replaySandbox(from: other))
        // Opened here, paid there, heard here.
        let id = try await house.open()
        _ = try await second.play(.exact, for: id, of: house.caller)
        _ = try await second.command(.mine(.sandbox, blocks: 1))
        try await house.follow()
        #expect(try await house.payment(id).state == .paid)
        // What happened here can be taken back there.
        _ = try await first.play(.takeBack, for: id, of: house.caller)
        _ = try await second.play(.replace(.elsewhere), for: id, of: house.caller)
        try await house.follow()
        #expect(try await house.payment(id).state == .awaitingPayment)
        // The clock that is put forward there counts here for the next payment.
        let before = first.now(isTest: true)
        _ = try await second.command(.clock(advanceSeconds: 3_600))
        let late = try await house.open(order: "late")
        #expect(try await house.payment(late).terms.openedAt >= before.adding(seconds: 3_600))
        // Who only looks is told by its loop.
        _ = try await first.command(.clock(advanceSeconds: 60))
        #expect(try await second.followSandbox())
        #expect(second.now(isTest: true) == first.now(isTest: true))
        #expect(try await !second.followSandbox())
        #expect(second.sandbox?.ledger == first.sandbox?.ledger)
        // Also across the point at which the world is kept whole.
        for round in 0..<3 {
            let driver = round == 1 ? first : second
            let commands = (0..<1_000).map { _ in SandboxCommand(at: house.clock.now, .mine(.alternative, blocks: 1)) }
            _ = try await driver.drive(commands)
        }
        _ = try await first.followSandbox()
        #expect(second.sandbox?.ledger.sequence == first.sandbox?.ledger.sequence)
        try await house.take([.play(.exact, mined: 1)], for: late)
        #expect(try await house.payment(late).state == .paid)
        #expect(try await house.store.verify().isClean)
        await other.close()
        await house.close()
    }

    @Test("What was paid to the address of an earlier quote is bumped, mined and taken back with its payment")
    func earlierQuotes() async throws {
        let house = try await House()
        let id = try await house.open()
        try await house.take([.play(.under(percent: 50)), .wait(seconds: 1_000), .choose("SBX")], for: id)
        #expect(try await house.payment(id).evidence.quotes.count == 2)
        try await house.take([.play(.replace(.feeBump))], for: id)
        #expect(try await house.payment(id).state == .detected)
        try await house.take([.play(.confirm(blocks: 1))], for: id)
        #expect(try await house.payment(id).state == .underpaid)
        try await house.take([.play(.takeBack)], for: id)
        #expect(try await house.payment(id).state == .detected)
        // And what waits on another network than the one that is to be paid on.
        try await house.take([.play(.wrongNetwork), .play(.confirm(blocks: 1))], for: id)
        #expect(try await house.payment(id).openExceptions.map(\.kind) == [.wrongNetwork])
        try await house.take([.play(.exact, mined: 1)], for: id)
        #expect(try await house.payment(id).state == .paid)
        await house.close()
    }

    @Test("A customer's page moves its own payment and no other", arguments: [false, true])
    func isolation(mayMoveClock: Bool) async throws {
        let house = try await House { $0.pagesMoveSandboxClock = mayMoveClock }
        let (mine, other) = (try await house.open(order: "mine"), try await house.open(order: "other"))
        func act(_ act: CustomerAct, blocks: Int64 = 0) async throws {
            _ = try await house.gateway.act(act, for: mine, of: nil, confirmedBy: blocks)
            try await house.follow()
        }
        _ = try await house.gateway.play(.exact, for: other, of: house.caller)
        try await act(.exact, blocks: 1)
        #expect(try await house.payment(mine).state == .paid)
        #expect(try await house.payment(other).state == .detected)
        try await house.take([.command(.mine(.sandbox, blocks: 1))], for: other)
        #expect(try await house.payment(other).state == .paid)
        try await act(.takeBack)
        #expect(try await house.payment(mine).state == .detected)
        #expect(try await house.payment(other).state == .paid)
        try await act(.confirm(blocks: 2))
        #expect(try await house.payment(mine).epoch == 2)
        #expect(try await house.payment(other).epoch == 1)
        let now = house.gateway.now(isTest: true)
        if mayMoveClock {
            try await act(.late)
        } else {
            await #expect(throws: CommandError.self) { try await act(.late) }
        }
        #expect((house.gateway.now(isTest: true) > now) == mayMoveClock)
        await house.close()
    }
}
