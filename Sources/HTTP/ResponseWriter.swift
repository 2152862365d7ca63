/// Writes the head of an answer.
enum ResponseWriter {
    /// How the connection goes on, and where the body ends.
    struct Framing {
        var minorVersion: Int
        var keepsAlive: Bool
        /// nil for a body of unknown length: chunked in HTTP/1.1, until the end of the connection in
        /// HTTP/1.0.
        var length: Int?
    }

    /// Whether the server decides it itself.
    private static func isOwn(_ headers: Headers, _ entry: Headers.Entry) -> Bool {
        switch entry.name.count {
        case 4: headers.hasName(entry, "date")
        case 7: headers.hasName(entry, "upgrade")
        case 10: headers.hasName(entry, "connection") || headers.hasName(entry, "keep-alive")
        case 14: headers.hasName(entry, "content-length")
        case 17: headers.hasName(entry, "transfer-encoding")
        default: false
        }
    }

    /// Appends status line, fields and the empty line.
    ///
    /// - Parameter date: the whole field with its line end.
    static func head(_ response: Response, _ framing: Framing, date: [UInt8], to output: inout [UInt8]) {
        let body = min(framing.length ?? 0, Limits.usualBody)
        output.reserveCapacity(response.headers.bytes.count + Limits.usualHead + body)
        if response.status == .ok {
            output.append(contentsOf: okLine)
        } else {
            output.append(contentsOf: "HTTP/1.1 \(response.status.code) \(response.status.reason)\r\n".utf8)
        }
        output.append(contentsOf: date)
        if let length = framing.length {
            if !response.status.isBodiless || response.status == .notModified && length > 0 {
                output.append(contentsOf: contentLength)
                number(length, to: &output)
                lineEnd(to: &output)
            }
        } else if framing.minorVersion == 1 {
            output.append(contentsOf: chunked)
        }
        if !framing.keepsAlive {
            output.append(contentsOf: close)
        } else if framing.minorVersion == 0 {
            output.append(contentsOf: keepAlive)
        }
        fields(response.headers, to: &output)
        lineEnd(to: &output)
    }

    private static func fields(_ headers: Headers, to output: inout [UInt8]) {
        for entry in headers.entries where !isOwn(headers, entry) {
            output.append(contentsOf: headers.bytes[entry.name])
            output.append(0x3A)
            output.append(0x20)
            output.append(contentsOf: headers.bytes[entry.value])
            lineEnd(to: &output)
        }
    }

    private static func lineEnd(to output: inout [UInt8]) {
        output.append(0x0D)
        output.append(0x0A)
    }

    /// In decimal, without a text in between.
    private static func number(_ number: Int, to output: inout [UInt8]) {
        if number >= 10 { Self.number(number / 10, to: &output) }
        output.append(UInt8(truncatingIfNeeded: number % 10) + 0x30)
    }

    private static let okLine = Array("HTTP/1.1 200 OK\r\n".utf8)
    private static let contentLength = Array("Content-Length: ".utf8)
    private static let chunked = Array("Transfer-Encoding: chunked\r\n".utf8)
    private static let close = Array("Connection: close\r\n".utf8)
    private static let keepAlive = Array("Connection: keep-alive\r\n".utf8)

    /// The interim answer that asks for the body (RFC 9110, 15.2.1).
    static let `continue` = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
}

/// The `Date` field of answers, written once a second.
struct DateField {
    private var second: Int64 = .min
    private var bytes: [UInt8] = []

    /// - Parameter now: milliseconds since 1970.
    mutating func field(at now: Int64) -> [UInt8] {
        let present = now.dividedFloor(by: 1_000)
        if present != second {
            second = present
            bytes = Array("Date: \(Self.text(second))\r\n".utf8)
        }
        return bytes
    }

    /// The preferred format of RFC 9110, 5.6.7, from seconds since 1970; the calendar is the proleptic
    /// Gregorian one.
    static func text(_ seconds: Int64) -> String {
        let day = seconds.dividedFloor(by: 86_400)
        let clock = seconds - day * 86_400
        // Days are counted from 1 March of year 0 in eras of 400 years, so that a leap day ends its year.
        let shifted = day + 719_468
        let era = shifted.dividedFloor(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let weekday = weekdays[Int((day % 7 + 11) % 7)]
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : String(number) }
        return "\(weekday), \(two(dayOfMonth)) \(months[Int(month - 1)]) \(year) "
            + "\(two(clock / 3_600)):\(two(clock / 60 % 60)):\(two(clock % 60)) GMT"
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

extension Int64 {
    /// Rounded towards minus infinity.
    fileprivate func dividedFloor(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
