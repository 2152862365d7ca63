package import Database
import Platform
import Storage

extension Campaign {
    /// Takes a scenario to its end on a database server that fails meanwhile, and comes back. Whatever fails
    /// is asked for again: by the same process, or, now and then, by a new one. It must come to the same
    /// end as `recording`, of the same scenario with nothing going wrong.
    package func insist(_ recording: Recording, on server: DatabaseLocation) async throws -> Tally {
        var place = surroundings()
        place.server = server
        let witness = Witness(Outside(), place.clock)
        var course = Insistence(disk: SimulatedDisk(), place: place, witness: witness)
        if !recording.scenario.isFirst {
            try await course.go { try await $0.perform(.merchant) }
            try await course.go { try await $0.settle() }
            witness.note { $0.done = 0 }
        }
        for act in recording.scenario.acts {
            try await course.go(afresh: act == .rekey) { try await $0.perform(act) }
            if act == .restart || act == .rekey { course.forget() }
            try await course.rest()
        }
        for _ in 0..<Limits.waits {
            guard try await course.go({ try await $0.owed() }) > 0 else { break }
            place.clock.advance(by: Limits.waitMilliseconds)
            try await course.rest()
        }
        var tally = course.tally
        let ending = try await course.go { try await $0.ending() }
        if let difference = ending.difference(from: recording.ending) {
            tally.add("\(recording.scenario): it ends otherwise: \(difference)")
        }
        if witness.outside.merchant != nil {
            try await course.go { try await $0.open("afterwards", "5", isAct: false) }
        }
        for flaw in try await course.go({ try await $0.flaws() }) {
            tally.add("\(recording.scenario): \(flaw)")
        }
        await course.end()
        return tally
    }
}

/// Processes, one after the other, that are asked for something until it is done.
private struct Insistence {
    let disk: SimulatedDisk
    var place: Life.Surroundings
    let witness: Witness
    var tally = Tally()
    private var life: Life?
    /// The process does not follow the networks yet.
    private var isNew = false

    init(disk: SimulatedDisk, place: Life.Surroundings, witness: Witness) {
        (self.disk, self.place, self.witness) = (disk, place, witness)
    }

    /// - Parameter isFresh: a process that has failed at it does not get another try.
    mutating func go<T>(afresh isFresh: Bool = false, _ body: (Life) async throws -> T) async throws -> T {
        for attempt in 0..<Limits.patience {
            do {
                return try await body(try await begun())
            } catch let error as DatabaseError where StoreFault(error) != nil {
                tally.faults += 1
                if isFresh || tally.faults.isMultiple(of: Limits.processFailures) { await end() }
                guard attempt > 0 else { continue }
                try await SystemClock().sleep(milliseconds: Limits.patienceMilliseconds)
            }
        }
        throw Broken("the server does not answer any more")
    }

    /// Lets everything settle, and the merchant look. A new process follows the networks once it has not
    /// heard for a while from the one that did.
    mutating func rest() async throws {
        try await go { try await $0.settle() }
        while isNew {
            isNew = false
            place.clock.advance(by: Limits.silenceMilliseconds)
            try await go { try await $0.settle() }
        }
        try await go { try await $0.look() }
    }

    /// The process there was has ended by itself.
    mutating func forget() { life = nil }

    /// It ends with no word.
    mutating func end() async {
        await life?.store.close()
        life = nil
    }

    private mutating func begun() async throws -> Life {
        if let life { return life }
        place.seed += 1
        let begun = try await Life.begin(on: disk, in: place, witness)
        tally.starts += 1
        life = begun
        isNew = true
        return begun
    }
}
