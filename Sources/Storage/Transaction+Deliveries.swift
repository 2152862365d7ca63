import Crypto
import Database
package import Domain
import JSON
import Platform

/// One event owed to one endpoint.
package struct StoredDelivery: Hashable, Sendable {
    package let id: String
    package let event: ID<Event>
    package let endpoint: ID<Endpoint>
    package let merchant: ID<Merchant>
    package let subject: String
    package let sequence: Int64
    package let delivery: Delivery
    /// All tries ever; those of the running schedule are `delivery.attempts`.
    package let tries: Int
    package let fence: Int64
    package let createdAt: Instant

    fileprivate static let columns: SQL = """
        d.id, d.event, d.endpoint, d.merchant, d.subject, d.sequence, d.state, d.attempts, d.tries, d.due_at,
        d.fence,
        d.created_at
        """

    fileprivate init(_ row: Row) throws {
        id = try row.text(0)
        event = try row.id(1)
        endpoint = try row.id(2)
        merchant = try row.id(3)
        subject = try row.text(4)
        sequence = try row.integer(5)
        let due = try row.instant(9)
        let state: Delivery.State =
            switch try row.text(6) {
            // A first try is due from the beginning of time on, whatever a clock says.
            case "waiting": .waiting(until: max(due, try row.instant(11)))
            case "queued": .queued
            case "delivered": .delivered(at: due)
            case "dead": .dead(at: due)
            case let text: throw Corruption("a delivery is “\(text)”")
            }
        delivery = Delivery(state: state, attempts: Int(try row.counted(7)))
        tries = Int(try row.counted(8))
        fence = try row.counted(10)
        createdAt = try row.instant(11)
    }
}

/// A delivery that is ours to try until the lease ends.
package struct LeasedDelivery: Sendable {
    package let delivery: StoredDelivery
    package let body: String
}

/// One try of a delivery, for the log that people read.
package struct Attempt: Hashable, Sendable {
    package let number: Int
    package let at: Instant
    package let milliseconds: Int64
    package let status: Int?
    /// Why there was no answer.
    package let fault: String?
    /// The first bytes of the answer, as text.
    package let excerpt: String
    /// The first bytes of the answer as they came; only their hash is kept. Nil when there was none, and
    /// when this was read from the store.
    package var answer: [UInt8]?
    /// Its lease had ended: recorded, but without effect.
    package let isStale: Bool

    package init(
        number: Int, at: Instant, milliseconds: Int64, status: Int?, fault: String?, excerpt: String,
        answer: [UInt8]? = nil, isStale: Bool
    ) {
        self.number = number
        self.at = at
        self.milliseconds = milliseconds
        self.status = status
        self.fault = fault
        self.excerpt = excerpt
        self.answer = answer
        self.isStale = isStale
    }
}

extension Transaction {
    /// Endpoints that are owed something now, with their merchants.
    package func endpointsOwed(
        by time: Instant
    ) throws -> [(endpoint: ID<Endpoint>, merchant: ID<Merchant>)] {
        let waiting: SQL = "SELECT 1 FROM delivery d WHERE d.endpoint = e.id AND d.state = 'waiting'"
        let free = free(at: time)
        return try connection.query(
            """
            SELECT e.id, e.merchant FROM endpoint e WHERE e.state = 'active' AND (
                EXISTS (\(waiting) AND d.due_at <= \(time.milliseconds) AND \(free))
                OR EXISTS (\(waiting) AND d.due_at > \(latest(at: time)) AND \(free)))
            ORDER BY e.id
            """
        ).compactMap { row in
            try legible(row, of: "endpoint") { (endpoint: try $0.id(0), merchant: try $0.id(1)) }
        }
    }

    /// Nothing is put off to later than this: what seems to be was, under a clock that was ahead, and is due.
    private func latest(at now: Instant) -> Int64 {
        now.adding(seconds: Delivery.longestWaitSeconds).milliseconds
    }

    private func free(at now: Instant) -> SQL {
        """
        (d.lease_until IS NULL OR d.lease_until <= \(now.milliseconds)
            OR d.lease_until > \(latest(at: now)))
        """
    }

    /// Takes up to `limit` due deliveries of an endpoint under a lease; none when it was switched off
    /// meanwhile.
    package func lease(
        for endpoint: ID<Endpoint>, now: Instant, until: Instant, limit: Int
    ) throws -> [LeasedDelivery] {
        let state = try connection.first("SELECT state FROM endpoint WHERE id = \(endpoint.text)")?.text(0)
        guard state == StoredEndpoint.State.active.rawValue else { return [] }
        var leased: [LeasedDelivery] = []
        for _ in 0..<Limits.damagedSteps {
            let rows = try dueRows(of: endpoint, now: now, limit: limit - leased.count)
            let taken = try rows.compactMap { try lease($0, of: endpoint, now: now, until: until) }
            leased += taken
            // Behind damaged ones there may be others.
            if taken.count == rows.count { break }
        }
        return leased
    }

