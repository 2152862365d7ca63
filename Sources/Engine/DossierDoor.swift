import Domain
import Platform

/// Who waits for a dossier: one is made at a time, in the order in which they were asked for, and one
/// merchant takes only some of the places.
final class DossierDoor: Sendable {
    private let turnstile = Turnstile(room: EngineLimits.waitingDossiers)
    private let inside = Lock<[ID<Merchant>: Int]>([:])

    /// How many wait.
    var waiting: Int { turnstile.waiting }

    /// Makes one, when it is its turn. Throws `CommandError.dossierBusy` where too many wait already.
    ///
    /// - Parameter merchant: nil for the operator.
    func pass<Result: Sendable>(
        for merchant: ID<Merchant>?, _ body: () async throws -> Result
    ) async throws -> Result {
        if let merchant { try enter(merchant) }
        defer { if let merchant { leave(merchant) } }
        do {
            return try await turnstile.pass(body)
        } catch is Turnstile.Full {
            throw CommandError.dossierBusy
        }
    }

    private func enter(_ merchant: ID<Merchant>) throws(CommandError) {
        let isIn = inside.withLock { inside in
            let count = inside[merchant] ?? 0
            guard count <= EngineLimits.waitingDossiersOfOne else { return false }
            inside[merchant] = count + 1
            return true
        }
        guard isIn else { throw .dossierBusy }
    }

    private func leave(_ merchant: ID<Merchant>) {
        inside.withLock { inside in
            let count = (inside[merchant] ?? 0) - 1
            inside[merchant] = count > 0 ? count : nil
        }
    }
}
