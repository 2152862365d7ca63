import Domain
import Testing

@testable import Chains

@Suite("Sandbox: what commands do")
struct SandboxCommandTests {
    @Test("Several outputs go into one transaction, each at its own place")
    func severalOutputs() throws {
        var scene = SandboxScene()
        let outputs = try (0..<3).map { try SandboxScene.output(UInt128($0 + 1), to: UInt32($0)) }
        let outcome = try scene.act(.pay(.sandbox, outputs, isMined: true))
        #expect(outcome.transactions.count == 1 && outcome.blocks.count == 1)
        let story = scene.world.ledger.story(.sandbox)
        #expect(story.transactions[outcome.transactions[0]]?.outputs == outputs)
        #expect(story.tip.transactions == outcome.transactions)
    }

    @Test("A replacement spends the same coin: the old one is gone with its children, and cannot come back")
    func replacement() throws {
        for replacement in [.feeBump, .elsewhere, .lessAmount(percent: 40)] as [SandboxCommand.Replacement] {
            var scene = SandboxScene()
            let old = try scene.pay(1_000)
            let child = try #require(try scene.act(.spend(.sandbox, place: "\(old):0")).transactions.first)
            let outcome = try scene.act(.replace(.sandbox, txid: old, by: replacement))
            #expect(outcome.gone == [old, child])
            let story = scene.world.ledger.story(.sandbox)
            let new = try #require(story.transactions[outcome.transactions[0]])
            #expect(story.pool == [new.id])
            #expect(new.inputs == story.transactions[old]?.inputs)
            let mine = try SandboxAddress(of: SandboxScene.key, at: 0).script
            switch replacement {
            case .feeBump: #expect(new.outputs == story.transactions[old]?.outputs)
            case .elsewhere: #expect(!new.outputs.contains { $0.script == mine })
            case .lessAmount: #expect(new.outputs.map(\.amount) == [400] && new.outputs[0].script == mine)
            }
            #expect(throws: ChainFault.self) { try scene.act(.rebroadcast(.sandbox, txid: old)) }
        }
    }

    @Test("What was evicted can be sent again, as the same transaction")
    func eviction() throws {
        var scene = SandboxScene()
        let txid = try scene.pay(7)
        let script = try SandboxAddress(of: SandboxScene.key, at: 0).script
        #expect(scene.world.ledger.latest(to: script, on: .sandbox) == SandboxSight(txid: txid, standing: .pooled))
        try scene.act(.evict(.sandbox, txid: txid))
        #expect(scene.world.ledger.latest(to: script, on: .sandbox) == SandboxSight(txid: txid, standing: .gone))
        #expect(try scene.act(.rebroadcast(.sandbox, txid: txid)).transactions == [txid])
        try scene.act(.mine(.sandbox, blocks: 2))
        let sight = scene.world.ledger.latest(to: script, on: .sandbox)
        #expect(sight == SandboxSight(txid: txid, standing: .mined(height: 1)))
    }

    @Test("A reorg sends each transaction where it was told to", arguments: SandboxCommand.Fate.allCases)
    func reorg(fate: SandboxCommand.Fate) throws {
        var scene = SandboxScene()
        let one = try scene.pay(1, isMined: true)
        let two = try scene.pay(2, to: 1, isMined: true)
        let waiting = try scene.pay(3, to: 2)
        let reorg = SandboxCommand.Reorg(depth: 2, fate: .mined, except: [one: fate])
        let outcome = try scene.act(.reorg(.sandbox, reorg))
        let story = scene.world.ledger.story(.sandbox)
        #expect(story.tip.height == 3 && outcome.blocks.count == 3)
        #expect(story.heights[two] == 1)
        #expect(story.pooled == (fate == .pooled ? [one, waiting] : [waiting]))
        #expect((story.heights[one] == 1) == (fate == .mined))
        #expect(outcome.gone == (fate == .dropped || fate == .doubleSpent ? [one] : []))
        #expect(outcome.transactions.isEmpty == (fate != .doubleSpent))
        if let rival = outcome.transactions.first {
            #expect(story.heights[rival] == 1)
            #expect(story.transactions[rival]?.inputs == story.transactions[one]?.inputs)
        }
    }

    @Test("What spends an output that is gone is gone; what spends one that waits can only wait")
    func families() throws {
        for (fate, expected) in [
            (.dropped, .gone), (.doubleSpent, .gone), (.pooled, .pooled), (.mined, .mined(height: 1)),
        ] as [(SandboxCommand.Fate, SandboxSight.Standing)] {
            var scene = SandboxScene()
            let parent = try scene.pay(1, isMined: true)
            let child = try #require(try scene.act(.spend(.sandbox, place: "\(parent):0")).transactions.first)
            try scene.act(.mine(.sandbox, blocks: 1))
            let grandchild = try #require(try scene.act(.spend(.sandbox, place: "\(child):0")).transactions.first)
            try scene.act(.reorg(.sandbox, .init(depth: 2, fate: .mined, except: [parent: fate])))
            let story = scene.world.ledger.story(.sandbox)
            let standing: SandboxSight.Standing =
                story.heights[child].map { .mined(height: $0) } ?? (story.pooled.contains(child) ? .pooled : .gone)
            #expect(standing == expected)
            #expect(story.pooled.contains(grandchild) == (expected != .gone))
        }
    }

