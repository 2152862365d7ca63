/// What the server accepts and how long it waits: every bound of this module's server side. Times in
/// milliseconds.
package struct Limits: Sendable {
    // Sizes of a request, in bytes where not said otherwise. Beyond them: 414, 431, 413.
    package var target = 8 * 1_024
    /// The whole head, request line included.
    package var head = 16 * 1_024
    /// Number of fields.
    package var fields = 100
    package var body = 1_024 * 1_024
    /// Digits of a chunk's size, zeros before it included.
    package var chunkSizeDigits = 8
    /// Chunk extensions of one body together.
    package var chunkExtensions = 1_024
    /// The trailer section of a chunked body.
    package var trailers = 4 * 1_024
    /// Path segments, and pairs of a query.
    package var segments = 64
    package var queryPairs = 128

    // Connections. Beyond them: 503, or 429 for one peer. A configured proxy is not counted as one peer: the
    // clients that it names may have as many requests under way as others may have connections.
    package var connections = 12_000
    package var connectionsPerPeer = 1_000
    /// Accepted at most in one pass of a loop, so that a rush cannot starve those already served.
    package var acceptsPerPass = 64
    /// Accepted at most when a drain begins: as many as can have waited in the kernel. Whoever comes on and
    /// on must not keep a server from ending.
    package var acceptsInDrain = Int(acceptQueue)
    /// Received but not yet answered, of one connection. Beyond it nothing more is read until an answer is
    /// out.
    package var pipelinedBytes = 64 * 1_024
    /// Bodies being received on one loop, together. Beyond it: 503.
    package var bodiesTogether = 256 * 1_024 * 1_024

    // Time.
    /// From the first byte of a head to its end, however busily it trickles. Also for a new connection's
    /// first byte.
    package var headDeadline: Int64 = 10_000
    /// What a body may take beyond its size at `bodyRate`.
    package var bodyGrace: Int64 = 10_000
    /// Bytes a second, averaged from the body's start.
    package var bodyRate: Int64 = 4 * 1_024
    /// Between an answer and the next request.
    package var idle: Int64 = 60_000
    /// What an answer may take beyond its size at `writeRate`.
    package var writeGrace: Int64 = 30_000
    /// Bytes a second, averaged from when the output began to wait.
    package var writeRate: Int64 = 4 * 1_024
    /// How long a handler may work before it is cancelled, and then before 503 is answered without it. A
    /// stream of events is an answer and has no end.
    package var handler: Int64 = 60_000
    package var handlerAfterCancel: Int64 = 2_000
    /// How long a handler goes on after the client has closed its sending side, which may be all it closed.
    package var departureGrace: Int64 = 1_000
    /// After a refusal: how long, and how many bytes, what still comes is thrown away, so that the refusal is
    /// read.
    package var lingerTime: Int64 = 2_000
    package var lingerBytes = 16 * 1_024 * 1_024
    /// On drain: how long requests in flight may take before they are cancelled, and then before run() ends.
    package var drain: Int64 = 15_000
    /// And how long a connection that just came may take to begin its request.
    package var drainQuiet: Int64 = 250
    package var drainAfterCancel: Int64 = 2_000
    /// Between two looks at the deadlines.
    package var sweep: Int64 = 500

    // Server-sent events.
    /// Streams that one client may have open, behind a proxy or not. Beyond it: 503, as for a stream that has
    /// `listenersPerStream`.
    package var streamsPerPeer = 64
    /// A comment is sent to a stream that was silent for this long; proxies and dead peers show up.
    package var heartbeat: Int64 = 15_000
    /// Output waiting for one client. Beyond it the client is dropped; it comes back and gets the present
    /// state.
    package var eventBacklog = 64 * 1_024

    package init() {}

    /// Received in one call of read(2).
    static let readBytes = 64 * 1_024
    /// Events taken from the kernel in one pass.
    static let eventsPerPass = 256
    /// Fields of a request, and bytes of an answer's head beside the handler's fields and of its body, for
    /// which room is made at once.
    static let usualFields = 16
    static let usualHead = 192
    static let usualBody = 16 * 1_024
    /// Longest method token looked at.
    static let method = 16
    /// The kernel's queue of connections not yet accepted; it has its own upper bound.
    static let acceptQueue: Int32 = 4_096
    /// Changes of streams waiting for a loop. Beyond it the loop drops its streaming clients, which come
    /// back.
    static let waitingNotes = 16_384
    /// Descriptors kept for everything that is not a connection: databases, outgoing requests, logs.
    static let otherDescriptors = 1_024
    /// Addresses read from the right of one `X-Forwarded-For`.
    static let forwardedAddresses = 16
    /// Clients that listen to one stream.
    static let listenersPerStream = 64
}
