package import Domain

/// What a customer can do about one payment, told as commands: for the interface, the checkout page and the
/// demo.
package enum SandboxScenario: Hashable, Sendable {
    /// Exactly what is due.
    case exact
    /// That percent of what is due.
    case under(percent: Int64)
    /// What is due and that percent on top.
    case over(percent: Int64)
    /// What is due, in so many transactions.
    case split(parts: Int64)
    /// What is due, after the time to pay; the clock goes there first if it is not over.
    case late
    /// What is due, twice.
    case duplicate
    /// The right amount on a network that was not offered.
    case wrongNetwork
    /// The right amount of an asset that was not offered.
    case wrongAsset
    /// The customer's last transaction gives way to another one.
    case replace(SandboxCommand.Replacement)
    /// Blocks are mined, with this payment's transactions and no others.
    case confirm(blocks: Int64)
    /// The block of the customer's last transaction leaves the chain, and this payment's transactions wait
    /// again. Those of others stand in the new branch, with as many confirmations as before.
    case takeBack

    /// The payment that it is about.
    package struct Subject: Sendable {
        /// Where the customer is asked to pay, on which network, in which asset.
        package let method: Method
        package let address: String
        /// Those of its earlier quotes: what was sent there is this payment's as well.
        package let oldAddresses: [String]
        /// Base units.
        package let amountDue: UInt128
        /// Everything that was offered to the customer, the method above included.
        package let offered: Set<Method>
        /// From the sandbox's time now to the end of the time to pay, grace included; negative when it is
        /// over.
        package let secondsLeft: Int64
        /// The customer's last transaction, if it is in the pool: see `SandboxLedger.pooled`.
        package let pooled: String?
        /// Where else something of this payment waits, beside the network that it is to be paid on.
        package let alsoWaits: [SandboxNetwork]
        /// If it is on the chain, what would leave with its block: see `SandboxLedger.takenBack`.
        package let mined: Mined?

        /// Blocks from the top down to one of the payment's, and its transactions in them.
        package typealias Mined = (depth: Int64, transactions: [String])

        package init(
            method: Method, address: String, oldAddresses: [String] = [], amountDue: UInt128,
            offered: Set<Method>, secondsLeft: Int64, pooled: String?, alsoWaits: [SandboxNetwork] = [],
            mined: Mined? = nil
        ) {
            self.method = method
            self.address = address
            self.oldAddresses = oldAddresses
            self.amountDue = amountDue
            self.offered = offered
            self.secondsLeft = secondsLeft
            self.pooled = pooled
            self.alsoWaits = alsoWaits
            self.mined = mined
        }
    }

    /// The commands, in order, given at a real time in milliseconds.
    ///
    /// With `confirmedBy`, so many blocks are mined after a payment. Throws `unusable` where the scenario
    /// makes no sense for this payment.
    package func commands(
        for subject: Subject, at: Int64, confirmedBy blocks: Int64 = 0
    ) throws(ChainFault) -> [SandboxCommand] {
        var plan = try Plan(subject, at: at)
        try plan.add(self)
        if blocks > 0, !plan.paid.isEmpty {
            for network in SandboxNetwork.allCases where plan.paid.contains(network) {
                plan.append(.confirm(network, scripts: plan.scripts, blocks: blocks))
            }
        }
        return plan.commands
    }
}

private struct Plan {
    let subject: SandboxScenario.Subject
    let at: Int64
    let network: SandboxNetwork
    let script: String
    /// The payment's own, the present one first.
    let scripts: [String]
    var commands: [SandboxCommand] = []
    var paid: Set<SandboxNetwork> = []

    init(_ subject: SandboxScenario.Subject, at: Int64) throws(ChainFault) {
        guard let network = SandboxNetwork(subject.method.network),
            network.assets.contains(where: { $0.method == subject.method })
        else { throw ChainFault(.unusable, "\(subject.method) is not of the sandbox.") }
        self.subject = subject
        self.at = at
        self.network = network
        var scripts: [String] = []
        for address in [subject.address] + subject.oldAddresses {
            scripts.append(try SandboxAddress(parsing: address).script)
        }
        script = scripts[0]
        self.scripts = scripts
    }

