package import Domain
package import JSON
import Platform

extension Policy: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("currency", currency)
        write(valuation, &writer)
        writer.stored("under_tolerance", underTolerance)
        writer.stored("over_tolerance", overTolerance)
        writer.list("confirmations", confirmations)
        writer.member("quote_seconds", quoteSeconds)
        writer.member("grace_seconds", graceSeconds)
        writer.member("confirm_by_seconds", confirmBySeconds)
        writer.object("late") { writer in
            writer.member("within_seconds", late.withinSeconds)
            writer.member("drift_basis_points", late.driftBasisPoints)
        }
        writer.member("excess", excess.rawValue)
        writer.member("duplicate", duplicate.rawValue)
        writer.member("wrong_asset", wrongAsset.rawValue)
        writer.member("dust_minor", String(dustMinor))
        writer.member("holds_overpaid", holdsOverpaid)
        writer.member("review_above_minor", reviewAboveMinor.map(String.init))
        writer.member("stale_seconds", staleSeconds)
        writer.list("limits", limits)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init()
        currency = try fields.textOrNil("currency")
        valuation = try Self.valuation(fields)
        underTolerance = try fields.nested("under_tolerance")
        overTolerance = try fields.nested("over_tolerance")
        confirmations = try fields.list("confirmations")
        quoteSeconds = try fields.integer("quote_seconds")
        graceSeconds = try fields.integer("grace_seconds")
        confirmBySeconds = try fields.integer("confirm_by_seconds")
        guard let lateRule = fields.value("late") else {
            throw Corruption("a stored policy has no late rule")
        }
        let lateFields = try Fields(lateRule)
        late = LateRule(
            withinSeconds: try lateFields.integer("within_seconds"),
            driftBasisPoints: try lateFields.integer("drift_basis_points"))
        excess = try fields.parsed("excess", Handling.init)
        duplicate = try fields.parsed("duplicate", Handling.init)
        wrongAsset = try fields.parsed("wrong_asset", Handling.init)
        dustMinor = try fields.units("dust_minor")
        holdsOverpaid = try fields.flag("holds_overpaid")
        reviewAboveMinor = try fields.unitsOrNil("review_above_minor")
        staleSeconds = try fields.integer("stale_seconds")
        limits = try fields.list("limits")
    }
}

extension Policy {
    /// `"valuation"`, and `"conversion"` where there was one; neither where nothing was to be valued, which
    /// is all that a merchant itself states.
    private func write(_ valuation: Valuation, _ writer: inout JSONWriter) {
        switch valuation {
        case .stated: break
        case .strictest: writer.member("valuation", valuation.text)
        case .converted(let conversion):
            writer.member("valuation", valuation.text)
            writer.stored("conversion", conversion)
        }
    }

    private static func valuation(_ fields: Fields) throws(Corruption) -> Valuation {
        switch try fields.textOrNil("valuation") {
        case nil: return .stated
        case "strictest": return .strictest
        case "converted": return .converted(try fields.nested("conversion"))
        default: throw Corruption("a stored policy has no valid valuation")
        }
    }
}

extension Policy.Valuation {
    /// `stated`, `converted`, `strictest`.
    package var text: String {
        switch self {
        case .stated: "stated"
        case .converted: "converted"
        case .strictest: "strictest"
        }
    }
}

extension Policy.Conversion: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("from", from.code)
        writer.member("exponent", from.exponent)
        writer.member("asset", asset.text)
        writer.member("price_rate", priceRate.text)
        writer.member("policy_rate", policyRate.text)
    }

    package init(_ fields: Fields) throws(Corruption) {
        let exponent: UInt8 = try fields.integer("exponent")
        guard exponent <= 18 else { throw Corruption("a stored currency has an impossible exponent") }
        self.init(
            from: Currency(code: try fields.text("from"), exponent: exponent),
            asset: try fields.parsed("asset", AssetCode.init(parsing:)),
            priceRate: try fields.parsed("price_rate", Rate.init(stored:)),
            policyRate: try fields.parsed("policy_rate", Rate.init(stored:)))
    }
}

extension Policy.Tolerance: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("basis_points", basisPoints)
        writer.member("cap_minor", capMinor.map(String.init))
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            basisPoints: try fields.integer("basis_points"), capMinor: try fields.unitsOrNil("cap_minor"))
    }
}

extension Policy.ConfirmationRule: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("asset", asset?.text)
        writer.member("network", network?.text)
        writer.member("risk", risk?.rawValue)
        writer.list("tiers", tiers)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            asset: try fields.parsedOrNil("asset", AssetCode.init(parsing:)),
            network: try fields.parsedOrNil("network", NetworkName.init(parsing:)),
            risk: try fields.parsedOrNil("risk", Policy.Risk.init), tiers: try fields.list("tiers"))
    }
}

extension Policy.Tier: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("up_to_minor", upToMinor.map(String.init))
        writer.member("requirement", requirement.text)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            upToMinor: try fields.unitsOrNil("up_to_minor"),
            requirement: try fields.parsed("requirement", Policy.Requirement.init(parsing:)))
    }
}

extension Policy.Requirement {
    /// `6`, `safe`, `finalized`, `settled`.
    package var text: String {
        switch self {
        case .count(let count): String(count)
        case .safe: "safe"
        case .finalized: "finalized"
        case .settled: "settled"
        }
    }

    package init?(parsing text: String) {
        switch text {
        case "safe": self = .safe
        case "finalized": self = .finalized
        case "settled": self = .settled
        default:
            guard let count = UInt32(text), text == String(count) else { return nil }
            self = .count(count)
        }
    }
}

extension Policy.MethodLimit: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.stored("method", method)
        writer.member("currency", currency)
        writer.member("minimum_minor", minimumMinor.map(String.init))
        writer.member("maximum_minor", maximumMinor.map(String.init))
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            method: try fields.nested("method"), currency: try fields.text("currency"),
            minimumMinor: try fields.unitsOrNil("minimum_minor"),
            maximumMinor: try fields.unitsOrNil("maximum_minor"))
    }
}

extension Terms: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("merchant", merchant.text)
        writer.member("order_id", orderID)
        writer.stored("price", price)
        writer.list("methods", methods)
        writer.stored("policy", policy)
        writer.member("risk", risk.rawValue)
        writer.member("opened_at", openedAt.milliseconds)
        writer.member("expires_at", expiresAt.milliseconds)
        writer.member("test", isTest)
        writer.member("personal", Hex.encode(personal.bytes))
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            merchant: try fields.id("merchant"), orderID: try fields.text("order_id"),
            price: try fields.nested("price"), methods: try fields.list("methods"),
            policy: try fields.nested("policy"), risk: try fields.parsed("risk", Policy.Risk.init),
            openedAt: try fields.instant("opened_at"), expiresAt: try fields.instant("expires_at"),
            isTest: try fields.flag("test"), personal: try fields.commitment("personal"))
    }
}
