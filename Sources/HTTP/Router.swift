/// Finds the handler of a request by method and path.
///
/// A pattern is a path of literal segments and parameters in braces: `/v1/payments/{id}`. Patterns make a
/// tree of segments. At each step an exact literal goes before a parameter, and the path decides before the
/// method: a path that some pattern fits but that lacks the method is answered 405 with `Allow`, any other
/// 404. HEAD is answered by the handler of GET unless it has its own.
package struct Router: Sendable {
    /// What answers a route. What it throws is answered 500 without a word about it.
    package typealias Handler = @Sendable (Request) async throws -> Response

    /// One row of the table, for documentation and for labels of logs and metrics.
    package struct Route: Sendable, Equatable {
        package let method: Method
        package let pattern: String
        package let name: String
    }

    private struct Endpoint: Sendable {
        let route: Route
        let parameters: [String]
        let handler: Handler
    }

    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        var parameter: Int?
        var endpoints: [Method: Endpoint] = [:]
    }

    private var nodes = [Node()]

    /// Every route in the order in which it was added.
    package private(set) var routes: [Route] = []

    package init() {}

    /// Adds a route. A malformed pattern, or a second handler for one method and path, is a mistake in the
    /// program.
    ///
    /// - Parameter name: what the operation is called, such as `payments.get`; the method and pattern by
    ///   default.
    package mutating func add(
        _ method: Method, _ pattern: String, name: String? = nil, _ handler: @escaping Handler
    ) {
        precondition(pattern.hasPrefix("/"), "a pattern starts with a slash")
        var node = 0
        var parameters: [String] = []
        let path = pattern.dropFirst()
        for segment in path.isEmpty ? [] : path.split(separator: "/", omittingEmptySubsequences: false) {
            if segment.hasPrefix("{"), segment.hasSuffix("}"), segment.count > 2 {
                parameters.append(String(segment.dropFirst().dropLast()))
                node = child(of: node, \.parameter)
            } else {
                let isLiteral = !segment.isEmpty && !segment.contains { "{}%?#".contains($0) }
                precondition(isLiteral, "malformed: \(pattern)")
                node = child(of: node, \.literals[String(segment)])
            }
        }
        precondition(Set(parameters).count == parameters.count, "a parameter occurs twice in \(pattern)")
        precondition(
            nodes[node].endpoints[method] == nil, "\(method.rawValue) \(pattern) has a handler already")
        let route = Route(method: method, pattern: pattern, name: name ?? "\(method.rawValue) \(pattern)")
        nodes[node].endpoints[method] = Endpoint(route: route, parameters: parameters, handler: handler)
        routes.append(route)
    }

    /// Serves `GET` on `pattern`; `name` is the route's in the log and in metrics, the pattern by default.
    package mutating func get(_ pattern: String, name: String? = nil, _ handler: @escaping Handler) {
        add(.get, pattern, name: name, handler)
    }

    /// Serves `POST` on `pattern`, as `get` does.
    package mutating func post(_ pattern: String, name: String? = nil, _ handler: @escaping Handler) {
        add(.post, pattern, name: name, handler)
    }

    /// Serves `PUT` on `pattern`, as `get` does.
    package mutating func put(_ pattern: String, name: String? = nil, _ handler: @escaping Handler) {
        add(.put, pattern, name: name, handler)
    }

    /// Serves `PATCH` on `pattern`, as `get` does.
    package mutating func patch(_ pattern: String, name: String? = nil, _ handler: @escaping Handler) {
        add(.patch, pattern, name: name, handler)
    }

    /// Serves `DELETE` on `pattern`, as `get` does.
    package mutating func delete(_ pattern: String, name: String? = nil, _ handler: @escaping Handler) {
        add(.delete, pattern, name: name, handler)
    }

    /// Adds every route of another router.
    package mutating func add(_ other: Router) {
        for route in other.routes {
            guard let node = other.resolve(Self.segments(of: route.pattern)),
                let endpoint = other.nodes[node.index].endpoints[route.method]
            else { continue }
            add(route.method, route.pattern, name: route.name, endpoint.handler)
        }
    }

    /// Runs the handler of the request's route, or answers 404 or 405. Throws what the handler throws.
    package func respond(to request: Request) async throws -> Response {
        switch match(request) {
        case .handler(let handler, _, let parameters):
            var request = request
            request.parameters = parameters
            return try await handler(request)
        case .methodNotAllowed(let allowed):
            let allow: Headers = ["Allow": Self.list(allowed)]
            return .problem(.methodNotAllowed, code: "method_not_allowed", headers: allow)
        case .notFound:
            return .problem(.notFound, code: "not_found")
        }
    }

    /// Where a request leads.
    package enum Match: Sendable {
        case handler(Handler, Route, Parameters)
        /// The methods the path has, in the order of `Method`.
        case methodNotAllowed([Method])
        case notFound
    }

    /// What a request leads to, without running it: for callers that wrap handlers in checks, labels and
    /// limits.
    package func match(_ request: Request) -> Match {
        guard request.path != "*", let node = resolve(request.segments) else { return .notFound }
        let endpoints = nodes[node.index].endpoints
        let own = endpoints[request.method] ?? (request.method == .head ? endpoints[.get] : nil)
        guard let own else { return .methodNotAllowed(Self.allowed(endpoints.keys)) }
        return .handler(own.handler, own.route, Parameters(names: own.parameters, values: node.values))
    }

    /// The text of an `Allow` field.
    package static func list(_ methods: [Method]) -> String {
        methods.map(\.rawValue).joined(separator: ", ")
    }

    private static func allowed(_ methods: some Collection<Method>) -> [Method] {
        Method.allCases.filter { methods.contains($0) || $0 == .head && methods.contains(.get) }
    }

    private static func segments(of pattern: String) -> [String] {
        pattern.split(separator: "/").map(String.init)
    }

    private mutating func child(of node: Int, _ edge: WritableKeyPath<Node, Int?>) -> Int {
        if let existing = nodes[node][keyPath: edge] { return existing }
        nodes.append(Node())
        nodes[node][keyPath: edge] = nodes.count - 1
        return nodes.count - 1
    }

    /// The node of a path and the segments at its parameters. It looks at each node of the tree at most once.
    private func resolve(_ segments: [String]) -> (index: Int, values: [String])? {
        func search(_ node: Int, _ depth: Int, _ values: [String]) -> (index: Int, values: [String])? {
            guard depth < segments.count else { return nodes[node].endpoints.isEmpty ? nil : (node, values) }
            let segment = segments[depth]
            if let next = nodes[node].literals[segment], let found = search(next, depth + 1, values) {
                return found
            }
            guard let next = nodes[node].parameter, !segment.isEmpty else { return nil }
            return search(next, depth + 1, values + [segment])
        }
        return search(0, 0, [])
    }
}
