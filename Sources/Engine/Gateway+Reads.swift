import Chains
package import Domain
package import Storage

extension Gateway {
    /// A payment as its merchant sees it, with the tips as they stand now.
    package func payment(_ id: ID<Payment>, of caller: Caller) async throws -> PaymentView {
        try await store.read { try self.view(id, of: caller, in: $0) }
    }

    /// The same as its object, `{"id":"pay_…",…}`.
    ///
    /// It holds every write that had returned before. Where nobody else writes to the store, an object that
    /// is still true is not made again.
    package func paymentObject(_ id: ID<Payment>, of caller: Caller) async throws -> [UInt8] {
        guard let rendered else {
            return try await store.read { try self.view(id, of: caller, in: $0).object }
        }
        switch rendered.look(id, for: caller, at: now(isTest: caller.isTest)) {
        case .object(let object): return object
        case .unknown(let ticket):
            return try await store.read { tx in
                let view = try self.view(id, of: caller, in: tx)
                let object = view.object
                rendered.keep(
                    object, of: view.payment, showing: view.payment.networksShown,
                    until: view.staysTrueUntil, ticket)
                return object
            }
        }
    }

    private func view(
        _ id: ID<Payment>, of caller: Caller, in tx: Storage.Transaction
    ) throws -> PaymentView {
        do {
            guard let payment = try tx.payment(id, of: caller.merchant),
                payment.terms.isTest == caller.isTest
            else { throw CommandError.notFound("payment") }
            return try view(payment, in: tx)
        } catch let corruption as Corruption {
            throw try objection(to: corruption, of: id, for: caller, in: tx)
        }
    }

    /// What to say of a payment whose row cannot be read: that it was set aside, if it was, to whom it
    /// belongs. Its log says whose it is.
    func objection(
        to corruption: Corruption, of id: ID<Payment>, for caller: Caller?, in tx: Storage.Transaction
    ) throws -> any Error {
        guard try tx.isQuarantined(id) else { return corruption }
        if let caller {
            guard let owner = tx.owner(of: id), owner == (caller.merchant, caller.isTest) else {
                return CommandError.notFound("payment")
            }
        }
        return CommandError.quarantined
    }

    /// A payment with what is known now. One that is set aside shows nobody where to pay: what came would
    /// not be seen.
    func view(_ payment: Payment, in tx: Storage.Transaction) throws -> PaymentView {
        var sources: [NetworkName: Source] = [:]
        for network in payment.networksShown { sources[network] = try tx.source(of: network)?.source }
        let view = view(payment, personal: try tx.personal(of: payment.id), sources: sources)
        return try tx.asideSince(payment.id).map { view.aside(since: $0) } ?? view
    }

    /// A merchant's payments, newest first. An address is looked up on every network here.
    package func payments(
        of caller: Caller, _ filter: PaymentFilter, address: String?, _ page: PageRequest
    ) async throws -> Page<PaymentView> {
        var narrowed = filter
        narrowed.isTest = caller.isTest
        if let address { narrowed.script = networks.scripts(ofAddress: address).first ?? address }
        let wanted = narrowed
        return try await store.read { tx in
            try tx.payments(of: caller.merchant, wanted, page).map { try self.view($0, in: tx) }
        }
    }

    /// All that happened to a payment, oldest first: its records, and what people wrote who ruled on it.
    package func timeline(
        of id: ID<Payment>, after sequence: Int64, limit: Int, by caller: Caller
    ) async throws -> [(record: StoredRecord, reason: String?)] {
        try await store.read { tx in
            // The log needs no payment that can be read, and support needs the log then.
            guard let owner = tx.owner(of: id), owner == (caller.merchant, caller.isTest) else {
                throw CommandError.notFound("payment")
            }
            let records = try tx.records(chain: id.text, from: sequence + 1, limit: limit)
            let bound = records.map(\.boundReason)
            let reasons = bound.contains { $0 != nil } ? try tx.reasons(on: id) : [:]
            return zip(records, bound).map { record, bound in
                (record: record, reason: bound.flatMap { reasons[$0] })
            }
        }
    }

