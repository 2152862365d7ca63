import Domain

/// Which states payments were in, and which ways they went, in a campaign of some length. One that reached
/// fewer is not what it was: the worlds have become tamer, or the rules have lost a way.
extension Tally {
    /// States that are reached by every campaign that is long enough.
    static let knownStates = State.allCases.filter { $0 != .refunded }.map { "seen \($0.rawValue)" }

    /// Ways from state to state.
    static let knownEdges = edges.flatMap { from, next in next.map { "\(from.rawValue) → \($0.rawValue)" } }

    private static let edges: [(State, [State])] = [
        (.created, [.awaitingPayment, .expired]),
        (
            .awaitingPayment,
            [
                .confirming, .detected, .expired, .failed, .latePaid, .overpaid, .paid,
                .underpaid,
            ]
        ),
        (.detected, [.awaitingPayment, .confirming, .expired, .latePaid, .overpaid, .paid, .underpaid]),
        (.confirming, [.awaitingPayment, .detected, .expired, .latePaid, .overpaid, .paid, .underpaid]),
        (.underpaid, [.confirming, .detected, .expired, .failed, .latePaid, .paid]),
        (.latePaid, [.confirming, .detected, .expired, .failed, .paid]),
        (.expired, [.awaitingPayment, .confirming, .detected, .failed, .latePaid, .paid, .underpaid]),
        (.paid, [.awaitingPayment, .confirming, .detected, .expired, .latePaid]),
    ]

    /// Ways that payments went, of all that the rules allow without refunds.
    package static let allowedEdges = State.allCases.reduce(0) { sum, state in
        sum + state.successors.subtracting([.refunded]).count
    }
}
