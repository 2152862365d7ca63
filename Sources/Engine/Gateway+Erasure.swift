package import Domain
import Platform
import Storage

/// What an erasure came to.
package struct Erased: Hashable, Sendable {
    package internal(set) var payments = 0
    /// Kept answers that something was taken out of.
    package internal(set) var answers = 0
}

extension Gateway {
    /// Erases what the merchant told of its customer with a payment (customer, description, links, metadata),
    /// what people wrote about it, and what events and kept answers hold of the former. The log says that it
    /// was erased, signed by the instance; all else of the payment stays.
    ///
    /// Throws `CommandError.notFound`, and `.quarantined` for what is set aside.
    ///
    /// *Atomicity*: the payment and its events in one transaction, kept answers after it, each by itself.
    /// *On failure*: say it again. *Replay*: safe.
    package func erase(_ id: ID<Payment>, cause: String) async throws -> Erased {
        try await erase([id], cause: cause)
    }

    /// The same of all settled payments that were opened before `end`, in steps; `progress` is told how many
    /// were done.
    package func erase(
        openedBefore end: Instant, cause: String, progress: @Sendable (Int) -> Void = { _ in }
    ) async throws -> Erased {
        var total = Erased()
        var last = ""
        while true {
            let ids = try await store.read { [last] tx in
                try tx.erasable(behind: last, before: end, limit: EngineLimits.erasedAtOnce)
            }
            guard let edge = ids.last else { return total }
            let part = try await erase(ids, cause: cause)
            total.payments += part.payments
            total.answers += part.answers
            last = edge.text
            progress(total.payments)
        }
    }

    private func erase(_ ids: [ID<Payment>], cause: String) async throws -> Erased {
        let now = world.now
        let erased = try await write { work in
            try self.checkKey(work.tx)
            var count = 0
            for id in ids {
                guard let payment = try work.tx.payment(id) else { throw CommandError.notFound("payment") }
                if try work.tx.isQuarantined(id) { throw CommandError.quarantined }
                work.footprint.touch(id)
                let isErased = try work.tx.erase(
                    payment, salt: self.world.entropy.bytes(32), at: now, cause: cause,
                    signedBy: self.keys.signing)
                if isErased { count += 1 }
            }
            return count
        }
        // No answer that is made from here on holds any of it.
        return Erased(payments: erased, answers: try await eraseAnswers(about: ids))
    }

    private func eraseAnswers(about ids: [ID<Payment>]) async throws -> Int {
        var count = 0
        var last: AnswerPlace?
        while true {
            let (edge, hits) = try await store.read { [last] tx in
                let page = try tx.answers(after: last, limit: EngineLimits.sealedAnswers)
                let hits = page.flatMap { kept in
                    ids.filter { Self.holds(kept.answer.body, $0) }.map { (id: $0, place: kept.place) }
                }
                return (page.last?.place, hits)
            }
            for hit in hits {
                if try await store.write({ try $0.erase(hit.id, fromAnswerAt: hit.place) }) { count += 1 }
            }
            guard let edge else { return count }
            last = edge
        }
    }

    /// Whether bytes hold an identity.
    private static func holds(_ bytes: [UInt8], _ id: ID<Payment>) -> Bool {
        let wanted = Array(id.text.utf8)
        guard bytes.count >= wanted.count, let first = wanted.first else { return false }
        return (0...(bytes.count - wanted.count)).contains { start in
            bytes[start] == first && bytes[start..<(start + wanted.count)].elementsEqual(wanted)
        }
    }
}
