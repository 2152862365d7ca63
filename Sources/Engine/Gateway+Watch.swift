import Chains
package import Domain
import Platform
import Storage

extension Gateway {
    /// Follows networks under a name that this process alone can have, and that the next one in its place has
    /// again: what died here need not be waited for. Before anything is followed.
    package func watch(as name: String) { watches.name = name }

    /// Whether this process may follow a network now, by what is stored of it.
    func mayWatch(_ network: NetworkName, _ row: WatchRow?) -> Bool {
        // Nobody else has the file.
        store.isExclusive
            || watches.may(network, row, uptime: world.clock.uptime, lease: watchMilliseconds)
    }

    /// Whether the store holds all that this process has told of a network, and nothing that another one did.
    func isOwnStory(of network: NetworkName, _ row: WatchRow?) -> Bool {
        store.isExclusive || watches.isUninterrupted(network, row)
    }

    /// Without a word for so long, whoever follows a network has gone.
    package var watchMilliseconds: Int64 {
        max(EngineLimits.watchMilliseconds, 3 * settings.pollMilliseconds)
    }

    /// Makes this process the one that follows a network, or says that it still is. False: another one does.
    func keepWatch(of network: NetworkName, _ work: Work) throws -> Bool {
        if store.isExclusive { return true }
        let row = try work.tx.watch(of: network)
        guard mayWatch(network, row) else { return false }
        var next = row ?? WatchRow(owner: nil, fence: 0, beat: 0)
        if watches.begins(network) || next.owner != watches.name {
            next.owner = watches.name
            next.fence += 1
        }
        next.beat += 1
        try work.tx.save(next, of: network)
        return true
    }

    /// Lets another process follow a network, if it was this one.
    package func leaveWatch(of network: NetworkName) async throws {
        try await changeWatch(of: network) { $0.owner = nil }
    }

    /// Says that this process is still there, in the middle of a long answer of its node.
    func beat(for network: NetworkName) async throws {
        try await changeWatch(of: network) { $0.beat += 1 }
    }

    private func changeWatch(
        of network: NetworkName, _ change: @escaping @Sendable (inout WatchRow) -> Void
    ) async throws {
        if store.isExclusive { return }
        try await store.write { [watches] tx in
            guard var row = try tx.watch(of: network), row.owner == watches.name else { return }
            change(&row)
            try tx.save(row, of: network)
        }
    }

    /// Hears the sandbox for the first time, so that its payments can be opened from the first request on.
    package func hearSandbox() async throws {
        for entry in networks.entries where SandboxNetwork(entry.chain.network) != nil {
            let isHeard = try await store.read { try $0.source(of: entry.chain.network)?.height != nil }
            if isHeard { continue }
            do {
                _ = try await Watcher(self, entry).step()
            } catch let fault as ChainFault {
                world.log.warning("the sandbox cannot be heard: \("fault", fault.detail)")
            }
        }
    }
}
