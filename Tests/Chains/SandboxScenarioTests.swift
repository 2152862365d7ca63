import Domain
import Testing

@testable import Chains

@Suite("Sandbox: what a customer can do")
struct SandboxScenarioTests {
    private static func subject(
        due: UInt128 = 1_000, asset: Int = 0, on network: SandboxNetwork = .sandbox, offersAll: Bool = false,
        secondsLeft: Int64 = 600, pooled: String? = nil
    ) throws -> SandboxScenario.Subject {
        let method = network.assets[asset].method
        let all = SandboxNetwork.allCases.flatMap { $0.assets.map(\.method) }
        return SandboxScenario.Subject(
            method: method, address: try SandboxAddress(of: SandboxScene.key, at: 3).text, amountDue: due,
            offered: offersAll ? Set(all) : [method], secondsLeft: secondsLeft, pooled: pooled)
    }

    /// What a plan pays: `amount asset@network`, or the advance of the clock.
    private static func summary(_ commands: [SandboxCommand]) -> [String] {
        commands.map { command in
            switch command.action {
            case .pay(let network, let outputs, _):
                outputs.map { "\($0.amount) \($0.asset)@\(network.rawValue)" }.joined(separator: ",")
            case .clock(let seconds): "clock \(seconds)"
            case .mine(let network, let blocks): "mine \(blocks)@\(network.rawValue)"
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
            (.mine(blocks: 6), ["mine 6@sandbox"]),
            (.clock(seconds: 60), ["clock 60"]),
        ] as [(SandboxScenario, [String])])
    func plans(scenario: SandboxScenario, expected: [String]) throws {
        let commands = try scenario.commands(for: try Self.subject(), at: 5)
        #expect(Self.summary(commands) == expected)
        #expect(commands.allSatisfy { $0.at == 5 })
    }

    @Test("Blocks for a confirmation are mined on the network that was paid on")
    func confirmations() throws {
        let wrong = try SandboxScenario.wrongNetwork.commands(for: try Self.subject(), at: 5, confirmedBy: 2)
        #expect(Self.summary(wrong) == ["1000 SBX@sandbox-alt", "mine 2@sandbox-alt"])
        let clock = try SandboxScenario.clock(seconds: 1).commands(for: try Self.subject(), at: 5, confirmedBy: 2)
        #expect(Self.summary(clock) == ["clock 1"])
    }

    @Test("A scenario that makes no sense for the payment is refused")
    func refusals() throws {
        let cases: [(SandboxScenario, SandboxScenario.Subject)] = [
            (.under(percent: 0), try Self.subject()), (.under(percent: 100), try Self.subject()),
            (.under(percent: 50), try Self.subject(due: 1)), (.over(percent: 0), try Self.subject()),
            (.split(parts: 1), try Self.subject()), (.split(parts: 21), try Self.subject()),
            (.split(parts: 3), try Self.subject(due: 2)), (.wrongNetwork, try Self.subject(offersAll: true)),
            (.wrongAsset, try Self.subject(offersAll: true)), (.wrongAsset, try Self.subject(on: .alternative)),
            (.replace(.elsewhere), try Self.subject()),
        ]
        for (scenario, subject) in cases {
            #expect(throws: ChainFault.self, "\(scenario)") { try scenario.commands(for: subject, at: 5) }
        }
    }

    @Test("Every scenario applies to a world, from the payment to the reorg that takes it back")
    func story() throws {
        let scene = SandboxScene()
        func play(_ scenario: SandboxScenario, pooled: String? = nil) throws -> [SandboxOutcome] {
            let subject = try Self.subject(asset: 1, pooled: pooled)
            return try scenario.commands(for: subject, at: scene.at).map { try scene.world.apply($0) }
        }
        let paid = try #require(try play(.exact).first?.transactions.first)
        let bumped = try play(.replace(.feeBump), pooled: paid)
        #expect(bumped.first?.gone == [paid])
        _ = try play(.mine(blocks: 2))
        let reorged = try play(.reorg(depth: 2, fate: .dropped))
        #expect(reorged.first?.gone == bumped.first?.transactions)
        for scenario in [.late, .wrongNetwork, .wrongAsset, .duplicate] as [SandboxScenario] { _ = try play(scenario) }
        #expect(scene.world.snapshot.story(.alternative).pool.count == 1)
    }

    @Test("A late payment is late by the sandbox's own clock, over or not, and never overflows")
    func late() throws {
        for (left, advance) in [(600, 601), (0, 1), (-50, 1)] as [(Int64, Int64)] {
            let commands = try SandboxScenario.late.commands(for: try Self.subject(secondsLeft: left), at: 5)
            #expect(commands.first?.action == .clock(advanceSeconds: advance))
        }
        _ = try SandboxScenario.late.commands(for: try Self.subject(secondsLeft: .max), at: 5)
    }
}
