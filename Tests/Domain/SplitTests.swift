import Domain
import Testing

/// However the exact amount is split, it is exactly the price; and what people are shown is what came.
@Suite struct SplitTests {
    /// A price of `minor`, quoted as `due` units.
    private func story(minor: UInt128, due: UInt128) throws -> Story {
        let price = Sample.price(minor)
        var story = Story(Policy(), price: price)
        try story.tell(.quoted(Sample.quote(due: due, covers: price)))
        return story
    }

    /// `count` parts of `whole`, none of them nothing.
    private func parts(of whole: UInt128, count: Int, _ dice: inout Dice) -> [UInt128] {
        var rest = whole
        var parts: [UInt128] = []
        for left in (1..<count).reversed() where rest > UInt128(left) {
            let part = 1 + UInt128(dice.next()) % (rest - UInt128(left))
            parts.append(part)
            rest -= part
        }
        return parts + [rest]
    }

    @Test func `33334 units in two parts are the price of 33334 units`() throws {
        var story = try story(minor: 1_000, due: 33_334)
        try story.mine("a", 10_000)
        #expect(story.last.amounts == amounts(due: 33_334, received: 10_000, remaining: 23_334))
        try story.mine("b", 23_334)
        #expect(story.state == .paid && story.books.payments == 33_334)
        #expect(story.last.amounts == amounts(due: 33_334, received: 33_334, remaining: 0))
    }

    @Test(arguments: 1...300 as ClosedRange<UInt64>)
    func `every split of the amount due is paid exactly, and shown exactly`(seed: UInt64) throws {
        var dice = Dice(seed)
        let minor = UInt128(dice.next() >> UInt64(dice.roll(60))) + 1
        let due = UInt128(dice.next() >> UInt64(dice.roll(60))) + 5
        var story = try story(minor: minor, due: due)
        var sum: UInt128 = 0
        let parts = parts(of: due, count: 2 + dice.roll(4), &dice)
        for (number, part) in parts.enumerated() {
            #expect(!story.state.isSettled)
            try story.mine("part-\(number)", part)
            sum += part
            #expect(story.last.amounts == amounts(due: due, received: sum, remaining: due - sum))
        }
        #expect(sum == due && story.state == .paid && story.open.isEmpty)
        #expect(story.books.payments == Int128(due) && story.books.unapplied == 0 && story.books.excess == 0)
        #expect(story.last.waived == .zero && story.last.missing == .zero)
    }

    @Test(arguments: 1...300 as ClosedRange<UInt64>)
    func `what is said to remain is always enough, and one unit less never is`(seed: UInt64) throws {
        var dice = Dice(seed)
        let price = Sample.price(UInt128(dice.next() >> UInt64(30 + dice.roll(30))) + 1)
        var story = Story(Policy(), price: price)
        let assets = [Sample.btc, Sample.ltc]
        let quotes = (1...UInt8(2 + dice.roll(3))).map { number in
            let due = UInt128(dice.next() >> UInt64(34 + dice.roll(20))) + 10
            return Sample.quote(number, assets[dice.roll(2)], due: due, covers: price)
        }
        for (number, quote) in quotes.enumerated() {
            try story.tell(.quoted(quote))
            if number == quotes.count - 1 { break }
            let part = quote.amountDue / UInt128(quotes.count + dice.roll(3)) + 1
            try story.mine("part-\(number)", part, quote: quote)
        }
        guard !story.state.isSettled, let asked = story.last.amounts else { return }
        #expect(asked.received + asked.remaining == asked.due && asked.due == quotes[quotes.count - 1].amountDue)
        var short = story
        if asked.remaining > 1 {
            try short.mine("rest", asked.remaining - 1, quote: quotes[quotes.count - 1])
            #expect(!short.state.isSettled && short.last.amounts?.remaining == 1)
        }
        try story.mine("rest", asked.remaining, quote: quotes[quotes.count - 1])
        #expect(story.state.isSettled && story.last.amounts?.remaining == 0)
    }

    private func amounts(due: UInt128, received: UInt128, remaining: UInt128) -> Assessment.Amounts {
        Assessment.Amounts(due: due, received: received, confirmed: received, remaining: remaining)
    }
}
