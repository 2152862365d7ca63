import Chains
import Domain
import Engine
import Platform
import Storage

extension Simulation {
    /// After each act, and each word of a network: the oracle hears what the gateway has heard, and what it
    /// has touched is compared.
    func hearken() async throws {
        let changed = touched.withLock { ids in
            defer { ids = [] }
            return ids
        }
        var payments = Set(changed.compactMap { orderOfPayment[$0] })
        let wasRestarted = restarts != tally["restarts"]
        restarts = tally["restarts"]
        if wasRestarted { payments.formUnion(orders.indices) }
        // What was taken in by a process that died before anybody could ask.
        for network in lookedAt.sorted() { try await attend(network) }
        payments.formUnion(shaken)
        shaken = []
        lookedAt = []
        // What a process that died had not said yet is not there: only what moved is asked about.
        try await compare(payments.sorted(), isStrict: !wasRestarted)
    }

    /// All payments, after everything that is due was done.
    func compareAll() async throws {
        note("compare all")
        try await tick()
        for index in networks.indices {
            inform(index)
            try await look(index)
        }
        try await tick()
        try await hearken()
        try await compare(Array(orders.indices), isStrict: true)
        let aside = try await machine.gateway.quarantinedCount()
        try require(aside == 0, "\(aside) payments are set aside")
        try await compareBalances()
        count("comparisons of all")
    }

    /// - Parameter isStrict: also what did not change since the last time.
    private func compare(_ indices: [Int], isStrict: Bool) async throws {
        guard !indices.isEmpty else { return }
        let asked = indices.map { (id: orders[$0].payment, known: compared[$0]?.text) }
        let stored = try await machine.store.read { tx in
            try asked.map { id, known in
                let text = try tx.storedPayment(id)
                let isNew = isStrict || text != known
                return (text: text, entries: isNew ? try tx.entries(of: id) : [])
            }
        }
        for (index, stored) in zip(indices, stored) {
            guard let text = stored.text else { throw Failure(problem: "payment \(index) is lost") }
            let isSame = compared[index]?.text == text
            if !isStrict, isSame { continue }
            // The same text is the same payment.
            let known = isSame ? compared[index]?.payment : nil
            let payment = try known ?? Payment(stored: Array(text.utf8))
            try learnOffers(index, payment)
            let accepted = try oracle.learnDecisions(index, payment)
            if accepted > 0 { count("accepted by the policy", accepted) }
            try compare(index, payment, stored.entries)
            compared[index] = (text, payment)
            trace.add("\(index) \(payment.state.rawValue) \(payment.version)")
        }
    }

    private func compare(_ index: Int, _ payment: Payment, _ entries: [Entry]) throws {
        count("compared")
        let comparison = oracle.compare(index, payment, books: oracle.books(entries), now: clock.now)
        if comparison.answers > 1 { count("compared with two answers") }
        if let problem = comparison.problem {
            for known in oracle.cases[index].known {
                note("\(known.key) seen \(known.sight) in look \(known.look): \(oracle.standing(known))")
            }
            throw Failure(problem: "payment \(index) (\(payment.id)): \(problem)")
        }
        count("seen \(payment.state.rawValue)")
    }

    /// The balances that the store keeps, against the sum of what the oracle has of each payment.
    private func compareBalances() async throws {
        var expected: [Oracle.Account: Int128] = [:]
        for index in orders.indices {
            // All were compared a moment ago: of two answers that may be right, the one that was given.
            for (account, amount) in oracle.cases[index].books { expected[account, default: 0] += amount }
        }
        var held: [Oracle.Account: Int128] = [:]
        var sums: [Int: Int128] = [:]
        for balance in try await machine.gateway.balances(of: caller) {
            guard let network = networks.firstIndex(where: { $0.method == balance.method }) else { continue }
            sums[network, default: 0] += balance.amount
            if let account = Oracle.account(balance.account, on: network) {
                held[account, default: 0] += balance.amount
            } else {
                try require(balance.amount == 0, "\(balance.account) holds \(balance.amount)")
            }
        }
        try require(
            held.filter { $0.value != 0 } == expected.filter { $0.value != 0 },
            "the accounts hold \(held), and should \(expected)")
        try require(sums.values.allSatisfy { $0 == 0 }, "the books of a method do not sum to zero")
    }
}
