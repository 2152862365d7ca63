import Database

/// What became of work that the database could not carry out, for whoever has to answer for it.
package enum StoreFault: Error, Hashable, Sendable {
    /// Nothing was done; the same call may well succeed in a moment, be it of the process that follows this
    /// one.
    case unavailable
    /// The commit was asked for, and nobody knows whether it happened.
    case outcomeUnknown

    /// Nil for what is none of these.
    package init?(_ error: any Error) {
        guard let error = error as? DatabaseError else { return nil }
        switch error {
        case .outcomeUnknown: self = .outcomeUnknown
        case .busy, .overloaded, .connectionLost, .full, .ended, .closed: self = .unavailable
        case .constraint, .ioFailed, .corrupt, .mismatch, .unrepresentable, .locked, .migration, .misuse:
            return nil
        }
    }
}
