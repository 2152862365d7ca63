/// The answer to a request.
///
/// The server itself writes `Date`, `Content-Length`, `Transfer-Encoding` and `Connection`; a handler's own
/// are left out, except that `Connection: close` closes after the answer. The body is left out for HEAD.
package struct Response: Sendable {
    /// What follows the head.
    package enum Body: Sendable {
        /// The whole body.
        case bytes([UInt8])
        /// Server-sent events until the stream is closed or the client leaves.
        case events(EventStream)
    }

    package var status: Status
    package var headers: Headers
    package var body: Body

    package init(_ status: Status, headers: Headers = Headers(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = .bytes(body)
    }

    /// A body of the media type `type`.
    package init(_ status: Status = .ok, type: String, body: [UInt8], headers: Headers = Headers()) {
        self.init(status, headers: headers, body: body)
        self.headers["Content-Type"] = type
    }

    /// An answer in JSON.
    package static func json(_ status: Status, _ body: [UInt8], headers: Headers = Headers()) -> Response {
        guard headers.isEmpty else {
            return Response(status, type: "application/json", body: body, headers: headers)
        }
        return Response(status, headers: jsonHeaders, body: body)
    }

    /// Made once: nearly all answers are this and have no others.
    private static let jsonHeaders: Headers = ["Content-Type": "application/json"]

    /// A page.
    package static func html(_ status: Status, _ page: String, headers: Headers = Headers()) -> Response {
        Response(status, type: "text/html; charset=utf-8", body: Array(page.utf8), headers: headers)
    }

    /// Plain text.
    package static func text(_ status: Status, _ text: String, headers: Headers = Headers()) -> Response {
        Response(status, type: "text/plain; charset=utf-8", body: Array(text.utf8), headers: headers)
    }

    /// 200 in JSON.
    package static func json(_ body: [UInt8]) -> Response { .json(.ok, body) }
    /// 200 with a page.
    package static func html(_ page: String) -> Response { .html(.ok, page) }
    /// 200 with plain text.
    package static func text(_ text: String) -> Response { .text(.ok, text) }

    /// Sends the client to `location`, by default with 303: the next request is a GET.
    package static func redirect(to location: String, _ status: Status = .seeOther) -> Response {
        Response(status, headers: ["Location": location])
    }

    /// Server-sent events (WHATWG HTML, 9.2): first what the stream remembers, then what is sent to it.
    package static func events(_ stream: EventStream) -> Response {
        var response = Response(.ok, headers: [
            "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no",
        ])
        response.body = .events(stream)
        return response
    }

    /// Problem details (RFC 9457) with a stable `code` and nothing else: what this module itself answers
    /// with.
    ///
    /// - Parameter code: letters and underscores only, since it is written as it stands.
    package static func problem(_ status: Status, code: String, headers: Headers = Headers()) -> Response {
        let text = """
            {"type":"about:blank","title":"\(status.reason)","status":\(status.code),"code":"\(code)"}
            """
        return Response(status, type: "application/problem+json", body: Array(text.utf8), headers: headers)
    }

    /// The body's bytes; nil for a stream of events.
    package var bytes: [UInt8]? {
        switch body {
        case .bytes(let bytes): bytes
        case .events: nil
        }
    }
}
