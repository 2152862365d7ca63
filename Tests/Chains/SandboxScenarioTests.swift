import Domain
import Testing

@testable import Chains

@Suite("Sandbox: what a customer can do")
struct SandboxScenarioTests {
    private static func subject(
        due: UInt128 = 1_000, asset: Int = 0, on network: SandboxNetwork = .sandbox, offersAll: Bool = false,
        secondsLeft: Int64 = 600, pooled: String? = nil, mined: SandboxScenario.Subject.Mined? = nil
    ) throws -> SandboxScenario.Subject {
        let method = network.assets[asset].method
        let all = SandboxNetwork.allCases.flatMap { $0.assets.map(\.method) }
        return SandboxScenario.Subject(
            method: method, address: try SandboxAddress(of: SandboxScene.key, at: 3).text, amountDue: due,
            offered: offersAll ? Set(all) : [method], secondsLeft: secondsLeft, pooled: pooled, mined: mined)
    }

    /// What a plan pays: `amount asset@network`, or the advance of the clock.
    private static func summary(_ commands: [SandboxCommand]) -> [String] {
        commands.map { command in
            switch command.action {
            case .pay(let network, let outputs, _):
                outputs.map { "\($0.amount) \($0.asset)@\(network.rawValue)" }.joined(separator: ",")
            case .clock(let seconds): "clock \(seconds)"
            case .confirm(let network, _, let blocks): "confirm \(blocks)@\(network.rawValue)"
            case .reorg(let network, let reorg):
                "reorg \(reorg.depth)@\(network.rawValue) but \(reorg.except.keys.sorted().joined(separator: ","))"
            default: "\(command.action)"
            }
        }
    }

    @Test(
        "A scenario is these commands",
        arguments: [
            (.exact, ["1000 SBX@sandbox"]),
            (.under(percent: 60), ["600 SBX@sandbox"]),
            (.over(percent: 10), ["1100 SBX@sandbox"]),
            (.split(parts: 3), ["333 SBX@sandbox", "333 SBX@sandbox", "334 SBX@sandbox"]),
            (.late, ["clock 601", "1000 SBX@sandbox"]),
            (.duplicate, ["1000 SBX@sandbox", "1000 SBX@sandbox"]),
            (.wrongNetwork, ["1000 SBX@sandbox-alt"]),
            (.wrongAsset, ["10 SUSD@sandbox"]),
            (.confirm(blocks: 6), ["confirm 6@sandbox"]),
            (.takeBack, ["reorg 3@sandbox but a,b"]),
        ] as [(SandboxScenario, [String])])
    func plans(scenario: SandboxScenario, expected: [String]) throws {
        let commands = try scenario.commands(for: try Self.subject(mined: (3, ["a", "b"])), at: 5)
        #expect(Self.summary(commands) == expected)
        #expect(commands.allSatisfy { $0.at == 5 })
    }

    @Test("Blocks for a confirmation are mined on the network that was paid on")
    func confirmations() throws {
        let wrong = try SandboxScenario.wrongNetwork.commands(for: try Self.subject(), at: 5, confirmedBy: 2)
        #expect(Self.summary(wrong) == ["1000 SBX@sandbox-alt", "confirm 2@sandbox-alt"])
        let subject = try Self.subject(pooled: "a")
        let bumped = try SandboxScenario.replace(.feeBump).commands(for: subject, at: 5, confirmedBy: 2)
        #expect(bumped.count == 1)
    }

    @Test("A scenario that makes no sense for the payment is refused")
    func refusals() throws {
        let cases: [(SandboxScenario, SandboxScenario.Subject)] = [
            (.under(percent: 0), try Self.subject()), (.under(percent: 100), try Self.subject()),
            (.under(percent: 50), try Self.subject(due: 1)), (.over(percent: 0), try Self.subject()),
            (.split(parts: 1), try Self.subject()), (.split(parts: 21), try Self.subject()),
            (.split(parts: 3), try Self.subject(due: 2)), (.wrongNetwork, try Self.subject(offersAll: true)),
            (.wrongAsset, try Self.subject(offersAll: true)), (.wrongAsset, try Self.subject(on: .alternative)),
            (.replace(.elsewhere), try Self.subject()), (.takeBack, try Self.subject()),
            (.takeBack, try Self.subject(mined: (7, ["a"]))),
        ]
        for (scenario, subject) in cases {
            #expect(throws: ChainFault.self, "\(scenario)") { try scenario.commands(for: subject, at: 5) }
        }
    }

