import Chains
import Database
import Domain
import Engine
import Platform
import Storage

/// What goes wrong between several processes over one store. One of them follows a network, and must not say
/// anything of it any more once another one has taken its place.
extension Simulation {
    func processFails() async throws {
        if dice.chance(dials.processEnds * 5) {
            let process = dice.number(in: 0...machine.gateways.count - 1)
            note("process \(process) ends")
            count(fault: "processes ended")
            try await machine.replace(process)
        }
        if dice.chance(dials.pauses * 5) { try await pauseInALook() }
        if dice.chance(dials.turns * 5) { try await takeTurns() }
    }

    /// Another process takes the place of this one, hears less, and leaves in good order. Then this one goes
    /// on, that has seen nothing of it.
    private func takeTurns() async throws {
        let index = someNetwork()
        let (first, processes) = (machine.active, machine.gateways.count)
        let second = (first + dice.number(in: 1...processes - 1)) % processes
        note("process \(second) takes the place of process \(first), and leaves")
        count(fault: "turns taken")
        try await lookWhole(index, as: first)
        // It waits for as long as the other one could still live.
        try await lookWhole(index, as: second, hidesPool: true)
        pass(seconds: Int(machine.gateway.watchMilliseconds / 1_000) + 1)
        try await lookWhole(index, as: second, hidesPool: true)
        try await machine.gateway.leaveWatch(of: networks[index].method.network)
        try await lookWhole(index, as: first)
    }

    private func lookWhole(_ index: Int, as process: Int, hidesPool: Bool = false) async throws {
        machine.active = process
        inform(index)
        let pool = networks[index].truth.pool.map(\.id)
        networks[index].line.update { $0.hidden = hidesPool ? Set(pool) : [] }
        try await look(index)
    }

    /// A process stands still between what its node has told it and the word of it, for longer than the
    /// others wait for it, or not so long.
    private func pauseInALook() async throws {
        let index = someNetwork()
        let sleeper = machine.active
        let line = networks[index].line
        inform(index)
        let asked = (node: line.node, at: clock.now)
        let entry = machine.gateway.networks.entries[index]
        let watcher = Watcher(machine.gateway, entry)
        line.hold("getrawmempool")
        async let word = NodeLine.$remembered.withValue(asked.node) { try await watcher.step() }
        // However this ends: what waits for ever would let the world wait for ever.
        defer { line.release() }
        for _ in 0..<Limits.stepsToAHold where !line.isHolding { await Task.yield() }
        let isHeld = line.isHolding
        if isHeld {
            note("process \(sleeper) stands still")
            count(fault: "processes paused")
            do {
                try await othersGoOn(beside: sleeper, index)
            } catch {
                // The machine is about to be started again, and who stands still ends with all others.
                machine.disk.kill()
                throw error
            }
        }
        let before = try await watch(of: index)
        lookedAt.insert(index)
        late[index] = asked
        line.release()
        do {
            _ = try await word
        } catch let fault as ChainFault {
            note("fault: \(fault.detail)")
            entry.chain.forget()
        }
        let after = try await watch(of: index)
        try await hearken()
        guard isHeld, let before, let owner = before.owner, owner != sleeper else { return }
        try require(
            after?.sequence == before.sequence && after?.fence == before.fence,
            "process \(sleeper) speaks of \(entry.chain.network) after it was overtaken")
        count("words of an overtaken process refused")
    }

    /// Time passes, the network changes, and the others look at it.
    private func othersGoOn(beside sleeper: Int, _ index: Int) async throws {
        for round in 0...1 {
            for process in machine.gateways.indices where process != sleeper {
                machine.active = process
                try await look(index)
            }
            if round == 0 {
                pass(seconds: dice.number(in: 1...120))
                mine()
                if let victim = dice.pick(networks[index].truth.pool) {
                    networks[index].truth.evict(victim.id)
                    count(fault: "evictions")
                }
                inform(index)
            }
        }
        machine.active = sleeper
    }

    /// Who follows a network, under which fence, and the number of the last word.
    private func watch(of index: Int) async throws -> (owner: Int?, fence: UInt64, sequence: UInt64)? {
        let name = networks[index].method.network
        let count = machine.gateways.count
        return try await machine.store.read { tx in
            guard let watch = try tx.watch(of: name), let source = try tx.source(of: name) else { return nil }
            let owner = (0..<count).first { watch.owner == "process \($0)" }
            return (owner, watch.fence, source.sequence)
        }
    }
}
