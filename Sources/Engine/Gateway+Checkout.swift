import Chains
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
    /// The ways to pay that are closed for other reasons, which are the shop's affair.
    package let closed: Set<Domain.Method>
    /// What the whole price comes to in the ways that can be chosen, as it would be locked now: decimal text
    /// in whole units of their assets.
    package let due: [Domain.Method: String]

    package init(
        payment: PaymentView, merchant: String, description: String?, successURL: String?,
        cancelURL: String?, now: Instant, mayMoveClock: Bool = false, isHeard: Bool = true,
        unpriced: Set<Domain.Method> = [], closed: Set<Domain.Method> = [], due: [Domain.Method: String] = [:]
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
        self.closed = closed
        self.due = due
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
            let closed = try self.closed(payment, tx)
            let prices = try self.prices(of: payment, but: closed, at: now, tx)
            return CheckoutView(
                payment: try self.view(payment, in: tx),
                merchant: merchant.name,
                description: told["description"]?.asString, successURL: told["success_url"]?.asString,
                cancelURL: told["cancel_url"]?.asString, now: now,
                mayMoveClock: self.settings.pagesMoveSandboxClock,
                isHeard: try network.flatMap { try tx.source(of: $0)?.isHealthy } ?? true,
                unpriced: prices.without, closed: closed.union(prices.tooSmall), due: prices.due)
        }
    }

    /// The ways to pay that nothing can be received in now: there is no wallet for them any more, or their
    /// network was never heard. An address that was given out is watched all the same.
    private func closed(_ payment: Payment, _ tx: Storage.Transaction) throws -> Set<Domain.Method> {
        let networks = Set(payment.terms.methods.map(\.network))
        let open = try networks.filter { network in
            try tx.source(of: network)?.height != nil
                && tx.receivingWallet(of: payment.terms.merchant, on: network) != nil
        }
        return Set(payment.terms.methods.filter { !open.contains($0.network) })
    }

    /// What the ways to pay cost now which the rules would take, and those of them that have no price: no
    /// current rate, or one that cannot be read. A quote that still holds needs none. Nothing is reserved.
    private func prices(
        of payment: Payment, but closed: Set<Domain.Method>, at now: Instant, _ tx: Storage.Transaction
    ) throws -> Prices {
        var prices = Prices()
        let price = payment.terms.price
        for method in payment.terms.methods where payment.takesChoice(of: method, at: now) {
            if let quote = payment.openQuote(in: method, at: now) {
                prices.due[method] = DecimalText.text(quote.amountDue, decimals: quote.asset.decimals)
                continue
            }
            guard !closed.contains(method) else { continue }
            do {
                let rate = try rate(of: method.asset, for: payment.terms, in: price.currency, tx).rate
                guard let asset = networks.asset(method),
                    let units = try? rate.amountDue(for: price, in: asset)
                else { continue }
                if let chain = networks[method.network]?.chain, units < chain.leastPayable(asset) {
                    prices.tooSmall.insert(method)
                } else {
                    prices.due[method] = DecimalText.text(units, decimals: asset.decimals)
                }
            } catch where error is Refusal || error is Corruption || Store.isAboutRows(error) {
                prices.without.insert(method)
            }
        }
        return prices
    }

    /// What the ways to pay come to.
    private struct Prices {
        var due: [Domain.Method: String] = [:]
        /// Nobody knows what they cost.
        var without: Set<Domain.Method> = []
        /// Their network carries no amount as small.
        var tooSmall: Set<Domain.Method> = []
    }
}
