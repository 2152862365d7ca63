import Chains
import Crypto
import Domain
import Platform

/// Money that comes in unusual ways. Each world has some of them or none, and dice of its own for them.
extension Simulation {
    /// What a world's money can come from, beside the coins that customers have.
    struct Sources: Sendable {
        /// Miners pay orders with what their blocks make.
        let hasCoinbases: Bool
        /// Customers spend what others have not been confirmed, and may take back.
        let hasParents: Bool
        var dice: Dice
        /// What others have sent to customers, by network.
        var parents: [[TrueTransaction]]

        init(_ root: Dice, _ dials: Dials, networks: Int) {
            dice = root.split("sources")
            hasCoinbases = dice.chance(dials.coinbases)
            hasParents = dice.chance(dials.parents)
            parents = Array(repeating: [], count: networks)
        }
    }

    /// What the next block makes for one of the last orders; nil where its miner keeps it.
    func coinbase(on network: Int) -> TrueTransaction.Output? {
        guard sources.hasCoinbases, sources.dice.chance(200) else { return nil }
        let recent = orders.indices.suffix(20).flatMap { oracle.cases[$0].offers.suffix(1) }
        guard let offer = sources.dice.pick(recent.filter { $0.network == network }) else { return nil }
        note("a block of \(network) pays an order")
        count("coinbases")
        return TrueTransaction.Output(value: UInt64(offer.due), script: offer.script)
    }

    /// Whether the network lets it be spent: what a block makes only when a hundred more are there.
    func isMature(_ known: Oracle.Known) -> Bool {
        guard known.transaction.inputs.isEmpty else { return true }
        let truth = networks[known.network].truth
        return truth.mined[known.transaction.id].map { truth.height - $0 + 1 >= Limits.maturity } ?? false
    }

    /// Blocks in which all that other blocks have made becomes mature.
    func matureCoinbases() {
        guard sources.hasCoinbases else { return }
        for index in networks.indices {
            for _ in 0..<Limits.maturity {
                networks[index].truth.mine([], time: UInt32(clamping: clock.now / 1_000))
            }
        }
    }

    /// Where a customer's money comes from: a coin of its own, or what somebody else has just sent.
    func coin(_ own: TrueTransaction.Place, on network: Int) -> TrueTransaction.Place {
        guard sources.hasParents, sources.dice.chance(300) else { return own }
        let parent = TrueTransaction(
            inputs: [own], outputs: [.init(value: 100_000_000, script: [0x51, 0x03])])
        guard networks[network].truth.submit(parent) else { return own }
        sources.parents[network].append(parent)
        count("parents of others")
        return parent.place(0)
    }

    /// Somebody takes back what a customer has spent already: what spends it can never be mined.
    func replaceParent(on network: Int) {
        guard sources.hasParents, sources.dice.chance(100) else { return }
        let waiting = sources.parents[network].suffix(20).filter { networks[network].truth.isPooled($0.id) }
        guard let parent = sources.dice.pick(Array(waiting)) else { return }
        note("a parent is replaced on \(network)")
        let output = TrueTransaction.Output(
            value: 50_000_000 + sources.dice.next() % 1_000, script: [0x51, 0x04])
        let other = TrueTransaction(inputs: parent.inputs, outputs: [output])
        if networks[network].truth.submit(other) { count(fault: "parents replaced") }
    }
}
