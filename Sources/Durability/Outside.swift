package import Domain
import Platform
package import Storage

/// What the world outside was told. It keeps that whatever becomes of the gateway, so all of it must be true
/// of every later state: an answer is a promise.
package struct Outside: Hashable, Sendable {
    /// A payment as its merchant knows it.
    package struct Told: Hashable, Sendable {
        package let id: ID<Payment>
        package let address: String
        /// What was last read of it.
        package var version = 0
        package var state = State.awaitingPayment
        package var isClaimed = false
        package var isReported = false
    }

    /// A webhook as it came the first time.
    package struct Hook: Hashable, Sendable {
        package let id: String
        package let endpoint: String
        package let body: [UInt8]
    }

    /// Acts of the scenario that were answered.
    package var done = 0
    package var merchant: ID<Merchant>?
    package var key: ID<APIKey>?
    /// The texts of keys by their names.
    package var keys: [String: String] = [:]
    /// Keys that it has asked to end; and those that it was told to have ended.
    package var unwanted: Set<String> = []
    package var revoked: Set<String> = []
    package var endpoints: [String: ID<Endpoint>] = [:]
    /// All secrets that an endpoint was given.
    package var secrets: [String: [String]] = [:]
    package var payments: [String: Told] = [:]
    package var hooks: [Hook] = []
    /// How often a webhook came again.
    package var repeats = 0
    /// The last command to the sandbox that it knows to have happened.
    package var commands: Int64 = 0
    /// The last signed root that the process has told of.
    package var root: RootName?
    /// The process has, or may have, the second instance key.
    package var isRekeyed = false
    /// What it was told that cannot be: another body under the same identity, a signature that is none.
    package var contradictions: [String] = []
}

/// Who keeps what the outside was told, and each state of that with how much was done to the disk by then.
final class Witness: Sendable {
    /// From so many recorded operations and that time on, it knew this.
    struct Mark: Sendable {
        let operations: Int
        let now: Int64
        let outside: Outside
    }

    private struct Kept: Sendable {
        var outside: Outside
        var marks: [Mark]
        var count: @Sendable () -> Int
    }

    private let clock: any Clock

    private let kept: Lock<Kept>

    init(_ outside: Outside, _ clock: any Clock) {
        self.clock = clock
        let first = Mark(operations: 0, now: clock.now, outside: outside)
        kept = Lock(Kept(outside: outside, marks: [first], count: { 0 }))
    }

    var outside: Outside { kept.withLock { $0.outside } }
    var marks: [Mark] { kept.withLock { $0.marks } }

    /// From here on marks tell how far `count` is.
    func mark(by count: @escaping @Sendable () -> Int) { kept.withLock { $0.count = count } }

    /// Tells the outside something.
    func note(_ change: (inout Outside) -> Void) {
        kept.withLock { kept in
            let before = kept.outside
            change(&kept.outside)
            if kept.outside != before {
                kept.marks.append(
                    Mark(operations: kept.count(), now: clock.now, outside: kept.outside))
            }
        }
    }
}
