/// When a merchant accepts what. The copy in a payment's terms is frozen.
package struct Policy: Hashable, Sendable {
    /// The currency whose minor units all amounts here are in. Nil: the price's, if that is one of states;
    /// the frozen copy always names it, and it is the price's.
    package var currency: String?
    /// How a frozen copy came by its amounts.
    package var valuation = Valuation.stated
    package var underTolerance = Tolerance(basisPoints: 0, capMinor: nil)
    package var overTolerance = Tolerance(basisPoints: 0, capMinor: nil)
    package var confirmations: [ConfirmationRule] = []
    /// How long a quote may be paid.
    package var quoteSeconds: Int64 = 15 * 60
    /// How long after the quote's end a first sight still counts as timely.
    package var graceSeconds: Int64 = 60
    /// How long after the quote's end a transfer may take to get into a block and still be timely.
    /// So long a payment of low fee can be withdrawn: near the quotes' length, it is no option on their rate.
    package var confirmBySeconds: Int64 = 2 * 3600
    package var late = LateRule(withinSeconds: 0, driftBasisPoints: 0)
    package var excess = Handling.review
    package var duplicate = Handling.review
    package var wrongAsset = Handling.review
    /// Worth below which a transfer is dust, in minor units of the price; dust is never counted.
    package var dustMinor: UInt128 = 0
    /// An overpaid payment waits for a person before it may be fulfilled.
    package var holdsOverpaid = false
    /// Price above which a person must release the payment before it may be fulfilled, in minor units.
    package var reviewAboveMinor: UInt128?
    /// How long a source may be stale past a window before people are told.
    package var staleSeconds: Int64 = 3600
    /// No network is called silent sooner than that: between two words it always is.
    static let leastSilenceSeconds: Int64 = 60
    package var limits: [MethodLimit] = []

    package init() {}

    /// Waives a difference: a percentage, capped by an absolute amount, once per payment.
    package struct Tolerance: Hashable, Sendable {
        /// Hundredths of a percent, at most 10 000.
        package var basisPoints: UInt32
        /// In minor units of the price; nil for no cap.
        package var capMinor: UInt128?

        package init(basisPoints: UInt32, capMinor: UInt128?) {
            self.basisPoints = basisPoints
            self.capMinor = capMinor
        }

        /// The most that is waived on `price`, rounded down.
        package func waived(on price: Price) -> Worth {
            let points = UInt128(min(basisPoints, 10_000))
            let share = Worth(picos: Worth(price).picos.scaled(by: points, over: 10_000))
            guard let capMinor else { return share }
            return min(share, Worth(minor: capMinor))
        }
    }

    /// Which confirmation a transfer needs. The first rule that matches asset, network and risk class
    /// decides.
    package struct ConfirmationRule: Hashable, Sendable {
        /// Nil matches every asset, network or class.
        package var asset: AssetCode?
        package var network: NetworkName?
        package var risk: Risk?
        /// Ascending; the first whose limit is not below the payment's value decides, the last has no limit.
        package var tiers: [Tier]

        package init(asset: AssetCode? = nil, network: NetworkName? = nil, risk: Risk? = nil, tiers: [Tier]) {
            self.asset = asset
            self.network = network
            self.risk = risk
            self.tiers = tiers
        }
    }

    /// What is asked up to a value.
    package struct Tier: Hashable, Sendable {
        /// Minor units of the price, inclusive; nil for no limit.
        package var upToMinor: UInt128?
        package var requirement: Requirement

        package init(upToMinor: UInt128?, requirement: Requirement) {
            self.upToMinor = upToMinor
            self.requirement = requirement
        }
    }

    /// What makes a transfer confirmed.
    package enum Requirement: Hashable, Sendable {
        /// So many blocks, the transfer's own among them; 0 accepts it unconfirmed.
        case count(UInt32)
        /// At or below the network's `safe` block.
        case safe
        /// At or below the network's `finalized` block.
        case finalized
        /// The network settles at once (Lightning, ecash).
        case settled
    }

    /// How risky the merchant says the order is.
    package enum Risk: String, Hashable, Sendable, CaseIterable { case low, normal, high }

    /// When a late payment is accepted without a person.
    package struct LateRule: Hashable, Sendable {
        /// Seconds after quote and grace; 0 for never.
        package var withinSeconds: Int64
        /// How far the rate may have moved against the merchant, in hundredths of a percent.
        package var driftBasisPoints: UInt32

        package init(withinSeconds: Int64, driftBasisPoints: UInt32) {
            self.withinSeconds = withinSeconds
            self.driftBasisPoints = driftBasisPoints
        }
    }

    /// What happens to money that the order did not ask for.
    package enum Handling: String, Hashable, Sendable, CaseIterable {
        /// A person decides.
        case review
        /// It is kept as excess: the entry that says so is its record.
        case keep
    }

    /// The smallest and largest order that a method takes, in minor units of the currency.
    package struct MethodLimit: Hashable, Sendable {
        package var method: Method
        package var currency: String
        package var minimumMinor: UInt128?
        package var maximumMinor: UInt128?

        package init(method: Method, currency: String, minimumMinor: UInt128?, maximumMinor: UInt128?) {
            self.method = method
            self.currency = currency
            self.minimumMinor = minimumMinor
            self.maximumMinor = maximumMinor
        }

        /// Whether an order of that price can be paid so; another currency is not limited.
        package func admits(_ price: Price) -> Bool {
            guard price.currency.code == currency else { return true }
            return price.minor >= minimumMinor ?? 0 && price.minor <= maximumMinor ?? .max
        }
    }

    /// The rule that decides for `method`; nil when none does.
    package func rule(for method: Method, risk: Risk) -> ConfirmationRule? {
        confirmations.first {
            ($0.asset ?? method.asset) == method.asset && ($0.network ?? method.network) == method.network
                && ($0.risk ?? risk) == risk
        }
    }

    /// What `method` needs at a payment's value; one block when no rule says otherwise.
    package func requirement(for method: Method, risk: Risk, value: Worth) -> Requirement {
        guard let tiers = rule(for: method, risk: risk)?.tiers, let last = tiers.last else {
            return .count(1)
        }
        return tiers.first { $0.upToMinor.map { value <= Worth(minor: $0) } ?? true }?.requirement
            ?? last.requirement
    }
}
