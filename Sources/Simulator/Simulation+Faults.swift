import Crypto
import Database
import Platform

extension Simulation {
    private static let asked = [
        "getblockchaininfo", "getblockhash", "getblock", "getblockheader", "getrawmempool",
        "getrawtransaction", "getbestblockhash", "getmempoolinfo",
    ]

    /// What is wrong with the line to a node during one look at it.
    func trouble(of index: Int) -> NodeLine.Trouble {
        if dice.chance(dials.unreachable) {
            count(fault: "node unreachable")
            switch dice.number(in: 0...4) {
            case 0: return .warmingUp
            case 1: return .busy
            case 2: return .unauthorized
            case 3: return .failing(dice.pick(Self.asked) ?? "getblock")
            default: return .unreachable
            }
        }
        if dice.chance(dials.damagedAnswers) {
            count(fault: "damaged answers")
            let place = dice.number(in: 0...999)
            if dice.chance(500) { return .cut(dice.pick(Self.asked) ?? "getblock", permille: place) }
            // A flip in the list of the pool is a lie that nobody could see through: that is told below.
            let method = dice.pick(Self.asked.filter { $0 != "getrawmempool" }) ?? "getblock"
            return .flipped(method, permille: place)
        }
        if dice.chance(dials.lies) {
            let hidden = networks[index].truth.pool.map(\.id).filter { _ in dice.chance(500) }
            if !hidden.isEmpty { count(fault: "lies of the node") }
            networks[index].line.update { $0.hidden = Set(hidden) }
        }
        return .none
    }

    /// One draw for each thing that can go wrong.
    func somethingFails() {
        let index = someNetwork()
        if dice.chance(dials.reorgs * 8) { reorganise(index) }
        replaceParent(on: index)
        if dice.chance(dials.evictions * 5), let victim = dice.pick(networks[index].truth.pool) {
            note("evict on \(index)")
            networks[index].truth.evict(victim.id)
            count(fault: "evictions")
        }
        if dice.chance(dials.stalls * 5) {
            note("node \(index) stalls")
            networks[index].deafUntil = clock.now + Int64(dice.number(in: 10...3_000)) * 1_000
            count(fault: "stalls")
        }
        if dice.chance(dials.otherBranch * 5) { followOtherBranch(index) }
        if dice.chance(dials.restarts * 5) {
            note("node \(index) restarts")
            let missing = Set(networks[index].truth.pool.map(\.id).filter { _ in dice.chance(500) })
            networks[index].line.update { node in
                node.hasLoadedPool = false
                node.hidden = missing
            }
            let until = clock.now + Int64(dice.number(in: 1...60)) * 1_000
            networks[index].deafUntil = max(networks[index].deafUntil, until)
            count(fault: "node restarts")
        }
        machineFails()
        if dice.chance(dials.failingReceivers * 2) {
            // As often well as not: what is tried again and again costs time, and shows the same each time.
            let mood = dice.chance(450) ? .good : dice.pick(Post.Mood.allCases) ?? .good
            note("receiver is \(mood)")
            post.set(mood, of: Self.host)
            if mood != .good { count(fault: "receiver moods") }
            count("receiver \(mood)")
        }
    }

    private func machineFails() {
        let disk = machine.disk
        let next = disk.operations + dice.number(in: 0...12)
        if dice.chance(dials.crashes * 4) {
            note("crash planned")
            disk.plan(dice.chance(500) ? .crash : .crashAfter, at: next)
            count("crashes planned")
        }
        if dice.chance(dials.diskErrors * 4) {
            note("disk error planned")
            disk.plan(dice.chance(500) ? .error : .lostSync, at: next)
            count("disk errors planned")
        }
        if dice.chance(dials.diskFull * 4) {
            note("disk full planned")
            disk.plan(.full, at: next)
            count("disk full planned")
        }
        if dice.chance(dials.clockSteps * 4) {
            let step = Int64(dice.number(in: -600...600)) * 1_000
            note("clock steps by \(step)")
            oracle.remember(now: clock.now)
            clock.step(by: step)
            count(fault: "clock steps")
        }
    }

    private func reorganise(_ index: Int) {
        let isCheap = index == 0
        var depth = 1 + dice.run(dials.reorgDepth, atMost: 12)
        if isCheap, dice.chance(20) { depth = dice.number(in: 20...Limits.reorgDepth) }
        let height = Int(networks[index].truth.height) - Limits.firstBlocks
        // A deep one needs something to take away.
        if depth > height, depth > 100, dice.chance(300) {
            for _ in height..<depth { networks[index].truth.mine([], time: 0) }
        }
        depth = min(depth, Int(networks[index].truth.height) - Limits.firstBlocks)
        guard depth > 0 else { return }
        note("reorganise \(depth) on \(index)")
        let time = blockTime
        var dice = dice
        let mercy = dials.reorgMercy
        networks[index].truth.reorganise(depth: depth, time: time) { _ in
            let fates = dice.chance(mercy) ? [.kept, .pooled] : TrueChain.Fate.allCases
            return dice.pick(fates) ?? .kept
        }
        self.dice = dice
        count(fault: "reorgs")
        if depth > 6 { count("reorgs deeper than 6") }
        if depth > 100 { count("reorgs deeper than 100") }
        if depth > 300 { count("reorgs deeper than 300") }
    }

    /// Our node follows a branch that the network will not: some blocks of its own, longer for a while.
    private func followOtherBranch(_ index: Int) {
        var other = networks[index].truth
        let depth = min(dice.number(in: 1...3), Int(other.height) - Limits.firstBlocks)
        guard depth > 0 else { return }
        note("node \(index) is on another branch")
        let time = blockTime
        var dice = dice
        other.reorganise(depth: depth, time: time) { _ in
            TrueChain.Fate.allCases[dice.number(in: 0...4)]
        }
        self.dice = dice
        networks[index].line.update { node in
            node.chain = other
            node.hidden = []
        }
        networks[index].deafUntil = clock.now + Int64(dice.number(in: 10...600)) * 1_000
        count(fault: "other branches")
    }
}
