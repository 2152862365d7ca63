package import Chains
package import Domain
import JSON
package import Storage

extension Gateway {
    /// Takes in one batch of a network's story: every touched payment, its confirmations, and the cursor.
    ///
    /// *Atomicity*: the batch is one transaction; crash anywhere, ask again from the same cursor, same
    /// result. *On failure*: nothing of it. *Replay*: a batch that was asked for before the last one was
    /// absorbed, by this process or another, is refused with `isStale`.
    ///
    /// - Parameters:
    ///   - row: what was stored of the network when the batch was asked for.
    ///   - askedAt: when that was.
    package func absorb(
        _ batch: Batch, of network: NetworkName, after row: SourceRow?, askedAt: Instant
    ) async throws -> Absorbed {
        guard let entry = networks[network] else { return Absorbed() }
        let now = now(isTest: entry.isTest)
        return try await write { work in
            var absorption = Absorption(self, batch, network, now: now, askedAt: askedAt, work)
            return try absorption.run(after: row)
        }
    }

    /// Goes on looking at payments that the absorbed height may change, a bounded number in each transaction.
    func lookOn(_ network: NetworkName) async throws {
        guard let entry = networks[network] else { return }
        let now = now(isTest: entry.isTest)
        var before: [ID<Payment>] = []
        while !Task.isCancelled {
            let looked = try await write { work -> [ID<Payment>] in
                guard let row = try work.tx.source(of: network), row.isHealthy, let tip = row.height else {
                    return []
                }
                let due = try work.tx.dueLooks(network: network, at: tip, limit: EngineLimits.looks)
                for id in due { try self.look(at: id, now: now, actor: .network(network), work) }
                return due
            }
            // The same ones again would mean that a look does not move them: leave them to the next block.
            if looked.count < EngineLimits.looks || looked == before { return }
            before = looked
        }
    }

    /// Remembers that a network cannot be heard, so that nothing becomes confirmed and nothing expires
    /// blindly.
    package func markUnhealthy(_ network: NetworkName, fault: String) async throws {
        guard let entry = networks[network] else { return }
        let now = now(isTest: entry.isTest)
        try await write { work in
            let known = try work.tx.source(of: network)
            if let known, !known.isHealthy, known.fault == fault { return }
            let unheard = SourceRow(
                sequence: 0, height: nil, block: nil, safe: nil, finalized: nil, isHealthy: false,
                fault: fault, scannedUntil: Instant(milliseconds: 0), seenAt: now)
            var row = known ?? unheard
            row.sequence += 1
            row.isHealthy = false
            row.fault = fault
            try work.tx.save(row, of: network)
            try self.recordHealth(network, row, at: now, work)
        }
    }

    func recordHealth(_ network: NetworkName, _ row: SourceRow, at now: Instant, _ work: Work) throws {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("healthy", row.isHealthy)
            writer.member("fault", row.fault)
            writer.member("height", row.height)
        }
        try work.tx.record(
            chain: Storage.Transaction.instanceChain, at: now, kind: "source_health", subject: network.text,
            cause: "watch", actor: .network(network), body: writer.bytes)
    }
}

/// What a batch came to.
package struct Absorbed: Sendable {
    /// Payments that something was said of.
    package var payments = 0
    /// The batch did not continue what was absorbed: another process was faster, or the cursor moved.
    package var isStale = false
    /// Payments wait for this height already, more than one transaction takes: look again at once.
    package var hasMoreLooks = false
}
