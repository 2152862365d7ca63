import Database
package import Domain
import JSON

/// One tenant.
package struct StoredMerchant: Hashable, Sendable {
    package let id: ID<Merchant>
    package var name: String
    /// The default of live payments.
    package var policy: Policy
    /// The default of test payments: what is tried out there never touches real money.
    package var testPolicy: Policy
    package let createdAt: Instant

    package init(id: ID<Merchant>, name: String, policy: Policy, testPolicy: Policy, createdAt: Instant) {
        self.id = id
        self.name = name
        self.policy = policy
        self.testPolicy = testPolicy
        self.createdAt = createdAt
    }

    /// The policy for live or for test payments.
    package func policy(isTest: Bool) -> Policy { isTest ? testPolicy : policy }
}

/// A credential of the programming interface. Only the hash of its secret is stored.
package struct StoredKey: Hashable, Sendable {
    package let id: ID<APIKey>
    package let merchant: ID<Merchant>
    package let name: String
    /// SHA-256 of the whole key text, in hexadecimal: the key has 256 bits of chance, so nothing slower is
    /// needed.
    package let hash: String
    /// The last four characters, for people.
    package let hint: String
    package let scopes: [String]
    package let isTest: Bool
    package let createdAt: Instant
    package var revokedAt: Instant?

    package init(
        id: ID<APIKey>, merchant: ID<Merchant>, name: String, hash: String, hint: String, scopes: [String],
        isTest: Bool, createdAt: Instant, revokedAt: Instant? = nil
    ) {
        self.id = id
        self.merchant = merchant
        self.name = name
        self.hash = hash
        self.hint = hint
        self.scopes = scopes
        self.isTest = isTest
        self.createdAt = createdAt
        self.revokedAt = revokedAt
    }

    fileprivate init(_ row: Row) throws {
        id = try row.id(0)
        merchant = try row.id(1)
        name = try row.text(2)
        hash = try row.text(3)
        hint = try row.text(4)
        scopes = try row.text(5).split(separator: " ").map(String.init)
        isTest = try row.bool(6)
        createdAt = try row.instant(7)
        revokedAt = try row.instantOrNil(8)
    }
}

/// A price of an asset as somebody said it.
package struct StoredRate: Hashable, Sendable {
    /// Whose it is: empty for the whole instance, else see `owner`.
    package let merchant: String
    package let asset: AssetCode
    package let currency: String
    package let source: RateSource

    package init(merchant: String, asset: AssetCode, currency: String, source: RateSource) {
        self.merchant = merchant
        self.asset = asset
        self.currency = currency
        self.source = source
    }

    /// How a merchant's own rates are filed: those of test payments apart, so that none of them prices real
    /// money.
    package static func owner(_ merchant: ID<Merchant>, isTest: Bool) -> String {
        isTest ? "\(merchant)\(testSuffix)" : merchant.text
    }

    /// Of test payments alone; the instance's own table is for both.
    var isTest: Bool { Self.isTest(merchant) }

    static func isTest(_ owner: String) -> Bool { owner.hasSuffix(testSuffix) }

    private static let testSuffix = "/test"
}

extension Transaction {
    /// A merchant; nil when there is none of that identity.
    package func merchant(_ id: ID<Merchant>) throws -> StoredMerchant? {
        try connection.first(
            "SELECT id, name, policy, test_policy, created_at FROM merchant WHERE id = \(id.text)"
        ).map(merchant)
    }

    /// The policy for payments of one kind, and nothing else of the merchant: each creation asks for it.
    package func policy(of merchant: ID<Merchant>, isTest: Bool) throws -> Policy? {
        let column: SQL = isTest ? "test_policy" : "policy"
        return try connection.first("SELECT \(column) FROM merchant WHERE id = \(merchant.text)").map { row in
            try Self.policies.value(of: row.text(0)) { try Policy(stored: Array($0.utf8)) }
        }
    }

    private static let policies = Memo<Policy>()

    /// All merchants, oldest first.
    package func merchants() throws -> [StoredMerchant] {
        try connection.query("SELECT id, name, policy, test_policy, created_at FROM merchant ORDER BY id")
            .map(merchant)
    }

    private func merchant(_ row: Row) throws -> StoredMerchant {
        StoredMerchant(
            id: try row.id(0), name: try row.text(1), policy: try Policy(stored: Array(try row.text(2).utf8)),
            testPolicy: try Policy(stored: Array(try row.text(3).utf8)), createdAt: try row.instant(4))
    }

