internal import Crypto
package import Domain
internal import HTTP
internal import Platform

/// Bitcoin, Litecoin and their test networks, heard from one node that we trust to validate, and check
/// anyway.
///
/// Blocks are parsed here, out of their raw bytes; transactions are never asked for by address. A node that
/// is on another network, lags or contradicts itself is a fault, never an empty answer.
package final class UTXOChain: Chain {
    package let network: NetworkName
    package let assets: [Asset]

    let place: UTXONetwork
    let node: UTXONode
    let memory = Lock(Memory())
    private let zmqEndpoint: String?
    private let subscription = Lock<ZMQSubscription?>(nil)
    private let keys = Lock<[String: AccountKey]>([:])

    /// What this process knows of the node; nothing depends on it but effort.
    struct Memory: Sendable {
        /// The node's first block was compared since the last fault.
        var isRightNetwork = false
        /// The cursor of the last batch. Another one asked for means that the batch was not absorbed.
        var cursor: Cursor?
        var pool = Pool()
        /// The last headers, oldest first, up to the cursor's: for median times.
        var headers: [BlockHeader] = []
    }

    /// What was told of the pool.
    struct Pool: Sendable {
        /// Transactions in the pool that were told and have not left it since.
        var told: Set<String> = []
        /// Those of the last listing that were not told yet.
        var waiting: ArraySlice<String> = []
    }

    /// Asks nothing of the node yet.
    package init(_ settings: UTXOSettings) {
        place = settings.network
        network = settings.network.name
        assets = [settings.network.coin]
        node = UTXONode(
            network: settings.network,
            rpc: NodeRPC(settings.url, settings.credentials, through: settings.sender))
        zmqEndpoint = settings.zmqEndpoint
    }

    /// What the node says of itself. Throws when it does not answer, or not everything that is needed.
    package func probe() async throws(ChainFault) -> NodeReport {
        let standing = try await node.standing()
        let (version, connections) = try await node.identity()
        let isRight = try await isRightNetwork()
        try await node.mustServe()
        return NodeReport(
            version: version, chain: standing.chain, height: standing.height, headers: standing.headers,
            isCatchingUp: isCatchingUp(standing), isPruned: standing.isPruned,
            isRightNetwork: isRight, connections: connections, warnings: standing.warnings)
    }

    package func forget() { memory.withLock { $0 = Memory() } }

    /// Hints of the node's publisher, if it has one. For one listener at a time.
    ///
    /// On a main network only blocks hint: several transactions enter its pool every second, and to be asked
    /// for all of the pool as often would keep the node and us busy. The pool is looked at from time to time.
    package func hints() -> AsyncStream<Void> {
        let topics = place.isTest ? ["hashblock", "rawtx", "hashtx", "sequence"] : ["hashblock"]
        guard let zmqEndpoint, let fresh = try? ZMQSubscription(endpoint: zmqEndpoint, topics: topics) else {
            return AsyncStream { $0.finish() }
        }
        subscription.withLock { $0 = fresh }
        return fresh.hints
    }

    package func leastPayable(_ asset: Asset) -> UInt128 { place.leastPayable }

    package func script(ofAddress text: String) -> String? {
        (try? Address(parsing: text, on: place)).map { Hex.encode($0.script.bytes) }
    }

    /// See `Chain`. Derivation takes one addition on the curve: the key is parsed once and kept.
    package func destination(of key: WalletKey, at index: UInt32) throws -> DerivedDestination {
        let account = try account(of: key)
        do throws(ExtendedKeyError) {
            let destination = try account.destination(at: index)
            return DerivedDestination(
                address: destination.address.text, script: Hex.encode(destination.script.bytes),
                path: destination.path)
        } catch {
            throw ChainFault(.unusable, "The wallet's key has no destination \(index).")
        }
    }

    private func account(of key: WalletKey) throws(ChainFault) -> AccountKey {
        if let known = keys.withLock({ $0[key.text] }) { return known }
        let parsed: AccountKey
        do throws(AccountKeyError) {
            parsed = try AccountKey(parsing: key.text, on: place)
        } catch {
            throw ChainFault(.unusable, "The wallet's key is none of \(network).")
        }
        keys.withLock { keys in
            if keys.count >= UTXOLimits.parsedKeys { keys = [:] }
            keys[key.text] = parsed
        }
        return parsed
    }

    /// BIP 21: `bitcoin:bc1…?amount=0.001&label=Shop%20%237`. Its scheme is the same on test networks.
    package func paymentURI(address: String, asset: Asset, amount: UInt128, label: String?) -> String {
        var uri =
            "\(place.uriScheme):\(address)?amount=\(DecimalText.text(amount, decimals: asset.decimals))"
        if let label, !label.isEmpty { uri += "&label=" + PercentEncoding.encode(label) }
        return uri
    }
}

extension UTXONetwork {
    /// The one of that name; nil for a network of another kind.
    package init?(_ name: NetworkName) { self.init(rawValue: name.text) }

    /// Its name among all networks of the gateway.
    package var name: NetworkName {
        guard let name = NetworkName(parsing: rawValue) else {
            preconditionFailure("the name of a network is valid")
        }
        return name
    }

    /// The one asset that it carries.
    package var coin: Asset {
        guard let code = AssetCode(parsing: isLitecoin ? "LTC" : "BTC") else {
            preconditionFailure("the code of an asset is valid")
        }
        return Asset(
            method: Domain.Method(asset: code, network: name), decimals: 8, payableDecimals: 8,
            contract: nil,
            version: 1)
    }
}