    mutating func add(_ scenario: SandboxScenario) throws(ChainFault) {
        let due = subject.amountDue
        switch scenario {
        case .exact: pay(due)
        case .under(let percent):
            try require(
                percent, in: SandboxLimits.underPercent, "An underpayment is 1 to 99 percent of the amount.")
            guard due > 1 else {
                throw ChainFault(.unusable, "One base unit is due: there is no less than that.")
            }
            pay(max(1, due.scaled(by: UInt128(percent), over: 100)))
        case .over(let percent):
            try require(percent, in: SandboxLimits.overPercent, "An overpayment is 1 to 1000 percent on top.")
            pay(due.addingSaturating(max(1, due.scaled(by: UInt128(percent), over: 100))))
        case .split(let parts):
            try require(parts, in: SandboxLimits.splitParts, "A payment is split into 2 to 20 parts.")
            guard due >= UInt128(parts) else {
                throw ChainFault(.unusable, "The amount is too small to split.")
            }
            let part = due / UInt128(parts)
            for _ in 1..<parts { pay(part) }
            pay(due - part * UInt128(parts - 1))
        case .late:
            if subject.secondsLeft >= 0 {
                let left = min(subject.secondsLeft, SandboxLimits.clockSeconds.upperBound - 1)
                append(.clock(advanceSeconds: left + 1))
            }
            pay(due)
        case .duplicate:
            pay(due)
            pay(due)
        case .wrongNetwork:
            try pay(inOneOf: network.other.assets, "Every network of the sandbox is offered.")
        case .wrongAsset:
            try pay(inOneOf: network.assets, "Every asset of this network is offered.")
        case .replace(let replacement):
            guard let pooled = subject.pooled else {
                throw ChainFault(
                    .unusable, "Only a transaction that waits in the pool can be replaced: pay first.")
            }
            append(.replace(network, txid: pooled, by: replacement))
        case .confirm(let blocks):
            for network in [network] + subject.alsoWaits {
                append(.confirm(network, scripts: scripts, blocks: blocks))
            }
        case .takeBack: try takeBack()
        }
    }

    private mutating func takeBack() throws(ChainFault) {
        guard let mined = subject.mined else {
            throw ChainFault(.unusable, "Only a payment that is in a block can be taken back.")
        }
        // What is final for one stays final for all.
        guard mined.depth <= Int64(SandboxLimits.finalDepth) else {
            throw ChainFault(.unusable, "Its block is final: \(SandboxLimits.finalDepth) confirmations deep.")
        }
        let own = mined.transactions.prefix(SandboxLimits.reorgExceptions.upperBound)
        let reorg = SandboxCommand.Reorg(
            depth: mined.depth, fate: .mined,
            except: Dictionary(own.map { ($0, .pooled) }) { first, _ in first })
        append(.reorg(network, reorg))
    }

    mutating func append(_ action: SandboxCommand.Action) { commands.append(SandboxCommand(at: at, action)) }

    private mutating func pay(_ amount: UInt128) {
        pay(amount, subject.method.asset, on: network)
    }

    private mutating func pay(_ amount: UInt128, _ asset: AssetCode, on network: SandboxNetwork) {
        let output = SandboxCommand.Output(script: script, asset: asset, amount: amount)
        append(.pay(network, [output], isMined: false))
        paid.insert(network)
    }

    /// As many whole units as are due, of the first asset that was not offered; the same asset before others.
    private mutating func pay(inOneOf assets: [Asset], _ refusal: String) throws(ChainFault) {
        let wrong = assets.filter { !subject.offered.contains($0.method) && $0.method != subject.method }
        guard let asset = wrong.first(where: { $0.method.asset == subject.method.asset }) ?? wrong.first,
            let network = SandboxNetwork(asset.method.network),
            let own = self.network.assets.first(where: { $0.method == subject.method })
        else { throw ChainFault(.unusable, refusal) }
        let amount = subject.amountDue.scaled(by: .power10(asset.decimals), over: .power10(own.decimals))
        pay(max(1, amount), asset.method.asset, on: network)
    }

    private func require(
        _ number: Int64, in range: ClosedRange<Int64>, _ refusal: String
    ) throws(ChainFault) {
        guard range.contains(number) else { throw ChainFault(.unusable, refusal) }
    }
}
