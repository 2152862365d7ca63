import Domain
import Testing

@testable import Chains

/// A world that is driven by one alone, in memory.
extension SandboxWorld {
    convenience init(replaying journal: [SandboxCommand]) throws(ChainFault) {
        var ledger = SandboxLedger()
        for command in journal { _ = try ledger.apply(command) }
        self.init(ledger)
    }

    func apply(_ command: SandboxCommand) throws(ChainFault) -> SandboxOutcome {
        var ledger = ledger
        let outcome = try ledger.apply(command)
        adopt(ledger)
        return outcome
    }
}

/// What these tests do over and over.
struct SandboxScene {
    let world = SandboxWorld()
    var at: Int64 = 1_760_000_000_000
    static let key = SandboxAddress.walletKey([UInt8](repeating: 1, count: 32))

    @discardableResult
    mutating func act(_ action: SandboxCommand.Action) throws -> SandboxOutcome {
        at += 1_000
        return try world.apply(SandboxCommand(at: at, action))
    }

    /// Pays one output and returns its transaction.
    mutating func pay(
        _ amount: UInt128, to index: UInt32 = 0, on network: SandboxNetwork = .sandbox, isMined: Bool = false
    ) throws -> String {
        let output = try Self.output(amount, to: index)
        return try #require(try act(.pay(network, [output], isMined: isMined)).transactions.first)
    }

    static func output(_ amount: UInt128, to index: UInt32 = 0) throws -> SandboxCommand.Output {
        SandboxCommand.Output(
            script: try SandboxAddress(of: key, at: index).script, asset: try #require(AssetCode(parsing: "SBX")),
            amount: amount)
    }
}

@Suite("Sandbox: what its chain tells")
struct SandboxChainTests {
    @Test("A payment is told in the pool, then in its block, with place, script, asset and amount")
    func payment() async throws {
        var scene = SandboxScene()
        let chain = scene.world.chain(on: .sandbox)
        let start = try await chain.advance(from: nil, kept: FollowedHeaders())
        #expect(start.connected.isEmpty && start.entered.isEmpty && start.isAtTip)
        #expect(start.pool == [] && start.forkHeight == nil)
        let txid = try scene.pay(500)
        let waiting = try await chain.advance(from: start.cursor, kept: FollowedHeaders())
        #expect(waiting.pool == [txid])
        let output = try #require(waiting.entered.first?.outputs.first)
        #expect(output.place == "\(txid):0")
        #expect(output.script == (try SandboxAddress(of: SandboxScene.key, at: 0).script))
        #expect(output.asset?.text == "SBX" && output.amountText == "500")
        try scene.act(.mine(.sandbox, blocks: 1))
        let mined = try await chain.advance(from: waiting.cursor, kept: FollowedHeaders())
        #expect(mined.connected.map(\.height) == [1])
        #expect(mined.connected.first?.transactions.map(\.id) == [txid])
        #expect(mined.connected.first?.parent == start.cursor.block)
        #expect(mined.pool == [] && mined.entered.isEmpty)
    }

    @Test("What waits is told once in a process, and all of it to the next one")
    func enteredOnce() async throws {
        var scene = SandboxScene()
        let chain = scene.world.chain(on: .sandbox)
        let txid = try scene.pay(1)
        let first = try await chain.advance(from: nil, kept: FollowedHeaders())
        #expect(first.entered.map(\.id) == [txid])
        let again = try await chain.advance(from: first.cursor, kept: FollowedHeaders())
        #expect(again.entered.isEmpty && again.pool == [txid])
        let restarted = scene.world.chain(on: .sandbox)
        #expect(try await restarted.advance(from: first.cursor, kept: FollowedHeaders()).entered.map(\.id) == [txid])
    }

    @Test("A batch holds at most 50 blocks, and says nothing of the pool on the way")
    func boundedBatches() async throws {
        var scene = SandboxScene()
        let chain = scene.world.chain(on: .sandbox)
        var cursor = try await chain.advance(from: nil, kept: FollowedHeaders()).cursor
        try scene.act(.mine(.sandbox, blocks: 120))
        _ = try scene.pay(1)
        for (count, isLast) in [(50, false), (50, false), (20, true)] {
            let batch = try await chain.advance(from: cursor, kept: FollowedHeaders())
            #expect(batch.connected.count == count && batch.isAtTip == isLast)
            #expect((batch.pool != nil) == isLast && batch.entered.isEmpty == !isLast)
            cursor = batch.cursor
        }
        #expect(cursor.height == 120)
    }

