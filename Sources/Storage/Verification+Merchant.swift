import Crypto
import Database
import Domain
import JSON
import Platform

/// A merchant's configuration as its records tell it.
private struct Settings {
    var name = ""
    var policy = ""
    var testPolicy = ""
    var keys: [String: Key] = [:]
    var wallets: [String: Wallet] = [:]
    var endpoints: [String: Endpoint] = [:]
    var advanced: [String: Int64] = [:]
    var stories: [String: EndpointStory] = [:]
    var rates: [RateKey: RateSource] = [:]
    var erasures: [Erasure] = []

    struct Key {
        let name: String, hash: String, hint: String, scopes: String
        let isTest: Bool
        var revokedAt: Int64?
    }

    struct Wallet {
        let told: WalletRegistration
        let record: Int64
        var disabledAt: Int64?
    }

    struct Endpoint {
        let isTest: Bool
        var url: String, events: String, description: String, state: String, secretHash: String
        var previousHash: String?, previousUntil: Int64?
    }
}

extension Settings {
    /// Remembers what an endpoint wanted and what was sent to it again, for its deliveries.
    fileprivate mutating func tell(_ record: Record, _ fields: Fields) throws(Corruption) {
        let isTest = try fields.flag("test")
        var story = stories[record.subject] ?? EndpointStory(merchant: record.chain, isTest: isTest)
        let position: Int64 = try fields.integer("position")
        let events = try fields.texts("events")
        story.wishes.append(
            EndpointStory.Wish(
                position: position, events: events, isActive: try fields.text("state") == "active"))
        switch record.kind {
        case "endpoint_deleted": story.isDeleted = true
        case "endpoint_tested":
            let notice: Notice = try fields.nested("notice")
            story.tests.insert(notice.id.text)
        case "endpoint_replayed":
            story.replays.append(
                EndpointStory.Replay(
                    from: try fields.integer("from"), through: try fields.integer("through"),
                    onlyFailed: try fields.flag("only_failed"), at: try fields.integer("due_at"),
                    tries: try fields.integer("tries"), events: events))
        default: break
        }
        stories[record.subject] = story
    }

    fileprivate mutating func push(_ fields: Fields, _ record: Record) throws(Corruption) {
        let owner = try fields.flag("test") ? "\(record.chain)/test" : record.chain
        let key = RateKey(
            owner: owner, asset: try fields.text("asset"), currency: try fields.text("currency"),
            source: "merchant")
        rates[key] = RateSource(
            name: "merchant", rate: try fields.parsed("rate", Rate.init(stored:)),
            at: try fields.instant("at"))
    }
}

extension Verifier {
    /// Folds a merchant's records, and compares its configuration.
    mutating func check(merchant chain: String) throws {
        var settings = Settings()
        let head = try walk(chain) { verifier, stored in
            try verifier.fold(stored.record) { fields throws(Corruption) in
                try Self.fold(stored.record, fields, into: &settings)
            }
        }
        guard head != nil else { return }
        advanced.merge(settings.advanced, uniquingKeysWith: max)
        try compare(
            "merchant", chain, where: "id = \(chain)",
            [
                ("name", .text(settings.name)), ("policy", .text(settings.policy)),
                ("test_policy", .text(settings.testPolicy)),
                ("created_at", Self.time(of: chain)),
            ])
        try compareKeys(settings, of: chain)
        try compareWallets(settings, of: chain)
        try compareEndpoints(settings, of: chain)
        endpoints.merge(settings.stories) { first, _ in first }
        rates.merge(settings.rates) { first, _ in first }
        for erasure in settings.erasures {
            let place = "erasure of \(erasure.payment)"
            guard erasure.isSigned, story.knows(erasure.key) else {
                report.add(place, "the instance did not sign it")
                continue
            }
            erasures[erasure.payment.text, default: []].append(erasure)
        }
    }

    private static func fold(_ record: Record, _ fields: Fields, into settings: inout Settings)
        throws(Corruption)
    {
        let subject = record.subject
        switch record.kind {
        case "merchant_created":
            guard record.sequence == 0 else { throw Corruption("a merchant is created once") }
            settings.name = try fields.text("name")
            settings.policy = try policy(fields)
            settings.testPolicy = settings.policy
        case "policy_changed" where try fields.flag("test"): settings.testPolicy = try policy(fields)
        case "policy_changed": settings.policy = try policy(fields)
        case "key_created":
            settings.keys[subject] = Settings.Key(
                name: try fields.text("name"), hash: try fields.text("hash"), hint: try fields.text("hint"),
                scopes: try fields.texts("scopes").joined(separator: " "), isTest: try fields.flag("test"))
        case "key_revoked":
            guard settings.keys[subject] != nil else { throw Corruption("there is no such key") }
            settings.keys[subject]?.revokedAt = try fields.integer("revoked_at")
        case WalletRegistration.kind:
            settings.wallets[subject] = Settings.Wallet(
                told: try WalletRegistration(fields), record: Int64(record.sequence))
        case "indices_advanced":
            let key = try fields.text("fingerprint")
            settings.advanced[key] = max(settings.advanced[key] ?? 0, try fields.integer("next"))
        case "wallet_disabled":
            guard settings.wallets[subject] != nil else { throw Corruption("there is no such wallet") }
            settings.wallets[subject]?.disabledAt = try fields.integer("disabled_at")
        case Erasure.kind:
            let erasure = try Erasure(fields)
            guard subject == erasure.payment.text else { throw Corruption("it is of another payment") }
            settings.erasures.append(erasure)
        case "rate_pushed": try settings.push(fields, record)
        case let kind where kind.hasPrefix("endpoint_"):
            try endpoint(record, fields, into: &settings)
        default: break
        }
    }

