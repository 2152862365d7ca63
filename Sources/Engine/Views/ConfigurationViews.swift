package import Domain
package import JSON
import Platform
package import Storage

/// A wallet as its merchant sees it.
package struct WalletView: Sendable {
    private let wallet: StoredWallet
    private let issued: Int64

    package init(_ wallet: StoredWallet, issued: Int64) {
        self.wallet = wallet
        self.issued = issued
    }

    package var id: ID<Wallet> { wallet.id }

    /// Writes the members of the wallet object.
    package func write(_ writer: inout JSONWriter) {
        writer.member("id", wallet.id.text)
        writer.member("object", "wallet")
        writer.member("network", wallet.network.text)
        writer.member("name", wallet.name)
        writer.member("key", wallet.key)
        writer.member("next_index", issued)
        writer.member("disabled", wallet.disabledAt != nil)
        writer.member("created_at", Timestamp.text(wallet.createdAt.milliseconds))
        writer.member("disabled_at", wallet.disabledAt.map { Timestamp.text($0.milliseconds) })
    }
}

/// An API key as its merchant sees it: never its text, but for the answer that makes it.
package struct KeyView: Sendable {
    private let key: StoredKey

    package init(_ key: StoredKey) { self.key = key }

    package var id: ID<APIKey> { key.id }

    /// Writes the members of the key object.
    package func write(_ writer: inout JSONWriter) {
        writer.member("id", key.id.text)
        writer.member("object", "api_key")
        writer.member("name", key.name)
        writer.member("hint", key.hint)
        writer.array("scopes", key.scopes)
        writer.member("test", key.isTest)
        writer.member("created_at", Timestamp.text(key.createdAt.milliseconds))
        writer.member("revoked_at", key.revokedAt.map { Timestamp.text($0.milliseconds) })
    }
}

/// A webhook endpoint as its merchant sees it: without its secret, but for the answers that make one.
package struct EndpointView: Sendable {
    private let endpoint: StoredEndpoint
    private let publicKey: String

    package init(_ endpoint: StoredEndpoint, publicKey: String) {
        self.endpoint = endpoint
        self.publicKey = publicKey
    }

    package var id: ID<Endpoint> { endpoint.id }

    /// Writes the members of the endpoint object.
    package func write(_ writer: inout JSONWriter) {
        writer.member("id", endpoint.id.text)
        writer.member("object", "webhook_endpoint")
        writer.member("url", endpoint.url)
        writer.array("events", endpoint.events)
        writer.member("description", endpoint.description)
        writer.member("state", endpoint.state.rawValue)
        writer.member("test", endpoint.isTest)
        writer.member("public_key", publicKey)
        let until = endpoint.previousSecret == nil ? nil : endpoint.previousUntil
        writer.member("previous_secret_until", until.map { Timestamp.text($0.milliseconds) })
        writer.member("created_at", Timestamp.text(endpoint.createdAt.milliseconds))
    }
}

/// A price of an asset as somebody said it.
package struct RateView: Sendable {
    private let rate: StoredRate
    private let maxAgeSeconds: Int64

    package init(_ rate: StoredRate, maxAgeSeconds: Int64) {
        self.rate = rate
        self.maxAgeSeconds = maxAgeSeconds
    }

    /// Writes the members of the rate object.
    package func write(_ writer: inout JSONWriter) {
        writer.member("object", "rate")
        writer.member("asset", rate.asset.text)
        writer.member("currency", rate.currency)
        writer.member("rate", rate.source.rate.text)
        writer.member("source", rate.source.name)
        writer.member("at", Timestamp.text(rate.source.at.milliseconds))
        let isPushed = !rate.merchant.isEmpty
        let end = isPushed ? rate.source.at.adding(seconds: maxAgeSeconds) : nil
        writer.member("expires_at", end.map { Timestamp.text($0.milliseconds) })
    }
}

/// How a network is doing. Why it is not well is the operator's business, and not said here.
package struct SourceView: Sendable {
    package let network: NetworkName
    package let isTest: Bool
    private let row: SourceRow?

    package init(network: NetworkName, isTest: Bool, _ row: SourceRow?) {
        self.network = network
        self.isTest = isTest
        self.row = row
    }

    package var isHealthy: Bool { row?.isHealthy ?? false }
    /// Which kind of fault it has, in one word or two, for the operator; nil while it is healthy.
    package var faultKind: String? { row?.fault.map { String($0.prefix { $0 != ":" }) } }
    /// When the network was heard of last; nil before the first time.
    package var seenAt: Instant? { row?.seenAt }

    /// Writes the members of the network object.
    package func write(_ writer: inout JSONWriter) {
        writer.member("object", "network")
        writer.member("network", network.text)
        writer.member("test", isTest)
        writer.member("healthy", isHealthy)
        writer.member("height", row?.height)
        writer.member("block_hash", row?.block?.text)
        writer.member("safe_height", row?.safe)
        writer.member("finalized_height", row?.finalized)
        writer.member("scanned_until", row.map { Timestamp.text($0.scannedUntil.milliseconds) })
        writer.member("seen_at", row.map { Timestamp.text($0.seenAt.milliseconds) })
    }
}

extension Policy {
    /// Writes the members of a policy, in the shape in which a merchant sets it.
    package func writeMembers(_ writer: inout JSONWriter) { write(&writer) }
}

extension Policy.Requirement {
    /// Reads what a policy's tier says: `6`, `safe`, `finalized`, `settled`.
    package init?(wire text: String) { self.init(parsing: text) }
}
