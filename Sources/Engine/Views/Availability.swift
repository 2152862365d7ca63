import Platform
import Storage

/// Whether a failed command can simply be tried again, for a surface that has to answer for it.
package enum Availability: Hashable, Sendable {
    /// Nothing was done; the same request may well succeed in a moment.
    case retry
    /// It may or may not have been done: the same request under the same idempotency key finds out.
    case unknownOutcome
    /// A fault that a person has to look at.
    case failed

    package init(of error: any Error) {
        switch StoreFault(error) {
        case .unavailable: self = .retry
        case .outcomeUnknown: self = .unknownOutcome
        // What is issued is written down first: nothing was issued.
        case nil: self = error is FileError || error is Worker.Refusal ? .retry : .failed
        }
    }
}
