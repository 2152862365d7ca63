import Chains
package import Domain
import JSON
import Platform
package import Storage

extension Gateway {
    /// A currency by its code: ISO 4217, or an asset of a network here.
    package func currency(_ code: String) throws(Refusal) -> Currency {
        if let exponent = FiatCurrency.exponents[code] { return Currency(code: code, exponent: exponent) }
        let decimals = Set(
            networks.entries.flatMap(\.chain.assets).filter { $0.method.asset.text == code }.map(\.decimals))
        guard let most = decimals.max() else {
            let hint = spelled(code).map { " Did you mean “\($0)”?" } ?? ""
            throw Refusal(
                .unknownCurrency, "“\(code)” is no currency or asset that this gateway knows.\(hint)")
        }
        return Currency(code: code, exponent: most)
    }

    /// The currency that has this code in other letters, or with blanks around it: no other one is guessed.
    private func spelled(_ code: String) -> String? {
        let letters = code.filter { !$0.isWhitespace }.uppercased()
        if FiatCurrency.exponents[letters] != nil { return letters }
        return networks.entries.flatMap(\.chain.assets).map(\.method.asset.text)
            .first { $0.uppercased() == letters }
    }

    /// The rate of an asset for a payment: the merchant's own push, or the instance's table where the
    /// merchant has never pushed that pair.
    ///
    /// Throws `rate_unavailable` when there is none, or the merchant's own is too old: a payment is never
    /// priced by a guess, and a feed that has died does not fall back to a table that nobody watches.
    func rate(
        of asset: AssetCode, for terms: Terms, in currency: Currency, _ tx: Storage.Transaction
    ) throws -> (rate: Rate, sources: [RateSource]) {
        try rate(of: asset, for: terms.merchant, isTest: terms.isTest, in: currency, tx)
    }

    /// The same for a merchant's payments of one kind.
    func rate(
        of asset: AssetCode, for merchant: ID<Merchant>, isTest: Bool, in currency: Currency,
        _ tx: Storage.Transaction
    ) throws -> (rate: Rate, sources: [RateSource]) {
        if asset.text == currency.code { return (.one, []) }
        let owner = StoredRate.owner(merchant, isTest: isTest)
        let all = try tx.rates(of: owner).filter { $0.asset == asset && $0.currency == currency.code }
        let pushed = all.filter { !$0.merchant.isEmpty }
        let fresh = pushed.filter { isFresh($0, at: world.now) }.max { $0.source.at < $1.source.at }
        let chosen = pushed.isEmpty ? all.first : fresh
        guard let chosen else {
            throw unpriced(asset, currency, pushed.map(\.source.at).max())
        }
        return (chosen.source.rate, [chosen.source])
    }

    /// Whether a rate that a merchant pushed is good for a payment.
    private func isFresh(_ rate: StoredRate, at now: Instant) -> Bool {
        // One from a time that has not come was pushed under another clock: nobody knows how old it is.
        let newest = now.adding(seconds: EngineLimits.rateLeadSeconds)
        return rate.source.at >= now.adding(seconds: -settings.rateMaxAgeSeconds) && rate.source.at <= newest
    }

    /// How each asset of a live network is priced for the merchants here, in the order of the assets.
    ///
    /// - Parameter table: the instance's pairs as they are configured, which hold from the next start on.
    package func pricing(fixed table: [(asset: AssetCode, currency: String)]) async throws -> [Pricing] {
        let now = world.now
        let live = networks.entries.filter { !$0.isTest }.flatMap(\.chain.assets).map(\.method.asset)
        return try await store.read { tx in
            let merchants = try tx.merchants().map { merchant in
                try tx.rates(of: StoredRate.owner(merchant.id, isTest: false))
                    .filter { !$0.merchant.isEmpty }
            }
            return Set(live).sorted { $0.text < $1.text }.map { asset in
                let fixed = Set(table.filter { $0.asset == asset }.map(\.currency))
                return self.pricing(of: asset, fixed: fixed, pushed: merchants, at: now)
            }
        }
    }

    private func pricing(
        of asset: AssetCode, fixed: Set<String>, pushed: [[StoredRate]], at now: Instant
    ) -> Pricing {
        var pricing = Pricing(asset: asset, fixed: fixed.sorted())
        for rates in pushed.map({ $0.filter { $0.asset == asset } }) {
            let fresh = rates.filter { isFresh($0, at: now) }
            for rate in fresh {
                let end = rate.source.at.adding(seconds: settings.rateMaxAgeSeconds)
                pricing.pushedUntil[rate.currency] = min(end, pricing.pushedUntil[rate.currency] ?? end)
            }
            // What a merchant has pushed once, no fixed rate stands in for.
            let isPriced = !fresh.isEmpty || !fixed.subtracting(rates.map(\.currency)).isEmpty
            if isPriced { pricing.priced += 1 } else { pricing.unpriced += 1 }
            let last = rates.map(\.source.at).max()?.adding(seconds: settings.rateMaxAgeSeconds)
            if !isPriced, let last { pricing.lastExpired = max(last, pricing.lastExpired ?? last) }
        }
        return pricing
    }

