import Chains
import Crypto
import Database
import Domain
import Engine
import HTTP
import Platform
import Storage

/// One run of the gateway in a world that follows from a seed: the real rules, the real engine, the real
/// store on a simulated disk, a virtual clock, simulated networks behind the real adapters, customers,
/// receivers and people, and whatever goes wrong with them.
///
/// First everything happens and goes wrong (*safety*: after each step the gateway says what the oracle says),
/// then everything is mended and the gateway has to come to rest (*liveness*: nothing is stuck, lost or
/// owed).
final class Simulation {
    let seed: UInt64
    /// Payments that are opened.
    let payments: Int
    let dials: Dials
    var dice: Dice
    let clock = ManualClock()
    let entropy: SeededEntropy
    let post: Post
    var networks: [Net] = []
    var machine: Machine
    var caller: Caller
    var endpoint: ID<Endpoint>
    /// The merchant's rules. While nobody knows whether a change of them was stored, what may hold, the
    /// newest last.
    var agreements: [Agreement]
    /// Cents for a coin of each network, in the same way.
    var rates: [[UInt128]] = [[5_123_457], [8_319]]
    /// Nobody knows whether the last new secret was stored.
    var mustRotate = false
    /// What a test has the oracle believe of the rules.
    var mislead: @Sendable (inout Agreement) -> Void = { _ in }
    var orders: [Order] = []
    /// Where money comes from in this world.
    var sources: Sources
    var orderOfPayment: [ID<Payment>: Int] = [:]
    /// Payments that their merchant is about to call off.
    var cancelling: [Int] = []
    /// Which action was let fulfil a payment.
    var claims: [Int: String] = [:]
    /// Claims whose answers never came.
    var asked: Set<String> = []
    /// The disk failed under the process, which stores nothing any more.
    var isBroken = false
    var oracle: Oracle
    /// The networks that were looked at since the oracle heard of it.
    var lookedAt: Set<Int> = []
    /// The nodes as a process that stood still has found them, and when: the word of it is still to be heard.
    var late: [Int: (node: SimulatedNode, at: Int64)] = [:]
    /// Payments that what was heard since the last comparison says something new of.
    var shaken: Set<Int> = []
    /// What the gateway says to have changed.
    let touched = Lock<Set<ID<Payment>>>([])
    /// How often the process had been started again when payments were compared last.
    var restarts = 0
    /// Each payment as it was compared last, and its text in the store.
    var compared: [(text: String, payment: Payment)?] = []
    private(set) var tally = Tally()
    var trace = Trace()

    /// One network: the truth, the line to our node, and what is wrong with the node.
    struct Net: Sendable {
        let method: Domain.Method
        var truth: TrueChain
        let line: NodeLine
        /// The node learns nothing before this time.
        var deafUntil: Int64 = 0
    }

    /// What must never be, and was.
    struct Failure: Error, CustomStringConvertible {
        let problem: String
        var description: String { problem }
    }

    func count(_ what: String, _ number: Int = 1) { tally.add(what, number) }

    /// Counts something that went wrong on purpose.
    func count(fault: String, _ number: Int = 1) { tally.add(fault: fault, number) }

    /// Remembers an act for the trace.
    func note(_ act: @autoclosure () -> String) { trace.add("\(clock.now / 1_000) \(act())") }

    func require(_ condition: Bool, _ problem: @autoclosure () -> String) throws {
        if !condition { throw Failure(problem: problem()) }
    }

    static let host = "shop.example"

    /// Ends the process that is simulated. Nothing of the run is needed any more.
    func close() async {
        trace.add("\(machine.disk.operations) operations")
        await machine.store.close()
    }

    /// A world at its beginning, with one merchant and nothing sold yet.
    init(seed: UInt64, payments: Int, dials: Dials, folder: String) async throws {
        self.seed = seed
        self.payments = payments
        let root = Dice(seed: seed)
        var swarm = root.split("dials")
        self.dials = dials.swarm(&swarm)
        dice = root.split("acts")
        sources = Sources(root, self.dials, networks: 2)
        var secrets = root.split("entropy")
        entropy = SeededEntropy(seed: secrets.next())
        post = Post(clock)
        let (clock, entropy, touched) = (clock, entropy, touched)
        let nets = [UTXONetwork.bitcoinRegtest, .litecoinRegtest].map { network in
            let truth = TrueChain(
                network, blocks: Limits.firstBlocks, time: UInt32(clock.now / 1_000) - 600)
            return Net(method: network.coin.method, truth: truth, line: NodeLine(SimulatedNode(truth)))
        }
        networks = nets
        let lines = nets.map { ($0.truth.network, $0.line) }
        var share = root.split("processes")
        let processes = share.chance(self.dials.processes) ? share.number(in: 2...3) : 1
        machine = try await Machine(path: folder, disk: SimulatedDisk(), processes: processes) { store in
            let gateway = try Self.gateway(store, clock, entropy, lines)
            gateway.changes.listen { news in
                if case .payments(let ids) = news { touched.withLock { $0.formUnion(ids) } }
            }
            return gateway
        }
        var terms = root.split("terms")
        let agreement = Agreement.drawn(&terms, networks: nets.count)
        agreements = [agreement]
        (caller, endpoint) = try await Self.merchant(
            machine.gateway, post, nets, agreement, rates.map { $0[0] })
        oracle = Oracle(
            nets.map(\.method.network), nets.map(\.truth), gap: machine.gateway.settings.gapSeconds * 1_000)
        for index in networks.indices { try await look(index) }
        try await hearken()
    }
}