    private static func policy(_ fields: Fields) throws(Corruption) -> String {
        String(decoding: (try fields.nested("policy") as Policy).storedBytes, as: UTF8.self)
    }

    private static func endpoint(
        _ record: Record, _ fields: Fields, into settings: inout Settings
    ) throws(Corruption) {
        settings.endpoints[record.subject] = Settings.Endpoint(
            isTest: try fields.flag("test"), url: try fields.text("url"),
            events: try fields.texts("events").joined(separator: " "),
            description: try fields.text("description"), state: try fields.text("state"),
            secretHash: try fields.text("secret"), previousHash: try fields.textOrNil("previous_secret"),
            previousUntil: try fields.integerOrNil("previous_until"))
        try settings.tell(record, fields)
        if record.kind == "endpoint_deleted" { settings.endpoints[record.subject] = nil }
    }

    private mutating func compareKeys(_ settings: Settings, of merchant: String) throws {
        for (id, key) in settings.keys.sorted(by: { $0.key < $1.key }) {
            try compare(
                "api_key", id, where: "id = \(id)",
                [
                    ("merchant", .text(merchant)), ("name", .text(key.name)), ("hash", .text(key.hash)),
                    ("hint", .text(key.hint)), ("scopes", .text(key.scopes)),
                    ("is_test", .flag(key.isTest)),
                    ("created_at", Self.time(of: id)),
                    ("revoked_at", .optional(key.revokedAt)),
                ])
        }
        try compareNames("api_key", of: merchant, Set(settings.keys.keys))
    }

    private mutating func compareWallets(_ settings: Settings, of merchant: String) throws {
        for (id, wallet) in settings.wallets.sorted(by: { $0.key < $1.key }) {
            try compare(
                "wallet", id, where: "id = \(id)",
                [
                    ("merchant", .text(merchant)), ("network", .text(wallet.told.network)),
                    ("name", .text(wallet.told.name)),
                    ("key", .text(wallet.told.key)), ("fingerprint", .text(wallet.told.fingerprint)),
                    ("created_at", Self.time(of: id)),
                    ("disabled_at", .optional(wallet.disabledAt)), ("record", .integer(wallet.record)),
                ])
            guard wallet.told.isSigned(wallet: id, merchant: merchant), story.knows(wallet.told.signer) else {
                report.add("wallet \(id)", "the instance did not sign it")
                continue
            }
        }
        try compareNames("wallet", of: merchant, Set(settings.wallets.keys))
    }

    private mutating func compareEndpoints(_ settings: Settings, of merchant: String) throws {
        for (id, endpoint) in settings.endpoints.sorted(by: { $0.key < $1.key }) {
            try compare(
                "endpoint", id, where: "id = \(id)",
                [
                    ("merchant", .text(merchant)), ("url", .text(endpoint.url)),
                    ("events", .text(endpoint.events)), ("is_test", .flag(endpoint.isTest)),
                    ("description", .text(endpoint.description)), ("state", .text(endpoint.state)),
                    ("previous_until", .optional(endpoint.previousUntil)),
                    ("created_at", Self.time(of: id)),
                ])
            let row = try tx.connection.first(
                "SELECT secret, previous_secret FROM endpoint WHERE id = \(id)")
            guard let row else { continue }
            let hashes = [try row.blobOrNil(0), try row.blobOrNil(1)].map {
                $0.map { Hex.encode(SHA256.hash($0)) }
            }
            if hashes[0] != endpoint.secretHash {
                report.add("endpoint \(id)", "secret is not what the log says")
            }
            if hashes[1] != endpoint.previousHash {
                report.add("endpoint \(id)", "previous_secret is not what the log says")
            }
        }
        try compareNames("endpoint", of: merchant, Set(settings.endpoints.keys))
    }

    /// Rows of a merchant beside those that its records tell of.
    private mutating func compareNames(_ table: String, of merchant: String, _ names: Set<String>) throws {
        for row in try tx.connection.query(
            "SELECT id FROM \(raw: table) WHERE merchant = \(merchant) ORDER BY id")
        {
            let id = try row.text(0)
            if !names.contains(id) { report.add("\(table) \(id)", "the log does not tell of it") }
        }
    }

    /// The time in an identity: when it was made.
    private static func time(of id: String) -> Value {
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
        var time: Int64 = 0
        for byte in id.utf8.dropFirst(4).prefix(10) {
            guard let digit = alphabet.firstIndex(of: byte) else { return .null }
            time = time << 5 | Int64(digit)
        }
        return .integer(time)
    }
}