    @Test("A block takes 4,000 transactions; the rest of the pool waits for the next one")
    func fullBlocks() throws {
        var ledger = SandboxLedger()
        let output = try SandboxScene.output(1)
        for _ in 0..<4_010 {
            _ = try ledger.apply(SandboxCommand(at: 0, .pay(.sandbox, [output], isMined: false)))
        }
        _ = try ledger.apply(SandboxCommand(at: 0, .mine(.sandbox, blocks: 3)))
        #expect(ledger.story(.sandbox).active.map(\.transactions.count) == [0, 4_000, 10, 0])
    }

    @Test("The clock goes forward on both networks and never back, whatever the real one does")
    func clock() throws {
        let world = SandboxWorld()
        let start: Int64 = 1_760_000_000_000
        #expect(world.now(at: start) == Instant(milliseconds: start))
        _ = try world.apply(SandboxCommand(at: start, .clock(advanceSeconds: 900)))
        #expect(world.now(at: start + 1) == Instant(milliseconds: start + 900_001))
        #expect(world.now(at: start - 60_000) == Instant(milliseconds: start + 900_000))
        let later = try world.apply(SandboxCommand(at: start - 60_000, .clock(advanceSeconds: 60)))
        #expect(later.now == Instant(milliseconds: start + 960_000))
        _ = try world.apply(SandboxCommand(at: start - 60_000, .mine(.alternative, blocks: 1)))
        #expect(world.ledger.story(.alternative).tip.time == Instant(milliseconds: start + 960_000))
    }

    /// The values were computed by another program from the description of the format.
    @Test("The hashes of a story are these, today and in every version that replays it")
    func pinnedHashes() throws {
        var scene = SandboxScene()
        let genesis = scene.world.ledger.story(.sandbox).tip.id.text
        #expect(genesis == "a87ebb00ed3dae0e1b6c7d4c82e735f2e30fa193b298dddded5e65d281397d09")
        #expect(try scene.pay(12_345, isMined: true) == "5ae264b446139cb5f9311766a0bdf0787ac3f5776ff5ca32410d8621eca90642")
        #expect(scene.world.ledger.story(.sandbox).tip.id.text == "d5c0e244426a46c54fbcfb85c0279c7166afc6f3900c6b2b5c4be97b236c6b0f")
        #expect(try SandboxAddress(of: SandboxScene.key, at: 0).text == "sbx1pc4am3rqq0vesuk4sl0e95c07p94usewwal9t4")
    }

    @Test("A command that makes no sense is refused in words, and changes nothing", arguments: Nonsense.all)
    func nonsense(_ nonsense: Nonsense) throws {
        var scene = SandboxScene()
        let mined = try scene.pay(1, isMined: true)
        let waiting = try scene.pay(2)
        let before = scene.world.ledger
        let action = try nonsense.action(mined, waiting)
        let fault = #expect(throws: ChainFault.self) { try scene.act(action) }
        #expect(fault?.kind == .unusable && fault?.detail.isEmpty == false)
        #expect(scene.world.ledger == before)
    }

    @Test("A command outside of the years that clocks show is refused", arguments: [-1, .min, .max] as [Int64])
    func nonsenseTimes(at: Int64) {
        #expect(throws: ChainFault.self) {
            try SandboxWorld().apply(SandboxCommand(at: at, .mine(.sandbox, blocks: 1)))
        }
    }

    @Test("Every command reads back from its text")
    func texts() throws {
        let output = try SandboxScene.output(SandboxLimits.amount.upperBound)
        let reorg = SandboxCommand.Reorg(depth: 3, fate: .pooled, except: ["b": .dropped, "a": .doubleSpent])
        let actions: [SandboxCommand.Action] = [
            .pay(.sandbox, [output, output], isMined: true), .replace(.alternative, txid: "a", by: .feeBump),
            .replace(.sandbox, txid: "a", by: .elsewhere), .replace(.sandbox, txid: "a", by: .lessAmount(percent: 9)),
            .evict(.sandbox, txid: "a"), .rebroadcast(.sandbox, txid: "a"), .mine(.alternative, blocks: 6),
            .reorg(.sandbox, reorg), .spend(.sandbox, place: "a:0"), .clock(advanceSeconds: 60), .fail(.sandbox),
            .recover(.alternative),
        ]
        for action in actions {
            let command = SandboxCommand(at: 1_760_000_000_000, action)
            #expect(try SandboxCommand(json: command.json) == command)
        }
        #expect(
            SandboxCommand(at: 5, .reorg(.sandbox, reorg)).json
                == #"{"at":5,"do":"reorg","network":"sandbox","depth":3,"fate":"pooled","#
                + #""except":[{"txid":"a","fate":"double_spent"},{"txid":"b","fate":"dropped"}]}"#)
    }

    @Test(
        "Any other text is no command",
        arguments: [
            "", "{}", "[]", #"{"at":1}"#, #"{"at":1,"do":"dance"}"#, #"{"at":"1","do":"clock","seconds":1}"#,
            #"{"at":1,"do":"clock","seconds":1,"more":1}"#, #"{"at":1,"do":"mine","network":"bitcoin","blocks":1}"#,
            #"{"at":1,"do":"mine","network":"sandbox","blocks":99999999999999999999}"#,
            #"{"at":1,"do":"pay","network":"sandbox","outputs":[],"mine":true}"#,
            #"{"at":1,"do":"replace","network":"sandbox","txid":"a","by":"magic"}"#,
            #"{"at":1,"do":"pay","network":"sandbox","mine":true,"#
                + #""outputs":[{"script":"5b","asset":"SBX","amount":"-1"}]}"#,
        ])
    func wrongTexts(text: String) {
        let fault = #expect(throws: ChainFault.self) { try SandboxCommand(json: text) }
        #expect(fault?.kind == .malformed)
    }
}

