/// What a price is counted in: a fiat currency with its ISO 4217 exponent, or an asset with its decimals.
package struct Currency: Hashable, Sendable {
    /// `EUR`, `JPY`, `BTC`.
    package let code: String
    /// Minor units in one whole: 10 to the power of this (0 for JPY, 3 for KWD, 8 for BTC). At most 18.
    package let exponent: UInt8

    package init(code: String, exponent: UInt8) {
        precondition(exponent <= 18, "a currency has at most 18 decimals")
        self.code = code
        self.exponent = exponent
    }
}

/// What one order costs, in minor units of its currency. Never zero, never above `Price.largest`.
package struct Price: Hashable, Sendable {
    package let minor: UInt128
    package let currency: Currency

    /// 10²⁴ minor units: its worth at 10⁻¹² fits 128 bits, and no honest order comes near it.
    package static let largest: UInt128 = 1_000_000_000_000_000_000_000_000

    /// Throws `invalid_amount` for zero and `amount_too_large` above the limit.
    package init(minor: UInt128, currency: Currency) throws(Refusal) {
        guard minor > 0 else { throw Refusal(.invalidAmount, "The amount must be more than zero.") }
        guard minor <= Self.largest else { throw Refusal(.amountTooLarge, "The amount is too large.") }
        self.minor = minor
        self.currency = currency
    }

    /// Reads wire text such as `19.99`: see `DecimalText.units`.
    package init(parsing text: String, currency: Currency) throws(Refusal) {
        try self.init(minor: DecimalText.units(text, decimals: currency.exponent), currency: currency)
    }
}

/// Decimal text of amounts on the wire: digits, perhaps a point and digits. No sign, exponent, space or
/// leading zero.
package enum DecimalText {
    /// Base units of `text` at `decimals`.
    ///
    /// Throws `invalid_amount` for another form, `amount_too_precise` for more decimals than the asset has
    /// (zeros too: text has one meaning), `amount_too_large` above 2¹²⁷.
    package static func units(_ text: String, decimals: UInt8) throws(Refusal) -> UInt128 {
        let (whole, fraction) = try parts(text)
        guard fraction.count <= Int(decimals) else {
            throw Refusal(.amountTooPrecise, "The amount has more than \(decimals) decimals.")
        }
        var units: UInt128 = 0
        let zeros = repeatElement(UInt8(0x30), count: Int(decimals) - fraction.count)
        for digit in [whole, fraction, ArraySlice(zeros)].joined() {
            let (tens, over) = units.multipliedReportingOverflow(by: 10)
            let (sum, more) = tens.addingReportingOverflow(UInt128(digit - 0x30))
            guard !over, !more, sum <= UInt128(1) << 127 else {
                throw Refusal(.amountTooLarge, "The amount is too large.")
            }
            units = sum
        }
        return units
    }

    /// The digits before and after the point.
    static func parts(
        _ text: String
    ) throws(Refusal) -> (whole: ArraySlice<UInt8>, fraction: ArraySlice<UInt8>) {
        let bytes = Array(text.utf8)
        let point = bytes.firstIndex(of: 0x2e)
        let whole = bytes[..<(point ?? bytes.endIndex)]
        let fraction = point.map { bytes[($0 + 1)...] } ?? []
        let digits: ClosedRange<UInt8> = 0x30...0x39
        guard !whole.isEmpty, whole.allSatisfy(digits.contains), fraction.allSatisfy(digits.contains),
            whole.count == 1 || whole.first != 0x30, point == nil || !fraction.isEmpty, bytes.count <= 64
        else { throw Refusal(.invalidAmount, "The amount must be a decimal number such as \"19.99\".") }
        return (whole, fraction)
    }

    /// Text of `units` at `decimals` with `atLeast` decimals kept: `1.50`.
    package static func text(_ units: UInt128, decimals: UInt8, atLeast: UInt8 = 0) -> String {
        let digits = String(units)
        let padded = String(repeating: "0", count: max(0, Int(decimals) + 1 - digits.count)) + digits
        let whole = padded.dropLast(Int(decimals))
        var fraction = padded.suffix(Int(decimals))
        while fraction.count > Int(atLeast), fraction.last == "0" { fraction.removeLast() }
        return fraction.isEmpty ? String(whole) : "\(whole).\(fraction)"
    }
}
