internal import Crypto
package import Domain
internal import Platform

/// A network of Ethereum's kind, heard from one or several providers of which none is believed alone.
///
/// A block counts when as many as the quorum name it; from its hash on everything is computed again here:
/// header, transactions and receipts. There is no pool: what waits for a block is heard of with its block.
package final class EVMChain: Chain {
    package let network: NetworkName
    package let assets: [Asset]

    let place: EVMNetwork
    let providers: EVMProviders
    let clock: any Clock
    /// Whom blocks are read from: the next one where the last one failed.
    let reader = Lock(0)
    private let keys = Lock<[String: EVMAccountKey]>([:])

    /// Asks nobody anything yet.
    package init(_ settings: EVMSettings) {
        place = settings.network
        network = settings.network.name
        assets = settings.network.assets
        clock = settings.clock
        providers = EVMProviders(
            all: settings.providers, quorum: settings.quorum, chainID: settings.network.chainID)
    }

    /// Without a pool nothing can be taken before a block holds it.
    package func canMeet(_ requirement: Policy.Requirement) -> Bool {
        switch requirement {
        case .count(let count): count > 0
        case .safe, .finalized: place.finalitySeconds != nil
        case .settled: false
        }
    }

    /// See `Chain`. Takes an account's extended public key (BIP 32).
    package func receivingKey(parsing text: String) throws -> ReceivingKey {
        let account = try EVMAccountKey(parsing: text)
        return ReceivingKey(
            key: WalletKey(account.canonicalText), fingerprint: account.branchID, warnings: account.warnings)
    }

    package func script(ofAddress text: String) -> String? { (try? EVMAddress(parsing: text))?.script }

    /// See `Chain`. The same address on all networks of this kind.
    package func destination(of key: WalletKey, at index: UInt32) throws -> DerivedDestination {
        let account = try account(of: key)
        do throws(ExtendedKeyError) {
            let address = try account.address(at: index)
            return DerivedDestination(
                address: address.text, script: address.script, path: account.path(of: index))
        } catch {
            throw ChainFault(.unusable, "The wallet's key has no destination \(index).")
        }
    }

    private func account(of key: WalletKey) throws -> EVMAccountKey {
        if let known = keys.withLock({ $0[key.text] }) { return known }
        guard let account = try? EVMAccountKey(parsing: key.text) else {
            throw ChainFault(.unusable, "The wallet's key is none of \(network).")
        }
        keys.withLock { keys in
            if keys.count >= EVMLimits.parsedKeys { keys = [:] }
            keys[key.text] = account
        }
        return account
    }

    /// EIP-681: `ethereum:0x…@1?value=1000`, and for a token
    /// `ethereum:0x<contract>@1/transfer?address=0x…&uint256=1000`. It has no place for a label.
    package func paymentURI(address: String, asset: Asset, amount: UInt128, label: String?) -> String {
        guard let contract = asset.contract else {
            return "ethereum:\(address)@\(place.chainID)?value=\(amount)"
        }
        return "ethereum:\(contract)@\(place.chainID)/transfer?address=\(address)&uint256=\(amount)"
    }

    /// There is nothing to forget: it has told of no pool.
    package func forget() {}

    /// Providers are asked from time to time; they give no hints.
    package func hints() -> AsyncStream<Void> { AsyncStream { $0.finish() } }
}
