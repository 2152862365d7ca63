import Database
import Platform

/// A scenario as it went once with nothing going wrong: all that was done to the disk, and what the outside
/// knew meanwhile. Every moment of it can be gone on from.
package struct Recording: Sendable {
    package let scenario: Scenario
    let history: DiskHistory
    let marks: [Witness.Mark]
    let ending: Ending
    /// What all tables were like, after so many operations, in the order of the commits.
    let boundaries: [Boundary]

    /// The state after a commit.
    struct Boundary: Sendable {
        let operations: Int
        let digest: Int
    }

    /// One moment at which everything can end: what is on the disk, and what the outside knows.
    struct Moment: Sendable {
        let operations: Int
        let now: Int64
        let outside: Outside
        let disk: DiskSnapshot
    }

    /// How many operations on the disk it has.
    package var operations: Int { history.operations.count }

    /// All moments: after each operation with what the outside knew before it and learned before the next
    /// one. So the process ends before and after each write, synchronisation, cut, renaming and deletion, and
    /// before and after each answer and each webhook.
    func moments(_ body: (Moment) async throws -> Void) async throws {
        var walk = history.walk
        var mark = marks[0]
        var next = 1
        for operations in 0...history.operations.count {
            if operations > 0 { _ = walk.step() }
            func moment() -> Moment {
                Moment(operations: operations, now: mark.now, outside: mark.outside, disk: walk.disk)
            }
            try await body(moment())
            while next < marks.count, marks[next].operations <= operations {
                mark = marks[next]
                next += 1
                try await body(moment())
            }
        }
    }

    /// What tables may be like after a crash at a moment: as after the last commit before it, or the next.
    func allowed(after operations: Int) -> Set<Int> {
        let next = boundaries.firstIndex { $0.operations > operations } ?? boundaries.count
        return Set(boundaries[max(0, next - 1)..<min(boundaries.count, next + 1)].map(\.digest))
    }
}
