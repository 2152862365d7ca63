import Crypto
package import Domain
import Platform

/// Names a payment's checkout page: the payment, and a code that nobody can guess. Erasing the personal salt
/// ends it.
package struct CheckoutToken: Hashable, Sendable {
    package let payment: ID<Payment>
    private let code: String

    private static let codeBytes = 16

    package init(_ payment: ID<Payment>, salt: [UInt8]) {
        self.payment = payment
        let mac = HMAC<SHA256>.code(Array("checkout \(payment.text)".utf8), key: salt)
        code = Hex.encode(mac.prefix(Self.codeBytes))
    }

    /// The form of a token; whether the code is right, `isValid` says.
    package init?(parsing text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let payment = ID<Payment>(parsing: Payment.prefix + parts[0]),
            parts[0].utf8.count == 26,
            parts[1].utf8.count == Self.codeBytes * 2
        else { return nil }
        self.payment = payment
        code = String(parts[1])
    }

    package var text: String { "\(payment.text.dropFirst(Payment.prefix.count))-\(code)" }

    /// Whether it is the one that goes with the payment's salt; compared in constant time.
    package func isValid(salt: [UInt8]) -> Bool {
        constantTimeEquals(Array(code.utf8), Array(CheckoutToken(payment, salt: salt).code.utf8))
    }
}
