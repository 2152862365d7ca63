import Database
package import Domain

/// What a merchant was told, with its exact bytes.
package struct StoredEvent: Hashable, Sendable {
    package let position: Int64
    package let id: ID<Event>
    package let merchant: ID<Merchant>
    package let type: String
    package let subject: String
    package let sequence: Int64
    package let at: Instant
    package let body: String
}

extension Transaction {
    /// Stores an event and owes it to every endpoint that wants it.
    func insert(
        _ event: Announcement, subject: String, merchant: ID<Merchant>, isTest: Bool, at: Instant,
        dueAt: Instant, body: String
    ) throws {
        try insertEvent(
            event.id, type: event.type, subject: subject, sequence: Int64(event.sequence), merchant: merchant,
            isTest: isTest, at: at, dueAt: dueAt, body: body)
    }

    /// Stores an event and owes it, from `dueAt` on, to every endpoint that wants it, or to `only` one.
    package func insertEvent(
        _ id: ID<Event>, type: String, subject: String, sequence: Int64, merchant: ID<Merchant>, isTest: Bool,
        at: Instant, dueAt: Instant, body: String, only: ID<Endpoint>? = nil
    ) throws {
        let position = try lastPosition() + 1
        try connection.execute(
            """
            INSERT INTO event (position, id, merchant, type, subject, sequence, at, is_test, body)
            VALUES (\(position), \(id.text), \(merchant.text), \(type), \(subject), \(sequence),
                \(at.milliseconds), \(isTest), \(body))
            """)
        for endpoint in try legibleEndpoints(of: merchant)
        where endpoint.isActive && endpoint.isTest == isTest {
            guard only == nil ? endpoint.wants(type) : endpoint.id == only else { continue }
            try owe(id, position: position, subject: subject, sequence: sequence, to: endpoint, at: dueAt)
        }
    }

    /// Its first try is due from the beginning of time on: no clock that is put back makes it wait.
    func owe(
        _ event: ID<Event>, position: Int64, subject: String, sequence: Int64, to endpoint: StoredEndpoint,
        at: Instant
    ) throws {
        let id = Self.deliveryID(event, to: endpoint.id)
        try connection.execute(
            """
            INSERT INTO delivery (id, event, position, endpoint, merchant, subject, sequence, state,
                attempts, tries, due_at, fence, created_at)
            VALUES (\(id), \(event.text), \(position), \(endpoint.id.text), \(endpoint.merchant.text),
                \(subject), \(sequence), 'queued', 0, 0, 0, 0, \(at.milliseconds))
            """)
        deliveries.isSet = true
        try advance(endpoint.id.text, subject: subject)
    }

    /// The identity of a delivery says what it delivers, and where.
    static func deliveryID(_ event: ID<Event>, to endpoint: ID<Endpoint>) -> String {
        "\(Delivery.prefix)\(event.text.dropFirst(Event.prefix.count))-"
            + endpoint.text.dropFirst(Endpoint.prefix.count)
    }

    /// The position of the last event there is; 0 before the first. What an endpoint wants from now on holds
    /// for the events after it.
    package func lastPosition() throws -> Int64 {
        try connection.first("SELECT position FROM event ORDER BY position DESC LIMIT 1")?.counted(0) ?? 0
    }

    package func event(_ id: ID<Event>, of merchant: ID<Merchant>, isTest: Bool) throws -> StoredEvent? {
        try connection.first(
            """
            SELECT position, id, merchant, type, subject, sequence, at, body FROM event
            WHERE id = \(id.text) AND merchant = \(merchant.text) AND is_test = \(isTest)
            """
        ).map(StoredEvent.init)
    }

    /// A merchant's events in commit order from after `position` on: a reader that keeps its place misses
    /// none. Of those of one type, a page goes over so many at the most (`walking`): it may have fewer than
    /// its limit, or none, and there is more. Its edge is the last one that it went over.
    package func events(
        of merchant: ID<Merchant>, after position: Int64, isTest: Bool, type: String?, subject: String?,
        limit: Int, walking most: Int = Limits.walkedRows
    ) throws -> Page<StoredEvent> {
        let these: SQL = "merchant = \(merchant.text) AND position > \(position) AND is_test = \(isTest)"
        var sql: SQL = """
            SELECT position, id, merchant, type, subject, sequence, at, body FROM event WHERE \(these)
            """
        if let type, subject == nil {
            let last = try connection.first(
                "SELECT position, id FROM event WHERE \(these) ORDER BY position LIMIT 1 OFFSET \(most - 1)")
            let end = try last ?? connection.first(
                "SELECT position, id FROM event WHERE \(these) ORDER BY position DESC LIMIT 1")
            guard let end else { return Page([], limit: limit) }
            sql += """
                 AND type = \(type) AND position <= \(try end.integer(0))
                ORDER BY position LIMIT \(limit + 1)
                """
            let found = try connection.query(sql).map(StoredEvent.init)
            let isFull = found.count > limit
            let shown = Array(found.prefix(limit))
            return Page(
                items: shown, hasMore: isFull || last != nil,
                edge: isFull ? shown.last?.id.text : try end.text(1))
        }
        if let type { sql += " AND type = \(type)" }
        if let subject { sql += " AND subject = \(subject)" }
        sql += " ORDER BY position LIMIT \(limit + 1)"
        return Page(try connection.query(sql).map(StoredEvent.init), limit: limit)
    }
}

extension StoredEvent {
    fileprivate init(_ row: Row) throws {
        position = try row.integer(0)
        id = try row.id(1)
        merchant = try row.id(2)
        type = try row.text(3)
        subject = try row.text(4)
        sequence = try row.integer(5)
        at = try row.instant(6)
        body = try row.text(7)
    }
}
