import Chains
import Domain

/// A canonical course of things: what people outside want, one after another.
package struct Scenario: Hashable, Sendable, CustomStringConvertible {
    package let name: String
    package let acts: [Act]
    /// Begins on an empty disk; else where a merchant has been set up.
    package let isFirst: Bool

    package init(_ name: String, _ acts: [Act], isFirst: Bool = false) {
        (self.name, self.acts, self.isFirst) = (name, acts, isFirst)
    }

    package var description: String { name }

    /// Whether a person says something about a payment in the course of it.
    func isRuled(_ order: String) -> Bool {
        acts.contains { act in
            switch act {
            case .accept(let ruled), .rule(let ruled, _, _): ruled == order
            default: false
            }
        }
    }

    /// Whether its processes end gently in the course of it.
    package var endsProcesses: Bool { acts.contains { $0 == .restart || $0 == .rekey } }

    /// Those that every durability run goes through.
    package static let canonical: [Scenario] = [
        Scenario("first start", [.merchant, .restart], isFirst: true),
        Scenario("exact", [.endpoint("shop"), .open("a", "25"), .play(.exact, "a"), .mine(1), .mine(6)]),
        Scenario("partial and the rest", [
            .endpoint("shop"), .open("a", "25"), .play(.under(percent: 40), "a", mined: 1),
            .play(.exact, "a", mined: 6),
        ]),
        Scenario("reorg after paid", [
            .endpoint("shop"), .open("a", "25"), .play(.exact, "a", mined: 2), .claim("a"),
            .reorg(depth: 2, .doubleSpent), .play(.exact, "a", mined: 6),
        ]),
        Scenario("ruling", [
            .endpoint("shop"), .open("a", "25"), .play(.duplicate, "a", mined: 6),
            .rule("a", .duplicate, .keep), .open("b", "25"), .play(.under(percent: 50), "b", mined: 6),
            .wait(seconds: 4_000), .accept("b"),
        ]),
        Scenario("fulfilment", [
            .open("a", "25"), .play(.exact, "a", mined: 6), .claim("a"), .report("a"),
        ]),
        Scenario("refused", [
            .endpoint("shop"), .open("a", "25"), .refused(.claim("a")), .cancel("a"),
            .refused(.accept("a")), .open("b", "10"), .play(.exact, "b", mined: 6),
        ]),
        Scenario("keys", [
            .endpoint("shop"), .createKey("next"), .rotateSecret("shop"), .open("a", "25"), .rekey,
            .revokeKey("next"), .play(.exact, "a", mined: 6),
        ]),
        Scenario("endpoint", [
            .endpoint("flaky"), .ping("flaky"), .endpoint("shop"), .open("a", "25"),
            .play(.exact, "a", mined: 6),
        ]),
        Scenario("late", [
            .endpoint("shop"), .open("a", "25"), .play(.late, "a", mined: 6), .accept("a"),
        ]),
        Scenario("restart", [
            .endpoint("shop"), .open("a", "25"), .restart, .open("b", "25"), .play(.exact, "a", mined: 6),
            .restart, .play(.over(percent: 30), "b", mined: 6),
        ]),
    ]

    /// Requests that share their commits.
    package static let together = Scenario("many at once", [
        .endpoint("shop"), .openMany(16), .play(.exact, "many-3", mined: 6),
    ])
}
