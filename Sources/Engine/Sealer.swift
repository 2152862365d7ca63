import Domain
import Platform
import Storage

/// Makes signed roots over the evidence log, a round every `sealSeconds`. Of several processes one does it:
/// the one that has the lease. Which one it is matters to nobody else: each root is stored only as the next
/// one of its scope.
package struct Sealer: Resident {
    private let gateway: Gateway

    package init(_ gateway: Gateway) { self.gateway = gateway }

    package var name: String { "seal" }

    package func run() async throws {
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await loop()) } catch { outcome = .failure(error) }
        do {
            try await gateway.leaveSealing()
        } catch {
            // Why it ended counts. Who waits takes over without that word, a little later.
            gateway.world.log.warning("the end of the sealer was not written \("error", error)")
        }
        try outcome.get()
    }

    private func loop() async throws {
        let clock = gateway.world.clock
        let period = gateway.settings.sealSeconds * 1_000
        // Whoever has a lease says that it lives, also between two rounds.
        let pause = gateway.store.isExclusive ? period : min(period, gateway.watchMilliseconds / 3)
        var due = clock.uptime
        while !Task.isCancelled {
            let isOurs = try await gateway.keepSealing()
            if isOurs, clock.uptime >= due {
                due = clock.uptime + period
                try await step()
            }
            try await clock.sleep(milliseconds: isOurs ? min(pause, max(due - clock.uptime, 1)) : pause)
        }
    }

    /// One round. A store that was put back is not sealed; that is told in the log, by `doctor` and by
    /// `verify`, and stops nothing else.
    package func step() async throws {
        do {
            _ = try await gateway.seal()
        } catch let lost as RootFile.Lost {
            gateway.world.log.error("no root is made \("reason", lost.description)")
        }
    }
}

extension Gateway {
    /// What the sealer's lease is called beside those of networks; no network has that name.
    private static let sealing = NetworkName(parsing: "seal")

    /// Makes this process the one that seals, or says that it still is. False: another one does.
    func keepSealing() async throws -> Bool {
        guard !store.isExclusive, let name = Self.sealing else { return true }
        guard mayWatch(name, try await store.read({ try $0.watch(of: name) })) else { return false }
        return try await write { try self.keepWatch(of: name, $0) }
    }

    /// Lets another process seal, if it was this one.
    func leaveSealing() async throws {
        if let name = Self.sealing { try await leaveWatch(of: name) }
    }
}
