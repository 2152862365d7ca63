internal import CLinux
package import Platform

/// An HTTP/1.1 server (RFC 9110, 9112): strict about what it takes, bounded in what it holds, with one event
/// loop for each core and the handlers running on the loops. A handler must not block its thread.
///
/// TLS is the business of the proxy in front; see docs/nginx.conf.
package final class Server: Sendable {
    /// Where to listen, with how much, for whom.
    package struct Configuration: Sendable {
        /// A numeric address: "127.0.0.1", "0.0.0.0", "::1", or "::" for both families.
        package var address = "127.0.0.1"
        /// 0 for a free one, see `Server.port`.
        package var port = 8_080
        /// Number of loops, each with its own thread.
        package var loops = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        package var limits = Limits()
        /// Addresses, or blocks such as "10.0.0.0/8", of proxies that may name the client and its scheme.
        package var trustedProxies: [String] = []
        package var clock: any Clock = SystemClock()
        /// Told of what a handler threw, which the client does not learn, and once of a handler that takes
        /// too long (`HandlerOverdue`), whether it then ends or not. Runs on the loop.
        package var onFailure: @Sendable (Request, any Error) -> Void = { _, _ in }
        /// Makes the answers that the server gives by itself. Runs on the loop.
        package var refuse: @Sendable (Refused) -> Response = { .problem($0.status, code: $0.code) }

        package init() {}
    }

    /// What the server answers by itself, in place of a handler.
    package struct Refused: Sendable {
        package let status: Status
        /// Stable: one of `Server.refusalCodes`.
        package let code: String
        /// Nil when none came whole.
        package let request: Request?

        /// For tests and for callers that refuse in the server's name.
        package init(_ status: Status, code: String, request: Request? = nil) {
            self.status = status
            self.code = code
            self.request = request
        }
    }

    /// The codes of all answers that the server gives by itself, with their status.
    package static var refusalCodes: [(status: Status, code: String)] {
        Refusal.all.map { ($0.status, $0.code) }
    }

    /// The port it listens on.
    package let port: Int
    private let loops: [Loop]

    /// Binds, so that connections may come and wait; `run()` serves them.
    ///
    /// - Parameter handler: answers a request. What it throws is answered 500 and reported to `onFailure`. It
    ///   is cancelled when its client has left, when it takes longer than `Limits.handler` and when a drain
    ///   takes too long; if it ends by throwing `CancellationError`, the answer is 503.
    /// - Throws: `ServerError`.
    package init(
        configuration: Configuration = Configuration(), handler: @escaping Router.Handler
    ) throws(ServerError) {
        precondition(configuration.loops > 0, "a server needs a loop")
        let proxies = try TrustedProxies(configuration.trustedProxies)
        Socket.allowDescriptors(configuration.limits.connections + Limits.otherDescriptors)
        let (listeners, port) = try Socket.listen(
            address: configuration.address, port: configuration.port, count: configuration.loops)
        let census = Lock(Census())
        var loops: [Loop] = []
        for (index, listener) in listeners.enumerated() {
            do throws(ServerError) {
                loops.append(try Loop(
                    listener: listener, configuration: configuration, proxies: proxies, census: census,
                    handler: handler))
            } catch {
                for rest in listeners[(index + 1)...] { _ = close(rest) }
                throw error
            }
        }
        self.port = port
        self.loops = loops
    }

    /// Whether a text can stand in `Configuration.trustedProxies`.
    package static func isProxy(_ text: String) -> Bool { AddressBlock(parsing: text) != nil }

    /// How many connections are open.
    package var connectionCount: Int { loops.first?.census.withLock { $0.total } ?? 0 }

    /// Serves until the task is cancelled, then drains: accepts nothing more, finishes the requests in flight
    /// within `Limits.drain`, closes the idle connections. Call it once.
    package func run() async {
        await withTaskCancellationHandler {
            await withTaskGroup { group in
                for loop in loops { group.addTask { await Self.serve(loop) } }
            }
        } onCancel: {
            for loop in loops { loop.drain() }
        }
    }

    /// Returns when the loop's thread is done.
    private static func serve(_ loop: Loop) async {
        await withCheckedContinuation { continuation in
            Thread.start {
                loop.serve()
                continuation.resume()
            }
        }
    }
}
