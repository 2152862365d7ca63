package import Domain
package import Engine

/// What the customer reads of a payment: a pure function of what the operator sees, in the words of
/// docs/DOMAIN.md, section 2. It never shows internal doubt: what is to be decided by people is "being
/// checked" or "complete".
package struct CustomerView: Equatable, Sendable {
    package let phase: Phase
    package let merchant: String
    package let orderID: String
    package let description: String?
    /// What the order costs: `49.90 EUR`.
    package let price: String
    /// What is to be paid now, and where; nil when nothing may be paid.
    package let ask: Ask?
    /// `1 BTC = 61234.5 EUR`, of what is to be paid or has come; nil where the price is counted in the asset.
    package let rate: String?
    /// What has arrived so far, `0.5 BTC`: what counts, in the asset that is asked for, and what was accepted
    /// although it does not; nil for nothing.
    package let received: String?
    /// What is still missing, `0.5 BTC`; nil when nothing is, and before anything arrived.
    package let missing: String?
    package let progress: Progress?
    package let arrivals: [Arrival]
    /// All of it is on its way, but came after the time to pay: people will look at it.
    package let isLate: Bool
    /// Something arrived that cannot count, another asset or the right one on another network, and was not
    /// accepted either. Once the payment has failed, also what is still on its way.
    package let hasMismatch: Bool
    /// How much more has arrived than the order costs, beyond what nobody asks about, `0.5 BTC`; nil when
    /// nothing has.
    package let excess: String?
    /// It was complete once and is not now: what became of what was paid. Nil for all others.
    package let undone: Undone?
    /// The payment is set aside: people look at it, and until then nothing may be paid or chosen.
    package let isAside: Bool
    /// The network that is to be paid on cannot be heard at the moment: its name for people.
    package let silentNetwork: String?
    /// The ways to pay that can be chosen now, other than the one that is taken; empty once something has
    /// arrived.
    package let choices: [Choice]
    /// The ways that could be chosen if anybody knew now what they cost.
    package let unpriced: [Choice]
    /// The time to pay is over, and a new quote of the same way can be had.
    package let requote: Choice?
    package let isTest: Bool
    /// Of the payment: of two views the one with the lower version is the older.
    package let version: Int
    /// It is to be paid on the built-in sandbox, whose customer and network can be played.
    package let isOnSandbox: Bool
    /// What the sandbox's customer can do wrong about it.
    package let sandboxMistakes: Set<CustomerAct>
    /// The page may put the sandbox's clock forward, for all test payments.
    package let mayMoveClock: Bool
    /// Back to the shop: after success, and without it.
    package let successLink: WebLink?
    package let cancelLink: WebLink?

    /// What the customer reads, one for each row of the table.
    package enum Phase: String, CaseIterable, Sendable {
        case choosing, waiting, missing, received, confirming, complete, checking, expired, failed, refunded

        /// Nothing more is awaited: the page needs no refresh by itself.
        package var isFinal: Bool {
            switch self {
            case .complete, .failed, .refunded: true
            case .choosing, .waiting, .missing, .received, .confirming, .checking, .expired: false
            }
        }
    }

    /// What a wallet has to be told.
    package struct Ask: Equatable, Sendable {
        /// Decimal text in whole units.
        package let amount: String
        package let asset: String
        package let network: String
        package let address: String
        /// What a wallet opens.
        package let link: String?
        package let endsAt: Instant
        /// On this day, as UTC has it: then a time says it all.
        package let endsToday: Bool
    }

    /// How the network took back what had made the payment complete.
    package enum Undone: Equatable, Sendable {
        /// The whole is on its way once more.
        case waitsAgain
        /// Another transaction took its place, and pays elsewhere.
        case replaced
        /// The network does not hold it any more.
        case gone
        /// What came is there, but not all of it is left for the order.
        case lessened
    }

    /// How far the confirmations are.
    package struct Progress: Equatable, Sendable {
        package let have: UInt64
        /// Nil where the network settles by another measure than a count.
        package let need: UInt64?
    }

    /// A way to pay.
    package struct Choice: Equatable, Sendable {
        package let method: Domain.Method
        package let asset: String
        package let network: String
        /// What it costs this way at the price of now, `0.5 BTC`; nil where nobody has worked it out.
        package let amount: String?
    }
}

