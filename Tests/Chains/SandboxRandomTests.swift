import Domain
import Testing

@testable import Chains

/// Stories told by chance. A failure names its seed; the seed tells the same story again.
@Suite("Sandbox: random stories")
struct SandboxRandomTests {
    static let seeds: [UInt64] = Array(1...40)

    @Test("Any story keeps the laws of a chain, and its journal tells it again, hash by hash", arguments: seeds)
    func invariants(seed: UInt64) throws {
        var teller = Teller(seed: seed)
        let world = SandboxWorld()
        var journal: [SandboxCommand] = []
        for _ in 0..<150 {
            let command = teller.next(world.ledger)
            let before = world.ledger
            do throws(ChainFault) {
                let outcome = try world.apply(command)
                journal.append(command)
                expectLaws(world.ledger, outcome, "seed \(seed), command \(journal.count)")
            } catch {
                #expect(error.kind == .unusable)
                #expect(!error.detail.isEmpty)
                #expect(world.ledger == before, "a refused command changes nothing: \(command)")
            }
        }
        #expect(journal.count > 75)
        let stored = try journal.map { try SandboxCommand(json: $0.json) }
        #expect(stored == journal)
        #expect(try SandboxWorld(replaying: stored).ledger == world.ledger)
    }

    @Test("A follower that stops, starts and loses its memory knows what the world knows", arguments: seeds)
    func follower(seed: UInt64) async throws {
        var teller = Teller(seed: seed &+ 1_000)
        let world = SandboxWorld()
        let network = SandboxNetwork.allCases[Int(seed % 2)]
        for _ in 0..<Int.random(in: 0..<30, using: &teller.dice) { _ = try? world.apply(teller.next(world.ledger)) }
        _ = try world.apply(SandboxCommand(at: teller.at, .recover(network)))
        var chain = world.chain(on: network)
        var follower = SandboxFollower(keeps: Int.random(in: 1...12, using: &teller.dice))
        for round in 0..<120 {
            for _ in 0..<Int.random(in: 0...4, using: &teller.dice) { _ = try? world.apply(teller.next(world.ledger)) }
            if teller.dice.oneIn(5) { chain = world.chain(on: network) }
            do {
                let batch = try await chain.advance(from: follower.cursor, kept: follower.headers)
                if teller.dice.oneIn(4) {
                    // It dies before it has kept what it heard.
                    chain = world.chain(on: network)
                    continue
                }
                follower.absorb(batch)
                if batch.isAtTip {
                    follower.expectToMatch(world.ledger.story(network), "seed \(seed), round \(round)")
                }
            } catch let fault as ChainFault {
                #expect(fault.kind == .unreachable)
                #expect(world.ledger.story(network).isDown)
                _ = try world.apply(SandboxCommand(at: teller.at, .recover(network)))
            }
        }
        try await follower.follow(chain)
        follower.expectToMatch(world.ledger.story(network), "seed \(seed), at the end")
    }

    @Test("A world that was cut and kept goes on as if it had not been", arguments: seeds)
    func cuts(seed: UInt64) async throws {
        var teller = Teller(seed: seed &+ 2_000)
        var whole = SandboxLedger()
        func tell(_ count: Int) {
            for _ in 0..<count { _ = try? whole.apply(teller.next(whole)) }
        }
        tell(80)
        for network in SandboxNetwork.allCases {
            for blocks in [1_000, 100] as [Int64] {
                _ = try whole.apply(SandboxCommand(at: teller.at, .mine(network, blocks: blocks)))
            }
        }
        tell(60)
        var cut = whole
        for round in 1...3 {
            for network in SandboxNetwork.allCases {
                let tip = whole.story(network).tip
                cut.cut(network, absorbed: Cursor(height: tip.height - 5, block: tip.parent))
                #expect(cut.sequence == whole.sequence)
                let absorbed = whole.story(network).active[Int(tip.height) - 5]
                cut.cut(network, absorbed: Cursor(height: absorbed.height, block: absorbed.id))
                #expect(cut.story(network).base == absorbed.height - 1_000)
            }
            let kept = try SandboxLedger(json: cut.json)
            #expect(kept == cut, "seed \(seed), round \(round)")
            for _ in 0..<40 {
                let command = teller.next(cut)
                let outcome = try? cut.apply(command)
                #expect(outcome == (try? whole.apply(command)), "seed \(seed), round \(round): \(command)")
            }
            let world = SandboxWorld(cut)
            for network in SandboxNetwork.allCases where !whole.story(network).isDown {
                let story = whole.story(network)
                #expect(cut.story(network).pool == story.pool)
                let below = story.active[Int(cut.story(network).base)]
                var follower = SandboxFollower(keeps: 10)
                follower.cursor = Cursor(height: below.height, block: below.id)
                try await follower.follow(world.chain(on: network))
                #expect(follower.cursor == Cursor(height: story.tip.height, block: story.tip.id))
                let lost = Cursor(height: 3, block: story.active[3].id)
                await #expect(throws: ChainFault.self) {
                    try await world.chain(on: network).advance(from: lost, kept: FollowedHeaders())
                }
            }
        }
        #expect(cut.story(.sandbox).transactions.count < whole.story(.sandbox).transactions.count)
    }

    private func expectLaws(_ ledger: SandboxLedger, _ outcome: SandboxOutcome, _ comment: Comment) {
        for network in SandboxNetwork.allCases {
            let story = ledger.story(network)
            var seen: Set<String> = []
            var spent: Set<String> = []
            func take(_ txid: String) {
                #expect(seen.insert(txid).inserted, comment)
                guard let transaction = story.transactions[txid] else {
                    Issue.record("a transaction without content: \(comment)")
                    return
                }
                for input in transaction.inputs {
                    #expect(spent.insert(input).inserted, comment)
                    #expect(story.spenders[input] == txid, comment)
                }
                for parent in transaction.parents where story.transactions[parent] != nil {
                    #expect(seen.contains(parent), comment)
                }
            }
            #expect(story.active.first == SandboxBlock(genesisOf: network), comment)
            for (height, block) in story.active.enumerated() {
                #expect(block.height == UInt64(height), comment)
                if height > 0 {
                    #expect(block.parent == story.active[height - 1].id, comment)
                    #expect(block.time >= story.active[height - 1].time, comment)
                }
                #expect(story.stale[block.id] == nil, comment)
                for txid in block.transactions {
                    take(txid)
                    #expect(story.heights[txid] == block.height, comment)
                }
            }
            #expect(story.heights.count == seen.count, comment)
            for txid in story.pool { take(txid) }
            #expect(Set(story.pool) == story.pooled, comment)
            #expect(story.spenders.count == spent.count, comment)
        }
        let stories = SandboxNetwork.allCases.map(ledger.story)
        for txid in outcome.gone { #expect(!stories.contains { $0.isAlive(txid) }, comment) }
        #expect(ledger.lastTime == outcome.now, comment)
    }
}