    /// A page of the exceptions of the caller's merchant and mode.
    package func exceptions(
        of caller: Caller, isOpen: Bool?, kind: Exception.Kind?, _ page: PageRequest
    ) async throws -> Page<ExceptionView> {
        try await store.read { tx in
            try tx.exceptions(of: caller.merchant, isOpen: isOpen, kind: kind, isTest: caller.isTest, page)
                .map { try self.view($0.1, of: $0.0, in: tx) }
        }
    }

    /// One of them. Throws `CommandError.notFound`.
    package func exception(_ id: ID<Exception>, of caller: Caller) async throws -> ExceptionView {
        try await store.read { tx in
            guard let found = try tx.exception(id, of: caller.merchant),
                found.payment.terms.isTest == caller.isTest
            else { throw CommandError.notFound("exception") }
            return try self.view(found.exception, of: found.payment, in: tx)
        }
    }

    /// An exception with what the person wrote who settled it.
    private func view(
        _ exception: Exception, of payment: Payment, in tx: Storage.Transaction
    ) throws -> ExceptionView {
        var view = self.view(exception, of: payment)
        if case .ruling(let number) = exception.resolution,
            let ruling = payment.evidence.rulings.first(where: { $0.number == number })
        {
            view.reason = try tx.reason(of: ruling, on: payment.id)
        }
        return view
    }

    /// A page of the transfers to the caller's destinations.
    package func transfers(
        of caller: Caller, transaction: String?, _ page: PageRequest
    ) async throws -> Page<(view: PaymentView, transfer: Transfer)> {
        try await store.read { tx in
            try tx.transfers(of: caller.merchant, transaction: transaction, isTest: caller.isTest, page)
                .map { (view: try self.view($0.0, in: tx), transfer: $0.1) }
        }
    }

    /// Events in commit order, after one of them or from the beginning.
    package func events(
        of caller: Caller, after id: ID<Domain.Event>?, type: String?, subject: String?, limit: Int
    ) async throws -> Page<StoredEvent> {
        try await store.read { tx in
            var position: Int64 = 0
            if let id {
                let place = try tx.position(ofEvent: id, of: caller.merchant, isTest: caller.isTest)
                guard let place else { throw CommandError.notFound("event") }
                position = place
            }
            return try tx.events(
                of: caller.merchant, after: position, isTest: caller.isTest, type: type, subject: subject,
                limit: limit)
        }
    }

    /// One event. Throws `CommandError.notFound`.
    package func event(_ id: ID<Domain.Event>, of caller: Caller) async throws -> StoredEvent {
        try await store.read { tx in
            guard let event = try tx.event(id, of: caller.merchant, isTest: caller.isTest) else {
                throw CommandError.notFound("event")
            }
            return event
        }
    }

    /// The ledger entries of one payment, oldest first. Throws `CommandError.notFound`.
    package func entries(of id: ID<Payment>, by caller: Caller) async throws -> [Entry] {
        try await store.read { try self.booked(id, by: caller, $0).entries }
    }

    /// A payment with its ledger entries, oldest first.
    func booked(
        _ id: ID<Payment>, by caller: Caller, _ tx: Storage.Transaction
    ) throws -> (payment: Payment, entries: [Entry]) {
        do {
            guard let payment = try tx.payment(id, of: caller.merchant), payment.terms.isTest == caller.isTest
            else { throw CommandError.notFound("payment") }
            return (payment, try tx.entries(of: id))
        } catch let corruption as Corruption {
            throw try objection(to: corruption, of: id, for: caller, in: tx)
        }
    }

    /// The balances of a merchant's accounts, debits positive; test and live methods apart. Also of networks
    /// that are not configured any more: what came there is in the books.
    package func balances(
        of caller: Caller
    ) async throws -> [(method: Domain.Method, account: Account, amount: Int128)] {
        let isTest = caller.isTest
        return try await store.read { tx in
            try tx.balances(of: caller.merchant).filter { self.isTest($0.method.network) == isTest }
        }
    }

    /// How the networks here are doing.
    package func sources() async throws -> [(network: NetworkName, isTest: Bool, row: SourceRow?)] {
        try await store.read { tx in
            try self.networks.entries.map { entry in
                (
                    network: entry.chain.network, isTest: entry.isTest,
                    row: try tx.source(of: entry.chain.network)
                )
            }
        }
    }
}