/// A command that must be refused where one transaction is mined in the only block and one waits.
struct Nonsense: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let action: @Sendable (_ mined: String, _ waiting: String) throws -> SandboxCommand.Action

    private static func pay(
        _ amount: UInt128, asset: String = "SBX", script: String? = nil, on network: SandboxNetwork = .sandbox
    ) throws -> SandboxCommand.Action {
        let good = try SandboxScene.output(amount)
        let asset = try #require(AssetCode(parsing: asset))
        return .pay(
            network, [good, .init(script: script ?? good.script, asset: asset, amount: amount)], isMined: false)
    }

    static let all: [Nonsense] = [
        Nonsense(testDescription: "zero") { _, _ in try pay(0) },
        Nonsense(testDescription: "2^127") { _, _ in try pay(1 << 127) },
        Nonsense(testDescription: "an unknown asset") { _, _ in try pay(1, asset: "DOGE") },
        Nonsense(testDescription: "a token elsewhere") { _, _ in try pay(1, asset: "SUSD", on: .alternative) },
        Nonsense(testDescription: "another script") { _, _ in try pay(1, script: "0014") },
        Nonsense(testDescription: "no outputs") { _, _ in .pay(.sandbox, [], isMined: false) },
        Nonsense(testDescription: "101 outputs") { _, _ in
            .pay(.sandbox, Array(repeating: try SandboxScene.output(1), count: 101), isMined: false)
        },
        Nonsense(testDescription: "no blocks") { _, _ in .mine(.sandbox, blocks: 0) },
        Nonsense(testDescription: "1001 blocks") { _, _ in .mine(.sandbox, blocks: 1_001) },
        Nonsense(testDescription: "a reorg of nothing") { _, _ in .reorg(.sandbox, .init(depth: 0, fate: .mined)) },
        Nonsense(testDescription: "a reorg of the genesis block") { _, _ in
            .reorg(.sandbox, .init(depth: 2, fate: .mined))
        },
        Nonsense(testDescription: "a reorg of what waits") { _, waiting in
            .reorg(.sandbox, .init(depth: 1, fate: .mined, except: [waiting: .dropped]))
        },
        Nonsense(testDescription: "replacing the unknown") { _, _ in .replace(.sandbox, txid: "a", by: .feeBump) },
        Nonsense(testDescription: "replacing on the other network") { _, waiting in
            .replace(.alternative, txid: waiting, by: .feeBump)
        },
        Nonsense(testDescription: "replacing what is mined") { mined, _ in
            .replace(.sandbox, txid: mined, by: .elsewhere)
        },
        Nonsense(testDescription: "replacing by more") { _, waiting in
            .replace(.sandbox, txid: waiting, by: .lessAmount(percent: 100))
        },
        Nonsense(testDescription: "evicting what is mined") { mined, _ in .evict(.sandbox, txid: mined) },
        Nonsense(testDescription: "sending again what waits") { _, waiting in .rebroadcast(.sandbox, txid: waiting) },
        Nonsense(testDescription: "spending the unknown") { _, _ in .spend(.sandbox, place: "a:0") },
        Nonsense(testDescription: "spending no output") { mined, _ in .spend(.sandbox, place: "\(mined):1") },
        Nonsense(testDescription: "spending no place") { mined, _ in .spend(.sandbox, place: mined) },
        Nonsense(testDescription: "spending an odd number") { mined, _ in .spend(.sandbox, place: "\(mined):00") },
        Nonsense(testDescription: "a clock that stands") { _, _ in .clock(advanceSeconds: 0) },
        Nonsense(testDescription: "a clock that goes back") { _, _ in .clock(advanceSeconds: -1) },
        Nonsense(testDescription: "a clock that leaps") { _, _ in .clock(advanceSeconds: .max) },
    ]
}
