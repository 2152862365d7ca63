package import Domain
import JSON
import Storage

/// What a checkout page is made of: the payment as it stands, and what the merchant tells its customer of the
/// order.
package struct CheckoutView: Sendable {
    package let payment: PaymentView
    /// The merchant's name.
    package let merchant: String
    package let description: String?
    /// Where the merchant wants the customer to go on, as it was given.
    package let successURL: String?
    package let cancelURL: String?
    /// The time that counts for the payment.
    package let now: Instant
    /// Whoever has the page may put the sandbox's clock forward.
    package let mayMoveClock: Bool
    /// The network that is to be paid on can be heard.
    package let isHeard: Bool
    /// The ways to pay that cannot be chosen now, because nobody knows what they cost.
    package let unpriced: Set<Domain.Method>

    package init(
        payment: PaymentView, merchant: String, description: String?, successURL: String?,
        cancelURL: String?, now: Instant, mayMoveClock: Bool = false, isHeard: Bool = true,
        unpriced: Set<Domain.Method> = []
    ) {
        self.payment = payment
        self.merchant = merchant
        self.description = description
        self.successURL = successURL
        self.cancelURL = cancelURL
        self.now = now
        self.mayMoveClock = mayMoveClock
        self.isHeard = isHeard
        self.unpriced = unpriced
    }
}

extension Gateway {
    /// What the customer's page shows; nil for a token that is none.
    package func checkoutView(_ token: CheckoutToken) async throws -> CheckoutView? {
        try await store.read { tx -> CheckoutView? in
            guard let payment = try tx.payment(token.payment),
                let personal = try tx.personal(of: token.payment),
                token.isValid(salt: personal.salt), let merchant = try tx.merchant(payment.terms.merchant)
            else { return nil }
            let network = payment.evidence.currentQuote?.method.network
            let told = try JSON.parse(personal.body)
            let now = self.now(isTest: payment.terms.isTest)
            return CheckoutView(
                payment: try self.view(payment, in: tx),
                merchant: merchant.name,
                description: told["description"]?.asString, successURL: told["success_url"]?.asString,
                cancelURL: told["cancel_url"]?.asString, now: now,
                mayMoveClock: self.settings.pagesMoveSandboxClock,
                isHeard: try network.flatMap { try tx.source(of: $0)?.isHealthy } ?? true,
                unpriced: try self.unpriced(payment, at: now, tx))
        }
    }

    /// The ways to pay which the rules would take, and which have no price now: no current rate, or one that
    /// cannot be read. A quote that still holds needs none.
    private func unpriced(
        _ payment: Payment, at now: Instant, _ tx: Storage.Transaction
    ) throws -> Set<Domain.Method> {
        let open = payment.terms.methods.filter {
            payment.takesChoice(of: $0, at: now) && payment.openQuote(in: $0, at: now) == nil
        }
        return Set(
            try open.filter { method in
                do {
                    _ = try rate(of: method.asset, for: payment.terms, in: payment.terms.price.currency, tx)
                    return false
                } catch where error is Refusal || error is Corruption || Store.isAboutRows(error) {
                    return true
                }
            })
    }
}
