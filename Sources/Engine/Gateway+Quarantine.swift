import Chains
package import Domain
import JSON
import Platform
package import Storage

/// What came of the wish to take a payment back.
package enum Release: Hashable, Sendable {
    /// It goes on; so many facts had waited. `isRebuilt`: its row was written again from its log.
    case released(facts: Int, isRebuilt: Bool)
    /// It still contradicts itself, and why. Nothing was changed.
    case stillAside(reason: String)
}

extension Gateway {
    /// The payments that are set aside, the longest first.
    package func quarantined(limit: Int = EngineLimits.quarantined) async throws -> [SetAside] {
        try await store.read { try $0.quarantined(limit: limit) }
    }

    /// How many payments are set aside, over all merchants.
    package func quarantinedCount() async throws -> Int {
        try await store.read { try $0.quarantinedCount() }
    }

    /// Sets a payment aside with an alarm: record and event to its merchant in the transaction, log line and
    /// metric after it.
    func setAside(_ id: ID<Payment>, _ reason: String, _ fact: Fact?, _ work: Work) throws {
        let now = world.now
        try work.tx.quarantine(id, at: now, reason: reason) {
            work.alarms.add { [world] in
                world.log.error("payment set aside \("payment", id.text) \("reason", reason)")
                world.metrics.quarantined.add()
            }
            work.footprint.touch(id)
            return try notice("payment.set_aside", of: id, at: now, work.tx)
        }
        // A person's wish was refused to its face; only what the world says is said once.
        if let fact, fact.isNews { try work.tx.keepQuarantined(fact, of: id) }
    }

    /// Runs a command on one payment. Where it fails because that payment contradicts itself, the payment is
    /// set aside as the loops do, in a transaction of its own, and the command is refused with
    /// `CommandError.quarantined`: nothing of it is kept. What fails for another reason fails as it did.
    ///
    /// - Parameter because: what the rules said against the payment, if they did; else it is compared with
    ///   its log.
    func settingAside<T: Sendable>(
        _ id: ID<Payment>, for caller: Caller?, because broken: @escaping @Sendable () -> String? = { nil },
        _ command: () async throws -> T
    ) async throws -> T {
        do {
            return try await command()
        } catch where error is Corruption || Store.isAboutRows(error) {
            let told = Corruption("\(error)")
            // On a snapshot: a whole log may have to be read, and nobody waits for that.
            let seen = try await store.read { tx -> (isAside: Bool, reason: String?) in
                if try tx.isQuarantined(id) { return (true, nil) }
                return (false, try broken() ?? self.contradiction(of: id, tx))
            }
            guard seen.isAside || seen.reason != nil else { throw error }
            let objection = try await write { work -> (any Error)? in
                if let reason = seen.reason, try !work.tx.isQuarantined(id) {
                    try self.setAside(id, reason, nil, work)
                }
                return try self.objection(to: told, of: id, for: caller, in: work.tx)
            }
            throw objection ?? error
        }
    }

    /// What is wrong with a payment; nil when it is as its log tells.
    private func contradiction(of id: ID<Payment>, _ tx: Storage.Transaction) throws -> String? {
        do {
            return try tx.contradiction(of: id)
        } catch {
            guard let reason = Self.contradiction(error) else { throw error }
            return reason
        }
    }

    /// `withFreshIndices` for a command on one payment, which is set aside where it contradicts itself.
    func withFreshIndices(
        on id: ID<Payment>, for caller: Caller?, _ body: () async throws -> Reply
    ) async throws -> Reply {
        try await settingAside(id, for: caller) { try await self.withFreshIndices(body) }
    }

    /// Takes a payment back: compares it with its log, writes its row again where that differs, and folds in
    /// what was said of it meanwhile.
    ///
    /// *Atomicity*: one transaction. *On failure*: it stays aside, with the new reason, and both are
    /// recorded. Throws `CommandError.notFound` for a payment that is not set aside.
    ///
    /// - Parameter reason: why, for people; the log only binds it.
    package func release(
        _ id: ID<Payment>, by actor: Actor, reason: String, cause: String
    ) async throws -> Release {
        let note = ReleaseNote(salt: world.entropy.bytes(32), text: reason)
        let outcome = try await write { work -> Release in
            guard try work.tx.isQuarantined(id) else { throw CommandError.notFound("set aside payment") }
            do {
                return try work.tx.attempt { try self.release(id, by: actor, note, cause: cause, work) }
            } catch {
                guard let reason = Self.contradiction(error) else { throw error }
                try work.tx.refuseRelease(
                    id, at: self.world.now, by: actor, note: note, cause: cause, reason: reason)
                return .stillAside(reason: reason)
            }
        }
        switch outcome {
        case .released(let facts, _):
            world.log.info("payment released \("payment", id.text) \("facts", String(facts))")
        case .stillAside(let reason):
            world.log.error("payment stays aside \("payment", id.text) \("reason", reason)")
        }
        return outcome
    }

