/// What another server answered; every status is an answer, redirects too, which are never followed.
package struct ClientResponse: Sendable {
    package let status: Status
    package let headers: Headers
    package let body: [UInt8]
    /// Whether the body was longer than `body`; only with `ClientRequest.BodyLimit.keeping`.
    package let isTruncated: Bool

    package init(status: Status, headers: Headers, body: [UInt8], isTruncated: Bool) {
        self.status = status
        self.headers = headers
        self.body = body
        self.isTruncated = isTruncated
    }

    /// Whether the status is 2xx.
    package var isSuccess: Bool { (200...299).contains(status.code) }

    /// How many seconds the peer wants us to wait (RFC 9110, 10.2.3): its number, or the time from `now`
    /// (milliseconds since 1970) to its date, at least 0 and at most `ClientLimits.retryAfterSeconds`.
    /// Nil without the field or when it is neither.
    package func retryAfterSeconds(now: Int64) -> Int64? {
        guard let text = headers["Retry-After"]?.trimmingBlanks(), !text.isEmpty else { return nil }
        if text.utf8.allSatisfy(\.isDigit) {
            return min(Int64(text) ?? .max, ClientLimits.retryAfterSeconds)
        }
        guard let date = HTTPDate.parse(text) else { return nil }
        return min(max(0, date - now / 1_000), ClientLimits.retryAfterSeconds)
    }
}
