package import Crypto
package import Domain

/// One network, as the gateway sees it. Every family of networks, and the sandbox, is one of these.
///
/// A chain tells a story from a cursor on. It keeps nothing that matters: after a crash the same cursor gives
/// the same story again. Push messages of a node only wake the watcher; what counts is what `advance` says.
package protocol Chain: Sendable {
    var network: NetworkName { get }

    /// The assets that this network carries, the coin first.
    var assets: [Asset] { get }

    /// Whether this network can ever say what a policy asks for: not every one finalises blocks or settles at
    /// once. By default it counts blocks and nothing else.
    func canMeet(_ requirement: Policy.Requirement) -> Bool

    /// Base units below which a payment of this asset cannot be made here: wallets refuse to send so little,
    /// or nodes do not pass it on. By default one.
    func leastPayable(_ asset: Asset) -> UInt128

    /// Reads what a merchant gives as the place where it receives, and brings it to its canonical form.
    ///
    /// Throws `KeyRefusal`, which says what is wrong in words that can be shown; nothing of a private key is
    /// kept.
    func receivingKey(parsing text: String) throws -> ReceivingKey

    /// What the scanner matches for an address that people name in a search; nil for another network's.
    func script(ofAddress text: String) -> String?

    /// Derives the destination of `index` from a wallet's key. Pure and repeatable.
    ///
    /// Throws `ChainFault.unusable` when the key is none of this network.
    func destination(of key: WalletKey, at index: UInt32) throws -> DerivedDestination

    /// The link that a wallet opens: BIP 21 and the like.
    func paymentURI(address: String, asset: Asset, amount: UInt128, label: String?) -> String

    /// What happened since `cursor`; nil asks where to begin (the network's tip, nothing before it).
    ///
    /// A batch is bounded: when it `hasMore`, ask again at once. Throws `ChainFault` when the node errs,
    /// lags, lies or is on another network: that is "unknown", never "nothing". A call that throws has
    /// handed nothing out and forgets nothing.
    func advance(from cursor: Cursor?, kept: any KeptHeaders) async throws -> Batch

    /// The last batch was not absorbed: what this process told of the pool is told again. Nothing else
    /// depends on it.
    func forget()

    /// One element for each hint that something happened; may be lossy, must not be needed.
    func hints() -> AsyncStream<Void>
}

extension Chain {
    /// One base unit, where the network has no dust.
    package func leastPayable(_ asset: Asset) -> UInt128 { 1 }

    /// By counts of blocks alone.
    package func canMeet(_ requirement: Policy.Requirement) -> Bool {
        switch requirement {
        case .count: true
        case .safe, .finalized, .settled: false
        }
    }
}

/// The headers that were absorbed, asked by a chain that looks for a fork.
package protocol KeptHeaders: Sendable {
    /// The block that was absorbed at `height`; nil when none is kept there.
    func block(at height: UInt64) async throws -> BlockID?
    /// The lowest height kept.
    func lowest() async throws -> UInt64?
}

