import Chains
import Crypto
import Domain
import Platform

/// Customers, merchants and whoever rules, in a story for the rules alone.
extension RuleStory {
    mutating func elsewhere() -> TrueTransaction.Output {
        .init(value: 1_000 + dice.next() % 1_000, script: [0x51])
    }

    private static let rates: [UInt128] = [5_123_457, 8_319]

    private mutating func makeQuote(_ network: Int, covers cents: UInt128, isTopUp: Bool) throws -> Quote {
        let at = Instant(milliseconds: now)
        let cost = Self.rates[network] * UInt128(dice.number(in: 900...1_100)) / 1_000
        let asset = Asset(
            method: chains[network].method, decimals: 8, payableDecimals: 8, contract: nil, version: 1)
        let script = dice.bytes(22)
        return Quote(
            id: ID(at: at, chance: dice.bytes(10)), asset: asset,
            amountDue: Simulation.due(cents: cents, at: cost),
            covers: try Price(minor: cents, currency: Self.euro), rate: Rate(mantissa: cost, scale: 2),
            sources: [], lockedAt: at,
            endsAt: at.adding(seconds: oracle.cases[0].agreement.quoteSeconds),
            destination: Destination(
                id: ID(at: at, chance: dice.bytes(10)), wallet: ID(at: at, chance: dice.bytes(10)),
                address: "address", script: Hex.encode(script), path: nil),
            isTopUp: isTopUp)
    }

    /// The customer chooses how to pay.
    mutating func quote(_ network: Int) throws {
        note("quote on \(network)")
        let quote = try makeQuote(network, covers: oracle.cases[0].cents, isTopUp: false)
        if try tell(.quoted(quote), by: .customer) { count("quotes") }
    }

    mutating func pay() throws {
        guard sent.isEmpty || dice.chance(eagerness) else { return }
        guard let quote = dice.pick(offers), sent.count < Limits.storyTransactions,
            let script = Hex.decode(quote.destination.script),
            var network = chains.firstIndex(where: { $0.method == quote.method })
        else { return }
        let due = UInt64(quote.amountDue)
        let value: UInt64
        switch dice.number(in: 0...19) {
        case 0...8: value = due
        case 9...11: value = due * UInt64(dice.number(in: 100...999)) / 1_000
        case 12: value = due * UInt64(dice.number(in: 1_001...3_000)) / 1_000
        case 13...14: value = due / 2
        case 15: value = 330
        case 16...17: value = UInt64(Int64(due) + Int64(dice.number(in: -3...3)))
        case 18:
            value = due
            network = 1 - network
            count(fault: "wrong networks")
        default: value = due * 996 / 1_000
        }
        guard value > 0 else { return }
        if value != due { count(fault: "wrong amounts") }
        if now > quote.endsAt.milliseconds { count(fault: "late payments") }
        let coin = TrueTransaction.Place(transaction: Hash256(dice.bytes(32)) ?? .zero, index: 0)
        var outputs = [TrueTransaction.Output(value: value, script: script)]
        if dice.chance(50) { outputs.append(outputs[0]) }
        note("pay \(value) of \(due) on \(network)")
        try send(TrueTransaction(inputs: [coin], outputs: outputs), on: network)
    }

    private mutating func send(_ transaction: TrueTransaction, on network: Int) throws {
        guard chains[network].submit(transaction) else { return }
        sent.append(Sent(transaction: transaction, network: network, told: nil))
        count("transactions")
    }

    /// A customer replaces what waits by more, the same, less or nothing.
    mutating func replace() throws {
        let waiting = sent.filter { one in chains[one.network].pool.contains { $0.id == one.transaction.id } }
        guard let one = dice.pick(waiting), sent.count < Limits.storyTransactions else { return }
        let permille = UInt64(dice.pick([1_000, 1_000, 1_000, 1_500, 500, 0]) ?? 0)
        var outputs = [elsewhere()]
        for output in one.transaction.outputs where output.value * permille / 1_000 > 0 {
            outputs.append(.init(value: output.value * permille / 1_000, script: output.script))
        }
        note("replace by \(permille) thousandths")
        count(fault: "replacements")
        try send(TrueTransaction(inputs: one.transaction.inputs, outputs: outputs), on: one.network)
    }

