package import HTTP

/// How one network of Bitcoin's kind is reached.
package struct UTXOSettings: Sendable {
    package var network: UTXONetwork
    /// The node's RPC address, as `http://127.0.0.1:8332`.
    package var url: URL
    package var credentials: NodeCredentials
    /// Where the node publishes its messages (`-zmqpubhashblock`, `-zmqpubrawtx` or `-zmqpubsequence`), as
    /// `tcp://127.0.0.1:28332`; nil when it does not. They only make things faster.
    package var zmqEndpoint: String?
    /// What takes the questions to the node; nil for connections of its own.
    package var sender: (any Sender)?

    package init(
        network: UTXONetwork, url: URL, credentials: NodeCredentials, zmqEndpoint: String? = nil,
        sender: (any Sender)? = nil
    ) {
        self.network = network
        self.url = url
        self.credentials = credentials
        self.zmqEndpoint = zmqEndpoint
        self.sender = sender
    }
}

/// What a node says of itself, for whoever sets it up.
package struct NodeReport: Hashable, Sendable {
    /// `/Satoshi:29.0.0/`.
    package let version: String
    /// `main`, `test`, `testnet4`, `signet` or `regtest`, in the node's words.
    package let chain: String
    package let height: UInt64
    package let headers: UInt64
    package let isCatchingUp: Bool
    /// Old blocks are deleted; a gateway that was away for longer than those are kept cannot catch up.
    package let isPruned: Bool
    /// Networks are told apart by their first block: this is the one that was asked for.
    package let isRightNetwork: Bool
    /// Other nodes that it speaks to: one without any hears nothing new.
    package let connections: UInt64
    /// What the node itself is worried about.
    package let warnings: [String]
}
