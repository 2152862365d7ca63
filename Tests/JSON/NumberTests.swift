import JSON
import Testing

@Suite("JSON numbers")
struct NumberTests {
    static let numbers: [(String, Int64?, UInt64?)] = [
        ("0", 0, 0), ("7", 7, 7), ("-7", -7, nil), ("-0", nil, nil), ("1.0", nil, nil), ("1e2", nil, nil),
        ("1E2", nil, nil),
        ("0.00000001", nil, nil), ("9223372036854775807", .max, 9_223_372_036_854_775_807),
        ("9223372036854775808", nil, 9_223_372_036_854_775_808), ("-9223372036854775808", .min, nil),
        ("-9223372036854775809", nil, nil), ("18446744073709551615", nil, .max), ("18446744073709551616", nil, nil),
        ("115792089237316195423570985008687907853269984665640564039457584007913129639935", nil, nil),
    ]

    @Test("The text stays exact, and only plain integers become integers", arguments: numbers)
    func integers(_ text: String, _ signed: Int64?, _ unsigned: UInt64?) throws {
        let value = try JSON.parse(text: text)
        #expect(value.asNumber?.text == text && value.encodedText == text)
        #expect(value.asInt64 == signed && value.asUInt64 == unsigned)
        #expect(value.asString == nil)
    }

    @Test("A number is made only from its grammar", arguments: [
        ("1", true), ("-1.5e-3", true), ("0.0", true), ("", false), ("-", false), ("01", false), ("1.", false),
        (".1", false),
        ("+1", false), (" 1", false), ("1 ", false), ("0x1", false), ("1_0", false), ("١", false), ("Infinity", false),
    ])
    func grammar(_ text: String, _ valid: Bool) {
        #expect((JSONNumber(text) != nil) == valid)
    }
}
