/// One complete request: the head checked, the target decoded, the body read.
package struct Request: Sendable {
    package var method: Method
    /// The path as it was sent, without the query: what to log and to sign, not what to match.
    package var path: String
    /// The path's segments, each decoded by itself, so that `%2F` stays inside its segment. `/` has none and
    /// `/a/` has `a` and an empty one. None is `.` or `..`, none holds a control character.
    package var segments: [String]
    package var query: Query
    package var headers: Headers
    package var body: [UInt8]
    /// Who asks, as far as it can be trusted.
    package var peer: Peer
    /// The host the client named, with its port if it named one; empty for an HTTP/1.0 request without one.
    package var host: String
    /// What the request is called in logs, records and its answer. Filled by whoever answers it.
    package var id = ""
    /// What stood in the places of the matched pattern's parameters. Filled by the router.
    package var parameters = Parameters()

    /// For tests and for calling a handler directly; the server builds requests from its parser.
    package init(
        method: Method, path: String, segments: [String]? = nil, query: Query = Query(),
        headers: Headers = Headers(), body: [UInt8] = [],
        peer: Peer = Peer(address: "127.0.0.1", isSecure: false), host: String = "localhost"
    ) {
        self.method = method
        self.path = path
        self.segments = segments ?? path.split(separator: "/").map(String.init)
        self.query = query
        self.headers = headers
        self.body = body
        self.peer = peer
        self.host = host
    }

    /// The media type of the body in lower case and without parameters; nil when the client named none.
    package var mediaType: String? {
        guard let value = headers["content-type"] else { return nil }
        return value.prefix { $0 != ";" }.trimmingBlanks().lowercased()
    }
}

/// The other end of a connection: of the socket, or, behind a configured proxy, of the client it names.
package struct Peer: Sendable, Hashable {
    /// IPv4 in dotted form or IPv6 in canonical form; IPv4-mapped addresses are written as IPv4.
    package var address: String
    /// Whether the client speaks TLS, which only a configured proxy can say.
    package var isSecure: Bool

    package init(address: String, isSecure: Bool) {
        self.address = address
        self.isSecure = isSecure
    }
}

/// The parameters of a matched path by name.
package struct Parameters: Sendable, Equatable {
    private var names: [String] = []
    private var values: [String] = []

    package init() {}

    /// As many values as names, in the same order.
    init(names: [String], values: [String]) {
        self.names = names
        self.values = values
    }

    /// For calling a handler directly.
    package init(_ pairs: KeyValuePairs<String, String>) {
        names = pairs.map(\.key)
        values = pairs.map(\.value)
    }

    /// The decoded segment at the place of `{name}`. Asking for a name that the pattern lacks is a mistake in
    /// the program, so tests find it; it reads as an empty text, never as another parameter.
    package subscript(_ name: String) -> String {
        guard let index = names.firstIndex(of: name) else { return "" }
        return values[index]
    }

    /// The parameter read as a `Value`; nil when it is not one, which a handler answers with 404.
    package subscript<Value: LosslessStringConvertible>(_ name: String, as type: Value.Type) -> Value? {
        Value(self[name])
    }
}
