import Chains
import Domain
import Platform
import Storage

extension Gateway {
    /// The frozen terms of a new payment. Throws `Refusal` for what cannot be asked.
    func terms(
        of new: NewPayment, _ stated: Policy, _ caller: Caller, at now: Instant, _ personal: Personal,
        _ tx: Storage.Transaction
    ) throws -> Terms {
        let price = try Price(parsing: new.amount, currency: try currency(new.currency))
        let policy = try Self.policy(try valued(stated, for: price, caller, tx), new.policy)
        let methods = try offered(new, caller, price, policy, tx)
        try check(policy, for: methods)
        let end =
            new.end(from: now) ?? now.adding(seconds: max(policy.quoteSeconds, Self.choosingSeconds))
        guard end >= now.adding(seconds: EngineLimits.leastPaySeconds) else {
            throw Refusal(.quoteExpired, "This time is over, or too near to pay until then.")
        }
        return Terms(
            merchant: caller.merchant, orderID: new.orderID, price: price, methods: methods, policy: policy,
            risk: new.risk, openedAt: now, expiresAt: end, isTest: caller.isTest,
            personal: personal.commitment)
    }

    /// Throws `policy_not_allowed` where a rule asks a network for what it never says: nothing would ever be
    /// confirmed there.
    func check(_ policy: Policy, for methods: some Sequence<Domain.Method>) throws(Refusal) {
        for method in methods {
            guard let chain = networks[method.network]?.chain else { continue }
            for risk in Policy.Risk.allCases {
                for tier in policy.rule(for: method, risk: risk)?.tiers ?? []
                where !chain.canMeet(tier.requirement) {
                    throw Refusal(
                        .policyNotAllowed,
                        "\(method.network) never says “\(tier.requirement.text)”, so nothing in "
                            + "\(method.asset) would ever be confirmed. Give it a rule of its own.")
                }
            }
        }
    }

    /// The policy with its amounts in minor units of the price: as they stand, or converted by what some
    /// asset costs in both currencies now, or read as strictly as can be.
    private func valued(
        _ policy: Policy, for price: Price, _ caller: Caller, _ tx: Storage.Transaction
    ) throws -> Policy {
        let isInFiat = FiatCurrency.exponents[price.currency.code] != nil
        if policy.currency == price.currency.code || policy.currency == nil && isInFiat {
            var policy = policy
            policy.currency = price.currency.code
            return policy
        }
        guard let code = policy.currency else { return policy.valued(in: price.currency, by: nil) }
        let stated = try currency(code)
        let here = networks.entries.filter { $0.isTest == caller.isTest }.flatMap(\.chain.assets)
        // The price's own asset first: its rate is one, and nothing comes nearer to the price.
        let assets = Set(here.map(\.method.asset)).sorted { left, right in
            let (isLeft, isRight) = (left.text == price.currency.code, right.text == price.currency.code)
            return isLeft == isRight ? left < right : isLeft
        }
        for asset in assets {
            guard let priceRate = try known(asset, in: price.currency, caller, tx),
                let policyRate = try known(asset, in: stated, caller, tx)
            else { continue }
            let conversion = Policy.Conversion(
                from: stated, asset: asset, priceRate: priceRate, policyRate: policyRate)
            return policy.valued(in: price.currency, by: conversion)
        }
        return policy.valued(in: price.currency, by: nil)
    }

    /// What an asset costs now; nil where nobody knows.
    private func known(
        _ asset: AssetCode, in currency: Currency, _ caller: Caller, _ tx: Storage.Transaction
    ) throws -> Rate? {
        do {
            return try rate(of: asset, for: caller.merchant, isTest: caller.isTest, in: currency, tx).rate
        } catch is Refusal {
            return nil
        }
    }

    /// How long a customer may take to choose a method, where the merchant does not say.
    private static let choosingSeconds: Int64 = 24 * 3600