    /// Why there is no rate. `pushed`: when the merchant pushed one last, which none of the instance's stands
    /// in for.
    private func unpriced(_ asset: AssetCode, _ currency: Currency, _ pushed: Instant?) -> Refusal {
        let pair = "\(asset) in \(currency.code)"
        guard let pushed else { return Refusal(.rateUnavailable, "There is no current rate for \(pair).") }
        let end = pushed.adding(seconds: settings.rateMaxAgeSeconds)
        let what =
            end < world.now
            ? "expired at \(Timestamp.text(end.milliseconds))"
            : "is of \(Timestamp.text(pushed.milliseconds)), which has not come yet"
        return Refusal(
            .rateUnavailable,
            "Your own rate for \(pair) \(what): push a new one. A fixed rate does not stand in for it.")
    }

    /// The rates that a merchant's payments would get now.
    package func rates(for caller: Caller) async throws -> [StoredRate] {
        try await store.read { tx in
            try tx.rates(of: StoredRate.owner(caller.merchant, isTest: caller.isTest))
        }
    }

    /// Takes a merchant's own rate.
    package func push(
        asset: AssetCode, currency code: String, rate text: String, by caller: Caller, cause: String,
        _ answering: Answering<StoredRate>
    ) async throws -> Reply {
        let currency = try currency(code)
        guard networks.entries.contains(where: { $0.chain.assets.contains { $0.method.asset == asset } })
        else {
            throw Refusal(.unknownAsset, "There is no asset “\(asset)” here.")
        }
        let rate = StoredRate(
            merchant: StoredRate.owner(caller.merchant, isTest: caller.isTest), asset: asset,
            currency: currency.code,
            source: RateSource(name: "merchant", rate: try Rate(parsing: text), at: world.now))
        return try await perform(caller, answering) { work in
            try work.tx.save(rate)
            try self.record(caller, "rate_pushed", subject: "\(asset)/\(code)", cause: cause, work) {
                writer in
                writer.member("asset", asset.text)
                writer.member("currency", currency.code)
                writer.member("rate", rate.source.rate.text)
                writer.member("test", caller.isTest)
                writer.member("at", rate.source.at.milliseconds)
            }
            return rate
        }
    }

    /// Makes the instance's fixed table exactly this. A price that is no longer configured is gone, so that
    /// nobody is sold anything at it.
    ///
    /// *Atomicity*: one transaction with its record. *Replay*: the table that is there already changes and
    /// records nothing; a rate that stays keeps the time from which it held.
    package func setFixedRates(
        _ rates: [(asset: AssetCode, currency: String, rate: Rate)], cause: String = "configuration"
    ) async throws {
        let now = world.now
        try await store.write { tx in
            if try tx.hasDamagedRates() {
                // Nobody knows what stood there: the table is emptied, and begins again.
                try tx.deleteRates()
                try self.recordFixedRates([], at: now, cause, tx)
            }
            let old = try tx.rates(of: nil).filter { $0.source.name == Self.fixedSource }
            var gone = Dictionary(old.map { ([$0.asset.text, $0.currency], $0) }) { _, last in last }
            var isChanged = false
            for (asset, currency, rate) in rates {
                let before = gone.removeValue(forKey: [asset.text, currency])
                // One rate has one text, but more than one mantissa: 21.50 is 21.5.
                if before?.source.rate.text == rate.text { continue }
                isChanged = true
                let source = RateSource(name: Self.fixedSource, rate: rate, at: now)
                try tx.save(StoredRate(merchant: "", asset: asset, currency: currency, source: source))
            }
            for rate in gone.values { try tx.delete(rate) }
            if isChanged || !gone.isEmpty { try self.recordFixedRates(rates, at: now, cause, tx) }
        }
    }

    private func recordFixedRates(
        _ rates: [(asset: AssetCode, currency: String, rate: Rate)], at now: Instant, _ cause: String,
        _ tx: Storage.Transaction
    ) throws {
        var writer = JSONWriter()
        writer.object { writer in
            writer.array("rates") { list in
                for (asset, currency, rate) in rates {
                    list.object { writer in
                        writer.member("asset", asset.text)
                        writer.member("currency", currency)
                        writer.member("rate", rate.text)
                    }
                }
            }
        }
        try tx.record(
            chain: Storage.Transaction.instanceChain, at: now, kind: "fixed_rates_set", subject: "",
            cause: cause, actor: .operatorAtMachine, body: writer.bytes)
    }

    private static let fixedSource = "fixed"
}

/// How an asset is priced for the merchants of an instance now.
package struct Pricing: Hashable, Sendable {
    package let asset: AssetCode
    /// The currencies of the instance's table.
    package let fixed: [String]
    /// The currencies that merchants have pushed, and when the first of those rates that are good ends.
    package fileprivate(set) var pushedUntil: [String: Instant] = [:]
    /// How many merchants can be paid in it now, and how many cannot for want of a rate.
    package fileprivate(set) var priced = 0
    package fileprivate(set) var unpriced = 0
    /// When the last rate of a merchant who has none now came to its end; nil where none has pushed any.
    package fileprivate(set) var lastExpired: Instant?

    fileprivate init(asset: AssetCode, fixed: [String]) {
        self.asset = asset
        self.fixed = fixed
    }
}

/// ISO 4217 codes with the decimals of their minor unit.
package enum FiatCurrency {
    package static let exponents: [String: UInt8] = {
        var exponents: [String: UInt8] = [:]
        let two = """
            AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD
            CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
            GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD
            MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP
            PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
            TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW
            """
        for code in two.split(whereSeparator: \.isWhitespace) { exponents[String(code)] = 2 }
        for code in "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(separator: " ") {
            exponents[String(code)] = 0
        }
        for code in "BHD IQD JOD KWD LYD OMR TND".split(separator: " ") { exponents[String(code)] = 3 }
        return exponents
    }()
}
