import Database
package import Domain

/// A merchant's receiver of events. Its secrets are sealed by the instance key.
package struct StoredEndpoint: Hashable, Sendable {
    package let id: ID<Endpoint>
    package let merchant: ID<Merchant>
    package var url: String
    /// Types it wants; `*` for all, `payment.*` for a family.
    package var events: [String]
    package var description: String
    package let isTest: Bool
    package var secret: [UInt8]
    package var previousSecret: [UInt8]?
    package var previousUntil: Instant?
    package var state: State
    package let createdAt: Instant

    /// Whether anything is sent to it.
    package enum State: String, Hashable, Sendable, CaseIterable {
        case active
        /// Switched off by the merchant.
        case disabled
        /// It answered 410.
        case gone
    }

    package init(
        id: ID<Endpoint>, merchant: ID<Merchant>, url: String, events: [String], description: String,
        isTest: Bool,
        secret: [UInt8], state: State, createdAt: Instant
    ) {
        self.id = id
        self.merchant = merchant
        self.url = url
        self.events = events
        self.description = description
        self.isTest = isTest
        self.secret = secret
        self.state = state
        self.createdAt = createdAt
    }

    package var isActive: Bool { state == .active }

    /// Whether it asked for events of that type.
    package func wants(_ type: String) -> Bool { Self.wants(type, among: events) }

    static func wants(_ type: String, among events: [String]) -> Bool {
        events.contains { $0 == "*" || $0 == type || $0.hasSuffix(".*") && type.hasPrefix($0.dropLast()) }
    }

    fileprivate static let columns: SQL = """
        id, merchant, url, events, description, is_test, secret, previous_secret, previous_until, state,
        created_at
        """

    fileprivate init(_ row: Row) throws {
        id = try row.id(0)
        merchant = try row.id(1)
        url = try row.text(2)
        events = try row.text(3).split(separator: " ").map(String.init)
        description = try row.text(4)
        isTest = try row.bool(5)
        secret = try row.blob(6)
        previousSecret = try row.blobOrNil(7)
        previousUntil = try row.instantOrNil(8)
        state = try row.parsed(9, State.init)
        createdAt = try row.instant(10)
    }
}

extension Transaction {
    /// A merchant's endpoints, oldest first.
    package func endpoints(of merchant: ID<Merchant>) throws -> [StoredEndpoint] {
        try connection.query(
            "SELECT \(StoredEndpoint.columns) FROM endpoint WHERE merchant = \(merchant.text) ORDER BY id"
        ).map(StoredEndpoint.init)
    }

    /// Those whose row can be read. A damaged one must not stop what its merchant is to be told elsewhere,
    /// nor a network: `verify` names it and what it is owed, and a replay owes it later.
    func legibleEndpoints(of merchant: ID<Merchant>) throws -> [StoredEndpoint] {
        try connection.query(
            "SELECT \(StoredEndpoint.columns) FROM endpoint WHERE merchant = \(merchant.text) ORDER BY id"
        ).compactMap { try? StoredEndpoint($0) }
    }

    /// An endpoint, of that merchant if one is named; nil when there is none.
    package func endpoint(_ id: ID<Endpoint>, of merchant: ID<Merchant>? = nil) throws -> StoredEndpoint? {
        let row = try connection.first("SELECT \(StoredEndpoint.columns) FROM endpoint WHERE id = \(id.text)")
        guard let endpoint = try row.map(StoredEndpoint.init) else { return nil }
        return merchant == nil || endpoint.merchant == merchant ? endpoint : nil
    }

    /// Writes an endpoint, new or changed: one row. What it is owed stays as it is, and goes out while the
    /// endpoint is active.
    package func save(_ endpoint: StoredEndpoint) throws {
        try connection.execute(
            """
            INSERT INTO endpoint (\(StoredEndpoint.columns))
            VALUES (\(endpoint.id.text), \(endpoint.merchant.text), \(endpoint.url),
                \(endpoint.events.joined(separator: " ")), \(endpoint.description), \(endpoint.isTest),
                \(endpoint.secret), \(endpoint.previousSecret), \(endpoint.previousUntil?.milliseconds),
                \(endpoint.state.rawValue), \(endpoint.createdAt.milliseconds))
            ON CONFLICT (id) DO UPDATE SET url = excluded.url, events = excluded.events,
                description = excluded.description, secret = excluded.secret,
                previous_secret = excluded.previous_secret, previous_until = excluded.previous_until,
                state = excluded.state
            """)
    }

    /// Takes an endpoint away. What it was owed is forgotten later, in steps (`forgetDeliveries`): there may
    /// be millions of rows, and everybody's payments wait for this transaction.
    package func deleteEndpoint(_ id: ID<Endpoint>) throws {
        try connection.execute("DELETE FROM endpoint WHERE id = \(id.text)")
        try connection.execute(
            "INSERT INTO deleted_endpoint (id) VALUES (\(id.text)) ON CONFLICT (id) DO NOTHING")
    }

    /// Whether a deleted endpoint has left something behind.
    package func hasDeletedEndpoints() throws -> Bool {
        try connection.first("SELECT 1 FROM deleted_endpoint LIMIT 1") != nil
    }

    /// Forgets a part of what a deleted endpoint was owed, `limit` tries and as many deliveries at the most.
    /// What was delivered stays in the log of events. Gives how many rows that were; none when nothing is
    /// left.
    package func forgetDeliveries(limit: Int) throws -> Int {
        let deleted = try connection.first(
            """
            SELECT g.id FROM deleted_endpoint g
            WHERE NOT EXISTS (SELECT 1 FROM endpoint e WHERE e.id = g.id) ORDER BY g.id LIMIT 1
            """)
        guard let endpoint = try deleted?.text(0) else { return 0 }
        let owed: SQL = "SELECT id FROM delivery WHERE endpoint = \(endpoint) ORDER BY id LIMIT \(limit)"
        let tries = try connection.execute(
            """
            DELETE FROM attempt WHERE (delivery, number) IN (
                SELECT a.delivery, a.number FROM (\(owed)) d JOIN attempt a ON a.delivery = d.id
                LIMIT \(limit))
            """)
        if tries == limit { return tries }
        let deliveries = try connection.execute("DELETE FROM delivery WHERE id IN (\(owed))")
        if deliveries == 0 {
            try connection.execute("DELETE FROM deleted_endpoint WHERE id = \(endpoint)")
        }
        return tries + deliveries + (deliveries == 0 ? 1 : 0)
    }
}
