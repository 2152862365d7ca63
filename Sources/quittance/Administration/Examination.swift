import Chains
import Database
import Domain
import Engine
import JSON
import Platform
import Storage

/// One line of a doctor.
struct Finding: Sendable, Hashable {
    let isGood: Bool
    let what: String
    let detail: String
    /// What to do about it; empty when it is good.
    let advice: String

    static func good(_ what: String, _ detail: String) -> Finding {
        Finding(isGood: true, what: what, detail: detail, advice: "")
    }

    static func found(_ what: String, _ detail: String, _ advice: String) -> Finding {
        Finding(isGood: false, what: what, detail: detail, advice: advice)
    }

    var json: JSON {
        [
            "good": .bool(isGood), "what": .string(what), "detail": .string(detail),
            "advice": .string(advice),
        ]
    }

    /// Nil for what is none.
    init?(_ json: JSON) {
        guard let isGood = json["good"]?.asBool, let what = json["what"]?.asString,
            let detail = json["detail"]?.asString, let advice = json["advice"]?.asString
        else { return nil }
        self.init(isGood: isGood, what: what, detail: detail, advice: advice)
    }

    private init(isGood: Bool, what: String, detail: String, advice: String) {
        self.isGood = isGood
        self.what = what
        self.detail = detail
        self.advice = advice
    }
}

/// A look at the database of an instance and at what is in it.
struct Examination: Sendable {
    private(set) var findings: [Finding] = []

    private static let toleratedMilliseconds: Int64 = 60_000

    var json: JSON { .array(findings.map(\.json)) }

    /// Throws what the database throws.
    init(_ instance: Instance) async throws {
        try await examineDatabase(instance)
        try await examineMerchants(instance)
        try await examineRates(instance)
        try await examineSandbox(instance)
        try await examineRoots(instance.gateway)
    }

    /// Whether what is recorded is sealed in time, and the store is the one that it was.
    private mutating func examineRoots(_ gateway: Gateway) async throws {
        do {
            let kept = try await gateway.keptRoot()
            let there = try await gateway.store.read { tx in
                try kept.flatMap { try tx.root($0.number, of: $0.scope)?.hash }
            }
            if let kept, kept.hash != there {
                return findings.append(
                    .found(
                        "roots", "root \(kept.number) of the instance is not there, and was",
                        "Did you put a backup back by hand? Then say “quittance restored”. Else somebody "
                            + "did: run “quittance verify”."))
            }
        } catch let lost as RootFile.Lost {
            return findings.append(.found("roots", lost.description, "Run “quittance verify”."))
        }
        let waiting = try await gateway.sealBacklog()
        guard waiting.seconds > gateway.sealPatienceSeconds else {
            return findings.append(.good("roots", "signed by \(gateway.keys.fingerprint)"))
        }
        findings.append(
            .found(
                "roots", "\(waiting.chains) chains wait for one, the oldest for \(waiting.seconds) seconds",
                "Does a gateway run with the role “watch”? Then look at its log."))
    }

    /// What was kept, not what this process remembers of it.
    private mutating func examineSandbox(_ instance: Instance) async throws {
        guard instance.gateway.sandbox != nil else { return }
        let kept = try await Gateway.replaySandbox(from: instance.gateway.store)
        guard let damage = kept.damage else { return }
        findings.append(
            .found(
                "sandbox", "it stands still: \(damage)",
                "Nothing live needs it. Set “sandbox” to false, or restore a backup."))
    }

    private mutating func examineDatabase(_ instance: Instance) async throws {
        let store = instance.gateway.store
        let isEmbedded = instance.configuration.isEmbedded
        let (damage, latest, quarantined, count) = try await store.database.read { db in
            var damage: [String] = []
            if isEmbedded {
                damage += try db.engineDamage()
            }
            let latest = try db.first("SELECT max(at) FROM record WHERE chain = 'instance'")?.integerOrNil(
                0)
            let quarantined = try db.query("SELECT payment FROM quarantine ORDER BY payment LIMIT 3").map {
                try $0.text(0)
            }
            let count = try db.first("SELECT count(*) FROM quarantine")?.integer(0) ?? 0
            return (damage, latest, quarantined, count)
        }
        if damage.isEmpty {
            findings.append(.good("database", isEmbedded ? "whole" : "answers"))
        } else {
            findings.append(
                .found(
                    "database", damage.prefix(3).joined(separator: "; "),
                    "Stop the gateway and run “quittance restore FILE” with a backup."))
        }
        if let latest, latest > SystemClock().now + Self.toleratedMilliseconds,
            instance.gateway.sandbox == nil
        {
            findings.append(
                .found("clock", "it is behind what was recorded", "Set the time, and keep it set."))
        }
        if !quarantined.isEmpty {
            findings.append(
                .found(
                    "payments",
                    "\(count) are set aside: \(quarantined.joined(separator: ", "))",
                    "Run “quittance verify”; when the cause is mended, “quittance payment release ID”."))
        }
    }

    private mutating func examineMerchants(_ instance: Instance) async throws {
        let merchants = try await instance.gateway.merchants()
        if merchants.isEmpty {
            findings.append(
                .found("merchants", "there is none", "Run “quittance merchant create --name NAME”."))
        } else {
            findings.append(.good("merchants", String(merchants.count)))
        }
    }

    /// A rate that is fixed, or one that a merchant pushed and that still holds: either will do.
    private mutating func examineRates(_ instance: Instance) async throws {
        let table = instance.configuration.rates.map { (asset: $0.asset, currency: $0.currency) }
        for pricing in try await instance.gateway.pricing(fixed: table) {
            let isPriced = pricing.priced > 0 || pricing.unpriced == 0 && !pricing.fixed.isEmpty
            findings.append(isPriced ? Self.priced(pricing) : Self.unpriced(pricing))
        }
    }

    private static func priced(_ pricing: Pricing) -> Finding {
        let ways =
            pricing.fixed.map { "in \($0), fixed" }
            + pricing.pushedUntil.sorted { $0.key < $1.key }.map { currency, end in
                "in \(currency), pushed, good until \(Timestamp.text(end.milliseconds))"
            }
        let all = pricing.priced + pricing.unpriced
        let others = pricing.unpriced > 0 ? "; \(pricing.unpriced) of \(all) merchants have none" : ""
        return .good("rates", "\(pricing.asset) \(ways.joined(separator: ", and "))\(others)")
    }

    private static func unpriced(_ pricing: Pricing) -> Finding {
        guard let end = pricing.lastExpired else {
            return .found(
                "rates", "there is no rate for \(pricing.asset)",
                "Merchants push their own (POST /v1/rates), or set “rates” in the configuration.")
        }
        let since = Timestamp.text(end.milliseconds)
        return .found(
            "rates", "what merchants pushed for \(pricing.asset) expired at \(since)",
            "Let them push a new one (POST /v1/rates). A fixed rate does not stand in for it.")
    }
}
