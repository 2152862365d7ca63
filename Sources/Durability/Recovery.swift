import Database
import Platform
import Storage

/// Starts the gateway from what a crash has left, kills it at a point of its start, starts it again, and
/// looks whether all is as it must be.
struct Recovery: Sendable {
    let recording: Recording
    let place: Life.Surroundings
    /// States from which the scenario was gone on with to its end already.
    private var finished: Set<Start> = []
    /// How many operations a start and what it finds to do had at the most, as far as known.
    private var longest = 0
    private(set) var tally = Tally()

    /// What a course of things follows from.
    private struct Start: Hashable {
        let digest: Int
        let outside: Outside
        let indices: [UInt8]
    }

    init(_ recording: Recording, in place: Life.Surroundings) {
        self.recording = recording
        self.place = place
    }

    /// - Parameters:
    ///   - number: chooses where the first start is killed, and how.
    ///   - loss: what the first kill loses; the power goes again where it went before.
    ///   - isComparable: nothing else than the recording has happened until then.
    mutating func recover(
        _ image: DiskSnapshot, _ moment: Recording.Moment, _ number: Int, losing loss: PowerLoss,
        isComparable: Bool = true
    ) async {
        do {
            let flaws = try await tryRecover(image, moment, number, losing: loss, isComparable)
            for flaw in flaws { tally.add("\(recording.scenario) at \(moment.operations), \(loss): \(flaw)") }
        } catch {
            tally.add("\(recording.scenario) at \(moment.operations), \(loss): \(error)")
        }
    }

    private mutating func tryRecover(
        _ image: DiskSnapshot, _ moment: Recording.Moment, _ number: Int, losing loss: PowerLoss,
        _ isComparable: Bool
    ) async throws -> [String] {
        var place = place
        let clock = ManualClock(now: moment.now + Limits.restartMilliseconds)
        place = Life.Surroundings(
            folder: place.folder, clock: clock, seed: place.seed + 1, plant: place.plant)
        let witness = Witness(moment.outside, clock)
        let first = SimulatedDisk(image)
        let allowed = isComparable ? recording.allowed(after: moment.operations) : nil
        try await start(first, place, witness, allowed, number)
        clock.advance(by: Limits.restartMilliseconds)
        place.seed += 1
        let disk = first.next(after: loss)
        let life = try await Life.begin(on: disk, in: place, witness)
        tally.starts += 1
        let flaws = try await life.flaws()
        let start = Start(
            digest: try await life.store.digest(), outside: witness.outside,
            indices: disk.exists(place.indices)
                ? try disk.read(place.indices, maxBytes: Limits.page) : [])
        let isNew = finished.insert(start).inserted
        guard isComparable, flaws.isEmpty, isNew || number.isMultiple(of: Limits.finishedAnyway)
        else {
            await life.kill()
            return flaws
        }
        return try await finish(life, place)
    }

    /// The first start, which does not end well: it is killed at one of its operations, or, one of so many,
    /// when it has nothing left to do.
    private mutating func start(
        _ disk: SimulatedDisk, _ place: Life.Surroundings, _ witness: Witness, _ allowed: Set<Int>?,
        _ number: Int
    ) async throws {
        if longest > 0, !number.isMultiple(of: Limits.wholeStarts) {
            disk.plan(number.isMultiple(of: 2) ? .crash : .crashAfter, at: number / 2 % longest)
        }
        var isBetween = false
        tally.starts += 1
        do {
            let life = try await Life.begin(on: disk, in: place, witness) { store in
                if let allowed { isBetween = !allowed.contains(try await store.digest()) }
            }
            do {
                try await life.settle()
                longest = max(longest, disk.operations)
                tally.killedStarts += 1
                await life.kill()
            } catch {
                await life.kill()
                throw error
            }
        } catch where disk.isDead {
            tally.killedStarts += 1
        }
        if isBetween { throw Broken("the tables are as they were after no commit") }
    }

    /// Goes on to the end, which must be the one without a crash; and then once more.
    private mutating func finish(_ life: Life, _ place: Life.Surroundings) async throws -> [String] {
        let last = try await life.finish(recording.scenario, in: place)
        tally.finished += 1
        var flaws: [String] = []
        if let difference = try await last.ending().difference(from: recording.ending) {
            flaws.append("it ends otherwise: \(difference)")
        }
        // The next payment gets an address that nobody was ever told.
        if last.witness.outside.merchant != nil { try await last.open("afterwards", "5", isAct: false) }
        flaws += try await last.flaws()
        await last.kill()
        return flaws
    }
}

/// What a run has done and found.
package struct Tally: Sendable, Hashable {
    package var operations = 0
    package var points = 0
    package var images = 0
    package var starts = 0
    package var killedStarts = 0
    package var finished = 0
    package var restores = 0
    /// Times that a server did not do what it was asked.
    package var faults = 0
    package private(set) var findings: [String] = []
    package private(set) var omitted = 0

    package init() {}

    /// What was done, in words.
    package var figures: String {
        "\(operations) operations on disks, \(points) kills, \(images) losses of power; \(starts) starts, "
            + "\(killedStarts) of them killed, \(finished) scenarios gone on with to the end"
    }

    mutating func add(_ finding: String) {
        if findings.count < Limits.findings { findings.append(finding) } else { omitted += 1 }
    }

    package static func += (left: inout Tally, right: Tally) {
        left.operations += right.operations
        left.points += right.points
        left.images += right.images
        left.starts += right.starts
        left.killedStarts += right.killedStarts
        left.finished += right.finished
        left.restores += right.restores
        left.faults += right.faults
        left.omitted += right.omitted
        for finding in right.findings { left.add(finding) }
    }
}
