import Database
package import Domain

/// What waits for people now, over all merchants.
package struct Backlog: Hashable, Sendable {
    /// Open exceptions by what they ask and by mode; those that there are none of are 0.
    package private(set) var openExceptions: [Question: Int] = [:]
    /// Deliveries that were given up, by mode.
    package private(set) var deadDeliveries: [Bool: Int] = [true: 0, false: 0]
    /// When a merchant pushed a rate last, by mode; without those that nobody ever pushed for.
    package private(set) var newestRates: [Bool: Instant] = [:]

    /// One kind of open exception in one mode.
    package struct Question: Hashable, Sendable {
        package let kind: Exception.Kind
        package let isTest: Bool
    }

    /// - Parameter most: so many of each are counted, or looked through, at the most.
    init(_ connection: any Connection, most: Int) throws {
        for isTest in [false, true] {
            for kind in Exception.Kind.allCases {
                let count = try connection.first(
                    """
                    SELECT count(*) FROM (SELECT id FROM exception WHERE is_open = 1
                        AND kind = \(kind.rawValue) AND is_test = \(isTest) LIMIT \(most)) AS waiting
                    """)
                openExceptions[Question(kind: kind, isTest: isTest)] = Int(try count?.integer(0) ?? 0)
            }
            let test: SQL = isTest ? "LIKE \(StoredRate.testPattern)" : "NOT LIKE \(StoredRate.testPattern)"
            let newest = try connection.first(
                """
                SELECT max(at) FROM (SELECT merchant, at FROM rate ORDER BY at DESC LIMIT \(most)) AS latest
                WHERE merchant <> '' AND merchant \(test)
                """)
            newestRates[isTest] = try newest?.instantOrNil(0)
        }
        // Those that were given up last: of a deleted endpoint there is nobody left to ask for them.
        let dead = try connection.query(
            """
            SELECT e.is_test, count(*) FROM (SELECT endpoint FROM delivery WHERE state = 'dead'
                ORDER BY due_at DESC LIMIT \(most)) AS dead
            JOIN endpoint e ON e.id = dead.endpoint GROUP BY e.is_test
            """)
        for row in dead { deadDeliveries[try row.integer(0) != 0] = Int(try row.integer(1)) }
    }
}

extension Transaction {
    /// What waits for people now. Whatever there is, it goes over a bounded number of rows of indexes.
    package func backlog() throws -> Backlog { try Backlog(connection, most: Limits.countedBacklog) }
}
