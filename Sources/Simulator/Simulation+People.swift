import Crypto
import Domain
import Engine
import Platform
import Storage

extension Simulation {
    /// The merchant's server and its people: they call off, rule, fulfil, spend, and look after their
    /// endpoint.
    func somebodyDecides() async throws {
        if let index = cancelling.popLast() {
            note("cancel \(index)")
            try await ask("cancelled") {
                try await machine.gateway.cancel(
                    orders[index].payment, by: caller, cause: "simulation", Self.silent())
            }
            return
        }
        if dice.chance(dials.changes) || mustRotate { return try await change() }
        switch dice.number(in: 0...9) {
        case 0: spend()
        case 1: try await lookAfterEndpoint()
        case 2...4: try await fulfil()
        default: try await rule()
        }
    }

    /// Asks for something that may be refused; what fails otherwise is thrown on.
    private func ask(_ what: String, _ command: () async throws -> Reply) async throws {
        do {
            _ = try await command()
            count(what)
        } catch let refusal as Refusal {
            note("refused: \(refusal.code.rawValue)")
            count("refused commands")
        }
    }

    /// The shop ships what it believes to be paid, and now and then what is not. Two of its servers may have
    /// heard of the same event, and each of them wants to.
    private func fulfil() async throws {
        let paid = orders.indices.filter { compared[$0]?.payment.state.isSettled ?? false }
        guard let index = dice.pick(dice.chance(500) ? paid : Array(orders.indices)) else { return }
        if dice.chance(300) { return try await report(index) }
        let actions = ["ship", "ship again"]
        if dice.chance(300) {
            for action in actions { try await claim(index, action) }
        } else {
            try await claim(index, actions[dice.chance(900) ? 0 : 1])
        }
    }

    private func report(_ index: Int) async throws {
        note("report \(index)")
        try await ask("fulfilments reported") {
            try await machine.gateway.reportFulfilment(
                of: orders[index].payment, action: "ship", by: caller, cause: "simulation", Self.silent())
        }
    }

    private func claim(_ index: Int, _ action: String) async throws {
        note("claim \(index) to \(action)")
        // Whose answer is lost may have been granted, and is answered so again whatever has come since.
        let wasAsked = !asked.insert("\(index) \(action)").inserted
        try await ask("fulfilments claimed") {
            let reply = try await machine.gateway.claimFulfilment(
                of: orders[index].payment, action: action, by: caller, cause: "simulation", Self.silent())
            try check(claim: action, of: index, wasAsked: wasAsked)
            return reply
        }
        asked.remove("\(index) \(action)")
    }

    /// A claim that was granted: to one action only, and for what is paid.
    private func check(claim action: String, of index: Int, wasAsked: Bool) throws {
        try require(claims[index] ?? action == action, "payment \(index) may be fulfilled twice")
        guard claims[index] == nil else { return }
        claims[index] = action
        if wasAsked { return }
        let states = oracle.verdicts(of: index, now: clock.now).map(\.state)
        try require(
            states.contains { $0 == .paid || $0 == .overpaid },
            "payment \(index) may be fulfilled, and is \(states.map(\.rawValue))")
    }

    private func rule() async throws {
        guard dice.chance(dials.rulings * 4), let index = dice.pick(Array(orders.indices)) else { return }
        let id = orders[index].payment
        if dice.chance(50) {
            note("accept \(index)")
            try await ask("rulings") {
                try await machine.gateway.accept(
                    id, reason: "paid in cash", by: caller, cause: "simulation", Self.silent())
            }
            return
        }
        let payment = try await machine.store.read { try $0.payment(id) }
        guard let exception = dice.pick(payment?.openExceptions ?? []),
            let action = dice.pick(exception.kind.actions)
        else { return }
        note("rule \(index): \(exception.kind) \(action)")
        try await ask("ruled on \(exception.kind.rawValue)") {
            count("rulings")
            return try await machine.gateway.rule(
                exception.id, NewRuling(action: action, reason: "because"), by: caller, cause: "simulation",
                Self.silent())
        }
    }

    /// The merchant moves something that it received to its treasury.
    private func spend() {
        guard let index = dice.pick(Array(orders.indices.suffix(100))),
            let known = dice.pick(oracle.cases[index].known), isMature(known)
        else { return }
        note("spend \(known.key)")
        let place = known.place
        let spend = TrueTransaction(
            inputs: [place], outputs: [.init(value: 1_000 + dice.next() % 1_000, script: [0x51, 0x02])])
        if networks[known.network].truth.submit(spend) { count("spends") }
    }

    /// A receiver that said that it is gone is switched on again, and sent what it missed.
    private func lookAfterEndpoint() async throws {
        let endpoint = try await machine.gateway.endpoint(endpoint, of: caller)
        guard endpoint.state != .active else { return }
        note("endpoint on again")
        post.set(.good, of: Self.host)
        try await reviveEndpoint()
    }

    /// Switches the endpoint on, and has everything sent again from the first event on that it did not take.
    func reviveEndpoint() async throws {
        _ = try await machine.gateway.updateEndpoint(
            endpoint, url: nil, events: nil, description: nil, isActive: true, by: caller,
            cause: "simulation")
        count("endpoints revived")
        let heard = post.receiver(Self.host)?.heard ?? [:]
        let merchant = caller.merchant
        let events = try await machine.store.read { tx in
            try tx.events(of: merchant, after: 0, isTest: true, type: nil, subject: nil, limit: 10_000).items
        }
        guard let first = events.first(where: { heard[$0.id.text] == nil }) else { return }
        var from: String? = first.id.text
        while let next = from {
            let reply = try await machine.gateway.replay(
                to: endpoint, from: ID(parsing: next), through: nil, onlyFailed: false, by: caller,
                cause: "simulation",
                Answering(key: nil) { Reply(status: 200, body: Array(($0.next?.text ?? "").utf8)) })
            from = reply.body.isEmpty ? nil : String(decoding: reply.body, as: UTF8.self)
        }
    }

    private static func silent() -> Answering<PaymentView> {
        Answering(key: nil) { _ in Reply(status: 200, body: []) }
    }
}
