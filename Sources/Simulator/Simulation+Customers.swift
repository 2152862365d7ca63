import Crypto
import Database
import Domain
import Engine
import Platform
import Storage

extension Simulation {
    /// A customer orders something, and the shop opens a payment.
    func open(_ number: Int) async throws {
        let network = dice.chance(800) ? 0 : 1
        let cents = dice.number(in: 60...20_000)
        var new = NewPayment(
            orderID: "order-\(number)", amount: "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)",
            currency: "EUR")
        new.methods = networks.map(\.method)
        new.chosen = dice.chance(900) ? networks[network].method : nil
        note("open \(number)")
        let key = IdempotencyKey(operation: "create", key: "k\(number)", fingerprint: "f\(number)")
        // A client whose answer is lost asks again under the same key.
        var reply: Reply?
        for round in 0..<20 where reply == nil {
            do {
                reply = try await machine.gateway.open(
                    new, by: caller, cause: "simulation", Answering(key: key, Self.reply))
            } catch {
                note("creation: \(error)")
                count(fault: "creations repeated")
                // A start that writes little leaves its fault to what comes next: not for ever.
                if machine.disk.isDead || error is DatabaseError {
                    try await begin(after: loss(), isCalm: round > 5)
                }
            }
        }
        guard let reply, let id = ID<Payment>(parsing: String(decoding: reply.body, as: UTF8.self).prefix(30))
        else { throw Failure(problem: "payment \(number) cannot be opened") }
        if dice.chance(dials.repeats) {
            count(fault: "creations repeated")
            let again = try await machine.gateway.open(
                new, by: caller, cause: "simulation", Answering(key: key, Self.reply))
            try require(again.body == reply.body, "a repeated creation is answered otherwise")
        }
        try require(orderOfPayment[id] == nil, "an identity was given to two payments")
        orderOfPayment[id] = orders.count
        orders.append(Order(payment: id, network: network, plan: Order.plan(&dice).reversed()))
        compared.append(nil)
        let payment = try await machine.store.read { try $0.payment(id) }
        guard let payment else {
            throw Failure(problem: "payment \(number) was acknowledged and is not there")
        }
        let policies = networks.map(\.method)
        guard var agreement = agreements.last(where: { $0.policy(policies) == payment.terms.policy }) else {
            throw Failure(problem: "payment \(number) was opened under rules that nobody set")
        }
        mislead(&agreement)
        var one = Oracle.Case(
            cents: UInt128(cents), agreement: agreement, expiresAt: payment.terms.expiresAt.milliseconds)
        one.furthest = networks.map { _ in 0 }
        oracle.cases.append(one)
        try learnOffers(orders.count - 1, payment)
        count("payments")
    }

    /// The answer to a creation.
    @Sendable private static func reply(_ view: PaymentView) -> Reply {
        let quote = view.quote
        let text = "\(view.payment.id) \(quote?.destination.script ?? "") \(quote?.amountDue ?? 0)"
        return Reply(status: 201, body: Array(text.utf8))
    }

    /// Takes note of what the gateway offers: a price that is right, at an address that nobody had before.
    func learnOffers(_ index: Int, _ payment: Payment) throws {
        for quote in payment.evidence.quotes.dropFirst(oracle.cases[index].offers.count) {
            guard let network = networks.firstIndex(where: { $0.method == quote.method }),
                let script = Hex.decode(quote.destination.script)
            else { throw Failure(problem: "payment \(index) is offered on no network") }
            try require(
                rates[network].contains { quote.amountDue == Self.due(cents: quote.covers.minor, at: $0) },
                "\(quote.amountDue) is not what \(quote.covers.minor) cents are")
            try require(
                quote.isTopUp || quote.covers.minor == oracle.cases[index].cents,
                "an offer covers another price")
            let offer = Offer(
                quote: quote.id.text, network: network, script: script, due: quote.amountDue,
                covers: quote.covers.minor, endsAt: quote.endsAt.milliseconds, isTopUp: quote.isTopUp)
            try require(oracle.issue(offer, of: index), "an address was given to two payments")
            oracle.lock(index, now: clock.now)
        }
    }

