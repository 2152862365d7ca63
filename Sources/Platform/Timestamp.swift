/// RFC 3339 text of an instant, given in milliseconds since 1970-01-01T00:00:00Z.
package enum Timestamp {
    /// The instants that have such a text: the years 0000 to 9999.
    package static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// `2026-01-31T23:59:59.042Z`: always UTC, always milliseconds, so that texts sort as instants do.
    ///
    /// An instant outside `range` gets the text of its nearest bound.
    package static func text(_ milliseconds: Int64) -> String {
        let instant = min(max(milliseconds, range.lowerBound), range.upperBound)
        let (day, time) = floored(instant, by: 86_400_000)
        let date = civil(fromDay: day)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        func append(_ value: Int64, _ digits: Int, then mark: Character) {
            var divisor: Int64 = 1
            for _ in 1..<digits { divisor *= 10 }
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
                divisor /= 10
            }
            text.append(contentsOf: mark.utf8)
        }
        append(date.year, 4, then: "-")
        append(date.month, 2, then: "-")
        append(date.day, 2, then: "T")
        append(time / 3_600_000, 2, then: ":")
        append(time / 60_000 % 60, 2, then: ":")
        append(time / 1_000 % 60, 2, then: ".")
        append(time % 1_000, 3, then: "Z")
        return String(decoding: text, as: UTF8.self)
    }

    /// The instant of `YYYY-MM-DDTHH:MM:SS`, an optional fraction of 1 to 9 digits, and `Z` or an offset
    /// `±HH:MM`.
    ///
    /// Nil for anything else, for a day or an hour that does not exist, and for a leap second, which Unix
    /// time has no number for. Digits after the third of a fraction are dropped.
    package static func parse(_ text: some StringProtocol) -> Int64? {
        var reader = Reader(text: Array(text.utf8))
        guard let year = reader.number(4), reader.take("-"),
            let month = reader.number(2), (1...12).contains(month), reader.take("-"),
            let day = reader.number(2), (1...daysIn(month, year)).contains(day), reader.take("T"),
            let hour = reader.number(2), hour < 24, reader.take(":"),
            let minute = reader.number(2), minute < 60, reader.take(":"),
            let second = reader.number(2), second < 60,
            let fraction = reader.fraction(), let offset = reader.offsetMinutes(), reader.isAtEnd
        else { return nil }
        let days = Self.day(year, month, day)
        let instant = days * 86_400_000 + (hour * 60 + minute - offset) * 60_000 + second * 1_000 + fraction
        return range.contains(instant) ? instant : nil
    }

    // MARK: The civil calendar

    // Years begin in March here, so that the leap day is the last of its year; an era is 400 years, 146 097
    // days.

    private static func civil(fromDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floored(day + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let (era, yearOfEra) = floored(month <= 2 ? year - 1 : year, by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func daysIn(_ month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Division towards minus infinity, with its remainder, which is never negative.
    private static func floored(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    // MARK: Reading

    private struct Reader {
        let text: [UInt8]
        private var position = 0

        init(text: [UInt8]) { self.text = text }

        var isAtEnd: Bool { position == text.count }

        mutating func take(_ mark: Unicode.Scalar) -> Bool {
            guard position < text.count, UInt32(text[position]) == mark.value else { return false }
            position += 1
            return true
        }

        /// Exactly so many digits.
        mutating func number(_ digits: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<digits {
                guard let digit = digit() else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        /// Milliseconds; zero when there is no fraction.
        mutating func fraction() -> Int64? {
            guard take(".") else { return 0 }
            var value: Int64 = 0
            var digits = 0
            while let digit = digit() {
                digits += 1
                if digits <= 3 { value = value * 10 + digit }
            }
            guard (1...9).contains(digits) else { return nil }
            for _ in 0..<max(0, 3 - digits) { value *= 10 }
            return value
        }

        /// Minutes east of UTC.
        mutating func offsetMinutes() -> Int64? {
            if take("Z") { return 0 }
            let isWest = take("-")
            guard isWest || take("+"), let hours = number(2), hours < 24, take(":"),
                let minutes = number(2), minutes < 60
            else { return nil }
            return (hours * 60 + minutes) * (isWest ? -1 : 1)
        }

        private mutating func digit() -> Int64? {
            guard position < text.count, (0x30...0x39).contains(text[position]) else { return nil }
            position += 1
            return Int64(text[position - 1] - 0x30)
        }
    }
}
