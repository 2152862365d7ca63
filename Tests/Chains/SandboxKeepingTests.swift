import Domain
import Testing

@testable import Chains

/// A world that parses is not yet one that has been.
@Suite("Sandbox: what was kept of it")
struct SandboxKeepingTests {
    /// One place of the kept text that is another one since.
    enum Damage: CaseIterable, Sendable {
        case none, first, middle, last, parent, twice, stale, staleLow, circle
        case waiting, mined, number, serial, time, clock

        /// What stands there, and what comes in its place.
        func change(_ ledger: SandboxLedger) throws -> (from: String, to: String) {
            let story = ledger.story(.sandbox)
            let (chain, stale) = (story.active, story.stale.values.sorted { $0.height < $1.height })
            func place(_ block: SandboxBlock, height: UInt64? = nil, parent: BlockID? = nil) -> String {
                """
                {"id":"\(block.id.text)","height":\(height ?? block.height),\
                "parent":"\((parent ?? block.parent).text)",
                """
            }
            func height(_ block: SandboxBlock, _ height: UInt64) -> (String, String) {
                (place(block), place(block, height: height))
            }
            let none = String(repeating: "7", count: 64)
            switch self {
            case .none: return ("", "")
            case .first: return height(chain[0], story.base - 100)
            case .middle: return height(chain[500], 1)
            case .last: return height(story.tip, 1)
            case .parent: return (place(story.tip), place(story.tip, parent: chain[0].id))
            case .twice: return ("\"id\":\"\(stale[0].id.text)\"", "\"id\":\"\(stale[1].id.text)\"")
            case .stale: return height(stale[1], stale[1].height + 7)
            case .staleLow: return height(stale[0], 0)
            case .circle: return (place(stale[0]), place(stale[0], parent: stale[1].id))
            case .waiting: return ("\"pool\":[\"\(story.pool[0])\"", "\"pool\":[\"\(none)\"")
            case .mined:
                let txid = try #require(chain.flatMap(\.transactions).first)
                return ("\"transactions\":[\"\(txid)\"]", "\"transactions\":[\"\(none)\"]")
            case .number: return ("{\"sequence\":\(ledger.sequence),", "{\"sequence\":\(Int64.max),")
            case .serial: return ("\"serial\":\(story.serial),", "\"serial\":\(Int64.max),")
            case .time:
                let text = "\"time\":\(story.tip.time.milliseconds),\"transactions\":["
                return (text, text.replacing("\(story.tip.time.milliseconds)", with: "\(Int64.max)"))
            case .clock:
                return ("\"last_time\":\(ledger.lastTime.milliseconds)", "\"last_time\":\(Int64.max)")
            }
        }
    }

    /// Told once: a thousand blocks and more take their time.
    static let kept = Result { () throws -> (ledger: SandboxLedger, text: String) in
        var scene = SandboxScene()
        for _ in 0..<2 { try scene.act(.mine(.sandbox, blocks: 600)) }
        _ = try scene.pay(1, isMined: true)
        try scene.act(.reorg(.sandbox, SandboxCommand.Reorg(depth: 2, fate: .mined)))
        _ = try scene.pay(2)
        var ledger = scene.world.ledger
        let tip = ledger.story(.sandbox).tip
        ledger.cut(.sandbox, absorbed: Cursor(height: tip.height, block: tip.id))
        return (ledger, ledger.json)
    }

    @Test("A kept world that cannot have been does not read, whatever is damaged in it", arguments: Damage.allCases)
    func damage(_ damage: Damage) throws {
        let (ledger, text) = try Self.kept.get()
        #expect(ledger.story(.sandbox).base == ledger.story(.sandbox).tip.height - 1_000)
        let (from, to) = try damage.change(ledger)
        guard damage != .none else {
            #expect(try SandboxLedger(json: text) == ledger)
            return
        }
        let damaged = text.replacing(from, with: to)
        try #require(damaged != text)
        let fault = #expect(throws: ChainFault.self) { try SandboxLedger(json: damaged) }
        #expect(fault?.kind == .malformed)
    }
}
