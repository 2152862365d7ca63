import Domain
import Platform

/// Payment objects as they went out, so that a payment that is asked for again and again is neither read nor
/// written out again.
///
/// Only for a store that no other process writes to. Nobody is ever served what a write has changed: whoever
/// changes a payment, or the tip of a network, says so inside the transaction, before it can commit
/// (`begin`), and again when it has ended, however it did (`end`), before anybody is told of it. In between
/// nothing of it is served or kept; and what was read is kept only if no change has ended since before it was
/// read.
final class RenderedPayments: Sendable {
    /// What a look came to.
    enum Look {
        /// The object, which this caller may see.
        case object([UInt8])
        /// Read it; then keep it, with this.
        case unknown(Ticket)
    }

    /// How things stood before a payment was read.
    struct Ticket {
        /// Nil while the payment is being changed.
        fileprivate let generation: UInt64?
        fileprivate let heads: [NetworkName: Head]
    }

    /// How often a network's tip has moved, and how many transactions are moving it now.
    fileprivate struct Head: Equatable {
        var moves: UInt64 = 0
        var movers = 0
    }

    fileprivate struct Entry {
        let object: [UInt8]
        let merchant: ID<Merchant>
        let isTest: Bool
        /// The networks whose tip is in the object. Most payments show none.
        let heads: [NetworkName: Head]
        /// The last moment at which it is true without anything happening; nil for always.
        let end: Instant?
    }

    /// Payments by a part of their identities. What was not asked for while `young` filled up once is
    /// forgotten.
    fileprivate struct Shard {
        /// Grows when a change of any payment of the shard has ended.
        var generation: UInt64 = 0
        /// Transactions that are changing a payment now.
        var changing: [ID<Payment>: Int] = [:]
        var young: [ID<Payment>: Entry] = [:]
        var old: [ID<Payment>: Entry] = [:]
        var youngBytes = 0
    }

    private let shards: [Lock<Shard>]
    private let heads = Lock<[NetworkName: Head]>([:])
    private let shardBytes: Int

    /// - Parameter bytes: of objects that are kept at the most.
    init(bytes: Int = EngineLimits.renderedBytes) {
        shards = (0..<EngineLimits.renderedShards).map { _ in Lock(Shard()) }
        shardBytes = bytes / EngineLimits.renderedShards / 2
    }

    /// The object of a payment, if it is known, true at `now`, and for this caller's eyes.
    func look(_ id: ID<Payment>, for caller: Caller, at now: Instant) -> Look {
        let found = shard(of: id).withLock { shard -> (entry: Entry?, generation: UInt64?) in
            let generation = shard.changing[id] == nil ? shard.generation : nil
            if let entry = shard.young[id] { return (entry, generation) }
            guard let entry = shard.old.removeValue(forKey: id) else { return (nil, generation) }
            shard.insert(entry, id, atMost: shardBytes)
            return (entry, generation)
        }
        if let entry = found.entry, entry.merchant == caller.merchant, entry.isTest == caller.isTest,
            now <= entry.end ?? now, entry.heads.isEmpty || stands(entry.heads)
        {
            return .object(entry.object)
        }
        return .unknown(Ticket(generation: found.generation, heads: heads.withLock { $0 }))
    }

    /// Keeps the object of a payment that was read with `ticket` in hand, unless something has changed since.
    ///
    /// - Parameters:
    ///   - networks: whose tips are in the object.
    ///   - end: the last moment at which it is true without anything happening; nil for always.
    func keep(
        _ object: [UInt8], of payment: Payment, showing networks: Set<NetworkName>, until end: Instant?,
        _ ticket: Ticket
    ) {
        guard let generation = ticket.generation, object.count <= shardBytes else { return }
        var heads: [NetworkName: Head] = [:]
        for network in networks {
            let head = ticket.heads[network] ?? Head()
            guard head.movers == 0 else { return }
            heads[network] = head
        }
        let entry = Entry(
            object: object, merchant: payment.terms.merchant, isTest: payment.terms.isTest, heads: heads,
            end: end)
        shard(of: payment.id).withLock { shard in
            guard shard.generation == generation, shard.changing[payment.id] == nil else { return }
            shard.old[payment.id] = nil
            shard.insert(entry, payment.id, atMost: shardBytes)
        }
    }

