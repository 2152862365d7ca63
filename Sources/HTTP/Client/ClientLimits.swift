/// Every bound of this module's client side. Times in milliseconds.
package struct ClientLimits: Sendable {
    /// Name resolution, connection and TLS handshake together.
    package var connectTimeout: Int64 = 5_000
    /// Requests on the way at once, and of them those to one origin; each holds one connection.
    package var transfers = 512
    package var transfersPerOrigin = 16
    /// Requests that wait for one of these places. Beyond it: `ClientError.Kind.overloaded`.
    package var waiting = 8_192
    package var waitingPerOrigin = 4_096
    /// Connections kept open for later requests, and how long an unused one is trusted to be alive.
    package var idleConnections = 64
    package var idleTime: Int64 = 60_000

    package init() {}

    /// Longest text of a URL.
    package static let urlBytes = 2_048
    /// Fields of an answer, and the bytes of all its lines.
    static let responseFields = 128
    static let responseHead = 64 * 1_024
    /// The longest wait that a `Retry-After` field can ask for.
    package static let retryAfterSeconds: Int64 = 24 * 60 * 60
    /// Handles kept for later requests; each has buffers of some kilobytes.
    static let idleHandles = 64
    /// Between two looks at the deadlines of waiting requests, and the longest sleep without any.
    static let waitingSweep: Int32 = 50
    static let idleSleep: Int32 = 10_000
}
