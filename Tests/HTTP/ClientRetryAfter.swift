import HTTP
import Testing

@Suite struct ClientRetryAfter {
    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Wed, 31 Dec 1969 23:59:59 GMT", -1), ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799), ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_799),
        ("Sat, 01 Jan 0000 00:00:00 GMT", -62_167_219_200),
        ("Mon, 06 Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49:37 UTC", nil),
        ("Sun, 6 Nov 1994 08:49:37 GMT", nil), ("Sunday, 06-Nov-94 08:49:37 GMT", nil),
        ("Sun Nov  6 08:49:37 1994", nil), ("Sun, 06 nov 1994 08:49:37 GMT", nil), ("", nil),
        ("Thu, 29 Feb 1900 00:00:00 GMT", nil), ("Sun, 31 Apr 1994 08:49:37 GMT", nil),
        ("Sun, 06 Nov 1994 24:00:00 GMT", nil), ("Sun, 06 Nov 1994 08:60:37 GMT", nil),
        ("Sun, 06 Nov 1994 08:49:61 GMT", nil), ("Sun, +6 Nov 1994 08:49:37 GMT", nil),
        ("Sun, 00 Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49:37 GMT ", nil),
    ] as [(String, Int64?)]) func `a date is read in its one form`(_ text: String, _ seconds: Int64?) {
        #expect(HTTPDate.parse(text) == seconds)
    }

    /// Noon of 1994-11-06.
    private static let now: Int64 = 784_123_200_000

    @Test(arguments: [
        (nil, nil), ("", nil), ("0", 0), (" 120 ", 120), ("86400", 86_400), ("86401", 86_400),
        ("99999999999999999999999", 86_400), ("-1", nil), ("1.5", nil), ("soon", nil), ("1 0", nil),
        ("Sun, 06 Nov 1994 12:00:30 GMT", 30), ("Sun, 06 Nov 1994 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400), ("Mon, 06 Nov 1994 12:00:30 GMT", nil),
    ] as [(String?, Int64?)]) func `a wait is a number or the time to a date, within a day`(
        _ field: String?, _ seconds: Int64?
    ) {
        var headers = Headers()
        headers["Retry-After"] = field
        let response = ClientResponse(status: .tooManyRequests, headers: headers, body: [], isTruncated: false)
        #expect(response.retryAfterSeconds(now: Self.now) == seconds)
    }
}
