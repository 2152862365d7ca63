/// Why a server cannot start.
package enum ServerError: Error, Equatable, CustomStringConvertible {
    case malformedAddress(String)
    case malformedPort(Int)
    case malformedProxy(String)
    case addressInUse(address: String, port: Int)
    case addressNotAvailable(address: String)
    /// Ports below 1024 need a privilege.
    case notPermitted(port: Int)
    /// Another refusal of the kernel: the call and its error number.
    case system(call: String, error: Int32)

    package var description: String {
        switch self {
        case .malformedAddress(let text): "cannot listen on \"\(text)\": give a numeric IPv4 or IPv6 address"
        case .malformedPort(let port): "cannot listen on port \(port): ports are 0 to 65535"
        case .malformedProxy(let text):
            "\"\(text)\" is not an address or a block of addresses such as 10.0.0.0/8"
        case .addressInUse(let address, let port):
            "address in use: another program listens on port \(port) of \(address)"
        case .addressNotAvailable(let address): "this machine does not have the address \(address)"
        case .notPermitted(let port): "not permitted to listen on port \(port): choose one above 1023"
        case .system(let call, let error): "\(call) failed with error number \(error)"
        }
    }
}

/// A handler has not answered within `Limits.handler` and is told to end.
package struct HandlerOverdue: Error, Hashable, CustomStringConvertible {
    /// How long it has worked.
    package let milliseconds: Int64

    package var description: String { "no answer after \(milliseconds) ms" }
}
