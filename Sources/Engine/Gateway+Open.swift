import Chains
import Crypto
package import Domain
import JSON
import Platform
import Storage

/// A derivation index that a quote used; to be taken for good with the quote.
struct TakenIndex: Sendable {
    let wallet: ID<Wallet>
    let fingerprint: String
    let index: UInt32
}

extension Gateway {
    /// Opens a payment, and quotes the chosen method at once if there is one.
    ///
    /// All that can be worked out is worked out before the transaction, on a snapshot; the writer only stores
    /// rows.
    ///
    /// *Atomicity*: payment, destination, records, events and kept answer are one. *On failure*: nothing;
    /// throws `Refusal` or `CommandError`. *Replay*: the same idempotency key gets the first answer.
    package func open(
        _ new: NewPayment, by caller: Caller, cause: String, _ answering: Answering<PaymentView>
    ) async throws -> Reply {
        return try await withFreshIndices {
            let untaken = Lock<TakenIndex?>(nil)
            // Another request with the same key was faster, or this one failed: no address is skipped for it.
            defer { if let taken = untaken.withLock({ $0 }) { self.indices.giveBack(taken) } }
            return try await self.perform(
                caller, answering.key,
                after: { tx in
                    let now = try self.now(isTest: caller.isTest, tx)
                    let opening = try self.prepare(new, caller, at: now, cause: cause, answering, tx)
                    untaken.withLock { $0 = opening.taken }
                    return opening
                },
                { work, opening in
                    if let taken = opening.taken {
                        // Disabled since the snapshot: what was acknowledged holds.
                        guard try work.tx.isReceiving(taken.wallet) else { throw WalletMoved() }
                        untaken.withLock { $0 = nil }
                        work.takings.add(taken)
                        try work.tx.take(index: taken.index, of: taken.fingerprint)
                    }
                    if let commit = opening.commit { try work.tx.write(commit) }
                    work.footprint.touch(opening.id)
                    return opening.reply
                })
        }
    }

    /// A payment that only needs to be stored.
    private struct Opening: Sendable {
        let id: ID<Payment>
        let reply: Reply
        let commit: PreparedCommit?
        let taken: TakenIndex?
    }

    private func prepare(
        _ new: NewPayment, _ caller: Caller, at now: Instant, cause: String,
        _ answering: Answering<PaymentView>, _ tx: Storage.Transaction
    ) throws -> Opening {
        guard let policy = try tx.policy(of: caller.merchant, isTest: caller.isTest) else {
            throw Corruption("a key belongs to no merchant")
        }
        let personal = personal(of: new)
        let terms = try terms(of: new, policy, caller, at: now, personal, tx)
        let id: ID<Payment> = world.id()
        var decisions = [Payment.open(id, terms, actor: caller.actor)]
        var taken: TakenIndex?
        if let method = new.chosen ?? (terms.methods.count == 1 ? terms.methods[0] : nil) {
            let end = new.end(from: now)
            let quoted = try quote(terms, method, at: now, until: end, tx)
            taken = quoted.taken
            do {
                decisions.append(
                    try chosen(
                        .quoted(quoted.quote), method, decisions[0].payment, caller.actor, at: now, tx))
            } catch {
                indices.giveBack(quoted.taken)
                throw error
            }
        } else {
            try requireRate(for: terms, tx)
        }
        let root = try tx.lastRootName(of: caller.merchant.text)
        let context = CommitContext(cause: cause, now: world.now) {
            self.eventBody($1, $0, personal, root: root)
        }
        return Opening(
            id: id,
            reply: try answering.render(view(decisions[decisions.count - 1].payment, personal: personal)),
            commit: try PreparedCommit(
                decisions, personal: personal, after: .empty, salt: personal.salt, context),
            taken: taken)
    }