extension CustomerView {
    /// The view of `checkout`. Its own clock counts: what the gateway has not looked at yet may be over
    /// already.
    package init(_ checkout: CheckoutView) {
        let view = checkout.payment
        let payment = view.payment
        let terms = payment.terms
        // Also when the gateway's clock was ahead for a while and has closed the window too early.
        let isOver = view.quote.map { checkout.now > $0.endsAt } ?? false || payment.state == .expired
        isAside = view.setAsideSince != nil
        phase = isAside ? .checking : Phase(payment.state)
        merchant = checkout.merchant
        orderID = terms.orderID
        description = checkout.description
        price = Self.text(terms.price)
        ask = view.assessment.isPayable && !isOver ? Self.ask(of: view, at: checkout.now) : nil
        arrivals = view.arrivals
        let accepted = arrivals.filter(\.wasAccepted).map(\.amountAndPlace)
        let counted = Self.text(view.amounts?.received, in: view)
        let sums = [counted].compactMap(\.self) + accepted
        received = sums.isEmpty ? nil : sums.joined(separator: ", ")
        let isShort = view.assessment.missing > .zero && view.assessment.received > .zero
        missing = isShort ? Self.text(view.amounts?.remaining, in: view) : nil
        progress = Self.progress(of: view)
        isLate = payment.isComingLate
        let isFailed = payment.state == .failed
        hasMismatch = view.assessment.shares.contains { key, share in
            share.role.isMismatch && (share.isConfirmed || isFailed) && !view.wasAccepted(key)
        }
        let hasCome = received != nil || ask != nil
        rate = hasCome ? Self.rate(of: view) : nil
        excess = payment.state.isSettled ? view.excess : nil
        undone = isAside ? nil : view.undone
        let quoted = view.quote.map { NetworkLabel.text($0.method.network) }
        silentNetwork = phase.isFinal || checkout.isHeard ? nil : quoted
        // What would be refused is not offered. A quote that holds needs neither a price nor a wallet.
        let takes =
            isAside
            ? []
            : terms.methods.filter { method in
                payment.takesChoice(of: method, at: checkout.now)
                    && (!checkout.closed.contains(method)
                        || payment.openQuote(in: method, at: checkout.now) != nil)
            }
        let quotable = takes.filter { !checkout.unpriced.contains($0) }
        let taken = view.quote?.method
        let mayChange = view.assessment.received == .zero
        let choice = { (method: Domain.Method) in Choice(method, due: checkout.due[method]) }
        choices = mayChange ? quotable.filter { $0 != taken }.map(choice) : []
        let isWanted = { (method: Domain.Method) in method == taken ? isOver : mayChange }
        unpriced = takes.filter { checkout.unpriced.contains($0) && isWanted($0) }.map(choice)
        requote = isOver ? quotable.first { $0 == taken }.map(choice) : nil
        isTest = terms.isTest
        version = payment.version
        isOnSandbox = view.sandboxNetwork != nil
        sandboxMistakes = view.sandboxMistakes
        mayMoveClock = isOnSandbox && checkout.mayMoveClock
        successLink = checkout.successURL.flatMap(WebLink.init(parsing:))
        cancelLink = checkout.cancelURL.flatMap(WebLink.init(parsing:))
    }

    private static func ask(of view: PaymentView, at now: Instant) -> Ask? {
        guard let quote = view.quote, let amounts = view.amounts else { return nil }
        return Ask(
            amount: DecimalText.text(amounts.remaining, decimals: quote.asset.decimals),
            asset: quote.method.asset.text,
            network: NetworkLabel.text(quote.method.network), address: quote.destination.address,
            link: view.paymentURI, endsAt: quote.endsAt,
            endsToday: ClockText.day(quote.endsAt) == ClockText.day(now))
    }

