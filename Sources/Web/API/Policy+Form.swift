import Domain
import Engine
import HTTP
import JSON

extension Call {
    /// Reads a whole policy, in the shape in which it is shown. What is left out is what a new merchant
    /// starts with.
    func newPolicy() throws -> Policy {
        var form = try form()
        var policy = Policy.standard
        let seconds = 0...Limits.policySeconds
        policy.currency = form.currency("currency", .optional, gateway) ?? policy.currency
        policy.underTolerance = form.tolerance("under_tolerance", .optional) ?? policy.underTolerance
        policy.overTolerance = form.tolerance("over_tolerance", .optional) ?? policy.overTolerance
        let rules = form.objects("confirmations", .optional, count: 0...Limits.policyRules, rule)
        policy.confirmations = rules ?? policy.confirmations
        policy.quoteSeconds =
            form.integer("quote_seconds", .optional, Limits.paySeconds) ?? policy.quoteSeconds
        policy.graceSeconds = form.integer("grace_seconds", .optional, seconds) ?? policy.graceSeconds
        policy.confirmBySeconds =
            form.integer("confirm_by_seconds", .optional, seconds) ?? policy.confirmBySeconds
        policy.staleSeconds = form.integer("stale_seconds", .optional, seconds) ?? policy.staleSeconds
        policy.late = form.object("late", .optional, Self.lateRule) ?? policy.late
        policy.excess = form.choice("excess", .optional) ?? policy.excess
        policy.duplicate = form.choice("duplicate", .optional) ?? policy.duplicate
        policy.wrongAsset = form.choice("wrong_asset", .optional) ?? policy.wrongAsset
        policy.dustMinor = form.minorUnits("dust_minor") ?? policy.dustMinor
        policy.holdsOverpaid = form.bool("holds_overpaid", .optional) ?? policy.holdsOverpaid
        policy.reviewAboveMinor = form.minorUnits("review_above_minor") ?? policy.reviewAboveMinor
        let limits = form.objects("limits", .optional, count: 0...Limits.policyRules, limit)
        policy.limits = limits ?? policy.limits
        try form.finish()
        return policy
    }

    private static func lateRule(_ form: inout JSONForm) -> Policy.LateRule? {
        let within = form.integer("within_seconds", .required, 0...Limits.policySeconds)
        let drift = form.integer("drift_basis_points", .required, 0...10_000)
        guard let within, let drift else { return nil }
        return Policy.LateRule(withinSeconds: within, driftBasisPoints: UInt32(drift))
    }

    /// Reports an asset or a network that there is not: such a rule would never hold for anything.
    private func check(_ asset: AssetCode?, on network: NetworkName?, _ form: inout JSONForm) {
        let there = gateway.knownMethods.filter { network == nil || $0.network == network }
        if network != nil, there.isEmpty {
            form.report(
                FieldProblem(code: "unsupported_network", detail: "There is no network of that name."),
                at: "network")
        } else if let asset, !there.contains(where: { $0.asset == asset }) {
            form.report(
                FieldProblem(code: "unknown_asset", detail: "There is no asset of that code there."),
                at: "asset")
        }
    }

    private func rule(_ form: inout JSONForm) -> Policy.ConfirmationRule? {
        let asset = form.assetCode("asset", .optional)
        let network = form.networkName("network", .optional)
        if asset != nil || network != nil { check(asset, on: network, &form) }
        let risk = form.choice("risk", .optional, of: Policy.Risk.self)
        let tiers = form.objects("tiers", .required, count: 1...Limits.policyTiers, Self.tier)
        guard let tiers else { return nil }
        let ends = tiers.map { $0.upToMinor ?? .max }
        let grows = zip(ends, ends.dropFirst()).allSatisfy { $0 < $1 }
        guard grows, tiers.last?.upToMinor == nil else {
            let detail = "Tiers must grow, and only the last has no limit."
            form.report(FieldProblem(code: "not_ascending", detail: detail), at: "tiers")
            return nil
        }
        return Policy.ConfirmationRule(asset: asset, network: network, risk: risk, tiers: tiers)
    }

    private static func tier(_ form: inout JSONForm) -> Policy.Tier? {
        let limit = form.minorUnits("up_to_minor")
        let requirement = form.value("requirement", .required, maxBytes: 16) { text throws(FieldProblem) in
            guard let requirement = Policy.Requirement(wire: text) else {
                throw FieldProblem(
                    code: "unknown_value",
                    detail: "Must be a count such as \"6\", or \"safe\", \"finalized\" or \"settled\".")
            }
            if case .count(let count) = requirement, !Limits.confirmations.contains(Int64(count)) {
                throw .outOfRange(Limits.confirmations)
            }
            return requirement
        }
        return requirement.map { Policy.Tier(upToMinor: limit, requirement: $0) }
    }

    private func limit(_ form: inout JSONForm) -> Policy.MethodLimit? {
        let method = form.object("method", .required) { form in
            let method = form.method(.required)
            if let method { check(method.asset, on: method.network, &form) }
            return method
        }
        let currency = form.currency("currency", .required, gateway)
        let minimum = form.minorUnits("minimum_minor")
        let maximum = form.minorUnits("maximum_minor")
        if let minimum, let maximum, minimum > maximum {
            form.report(
                FieldProblem(code: "out_of_range", detail: "The minimum is above the maximum."),
                at: "minimum_minor")
        }
        guard let method, let currency else { return nil }
        return Policy.MethodLimit(
            method: method, currency: currency, minimumMinor: minimum, maximumMinor: maximum)
    }
}

extension JSONForm {
    /// The code of a currency or asset that the gateway knows.
    fileprivate mutating func currency(
        _ name: String, _ presence: Presence, _ gateway: Gateway
    ) -> String? {
        value(name, presence, maxBytes: Limits.currencyBytes) { text throws(FieldProblem) in
            do throws(Refusal) {
                return try gateway.currency(text).code
            } catch {
                throw FieldProblem(code: error.code.rawValue, detail: "There is no currency of that code.")
            }
        }
    }
}