    /// Throws `rate_unavailable` where no way to pay has a price now: the customer could choose none, and the
    /// merchant would hear of it from there.
    private func requireRate(for terms: Terms, _ tx: Storage.Transaction) throws {
        var refusal: Refusal?
        for asset in Set(terms.methods.map(\.asset)).sorted() {
            do {
                _ = try rate(of: asset, for: terms, in: terms.price.currency, tx)
                return
            } catch let error as Refusal {
                refusal = refusal ?? error
            }
        }
        if let refusal { throw refusal }
    }

    /// Runs `body` again where another process has taken the index that this one picked, and where the next
    /// index has to be written down first: outside of any transaction, for nobody waits for that.
    func withFreshIndices(_ body: () async throws -> Reply) async throws -> Reply {
        var attempts = 1
        while true {
            do {
                return try await body()
            } catch let missing as IndexAllocator.Uncovered {
                // Not counted: each time somebody who waits gets one.
                try await cover(missing)
            } catch where (Store.isTaken(error) || error is WalletMoved) && attempts < Self.indexAttempts {
                attempts += 1
            }
        }
    }

    private static let indexAttempts = 8

    private func cover(_ missing: IndexAllocator.Uncovered) async throws {
        try Task.checkCancellation()
        do {
            try await indices.cover(missing, at: self.world.clock.uptime)
        } catch let error as FileError {
            world.log.error("no address can be issued \("reason", error.description)")
            throw error
        }
    }

    /// The wallet that a payment was worked out with takes no payments any more.
    private struct WalletMoved: Error {}

    /// Folds in the choice of a method: a new quote in it, or one that is still open.
    private func chosen(
        _ news: Fact.News, _ method: Domain.Method, _ payment: Payment, _ actor: Actor, at now: Instant,
        above floor: Int = 0, _ tx: Storage.Transaction
    ) throws -> Decision {
        var sources = try sources(of: payment, in: tx)
        sources[method.network] = try tx.source(of: method.network)?.source
        do throws(Objection) {
            return try payment.reduce(
                Fact(at: now, actor: actor, sources: sources, news: news, floor: floor))
        } catch {
            switch error {
            case .refusal(let refusal): throw refusal
            case .corruption(let reason): throw Corruption(reason)
            }
        }
    }

    /// Chooses a method of an open payment. A quote in it that still holds is given again; else it is a new
    /// one with a destination of its own, and the old ones stay watched.
    package func choose(
        _ method: Domain.Method, for id: ID<Payment>, by actor: Actor, of caller: Caller?, cause: String,
        _ answering: Answering<PaymentView>
    ) async throws -> Reply {
        let scope = caller
        let run: @Sendable (Work) throws -> PaymentView = { work in
            let payment = try self.payment(id, for: scope, work.tx)
            let now = try self.now(isTest: payment.terms.isTest, work.tx)
            guard payment.terms.methods.contains(method) else {
                throw Refusal(.methodNotOffered, "This payment cannot be made in \(method).")
            }
            let personal = try work.tx.personal(of: id)
            let open = payment.openQuote(in: method, at: now)
            if let open, open == payment.evidence.currentQuote, payment.assessment.isPayable {
                return self.view(payment, personal: personal)
            }
            let decision: Decision
            if let open {
                decision = try self.chosen(
                    .chosen(open.id), method, payment, actor, at: now, above: self.floor(work.tx), work.tx)
            } else {
                try payment.checkQuote(in: method, at: now)
                let quoted = try self.quote(payment.terms, method, at: now, until: nil, work.tx)
                work.takings.add(quoted.taken)
                try work.tx.take(index: quoted.taken.index, of: quoted.taken.fingerprint)
                decision = try self.chosen(
                    .quoted(quoted.quote), method, payment, actor, at: now, above: self.floor(work.tx),
                    work.tx)
            }
            try self.commit([decision], cause: cause, work)
            return self.view(decision.payment, personal: personal)
        }
        return try await withFreshIndices(on: id, for: scope) {
            guard let caller else { return try await self.write { try answering.render(try run($0)) } }
            return try await self.perform(caller, answering, run)
        }
    }

