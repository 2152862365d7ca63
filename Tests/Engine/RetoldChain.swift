import Chains
import Domain

/// A network of the sandbox that comes to the gateway's ears as somebody else tells it.
struct RetoldChain: Chain {
    private let chain: SandboxChain
    private let retell: @Sendable (Batch, _ after: Cursor?) throws -> Batch

    init(_ chain: SandboxChain, _ retell: @escaping @Sendable (Batch, _ after: Cursor?) throws -> Batch) {
        self.chain = chain
        self.retell = retell
    }

    var network: NetworkName { chain.network }
    var assets: [Asset] { chain.assets }
    func canMeet(_ requirement: Policy.Requirement) -> Bool { true }
    func leastPayable(_ asset: Asset) -> UInt128 { chain.leastPayable(asset) }
    func receivingKey(parsing text: String) throws -> ReceivingKey { try chain.receivingKey(parsing: text) }
    func script(ofAddress text: String) -> String? { chain.script(ofAddress: text) }
    func forget() { chain.forget() }
    func hints() -> AsyncStream<Void> { chain.hints() }

    func destination(of key: WalletKey, at index: UInt32) throws -> DerivedDestination {
        try chain.destination(of: key, at: index)
    }

    func paymentURI(address: String, asset: Asset, amount: UInt128, label: String?) -> String {
        chain.paymentURI(address: address, asset: asset, amount: amount, label: label)
    }

    func advance(from cursor: Cursor?, kept: any KeptHeaders) async throws -> Batch {
        try retell(try await chain.advance(from: cursor, kept: kept), cursor)
    }
}
