import Platform
import Testing

@Suite("Timestamps")
struct TimestampTests {
    static let instants: [(Int64, String)] = [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (1, "1970-01-01T00:00:00.001Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_799_999, "2000-02-29T23:59:59.999Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (1_709_164_800_042, "2024-02-29T00:00:00.042Z"), (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
        (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (1_000_000_000_000, "2001-09-09T01:46:40.000Z"),
    ]

    @Test("An instant and its text belong together", arguments: instants)
    func belong(_ instant: Int64, _ text: String) {
        #expect(Timestamp.text(instant) == text)
        #expect(Timestamp.parse(text) == instant)
    }

    @Test("Every day of eight centuries comes back, and texts sort as instants do")
    func everyDay() {
        var before = ""
        for day in Int64(-146_097)...146_097 {
            let instant = day * 86_400_000 + 43_200_001
            let text = Timestamp.text(instant)
            guard Timestamp.parse(text) == instant, before < text else {
                Issue.record("\(instant) became \(text) after \(before)")
                return
            }
            before = text
        }
    }

    @Test("Instants beyond the years 0 to 9999 get the text of the bound", arguments: [
        (Int64.min, "0000-01-01T00:00:00.000Z"), (Int64.max, "9999-12-31T23:59:59.999Z"),
    ])
    func bounds(_ instant: Int64, _ text: String) { #expect(Timestamp.text(instant) == text) }

    static let texts: [(String, Int64?)] = [
        ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.5Z", 500), ("1970-01-01T00:00:00.123456789Z", 123),
        ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31T19:30:00-04:30", 0), ("1970-01-01T00:00:00-00:00", 0),
        ("1970-01-01T23:59:59+23:59", 59_000), ("0000-01-01T00:00:00+00:01", nil), ("9999-12-31T23:59:59-00:01", nil),
        ("", nil), ("1970-01-01", nil), ("1970-01-01T00:00:00", nil), ("1970-01-01T00:00:00z", nil),
        ("1970-01-01t00:00:00Z", nil), ("1970-01-01 00:00:00Z", nil), ("1970-01-01T00:00:00.Z", nil),
        ("1970-01-01T00:00:00.1234567890Z", nil), ("1970-01-01T24:00:00Z", nil), ("1970-01-01T00:60:00Z", nil),
        ("1970-01-01T00:00:60Z", nil), ("2016-12-31T23:59:60Z", nil), ("1970-13-01T00:00:00Z", nil),
        ("1970-00-01T00:00:00Z", nil), ("1970-01-00T00:00:00Z", nil), ("1970-01-32T00:00:00Z", nil),
        ("1970-02-29T00:00:00Z", nil), ("1900-02-29T00:00:00Z", nil), ("2001-04-31T00:00:00Z", nil),
        ("+970-01-01T00:00:00Z", nil), ("1970-1-01T00:00:00Z", nil), ("1970-01-01T00:00:00Z ", nil),
        ("1970-01-01T00:00:00+24:00", nil), ("1970-01-01T00:00:00+01:60", nil), ("1970-01-01T00:00:00+0100", nil),
        ("1970-01-01T00:00:00,5Z", nil), ("１970-01-01T00:00:00Z", nil),
    ]

    @Test("Only RFC 3339 is read", arguments: texts)
    func reads(_ text: String, _ instant: Int64?) { #expect(Timestamp.parse(text) == instant) }
}

@Suite("Base64")
struct Base64Tests {
    static let pairs: [([UInt8], String, String)] = [
        ([], "", ""), ([0x66], "Zg==", "Zg"), (Array("fo".utf8), "Zm8=", "Zm8"), (Array("foo".utf8), "Zm9v", "Zm9v"),
        (Array("foob".utf8), "Zm9vYg==", "Zm9vYg"), (Array("foobar".utf8), "Zm9vYmFy", "Zm9vYmFy"),
        ([0xFB, 0xFF, 0xBF], "+/+/", "-_-_"), ([0xFF, 0xFF], "//8=", "__8"), ([0, 0, 0], "AAAA", "AAAA"),
    ]

    @Test("Bytes and their text belong together (RFC 4648 section 10)", arguments: pairs)
    func belong(_ bytes: [UInt8], _ standard: String, _ url: String) {
        #expect(Base64.standard.encode(bytes) == standard && Base64.standard.decode(standard) == bytes)
        #expect(Base64.url.encode(bytes) == url && Base64.url.decode(url) == bytes)
    }

    @Test("Only the one text of the bytes is read", arguments: [
        "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z", "Zm9v=", "=", "====", "Zm 9v", "Zm9v\n", "-_-_", "Zm9é", "Zg==Zg==",
    ])
    func strictStandard(_ text: String) { #expect(Base64.standard.decode(text) == nil) }

    @Test("Only the one text of the bytes is read, for URLs too", arguments: [
        "Zg==", "Zh", "Zm9", "Z", "+/+/", "AAAAA", "Zm9v=",
    ])
    func strictURL(_ text: String) { #expect(Base64.url.decode(text) == nil) }

    @Test("All lengths and values come back")
    func roundTrip() {
        let entropy = SeededEntropy(seed: 1)
        for length in 0..<200 {
            let bytes = entropy.bytes(length)
            #expect(Base64.standard.decode(Base64.standard.encode(bytes)) == bytes)
            #expect(Base64.url.decode(Base64.url.encode(bytes)) == bytes)
        }
    }
}
