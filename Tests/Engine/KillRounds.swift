import HTTP
import JSON
import Platform
import TestKit

/// Starts gateways in one folder, lets the world go on, and kills them at moments of chance.
struct KillRounds {
    /// The very first starts in the folder: while its key, its database and its tables are made.
    static let beginnings = 12
    static let rounds = 240
    /// Every sixth of them is killed while it starts, every sixth at any moment; the others, when so much has
    /// flowed in them that a gateway which stalls would never end them.
    static let kinds = 6
    /// Those that are killed while payments flow.
    static var atWork: Int { rounds / kinds * (kinds - 1) }
    static var whole: Int { rounds / kinds * (kinds - 2) }

    let program: Program
    let ledger = Lock(KillLedger())
    private var dice: KillDice
    private let clock = SystemClock()
    /// How long the last start took that was let serve.
    private var starting: Int64 = 2

    init(_ program: Program, _ dice: KillDice) {
        self.program = program
        self.dice = dice
    }

    /// Kills the first starts of all.
    mutating func strikeBeginnings() async throws {
        // One in a folder of its own says how long a first start takes here.
        let folder = try TemporaryFolder()
        if let other = Program(data: folder.path, variables: [:]) {
            let start = clock.uptime
            await (try other.serve()).stop()
            starting = max(2, clock.uptime - start)
        }
        for _ in 0..<Self.beginnings { try await strikeStart() }
    }

    /// Kills one gateway after the other, with a merchant's key for the clients. A last one brings what they have
    /// left to its end, and ends in peace.
    mutating func strike(_ key: String) async throws {
        let client = KillClient(ledger, key: key)
        let lanes: [any KillLane] =
            (0..<5).map { _ in Buyers(client) } + [Warehouse(client: client), Weather(client: client)]
        for round in 1...Self.rounds {
            switch round % Self.kinds {
            case 0: try await strikeStart()
            case 1: try await strikeWork(lanes, after: nil)
            default: try await strikeWork(lanes, after: goal(isReorged: round % 2 == 0))
            }
        }
        let last = try await program.serve()
        // Prices in a coin are above every tier of the standard policy: six confirmations.
        _ = await client.send(.post, last.url + "/v1/sandbox/mine", ["blocks": 6], expecting: [200])
        for id in ledger.withLock({ $0.paid }) {
            // A gateway that never comes to it is ended by the suite's limit.
            while await client.state(of: id, last.url) != "paid" { try await Task.sleep(for: .milliseconds(20)) }
        }
        await last.stop()
    }

    /// Starts the program and kills it at a moment before it served the last time.
    private mutating func strikeStart() async throws {
        let process = try program.spawn()
        // The moment of the kill is chance; nothing waits for it.
        try await Task.sleep(for: .milliseconds(Int64.random(in: 0..<starting, using: &dice)))
        process.kill()
        var hasServed = false
        for await line in process.lines where line.contains(" listens on ") { hasServed = true }
        _ = await process.ended()
        ledger.withLock { ledger in
            ledger.kills += 1
            if !hasServed { ledger.early += 1 }
        }
    }

    /// What has to have flowed in a round, and chance on top of it.
    private mutating func goal(isReorged: Bool) -> KillLedger.Goal {
        let answers = Int.random(in: 0...12, using: &dice)
        return ledger.withLock { ledger in
            KillLedger.Goal(
                acknowledged: ledger.acknowledged.count + 2, paid: ledger.paid.count + 1,
                reported: ledger.reported.count + (isReorged ? 0 : 1), reorgs: ledger.reorgs + (isReorged ? 1 : 0),
                chance: answers)
        }
    }

    /// Starts the program, lets the lanes work, and kills it: when `goal` is reached, or at any moment.
    private mutating func strikeWork(_ lanes: [any KillLane], after goal: KillLedger.Goal?) async throws {
        let start = clock.uptime
        let served = try await program.serve()
        starting = max(2, clock.uptime - start)
        let moment = Int64.random(in: 1...(goal == nil ? 60 : 3), using: &dice)
        let ledger = ledger
        await withDiscardingTaskGroup { group in
            ledger.withLock { $0.working = lanes.count }
            for lane in lanes {
                group.addTask {
                    await lane.work(served.url)
                    ledger.withLock { $0.working -= 1 }
                }
            }
            if let goal { await Self.wait(for: goal, in: ledger) }
            // The moment of the kill is chance; nothing waits for it.
            try? await Task.sleep(for: .milliseconds(moment))
            if goal != nil { await Self.wait(until: { $0.open > 0 }, in: ledger) }
            ledger.withLock { ledger in
                ledger.kills += 1
                if ledger.working > 0 { ledger.worked += 1 }
                if ledger.open > 0 { ledger.cut += 1 }
            }
            await served.kill()
            group.cancelAll()
        }
    }

    private static func wait(for goal: KillLedger.Goal, in ledger: Lock<KillLedger>) async {
        await wait(until: goal.isReached, in: ledger)
        let answers = ledger.withLock { $0.answers } + goal.chance
        await wait(until: { $0.answers >= answers }, in: ledger)
    }

    /// Looks again until it is so, or until no lane can go on. A gateway that stalls is ended by the suite's limit.
    private static func wait(
        until isSo: @Sendable (KillLedger) -> Bool, in ledger: Lock<KillLedger>
    ) async {
        while true {
            let (isOver, isStuck) = ledger.withLock { (isSo($0), $0.working == 0) }
            if isOver { return }
            if isStuck { return ledger.withLock { $0.surprises.append("no lane could go on") } }
            try? await Task.sleep(for: .milliseconds(1))
        }
    }
}

extension KillLedger {
    /// What has to have flowed before a kill.
    struct Goal: Sendable {
        var acknowledged: Int
        var paid: Int
        var reported: Int
        var reorgs: Int
        /// Answers after that.
        var chance: Int

        @Sendable func isReached(_ ledger: KillLedger) -> Bool {
            ledger.acknowledged.count >= acknowledged && ledger.paid.count >= paid
                && ledger.reported.count >= reported && ledger.reorgs >= reorgs
        }
    }
}