    private func dueRows(of endpoint: ID<Endpoint>, now: Instant, limit: Int) throws -> [Row] {
        func rows(_ isDue: SQL, limit: Int) throws -> [Row] {
            try connection.query(
                """
                SELECT \(StoredDelivery.columns), v.body, d.position
                FROM delivery d JOIN event v ON v.id = d.event
                WHERE d.endpoint = \(endpoint.text) AND d.state = 'waiting' AND \(isDue)
                    AND \(free(at: now))
                ORDER BY d.due_at, d.position LIMIT \(limit)
                """)
        }
        let found = try rows("d.due_at <= \(now.milliseconds)", limit: limit)
        if found.count == limit { return found }
        return found + (try rows("d.due_at > \(latest(at: now))", limit: limit - found.count))
    }

    /// Nil where the row is damaged: it is put out of the way of those behind it for a while, and stays as it
    /// was otherwise.
    private func lease(
        _ row: Row, of endpoint: ID<Endpoint>, now: Instant, until: Instant
    ) throws -> LeasedDelivery? {
        let leased = try legible(row, of: "delivery") { row in
            LeasedDelivery(delivery: try StoredDelivery(row).fenced, body: try row.text(12))
        }
        guard let leased else {
            // By its place: what names it may be what is damaged.
            if case .integer(let position) = row.values[13] {
                let later = now.adding(seconds: Limits.damagedLeaseSeconds).milliseconds
                try connection.execute(
                    """
                    UPDATE delivery SET lease_until = \(later)
                    WHERE endpoint = \(endpoint.text) AND position = \(position)
                    """)
            }
            return nil
        }
        let (id, fence) = (leased.delivery.id, leased.delivery.fence)
        try connection.execute(
            "UPDATE delivery SET lease_until = \(until.milliseconds), fence = \(fence) WHERE id = \(id)")
        return leased
    }

    /// Stores the outcome of a try, and records it. A try whose delivery somebody else has taken or settled
    /// meanwhile is kept as an attempt, and changes nothing; so is one that we broke off ourselves (`next` is
    /// nil), which gives its lease back. Of one whose endpoint was deleted meanwhile, the record is what
    /// stays.
    ///
    /// Gives whether it counted.
    package func settle(_ leased: StoredDelivery, next: Delivery?, attempt: Attempt) throws -> Bool {
        let row = try connection.first(
            "SELECT fence, state, tries, attempts, due_at FROM delivery WHERE id = \(leased.id)")
        guard let row else {
            try record(
                attempt, number: Int64(attempt.number), of: leased, isStale: true,
                state: leased.delivery.stateText, attempts: leased.delivery.attempts,
                dueAt: leased.delivery.stateTime.milliseconds)
            return false
        }
        let isOurs = try row.integer(0) == leased.fence && row.text(1) == "waiting"
        if isOurs, next == nil { try release(leased) }
        let next = isOurs ? next : nil
        let number = try row.counted(2) + 1
        try connection.execute(
            """
            INSERT INTO attempt (delivery, number, at, milliseconds, status, fault, excerpt, is_stale)
            VALUES (\(leased.id), \(number), \(attempt.at.milliseconds), \(attempt.milliseconds),
                \(attempt.status),
                \(attempt.fault), \(attempt.excerpt), \(next == nil))
            """)
        try record(
            attempt, number: number, of: leased, isStale: next == nil,
            state: next?.stateText ?? row.text(1),
            attempts: next?.attempts ?? Int(row.integer(3)),
            dueAt: next?.stateTime.milliseconds ?? row.integer(4))
        guard let next else {
            try connection.execute("UPDATE delivery SET tries = \(number) WHERE id = \(leased.id)")
            return false
        }
        try connection.execute(
            """
            UPDATE delivery SET state = \(next.stateText), due_at = \(next.stateTime.milliseconds),
                attempts = \(next.attempts), tries = \(number), lease_until = NULL,
                fence = fence + 1
            WHERE id = \(leased.id)
            """)
        try advance(leased.endpoint.text, subject: leased.subject)
        return true
    }

    /// The kind of the records of tries.
    static let attempted = "attempted"

