import Crypto
package import Domain
import Platform
import Storage

/// What a person decides on an exception.
package struct NewRuling: Hashable, Sendable {
    package var action: Exception.Action
    /// Why; required.
    package var reason: String
    /// For a granted top-up: how long the customer may pay, and in which method; the current one by default.
    package var seconds: Int64?
    package var method: Domain.Method?

    package init(action: Exception.Action, reason: String) {
        self.action = action
        self.reason = reason
    }
}

extension Gateway {
    /// Calls a payment off while nothing is live.
    package func cancel(
        _ id: ID<Payment>, by caller: Caller, cause: String, _ answering: Answering<PaymentView>
    ) async throws -> Reply {
        let isSo: @Sendable (Payment) -> Bool = { $0.state == .failed }
        return try await change(
            id, caller, cause, answering, trying: { isSo($0) ? .looked : .ruled(.cancel, reason: nil) }
        ) { payment, _ in
            isSo(payment) ? nil : .ruled(.cancel, reason: nil)
        }
    }

    /// Claims the fulfilment of a payment under the merchant's own name for the action.
    package func claimFulfilment(
        of id: ID<Payment>, action: String, by caller: Caller, cause: String,
        _ answering: Answering<PaymentView>
    ) async throws -> Reply {
        let news = Fact.News.fulfilmentClaimed(action: action)
        return try await change(id, caller, cause, answering, trying: { _ in news }) { _, _ in news }
    }

    /// Takes the merchant's report that it has delivered.
    package func reportFulfilment(
        of id: ID<Payment>, action: String, by caller: Caller, cause: String,
        _ answering: Answering<PaymentView>
    ) async throws -> Reply {
        let news = Fact.News.fulfilmentReported(action: action)
        return try await change(id, caller, cause, answering, trying: { _ in news }) { _, _ in news }
    }

    /// Accepts a payment by hand: short, late, or paid in a way that the gateway cannot see.
    package func accept(
        _ id: ID<Payment>, reason: String, by caller: Caller, cause: String,
        _ answering: Answering<PaymentView>
    ) async throws -> Reply {
        try await change(
            id, caller, cause, answering, trying: { _ in .ruled(.accept(nil), reason: nil) }
        ) { payment, work in
            .ruled(.accept(nil), reason: try self.note(reason, for: payment, work))
        }
    }

    /// Settles an exception.
    package func rule(
        _ exception: ID<Exception>, _ ruling: NewRuling, by caller: Caller, cause: String,
        _ answering: Answering<PaymentView>
    ) async throws -> Reply {
        guard let id = try await store.read({ try $0.paymentID(of: exception) }) else {
            throw CommandError.notFound("exception")
        }
        do {
            return try await withFreshIndices {
                try await self.change(
                    id, caller, cause, answering,
                    trying: { payment in
                        let open = try ruling.subject(exception, of: payment)
                        return Self.verdict(ruling.action, on: open).map { .ruled($0, reason: nil) }
                    }
                ) { payment, work in
                    let open = try ruling.subject(exception, of: payment)
                    let verdict =
                        try Self.verdict(ruling.action, on: open)
                        ?? self.topUp(ruling, on: open, of: payment, work)
                    return .ruled(verdict, reason: try self.note(ruling.reason, for: payment, work))
                }
            }
        } catch CommandError.notFound {
            // Whose payment it is, is nobody else's business.
            throw CommandError.notFound("exception")
        }
    }

    /// What a person decides, where that says it all; nil where a quote belongs to it.
    private static func verdict(_ action: Exception.Action, on exception: Exception) -> Ruling.Verdict? {
        switch action {
        case .accept: .accept(exception.id)
        case .reject: .reject(exception.id)
        case .keep: .keep(exception.id)
        case .release: .release(exception.id)
        case .dismiss: .dismiss(exception.id)
        case .grantTopUp: nil
        }
    }

    private func topUp(
        _ ruling: NewRuling, on exception: Exception, of payment: Payment, _ work: Work
    ) throws -> Ruling.Verdict {
        let now = try now(isTest: payment.terms.isTest, work.tx)
        guard let method = ruling.method ?? payment.evidence.currentQuote?.method else {
            throw Refusal(.notAllowedInState, "Only an underpaid payment can be topped up.")
        }
        try payment.checkTopUp(in: method)
        let missing = payment.assessment.missing
        let minor = missing.minor + (Worth(minor: missing.minor) < missing ? 1 : 0)
        let price = try Price(minor: minor, currency: payment.terms.price.currency)
        let seconds = ruling.seconds ?? payment.terms.policy.quoteSeconds
        let quoted = try quote(
            payment.terms, method, at: now, until: now.adding(seconds: seconds),
            covers: price, isTopUp: true, work.tx)
        work.takings.add(quoted.taken)
        try work.tx.take(index: quoted.taken.index, of: quoted.taken.fingerprint)
        return .grantTopUp(exception.id, quoted.quote)
    }