    func customerActs() async throws {
        let now = clock.now
        let ready = orders.indices.filter { !orders[$0].plan.isEmpty && orders[$0].notBefore <= now }
        guard let index = dice.pick(ready), var step = orders[index].plan.popLast() else { return }
        if oracle.cases[index].offers.isEmpty, !step.needsNoOffer {
            orders[index].plan.append(step)
            step = .choose(otherNetwork: false)
        }
        note("customer of \(index): \(step)")
        let offers = oracle.cases[index].offers
        let offer = offers.last { $0.network == orders[index].network } ?? offers.last
        switch step {
        case .wait(let seconds): orders[index].notBefore = now + Int64(seconds) * 1_000
        case .pay(let permille): pay(offer, permille, for: index)
        case .payFirst(let permille): pay(offers.first, permille, for: index)
        case .payNearly(let difference):
            guard let offer else { return }
            count(fault: "amounts just missed")
            send(UInt64(Int64(offer.due) + difference), to: offer, for: index, on: offer.network)
        case .payElsewhere:
            guard let offer else { return }
            count(fault: "wrong networks")
            send(UInt64(offer.due), to: offer, for: index, on: 1 - offer.network)
        case .dust:
            guard let offer else { return }
            count(fault: "dust")
            send(330, to: offer, for: index, on: offer.network)
        case .bump: replace(for: index) { [$0] }
        case .shrink(let permille):
            replace(for: index) { [.init(value: max($0.value * permille / 1_000, 1), script: $0.script)] }
        case .takeBack: replace(for: index) { _ in [] }
        case .choose(let isOther): try await choose(index, isOther: isOther)
        case .cancel: cancelling.append(index)
        }
    }

    private func pay(_ offer: Offer?, _ permille: UInt64, for index: Int) {
        guard let offer else { return }
        if permille != 1_000 { count(fault: "wrong amounts") }
        if clock.now > offer.endsAt { count(fault: "late payments") }
        if !orders[index].sent.isEmpty { count(fault: "split or repeated payments") }
        send(UInt64(offer.due) * permille / 1_000, to: offer, for: index, on: offer.network)
    }

    private func choose(_ index: Int, isOther: Bool) async throws {
        if isOther { orders[index].network = 1 - orders[index].network }
        let id = orders[index].payment
        do {
            _ = try await machine.gateway.choose(
                networks[orders[index].network].method, for: id, by: .customer, of: nil, cause: "simulation",
                Answering(key: nil) { _ in Reply(status: 200, body: []) })
            count("methods chosen")
        } catch let refusal as Refusal {
            // Whoever is offered nothing pays nothing.
            note("refused: \(refusal.code.rawValue)")
            if oracle.cases[index].offers.isEmpty { orders[index].plan = [] }
        }
        try await learnOffers(index)
    }

    /// What the gateway offers now: also what it stored and could not answer any more.
    func learnOffers(_ index: Int) async throws {
        let id = orders[index].payment
        if let payment = try await machine.store.read({ try $0.payment(id) }) {
            try learnOffers(index, payment)
        }
    }

    private func send(_ value: UInt64, to offer: Offer, for index: Int, on network: Int) {
        guard value > 0 else { return }
        let place = TrueTransaction.Place(transaction: Hash256(dice.bytes(32)) ?? .zero, index: 0)
        var outputs = [TrueTransaction.Output(value: value, script: offer.script)]
        // Now and then one transaction pays two orders, or one order twice.
        if dice.chance(60), let other = dice.pick(Array(orders.indices.suffix(20))),
            let more = oracle.cases[other].offers.last
        {
            outputs.append(.init(value: UInt64(more.due), script: more.script))
            count("batch payouts")
        }
        let coin = coin(place, on: network)
        submit(TrueTransaction(inputs: [coin], outputs: outputs), for: index, on: network)
    }

    /// Replaces the last transaction by one that spends the same coins: what it pays to us, each output on
    /// its own, becomes what `change` says, and the rest goes elsewhere.
    private func replace(
        for index: Int, _ change: (TrueTransaction.Output) -> [TrueTransaction.Output]
    ) {
        guard dice.chance(dials.replacements), let last = orders[index].sent.last else { return }
        var outputs = [TrueTransaction.Output(value: 1_000 + dice.next() % 1_000, script: [0x51])]
        if let first = last.transaction.outputs.first(where: { oracle.owners[$0.script] != nil }) {
            outputs = change(first) + outputs
        }
        let replacement = TrueTransaction(inputs: last.transaction.inputs, outputs: outputs)
        if submit(replacement, for: index, on: last.network) { count(fault: "replacements") }
    }

    @discardableResult private func submit(
        _ transaction: TrueTransaction, for index: Int, on network: Int
    ) -> Bool {
        guard networks[network].truth.submit(transaction) else { return false }
        orders[index].sent.append(.init(transaction: transaction, network: network))
        count("transactions")
        return true
    }
}
