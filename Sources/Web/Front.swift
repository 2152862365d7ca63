package import HTTP
package import Platform

/// What every request passes: a name for it, the route, one line in the log, the figures, and the fields
/// that every answer carries.
package struct Front: Sendable {
    static let requestIDField = "X-Request-Id"

    private let router: Router
    private let log: Log
    private let clock: any Clock
    private let entropy: any Entropy
    private let requests: Counter
    private let seconds: Histogram
    private let refusals: Counter

    /// - Parameter routers: their routes must not overlap.
    package init(
        _ routers: [Router], log: Log, metrics: Metrics, clock: any Clock = SystemClock(),
        entropy: any Entropy = SystemEntropy()
    ) {
        var router = Router()
        for other in routers { router.add(other) }
        self.router = router
        self.log = log
        self.clock = clock
        self.entropy = entropy
        requests = metrics.counter(
            "quittance_http_requests_total", help: "Requests answered, by route and class of status.",
            labels: ["route", "status"])
        seconds = metrics.histogram(
            "quittance_http_request_seconds", help: "How long requests took, by route.", labels: ["route"])
        refusals = metrics.counter(
            "quittance_http_refusals_total", help: "Answers of the server itself, by code.", labels: ["code"])
    }

    /// Counts and logs an answer of the server itself.
    func count(_ refused: Server.Refused, _ requestID: String) {
        requests.add(1, "none", "\(refused.status.code / 100)xx")
        refusals.add(1, refused.code)
        log.info("refused \("code", refused.code) \("status", refused.status.code) \("request", requestID)")
    }

    /// Answers one request. Never throws: what a handler throws is answered 500 and logged.
    package func respond(to request: Request) async -> Response {
        let start = clock.uptime
        var request = request
        request.id = identity(of: request)
        let (name, answer) = await route(request)
        var response = answer
        Self.decorate(&response, request.id)
        let milliseconds = clock.uptime - start
        requests.add(1, name, "\(response.status.code / 100)xx")
        seconds.observe(milliseconds: milliseconds, name)
        log.info(
            """
            \("method", request.method.rawValue) \("route", name) \("status", response.status.code) in \
            \("milliseconds", milliseconds) ms \("request", request.id)
            """)
        return response
    }

    private func route(_ request: Request) async -> (name: String, Response) {
        switch router.match(request) {
        case .handler(let handler, let route, let parameters):
            var request = request
            request.parameters = parameters
            do {
                return (route.name, try await handler(request))
            } catch let problem as Problem {
                return (route.name, answer(problem, to: request, route: route.name))
            } catch {
                log.error("a handler failed \("route", route.name) \("error", error)")
                return (route.name, answer(Problem(error), to: request, route: route.name))
            }
        case .methodNotAllowed(let allowed):
            let list = Router.list(allowed)
            let problem = Problem(.methodNotAllowed, "This path takes \(list).", headers: ["Allow": list])
            return ("none", answer(problem, to: request))
        case .notFound:
            let problem = Problem(.notFound, "There is nothing at this path.")
            return ("none", answer(problem, to: request))
        }
    }

    /// The client's own name for its request where that is a plain one, else a new one.
    func identity(of request: Request) -> String {
        let values = request.headers.values(Self.requestIDField)
        if values.count == 1, let value = values.first,
            (1...Limits.requestIDBytes).contains(value.utf8.count), value.utf8.allSatisfy(Self.isPlain)
        {
            return value
        }
        return newIdentity()
    }

    func newIdentity() -> String { "req_" + Hex.encode(entropy.bytes(12)) }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }

    /// Fields for every answer. A page that brings its own keeps them.
    static func decorate(_ response: inout Response, _ requestID: String) {
        response.headers[requestIDField] = requestID
        guard names.contains(where: { response.headers.contains($0) }) else {
            return response.headers.append(standing)
        }
        for (name, value) in standing where !response.headers.contains(name) {
            response.headers.add(name, value)
        }
    }

    private static let standing: Headers = [
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
    ]

    private static let names = standing.map(\.name)
}