    @Test("What a block took on the way enters again when a reorg sends it back before the tip is reached")
    func backOnTheWay() async throws {
        var scene = SandboxScene()
        let chain = scene.world.chain(on: .sandbox)
        var follower = SandboxFollower(keeps: 100)
        let txid = try scene.pay(1)
        try await follower.follow(chain)
        try scene.act(.mine(.sandbox, blocks: 60))
        let batch = try await chain.advance(from: follower.cursor, kept: follower.headers)
        #expect(!batch.isAtTip && batch.connected.first?.transactions.map(\.id) == [txid])
        follower.absorb(batch)
        try scene.act(.reorg(.sandbox, .init(depth: 60, fate: .pooled)))
        try await follower.follow(chain)
        follower.expectToMatch(scene.world.ledger.story(.sandbox), "back in the pool")
        #expect(follower.pool == [txid])
    }

    @Test("A batch that was not absorbed is told again, from the same cursor, with the whole pool")
    func notAbsorbed() async throws {
        var scene = SandboxScene()
        let chain = scene.world.chain(on: .sandbox)
        let start = try await chain.advance(from: nil, kept: FollowedHeaders())
        try scene.act(.mine(.sandbox, blocks: 1))
        let txid = try scene.pay(1)
        for _ in 0..<3 {
            let batch = try await chain.advance(from: start.cursor, kept: FollowedHeaders())
            #expect(batch.connected.count == 1 && batch.entered.map(\.id) == [txid])
        }
    }

    @Test("Safe and final heights follow the tip by two and six blocks")
    func depths() async throws {
        var scene = SandboxScene()
        let chain = scene.world.chain(on: .sandbox)
        let heights: [(UInt64, UInt64, UInt64)] = [(0, 0, 0), (1, 0, 0), (3, 1, 0), (6, 4, 0), (10, 8, 4)]
        for (tip, safe, final) in heights {
            let missing = Int64(tip - scene.world.ledger.story(.sandbox).tip.height)
            if missing > 0 { try scene.act(.mine(.sandbox, blocks: missing)) }
            let batch = try await chain.advance(from: nil, kept: FollowedHeaders())
            #expect(batch.safe == safe && batch.finalized == final)
        }
    }

    @Test("A fork is found at any depth, within the kept headers and below them", arguments: [1, 3, 7, 12, 20])
    func forks(depth: Int64) async throws {
        for keeps in [1, 2, 5, 100] {
            var scene = SandboxScene()
            let chain = scene.world.chain(on: .sandbox)
            var follower = SandboxFollower(keeps: keeps)
            try await follower.follow(chain)
            try scene.act(.mine(.sandbox, blocks: 20))
            try await follower.follow(chain)
            try scene.act(.reorg(.sandbox, .init(depth: depth, fate: .mined)))
            let batch = try await chain.advance(from: follower.cursor, kept: follower.headers)
            #expect(batch.forkHeight == UInt64(20 - depth))
            #expect(batch.connected.count == Int(depth) + 1)
            follower.absorb(batch)
            follower.expectToMatch(scene.world.ledger.story(.sandbox), "keeps \(keeps)")
        }
    }

    @Test("A cursor that this world never had is told everything from the genesis block on")
    func lostJournal() async throws {
        var scene = SandboxScene()
        try scene.act(.mine(.sandbox, blocks: 3))
        let strange = Cursor(height: 90, block: BlockID("strange"))
        let kept = FollowedHeaders(blocks: [89: BlockID("strange, too"), 90: strange.block])
        let batch = try await scene.world.chain(on: .sandbox).advance(from: strange, kept: kept)
        #expect(batch.forkHeight == 0 && batch.connected.map(\.height) == [1, 2, 3])
    }