    /// A payment that this caller may see; a customer, who has the link, is nobody's caller.
    func payment(_ id: ID<Payment>, for caller: Caller?, _ tx: Storage.Transaction) throws -> Payment {
        do {
            guard let payment = try tx.payment(id, of: caller?.merchant),
                caller == nil || payment.terms.isTest == caller?.isTest
            else { throw CommandError.notFound("payment") }
            if try tx.isQuarantined(id) { throw CommandError.quarantined }
            return payment
        } catch let corruption as Corruption {
            throw try objection(to: corruption, of: id, for: caller, in: tx)
        }
    }

    /// The price in `method`, locked now, with a destination that nobody had before. Without `until` it is
    /// locked for as long as the policy says, but never beyond the terms. Throws `IndexAllocator.Uncovered`
    /// for `withFreshIndices`: no transaction waits for the index file.
    func quote(
        _ terms: Terms, _ method: Domain.Method, at now: Instant, until: Instant?, covers: Price? = nil,
        isTopUp: Bool = false, _ tx: Storage.Transaction
    ) throws -> (quote: Quote, taken: TakenIndex) {
        guard let entry = networks[method.network], let asset = networks.asset(method) else {
            throw Refusal(.unsupportedNetwork, "\(method) is not available here.")
        }
        // What is paid before the first look at a network is never found: its story begins at that look.
        guard try tx.source(of: method.network)?.height != nil else {
            throw Refusal(.networkUnavailable, "\(method.network) has not been heard yet. Try again later.")
        }
        guard let wallet = try tx.receivingWallet(of: terms.merchant, on: method.network) else {
            throw Refusal(.noWallet, "There is no wallet that receives on \(method.network).")
        }
        try mustBeRegistered(wallet, tx)
        let price = covers ?? terms.price
        let rate = try rate(of: method.asset, for: terms, in: price.currency, tx)
        let due = try rate.rate.amountDue(for: price, in: asset)
        let least = entry.chain.leastPayable(asset)
        guard due >= least else {
            let text = DecimalText.text(least, decimals: asset.decimals)
            throw Refusal(
                .amountTooSmall, "\(method.network) carries no payment below \(text) \(method.asset).")
        }
        let floor = try tx.issuedIndices(of: wallet.fingerprint)
        guard let index = try indices.take(wallet.fingerprint, floor: floor) else {
            throw Refusal(.noWallet, "The wallet on \(method.network) has no address left.")
        }
        let derived = try entry.chain.destination(of: WalletKey(wallet.key), at: index)
        let destination = Destination(
            id: world.id(), wallet: wallet.id, address: derived.address, script: derived.script,
            path: derived.path)
        let quote = Quote(
            id: world.id(), asset: asset, amountDue: due, covers: price, rate: rate.rate,
            sources: rate.sources,
            lockedAt: now,
            endsAt: until ?? min(now.adding(seconds: terms.policy.quoteSeconds), terms.expiresAt),
            destination: destination, isTopUp: isTopUp)
        return (quote, TakenIndex(wallet: wallet.id, fingerprint: wallet.fingerprint, index: index))
    }

    /// A key that stands in the database and was not signed by this instance could be anybody's: no money
    /// goes there.
    private func mustBeRegistered(_ wallet: StoredWallet, _ tx: Storage.Transaction) throws {
        if registered.withLock({ $0.contains(wallet) }) { return }
        guard try tx.isRegistered(wallet, in: keys.signing.publicKey) else {
            throw Corruption("\(wallet.id) is not a wallet that this instance has registered as it stands")
        }
        registered.withLock { known in
            if known.count >= EngineLimits.rememberedWallets { known.removeAll() }
            known.insert(wallet)
        }
    }

    /// What the merchant told of its customer, with a salt that makes its commitment unguessable.
    private func personal(of new: NewPayment) -> Personal {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("description", new.description)
            writer.member("success_url", new.successURL)
            writer.member("cancel_url", new.cancelURL)
            writer.object("metadata") { writer in
                for (key, value) in new.metadata { writer.member(key, value) }
            }
        }
        return Personal(salt: world.entropy.bytes(32), customer: new.customer, body: writer.bytes)
    }
}
