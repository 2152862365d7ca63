package import Chains
package import Domain
import Platform
package import Storage

/// The use cases of the gateway: every command and question that Web, loops and programs have.
///
/// A command asks the world before its transaction, decides by the rules inside it, and commits all that
/// follows, or nothing. What is to be done after (deliveries, looks) lies in tables, and the loops find it
/// there.
package final class Gateway: Sendable {
    package let store: Store
    package let world: World
    package let networks: Networks
    package let settings: Settings
    package let keys: InstanceKeys
    package let sandbox: SandboxWorld?
    package let changes = Changes()
    let indices: IndexAllocator
    let callers = KnownCallers()
    /// Nil where another process may write to the store.
    let rendered: RenderedPayments?
    let watches: Watches
    /// Whoever does something to the sandbox, one at a time.
    let players = Turnstile(room: EngineLimits.waitingPlayers)
    let dossiers = DossierDoor()
    /// Wallets that are known to be registered as they stand. What the log tells of one never changes.
    let registered = Lock<Set<StoredWallet>>([])
    /// What parts of payments are numbered above; nil until it was read. See decision 4.
    let floor = Lock<Int?>(nil)
    let steadiness = Lock(SteadyClock())
    /// Nil where no folder belongs to the store.
    let rootFile = Lock<RootFile?>(nil)

    package init(
        store: Store, world: World, networks: Networks, settings: Settings, keys: InstanceKeys,
        sandbox: SandboxWorld?
    ) {
        self.store = store
        self.world = world
        self.networks = networks
        self.settings = settings
        self.keys = keys
        self.sandbox = sandbox
        indices = IndexAllocator(isAlone: store.isExclusive)
        rendered = store.isExclusive ? RenderedPayments() : nil
        watches = Watches(world.entropy)
    }

    /// Whether no other process writes to the store: then all that is committed is told by `changes`.
    package var isAlone: Bool { store.isExclusive }

    /// The time that counts for a payment: the sandbox's clock can be put forward.
    package func now(isTest: Bool) -> Instant {
        guard isTest, let sandbox else { return world.now }
        return sandbox.now(at: world.clock.now)
    }

    /// Runs `body` in one transaction, and tells who waits for the payments that it touched once it is
    /// durable.
    func write<T: Sendable>(_ body: @escaping @Sendable (Work) throws -> T) async throws -> T {
        try await telling { footprint, alarms, takings in
            try await store.write {
                try Self.run(body, Work(tx: $0, footprint: footprint, alarms: alarms, takings: takings))
            }
        }
    }

    /// Looks at a snapshot first, and writes what is to be written after it; see `Store.write(after:_:)`.
    private func write<Seen: Sendable, T: Sendable>(
        after look: @escaping @Sendable (Storage.Transaction) throws -> Store.Look<Seen, T>,
        _ body: @escaping @Sendable (Work, Seen) throws -> T
    ) async throws -> T {
        try await telling { footprint, alarms, takings in
            try await store.write(after: look) { tx, seen in
                let work = Work(tx: tx, footprint: footprint, alarms: alarms, takings: takings)
                return try Self.run({ try body($0, seen) }, work)
            }
        }
    }

    private static func run<T>(_ body: (Work) throws -> T, _ work: Work) throws -> T {
        work.alarms.begin()
        work.takings.giveBack()
        let result = try body(work)
        if work.tx.owesDeliveries { work.footprint.owe() }
        return result
    }

    /// Tells who waits what a transaction left, once it is durable.
    private func telling<T: Sendable>(
        _ transaction: (Footprint, Alarms, Takings) async throws -> T
    ) async throws -> T {
        let footprint = Footprint(rendered)
        let alarms = Alarms()
        let takings = Takings(indices)
        do {
            // The footprint ends also when it failed, or when nobody knows whether it was committed.
            let result: T
            do {
                defer { footprint.end() }
                result = try await transaction(footprint, alarms, takings)
            }
            alarms.raise()
            let ids = footprint.payments
            if !ids.isEmpty { changes.publish(.payments(ids)) }
            if footprint.owesDeliveries { changes.publish(.deliveries) }
            for isTest in footprint.heard { changes.publish(.networks(isTest: isTest)) }
            return result
        } catch {
            // Rather an alarm too many: if it was committed, nobody comes this way again.
            if StoreFault(error) == .outcomeUnknown {
                alarms.raise()
            } else if !Store.isTaken(error) {
                takings.giveBack()
            }
            throw error
        }
    }

    /// Runs a command in one transaction and answers it once: the same key gets the first answer again.
    ///
    /// *Atomicity*: the command, its records and the kept answer are one. *On failure*: nothing happened and
    /// nothing is kept, so a corrected request under the same key is a new one. *Replay*: the first answer,
    /// byte for byte.
    func perform<Result>(
        _ caller: Caller, _ answering: Answering<Result>,
        _ command: @escaping @Sendable (Work) throws -> Result
    ) async throws -> Reply {
        let until = keptUntil
        return try await write { work in
            try self.answer(caller, answering.key, until: until, work) {
                try answering.render(try command(work))
            }
        }
    }

    /// As `perform`, for a command whose answer can be worked out beforehand on a snapshot, where nobody
    /// waits for it: only what then has to be stored is done in the transaction. See `Store.write(after:_:)`.
    func perform<Seen: Sendable>(
        _ caller: Caller, _ key: IdempotencyKey?,
        after look: @escaping @Sendable (Storage.Transaction) throws -> Seen,
        _ command: @escaping @Sendable (Work, Seen) throws -> Reply
    ) async throws -> Reply {
        let until = keptUntil
        return try await write(after: { tx in
            if let reply = try self.kept(caller, key, tx) { return .settled(reply) }
            return .open(try look(tx))
        }) { work, seen in
            try self.answer(caller, key, until: until, work) { try command(work, seen) }
        }
    }

    private var keptUntil: Instant { world.now.adding(seconds: settings.idempotencySeconds) }

    /// The answer that was kept under this key, or else what the command gives, which is kept.
    private func answer(
        _ caller: Caller, _ key: IdempotencyKey?, until: Instant, _ work: Work, _ command: () throws -> Reply
    ) throws -> Reply {
        if let kept = try kept(caller, key, work.tx) { return kept }
        let reply = try command()
        guard let key else { return reply }
        if reply.isSecret { try checkKey(work.tx) }
        try work.tx.keep(
            stored(reply, caller, key), merchant: caller.merchant, operation: key.operation, key: key.key,
            until: until)
        return reply
    }

    /// The answer that was given to this key before; nil when there is none.
    func kept(_ caller: Caller, _ key: IdempotencyKey?, _ tx: Storage.Transaction) throws -> Reply? {
        guard let key else { return nil }
        let kept = try tx.answer(merchant: caller.merchant, operation: key.operation, key: key.key)
        guard let kept else { return nil }
        guard kept.fingerprint == key.fingerprint else { throw CommandError.keyReused }
        return try reply(from: kept, caller, key)
    }

    /// Commits decisions about one payment.
    func commit(_ decisions: [Decision], personal: Personal? = nil, cause: String, _ work: Work) throws {
        guard let last = decisions.last else { return }
        let isTold = decisions.contains { !$0.events.isEmpty }
        let known = try personal ?? (isTold ? work.tx.personal(of: last.payment.id) : nil)
        let root = try isTold ? work.tx.lastRootName(of: last.payment.terms.merchant.text) : nil
        let context = CommitContext(cause: cause, now: world.now) { decision, event in
            self.eventBody(event, decision, known, root: root)
        }
        try work.tx.commit(decisions, personal: personal, context)
        if decisions.contains(where: { !$0.isSilent }) {
            work.footprint.touch(last.payment.id)
        }
    }

    /// Folds a fact into a stored payment and commits what follows. Sets the payment aside when it
    /// contradicts itself: one bad payment never halts a network.
    ///
    /// Throws the rules' `Refusal`, and what the database throws. Nil when the payment is set aside.
    @discardableResult
    func apply(_ fact: Fact, to id: ID<Payment>, cause: String, _ work: Work) throws -> Decision? {
        if try work.tx.isQuarantined(id) {
            if fact.isNews { try work.tx.keepQuarantined(fact, of: id) }
            return nil
        }
        do {
            return try work.tx.attempt { try fold(fact, into: id, cause: cause, work) }
        } catch Objection.refusal(let refusal) {
            throw refusal
        } catch Objection.corruption(let reason) {
            try setAside(id, reason, fact, work)
        } catch let corruption as Corruption {
            try setAside(id, corruption.description, fact, work)
        } catch where fact.isOfTheWorld && Store.isAboutRows(error) {
            try setAside(id, "\(error)", fact, work)
        }
        return nil
    }

    /// Folds a fact into a stored payment that is not set aside, and commits what follows.
    ///
    /// - Parameters:
    ///   - known: the payment, where this transaction has read it.
    ///   - asksPolicy: the policy may accept by itself what turns out late with it.
    func fold(
        _ fact: Fact, into id: ID<Payment>, known: Payment? = nil, cause: String, asksPolicy: Bool = true,
        _ work: Work
    ) throws -> Decision? {
        guard let payment = try known ?? work.tx.payment(id) else { throw Corruption("\(id) is not stored") }
        var fact = fact
        fact.floor = try floor(work.tx)
        var decisions = [try payment.reduce(fact)]
        if asksPolicy, let late = try lateFact(after: decisions[0], work) {
            decisions.append(try decisions[0].payment.reduce(late))
        }
        try commit(decisions, cause: cause, work)
        return decisions.last
    }

    /// A payment as it is stored. Nil when it is set aside, and when its row cannot be read: then it is set
    /// aside now.
    func legible(_ id: ID<Payment>, _ work: Work) throws -> Payment? {
        if try work.tx.isQuarantined(id) { return nil }
        do {
            if let payment = try work.tx.payment(id) { return payment }
            try setAside(id, "it is not stored", nil, work)
        } catch let corruption as Corruption {
            try setAside(id, corruption.description, nil, work)
        } catch where Store.isAboutRows(error) {
            try setAside(id, "\(error)", nil, work)
        }
        return nil
    }

    /// The policy's own ruling on a payment that turns out late with this very decision; nil where a person
    /// decides. It is asked once: the rate of that moment counts, and later people are at work on it.
    /// Without a rate the policy cannot judge, so a person does.
    private func lateFact(after decision: Decision, _ work: Work) throws -> Fact? {
        let payment = decision.payment
        guard decision.transition?.to == .latePaid, payment.terms.policy.late.withinSeconds > 0,
            let fact = decision.fact, let method = payment.lateMethod,
            let source = try lateRate(of: method.asset, payment.terms, at: fact.at, work.tx),
            let verdict = payment.lateVerdict(of: method, at: source)
        else { return nil }
        return Fact(
            at: fact.at, actor: .policy, sources: fact.sources, news: .ruled(verdict, reason: nil),
            floor: fact.floor)
    }

    /// The rate that a late payment is judged by; nil without a current one.
    private func lateRate(
        of asset: AssetCode, _ terms: Terms, at now: Instant, _ tx: Storage.Transaction
    ) throws -> RateSource? {
        do {
            let rate = try rate(of: asset, for: terms, in: terms.price.currency, tx)
            return rate.sources.first ?? RateSource(name: "identity", rate: .one, at: now)
        } catch is Refusal {
            return nil
        } catch where error is Corruption || Store.isAboutRows(error) {
            // Not the payment's fault: a person decides, and everything else goes on.
            world.log.error("a rate cannot be read \("detail", "\(error)")")
            return nil
        }
    }

    /// The sources that a fact about this payment carries.
    func sources(of payment: Payment, in tx: Storage.Transaction) throws -> [NetworkName: Source] {
        var sources: [NetworkName: Source] = [:]
        for network in Set(
            payment.evidence.quotes.map(\.method.network) + payment.evidence.transfers.map(\.key.network))
        {
            if let row = try tx.source(of: network) { sources[network] = row.source }
        }
        return sources
    }
}

