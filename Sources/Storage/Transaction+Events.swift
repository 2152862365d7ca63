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

    /// An event of that merchant and mode; nil when there is none.
    package func event(_ id: ID<Event>, of merchant: ID<Merchant>, isTest: Bool) throws -> StoredEvent? {
        try connection.first(
            """
            SELECT id, position, merchant, type, subject, sequence, at, body FROM event
            WHERE id = \(id.text) AND merchant = \(merchant.text) AND is_test = \(isTest)
            """
        ).map(StoredEvent.init)
    }

    /// The place of an event in commit order, for a reader that goes on behind it: also of one whose row
    /// cannot be read otherwise. Nil for one that there is not.
    package func position(
        ofEvent id: ID<Event>, of merchant: ID<Merchant>, isTest: Bool
    ) throws -> Int64? {
        try connection.first(
            """
            SELECT position FROM event
            WHERE id = \(id.text) AND merchant = \(merchant.text) AND is_test = \(isTest)
            """
        )?.integer(0)
    }

    /// A merchant's events in commit order from after `position` on: a reader that keeps its place misses
    /// none. One whose row cannot be read is left out and noted; `verify` finds it, and who asks for that
    /// one is told. Of those of one type, a page goes over so many at the most (`walking`): it may have fewer
    /// than its limit, or none, and there is more. Its edge is the last one that it went over.
    package func events(
        of merchant: ID<Merchant>, after position: Int64, isTest: Bool, type: String?, subject: String?,
        limit: Int, walking most: Int = Limits.walkedRows
    ) throws -> Page<StoredEvent> {
        let these: SQL = "merchant = \(merchant.text) AND position > \(position) AND is_test = \(isTest)"
        var sql: SQL = """
            SELECT id, position, merchant, type, subject, sequence, at, body FROM event WHERE \(these)
            """
        if let type, subject == nil {
            let last = try connection.first(
                "SELECT id, position FROM event WHERE \(these) ORDER BY position LIMIT 1 OFFSET \(most - 1)")
            let end = try last ?? connection.first(
                "SELECT id, position FROM event WHERE \(these) ORDER BY position DESC LIMIT 1")
            guard let end else { return Page([StoredEvent](), limit: limit) }
            sql += " AND type = \(type) AND position <= \(try end.integer(1))"
            let part = try legiblePart(sql, after: position, limit)
            let edge = part.hasMore ? part.edge : place(of: end) ?? part.edge
            return Page(items: part.items, hasMore: part.hasMore || last != nil, edge: edge)
        }
        if let type { sql += " AND type = \(type)" }
        if let subject { sql += " AND subject = \(subject)" }
        return try legiblePart(sql, after: position, limit)
    }

    /// Up to `limit` rows behind `position`, those of them that can be read, and the last identity among
    /// them, from which a reader goes on. Where not even that of one can be read, it goes on behind them all.
    private func legiblePart(
        _ sql: SQL, after position: Int64, _ limit: Int
    ) throws -> Page<StoredEvent> {
        var start = position
        while true {
            let rows = try connection.query(
                sql + " AND position > \(start) ORDER BY position LIMIT \(limit + 1)")
            let shown = rows.prefix(limit)
            let items = try shown.compactMap { row in try legible(row, of: "event") { try StoredEvent($0) } }
            let edge = shown.compactMap(place).last
            guard rows.count > limit, edge == nil else {
                return Page(items: items, hasMore: rows.count > limit, edge: edge)
            }
            start = try rows[limit - 1].integer(1)
        }
    }

    /// The identity in the first column, where it is one.
    private func place(of row: Row) -> String? {
        guard case .text(let text) = row.values[0], ID<Event>(parsing: text) != nil else { return nil }
        return text
    }
}

extension StoredEvent {
    fileprivate init(_ row: Row) throws {
        id = try row.id(0)
        position = try row.integer(1)
        merchant = try row.id(2)
        type = try row.text(3)
        subject = try row.text(4)
        sequence = try row.integer(5)
        at = try row.instant(6)
        body = try row.text(7)
    }
}