    /// What can be paid for this price, in the merchant's order.
    private func offered(
        _ new: NewPayment, _ caller: Caller, _ price: Price, _ policy: Policy, _ tx: Storage.Transaction
    ) throws -> [Domain.Method] {
        let asked = new.methods.isEmpty ? try receivable(caller.merchant, caller, tx) : new.methods
        guard !asked.isEmpty else {
            throw Refusal(.noWallet, "There is no wallet that receives on a network this key may use.")
        }
        for method in asked {
            guard let entry = networks[method.network], entry.isTest == caller.isTest else {
                throw networks.refusal(of: method.network, isTest: caller.isTest)
            }
            guard networks.asset(method) != nil else {
                throw Refusal(.unknownAsset, "There is no \(method.asset) on \(method.network).")
            }
            // What is quoted at once finds its wallet there.
            if asked.count > 1, method != new.chosen, !new.methods.isEmpty,
                try tx.receivingWallet(of: caller.merchant, on: method.network) == nil
            {
                throw Refusal(.noWallet, "There is no wallet that receives on \(method.network).")
            }
        }
        let admitted = asked.filter { method in
            policy.limits.filter { $0.method == method }.allSatisfy { $0.admits(price) }
        }
        guard !admitted.isEmpty else {
            throw Refusal(.outsideLimits, "The amount is outside what the merchant takes in these methods.")
        }
        let payable = try payable(admitted, price, caller, tx)
        guard !payable.isEmpty else {
            throw Refusal(.amountTooSmall, "The amount is too small for each of these methods.")
        }
        if let chosen = new.chosen, !asked.contains(chosen) {
            throw Refusal(.methodNotOffered, "This payment is not offered in \(chosen).")
        }
        if let chosen = new.chosen, !admitted.contains(chosen) {
            throw Refusal(.outsideLimits, "The amount is outside what the merchant takes in \(chosen).")
        }
        return payable
    }

    /// Those methods whose networks carry so little, as far as that is known now: without a rate it shows
    /// when the method is quoted. A single method is quoted at once.
    private func payable(
        _ methods: [Domain.Method], _ price: Price, _ caller: Caller, _ tx: Storage.Transaction
    ) throws -> [Domain.Method] {
        if methods.count == 1 { return methods }
        return try methods.filter { method in
            guard let chain = networks[method.network]?.chain, let asset = networks.asset(method),
                let rate = try known(method.asset, in: price.currency, caller, tx)
            else { return true }
            do throws(Refusal) {
                return try rate.amountDue(for: price, in: asset) >= chain.leastPayable(asset)
            } catch {
                // Too large: the quote says so.
                return true
            }
        }
    }

    /// Every method that a merchant has a wallet for.
    private func receivable(_ merchant: ID<Merchant>, _ caller: Caller, _ tx: Storage.Transaction) throws
        -> [Domain.Method]
    {
        let wallets = try tx.walletsInUse(of: merchant)
        return networks.entries.filter { $0.isTest == caller.isTest }.flatMap { entry in
            wallets.contains { $0.network == entry.chain.network } ? entry.chain.assets.map(\.method) : []
        }
    }

    /// What a payment's policy becomes. Throws `policy_not_allowed` for what would weaken the merchant's own.
    private static func policy(_ base: Policy, _ change: PolicyChange?) throws(Refusal) -> Policy {
        guard let change else { return base }
        var policy = base
        if let tolerance = change.underTolerance {
            policy.underTolerance = try smaller(tolerance, than: base.underTolerance, "less")
        }
        if let tolerance = change.overTolerance {
            policy.overTolerance = try smaller(tolerance, than: base.overTolerance, "more")
        }
        if let seconds = change.quoteSeconds { policy.quoteSeconds = seconds }
        if let holds = change.holdsOverpaid { policy.holdsOverpaid = holds || base.holdsOverpaid }
        if let count = change.atLeastConfirmations { policy.raise(to: count) }
        return policy
    }
}

extension Gateway {
    /// A tolerance within the merchant's own: no higher share, and no higher cap.
    private static func smaller(
        _ tolerance: Policy.Tolerance, than base: Policy.Tolerance, _ what: String
    ) throws(Refusal) -> Policy.Tolerance {
        guard tolerance.basisPoints <= base.basisPoints else {
            throw Refusal(.policyNotAllowed, "The tolerance for \(what) can only be made smaller.")
        }
        let cap = [tolerance.capMinor, base.capMinor].compactMap { $0 }.min()
        return Policy.Tolerance(basisPoints: tolerance.basisPoints, capMinor: cap)
    }
}

extension Policy {
    /// Asks for at least so many confirmations everywhere.
    fileprivate mutating func raise(to count: UInt32) {
        for rule in confirmations.indices {
            for tier in confirmations[rule].tiers.indices {
                if case .count(let old) = confirmations[rule].tiers[tier].requirement {
                    confirmations[rule].tiers[tier].requirement = .count(max(old, count))
                }
            }
        }
        confirmations.append(
            ConfirmationRule(tiers: [Tier(upToMinor: nil, requirement: .count(max(count, 1)))]))
    }
}
