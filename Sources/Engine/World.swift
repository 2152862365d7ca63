package import Chains
package import Crypto
package import Domain
import JSON
package import Platform

/// What the engine needs of the machine, passed in, so that a simulator can pass another one.
package struct World: Sendable {
    package let clock: any Clock
    package let entropy: any Entropy
    package let log: Log
    package let metrics: Metrics
    /// Where the count of addresses is kept beside the database.
    package let files: any FileCalls
    package let identities = Identities()

    package init(
        clock: any Clock, entropy: any Entropy, log: Log, metrics: Metrics,
        files: any FileCalls = SystemFiles()
    ) {
        self.files = files
        self.clock = clock
        self.entropy = entropy
        self.log = log
        self.metrics = metrics
    }

    /// The real time.
    package var now: Instant { Instant(milliseconds: clock.now) }

    /// A new identity, above all before it. Its time is the real one, also where the sandbox's clock counts.
    package func id<Kind: Identified>() -> ID<Kind> {
        identities.next(at: now, chance: entropy.bytes(10))
    }
}

/// The two keys of an instance: one file that only the service can read.
package struct InstanceKeys: Sendable {
    /// Seals webhook secrets, and kept answers that hold a secret.
    package let box: SecretBox
    /// The seed of the public signing key, whose fingerprint is the trust root.
    package let signing: Ed25519.KeyPair

    package init(box: SecretBox, signing: Ed25519.KeyPair) {
        self.box = box
        self.signing = signing
    }
}

/// How this instance is set up, as far as the engine is concerned.
package struct Settings: Sendable {
    /// Where customers find the checkout pages, without a slash at the end.
    package var baseURL: String
    /// Rates that a merchant pushes are used for so long.
    package var rateMaxAgeSeconds: Int64 = 15 * 60
    /// Keyed answers are replayed for so long.
    package var idempotencySeconds: Int64 = 7 * 24 * 3600
    /// Watching without news for longer makes first sights in it doubtful: the block's time counts then.
    package var gapSeconds: Int64 = 120
    /// How often a network is asked when nothing hints.
    package var pollMilliseconds: Int64 = 5_000
    /// How often what came is sealed by signed roots.
    package var sealSeconds: Int64 = 60
    /// Headers kept behind the tip, to find forks with and to prove what they hold; nil for all of them.
    package var keptHeaders: UInt64?
    /// How long a receiver may take to answer.
    package var deliveryTimeoutMilliseconds = EngineLimits.deliveryTimeoutMilliseconds
    /// Webhooks may go to this machine: for development only.
    package var allowsLoopbackWebhooks = false
    /// Whoever has the link of a test payment may put the sandbox's clock forward, for all test payments.
    package var pagesMoveSandboxClock = false

    package init(baseURL: String) { self.baseURL = baseURL }
}

/// The networks of this instance.
package struct Networks: Sendable {
    /// One network, and whose money is on it.
    package struct Entry: Sendable {
        package let chain: any Chain
        /// Sandbox and test networks: test keys only, and the sandbox's clock.
        package let isTest: Bool

        package init(chain: any Chain, isTest: Bool) {
            self.chain = chain
            self.isTest = isTest
        }
    }

    package let entries: [Entry]

    package init(_ entries: [Entry]) { self.entries = entries }

    package subscript(_ name: NetworkName) -> Entry? { entries.first { $0.chain.network == name } }

    /// The asset behind a method; nil when the network or the asset is not here.
    package func asset(_ method: Domain.Method) -> Asset? {
        self[method.network]?.chain.assets.first { $0.method == method }
    }

    /// Why a key cannot use a network: there is none of that name here, or it takes the other kind of keys.
    func refusal(of name: NetworkName, isTest: Bool) -> Refusal {
        func kind(_ isTest: Bool) -> String { isTest ? "test" : "live" }
        if let entry = self[name] {
            let takes = kind(entry.isTest)
            return Refusal(
                .unsupportedNetwork,
                "“\(name)” takes a \(takes) key (qk_\(takes)_…), and this is a \(kind(isTest)) one.")
        }
        let here = entries.filter { $0.isTest == isTest }.map(\.chain.network.text)
        let near = nearestName(to: name.text, among: entries.map(\.chain.network.text))
        let hint =
            near.map { "Did you mean “\($0)”?" }
            ?? (here.isEmpty
                ? "None is configured for \(kind(isTest)) keys."
                : "For \(kind(isTest)) keys it has: \(here.joined(separator: ", ")).")
        return Refusal(.unsupportedNetwork, "This gateway has no network “\(name)”. \(hint)")
    }

    /// What the scanner matches for an address of any network here.
    package func scripts(ofAddress text: String) -> [String] {
        Set(entries.compactMap { $0.chain.script(ofAddress: text) }).sorted()
    }
}
