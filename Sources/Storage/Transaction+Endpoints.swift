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

    package func endpoint(_ id: ID<Endpoint>, of merchant: ID<Merchant>? = nil) throws -> StoredEndpoint? {
        let row = try connection.first("SELECT \(StoredEndpoint.columns) FROM endpoint WHERE id = \(id.text)")
        guard let endpoint = try row.map(StoredEndpoint.init) else { return nil }
        return merchant == nil || endpoint.merchant == merchant ? endpoint : nil
    }

    /// Writes an endpoint, new or changed.
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
        if endpoint.isActive {
            try connection.execute(
                """
                UPDATE delivery SET state = 'queued' WHERE endpoint = \(endpoint.id.text) AND state = 'held'
                """)
            try advance(endpoint.id.text)
        } else {
            try connection.execute(
                """
                UPDATE delivery SET state = 'held', lease_until = NULL, fence = fence + 1
                WHERE endpoint = \(endpoint.id.text) AND state IN ('waiting', 'queued')
                """)
        }
    }

    /// Forgets an endpoint and what it was owed. What was delivered stays in the log of events.
    package func deleteEndpoint(_ id: ID<Endpoint>) throws {
        try connection.execute(
            "DELETE FROM attempt WHERE delivery IN (SELECT id FROM delivery WHERE endpoint = \(id.text))")
        try connection.execute("DELETE FROM delivery WHERE endpoint = \(id.text)")
        try connection.execute("DELETE FROM endpoint WHERE id = \(id.text)")
    }
}
