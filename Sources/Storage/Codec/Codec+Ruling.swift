package import Domain
package import JSON
import Platform

extension Actor {
    /// `key:key_…`, `customer`, `policy`, `network:bitcoin`, `clock`, `operator`.
    package var text: String {
        switch self {
        case .key(let id): "key:\(id)"
        case .customer: "customer"
        case .policy: "policy"
        case .network(let name): "network:\(name)"
        case .clock: "clock"
        case .operatorAtMachine: "operator"
        }
    }

    package init?(parsing text: String) {
        switch text {
        case "customer": self = .customer
        case "policy": self = .policy
        case "clock": self = .clock
        case "operator": self = .operatorAtMachine
        default:
            let parts = text.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            if parts[0] == "key", let id = ID<APIKey>(parsing: parts[1]) {
                self = .key(id)
            } else if parts[0] == "network", let name = NetworkName(parsing: parts[1]) {
                self = .network(name)
            } else {
                return nil
            }
        }
    }
}

extension Ruling: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("number", number)
        writer.stored("verdict", verdict)
        writer.member("actor", actor.text)
        writer.member("reason", reason.map { Hex.encode($0.bytes) })
        writer.member("at", at.milliseconds)
        writer.member("known", known)
        writer.storedOrNull("basis", basis)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            number: try fields.integer("number"), verdict: try fields.nested("verdict"),
            actor: try fields.parsed("actor", Actor.init(parsing:)),
            reason: try fields.parsedOrNil("reason") { Hex.decode($0).flatMap(Commitment.init) },
            at: try fields.instant("at"), known: try fields.integer("known"),
            basis: try fields.nestedOrNil("basis"))
    }
}

extension Ruling.Basis: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("live", String(live.picos))
        writer.member("confirmed", String(confirmed.picos))
        writer.storedOrNull("transfer", transfer)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            live: Worth(picos: try fields.units("live")),
            confirmed: Worth(picos: try fields.units("confirmed")),
            transfer: try fields.nestedOrNil("transfer"))
    }
}

extension Ruling.Verdict: Stored {
    private var name: String {
        switch self {
        case .cancel: "cancel"
        case .accept: "accept"
        case .reject: "reject"
        case .grantTopUp: "grant_top_up"
        case .keep: "keep"
        case .release: "release"
        case .dismiss: "dismiss"
        case .acceptLate: "accept_late"
        }
    }

    package func write(_ writer: inout JSONWriter) {
        writer.member("verdict", name)
        writer.member("exception", exception?.text)
        if case .grantTopUp(_, let quote) = self { writer.stored("quote", quote) }
        if case .acceptLate(_, let method, let source) = self {
            writer.stored("method", method)
            writer.stored("source", source)
        }
    }

    package init(_ fields: Fields) throws(Corruption) {
        switch try fields.text("verdict") {
        case "cancel": self = .cancel
        case "accept": self = .accept(try fields.parsedOrNil("exception") { ID<Exception>(parsing: $0) })
        case "reject": self = .reject(try fields.parsedOrNil("exception") { ID<Exception>(parsing: $0) })
        case "grant_top_up": self = .grantTopUp(try fields.id("exception"), try fields.nested("quote"))
        case "keep": self = .keep(try fields.id("exception"))
        case "release": self = .release(try fields.id("exception"))
        case "dismiss": self = .dismiss(try fields.id("exception"))
        case "accept_late":
            self = .acceptLate(
                try fields.id("exception"), try fields.nested("method"), try fields.nested("source"))
        default: throw Corruption("a stored verdict is unknown")
        }
    }
}

