/// Whom a client may talk to. One client has one policy for life, and its own connections: a connection
/// opened under one policy can never be reused under another.
package enum ClientPolicy: Sendable {
    /// Addresses chosen by the operator: nodes, rate sources.
    case trusted
    /// Addresses chosen by others: public unicast only, judged by `AddressGuard` at each connection.
    case guarded(allowLoopback: Bool)

    var addressGuard: AddressGuard? {
        switch self {
        case .trusted: nil
        case .guarded(let allowLoopback): AddressGuard(allowsLoopback: allowLoopback)
        }
    }
}