    /// Records a try, and how its delivery stands after it, in the chain of its endpoint: a payment's row and
    /// chain are not touched by what a machine that we do not trust answers, and nobody waits for them.
    private func record(
        _ attempt: Attempt, number: Int64, of delivery: StoredDelivery, isStale: Bool, state: String,
        attempts: Int, dueAt: Int64
    ) throws {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("number", number)
            writer.member("milliseconds", attempt.milliseconds)
            writer.member("status", attempt.status)
            writer.member("fault", attempt.fault)
            writer.member("answer", attempt.answer.map { Hex.encode(SHA256.hash($0)) })
            writer.member("answer_bytes", attempt.answer?.count)
            writer.member("excerpt", Self.excerptCode(attempt.excerpt))
            writer.member("stale", isStale)
            writer.member("state", state)
            writer.member("attempts", attempts)
            writer.member("due_at", dueAt)
        }
        try record(
            chain: delivery.endpoint.text, of: delivery.merchant.text, at: attempt.at, kind: Self.attempted,
            subject: delivery.id, cause: delivery.event.text, actor: .policy, body: writer.bytes)
    }

    /// What the log holds of the excerpt that people are shown.
    static func excerptCode(_ text: String) -> String { Hex.encode(SHA256.hash(Array(text.utf8))) }

    /// Gives a delivery back untried, so that it need not wait for the end of its lease.
    package func release(_ leased: StoredDelivery) throws {
        try connection.execute(
            "UPDATE delivery SET lease_until = NULL WHERE id = \(leased.id) AND fence = \(leased.fence)")
    }

    /// Makes due what is next in a subject's order: the first delivery that waits behind none which is still
    /// in its first tries. So deliveries go in order per payment, until the first one waiting
    /// has failed `Delivery.triesBeforeOvertaking` times.
    func advance(_ endpoint: String, subject: String) throws {
        try connection.execute(
            """
            UPDATE delivery SET state = 'waiting'
            WHERE endpoint = \(endpoint) AND subject = \(subject) AND state = 'queued'
                AND NOT EXISTS (
                    SELECT 1 FROM delivery o
                    WHERE o.endpoint = delivery.endpoint AND o.subject = delivery.subject
                        AND o.state = 'queued' AND o.sequence < delivery.sequence)
                AND NOT EXISTS (
                    SELECT 1 FROM delivery o
                    WHERE o.endpoint = delivery.endpoint AND o.subject = delivery.subject
                        AND o.state = 'waiting' AND o.attempts < \(Delivery.triesBeforeOvertaking))
            """)
    }

    /// When the next delivery becomes due after `now`; nil when none does.
    package func nextDelivery(after now: Instant) throws -> Instant? {
        try connection.first(
            """
            SELECT due_at FROM delivery WHERE state = 'waiting' AND due_at > \(now.milliseconds)
            ORDER BY due_at LIMIT 1
            """
        ).flatMap { try legible($0, of: "delivery") { try $0.instant(0) } }
    }

    /// A delivery of that endpoint; nil when there is none.
    package func delivery(_ id: String, of endpoint: ID<Endpoint>) throws -> StoredDelivery? {
        try connection.first(
            """
            SELECT \(StoredDelivery.columns) FROM delivery d
            WHERE d.id = \(id) AND d.endpoint = \(endpoint.text)
            """
        ).map(StoredDelivery.init)
    }

    /// A page of an endpoint's deliveries, newest first; of one state, if one is named.
    package func deliveries(of endpoint: ID<Endpoint>, state: String?, _ page: PageRequest) throws -> Page<
        StoredDelivery
    > {
        let row = try connection.first("SELECT state FROM endpoint WHERE id = \(endpoint.text)")
        let isOn = try row?.text(0) == StoredEndpoint.State.active.rawValue
        var sql: SQL = "SELECT \(StoredDelivery.columns) FROM delivery d WHERE d.endpoint = \(endpoint.text)"
        // What waits is held while its endpoint is off.
        switch state {
        case nil: break
        case "held": sql += isOn ? " AND 1 = 0" : " AND d.state IN ('waiting', 'queued')"
        case let state?:
            sql += " AND d.state = \(state)"
            if !isOn, ["waiting", "queued"].contains(state) { sql += " AND 1 = 0" }
        }
        return try pageRows(sql, column: "d.id", at: 0, page) {
            let delivery = try legible($0, of: "delivery") { try StoredDelivery($0) }
            return isOn ? delivery : delivery?.held
        }
    }

    /// The tries of a delivery, oldest first.
    package func attempts(of delivery: String) throws -> [Attempt] {
        try connection.query(
            """
            SELECT number, at, milliseconds, status, fault, excerpt, is_stale FROM attempt
            WHERE delivery = \(delivery) ORDER BY number
            """
        ).map { row in
            Attempt(
                number: Int(clamping: try row.integer(0)), at: try row.instant(1),
                milliseconds: try row.integer(2),
                status: try row.integerOrNil(3).map { Int(clamping: $0) }, fault: try row.textOrNil(4),
                excerpt: try row.text(5), isStale: try row.bool(6))
        }
    }

    /// Makes deliveries due again with the whole schedule before them: one event, a range of them, or all
    /// that failed, for good or until their next try. Events that the endpoint was never owed are owed now;
    /// what is due anyway, is on its way or waits behind such stays as it is. Gives how many, and the
    /// position of the last event that was looked at.
    ///
    /// Goes over `limit` events at most; `next` is the one to go on from, nil when there is none left.
    package func replay(
        to endpoint: StoredEndpoint, from: Int64, through: Int64, onlyFailed: Bool, at: Instant, limit: Int
    ) throws -> (count: Int, through: Int64, next: ID<Event>?) {
        let through = min(through, try lastPosition())
        // A try failed, and nobody is at the next one.
        let isPutOff: SQL = """
            d.state = 'waiting' AND d.attempts > 0 AND d.due_at > \(at.milliseconds) AND \(free(at: at))
            """
        let columns: SQL = """
            v.id, v.position, v.type, v.subject, v.sequence, d.id,
            d.state IN ('waiting', 'queued') AND NOT (\(isPutOff))
            """
        // Each of the two has an index of its own.
        let rows = try onlyFailed
            ? ["d.state = 'dead'", isPutOff].flatMap { how in
                try connection.query(
                    """
                    SELECT \(columns) FROM delivery d JOIN event v ON v.id = d.event
                    WHERE d.endpoint = \(endpoint.id.text) AND \(how)
                        AND d.position >= \(from) AND d.position <= \(through)
                    ORDER BY d.position LIMIT \(limit + 1)
                    """)
            }.sorted { try $0.integer(1) < $1.integer(1) }
            : connection.query(
                """
                SELECT \(columns) FROM event v
                LEFT JOIN delivery d ON d.event = v.id AND d.endpoint = \(endpoint.id.text)
                WHERE v.merchant = \(endpoint.merchant.text) AND v.is_test = \(endpoint.isTest)
                    AND v.position >= \(from) AND v.position <= \(through)
                ORDER BY v.position LIMIT \(limit + 1)
                """)
        var count = 0
        var subjects: Set<String> = []
        for row in rows.prefix(limit) {
            if let id = try row.textOrNil(5) {
                if try row.bool(6) { continue }
                subjects.insert(try row.text(3))
                // What waited for its next try is at its turn already, and goes behind nothing.
                try connection.execute(
                    """
                    UPDATE delivery SET attempts = 0, due_at = \(at.milliseconds), lease_until = NULL,
                        fence = fence + 1,
                        state = CASE WHEN state = 'waiting' THEN 'waiting' ELSE 'queued' END
                    WHERE id = \(id)
                    """)
            } else {
                // A test is of the one endpoint that it was made for.
                let type = try row.text(2)
                guard endpoint.wants(type), type != Notice.test else { continue }
                try owe(
                    try row.id(0), position: try row.integer(1), subject: try row.text(3),
                    sequence: try row.integer(4), to: endpoint, at: at)
            }
            count += 1
        }
        for subject in subjects.sorted() { try advance(endpoint.id.text, subject: subject) }
        guard rows.count > limit, limit > 0 else { return (count, through, nil) }
        return (count, try rows[limit - 1].integer(1), try rows[limit].id(0))
    }
}