    private static func rate(of view: PaymentView) -> String? {
        guard let quote = view.quote else { return nil }
        let currency = view.payment.terms.price.currency.code
        let asset = quote.method.asset.text
        return asset == currency ? nil : "1 \(asset) = \(quote.rate.text) \(currency)"
    }

    private static func progress(of view: PaymentView) -> Progress? {
        switch view.payment.state {
        case .detected, .confirming:
            guard let confirmations = view.confirmations else { return nil }
            let need = confirmations.need.map { max($0, 1) }
            return Progress(have: min(confirmations.have, need ?? .max), need: need)
        case .created, .awaitingPayment, .paid, .overpaid, .underpaid, .latePaid, .expired, .failed,
            .refunded:
            return nil
        }
    }

    private static func text(_ units: UInt128?, in view: PaymentView) -> String? {
        guard let units, units > 0, let quote = view.quote else { return nil }
        return AmountText.text(units, of: quote.method.asset, decimals: quote.asset.decimals)
    }

    private static func text(_ price: Price) -> String {
        let exponent = price.currency.exponent
        let amount = DecimalText.text(price.minor, decimals: exponent, atLeast: min(exponent, 3))
        return "\(AmountText.grouped(amount))\u{A0}\(price.currency.code)"
    }
}

extension PaymentView {
    /// The network of the sandbox that the payment is asked for on; nil for a real one and for none.
    var sandboxNetwork: String? {
        guard payment.terms.isTest, let network = quote?.method.network.text else { return nil }
        return SandboxAct.networks.first { $0 == network }
    }
}

extension CustomerView.Choice {
    fileprivate init(_ method: Domain.Method, due: String?) {
        self.init(
            method: method, asset: method.asset.text, network: NetworkLabel.text(method.network),
            amount: due.map { "\(AmountText.grouped($0))\u{A0}\(method.asset)" })
    }
}

extension CustomerView.Phase {
    fileprivate init(_ state: State) {
        self =
            switch state {
            case .created: .choosing
            case .awaitingPayment: .waiting
            case .detected: .received
            case .confirming: .confirming
            case .paid, .overpaid: .complete
            case .underpaid: .missing
            case .latePaid: .checking
            case .expired: .expired
            case .failed: .failed
            case .refunded: .refunded
            }
    }
}

/// Amounts for people to read.
enum AmountText {
    /// `12 345.5 BTC` of base units, with a space between number and asset that does not break.
    static func text(_ units: UInt128, of asset: AssetCode, decimals: UInt8) -> String {
        "\(grouped(DecimalText.text(units, decimals: decimals)))\u{A0}\(asset)"
    }

    /// The digits before the point in threes, from five of them on, as the SI has it: the space is narrow
    /// and does not break.
    static func grouped(_ amount: String) -> String { groups(of: amount).joined(separator: "\u{202F}") }

    /// The same in parts: all but the last are digits alone.
    static func groups(of amount: String) -> [String] {
        let whole = amount.prefix { $0 != "." }
        guard whole.count > 4 else { return [amount] }
        var groups: [String] = []
        var rest = whole
        while !rest.isEmpty {
            groups.insert(String(rest.suffix(3)), at: 0)
            rest = rest.dropLast(3)
        }
        groups[groups.count - 1] += amount.dropFirst(whole.count)
        return groups
    }
}

/// Networks in clear words, as wallets call them.
enum NetworkLabel {
    private static let names = [
        "bitcoin": "Bitcoin",
        "bitcoin-testnet3": "Bitcoin testnet 3",
        "bitcoin-testnet4": "Bitcoin testnet 4",
        "bitcoin-signet": "Bitcoin signet",
        "bitcoin-regtest": "Bitcoin regtest",
        "litecoin": "Litecoin",
        "litecoin-testnet": "Litecoin testnet",
        "litecoin-regtest": "Litecoin regtest",
        "sandbox": "Sandbox",
        "sandbox-alt": "Sandbox Alt",
    ]

    /// The name, or the network's own word with a capital.
    static func text(_ network: NetworkName) -> String {
        names[network.text] ?? network.text.prefix(1).uppercased() + network.text.dropFirst()
    }
}