/// Tells commands by chance: most of them make sense.
private struct Teller {
    var dice: SandboxDice
    var at: Int64 = 1_760_000_000_000

    init(seed: UInt64) { dice = SandboxDice(seed: seed) }

    mutating func next(_ ledger: SandboxLedger) -> SandboxCommand {
        // The real clock steps back now and then.
        at += dice.oneIn(10) ? -5_000 : Int64.random(in: 0...60_000, using: &dice)
        let network: SandboxNetwork = dice.oneIn(3) ? .alternative : .sandbox
        return SandboxCommand(at: at, action(on: network, ledger.story(network)))
    }

    private mutating func action(on network: SandboxNetwork, _ story: SandboxStory) -> SandboxCommand.Action {
        let known = story.transactions.keys.sorted().randomElement(using: &dice) ?? "none"
        let waiting = story.pool.randomElement(using: &dice) ?? known
        switch Int.random(in: 0..<100, using: &dice) {
        case 0..<34:
            let outputs = (0..<Int.random(in: 1...3, using: &dice)).map { _ in output(on: network) }
            return .pay(network, outputs, isMined: dice.oneIn(4))
        case 34..<44: return .replace(network, txid: waiting, by: replacement())
        case 44..<50: return .evict(network, txid: waiting)
        case 50..<56: return .rebroadcast(network, txid: known)
        case 56..<66: return .mine(network, blocks: dice.oneIn(12) ? 70 : Int64.random(in: 1...3, using: &dice))
        case 66..<80: return .reorg(network, reorg(story))
        case 80..<92: return .spend(network, place: "\(dice.oneIn(2) ? waiting : known):0")
        case 92..<96: return .clock(advanceSeconds: Int64.random(in: 1...3_600, using: &dice))
        case 96..<98: return .fail(network)
        default: return .recover(network)
        }
    }

    private mutating func output(on network: SandboxNetwork) -> SandboxCommand.Output {
        let key = SandboxAddress.walletKey([UInt8](repeating: 7, count: 32))
        let index = UInt32.random(in: 0..<20, using: &dice)
        let script = (try? SandboxAddress(of: key, at: index).script) ?? ""
        let asset = network.assets.randomElement(using: &dice) ?? network.assets[0]
        return SandboxCommand.Output(
            script: script, asset: asset.method.asset, amount: UInt128.random(in: 1...1_000_000, using: &dice))
    }

    private mutating func replacement() -> SandboxCommand.Replacement {
        [.feeBump, .elsewhere, .lessAmount(percent: 40)].randomElement(using: &dice) ?? .feeBump
    }

    private mutating func reorg(_ story: SandboxStory) -> SandboxCommand.Reorg {
        let depth = dice.oneIn(6) ? Int.random(in: 1...90, using: &dice) : Int.random(in: 1...4, using: &dice)
        var except: [String: SandboxCommand.Fate] = [:]
        for txid in story.active.dropFirst().suffix(depth).flatMap(\.transactions) where dice.oneIn(3) {
            except[txid] = SandboxCommand.Fate.allCases.randomElement(using: &dice)
        }
        let fate = SandboxCommand.Fate.allCases.randomElement(using: &dice) ?? .pooled
        return SandboxCommand.Reorg(depth: Int64(depth), fate: fate, except: except)
    }
}
