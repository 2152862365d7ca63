package import Crypto
import Database
package import Domain
import JSON
import Platform

/// Where a merchant receives on a network.
package struct StoredWallet: Hashable, Sendable {
    package let id: ID<Wallet>
    package let merchant: ID<Merchant>
    package let network: NetworkName
    package let name: String
    /// The account key or descriptor in canonical text.
    package let key: String
    /// The same for the same key in whatever spelling: derivation indices grow per fingerprint.
    package let fingerprint: String
    package let createdAt: Instant
    package var disabledAt: Instant?
    /// Where its merchant's chain tells of it; nil before it is registered.
    fileprivate let record: Int64?

    /// One that is not registered yet.
    package init(
        id: ID<Wallet>, merchant: ID<Merchant>, network: NetworkName, name: String, key: String,
        fingerprint: String, createdAt: Instant
    ) {
        self.id = id
        self.merchant = merchant
        self.network = network
        self.name = name
        self.key = key
        self.fingerprint = fingerprint
        self.createdAt = createdAt
        record = nil
    }

    fileprivate init(_ row: Row) throws {
        id = try row.id(0)
        merchant = try row.id(1)
        network = try row.parsed(2, NetworkName.init(parsing:))
        name = try row.text(3)
        key = try row.text(4)
        fingerprint = try row.text(5)
        createdAt = try row.instant(6)
        disabledAt = try row.instantOrNil(7)
        record = try row.counted(8)
    }
}

/// What the log tells of a new wallet, signed by the instance: whoever can write to the database and has not
/// its key can register none, and put no key of his own in the place of another.
struct WalletRegistration: Hashable {
    let network: String
    let name: String
    let key: String
    let fingerprint: String
    /// Of the instance, at that moment.
    let signer: [UInt8]
    private let signature: [UInt8]

    /// The kind of its record.
    static let kind = "wallet_created"

    init(of wallet: StoredWallet, signedBy pair: Ed25519.KeyPair) {
        network = wallet.network.text
        name = wallet.name
        key = wallet.key
        fingerprint = wallet.fingerprint
        signer = pair.publicKey.bytes
        signature = pair.sign(
            Self.message([wallet.id.text, wallet.merchant.text, network, name, key, fingerprint]))
    }

    /// Reads a record's body.
    init(_ fields: Fields) throws(Corruption) {
        network = try fields.text("network")
        name = try fields.text("name")
        key = try fields.text("key")
        fingerprint = try fields.text("fingerprint")
        guard let signer = Hex.decode(try fields.text("signer")),
            let signature = Hex.decode(try fields.text("signature"))
        else { throw Corruption("a wallet's signature is no bytes") }
        self.signer = signer
        self.signature = signature
    }

    func write(_ writer: inout JSONWriter) {
        writer.member("network", network)
        writer.member("name", name)
        writer.member("key", key)
        writer.member("fingerprint", fingerprint)
        writer.member("signer", Hex.encode(signer))
        writer.member("signature", Hex.encode(signature))
    }

    /// Whether the owner of the key that it names has signed it, for that wallet of that merchant.
    func isSigned(wallet: String, merchant: String) -> Bool {
        let message = Self.message([wallet, merchant, network, name, key, fingerprint])
        return Ed25519.PublicKey(signer)?.isValid(signature, of: message) ?? false
    }

    private static func message(_ parts: [String]) -> [UInt8] {
        var preimage = Preimage("quittance/wallet/1", reserving: 512)
        for part in parts { preimage.put(part) }
        return preimage.bytes
    }
}

extension Transaction {
    private var walletColumns: SQL {
        "id, merchant, network, name, key, fingerprint, created_at, disabled_at, record"
    }

    /// A merchant's wallets, oldest first, disabled ones too.
    package func wallets(of merchant: ID<Merchant>) throws -> [StoredWallet] {
        try connection.query(
            "SELECT \(walletColumns) FROM wallet WHERE merchant = \(merchant.text) ORDER BY id"
        )
        .map(StoredWallet.init)
    }

    /// A merchant's wallets that take new payments, in no order.
    package func walletsInUse(of merchant: ID<Merchant>) throws -> [StoredWallet] {
        try connection.query(
            """
            SELECT \(walletColumns) FROM wallet WHERE merchant = \(merchant.text) AND disabled_at IS NULL
            ORDER BY network, id
            """
        ).map(StoredWallet.init)
    }

