import Database
import Platform
import Storage

/// Where scenarios begin that do not begin with nothing: a merchant with a key, in a database that was closed
/// gently.
struct Ground: Sendable {
    var disk = SimulatedDisk().snapshot
    var outside = Outside()

    static func make(in place: Life.Surroundings) async throws -> Ground {
        var place = place
        place.plant = nil
        let disk = SimulatedDisk()
        let witness = Witness(Outside(), place.clock)
        let life = try await Life.begin(on: disk, in: place, witness)
        try await life.perform(.merchant)
        try await life.settle()
        try await life.end()
        var outside = witness.outside
        outside.done = 0
        return Ground(disk: disk.snapshot.after(.none), outside: outside)
    }
}

extension Recording {
    /// Lets a scenario take its course.
    static func make(
        _ scenario: Scenario, in place: Life.Surroundings, from ground: Ground
    ) async throws -> Recording {
        let ground = scenario.isFirst ? Ground() : ground
        let disk = SimulatedDisk(ground.disk)
        switch place.plant {
        case .nothingSynchronised: disk.lie(about: "quittance.db")
        case .indicesNotSynchronised: disk.lie(about: "indices")
        case .answeredBeforeCommit, .sentAfterOutcome, .indicesForgotten, nil: break
        }
        let witness = Witness(ground.outside, place.clock)
        disk.record()
        witness.mark { disk.recorded }
        let life = try await Life.begin(on: disk, in: place, witness)
        let last = try await life.finish(scenario, in: place)
        let flaws = try await last.flaws()
        guard flaws.isEmpty else { throw Broken("\(scenario), with no crash: \(flaws)") }
        let ending = try await last.ending()
        let history = disk.history(from: ground.disk)
        await last.kill()
        return Recording(
            scenario: scenario, history: history, marks: witness.marks, ending: ending,
            boundaries: try await boundaries(history, place))
    }

    /// The tables as they were after each commit: after each synchronisation, when nothing that is not
    /// synchronised counts.
    private static func boundaries(
        _ history: DiskHistory, _ place: Life.Surroundings
    ) async throws -> [Boundary] {
        var boundaries: [Boundary] = []
        var walk = history.walk
        for number in 0...history.operations.count {
            var isBoundary = number == 0
            if number > 0 {
                _ = walk.step()
                if case .synchronise(let name) = history.operations[number - 1] {
                    isBoundary = name.hasPrefix(place.database)
                }
            }
            guard isBoundary else { continue }
            let disk = SimulatedDisk(walk.disk.after(.all))
            let store = try await Store.open(.sqlite(place.database, vfs: disk.name), readers: 0)
            let digest = try await store.digest()
            disk.kill()
            await store.close()
            if boundaries.last?.digest != digest {
                boundaries.append(Boundary(operations: number, digest: digest))
            }
        }
        return boundaries
    }
}

extension Life {
    /// Goes on with a scenario where the outside stands in it, until nothing is left to be done or sent.
    /// Gives the process that is there at the end.
    func finish(_ scenario: Scenario, in place: Surroundings) async throws -> Life {
        var life = self
        try await life.settle()
        try await life.look()
        for act in scenario.acts.dropFirst(witness.outside.done) {
            try await life.perform(act)
            if act == .restart || act == .rekey { life = try await Life.begin(on: disk, in: place, witness) }
            try await life.settle()
            try await life.look()
        }
        for _ in 0..<Limits.waits where try await life.owed() > 0 {
            place.clock.advance(by: Limits.waitMilliseconds)
            try await life.settle()
        }
        return life
    }
}
