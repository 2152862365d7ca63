import Platform
import Testing

@Suite("Entropy and waits")
struct EntropyTests {
    @Test("A seed gives the same bytes each time, the published ones, in whatever pieces they are drawn")
    func seeded() {
        // The first outputs of SplitMix64 for the seed 1234567, low byte first.
        let words: [UInt64] = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        let expected = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        #expect(SeededEntropy(seed: 1_234_567).bytes(24) == expected)
        let pieces = SeededEntropy(seed: 1_234_567)
        #expect(pieces.bytes(8) + pieces.bytes(16) == expected)
        #expect(SeededEntropy(seed: 2).bytes(8) != SeededEntropy(seed: 3).bytes(8) && pieces.bytes(0).isEmpty)
    }

    @Test("Drawn numbers stay below their bound and reach every outcome", arguments: [1, 2, 3, 7, 256, UInt64.max])
    func draws(_ bound: UInt64) {
        let entropy = SeededEntropy(seed: bound)
        var seen: Set<UInt64> = []
        for _ in 0..<3_000 {
            let number = entropy.number(below: bound)
            #expect(number < bound)
            if bound <= 256 { seen.insert(number) }
        }
        if bound <= 256 { #expect(seen.count == Int(bound)) }
    }

    static let waits: [(Int, ClosedRange<Int64>)] = [
        (1, 50...100), (2, 100...200), (3, 200...400), (4, 400...800), (5, 500...1_000), (6, 500...1_000),
        (.max, 500...1_000),
        (0, 50...100), (-5, 50...100),
    ]

    @Test("Waits double up to their cap, and are shortened by up to half", arguments: waits)
    func doubles(_ attempt: Int, _ range: ClosedRange<Int64>) {
        let entropy = SeededEntropy(seed: 9)
        var seen: Set<Int64> = []
        for _ in 0..<200 {
            let wait = Backoff.wait(attempt: attempt, firstMilliseconds: 100, capMilliseconds: 1_000, entropy)
            #expect(range.contains(wait))
            seen.insert(wait)
        }
        #expect(seen.count > 20)
    }

    @Test("A backoff counts its waits and starts again when it is reset; the largest cap does not overflow")
    func backoff() {
        let entropy = SeededEntropy(seed: 5)
        var backoff = Backoff(firstMilliseconds: 1, capMilliseconds: .max)
        for _ in 0..<100 { #expect(backoff.next(entropy) > 0) }
        #expect(backoff.attempts == 100)
        backoff.reset()
        #expect(backoff.next(entropy) == 1 && backoff.attempts == 1)
    }
}
