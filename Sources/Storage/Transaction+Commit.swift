import Crypto
import Database
package import Domain
import JSON
import Platform

/// What a commit needs beside the decisions.
package struct CommitContext {
    /// What made it happen, for the log: a request's id, a block, a deadline.
    package let cause: String
    /// The real time: deliveries are due by it, even where a payment lives by the sandbox's clock.
    package let now: Instant
    /// Makes the bytes of an event, once; they are stored and never made again.
    package let render: (Decision, Announcement) throws -> [UInt8]

    package init(
        cause: String, now: Instant, render: @escaping (Decision, Announcement) throws -> [UInt8]
    ) {
        self.cause = cause
        self.now = now
        self.render = render
    }
}

/// Everything that committing decisions about one payment writes, worked out before the transaction that
/// writes it: the writer has nothing to do but to store rows.
package struct PreparedCommit: Sendable {
    let payment: Payment
    let personal: Personal?
    let isNew: Bool
    let steps: [Step]
    let assessment: Assessment
    let head: Head
    let body: String
    let now: Instant
    /// Nothing but the next look changes.
    var isSilent: Bool { steps.isEmpty }

    /// One decision, as it is recorded and told.
    struct Step: Sendable {
        let decision: Decision
        let record: StoredRecord
        let events: [(event: Announcement, body: String)]
    }

    /// Throws what `context.render` throws, and `Corruption` for a payment that is opened without its
    /// personal part.
    ///
    /// - Parameters:
    ///   - head: the end of the payment's chain; `.empty` for a new one.
    ///   - salt: what binds personal fields; nil once they are erased.
    package init?(
        _ decisions: [Decision], personal: Personal?, after head: Head, salt: [UInt8]?,
        _ context: CommitContext
    ) throws {
        guard let last = decisions.last else { return nil }
        isNew = decisions[0].fact == nil
        if isNew, personal == nil { throw Corruption("a payment is opened without its personal part") }
        payment = last.payment
        assessment = last.assessment
        self.personal = personal
        now = context.now
        var head = head
        var steps: [Step] = []
        for decision in decisions where !decision.isSilent {
            let step = try Step(decision, after: head, salt: salt ?? [], context)
            head = Head(sequence: Int64(step.record.record.sequence), hash: step.record.hash)
            steps.append(step)
        }
        self.steps = steps
        self.head = head
        body = steps.isEmpty ? "" : String(decoding: last.payment.storedBytes, as: UTF8.self)
    }
}

extension PreparedCommit.Step {
    fileprivate init(_ decision: Decision, after head: Head, salt: [UInt8], _ context: CommitContext) throws {
        var events: [(event: Announcement, body: [UInt8])] = []
        for event in decision.events { events.append((event, try context.render(decision, event))) }
        let actor = decision.fact?.actor ?? decision.transition?.actor ?? .clock
        let record = Record(
            chain: decision.payment.id.text, sequence: UInt64(head.sequence + 1),
            at: decision.fact?.at ?? decision.payment.terms.openedAt,
            kind: decision.fact?.news.kind ?? "opened",
            subject: "", cause: context.cause, actor: actor.text,
            body: Transaction.recordBody(
                decision, eventCodes: events.map { Transaction.eventCode($0.body, salt: salt) }),
            previous: head.hash)
        self.decision = decision
        self.record = StoredRecord(record)
        self.events = events.map { ($0.event, String(decoding: $0.body, as: UTF8.self)) }
    }
}

extension Transaction {
    /// Commits what follows from facts about one payment, in their order: payment, records, entries, events
    /// with their deliveries, exceptions, destinations, transfers and the next look. **The only way to write
    /// a payment.**
    ///
    /// *Atomicity*: with the transaction. *On failure*: nothing of it. *Replay*: not safe; the payment is to
    /// be read in the same transaction, for a decision on one that has moved on since would be written over
    /// it.
    package func commit(_ decisions: [Decision], personal: Personal? = nil, _ context: CommitContext) throws {
        guard let first = decisions.first else { return }
        let isNew = first.fact == nil
        let isSilent = decisions.allSatisfy(\.isSilent)
        let head = try isNew || isSilent ? .empty : self.head(of: first.payment.id)
        let salt = try personal?.salt ?? (isSilent ? nil : self.salt(of: first.payment.id))
        if let prepared = try PreparedCommit(decisions, personal: personal, after: head, salt: salt, context)
        {
            try write(prepared)
        }
    }