    /// Writes a merchant, new or changed.
    package func save(_ merchant: StoredMerchant) throws {
        let policy = String(decoding: merchant.policy.storedBytes, as: UTF8.self)
        let testPolicy = String(decoding: merchant.testPolicy.storedBytes, as: UTF8.self)
        try connection.execute(
            """
            INSERT INTO merchant (id, name, policy, test_policy, created_at)
            VALUES (\(merchant.id.text), \(merchant.name), \(policy), \(testPolicy),
                \(merchant.createdAt.milliseconds))
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, policy = excluded.policy,
                test_policy = excluded.test_policy
            """)
    }

    private var keyColumns: SQL { "id, merchant, name, hash, hint, scopes, is_test, created_at, revoked_at" }

    /// The key whose text has that hash; revoked ones too.
    package func key(hash: String) throws -> StoredKey? {
        try connection.first("SELECT \(keyColumns) FROM api_key WHERE hash = \(hash)").map(StoredKey.init)
    }

    /// One key, whoever's it is; revoked ones too.
    package func key(_ id: ID<APIKey>) throws -> StoredKey? {
        try connection.first("SELECT \(keyColumns) FROM api_key WHERE id = \(id.text)").map(StoredKey.init)
    }

    /// A merchant's API keys, oldest first, revoked ones too.
    package func keys(of merchant: ID<Merchant>) throws -> [StoredKey] {
        try connection.query(
            "SELECT \(keyColumns) FROM api_key WHERE merchant = \(merchant.text) ORDER BY id"
        )
        .map(StoredKey.init)
    }

    /// A merchant's keys of one mode, newest first; revoked ones too. One that cannot be read is left out:
    /// `verify` finds it.
    package func keys(
        of merchant: ID<Merchant>, isTest: Bool, _ page: PageRequest
    ) throws -> Page<StoredKey> {
        let sql: SQL = """
            SELECT \(keyColumns) FROM api_key WHERE merchant = \(merchant.text) AND is_test = \(isTest)
            """
        return try pageRows(sql, column: "id", at: 0, page) { row in
            try legible(row, of: "api_key") { try StoredKey($0) }
        }
    }

    /// How many keys of a merchant are in use, of one mode.
    package func keysInUse(of merchant: ID<Merchant>, isTest: Bool) throws -> Int {
        let row = try connection.first(
            """
            SELECT count(*) FROM api_key
            WHERE merchant = \(merchant.text) AND is_test = \(isTest) AND revoked_at IS NULL
            """)
        return Int(clamping: try row?.integer(0) ?? 0)
    }

    /// Whether a merchant has made `count` keys since `time`, whatever became of them.
    package func hasMade(keys count: Int, of merchant: ID<Merchant>, since time: Instant) throws -> Bool {
        try hasMade("api_key", count, of: merchant, since: time)
    }

    /// Whether a merchant has made `count` wallets since `time`, whatever became of them.
    package func hasMade(wallets count: Int, of merchant: ID<Merchant>, since time: Instant) throws -> Bool {
        try hasMade("wallet", count, of: merchant, since: time)
    }

    private func hasMade(
        _ table: SQL, _ count: Int, of merchant: ID<Merchant>, since time: Instant
    ) throws -> Bool {
        try connection.first(
            """
            SELECT 1 FROM \(table) WHERE merchant = \(merchant.text) AND created_at > \(time.milliseconds)
            LIMIT 1 OFFSET \(count - 1)
            """) != nil
    }

    /// Writes an API key, new or changed.
    package func save(_ key: StoredKey) throws {
        try connection.execute(
            """
            INSERT INTO api_key (\(keyColumns))
            VALUES (\(key.id.text), \(key.merchant.text), \(key.name), \(key.hash), \(key.hint),
                \(key.scopes.joined(separator: " ")), \(key.isTest), \(key.createdAt.milliseconds),
                \(key.revokedAt?.milliseconds))
            ON CONFLICT (id) DO UPDATE SET revoked_at = excluded.revoked_at
            """)
    }

    /// Takes index `index` of a key, which its caller chose: the count goes on after it and never back. That
    /// nobody else has it is certain once its destination is stored, whose script is unique.
    package func take(index: UInt32, of fingerprint: String) throws {
        try connection.execute(
            """
            INSERT INTO key_index (fingerprint, next) VALUES (\(fingerprint), \(Int64(index) + 1))
            ON CONFLICT (fingerprint) DO UPDATE SET next =
                CASE WHEN excluded.next > key_index.next THEN excluded.next ELSE key_index.next END
            """)
    }

