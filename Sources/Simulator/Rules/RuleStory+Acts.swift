import Chains
import Crypto
import Domain
import Platform

/// What happens in a story for the rules alone.
extension RuleStory {
    /// Tells it whole: everything goes wrong, then all is mended, and the payment has to come to an end.
    mutating func run() throws {
        if dice.chance(900) { try quote(dice.number(in: 0...1)) }
        for _ in 0..<dice.number(in: Limits.storyActs) {
            try act()
        }
        try settle()
    }

    private mutating func act() throws {
        switch dice.number(in: 0...99) {
        case 0...9: try pass(seconds: dice.number(in: 1...dice.number(in: 2...1_200)))
        case 10...24: try pay()
        case 25...46: try mine(dice.number(in: 0...1))
        case 47...58: try speak(dice.number(in: 0...1))
        case 59...64: try reorganise(dice.number(in: 0...1))
        case 65...68: try evict()
        case 69...73: try replace()
        case 74...76: try fail(dice.number(in: 0...1))
        case 77...85: try repeatSomething()
        case 86...88: try quote(dice.number(in: 0...1))
        case 89...94: try rule()
        case 95...97: try fulfil()
        case 98: try spend()
        default: try cancel()
        }
    }

    /// All is mended, and time goes on until nothing is open any more but what people are asked.
    private mutating func settle() throws {
        note("mended")
        for _ in 0..<Limits.lastBlocks {
            try release()
            for network in chains.indices {
                chains[network].isHealthy = true
                mineBlock(chains[network].pool, on: network)
                try speak(network)
            }
            try pass(seconds: 3_600)
        }
        switch payment.state {
        case .created, .awaitingPayment, .detected, .confirming:
            throw Simulation.Failure(problem: "it is \(payment.state.rawValue) for ever")
        case .paid, .overpaid, .underpaid, .latePaid, .expired, .failed, .refunded:
            count("ended \(payment.state.rawValue)")
        }
        if payment.epoch > 1 { count("epochs beyond the first") }
    }

    // MARK: Time and networks

    private mutating func pass(seconds: Int) throws {
        now += Int64(seconds) * 1_000
        note("\(seconds) s pass")
        try tell(.looked, by: .clock)
    }

    private mutating func mineBlock(_ transactions: [TrueTransaction], on network: Int) {
        let isOff = dice.chance(100)
        let time = now - (isOff ? Int64(dice.number(in: -3_600...7_200)) * 1_000 : 0)
        chains[network].mine(transactions, hash: Hash256(dice.bytes(32)) ?? .zero, time: time)
    }

    private mutating func mine(_ network: Int) throws {
        var taken = chains[network].pool
        if dice.chance(200) { taken = taken.filter { _ in dice.chance(500) } }
        note("mine \(taken.count) on \(network)")
        mineBlock(taken, on: network)
        try speak(network)
    }

    /// The network's next word: what stands otherwise than it said last, and now and then all of it.
    private mutating func speak(_ network: Int) throws {
        // A word that is under way says nothing that the next one does not say.
        let saysAll = held != nil || dice.chance(100)
        chains[network].sequence += 1
        if chains[network].isHealthy { chains[network].scannedUntil = now }
        var sightings: [Sighting] = []
        var said: [(place: Int, standing: Oracle.Standing)] = []
        for place in sent.indices where sent[place].network == network {
            let standing = chains[network].standing(of: sent[place].transaction.id)
            let isNew = sent[place].told == nil
            // What is gone before anybody heard of it is never heard of.
            if isNew && standing == .gone || !saysAll && sent[place].told == standing { continue }
            sightings += sighted(place, as: standing, isNew: isNew)
            said.append((place, standing))
        }
        let actor = Actor.network(chains[network].method.network)
        let news = Fact.News.sighted(sightings, spends: spends(network))
        var sources = words
        sources[chains[network].method.network] = chains[network].source
        let isKnown = said.allSatisfy { sent[$0.place].told != nil }
        if held == nil, isKnown, dice.chance(80) {
            note("word \(chains[network].sequence) of \(network) is under way")
            let at = Instant(milliseconds: now)
            held = (Fact(at: at, actor: actor, sources: sources, news: news), network)
            return count(fault: "words overtaken")
        }
        words = sources
        for one in said { sent[one.place].told = one.standing }
        oracle.nextLook()
        oracle.views[network].told = chains[network].told(of: sent.map(\.transaction))
        oracle.views[network].height = chains[network].tip
        oracle.views[network].isHealthy = chains[network].isHealthy
        oracle.views[network].scannedUntil = chains[network].scannedUntil
        for sighting in sightings where payment.evidence.transfer(sighting.key) == nil { learn(sighting) }
        note("word \(chains[network].sequence) of \(network) on \(sightings.count) outputs")
        try tell(news, by: actor)
    }

