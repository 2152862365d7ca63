package import Platform

/// How one EVM network is reached.
package struct EVMSettings: Sendable {
    package var network: EVMNetwork
    /// Who tells of it; at least one.
    package var providers: [EVMProvider]
    /// How many of them have to name the same block: more than half of them unless said otherwise.
    package var quorum: Int
    package var clock: any Clock

    package init(
        network: EVMNetwork, providers: [EVMProvider], quorum: Int? = nil, clock: any Clock = SystemClock()
    ) {
        precondition(!providers.isEmpty, "somebody tells of a network")
        self.network = network
        self.providers = providers
        self.quorum = max(1, min(quorum ?? providers.count / 2 + 1, providers.count))
        self.clock = clock
    }
}