    mutating func cancel() throws {
        note("cancel")
        if try tell(.ruled(.cancel, reason: nil), by: .operatorAtMachine) { count("cancelled") }
    }

    mutating func rule() throws {
        if dice.chance(60) {
            note("accept as it is")
            if try tell(.ruled(.accept(nil), reason: nil), by: .operatorAtMachine) { count("rulings") }
            return
        }
        guard let exception = dice.pick(payment.openExceptions),
            let action = dice.pick(exception.kind.actions)
        else { return }
        let verdict: Ruling.Verdict
        switch action {
        case .accept: verdict = try late(exception) ?? .accept(exception.id)
        case .reject: verdict = .reject(exception.id)
        case .keep: verdict = .keep(exception.id)
        case .release: verdict = .release(exception.id)
        case .dismiss: verdict = .dismiss(exception.id)
        case .grantTopUp:
            guard let quote = payment.evidence.currentQuote,
                let network = chains.firstIndex(where: { $0.method == quote.method })
            else { return }
            let cents = UInt128(dice.number(in: 1...Int(oracle.cases[0].cents)))
            verdict = .grantTopUp(exception.id, try makeQuote(network, covers: cents, isTopUp: true))
        }
        note("rule: \(exception.kind) \(action)")
        let isByPolicy = if case .acceptLate = verdict { true } else { false }
        if try tell(.ruled(verdict, reason: nil), by: isByPolicy ? .policy : .operatorAtMachine) {
            count("ruled on \(exception.kind.rawValue)")
            count("rulings")
            if isByPolicy { count("accepted by the policy") }
        }
    }

    /// What the policy itself would say of a late payment, at some rate of the day.
    private mutating func late(_ exception: Exception) throws -> Ruling.Verdict? {
        guard exception.kind == .late, let method = payment.lateMethod,
            let quote = payment.evidence.quotes.last(where: { $0.method == method })
        else { return nil }
        let mantissa = max(quote.rate.mantissa * UInt128(dice.number(in: 900...1_100)) / 1_000, 1)
        let rate = Rate(mantissa: mantissa, scale: quote.rate.scale)
        let source = RateSource(name: "fixed", rate: rate, at: Instant(milliseconds: now))
        return payment.lateVerdict(of: method, at: source)
    }

    mutating func fulfil() throws {
        let action = dice.chance(900) ? "ship" : "ship again"
        let isClaim = dice.chance(700)
        note(isClaim ? "claim" : "report")
        let before = payment.fulfilment
        guard try tell(
            isClaim ? .fulfilmentClaimed(action: action) : .fulfilmentReported(action: action),
            by: .operatorAtMachine)
        else { return }
        count(isClaim ? "fulfilments claimed" : "fulfilments reported")
        guard before?.action ?? action == action else {
            throw Simulation.Failure(problem: "it may be fulfilled twice")
        }
        guard isClaim, before?.claimedAt == nil else { return }
        let states = oracle.verdicts(of: 0, now: now).map(\.state)
        guard states.contains(where: { $0 == .paid || $0 == .overpaid }) else {
            throw Simulation.Failure(problem: "it may be fulfilled, and is \(states.map(\.rawValue))")
        }
    }

    /// The merchant moves what it received.
    mutating func spend() throws {
        guard let known = dice.pick(oracle.cases[0].known) else { return }
        guard !spenders.contains(where: { $0.transaction.inputs.contains(known.place) }),
            chains[known.network].standing(of: known.transaction.id) != .gone
        else { return }
        note("spend \(known.key)")
        let output = TrueTransaction.Output(value: 1_000, script: [0x52])
        let spender = TrueTransaction(inputs: [known.place], outputs: [output])
        guard chains[known.network].submit(spender) else { return }
        spenders.append((spender, known.network))
        count("spends")
    }
}