    private func spends(_ network: Int) -> [Transfer.Key: Transfer.Spend] {
        var spends: [Transfer.Key: Transfer.Spend] = [:]
        for spender in spenders where spender.network == network {
            let standing = chains[network].standing(of: spender.transaction.id)
            for known in oracle.cases[0].known where known.network == network {
                guard spender.transaction.inputs.contains(known.place) else { continue }
                spends[known.key] = Transfer.Spend(
                    transaction: spender.transaction.id.displayText,
                    claim: Transfer.Claim(
                        sequence: chains[network].sequence, standing: standing.said(gone: .evicted)))
            }
        }
        return spends
    }

    /// A word that was overtaken comes at last, where a later one can be believed.
    private mutating func release() throws {
        guard let late = held else { return }
        let name = chains[late.network].method.network
        guard let word = words[name], let old = late.fact.sources[name], word.isHealthy,
            word.sequence > old.sequence
        else { return }
        note("word \(old.sequence) of \(late.network) comes late")
        held = nil
        try tellAgain(late.fact)
    }

    /// What the network says of the outputs of one transaction that pay us.
    private mutating func sighted(_ place: Int, as standing: Oracle.Standing, isNew: Bool) -> [Sighting] {
        let (transaction, network) = (sent[place].transaction, sent[place].network)
        let rivals = oracle.cases[0].known.filter {
            $0.network == network && $0.transaction.excludes(transaction)
        }
        let isReplaced = rivals.contains { chains[network].standing(of: $0.transaction.id) != .gone }
        let wasMined = if case .mined = sent[place].told { true } else { false }
        let reason: Transfer.Gone = isReplaced ? .replaced : wasMined ? .orphaned : .evicted
        let isFromGap = isNew && dice.chance(100)
        if isFromGap { count("sights out of a gap") }
        return transaction.outputs.enumerated().compactMap { index, output -> Sighting? in
            guard let owner = oracle.owners[output.script] else { return nil }
            let replaces = standing == .gone ? [] : Set(rivals.map(\.key))
            return Sighting(
                key: Transfer.Key(
                    network: chains[network].method.network, place: "\(transaction.id.displayText):\(index)"),
                quote: offers[owner.offer].id, method: chains[network].method,
                amountText: String(output.value),
                claim: Transfer.Claim(
                    sequence: chains[network].sequence, standing: standing.said(gone: reason)),
                seenAt: Instant(milliseconds: now), fellIntoGap: isFromGap, replaces: replaces)
        }
    }

    private mutating func learn(_ sighting: Sighting) {
        guard let network = chains.firstIndex(where: { $0.method.network == sighting.key.network }) else {
            return
        }
        for one in sent where one.network == network {
            for (index, output) in one.transaction.outputs.enumerated() {
                guard sighting.key.place == "\(one.transaction.id.displayText):\(index)",
                    let owner = oracle.owners[output.script]
                else { continue }
                oracle.cases[0].known.append(
                    Oracle.Known(
                        key: sighting.key, network: network, transaction: one.transaction, index: index,
                        offer: owner.offer, units: UInt128(output.value), sight: now, look: oracle.looks,
                        isFromGap: sighting.fellIntoGap, confirmedIn: .none))
            }
        }
    }

    private mutating func reorganise(_ network: Int) throws {
        let depth = min(1 + dice.run(400, atMost: 20), chains[network].blocks.count)
        guard depth > 0 else { return }
        note("reorganise \(depth) on \(network)")
        count(fault: "reorgs")
        let left = chains[network].unwind(depth)
        var kept: [TrueTransaction] = []
        for transaction in left {
            switch dice.number(in: 0...9) {
            case 0...4: kept.append(transaction)
            case 5...7: _ = chains[network].submit(transaction)
            case 8: count(fault: "dropped by a reorg")
            default:
                // The new branch spends its coins elsewhere: what we were paid with, or what we were paid.
                let other = TrueTransaction(inputs: transaction.inputs, outputs: [elsewhere()])
                if spenders.contains(where: { $0.transaction.id == transaction.id }) {
                    spenders.append((other, network))
                }
                kept.append(other)
                count(fault: "double spends")
            }
        }
        mineBlock(kept, on: network)
        for _ in 0..<depth { mineBlock([], on: network) }
        try speak(network)
    }

    private mutating func evict() throws {
        let network = dice.number(in: 0...1)
        guard let victim = dice.pick(chains[network].pool) else { return }
        note("evict on \(network)")
        count(fault: "evictions")
        chains[network].evict(victim.id)
        try speak(network)
    }

    /// The source fails, or is heard again.
    private mutating func fail(_ network: Int) throws {
        chains[network].isHealthy.toggle()
        note("\(network) is \(chains[network].isHealthy ? "well again" : "unhealthy")")
        if !chains[network].isHealthy { count(fault: "unhealthy sources") }
        try speak(network)
    }

    /// Something is heard again that was heard before.
    private mutating func repeatSomething() throws {
        if held != nil, dice.chance(500) { return try release() }
        let heard = facts.filter { fact in
            switch fact.news {
            case .looked, .sighted: true
            default: false
            }
        }
        guard let fact = dice.pick(heard) else { return }
        note("a fact of \(fact.at.milliseconds / 1_000) is told again")
        count(fault: "facts told again")
        try tellAgain(fact)
    }
}
