/// Money added up in base units under each quote. However an amount is split, its parts are worth what they
/// are worth together: only a sum is rounded, never a part.
struct Tally {
    /// Of each quote; a payment has a few.
    private var totals: [(quote: Quote, units: UInt128)] = []

    init() {}

    init(_ counted: some Sequence<Judge.Counted>) {
        for item in counted { add(item.units, under: item.quote) }
    }

    /// What arrived, whether or not some of it has gone back.
    init(whole counted: some Sequence<Judge.Counted>) {
        for item in counted { add(item.transfer.amount ?? 0, under: item.quote) }
    }

    mutating func add(_ units: UInt128, under quote: Quote) {
        if let place = totals.firstIndex(where: { $0.quote.id == quote.id }) {
            totals[place].units = totals[place].units.addingSaturating(units)
        } else {
            totals.append((quote, units))
        }
    }

    /// Each quote's sum is rounded down. Over several the largest whole value is taken that the exact sum
    /// may have, so that what was rounded off a part of the price is missing to nobody.
    var worth: Worth {
        if totals.count == 1 { return totals[0].quote.worth(of: totals[0].units) }
        var sum = Worth.zero
        var rounded: UInt128 = 0
        for (quote, units) in totals {
            sum = sum + quote.worth(of: units)
            if !quote.isExact(units) { rounded += 1 }
        }
        return sum + Worth(picos: rounded.minus(1))
    }

    /// The fewest base units under `quote` that bring the sum to `price`.
    func units(missingTo price: Worth, under quote: Quote) -> UInt128 {
        var others = self
        let place = others.totals.firstIndex { $0.quote.id == quote.id }
        let units = place.map { others.totals.remove(at: $0).units } ?? 0
        let missing = price - others.worth
        let fewest = missing.unitsCovering(where: quote.amountDue, pays: quote.covers).minus(units)
        guard fewest > 0, !others.totals.isEmpty else { return fewest }
        // What the sum may miss over several quotes may be just what the last unit is for.
        var less = self
        less.add(fewest - 1, under: quote)
        return less.worth >= price ? fewest - 1 : fewest
    }

    /// All of it in base units of `quote`: as it came where it came to that quote alone, else at its worth,
    /// rounded up.
    func units(in quote: Quote) -> UInt128 {
        if totals.count == 1, totals[0].quote.id == quote.id { return totals[0].units }
        return worth.unitsCovering(where: quote.amountDue, pays: quote.covers)
    }
}

extension Quote {
    /// Whether `amount` base units are worth a whole number of 10⁻¹² minor units.
    fileprivate func isExact(_ amount: UInt128) -> Bool {
        let product = Worth(covers).picos.multipliedFullWidth(by: amount)
        guard product.high < amountDue else { return true }
        if product.high == 0 { return product.low.isMultiple(of: amountDue) }
        return amountDue.dividingFullWidth(product).remainder == 0
    }
}
