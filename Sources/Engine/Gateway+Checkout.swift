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

    package init(
        payment: PaymentView, merchant: String, description: String?, successURL: String?,
        cancelURL: String?, now: Instant, mayMoveClock: Bool = false, isHeard: Bool = true
    ) {
        self.payment = payment
        self.merchant = merchant
        self.description = description
        self.successURL = successURL
        self.cancelURL = cancelURL
        self.now = now
        self.mayMoveClock = mayMoveClock
        self.isHeard = isHeard
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
            return CheckoutView(
                payment: try self.view(payment, in: tx),
                merchant: merchant.name,
                description: told["description"]?.asString, successURL: told["success_url"]?.asString,
                cancelURL: told["cancel_url"]?.asString, now: self.now(isTest: payment.terms.isTest),
                mayMoveClock: self.settings.pagesMoveSandboxClock,
                isHeard: try network.flatMap { try tx.source(of: $0)?.isHealthy } ?? true)
        }
    }
}
