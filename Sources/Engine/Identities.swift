import Domain
import Platform
import Storage

/// Makes identities, each above all before it.
///
/// They begin with the time, and lists are in their order: so one that was made after a clock was put back
/// must still come after those that were made before. Then it has the time of the last one.
package final class Identities: Sendable {
    private let last = Lock<UInt128>(0)

    package init() {}

    /// A new one: the time's, or, where that would not be above the last one, the next one but for a chance.
    ///
    /// - Parameter chance: ten bytes.
    func next<Kind: Identified>(at now: Instant, chance: [UInt8]) -> ID<Kind> {
        let fresh = ID<Kind>(at: now, chance: chance).number
        let step = chance.suffix(Self.stepBytes).reduce(UInt128(1)) { $0 << 8 | UInt128($1) }
        let number = last.withLock { last in
            if fresh <= last {
                // At the end of all numbers nothing is left but chance.
                let (above, isOver) = last.addingReportingOverflow(step)
                last = isOver ? fresh : above
            } else {
                last = fresh
            }
            return last
        }
        return ID(number: number)
    }

    /// From here on each is above the one of that number as well.
    func goOn(after number: UInt128) { last.withLock { $0 = max($0, number) } }

    /// Bytes of chance between two of one moment: nobody can count what was made in between.
    private static let stepBytes = 6
}

extension Gateway {
    /// Goes on after the identities that the store has, whatever the clock says. Before anything is made.
    package func resumeIdentities() async throws {
        for number in try await store.read({ try $0.highestIdentities() }) {
            world.identities.goOn(after: number)
        }
    }
}
