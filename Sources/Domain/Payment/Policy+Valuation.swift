extension Policy {
    /// How the amounts of a payment's frozen policy became minor units of its price.
    package enum Valuation: Hashable, Sendable {
        /// They were stated in them.
        case stated
        /// They were stated in another currency, and converted when the payment was opened.
        case converted(Conversion)
        /// Nobody knew what they are in the price's currency: each is read as strictly as it can be.
        case strictest
    }

    /// From one currency to another, by what one asset cost in both at the same time.
    package struct Conversion: Hashable, Sendable {
        package let from: Currency
        package let asset: AssetCode
        /// What one whole of the asset cost in the price's currency, and in `from`.
        package let priceRate: Rate
        package let policyRate: Rate

        package init(from: Currency, asset: AssetCode, priceRate: Rate, policyRate: Rate) {
            self.from = from
            self.asset = asset
            self.priceRate = priceRate
            self.policyRate = policyRate
        }
    }

    /// The same policy for a payment in `currency`: its amounts in that currency's minor units, rounded down.
    ///
    /// Without a conversion, or where it is out of all proportion, each amount is read as strictly as it can
    /// be: the last tier of each rule, nothing waived, no dust, and where there is a limit above which a
    /// person must release, it is zero. Order limits in another currency limit nothing then, as always.
    package func valued(in currency: Currency, by conversion: Conversion?) -> Policy {
        var policy = self
        policy.currency = currency.code
        guard let conversion, let factor = Factor(conversion, to: currency) else {
            policy.valuation = .strictest
            policy.change { _ in 0 }
            for rule in policy.confirmations.indices {
                policy.confirmations[rule].tiers = Array(policy.confirmations[rule].tiers.suffix(1))
            }
            return policy
        }
        policy.valuation = .converted(conversion)
        policy.change(factor.convert)
        for index in policy.limits.indices where policy.limits[index].currency == conversion.from.code {
            policy.limits[index].currency = currency.code
            policy.limits[index].minimumMinor = policy.limits[index].minimumMinor.map(factor.convert)
            policy.limits[index].maximumMinor = policy.limits[index].maximumMinor.map(factor.convert)
        }
        return policy
    }

    /// Every amount that is compared with the payment's own money.
    private mutating func change(_ convert: (UInt128) -> UInt128) {
        underTolerance.capMinor = underTolerance.capMinor.map(convert)
        overTolerance.capMinor = overTolerance.capMinor.map(convert)
        dustMinor = convert(dustMinor)
        reviewAboveMinor = reviewAboveMinor.map(convert)
        for rule in confirmations.indices {
            for tier in confirmations[rule].tiers.indices {
                confirmations[rule].tiers[tier].upToMinor =
                    confirmations[rule].tiers[tier].upToMinor.map(convert)
            }
        }
    }

    /// What one minor unit becomes, as a fraction.
    private struct Factor {
        private let numerator: UInt128
        private let denominator: UInt128

        /// Nil where the fraction does not fit 128 bits.
        init?(_ conversion: Conversion, to currency: Currency) {
            let up = Int(currency.exponent) + Int(conversion.policyRate.scale)
            let down = Int(conversion.from.exponent) + Int(conversion.priceRate.scale)
            let above = conversion.priceRate.mantissa.multipliedReportingOverflow(
                by: .power10(UInt8(max(0, up - down))))
            let below = conversion.policyRate.mantissa.multipliedReportingOverflow(
                by: .power10(UInt8(max(0, down - up))))
            guard !above.overflow, !below.overflow else { return nil }
            numerator = above.partialValue
            denominator = below.partialValue
        }

        func convert(_ minor: UInt128) -> UInt128 { minor.scaled(by: numerator, over: denominator) }
    }
}