    @Test("Every scenario applies to a world, from the payment to the reorg that takes it back")
    func story() throws {
        let scene = SandboxScene()
        let script = try SandboxAddress(parsing: try Self.subject().address).script
        func play(_ scenario: SandboxScenario) throws -> [SandboxOutcome] {
            let ledger = scene.world.ledger
            let latest = ledger.latest(to: script, on: .sandbox)
            let subject = try Self.subject(
                asset: 1, pooled: latest?.standing == .pooled ? latest?.txid : nil,
                mined: ledger.takenBack(from: [script], on: .sandbox))
            return try scenario.commands(for: subject, at: scene.at).map { try scene.world.apply($0) }
        }
        let paid = try #require(try play(.exact).first?.transactions.first)
        let bumped = try #require(try play(.replace(.feeBump)).first)
        #expect(bumped.gone == [paid])
        _ = try play(.confirm(blocks: 2))
        #expect(scene.world.ledger.story(.sandbox).heights[bumped.transactions[0]] == 1)
        _ = try play(.takeBack)
        #expect(scene.world.ledger.story(.sandbox).pool == bumped.transactions)
        for scenario in [.late, .wrongNetwork, .wrongAsset, .duplicate] as [SandboxScenario] { _ = try play(scenario) }
        #expect(scene.world.ledger.story(.alternative).pool.count == 1)
    }

    @Test("A late payment is late by the sandbox's own clock, over or not, and never overflows")
    func late() throws {
        for (left, advance) in [(600, 601), (0, 1), (-50, nil)] as [(Int64, Int64?)] {
            let commands = try SandboxScenario.late.commands(for: try Self.subject(secondsLeft: left), at: 5)
            #expect(Self.summary(commands) == (advance.map { ["clock \($0)"] } ?? []) + ["1000 SBX@sandbox"])
        }
        _ = try SandboxScenario.late.commands(for: try Self.subject(secondsLeft: .max), at: 5)
    }

    @Test("What a customer does touches no other payment: not in the pool, not on the chain")
    func isolation() throws {
        var scene = SandboxScene()
        let mine = try SandboxAddress(of: SandboxScene.key, at: 3).script
        let (older, other) = (try scene.pay(1, to: 1, isMined: true), try scene.pay(2, to: 1))
        let own = try scene.pay(3, to: 3)
        func confirm() throws { try scene.act(.confirm(.sandbox, scripts: [mine], blocks: 1)) }
        try confirm()
        var story = scene.world.ledger.story(.sandbox)
        #expect(story.heights[own] == 2 && story.pool == [other])
        let third = try scene.pay(4, to: 1, isMined: true)
        let before = scene.world.ledger.story(.sandbox)
        let mined = try #require(scene.world.ledger.takenBack(from: [mine], on: .sandbox))
        #expect(mined.depth == 2 && mined.transactions == [own])
        let subject = try Self.subject(mined: mined)
        for command in try SandboxScenario.takeBack.commands(for: subject, at: scene.at) {
            _ = try scene.world.apply(command)
        }
        story = scene.world.ledger.story(.sandbox)
        #expect(story.pool == [own])
        for txid in [older, other, third] {
            let (was, now) = (try #require(before.heights[txid]), try #require(story.heights[txid]))
            #expect(story.tip.height - now >= before.tip.height - was, "no confirmation is lost")
        }
        try confirm()
        #expect(scene.world.ledger.story(.sandbox).pool.isEmpty)
        #expect(scene.world.ledger.takenBack(from: [mine], on: .alternative) == nil)
    }
}
