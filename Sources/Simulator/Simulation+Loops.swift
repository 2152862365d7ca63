import Chains
import Database
import Domain
import Engine
import Platform
import Storage

extension Simulation {
    // MARK: Time and blocks

    func pass(seconds: Int) {
        note("\(seconds) s pass")
        clock.advance(by: Int64(seconds) * 1_000)
    }

    /// A miner's clock is off by up to two hours.
    var blockTime: UInt32 {
        let now = clock.now / 1_000
        guard dice.chance(dials.minerClocks) else { return UInt32(clamping: now) }
        count(fault: "miners' clocks")
        return UInt32(clamping: now + Int64(dice.number(in: -7_200...7_200)))
    }

    func mine() {
        let index = someNetwork()
        note("mine on \(index)")
        // A miner takes what it likes.
        var taken = networks[index].truth.pool
        if dice.chance(300) { taken = taken.filter { _ in dice.chance(500) } }
        let time = blockTime
        networks[index].truth.mine(taken, time: time, coinbase: coinbase(on: index))
        count("blocks")
    }

    // MARK: The loops

    /// Lets our node learn of the network, and the gateway of the node: unless the notice of it is lost.
    func hear(_ index: Int) async throws {
        if dice.chance(dials.lostNotices) { return count(fault: "notices lost") }
        inform(index)
        let trouble = trouble(of: index)
        note("hear \(index): \(trouble)")
        networks[index].line.set(trouble)
        defer { networks[index].line.set(.none) }
        try await look(index)
        if dice.chance(dials.doubledNotices) {
            count(fault: "notices doubled")
            machine.gateway.networks.entries[index].chain.forget()
            try await look(index)
        }
    }

    /// As the watcher's loop does: a fault is remembered, and nothing becomes confirmed by it.
    ///
    /// Each word that the gateway takes in is compared before the next one: what one confirms stays so.
    func look(_ index: Int) async throws {
        let entry = machine.gateway.networks.entries[index]
        let watcher = Watcher(machine.gateway, entry)
        do {
            for _ in 0..<Limits.settlingRounds {
                lookedAt.insert(index)
                let hasMore = try await watcher.step()
                try await hearken()
                if !hasMore { return }
            }
            throw Failure(problem: "\(entry.chain.network) is never heard to its end")
        } catch let fault as ChainFault {
            note("fault: \(fault.detail)")
            count("faults heard")
            entry.chain.forget()
            try await hearken()
            lookedAt.insert(index)
            try await machine.gateway.markUnhealthy(
                entry.chain.network, fault: "\(fault.kind.rawValue): \(fault.detail)")
            try await hearken()
        }
    }

    /// Has the oracle hear what the gateway has heard of a network, as far as the gateway says to have come.
    func attend(_ index: Int) async throws {
        let name = networks[index].method.network
        guard let row = try await machine.store.read({ try $0.source(of: name) }) else { return }
        note("\(name) at \(row.height ?? 0), word \(row.sequence), \(row.fault ?? "healthy")")
        let (now, asked) = (clock.now, late.removeValue(forKey: index))
        var node = asked?.node ?? networks[index].line.node
        node.hasLoadedPool = node.hasLoadedPool && !networks[index].line.hasNamedAnotherBlock
        shaken.formUnion(try oracle.hear(index, node, row, askedAt: asked?.at ?? now, now: now))
    }

    /// The node hears of the network, unless it is deaf at the moment.
    func inform(_ index: Int) {
        guard clock.now >= networks[index].deafUntil else { return }
        let truth = networks[index].truth
        networks[index].line.update { node in
            node.chain = truth
            node.hidden = []
            node.hasLoadedPool = true
        }
    }

    func tick() async throws {
        note("tick")
        while try await Ticker(machine.gateway).step(isTest: true) > 0 {}
    }

    func deliver() async throws {
        note("deliver")
        let deliverer = Deliverer(machine.gateway, client: post)
        while try await deliverer.step() > 0 {}
        let (tries, failures) = post.takeFigures()
        count("tries to deliver", tries)
        count(fault: "failed deliveries", failures)
        for body in post.takeBodies() { trace.add(body) }
    }
}
