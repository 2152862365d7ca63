/// Why bytes are not a request this server takes, or why a request has no answer of its handler. The
/// connection is answered with the status and closed, because where the next request would begin is no longer
/// known.
struct Refusal: Error, Equatable {
    let status: Status
    /// Stable, for problem details and for counting.
    let code: String

    init(_ status: Status, _ code: String) {
        self.status = status
        self.code = code
    }

    static let malformedRequestLine = Refusal(.badRequest, "malformed_request_line")
    static let malformedTarget = Refusal(.badRequest, "malformed_target")
    static let malformedField = Refusal(.badRequest, "malformed_header")
    static let malformedHost = Refusal(.badRequest, "malformed_host")
    static let repeatedField = Refusal(.badRequest, "repeated_header")
    static let ambiguousLength = Refusal(.badRequest, "ambiguous_length")
    static let malformedChunk = Refusal(.badRequest, "malformed_chunk")
    static let methodUnknown = Refusal(.notImplemented, "method_unknown")
    static let codingUnknown = Refusal(.notImplemented, "transfer_coding_unknown")
    static let versionUnknown = Refusal(.versionNotSupported, "version_unknown")
    static let expectationUnknown = Refusal(.expectationFailed, "expectation_unknown")
    static let targetTooLong = Refusal(.uriTooLong, "target_too_long")
    static let headTooLarge = Refusal(.requestHeaderFieldsTooLarge, "headers_too_large")
    static let bodyTooLarge = Refusal(.contentTooLarge, "body_too_large")
    static let tooSlow = Refusal(.requestTimeout, "request_too_slow")
    static let answerTooSlow = Refusal(.serviceUnavailable, "answer_too_slow")
    static let overloaded = Refusal(.serviceUnavailable, "overloaded")
    static let tooManyConnections = Refusal(.tooManyRequests, "too_many_connections")
    static let tooManyStreams = Refusal(.serviceUnavailable, "too_many_streams")
    /// What a handler threw.
    static let internalError = Refusal(.internalServerError, "internal_error")

    static let all = [
        malformedRequestLine, malformedTarget, malformedField, malformedHost, repeatedField, ambiguousLength,
        malformedChunk, methodUnknown, codingUnknown, versionUnknown, expectationUnknown, targetTooLong,
        headTooLarge, bodyTooLarge, tooSlow, answerTooSlow, overloaded, tooManyConnections, tooManyStreams,
        internalError,
    ]
}
