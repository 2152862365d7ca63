import Domain
import Testing

@Suite struct MoneyTests {
    @Test(arguments: [
        ("19.99", 2, "1999"), ("0", 2, "0"), ("0.01", 2, "1"), ("1", 18, "1000000000000000000"), ("7", 0, "7"),
        ("170141183460469231731687303715884105728", 0, "170141183460469231731687303715884105728"),
        ("170141183460469231731687303715884105729", 0, "amount_too_large"),
        ("99999999999999999999999999999999999999999999999999999999999", 0, "amount_too_large"),
        ("1.999", 2, "amount_too_precise"), ("1.000", 2, "amount_too_precise"), ("1.0", 0, "amount_too_precise"),
        ("", 2, "invalid_amount"), (".", 2, "invalid_amount"), (".5", 2, "invalid_amount"), ("1.", 2, "invalid_amount"),
        ("01", 2, "invalid_amount"), ("00", 2, "invalid_amount"), ("-1", 2, "invalid_amount"),
        ("+1", 2, "invalid_amount"),
        ("1e2", 2, "invalid_amount"), (" 1", 2, "invalid_amount"), ("1 ", 2, "invalid_amount"),
        ("1,5", 2, "invalid_amount"),
        ("1.2.3", 2, "invalid_amount"), ("٣", 2, "invalid_amount"), ("1\u{0}", 2, "invalid_amount"),
        (String(repeating: "9", count: 80), 2, "invalid_amount"), ("NaN", 2, "invalid_amount"),
    ] as [(String, UInt8, String)])
    func `decimal text has one meaning or none`(text: String, decimals: UInt8, expected: String) throws {
        do throws(Refusal) {
            #expect(String(try DecimalText.units(text, decimals: decimals)) == expected)
        } catch {
            #expect(error.code.rawValue == expected)
        }
    }

    @Test(arguments: [
        (0, 2, 0, "0"), (1, 2, 0, "0.01"), (150, 2, 0, "1.5"), (150, 2, 2, "1.50"), (100, 2, 0, "1"),
        (100, 2, 2, "1.00"),
        (7, 0, 0, "7"), (100_000_000, 8, 0, "1"), (1, 18, 0, "0.000000000000000001"),
    ] as [(UInt128, UInt8, UInt8, String)])
    func `units print as decimal text and read back`(units: UInt128, decimals: UInt8, atLeast: UInt8,
        text: String) throws {
        #expect(DecimalText.text(units, decimals: decimals, atLeast: atLeast) == text)
        #expect(try DecimalText.units(text, decimals: decimals) == units)
    }

    @Test(arguments: [
        // price in minor units, exponent, rate, decimals, payable decimals, due
        (10_000, 2, "50000", 8, 8, "200000"), (1, 2, "65000", 8, 8, "16"), (1_000, 2, "30000", 8, 8, "33334"),
        (100, 0, "150", 8, 8, "66666667"), (1_234, 3, "0.5", 6, 6, "2468000"),
        (10_000, 2, "3", 18, 6, "33333334000000000000"),
        (1, 2, "1000000000000000000000000000000000000", 8, 8, "1"), (5, 8, "1", 8, 8, "5"),
        (1, 2, "100", 8, 0, "100000000"),
        (1_000_000_000_000_000_000_000_000, 0, "0.000000000000000001", 18, 18, "amount_too_large"),
        (1, 18, "99999999999999999999.123", 18, 18, "amount_too_large"),
        (1_000_000_000_000_000_000_000_000, 0, "1", 18, 18, "amount_too_large"),
    ] as [(UInt128, UInt8, String, UInt8, UInt8, String)])
    func `the amount due is rounded up to what can be paid`(
        minor: UInt128, exponent: UInt8, rate: String, decimals: UInt8, payable: UInt8, expected: String
    ) throws {
        let asset = Asset(
            method: Sample.btc.method, decimals: decimals, payableDecimals: payable, contract: nil, version: 1)
        let price = try Price(minor: minor, currency: Currency(code: "AAA", exponent: exponent))
        do throws(Refusal) {
            #expect(String(try Rate(parsing: rate).amountDue(for: price, in: asset)) == expected)
        } catch {
            #expect(error.code.rawValue == expected)
        }
    }

    @Test(arguments: ["0", "0.0", "-1", "1.0000000000000000001", "", "1e3"])
    func `a rate is a positive decimal`(text: String) {
        #expect(throws: Refusal.self) { try Rate(parsing: text) }
    }

    @Test func `a price is above zero and within its limit`() {
        #expect(throws: Refusal.self) { try Price(minor: 0, currency: Sample.eur) }
        #expect(throws: Refusal.self) { try Price(minor: Price.largest + 1, currency: Sample.eur) }
        #expect(throws: Never.self) { try Price(minor: Price.largest, currency: Sample.eur) }
    }

    @Test(arguments: 1...300 as ClosedRange<UInt64>)
    func `the amount due is worth exactly the price, one unit less is not`(seed: UInt64) throws {
        var dice = Dice(seed)
        let price = try Price(minor: UInt128(dice.next() >> UInt64(dice.roll(50))) + 1, currency: Sample.eur)
        let due = UInt128(dice.next() >> UInt64(dice.roll(60))) + 1
        #expect(Worth(of: due, where: due, pays: price) == Worth(price))
        #expect(Worth(of: due - 1, where: due, pays: price) < Worth(price))
        #expect(Worth(price).units(where: due, pays: price) == due)
        let part = UInt128(dice.next()) % due
        let covering = Worth(of: part, where: due, pays: price).unitsCovering(where: due, pays: price)
        #expect(Worth(of: covering, where: due, pays: price) >= Worth(of: part, where: due, pays: price))
    }

    @Test func `absurd amounts are worth far too much and never trap`() throws {
        let price = try Price(minor: Price.largest, currency: Sample.eur)
        #expect(Worth(of: .max, where: 1, pays: price) == Worth(picos: .max))
        #expect(Worth(picos: .max) + Worth(picos: .max) == Worth(picos: .max))
        #expect(Worth.zero - Worth(picos: 1) == .zero)
        #expect(Worth(minor: .max) == Worth(picos: .max))
        #expect(Worth(picos: .max).units(where: .max, pays: Sample.price(1)) == .max)
        #expect(UInt128.power10(38) == 100_000_000_000_000_000_000_000_000_000_000_000_000)
        #expect(Instant.distantFuture.adding(seconds: .max) == .distantFuture)
        #expect(Sample.at(0).adding(seconds: .min) < Sample.at(0))
    }

    @Test(arguments: [
        ("BTC", true), ("USDC.e", false), ("A", false), ("ABCDEFGHIJKLM", false), ("btc", false), ("-BTC", false),
        ("1INCH", true),
    ])
    func `an asset's code is short and upper case`(text: String, isValid: Bool) {
        #expect((AssetCode(parsing: text) != nil) == isValid)
    }

    @Test(arguments: [
        ("bitcoin", true), ("litecoin-regtest", true), ("Bitcoin", false), ("b", false), ("-b", false), ("a/b", false),
    ])
    func `a network's name is lower case and plain`(text: String, isValid: Bool) {
        #expect((NetworkName(parsing: text) != nil) == isValid)
    }
}