    /// Moves the count of a key on to `next`, and records it in `chain`. Gives where it stood; nil when it
    /// was there already. Never moves it back.
    @discardableResult
    package func advance(
        _ fingerprint: String, to next: Int64, chain: String = instanceChain, at: Instant, reason: String,
        cause: String, by actor: Actor
    ) throws -> Int64? {
        let before = try issuedIndices(of: fingerprint)
        guard next > before, next <= 1 << 31 else { return nil }
        try take(index: UInt32(next - 1), of: fingerprint)
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("fingerprint", fingerprint)
            writer.member("from", before)
            writer.member("next", next)
            writer.member("reason", reason)
        }
        try record(
            chain: chain, at: at, kind: "indices_advanced", subject: "", cause: cause, actor: actor,
            body: writer.bytes)
        return before
    }

    /// Every key that a wallet has, with its next index. `isWhole` is false where one cannot be read, and is
    /// left out: its wallet issues nothing.
    package func keyIndices() throws -> (next: [String: Int64], isWhole: Bool) {
        let rows = try connection.query(
            """
            SELECT DISTINCT w.fingerprint, k.next FROM wallet w
            LEFT JOIN key_index k ON k.fingerprint = w.fingerprint
            """)
        let read = try rows.compactMap { row in
            try legible(row, of: "wallet or key_index") { (try $0.text(0), try $0.integerOrNil(1) ?? 0) }
        }
        return (Dictionary(read) { max($0, $1) }, read.count == rows.count)
    }

    /// What names this database among all others, where the engine says it: another one is a restored or a
    /// promoted one (the timeline is that of the log now; the last checkpoint may be of the one before). Nil
    /// for an embedded database, which is known by the files beside it.
    package func databaseIdentity() throws -> String? {
        guard connection.dialect == .postgres else { return nil }
        let row = try connection.first(
            """
            SELECT s.system_identifier::text || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
                || '/' || d.oid::text
            FROM pg_control_system() s, pg_database d
            WHERE d.datname = current_database()
            """)
        return try row?.text(0)
    }

    /// What the database's own clock shows, in milliseconds since 1970: one for all machines that work on it.
    /// Nil for an embedded database.
    package func databaseTime() throws -> Int64? {
        guard connection.dialect == .postgres else { return nil }
        return try connection.first(
            "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")?.integer(0)
    }

    /// How many destinations of a key have been issued.
    package func issuedIndices(of fingerprint: String) throws -> Int64 {
        try connection.first("SELECT next FROM key_index WHERE fingerprint = \(fingerprint)")?.integer(0) ?? 0
    }

    /// The instance's rates, and those of one owner; see `StoredRate.owner`. One that cannot be read is left
    /// out, and prices nothing.
    package func rates(of owner: String?) throws -> [StoredRate] {
        try connection.query(
            """
            SELECT merchant, asset, currency, source, rate, at FROM rate
            WHERE merchant = '' OR merchant = \(owner ?? "")
            ORDER BY merchant, asset, currency, source
            """
        ).compactMap { row in
            try legible(row, of: "rate") { row in
                StoredRate(
                    merchant: try row.text(0), asset: try row.parsed(1, AssetCode.init(parsing:)),
                    currency: try row.text(2),
                    source: RateSource(
                        name: try row.text(3), rate: try row.parsed(4, Rate.init(stored:)),
                        at: try row.instant(5)))
            }
        }
    }

    /// Whether a rate of the instance's own table cannot be read.
    package func hasDamagedRates() throws -> Bool {
        let count = try connection.first("SELECT count(*) FROM rate WHERE merchant = ''")?.integer(0) ?? 0
        return try count != rates(of: nil).count
    }

    /// Empties the instance's own table of rates.
    package func deleteRates() throws { try connection.execute("DELETE FROM rate WHERE merchant = ''") }

    /// Writes a rate in place of that source's last one.
    package func save(_ rate: StoredRate) throws {
        try connection.execute(
            """
            INSERT INTO rate (merchant, asset, currency, source, rate, at, is_test)
            VALUES (\(rate.merchant), \(rate.asset.text), \(rate.currency), \(rate.source.name),
                \(rate.source.rate.text), \(rate.source.at.milliseconds), \(rate.isTest))
            ON CONFLICT (merchant, asset, currency, source) DO UPDATE SET rate = excluded.rate,
            at = excluded.at
            """)
    }

    /// Takes a rate out of the table.
    package func delete(_ rate: StoredRate) throws {
        try connection.execute(
            """
            DELETE FROM rate WHERE merchant = \(rate.merchant) AND asset = \(rate.asset.text)
                AND currency = \(rate.currency) AND source = \(rate.source.name)
            """)
    }

    /// What the parts of payments are numbered above, since a restore.
    package static let floorSetting = "part_numbers_above"

    /// A setting of the instance; nil when it was never set.
    package func setting(_ name: String) throws -> String? {
        try connection.first("SELECT value FROM setting WHERE name = \(name)")?.text(0)
    }

    /// Writes a setting of the instance.
    package func set(_ name: String, _ value: String) throws {
        try connection.execute(
            """
            INSERT INTO setting (name, value) VALUES (\(name), \(value))
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """)
    }
}