    /// A wallet; nil when there is none of that identity.
    package func wallet(_ id: ID<Wallet>) throws -> StoredWallet? {
        try connection.first("SELECT \(walletColumns) FROM wallet WHERE id = \(id.text)").map(
            StoredWallet.init)
    }

    /// The wallet that takes new payments of a merchant on a network: the latest that is not disabled.
    package func receivingWallet(of merchant: ID<Merchant>, on network: NetworkName) throws -> StoredWallet? {
        try connection.first(
            """
            SELECT \(walletColumns) FROM wallet WHERE merchant = \(merchant.text)
                AND network = \(network.text)
                AND disabled_at IS NULL ORDER BY id DESC LIMIT 1
            """
        ).map(StoredWallet.init)
    }

    /// The merchant that registered a key before all others.
    package func firstOwner(of fingerprint: String) throws -> ID<Merchant>? {
        try connection.first(
            "SELECT merchant FROM wallet WHERE fingerprint = \(fingerprint) ORDER BY id LIMIT 1"
        )?.id(0)
    }

    /// Whether a wallet takes new payments.
    package func isReceiving(_ wallet: ID<Wallet>) throws -> Bool {
        try connection.first("SELECT 1 FROM wallet WHERE id = \(wallet.text) AND disabled_at IS NULL") != nil
    }

    /// Writes a new wallet, bound to the record that tells of it, which the instance signs.
    package func register(
        _ wallet: StoredWallet, at: Instant, cause: String, by actor: Actor, signedBy pair: Ed25519.KeyPair
    ) throws {
        var writer = JSONWriter()
        writer.object { WalletRegistration(of: wallet, signedBy: pair).write(&$0) }
        let told = try record(
            chain: wallet.merchant.text, at: at, kind: WalletRegistration.kind, subject: wallet.id.text,
            cause: cause, actor: actor, body: writer.bytes)
        try connection.execute(
            """
            INSERT INTO wallet (\(walletColumns))
            VALUES (\(wallet.id.text), \(wallet.merchant.text), \(wallet.network.text), \(wallet.name),
                \(wallet.key), \(wallet.fingerprint), \(wallet.createdAt.milliseconds), NULL,
                \(told.sequence))
            """)
    }

    /// Takes a wallet out of use.
    package func disable(_ wallet: ID<Wallet>, at: Instant) throws {
        try connection.execute(
            "UPDATE wallet SET disabled_at = \(at.milliseconds) WHERE id = \(wallet.text)")
    }

    /// Whether the log tells of a wallet what its row says, and the instance has signed that, whose key is
    /// `current` now. A wallet gives no address else: whoever can write to the database could have put a key
    /// of his own there.
    package func isRegistered(_ wallet: StoredWallet, in current: Ed25519.PublicKey) throws -> Bool {
        guard let place = wallet.record,
            let stored = try records(chain: wallet.merchant.text, from: place, limit: 1).first,
            stored.record.sequence == UInt64(place), stored.isSound,
            stored.record.kind == WalletRegistration.kind, stored.record.subject == wallet.id.text
        else { return false }
        let told = try WalletRegistration(Fields(JSON.parse(stored.record.body)))
        guard told.network == wallet.network.text, told.name == wallet.name, told.key == wallet.key,
            told.fingerprint == wallet.fingerprint,
            told.isSigned(wallet: wallet.id.text, merchant: wallet.merchant.text)
        else { return false }
        return try told.signer == current.bytes || keys(before: current).contains(told.signer)
    }

    /// The instance's keys that led to the one in force, each signed by the one before and the one after.
    private func keys(before current: Ed25519.PublicKey) throws -> Set<[UInt8]> {
        let bodies = try connection.query(
            """
            SELECT body FROM record WHERE chain = \(Self.instanceChain) AND kind = \(KeySuccession.kind)
            ORDER BY sequence DESC
            """)
        var keys: Set<[UInt8]> = []
        var last = current
        for row in bodies {
            let succession = try KeySuccession(Fields(JSON.parse(try row.blob(0))))
            guard succession.new == last else { continue }
            last = succession.old
            keys.insert(last.bytes)
        }
        return keys
    }
}
