import Chains
import Domain
import Platform
import Storage

/// Follows one network: asks for its story from the stored cursor on, and hands each batch to the gateway.
package struct Watcher: Resident {
    private let gateway: Gateway
    private let entry: Networks.Entry

    package init(_ gateway: Gateway, _ entry: Networks.Entry) {
        self.gateway = gateway
        self.entry = entry
    }

    package var name: String { "watch \(entry.chain.network)" }

    package func run() async throws {
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await listen()) } catch { outcome = .failure(error) }
        // Whoever waits for this network need not wait for the end of a lease.
        do {
            try await gateway.leaveWatch(of: entry.chain.network)
        } catch {
            // Why it ended counts, not that this could not be said.
            gateway.world.log.warning(
                """
                the end of a watch was not written \("network", entry.chain.network.text) \
                \("error", String(describing: error))
                """)
        }
        try outcome.get()
    }

    private func listen() async throws {
        let wake = Wake()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let hints = entry.chain.hints()
            group.addTask {
                for await _ in hints { wake.wake() }
            }
            group.addTask { try await beat() }
            try await follow(wake)
            group.cancelAll()
        }
    }

    /// A node may take its time to answer, and a long branch takes some to be put together.
    func beat() async throws {
        if gateway.store.isExclusive { return }
        while !Task.isCancelled {
            try await gateway.world.clock.sleep(milliseconds: gateway.watchMilliseconds / 3)
            do {
                try await gateway.beat(for: entry.chain.network)
            } catch where !Task.isCancelled {
                // One that fails is not the last: who follows lives on, and says so again.
                gateway.world.log.warning(
                    """
                    a sign of life was not written \("network", entry.chain.network.text) \
                    \("error", String(describing: error))
                    """)
            }
        }
    }

    private func follow(_ wake: Wake) async throws {
        var backoff = Backoff(firstMilliseconds: 500, capMilliseconds: 30_000)
        let world = gateway.world
        while !Task.isCancelled {
            do {
                if try await step() { continue }
                backoff.reset()
                await wake.wait(milliseconds: gateway.settings.pollMilliseconds, world.clock)
            } catch let fault as ChainFault {
                let name = entry.chain.network
                world.log.warning(
                    "network \("network", name.text) cannot be heard: \("fault", fault.detail)")
                try await gateway.markUnhealthy(name, fault: "\(fault.kind.rawValue): \(fault.detail)")
                await wake.wait(milliseconds: backoff.next(world.entropy), world.clock)
            }
        }
    }

    /// One batch, where this process follows the network. Gives whether there is more to ask for at once.
    package func step() async throws -> Bool {
        let network = entry.chain.network
        if SandboxNetwork(network) != nil { try await gateway.followSandbox() }
        let askedAt = gateway.now(isTest: entry.isTest)
        let (row, last, watch) = try await gateway.store.read { tx in
            (
                try tx.source(of: network), try tx.highestHeader(of: network), try tx.watch(of: network)
            )
        }
        guard gateway.mayWatch(network, watch) else {
            entry.chain.forget()
            return false
        }
        // What another one has taken back is told anew, wherever the cursor stands.
        if !gateway.isOwnStory(of: network, watch) { entry.chain.forget() }
        let cursor = row?.cursor ?? last.map { Cursor(height: $0.height, block: $0.block) }
        let batch = try await entry.chain.advance(
            from: cursor, kept: StoredHeaders(store: gateway.store, network: network))
        do {
            return try await take(batch, after: row, askedAt: askedAt)
        } catch {
            // It was handed out and is not absorbed.
            entry.chain.forget()
            throw error
        }
    }

    private func take(_ first: Batch, after known: SourceRow?, askedAt: Instant) async throws -> Bool {
        let network = entry.chain.network
        var (batch, row) = (first, known)
        if batch.forkHeight != nil, !batch.isAtTip {
            // Until its end is heard, what was confirmed stays so, and nothing becomes confirmed.
            try await gateway.markUnhealthy(
                network, fault: "syncing: following another branch", isLeaving: false)
            let marked = try await gateway.store.read { try $0.source(of: network) }
            guard marked?.cursor == row?.cursor else {
                entry.chain.forget()
                return false
            }
            row = marked
            batch = try await wholeBranch(from: batch)
        }
        if isQuiet(batch, row, askedAt), try await holdsAllWeKnow(batch) { return false }
        let absorbed = try await gateway.absorb(batch, of: network, after: row, askedAt: askedAt)
        gateway.world.metrics.height.set(Int(clamping: batch.cursor.height), network.text)
        if absorbed.isStale {
            // Another process was faster. It is asked again after a pause, or not at all.
            entry.chain.forget()
            return false
        }
        if absorbed.hasMoreLooks { try await gateway.lookOn(network) }
        return batch.hasMore
    }

    /// The rest of a branch that begins with `batch`, as far as it may be held.
    private func wholeBranch(from batch: Batch) async throws -> Batch {
        var branch = try await Branch(batch, of: entry.chain.network, in: gateway.store)
        while !branch.batch.isAtTip, !branch.isFull {
            try await branch.append(
                try await entry.chain.advance(from: branch.batch.cursor, kept: branch.headers))
        }
        return branch.batch
    }

    /// Nothing has left the pool that pays us.
    private func holdsAllWeKnow(_ batch: Batch) async throws -> Bool {
        let network = entry.chain.network
        let known = try await gateway.store.read { try $0.pooledTransfers(of: network).map(\.transaction) }
        return known.allSatisfy { batch.pool?.contains($0) ?? false }
    }

    /// Nothing new came, and it was written down a moment ago that nothing happened.
    private func isQuiet(_ batch: Batch, _ row: SourceRow?, _ askedAt: Instant) -> Bool {
        guard let row, row.isHealthy, batch.fault == nil, batch.pool != nil, batch.forkHeight == nil else {
            return false
        }
        let seen = batch.seen(whenAskedAt: askedAt)
        return batch.connected.isEmpty && batch.entered.isEmpty && batch.cursor.block == row.block
            && seen.milliseconds - row.scannedUntil.milliseconds < 2_000 && seen >= row.scannedUntil
    }
}

extension SourceRow {
    /// The last block absorbed; nil before the first.
    var cursor: Cursor? {
        guard let height, let block else { return nil }
        return Cursor(height: height, block: block)
    }
}

/// The headers in the store, as a chain asks for them.
struct StoredHeaders: KeptHeaders {
    let store: Store
    let network: NetworkName

    func block(at height: UInt64) async throws -> BlockID? {
        try await store.read { try $0.block(of: network, at: height) }
    }

    func lowest() async throws -> UInt64? { try await store.read { try $0.lowestHeader(of: network) } }
}

extension Metrics {
    var height: Gauge {
        gauge("quittance_network_height", help: "The last block that was absorbed.", labels: ["network"])
    }
}
