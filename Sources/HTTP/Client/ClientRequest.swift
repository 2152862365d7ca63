/// A request to another server.
package struct ClientRequest: Sendable {
    /// What happens to an answer with a long body. Either way nothing beyond the limit is kept or read to its
    /// end.
    package enum BodyLimit: Sendable, Hashable {
        /// A body of more bytes fails the request.
        case refusing(above: Int)
        /// Only so many first bytes are kept, and the answer says that it is truncated.
        case keeping(first: Int)

        var bytes: Int {
            switch self {
            case .refusing(let bytes), .keeping(let bytes): bytes
            }
        }
    }

    package var method: Method
    package var url: URL
    /// Fields to send. `Host`, `Content-Length`, `Transfer-Encoding`, `Connection` and `Expect` are the
    /// client's own business and are not taken from here. Credentials (`Authorization`) are the caller's.
    package var headers: Headers
    package var body: [UInt8]
    /// From `send` to the last byte of the answer, waiting for a free place included. Milliseconds.
    package var timeout: Int64
    package var bodyLimit: BodyLimit
    /// Whether the peer must get this request at most once, as a payment order.
    ///
    /// A kept connection may be closed by the peer just as a request goes out on it; libcurl then sends the
    /// request again on a new one, though the peer may have read the first. With true a new connection is
    /// always used, and not kept.
    package var isSentAtMostOnce: Bool
    /// Answers for the resolver, `host:port:address`: lets tests change what a name resolves to.
    var resolve: [String] = []

    package init(
        _ method: Method, _ url: URL, headers: Headers = Headers(), body: [UInt8] = [],
        timeout: Int64 = 15_000, bodyLimit: BodyLimit = .refusing(above: 1 << 20),
        isSentAtMostOnce: Bool = false
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.bodyLimit = bodyLimit
        self.isSentAtMostOnce = isSentAtMostOnce
    }

    /// Fields that follow from the URL, the body and the connection.
    static let ownFields: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "expect", "te", "trailer", "upgrade",
        "proxy-authorization",
    ]
}