    private func release(
        _ id: ID<Payment>, by actor: Actor, _ note: ReleaseNote, cause: String, _ work: Work
    ) throws -> Release {
        let now = world.now
        let (facts, isRebuilt) = try work.tx.release(
            id, at: now, by: actor, note: note, cause: cause,
            notice: try notice("payment.released", of: id, at: now, work.tx))
        // People were told, and are at work on it: what turns out late is theirs, for the rate of its moment
        // is gone.
        func fold(_ fact: Fact) throws {
            _ = try self.fold(fact, into: id, cause: "released", asksPolicy: false, work)
        }
        for fact in facts { try fold(fact) }
        for fact in try undone(of: id, work) { try fold(fact) }
        guard let payment = try work.tx.payment(id) else { throw Corruption("\(id) is not stored") }
        let look = Fact(
            at: try self.now(isTest: payment.terms.isTest, work.tx), actor: .clock,
            sources: try sources(of: payment, in: work.tx), news: .looked)
        try fold(look)
        work.footprint.touch(id)
        return .released(facts: facts.count, isRebuilt: isRebuilt)
    }

    /// What left its chain while nobody listened for this payment: a reorg is only told of what is not aside.
    /// What the pool holds meanwhile is heard again in its next block.
    private func undone(of id: ID<Payment>, _ work: Work) throws -> [Fact] {
        guard let payment = try work.tx.payment(id) else { throw Corruption("\(id) is not stored") }
        let sources = try sources(of: payment, in: work.tx)
        return try sources.sorted { $0.key < $1.key }.compactMap { network, source in
            func isGone(_ claim: Transfer.Claim) throws -> Bool {
                guard case .mined(let place) = claim.standing else { return false }
                if place.height > source.tip { return true }
                // Deeper than the headers that are kept, nothing is undone.
                return try work.tx.block(of: network, at: place.height).map { $0 != place.block } ?? false
            }
            let orphaned = Transfer.Claim(sequence: source.sequence, standing: .gone(.orphaned))
            let transfers = try payment.evidence.transfers.filter {
                try $0.key.network == network && isGone($0.claim)
            }
            let spends = try payment.evidence.spends.filter {
                try $0.key.network == network && isGone($0.value.claim)
            }
            if transfers.isEmpty, spends.isEmpty { return nil }
            let news = Fact.News.sighted(
                transfers.map { Sighting(again: $0, claim: orphaned) },
                spends: spends.mapValues { Transfer.Spend(transaction: $0.transaction, claim: orphaned) })
            return Fact(
                at: now(isTest: payment.terms.isTest), actor: .network(network), sources: sources, news: news)
        }
    }

    /// What is wrong with the payment, where an error is about that alone.
    private static func contradiction(_ error: any Error) -> String? {
        switch error {
        case let corruption as Corruption: corruption.description
        case Objection.corruption(let reason): reason
        case Objection.refusal(let refusal): refusal.detail
        case let refusal as Refusal: refusal.detail
        default: Store.isAboutRows(error) ? "\(error)" : nil
        }
    }

    /// What a merchant is told of a payment whose own events cannot go on. Nil when not even the log says
    /// whose it is.
    private func notice(
        _ type: String, of id: ID<Payment>, at now: Instant, _ tx: Storage.Transaction
    ) throws -> Notice? {
        guard let owner = tx.owner(of: id) else { return nil }
        let root = try tx.lastRootName(of: owner.merchant.text)
        return notice(type, to: owner.merchant, isTest: owner.isTest, at: now, root: root) {
            $0.member("payment_id", id.text)
        }
    }

    /// An event outside every payment's order.
    func notice(
        _ type: String, to merchant: ID<Merchant>, isTest: Bool, at now: Instant, only: ID<Endpoint>? = nil,
        root: RootName?, _ data: (inout JSONWriter) -> Void
    ) -> Notice {
        let id: ID<Domain.Event> = world.id()
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("id", id.text)
            writer.member("type", type)
            writer.member("timestamp", Timestamp.text(now.milliseconds))
            writer.member("merchant_id", merchant.text)
            writer.member("sequence", 1)
            writer.root(root)
            writer.object("data", data)
        }
        return Notice(
            id: id, type: type, merchant: merchant, isTest: isTest, at: now, body: writer.bytes, only: only)
    }
}

extension Sighting {
    /// Another word on a transfer that is known.
    init(again transfer: Transfer, claim: Transfer.Claim) {
        self.init(
            key: transfer.key, quote: transfer.quote, method: transfer.method,
            amountText: transfer.amountText, claim: claim, seenAt: transfer.firstSeen,
            fellIntoGap: transfer.missedByGap, maturity: transfer.maturity)
    }
}

extension Metrics {
    var quarantined: Counter {
        counter("quittance_quarantined_total", help: "Payments set aside for a person.")
    }
}
