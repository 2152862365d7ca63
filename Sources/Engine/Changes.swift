package import Domain
import Platform

/// Who waits for what is committed: checkout pages, and the loop that delivers. In memory only; a change that
/// is missed here costs a moment, for everything lies in tables.
package final class Changes: Sendable {
    /// What a commit has changed.
    package enum News: Hashable, Sendable {
        /// What is shown of these payments.
        case payments([ID<Payment>])
        /// Something may be due for an endpoint.
        case deliveries
        /// The sandbox's clock and networks, which every test payment may show.
        case sandbox
        /// Whether a network is heard, live or for tests: payments on it show that.
        case networks(isTest: Bool)
    }

    private let listeners = Lock<[@Sendable (News) -> Void]>([])

    package init() {}

    /// Calls `listener` after each commit, on whatever thread: it must be quick and must not call back. There
    /// is no way back.
    package func listen(_ listener: @escaping @Sendable (News) -> Void) {
        listeners.withLock { $0.append(listener) }
    }

    /// How many are told of changes.
    var listenerCount: Int { listeners.withLock { $0.count } }

    func publish(_ news: News) {
        let listeners = listeners.withLock { $0 }
        for listener in listeners { listener(news) }
    }
}