/// One transaction of the gateway, and what it changes of what is shown.
///
/// Whatever changes what `PaymentView` shows of a payment, be it its row, its quarantine or its personal
/// part, must `footprint.touch` it in the same transaction; whatever moves a network's tip must
/// `footprint.move` it.
struct Work {
    let tx: Storage.Transaction
    let footprint: Footprint
    let alarms: Alarms
    let takings: Takings
}

/// What people are to be told of, once it is durable: a transaction that is undone and tried again has one
/// voice.
final class Alarms: Sendable {
    private let waiting = Lock<[@Sendable () -> Void]>([])

    /// The transaction's body begins, perhaps again.
    func begin() { waiting.withLock { $0 = [] } }

    func add(_ alarm: @escaping @Sendable () -> Void) { waiting.withLock { $0.append(alarm) } }

    /// The transaction has ended, and what it did may be seen.
    func raise() {
        let raised = waiting.withLock { alarms in
            defer { alarms = [] }
            return alarms
        }
        for alarm in raised { alarm() }
    }
}

extension Fact {
    /// A network or the clock says it: nobody waits for an answer, and all other payments wait behind it.
    fileprivate var isOfTheWorld: Bool {
        switch actor {
        case .network, .clock: true
        case .key, .customer, .policy, .operatorAtMachine: false
        }
    }

    /// It says something that will not be said again.
    var isNews: Bool {
        switch news {
        case .sighted, .refunded: true
        case .looked, .quoted, .chosen, .ruled, .fulfilmentClaimed, .fulfilmentReported: false
        }
    }
}