    @Test("Another genesis block is another network")
    func wrongGenesis() async throws {
        let chain = SandboxWorld().chain(on: .sandbox)
        let strange = Cursor(height: 0, block: SandboxBlock(genesisOf: .alternative).id)
        let fault = await #expect(throws: ChainFault.self) {
            try await chain.advance(from: strange, kept: FollowedHeaders(blocks: [0: strange.block]))
        }
        #expect(fault?.kind == .wrongNetwork)
    }

    @Test("A network that fails is unreachable, alone, until it recovers; nothing is lost")
    func failure() async throws {
        var scene = SandboxScene()
        let chain = scene.world.chain(on: .sandbox)
        let start = try await chain.advance(from: nil, kept: FollowedHeaders())
        try scene.act(.fail(.sandbox))
        let txid = try scene.pay(5)
        let fault = await #expect(throws: ChainFault.self) {
            try await chain.advance(from: start.cursor, kept: FollowedHeaders())
        }
        #expect(fault?.kind == .unreachable && fault?.isTransient == true)
        _ = try await scene.world.chain(on: .alternative).advance(from: nil, kept: FollowedHeaders())
        try scene.act(.recover(.sandbox))
        #expect(try await chain.advance(from: start.cursor, kept: FollowedHeaders()).entered.map(\.id) == [txid])
    }

    @Test("Every command wakes who listens")
    func hints() async throws {
        var scene = SandboxScene()
        var first = scene.world.chain(on: .sandbox).hints().makeAsyncIterator()
        var second = scene.world.chain(on: .alternative).hints().makeAsyncIterator()
        _ = try scene.pay(1)
        _ = try scene.pay(2)
        #expect(await first.next() != nil)
        #expect(await second.next() != nil)
        try scene.act(.clock(advanceSeconds: 1))
        #expect(await first.next() != nil)
    }

    @Test("Both networks give the same address, script and path for one key and index")
    func sharedAddresses() throws {
        let world = SandboxWorld()
        let one = try world.chain(on: .sandbox).destination(of: SandboxScene.key, at: 7)
        #expect(one == (try world.chain(on: .alternative).destination(of: SandboxScene.key, at: 7)))
        #expect(one != (try world.chain(on: .sandbox).destination(of: SandboxScene.key, at: 8)))
        #expect(one.path == "sandbox/7" && one.address.hasPrefix("sbx1"))
        #expect(try SandboxAddress(parsing: one.address).script == one.script)
        #expect(try SandboxAddress(script: one.script).text == one.address)
        #expect(try SandboxAddress(parsing: one.address.uppercased()).script == one.script)
    }

    @Test(
        "Every other text is no key of the sandbox",
        arguments: ["", "sandbox:", "sandbox:00", "xpub661", "Sandbox:" + String(repeating: "a", count: 64),
            "sandbox:" + String(repeating: "A", count: 64), "sandbox:" + String(repeating: "g", count: 64),
            "sandbox:" + String(repeating: "a", count: 66)])
    func wrongKeys(text: String) {
        let fault = #expect(throws: ChainFault.self) {
            try SandboxWorld().chain(on: .sandbox).destination(of: WalletKey(text), at: 0)
        }
        #expect(fault?.kind == .unusable)
    }

    @Test("An address with one other character, cut, or of another network is refused")
    func wrongAddresses() throws {
        let text = try SandboxAddress(of: SandboxScene.key, at: 0).text
        var wrong = ["", "sbx1", text + "q", String(text.dropLast()), "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"]
        let characters = Array(text)
        for place in characters.indices {
            var changed = characters
            changed[place] = characters[place] == "q" ? "p" : "q"
            wrong.append(String(changed))
        }
        for text in wrong { #expect(throws: ChainFault.self, "\(text)") { try SandboxAddress(parsing: text) } }
        let zeros = String(repeating: "0", count: 40)
        for script in ["", "5b14", "0014" + zeros, "5B14" + zeros, "5b14" + zeros + "00"] {
            #expect(throws: ChainFault.self) { try SandboxAddress(script: script) }
        }
    }

    @Test("A payment link names network, amount and asset, and encodes the label")
    func links() throws {
        let world = SandboxWorld()
        let coin = SandboxNetwork.alternative.assets[0]
        let token = SandboxNetwork.sandbox.assets[1]
        #expect(
            world.chain(on: .sandbox).paymentURI(address: "sbx1q", asset: token, amount: 500_000, label: "Ä & 7~")
                == "sandbox:sbx1q?amount=0.5&asset=SUSD&label=%C3%84%20%26%207~")
        #expect(
            world.chain(on: .alternative).paymentURI(address: "sbx1q", asset: coin, amount: 1, label: nil)
                == "sandbox-alt:sbx1q?amount=0.00000001&asset=SBX")
    }
}
