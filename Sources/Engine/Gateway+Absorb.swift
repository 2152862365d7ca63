package import Chains
package import Domain
import JSON
package import Storage

extension Gateway {
    /// Takes in one batch of a network's story: every touched payment, its confirmations, and the cursor.
    ///
    /// *Atomicity*: the batch is one transaction; crash anywhere, ask again from the same cursor, same
    /// result. *On failure*: nothing of it. *Replay*: a batch that was asked for before the last one was
    /// absorbed, by this process or another, is refused with `isStale`, and so is one of a process that does
    /// not follow the network (any more).
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
            guard try self.keepWatch(of: network, work) else { return Absorbed(isStale: true) }
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
                guard let row = try work.tx.source(of: network), row.isHealthy, row.height != nil else {
                    return []
                }
                let due = try self.dueLooks(network, row.source, work)
                for id in due { try self.look(at: id, now: now, actor: .network(network), work) }
                return due
            }
            // The same ones again would mean that a look does not move them: leave them to the next block.
            if looked.count < EngineLimits.looks || looked == before { return }
            before = looked
        }
    }

    /// Payments that the absorbed height, or the end of the scan, may change: a bounded number.
    func dueLooks(_ network: NetworkName, _ source: Source, _ work: Work) throws -> [ID<Payment>] {
        let limit = EngineLimits.looks
        var due: [ID<Payment>] = []
        var isListed: Set<ID<Payment>> = []
        for kind in Source.Mark.Kind.allCases {
            guard due.count < limit, let height = source.height(of: kind) else { continue }
            let mark = Source.Mark(network, kind)
            due += try work.tx.dueLooks(at: mark, height, limit: limit - due.count)
                .filter { isListed.insert($0).inserted }
        }
        if due.count == limit { return due }
        let scanned = try work.tx.dueLooks(
            network: network, scannedUntil: source.scannedUntil, limit: limit - due.count)
        return due + scanned.filter { isListed.insert($0).inserted }
    }

    /// Remembers that a network cannot be heard, so that nothing becomes confirmed and nothing expires
    /// blindly. Changes nothing where another process follows it: that one may well hear it.
    ///
    /// - Parameters:
    ///   - fault: its kind, a colon, and what changes from time to time: only another kind is recorded.
    ///   - isLeaving: another process may follow it from now on.
    package func markUnhealthy(
        _ network: NetworkName, fault: String, isLeaving: Bool = true
    ) async throws {
        guard let entry = networks[network] else { return }
        let now = now(isTest: entry.isTest)
        try await write { work in
            let known = try work.tx.source(of: network)
            let watch = try work.tx.watch(of: network)
            let isSaid = known.map { !$0.isHealthy && $0.fault == fault } ?? false
            if isSaid, !isLeaving || watch?.owner == nil { return }
            guard try self.keepWatch(of: network, work) else { return }
            if !isSaid { try self.save(fault, of: network, known, at: now, work) }
            guard isLeaving, var left = try work.tx.watch(of: network) else { return }
            left.owner = nil
            try work.tx.save(left, of: network)
        }
    }

    private func save(
        _ fault: String, of network: NetworkName, _ known: SourceRow?, at now: Instant, _ work: Work
    ) throws {
        var row =
            try known
            ?? SourceRow(
                sequence: lastSequence(of: network, work), height: nil, block: nil, safe: nil,
                finalized: nil, isHealthy: false, fault: nil, scannedUntil: Instant(milliseconds: 0),
                seenAt: now)
        row.isHealthy = false
        row.fault = fault
        let isNews = known?.isHealthy ?? true || known?.faultKind != row.faultKind
        if isNews { row.sequence += 1 }
        try work.tx.save(row, of: network)
        if isNews { try recordHealth(network, row, at: now, work) }
    }

    /// A number that no word of a network was above, where its row was lost: there were less than one in a
    /// millisecond. 0 for a network that was never heard.
    func lastSequence(of network: NetworkName, _ work: Work) throws -> UInt64 {
        try work.tx.highestHeader(of: network) == nil ? 0 : UInt64(max(0, world.now.milliseconds))
    }

    /// Records that a network is heard again, or is not any more. The sandbox's fails whenever somebody with
    /// a test key says so: like all of its story it is not in the log.
    func recordHealth(_ network: NetworkName, _ row: SourceRow, at now: Instant, _ work: Work) throws {
        if let entry = networks[network] { work.footprint.hear(isTest: entry.isTest) }
        guard SandboxNetwork(network) == nil else { return }
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

extension SourceRow {
    /// What is wrong, without what changes from time to time.
    var faultKind: Substring? { fault?.prefix { $0 != ":" } }
}

extension Batch {
    /// Why nothing becomes confirmed by it; nil when something may.
    var fault: String? { isAtTip ? doubt : "catching up" }

    /// Up to when all that happened is in a batch that was asked for at that moment.
    func seen(whenAskedAt askedAt: Instant) -> Instant { min(askedAt, seenUntil ?? askedAt) }
}

/// What a batch came to.
package struct Absorbed: Sendable {
    /// Payments that something was said of.
    package var payments = 0
    /// Payments that were read for it: each once.
    package var reads = 0
    /// The batch did not continue what was absorbed: another process was faster, or the cursor moved.
    package var isStale = false
    /// Payments wait for this height already, more than one transaction takes: look again at once.
    package var hasMoreLooks = false
}