extension Exception: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("id", id.text)
        writer.member("kind", kind.rawValue)
        writer.storedOrNull("transfer", subject.transfer)
        writer.member("opened_at", openedAt.milliseconds)
        writer.member("amount", amount.map(String.init))
        writer.storedOrNull("method", method)
        writer.member("severe", isSevere)
        switch resolution {
        case .evidence(let at): writer.member("resolved_at", at.milliseconds)
        case .ruling(let number): writer.member("ruling", number)
        case nil: break
        }
    }

    package init(_ fields: Fields) throws(Corruption) {
        var resolution: Resolution?
        if let at = try fields.instantOrNil("resolved_at") { resolution = .evidence(at: at) }
        if let number: Int = try fields.integerOrNil("ruling") { resolution = .ruling(number) }
        self.init(
            id: try fields.id("id"),
            subject: Subject(
                try fields.parsed("kind", Kind.init), transfer: try fields.nestedOrNil("transfer")),
            openedAt: try fields.instant("opened_at"), amount: try fields.unitsOrNil("amount"),
            method: try fields.nestedOrNil("method"), isSevere: try fields.flag("severe"),
            resolution: resolution)
    }
}

extension Fulfilment: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("action", action)
        writer.member("claimed_at", claimedAt?.milliseconds)
        writer.member("reported_at", reportedAt?.milliseconds)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            action: try fields.text("action"), claimedAt: try fields.instantOrNil("claimed_at"),
            reportedAt: try fields.instantOrNil("reported_at"))
    }
}

extension Holding: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("wallet", String(wallet))
        writer.member("withdrawn", String(withdrawn))
        writer.member("reorg_loss", String(reorgLoss))
        writer.member("payments", String(payments))
        writer.member("excess", String(excess))
        writer.member("unapplied", String(unapplied))
        writer.member("refunds_pending", String(refundsPending))
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init()
        wallet = try fields.held("wallet")
        withdrawn = try fields.held("withdrawn")
        reorgLoss = try fields.held("reorg_loss")
        payments = try fields.held("payments")
        excess = try fields.held("excess")
        unapplied = try fields.held("unapplied")
        refundsPending = try fields.held("refunds_pending")
    }
}

/// What is posted for one transfer, with its key.
struct StoredPosted: Stored {
    let key: Transfer.Key
    let posted: Posted

    init(key: Transfer.Key, posted: Posted) {
        self.key = key
        self.posted = posted
    }

    func write(_ writer: inout JSONWriter) {
        writer.stored("key", key)
        writer.stored("holding", posted.holding)
        writer.member("entry", posted.entry.text)
        writer.member("count", posted.count)
    }

    init(_ fields: Fields) throws(Corruption) {
        key = try fields.nested("key")
        posted = Posted(
            holding: try fields.nested("holding"), entry: try fields.id("entry"),
            count: try fields.count("count"))
    }
}

extension Payment: Stored {
    package func write(_ writer: inout JSONWriter) {
        writer.member("id", id.text)
        writer.stored("terms", terms)
        writer.stored("evidence", evidence)
        writer.storedOrNull("fulfilment", fulfilment)
        writer.member("state", state.rawValue)
        writer.member("version", version)
        writer.member("epoch", epoch)
        writer.list("exceptions", exceptions)
        let sorted = posted.sorted { $0.key < $1.key }
        writer.list("posted", sorted.map { StoredPosted(key: $0.key, posted: $0.value) })
        writer.member("entries", entryCount)
        writer.member("events", eventCount)
        writer.member("exception_count", exceptionCount)
    }

    package init(_ fields: Fields) throws(Corruption) {
        self.init(
            id: try fields.id("id"), terms: try fields.nested("terms"),
            evidence: try fields.nested("evidence"))
        fulfilment = try fields.nestedOrNil("fulfilment")
        state = try fields.parsed("state", State.init)
        version = try fields.count("version")
        epoch = try fields.count("epoch")
        exceptions = try fields.list("exceptions")
        let list: [StoredPosted] = try fields.list("posted")
        posted = Dictionary(list.map { ($0.key, $0.posted) }) { first, _ in first }
        entryCount = try fields.count("entries")
        eventCount = try fields.count("events")
        exceptionCount = try fields.count("exception_count")
    }
}
