/// Dates of HTTP fields in their one current form, IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110,
/// 5.6.7).
package enum HTTPDate {
    /// Seconds since 1970-01-01T00:00:00Z; nil for another form, a date that does not exist or a wrong day
    /// name.
    package static func parse(_ text: some StringProtocol) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 29, bytes[3...4].elementsEqual(", ".utf8),
            bytes[25...].elementsEqual(" GMT".utf8),
            bytes[7] == 0x20, bytes[11] == 0x20, bytes[16] == 0x20, bytes[19] == 0x3A, bytes[22] == 0x3A,
            let month = months.firstIndex(where: { bytes[8..<11].elementsEqual($0.utf8) }),
            let day = number(bytes[5..<7]), let year = number(bytes[12..<16]),
            let hour = number(bytes[17..<19]), let minute = number(bytes[20..<22]),
            let second = number(bytes[23..<25]),
            (1...length(ofMonth: month, year: year)).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        let days = daysSince1970(year: year, month: month, day: day)
        // 1970-01-01 was a Thursday.
        guard bytes[..<3].elementsEqual(weekdays[Int(((days + 4) % 7 + 7) % 7)].utf8) else { return nil }
        return days * 86_400 + Int64(hour * 3_600 + minute * 60 + min(second, 59))
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy(\.isDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static func isLeap(_ year: Int) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    private static func length(ofMonth month: Int, year: Int) -> Int {
        month == 1 && isLeap(year) ? 29 : [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]
    }

    /// Of the Gregorian calendar, month from 0; years are 0 to 9999, so nothing overflows.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int64 {
        let before = year - 1
        let leaps = year == 0 ? -1 : before / 4 - before / 100 + before / 400
        let months = (0..<month).reduce(0) { $0 + length(ofMonth: $1, year: year) }
        return Int64(year * 365 + leaps + months + day - 1) - 719_527
    }
}
