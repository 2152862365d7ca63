/// An exact decimal: what one whole asset costs in whole currency. 65000.25 is 6500025 at scale 2.
package struct Rate: Hashable, Sendable {
    package let mantissa: UInt128
    package let scale: UInt8

    /// Digits after the point that a rate may have.
    package static let largestScale: UInt8 = 18

    /// Reads decimal text. Throws `invalid_amount` for zero or another form, `amount_too_precise`,
    /// `amount_too_large`.
    package init(parsing text: String) throws(Refusal) {
        let fraction = try DecimalText.parts(text).fraction
        guard fraction.count <= Int(Self.largestScale) else {
            throw Refusal(.amountTooPrecise, "A rate has at most \(Self.largestScale) decimals.")
        }
        let mantissa = try DecimalText.units(text, decimals: UInt8(fraction.count))
        guard mantissa > 0 else { throw Refusal(.invalidAmount, "A rate must be more than zero.") }
        self.mantissa = mantissa
        scale = UInt8(fraction.count)
    }

    /// One for one: the price is counted in the asset itself.
    package static let one = Rate(mantissa: 1, scale: 0)

    package init(mantissa: UInt128, scale: UInt8) {
        precondition(mantissa > 0 && scale <= Self.largestScale,
            "a rate is positive and has at most 18 decimals")
        self.mantissa = mantissa
        self.scale = scale
    }

    package var text: String { DecimalText.text(mantissa, decimals: scale) }

    /// Base units of `asset` that pay `price` at this rate, rounded **up** to the asset's payable decimals.
    ///
    /// Throws `amount_too_large` from `Transfer.amountLimit` on: no transfer of so much counts.
    package func amountDue(for price: Price, in asset: Asset) throws(Refusal) -> UInt128 {
        let tooLarge = Refusal(.amountTooLarge, "The amount is too large for \(asset.method.asset).")
        let numerator = price.minor.multipliedFullWidth(by: .power10(asset.decimals + scale))
        let minorUnits = UInt128.power10(price.currency.exponent)
        let (denominator, overflow) = mantissa.multipliedReportingOverflow(by: minorUnits)
        guard !overflow, numerator.high < denominator else { throw tooLarge }
        let (quotient, remainder) = denominator.dividingFullWidth(numerator)
        let step = UInt128.power10(asset.decimals - asset.payableDecimals)
        guard quotient < Transfer.amountLimit else { throw tooLarge }
        let up = remainder > 0 ? quotient + 1 : quotient
        let steps = up / step + (up % step > 0 ? 1 : 0)
        let (due, over) = steps.multipliedReportingOverflow(by: step)
        guard !over, due < Transfer.amountLimit else { throw tooLarge }
        return due
    }
}

extension UInt128 {
    /// 10 to the power of `exponent`, which is at most 38.
    package static func power10(_ exponent: UInt8) -> UInt128 {
        precondition(exponent <= 38, "10 to the power of \(exponent) does not fit 128 bits")
        return (0..<exponent).reduce(UInt128(1)) { power, _ in power * 10 }
    }

    /// self × factor ÷ divisor in full width, rounded down; the largest value when it does not fit.
    package func scaled(by factor: UInt128, over divisor: UInt128) -> UInt128 {
        let product = multipliedFullWidth(by: factor)
        guard product.high < divisor else { return .max }
        if product.high == 0 { return product.low / divisor }
        return divisor.dividingFullWidth(product).quotient
    }

    /// The sum, or the largest value when it does not fit.
    package func addingSaturating(_ other: UInt128) -> UInt128 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// The difference, or zero.
    package func minus(_ other: UInt128) -> UInt128 { self > other ? self - other : 0 }
}
