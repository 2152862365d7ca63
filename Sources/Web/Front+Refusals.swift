package import HTTP
import JSON

/// What is answered when there is no answer of a handler's.
extension Front {
    /// Routes that a customer's browser opens.
    private static let pages: Set<String> = [
        "front", "checkout.page", "checkout.method", "checkout.play", "checkout.receipt",
    ]

    /// A problem as its reader can read it: a page for browsers, else problem details.
    func answer(_ problem: Problem, to request: Request, route: String? = nil) -> Response {
        guard Self.wantsPage(request, route) else { return problem.response(requestID: request.id) }
        var response = Self.page(problem.code.status, request)
        for field in problem.headers { response.headers.add(field.name, field.value) }
        return response
    }

    private static func wantsPage(_ request: Request, _ route: String?) -> Bool {
        let accepted = request.headers["accept"] ?? ""
        if accepted.contains("text/html") { return request.segments.first != "v1" }
        return route.map(pages.contains) == true && !accepted.contains("application/json")
    }

    /// What a customer reads, who may be in the middle of paying.
    private static func page(_ status: Status, _ request: Request) -> Response {
        switch status.code {
        case 404, 405:
            return PageFrame.notice(
                status, title: "There is nothing here",
                "If you were sent here to pay, please open the complete link that the shop gave you.")
        case 500:
            return PageFrame.notice(
                status, title: "Something went wrong here",
                "It was written down. What you have paid is not lost. Please try again, or ask the shop.")
        case 503:
            var response = PageFrame.notice(
                status, title: "Please try again in a moment",
                "This page cannot be shown just now. What you have paid is not lost.")
            if request.method == .get { response.headers.add("Refresh", String(Limits.refreshSeconds)) }
            return response
        default:
            return PageFrame.notice(status, title: "Not possible", "Please go back and try again.")
        }
    }

    /// The answer that the server gives by itself, before a request came whole or in place of its handler:
    /// for `Server.Configuration.refuse`.
    package func refuse(_ refused: Server.Refused) -> Response {
        let id = refused.request.map(identity(of:)) ?? newIdentity()
        count(refused, id)
        var response: Response
        if let request = refused.request, Self.wantsPage(request, nil) {
            response = Self.page(refused.status, request)
        } else {
            response = Response(
                refused.status, type: "application/problem+json", body: Self.problem(refused, id))
        }
        if let seconds = Self.retrySeconds[refused.code] {
            response.headers.add("Retry-After", String(seconds))
        }
        Self.decorate(&response, id)
        return response
    }

    private static func problem(_ refused: Server.Refused, _ requestID: String) -> [UInt8] {
        let words = refused.code.split(separator: "_").joined(separator: " ")
        let title: String = words.prefix(1).uppercased() + words.dropFirst()
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("type", "urn:quittance:problem:\(refused.code)")
            writer.member("title", title)
            writer.member("status", refused.status.code)
            writer.member("code", refused.code)
            writer.member("detail", details[refused.code] ?? refused.status.reason)
            writer.member("request_id", requestID)
        }
        return writer.bytes
    }

    /// When it may be better.
    private static let retrySeconds = [
        "overloaded": Limits.retrySeconds, "starting": Limits.retrySeconds,
        "too_many_connections": Limits.retrySeconds, "too_many_streams": Limits.streamRetrySeconds,
    ]

    /// One sentence for the developer who reads it, by the server's codes.
    static let details = [
        "malformed_request_line": "The request line is not one of HTTP/1.1.",
        "malformed_target": "The request's target has a malformed escape, or a segment that is not allowed.",
        "malformed_header": "A header line is malformed.",
        "malformed_host": "The Host header is missing, malformed, or another than the target's.",
        "repeated_header": "A header that must come once came again.",
        "ambiguous_length": "The headers do not say clearly where the body ends.",
        "malformed_chunk": "The body's chunks are malformed.",
        "method_unknown": "There is no such method here.",
        "transfer_coding_unknown": "The body's transfer coding is not known; chunked is.",
        "version_unknown": "The protocol's version is not known; HTTP/1.1 is.",
        "expectation_unknown": "The expectation is not known; 100-continue is.",
        "target_too_long": "The request's target is too long.",
        "headers_too_large": "The headers are too many or too large.",
        "body_too_large": "The body is larger than any that is taken here.",
        "request_too_slow": "The request did not come fast enough.",
        "answer_too_slow": """
            It took too long. What was asked for may have been done: the same request with the same \
            idempotency key finds out.
            """,
        "overloaded": "There is no place for another request just now. Nothing was done.",
        "too_many_connections": "Too many requests come from this address at a time. Nothing was done.",
        "too_many_streams": "Too many streams of events are open. Ask for the status instead.",
        "internal_error": "Something went wrong here. It was written down.",
        "starting": "The gateway is starting. Nothing was done.",
    ]
}
