/// What one merchant order has to be paid, frozen when the payment is opened.
package struct Terms: Hashable, Sendable {
    package var merchant: ID<Merchant> { parts.value.merchant }
    /// The merchant's own name for the order.
    package var orderID: String { parts.value.orderID }
    package var price: Price { parts.value.price }
    /// What the customer may choose from, in the merchant's order.
    package var methods: [Method] { parts.value.methods }
    package var policy: Policy { parts.value.policy }
    package var risk: Policy.Risk { parts.value.risk }
    package var openedAt: Instant { parts.value.openedAt }
    /// When a payment without a quote ends.
    package var expiresAt: Instant { parts.value.expiresAt }
    /// Sandbox or test networks only; fixed by the key that opened it.
    package var isTest: Bool { parts.value.isTest }
    /// Binds the personal fields (customer, metadata, description), whose bytes live outside the log and can
    /// be erased: SHA-256 over a salt and them.
    package var personal: Commitment { parts.value.personal }

    /// D: what is enough of the price, the tolerance waived. Never nothing: an order below the tolerance is
    /// not given away.
    package let enough: Worth

    /// All of it.
    private struct Parts: Hashable, Sendable {
        let merchant: ID<Merchant>
        let orderID: String
        let price: Price
        let methods: [Method]
        let policy: Policy
        let risk: Policy.Risk
        let openedAt: Instant
        let expiresAt: Instant
        let isTest: Bool
        let personal: Commitment
    }

    private let parts: Shared<Parts>

    package init(
        merchant: ID<Merchant>, orderID: String, price: Price, methods: [Method], policy: Policy,
        risk: Policy.Risk,
        openedAt: Instant, expiresAt: Instant, isTest: Bool, personal: Commitment
    ) {
        parts = Shared(
            Parts(
                merchant: merchant, orderID: orderID, price: price, methods: methods, policy: policy,
                risk: risk, openedAt: openedAt, expiresAt: expiresAt, isTest: isTest, personal: personal))
        enough = max(Worth(price) - policy.underTolerance.waived(on: price), Worth(picos: 1))
    }
}

/// Thirty-two bytes that bind something without showing it.
package struct Commitment: Hashable, Sendable {
    package let bytes: [UInt8]

    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }
}
