/// Why a request has no answer.
package struct ClientError: Error, Sendable, Hashable {
    /// What went wrong, as far as a caller decides by it.
    package enum Kind: Sendable, Hashable {
        /// Every address of the host lies in a range that the policy forbids; one of them is given.
        case refusedByGuard(IPAddress, AddressRange)
        case nameNotResolved
        /// No address of the host took the connection.
        case connectFailed
        case timedOut
        /// The handshake failed or the certificate is not to be trusted.
        case tls
        /// The connection ended before the answer did, or the body's framing broke.
        case connectionLost
        /// The peer does not speak HTTP/1.1, or its head is beyond the limits.
        case protocolViolation
        /// The body is beyond `ClientRequest.BodyLimit.refusing`.
        case bodyTooLarge
        case cancelled
        /// Too many requests wait for a place already, or none became free in time.
        case overloaded
        /// The client was closed.
        case closed
    }

    package let kind: Kind
    /// Whether any byte of the request was sent. When true the outcome at the peer is unknown; when false the
    /// peer has certainly not acted on the request.
    package let mayHaveReachedPeer: Bool
    /// For the operator, in libcurl's words where it has some. Has host and port, nothing of fields and
    /// bodies.
    package let detail: String

    package init(_ kind: Kind, mayHaveReachedPeer: Bool, detail: String = "") {
        self.kind = kind
        self.mayHaveReachedPeer = mayHaveReachedPeer
        self.detail = detail
    }
}