/// Where a wallet receives: what its owner gave, checked when it was registered.
package struct WalletKey: Hashable, Sendable {
    /// The account key or descriptor in its canonical text. Cannot spend.
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// A wallet key that was read and checked.
package struct ReceivingKey: Hashable, Sendable {
    package let key: WalletKey
    /// The same for the same key in whatever spelling: derivation indices grow per fingerprint.
    package let fingerprint: String
    /// What the owner should look at once more.
    package let warnings: [String]

    package init(key: WalletKey, fingerprint: String, warnings: [String]) {
        self.key = key
        self.fingerprint = fingerprint
        self.warnings = warnings
    }
}

/// Why a text is no wallet key of a network.
package struct KeyRefusal: Error, Hashable, Sendable {
    /// What is wrong with it, as a stable and public code.
    package enum Code: String, Sendable, CaseIterable {
        case invalidKey = "invalid_key"
        /// It could spend: nothing of it was kept, and its owner should consider it exposed.
        case privateKey = "private_key"
        case wrongNetwork = "wrong_network"
        case unsupportedKey = "unsupported_key"
    }

    package let code: Code
    package let detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// The same wherever such a key was sent.
    package static let privateKey = KeyRefusal(
        .privateKey,
        "This is a private key: it could spend. Nothing of it was kept, but consider it exposed."
            + " Send the account's public key (xpub, or a descriptor with it).")
}

/// A destination as its key gives it.
package struct DerivedDestination: Hashable, Sendable {
    /// As people see it.
    package let address: String
    /// As the scanner matches it: an output script in lower-case hexadecimal.
    package let script: String
    /// `m/84h/0h/0h/0/7`.
    package let path: String

    package init(address: String, script: String, path: String) {
        self.address = address
        self.script = script
        self.path = path
    }
}

/// The last block that was absorbed.
package struct Cursor: Hashable, Sendable {
    package let height: UInt64
    package let block: BlockID

    package init(height: UInt64, block: BlockID) {
        self.height = height
        self.block = block
    }
}

/// A bounded part of a network's story. Absorbed whole or not at all.
package struct Batch: Sendable {
    /// Where the chain we absorbed and the node's chain part; nil when nothing was disconnected. Every
    /// absorbed block above this height has left the chain.
    package var forkHeight: UInt64?
    /// Oldest first; the first one's parent is the cursor, or the block at `forkHeight`.
    package var connected: [ChainBlock] = []
    /// Transactions that entered the pool since the last batch of this process; after a start, all of them.
    package var entered: [ChainTransaction] = []
    /// The pool as it stands at the last connected block; nil while that is not known (still catching up, or
    /// a block came in between): then nothing can be said to have left it.
    package var pool: Set<String>?
    /// The cursor after this batch.
    package var cursor: Cursor
    package var safe: UInt64?
    package var finalized: UInt64?
    /// All blocks of the node are in it: what it says of confirmations is the present state.
    package var isAtTip: Bool
    /// Why nothing may become confirmed although the network is heard: its finality has stopped, its nodes
    /// do not agree. What kind of reason, a colon, and what changes from time to time. Nil when all is well.
    package var doubt: String?
    /// Up to when all that happened is in it, where that is before it was asked for: the head that is
    /// believed may be older than the network's own.
    package var seenUntil: Instant?
    /// False while more of the pool waits to be told. Nothing but `pool` depends on that.
    package var isPoolTold = true
    /// There is more: ask again at once.
    package var hasMore: Bool { !isAtTip || !isPoolTold }

    package init(cursor: Cursor, isAtTip: Bool) {
        self.cursor = cursor
        self.isAtTip = isAtTip
    }
}

/// A block with what may concern us in it.
package struct ChainBlock: Sendable {
    package let height: UInt64
    package let block: BlockID
    package let parent: BlockID
    package let medianTime: Instant
    /// The header's own bytes, which the block's name is the hash of; none in the sandbox.
    package let header: [UInt8]
    package let transactions: [ChainTransaction]

    package init(
        height: UInt64, block: BlockID, parent: BlockID, medianTime: Instant, header: [UInt8] = [],
        transactions: [ChainTransaction]
    ) {
        self.height = height
        self.block = block
        self.parent = parent
        self.medianTime = medianTime
        self.header = header
        self.transactions = transactions
    }
}

/// One transaction: what it spends and whom it pays.
package struct ChainTransaction: Sendable {
    package let id: String
    /// Its place in the block; 0 in the pool.
    package let index: UInt32
    /// The outputs that it spends, `txid:vout`. Two transactions that name the same one exclude each other.
    package let inputs: [String]
    package let outputs: [ChainOutput]
    /// Confirmations below which the network itself would not let an output be spent (coinbase), else 0.
    package let maturity: UInt32
    /// It is in a block and has moved nothing: a call that was reverted.
    package let hasFailed: Bool
    /// The raw bytes, by SHA-256; of the sandbox, its canonical encoding. Worked out when it is asked for:
    /// most transactions are nobody's here.
    package let observation: @Sendable () -> [UInt8]
    /// What shows that its block holds it; nil in the pool, and in the sandbox. Worked out when asked for.
    package let inclusion: (@Sendable () -> Inclusion)?

    package init(
        id: String, index: UInt32, inputs: [String], outputs: [ChainOutput], maturity: UInt32,
        hasFailed: Bool = false, observation: @escaping @Sendable () -> [UInt8],
        inclusion: (@Sendable () -> Inclusion)? = nil
    ) {
        self.id = id
        self.index = index
        self.inputs = inputs
        self.outputs = outputs
        self.maturity = maturity
        self.hasFailed = hasFailed
        self.observation = observation
        self.inclusion = inclusion
    }
}

/// What shows, together with the block's header, that the block holds a transaction.
package struct Inclusion: Hashable, Sendable {
    /// The transaction as the block has it.
    package let raw: [UInt8]
    /// What it is hashed with on the way to the header's Merkle root, from below: 32 bytes a level.
    package let branch: [UInt8]

    package init(raw: [UInt8], branch: [Hash256]) {
        self.raw = raw
        self.branch = branch.flatMap(\.bytes)
    }
}

/// Value that one transaction moves to one script.
package struct ChainOutput: Sendable {
    /// Unique in the network for ever: `txid:vout`.
    package let place: String
    package let script: String
    /// Nil for an asset that is not on the list.
    package let asset: AssetCode?
    /// Base units in decimal text.
    package let amountText: String

    package init(place: String, script: String, asset: AssetCode?, amountText: String) {
        self.place = place
        self.script = script
        self.asset = asset
        self.amountText = amountText
    }
}

/// The world failed, as far as a network is concerned.
package struct ChainFault: Error, Sendable {
    /// What failed.
    package enum Kind: String, Sendable {
        /// The node does not answer, or answers with an error that may pass.
        case unreachable
        /// It answers with something that cannot be true.
        case malformed
        /// It is on another network than it should be.
        case wrongNetwork = "wrong_network"
        /// It is still catching up with its own network.
        case syncing
        /// Credentials are refused.
        case unauthorized
        /// What was asked makes no sense on this network.
        case unusable
    }

    package let kind: Kind
    /// For the operator; never holds credentials.
    package let detail: String

    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// Whether the same call may go through later by itself.
    package var isTransient: Bool {
        switch kind {
        case .unreachable, .syncing: true
        case .malformed, .wrongNetwork, .unauthorized, .unusable: false
        }
    }
}