    /// Stores what was prepared. The same promises as `commit`.
    package func write(_ prepared: PreparedCommit) throws {
        let payment = prepared.payment
        if prepared.isNew, let personal = prepared.personal { try insert(personal, of: payment) }
        for step in prepared.steps { try write(step, of: payment, dueAt: prepared.now) }
        if !prepared.isSilent {
            try save(prepared)
            try awaitSeal(
                payment.id.text, prepared.head.sequence, of: payment.terms.merchant.text, since: prepared.now)
        }
        try scheduleLook(payment, prepared.assessment, isNew: prepared.isNew)
    }

    private func write(_ step: PreparedCommit.Step, of payment: Payment, dueAt: Instant) throws {
        let decision = step.decision
        try insert(step.record)
        switch decision.fact?.news {
        case .quoted(let quote): try insert(quote, of: payment)
        case .ruled(.grantTopUp(_, let quote), _): try insert(quote, of: payment)
        case .sighted(let sightings, let spends):
            try save(sightings, of: payment)
            for key in spends.keys { try saveSpend(of: key, payment) }
        case .looked, .chosen, .ruled, .refunded, .fulfilmentClaimed, .fulfilmentReported, nil: break
        }
        for entry in decision.entries { try insert(entry, of: payment) }
        for exception in decision.exceptions { try save(exception, of: payment) }
        for (event, body) in step.events {
            try insert(
                event, subject: payment.id.text, merchant: payment.terms.merchant,
                isTest: payment.terms.isTest, at: step.record.record.at, dueAt: dueAt, body: body)
        }
    }

    /// Event bytes hold personal fields, so the log binds them by a code under the payment's salt.
    static func eventCode(_ bytes: [UInt8], salt: [UInt8]) -> String {
        Hex.encode(HMAC<SHA256>.code(bytes, key: salt))
    }