    /// Keeps what a person wrote beside the log, and gives what binds it.
    private func note(_ text: String, for payment: Payment, _ work: Work) throws -> Commitment? {
        let salt = world.entropy.bytes(32)
        try work.tx.insertNote(
            of: payment.id, ruling: payment.evidence.rulings.count + 1, salt: salt, text: text)
        return Commitment(HMAC<SHA256>.code(Array(text.utf8), key: salt))
    }

    /// Folds one fact of a merchant into its payment. A nil fact means that it is already so.
    ///
    /// - Parameter trial: the same without what has to be written with it; nil where that cannot be said.
    private func change(
        _ id: ID<Payment>, _ caller: Caller, _ cause: String, _ answering: Answering<PaymentView>,
        trying trial: @escaping @Sendable (Payment) throws -> Fact.News?,
        _ news: @escaping @Sendable (Payment, Work) throws -> Fact.News?
    ) async throws -> Reply {
        if let reply = try await foregone(id, caller, answering, trial) {
            if answering.key == nil || reply.isReplayed { return reply }
            let keeping = Answering<Reply>(key: answering.key) { $0 }
            return try await perform(caller, keeping) { _ in reply }
        }
        let broken = Lock<String?>(nil)
        return try await settingAside(id, for: caller, because: { broken.withLock { $0 } }) {
            try await self.perform(caller, answering) { work in
                let payment = try self.payment(id, for: caller, work.tx)
                let now = try self.now(isTest: payment.terms.isTest, work.tx)
                let personal = try work.tx.personal(of: id)
                guard let news = try news(payment, work) else {
                    return self.view(payment, personal: personal)
                }
                let fact = Fact(
                    at: now, actor: caller.actor, sources: try self.sources(of: payment, in: work.tx),
                    news: news)
                do {
                    let decision = try self.fold(fact, into: id, known: payment, cause: cause, work)
                    return self.view(decision?.payment ?? payment, personal: personal)
                } catch Objection.refusal(let refusal) {
                    throw refusal
                } catch Objection.corruption(let reason) {
                    broken.withLock { $0 = reason }
                    throw Corruption(reason)
                } catch let corruption as Corruption {
                    broken.withLock { $0 = corruption.description }
                    throw corruption
                }
            }
        }
    }

    /// What a command is answered that changes nothing; a refusal is thrown. Nil where it is to be written.
    ///
    /// Found by reading alone: however often somebody says what is so already, or is not allowed, nobody
    /// waits for it in the one writer.
    private func foregone(
        _ id: ID<Payment>, _ caller: Caller, _ answering: Answering<PaymentView>,
        _ trial: @escaping @Sendable (Payment) throws -> Fact.News?
    ) async throws -> Reply? {
        try await store.read { tx in
            if let kept = try self.kept(caller, answering.key, tx) { return kept }
            do {
                let payment = try self.payment(id, for: caller, tx)
                guard let news = try trial(payment) else { return nil }
                let fact = Fact(
                    at: try self.now(isTest: payment.terms.isTest, tx), actor: caller.actor,
                    sources: try self.sources(of: payment, in: tx), news: news)
                let decision = try payment.reduce(fact)
                guard decision.isSilent else { return nil }
                return try answering.render(
                    self.view(decision.payment, personal: try tx.personal(of: id)))
            } catch Objection.refusal(let refusal) {
                throw refusal
            } catch where error is Objection || error is Corruption || Store.isAboutRows(error) {
                // Whoever writes sets it aside.
                return nil
            }
        }
    }
}

extension NewRuling {
    /// The exception that it is about. Throws a refusal where it is not open, or this does not settle it.
    fileprivate func subject(_ id: ID<Exception>, of payment: Payment) throws(Refusal) -> Exception {
        guard let open = payment.exception(id), open.isOpen else {
            throw Refusal(.exceptionNotOpen, "This exception is not open.")
        }
        guard open.actions.contains(action) else {
            throw Refusal(
                .actionNotSuggested, "\(action.rawValue) does not settle \(open.kind.rawValue).")
        }
        return open
    }
}
