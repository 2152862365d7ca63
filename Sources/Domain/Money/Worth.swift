/// What something received is worth in the payment's price: 10⁻¹² of the price's minor unit.
///
/// Exactly the amount due of a quote is worth exactly the price, whatever was rounded on the way. Sums stay
/// at the largest value instead of overflowing: an absurd transfer is worth "far too much", never a trap.
package struct Worth: Hashable, Comparable, Sendable {
    package let picos: UInt128

    package static let zero = Worth(picos: 0)
    static let perMinor: UInt128 = 1_000_000_000_000
    /// Decimals that this has beyond those of the currency.
    package static let decimals: UInt8 = 12

    package init(picos: UInt128) { self.picos = picos }

    /// The worth of so many minor units.
    package init(minor: UInt128) { picos = minor.scaled(by: Self.perMinor, over: 1) }

    package init(_ price: Price) { picos = price.minor * Self.perMinor }

    /// The worth of `amount` base units where `due` of them pay `price`, rounded down.
    package init(of amount: UInt128, where due: UInt128, pays price: Price) {
        picos = Worth(price).picos.scaled(by: amount, over: due)
    }

    /// Whole minor units, rounded down.
    package var minor: UInt128 { picos / Self.perMinor }

    /// Base units that are worth this, rounded down, where `due` of them pay `price`.
    package func units(where due: UInt128, pays price: Price) -> UInt128 {
        picos.scaled(by: due, over: Worth(price).picos)
    }

    /// Base units that cover this, rounded up, where `due` of them pay `price`.
    package func unitsCovering(where due: UInt128, pays price: Price) -> UInt128 {
        let units = units(where: due, pays: price)
        return Worth(of: units, where: due, pays: price) < self ? units.addingSaturating(1) : units
    }

    package static func < (left: Self, right: Self) -> Bool { left.picos < right.picos }
    package static func + (left: Self, right: Self) -> Self {
        Worth(picos: left.picos.addingSaturating(right.picos))
    }
    /// The difference, or zero.
    package static func - (left: Self, right: Self) -> Self { Worth(picos: left.picos.minus(right.picos)) }
}