    /// What the log says of a decision: the fact, and what followed from it. One code for each event, in
    /// order.
    static func recordBody(_ decision: Decision, eventCodes: [String]) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 1536)
        writer.object { writer in
            if let fact = decision.fact {
                writer.stored("fact", fact)
            } else {
                writer.stored("terms", decision.payment.terms)
            }
            writer.storedOrNull("transition", decision.transition)
            writer.list("entries", decision.entries)
            writer.list("exceptions", decision.exceptions)
            writer.array("events") { writer in
                for (event, code) in zip(decision.events, eventCodes) {
                    writer.object { writer in
                        writer.member("id", event.id.text)
                        writer.member("type", event.type)
                        writer.member("sequence", event.sequence)
                        writer.member("code", code)
                    }
                }
            }
        }
        return writer.bytes
    }

    private func save(_ prepared: PreparedCommit) throws {
        let payment = prepared.payment
        let head = prepared.head
        let isFulfillable = payment.isFulfillable(prepared.assessment)
        guard !prepared.isNew else {
            return try insert(payment, head, body: prepared.body, isFulfillable: isFulfillable)
        }
        try connection.execute(
            """
            UPDATE payment SET state = \(payment.state.rawValue), version = \(payment.version),
                open_exceptions = \(payment.openExceptions.count), is_fulfillable = \(isFulfillable),
                is_fulfilled = \(payment.isFulfilled), head_sequence = \(head.sequence),
                head_hash = \(head.hash), body = \(prepared.body)
            WHERE id = \(payment.id.text)
            """)
    }

    /// Writes a payment's row as it must be with the end of its chain.
    func insert(_ payment: Payment, _ head: Head, body: String, isFulfillable: Bool) throws {
        let terms = payment.terms
        try connection.execute(
            """
            INSERT INTO payment (id, merchant, is_test, state, order_id, created_at, version,
                open_exceptions, is_fulfillable, is_fulfilled, head_sequence, head_hash, body)
            VALUES (\(payment.id.text), \(terms.merchant.text), \(terms.isTest), \(payment.state.rawValue),
                \(terms.orderID), \(terms.openedAt.milliseconds), \(payment.version),
                \(payment.openExceptions.count), \(isFulfillable), \(payment.isFulfilled), \(head.sequence),
                \(head.hash), \(body))
            """)
    }

    private func insert(_ personal: Personal, of payment: Payment) throws {
        try connection.execute(
            """
            INSERT INTO personal (payment, merchant, salt, customer, body)
            VALUES (\(payment.id.text), \(payment.terms.merchant.text), \(personal.salt),
                \(personal.customer),
                \(String(decoding: personal.body, as: UTF8.self)))
            """)
    }

    private func insert(_ quote: Quote, of payment: Payment) throws {
        let destination = quote.destination
        try connection.execute(
            """
            INSERT INTO destination (script, id, payment, quote, merchant, network)
            VALUES (\(destination.script), \(destination.id.text), \(payment.id.text), \(quote.id.text),
                \(payment.terms.merchant.text), \(quote.method.network.text))
            """)
    }

    private func save(_ sightings: [Sighting], of payment: Payment) throws {
        let places = payment.evidence.places
        for sighting in sightings {
            // What a payment does not take leaves nothing.
            guard let place = places[sighting.key] else { continue }
            let transfer = payment.evidence.transfers[place]
            guard let quote = payment.evidence.quote(transfer.quote) else {
                throw Corruption("a transfer has no quote")
            }
            let transaction =
                sighting.key.place.split(separator: ":").first.map(String.init) ?? sighting.key.place
            try connection.execute(
                """
                INSERT INTO transfer (network, place, transaction_id, id, payment, merchant, is_test,
                    standing, height, script)
                VALUES (\(sighting.key.network.text), \(sighting.key.place), \(transaction),
                    \(transfer.id.text),
                    \(payment.id.text), \(payment.terms.merchant.text), \(payment.terms.isTest),
                    \(transfer.standingText),
                    \(transfer.block?.height), \(quote.destination.script))
                ON CONFLICT (network, place) DO UPDATE SET standing = excluded.standing,
                height = excluded.height
                """)
        }
    }

    private func saveSpend(of key: Transfer.Key, _ payment: Payment) throws {
        guard case .mined(let place) = payment.evidence.spends[key]?.claim.standing else {
            try connection.execute(
                """
                UPDATE transfer SET spend_height = NULL
                WHERE network = \(key.network.text) AND place = \(key.place)
                """)
            return
        }
        try connection.execute(
            """
            UPDATE transfer SET spend_height = \(place.height)
            WHERE network = \(key.network.text) AND place = \(key.place)
            """)
    }

    private func save(_ exception: Exception, of payment: Payment) throws {
        try connection.execute(
            """
            INSERT INTO exception (id, payment, merchant, is_test, kind, opened_at, is_open, body)
            VALUES (\(exception.id.text), \(payment.id.text), \(payment.terms.merchant.text),
                \(payment.terms.isTest), \(exception.kind.rawValue), \(exception.openedAt.milliseconds),
                \(exception.isOpen), \(String(decoding: exception.storedBytes, as: UTF8.self)))
            ON CONFLICT (id) DO UPDATE SET is_open = excluded.is_open, body = excluded.body
            """)
    }

    /// Remembers when the clock or a network may change something; forgets it when nothing can.
    package func scheduleLook(_ payment: Payment, _ assessment: Assessment, isNew: Bool = false) throws {
        let clock = payment.terms.isTest ? 1 : 0
        if let at = assessment.nextLook {
            try connection.execute(
                """
                INSERT INTO wake (payment, clock, at) VALUES (\(payment.id.text), \(clock),
                    \(at.milliseconds))
                ON CONFLICT (payment) DO UPDATE SET at = excluded.at
                """)
        } else if !isNew {
            try connection.execute("DELETE FROM wake WHERE payment = \(payment.id.text)")
        }
        if !isNew { try connection.execute("DELETE FROM wake_height WHERE payment = \(payment.id.text)") }
        for (mark, height) in assessment.nextHeights {
            try connection.execute(
                """
                INSERT INTO wake_height (payment, network, mark, height)
                VALUES (\(payment.id.text), \(mark.network.text), \(mark.kind.rawValue),
                    \(Int64(clamping: height)))
                """)
        }
        if !isNew { try connection.execute("DELETE FROM wake_scan WHERE payment = \(payment.id.text)") }
        for (network, moment) in assessment.nextScans {
            try connection.execute(
                """
                INSERT INTO wake_scan (payment, network, at)
                VALUES (\(payment.id.text), \(network.text), \(moment.milliseconds))
                """)
        }
    }
}

extension Transfer {
    /// `pooled`, `mined`, or why it is gone.
    package var standingText: String {
        switch claim.standing {
        case .pooled: "pooled"
        case .mined: "mined"
        case .gone(let reason): reason.rawValue
        }
    }
}

/// What the merchant told of its customer: kept beside the log, and erasable without breaking it.
package struct Personal: Hashable, Sendable {
    /// Makes the commitment unguessable, and is erased with the rest.
    package let salt: [UInt8]
    package let customer: String?
    /// Canonical JSON: metadata, description, links.
    package let body: [UInt8]

    package init(salt: [UInt8], customer: String?, body: [UInt8]) {
        self.salt = salt
        self.customer = customer
        self.body = body
    }

    /// What the log holds of it.
    package var commitment: Commitment {
        let customer = Array((customer ?? "").utf8)
        let code = HMAC<SHA256>.code(customer + [0] + body, key: salt)
        guard let commitment = Commitment(code) else {
            preconditionFailure("a code of 32 bytes is a commitment")
        }
        return commitment
    }
}
