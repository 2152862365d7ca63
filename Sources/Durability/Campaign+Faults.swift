import Chains
import Database
import Domain
import Engine
import Platform
import Storage

extension Campaign {
    /// Has each synchronisation of a recorded scenario fail once, and lose what it was for, whatever is
    /// synchronised afterwards. People go on asking; then the power goes. What they were answered is there.
    /// For scenarios of one process that begin with a merchant.
    package func failSynchronisations(of recording: Recording) async throws -> Tally {
        var recovery = Recovery(recording, in: surroundings())
        var tally = Tally()
        for (number, operation) in recording.synchronisations.enumerated() {
            let place = surroundings()
            let ground = try await Ground.make(in: surroundings())
            let disk = SimulatedDisk(ground.disk)
            disk.plan(.lostSync, at: operation)
            let witness = Witness(ground.outside, place.clock)
            await Self.insist(recording.scenario, on: disk, in: place, witness)
            disk.kill()
            let moment = Recording.Moment(
                operations: recording.operations, now: place.clock.now, outside: witness.outside,
                disk: disk.snapshot)
            let losses: [PowerLoss] = [.all, .torn(seed: UInt64(number))]
            for loss in losses {
                tally.images += 1
                await recovery.recover(
                    moment.disk.after(loss), moment, number, losing: loss, isComparable: false)
            }
        }
        tally += recovery.tally
        return tally
    }

    /// Goes through a scenario, and where something fails asks for more all the same.
    private static func insist(
        _ scenario: Scenario, on disk: SimulatedDisk, in place: Life.Surroundings, _ witness: Witness
    ) async {
        guard let life = try? await Life.begin(on: disk, in: place, witness) else { return }
        do {
            _ = try await life.finish(scenario, in: place)
        } catch {
            for number in 0..<Limits.insisting {
                // What fails is not noted, and only what is noted counts.
                _ = try? await life.open("insisted-\(number)", "5", isAct: false)
                _ = try? await life.settle()
                _ = try? await life.look()
            }
        }
        await life.kill()
    }

    /// Goes back to a backup from after each commit of a recording, beside what has stayed: the files of
    /// indices and of the last root, and the world, which goes on. No address is given out twice, no event is
    /// told again in other words, and what was missed is found. Once without a word, and once with
    /// `quittance restored`.
    package func restore(_ recording: Recording) async throws -> Tally {
        var tally = Tally()
        guard let told = recording.marks.last?.outside else { return tally }
        let places = Set(recording.boundaries.map(\.operations))
        var backups: [(operations: Int, disk: DiskSnapshot)] = []
        var walk = recording.history.walk
        var operations = 0
        repeat {
            if places.contains(operations) { backups.append((operations, walk.disk.after(.all))) }
            operations += 1
        } while walk.step()
        let last = walk.disk
        let world = try await sandbox(on: last)
        for (operations, backup) in backups {
            let image = last.after(.none).replacing(filesOf: surroundings().database, by: backup)
            for isSaid in [false, true] {
                var place = surroundings()
                place.clock.advance(by: Limits.restartMilliseconds)
                place.sandbox = world
                place.seed = 7
                tally.restores += 1
                for flaw in try await restored(image, place, told, recording.scenario, isSaid: isSaid) {
                    tally.add("\(recording.scenario), back to \(operations), said \(isSaid): \(flaw)")
                }
            }
        }
        return tally
    }

    private func restored(
        _ image: DiskSnapshot, _ place: Life.Surroundings, _ told: Outside, _ scenario: Scenario,
        isSaid: Bool
    ) async throws -> [String] {
        let witness = Witness(told, place.clock)
        let life = try await Life.begin(on: SimulatedDisk(image), in: place, witness)
        if isSaid {
            _ = try await life.gateway.restored(skipping: 0, indexFile: place.indices, cause: "test")
        }
        try await life.settle()
        var flaws: [String] = []
        // What a person has said since the backup is lost with it.
        for (order, payment) in told.payments where !scenario.isRuled(order) {
            guard let now = try await life.store.read({ try $0.payment(payment.id) }) else { continue }
            if payment.state == .paid, now.state != .paid {
                flaws.append("payment \(order) was paid, and is \(now.state)")
            }
        }
        if told.merchant != nil {
            for number in 0..<Limits.insisting {
                try await life.open("restored-\(number)", "5", isAct: false)
            }
        }
        try await life.settle()
        flaws += try await life.store.verify().findings.map { "verify: \($0)" }
        let isWhole = try await life.gateway.verify(against: told.root.map { [$0] } ?? []).isClean
        // The backup has the last root, or is one more reason not to believe it.
        let hasRoot = try await life.store.read { tx in
            try told.root.map { try tx.root($0.number, of: $0.scope)?.hash == $0.hash } ?? true
        }
        if isWhole != hasRoot { flaws.append("verify finds \(isWhole ? "no" : "a") root missing") }
        flaws += witness.outside.contradictions
        await life.kill()
        return flaws
    }

    private func sandbox(on snapshot: DiskSnapshot) async throws -> SandboxLedger {
        let disk = SimulatedDisk(snapshot.after(.none))
        let store = try await Store.open(.sqlite(surroundings().database, vfs: disk.name), readers: 0)
        let world = try await Life.world(in: store)
        disk.kill()
        await store.close()
        return world.ledger
    }
}

extension Recording {
    /// The numbers of the synchronisations among the operations that can fail.
    var synchronisations: [Int] {
        var number = -1
        return history.operations.compactMap { operation in
            switch operation {
            case .make: return nil
            case .synchronise, .synchroniseNames:
                number += 1
                return number
            case .write, .truncate, .remove, .move, .nothing:
                number += 1
                return nil
            }
        }
    }
}