    /// A transaction is about to change what is shown of a payment.
    func begin(_ id: ID<Payment>) {
        shard(of: id).withLock { shard in
            shard.changing[id, default: 0] += 1
            shard.remove(id)
        }
    }

    /// A transaction that was to change a payment has ended, whatever became of it.
    func end(_ id: ID<Payment>) {
        shard(of: id).withLock { shard in
            shard.generation += 1
            let left = (shard.changing[id] ?? 1) - 1
            shard.changing[id] = left > 0 ? left : nil
        }
    }

    /// A transaction is about to move the tip of a network.
    func begin(_ network: NetworkName) {
        heads.withLock { $0[network, default: Head()].movers += 1 }
    }

    /// A transaction that was to move the tip of a network has ended, whatever became of it.
    func end(_ network: NetworkName) {
        heads.withLock { heads in
            heads[network, default: Head()].moves += 1
            heads[network, default: Head()].movers -= 1
        }
    }

    private func stands(_ known: [NetworkName: Head]) -> Bool {
        heads.withLock { heads in
            known.allSatisfy { network, head in (heads[network] ?? Head()) == head }
        }
    }

    private func shard(of id: ID<Payment>) -> Lock<Shard> {
        // Its last characters are chance: cheaper than a hash, which the dictionary takes anyway.
        var place = 0
        for byte in id.text.utf8.suffix(2) { place = place &* 32 &+ Int(byte) }
        return shards[place % shards.count]
    }
}

extension RenderedPayments.Shard {
    fileprivate mutating func insert(
        _ entry: RenderedPayments.Entry, _ id: ID<Payment>, atMost bytes: Int
    ) {
        if let replaced = young.updateValue(entry, forKey: id) { youngBytes -= replaced.object.count }
        youngBytes += entry.object.count
        guard youngBytes > bytes else { return }
        old = young
        young = [:]
        youngBytes = 0
    }

    fileprivate mutating func remove(_ id: ID<Payment>) {
        old[id] = nil
        if let removed = young.removeValue(forKey: id) { youngBytes -= removed.object.count }
    }
}

/// What one transaction changes of what is shown, payments and tips of networks, and of what is owed.
///
/// One is made for each `Gateway.write`; the transaction's body fills it, and `end` is called when it is
/// over.
final class Footprint: Sendable {
    private struct State {
        var payments: [ID<Payment>] = []
        var networks: [NetworkName] = []
        var owesDeliveries = false
        var heard: Set<Bool> = []
    }

    private let state = Lock(State())
    private let rendered: RenderedPayments?

    init(_ rendered: RenderedPayments?) { self.rendered = rendered }

    /// The payments that the transaction touches.
    var payments: [ID<Payment>] { state.withLock { $0.payments } }

    /// Whether something is owed to an endpoint that was not before.
    var owesDeliveries: Bool { state.withLock { $0.owesDeliveries } }

    /// Whether a test network, and whether a live one, is heard again or not any more.
    var heard: Set<Bool> { state.withLock { $0.heard } }

    func hear(isTest: Bool) { state.withLock { _ = $0.heard.insert(isTest) } }

    func owe() { state.withLock { $0.owesDeliveries = true } }

    func touch(_ id: ID<Payment>) {
        state.withLock { $0.payments.append(id) }
        rendered?.begin(id)
    }

    func move(_ network: NetworkName) {
        state.withLock { $0.networks.append(network) }
        rendered?.begin(network)
    }

    /// The transaction is over. Once.
    func end() {
        guard let rendered else { return }
        let (payments, networks) = state.withLock { ($0.payments, $0.networks) }
        for id in payments { rendered.end(id) }
        for network in networks { rendered.end(network) }
    }
}