extension StoredDelivery {
    /// As it is after the lease was taken.
    fileprivate var fenced: StoredDelivery {
        StoredDelivery(
            id: id, event: event, endpoint: endpoint, merchant: merchant, subject: subject,
            sequence: sequence,
            delivery: delivery, tries: tries, fence: fence + 1, createdAt: createdAt)
    }

    /// As it is while its endpoint is off: what waits is held.
    fileprivate var held: StoredDelivery {
        switch delivery.state {
        case .delivered, .dead, .held: return self
        case .waiting, .queued:
            return StoredDelivery(
                id: id, event: event, endpoint: endpoint, merchant: merchant, subject: subject,
                sequence: sequence,
                delivery: Delivery(state: .held, attempts: delivery.attempts), tries: tries, fence: fence,
                createdAt: createdAt)
        }
    }

    private init(
        id: String, event: ID<Event>, endpoint: ID<Endpoint>, merchant: ID<Merchant>, subject: String,
        sequence: Int64,
        delivery: Delivery, tries: Int, fence: Int64, createdAt: Instant
    ) {
        self.id = id
        self.event = event
        self.endpoint = endpoint
        self.merchant = merchant
        self.subject = subject
        self.sequence = sequence
        self.delivery = delivery
        self.tries = tries
        self.fence = fence
        self.createdAt = createdAt
    }
}

extension Delivery {
    package var stateText: String {
        switch state {
        case .waiting: "waiting"
        case .queued: "queued"
        case .delivered: "delivered"
        case .dead: "dead"
        case .held: "held"
        }
    }

    var stateTime: Instant {
        switch state {
        case .waiting(let time), .delivered(let time), .dead(let time): time
        case .queued, .held: .distantFuture
        }
    }
}
