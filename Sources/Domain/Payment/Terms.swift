/// What one merchant order has to be paid, frozen when the payment is opened.
package struct Terms: Hashable, Sendable {
    package let merchant: ID<Merchant>
    /// The merchant's own name for the order.
    package let orderID: String
    package let price: Price
    /// What the customer may choose from, in the merchant's order.
    package let methods: [Method]
    package let policy: Policy
    package let risk: Policy.Risk
    package let openedAt: Instant
    /// When a payment without a quote ends.
    package let expiresAt: Instant
    /// Sandbox or test networks only; fixed by the key that opened it.
    package let isTest: Bool
    /// Binds the personal fields (customer, metadata, description), whose bytes live outside the log and can
    /// be erased: SHA-256 over a salt and them.
    package let personal: Commitment

    package init(
        merchant: ID<Merchant>, orderID: String, price: Price, methods: [Method], policy: Policy,
        risk: Policy.Risk,
        openedAt: Instant, expiresAt: Instant, isTest: Bool, personal: Commitment
    ) {
        self.merchant = merchant
        self.orderID = orderID
        self.price = price
        self.methods = methods
        self.policy = policy
        self.risk = risk
        self.openedAt = openedAt
        self.expiresAt = expiresAt
        self.isTest = isTest
        self.personal = personal
    }

    /// D: what is enough of the price, the tolerance waived. Never nothing: an order below the tolerance is
    /// not given away.
    package var enough: Worth {
        max(Worth(price) - policy.underTolerance.waived(on: price), Worth(picos: 1))
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
