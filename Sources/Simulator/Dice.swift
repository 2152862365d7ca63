/// Draws of one seed: the same seed gives the same draws, on every machine (SplitMix64, Steele, Lea and
/// Flood, 2014).
///
/// Each actor of a simulation has dice of its own, split off by name, so that one more draw of a customer
/// changes nothing for the miners: a story that was shrunk stays the same story.
struct Dice: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// Dice for a part of the simulation. The same name gives the same dice.
    func split(_ name: String) -> Dice {
        // FNV-1a, because Swift's own hashes differ from run to run.
        var mixed: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { mixed = (mixed ^ UInt64(byte)) &* 0x0100_0000_01b3 }
        return Dice(seed: state ^ mixed)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }

    /// A number of the range, each about as likely as any other.
    mutating func number(in range: ClosedRange<Int>) -> Int {
        let size = UInt64(range.upperBound - range.lowerBound) + 1
        return range.lowerBound + Int(next() % size)
    }

    /// True so many times in a thousand.
    mutating func chance(_ permille: Int) -> Bool { number(in: 0...999) < permille }

    /// One of them; nil when there are none.
    mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[number(in: 0...elements.count - 1)]
    }

    /// How often heads come before the first tails, at `permille` for heads: many small numbers, few large.
    mutating func run(_ permille: Int, atMost most: Int) -> Int {
        var count = 0
        while count < most, chance(permille) { count += 1 }
        return count
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 24) }
    }

    mutating func shuffle<Element>(_ elements: inout [Element]) {
        for index in elements.indices.dropFirst().reversed() {
            elements.swapAt(index, number(in: 0...index))
        }
    }
}
