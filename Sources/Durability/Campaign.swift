import Database
import Platform

/// Runs scenarios, ends them at every moment, and looks what comes of it.
package struct Campaign: Sendable {
    /// A folder of this run, for the locks of its databases.
    package let folder: String
    package var plant: Plant?

    package init(in folder: String, plant: Plant? = nil) {
        self.folder = folder
        self.plant = plant
    }

    func surroundings(readers: Int = 0) -> Life.Surroundings {
        Life.Surroundings(folder: folder, clock: ManualClock(), seed: 1, plant: plant, readers: readers)
    }

    /// The scenario once, with nothing going wrong.
    package func record(_ scenario: Scenario, readers: Int = 0) async throws -> Recording {
        let ground = try await Ground.make(in: surroundings())
        return try await Recording.make(scenario, in: surroundings(readers: readers), from: ground)
    }

    /// Kills the process at all moments of a recording, or at every so many-th. The start after each of them
    /// is killed at one of its own operations; a shift by one is another one for each.
    package func kill(_ recording: Recording, every step: Int = 1, shift: Int = 0) async throws -> Tally {
        var recovery = Recovery(recording, in: surroundings())
        var tally = Tally()
        tally.operations = recording.operations
        var number = 0
        try await recording.moments { moment in
            number += 1
            guard (number + shift).isMultiple(of: step) else { return }
            tally.points += 1
            let choice = number / step + shift
            await recovery.recover(moment.disk.after(.none), moment, choice, losing: .none)
        }
        tally += recovery.tally
        return tally
    }

    /// Takes the power away at moments of a recording, so that there are as many images as asked for: in
    /// order, each in another way. The same seed gives the same images.
    package func losePower(_ recording: Recording, images: Int, seed: UInt64) async throws -> Tally {
        var recovery = Recovery(recording, in: surroundings())
        var tally = Tally()
        tally.operations = recording.operations
        var moments = 0
        try await recording.moments { _ in moments += 1 }
        var (number, done) = (0, 0)
        try await recording.moments { moment in
            number += 1
            // So many by now, spread evenly.
            let due = images * number / moments
            while done < due {
                done += 1
                tally.images += 1
                let (loss, next) = Self.losses(UInt64(done), seed)
                await recovery.recover(moment.disk.after(loss), moment, done, losing: next)
            }
        }
        tally += recovery.tally
        return tally
    }

    /// What is lost at the crash, and at the one during the start after it.
    private static func losses(_ number: UInt64, _ seed: UInt64) -> (PowerLoss, PowerLoss) {
        let chance = SeededEntropy(seed: seed &* 0x1_0000_0001 &+ number)
        func loss() -> PowerLoss {
            switch chance.number(below: 8) {
            case 0: .all
            case 1: .after(permille: Int(chance.number(below: 1_000)))
            default: .torn(seed: chance.number(below: .max))
            }
        }
        return (loss(), chance.number(below: 4) == 0 ? .none : loss())
    }
}
